"""Minzheng Marts: county civil-affairs plans as marts, forecasts and pages. Importing this loads neither dagster nor GX."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
"""Before NumPy loads: products of matrices add up in one order, so that a forecast has the same last digits on any number of
processors."""
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:3000,muzzy_decay_ms:3000")
"""Before polars loads: memory that it frees is kept for three seconds for its next table, not half a second; the system clears every page
that it gives anew, which took a fifth of the processor time of a country's refresh."""

__all__ = ["open_marts"]


def __getattr__(name: str) -> Any:
    if name == "open_marts":
        from pipelines.desk.marts import open_marts

        return open_marts
    raise AttributeError(name)
