"""Two tests run at a time, each with a core: threads of linear algebra that wait for each other there would cost four times the
work. The libraries read this when they load, so that it stands before every import."""

import os

for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
