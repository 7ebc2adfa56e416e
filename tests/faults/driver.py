"""A process that runs refreshes for the fault tests. It loads Dagster once and forks for every refresh, so that each one is a
real process that can be killed, without paying seconds of imports each time. What costs seconds and has tests of its own is
left out: Great Expectations (every table gets one passed check), the forecast (computed once for a root) and Dagster's storage.

Reads lines ``<data root> <failpoint or -> [clock offset in days]`` and answers with the exit status of the refresh."""

from __future__ import annotations

import contextlib
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pyarrow.dataset

from pipelines import failpoint, registry, run, settings
from pipelines.assets.candidate import CHECKED
from pipelines.definitions import defs
from pipelines.evaluate import targets
from pipelines.forecast import product
from pipelines.publish import release, site
from pipelines.quality import adapter
from pipelines.reconcile import rules

LOADED_ONCE = (defs, product, pyarrow.dataset, rules, site, targets)


def no_expectations(candidate: Path, suites: Path) -> pl.DataFrame:
    """Instead of `adapter.check`."""
    wanted = [c.name for c in registry.table("mart_quality").columns]
    rows = [("none", t.name, f"none.{t.name}", "critical", True, 0, "通过", "Passed") for t in CHECKED]
    return pl.DataFrame(rows, schema=wanted, orient="row").with_columns(pl.col("failing_rows").cast(pl.Int32))


_forecast_tables = product.forecast_tables


def remembered_forecast(*inputs: Any, **chosen: Any) -> dict[str, pl.DataFrame]:
    """Instead of `product.forecast_tables`: the inputs of a root never change here."""
    home = Path(os.environ["MINZHENG_DATA_ROOT"], "forecast")
    if not home.exists():
        scratch = home.with_name(f"forecast-{os.getpid()}")
        scratch.mkdir()
        for name, frame in _forecast_tables(*inputs, **chosen).items():
            frame.write_parquet(scratch / f"{name}.parquet")
        scratch.rename(home)
    return {p.stem: pl.read_parquet(p) for p in sorted(home.glob("*.parquet"))}


def refresh(root: str, point: str, days: str) -> int:
    """One refresh of `root` in this process."""
    os.environ.update(MINZHENG_DATA_ROOT=root, DAGSTER_HOME=f"{root}/dagster", MINZHENG_NOTEBOOKS="0")
    name, _, how = point.partition(":")
    failpoint._NAME, failpoint._HOW = name, how
    adapter.check = no_expectations
    product.forecast_tables = remembered_forecast
    dg.DagsterInstance.get = dg.DagsterInstance.ephemeral
    release.datetime = _clock(int(days))
    log = Path(root, "log.txt").open("a", encoding="utf-8")
    with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
        try:
            return run.refresh(settings.load(), [], force=True)
        except Exception as error:
            print(repr(error))
            return 1
        finally:
            log.flush()


def _clock(days: int) -> Any:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + timedelta(days=days)

    return Clock


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            os._exit(refresh(*(*line.split(), "0")[:3]))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
