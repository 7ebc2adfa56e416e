"""`minzheng …` in forks of an interpreter that has loaded Dagster, Great Expectations and what notebooks need: the command line from
its arguments to its exit code, each time in a process of its own with an environment of its own."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from typing import Any

from pipelines import cli, failpoint
from pipelines.definitions import defs
from pipelines.quality import adapter
from tests.forks import serve

LATER = (
    "great_expectations.data_context.types.base", "jupyter_client.manager", "nbclient", "nbconvert.filters.markdown_mistune", "pandas",
    "pipelines.evaluate.slices", "pipelines.forecast.slices", "pipelines.publish.site", "pipelines.quality.counts", "pipelines.quality.report",
    "pipelines.reconcile.rules", "pipelines.run", "pyarrow.dataset", "scipy.stats",
)  # fmt: skip
"""What a refresh imports when it comes to it."""


def obey(order: dict[str, Any]) -> int:
    """Run `arguments` under `environment` with `constants` (module.NAME → value) changed; what it prints goes into the files
    `stdout` and `stderr`."""
    os.environ.clear()
    os.environ.update(order["environment"])
    failpoint._NAME, _, failpoint._HOW = os.environ.get("MINZHENG_FAILPOINT", "").partition(":")
    for path, value in order["constants"].items():
        module, _, name = path.rpartition(".")
        assert hasattr(importlib.import_module(module), name), path
        setattr(importlib.import_module(module), name, value)
    for descriptor, file in enumerate((os.devnull, order["stdout"], order["stderr"])):
        os.dup2(os.open(file, os.O_RDWR | os.O_CREAT), descriptor)
    try:
        return cli.main(order["arguments"])
    except SystemExit as left:
        return int(left.code or 0)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    defs.resolve_job_def("refresh")
    adapter.library()
    for name in LATER:
        importlib.import_module(name)
    serve(obey)
