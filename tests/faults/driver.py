"""A process that runs refreshes for the fault tests. It loads Dagster once and forks for every refresh, so that each one is a
real process that can be killed, without paying seconds of imports each time. What costs seconds and has tests of its own is
left out: Great Expectations (every table gets one passed check), the forecast (computed once for a root), the pages of the site
(unless notebooks are asked for) and Dagster's storage.

An order is an `Order`."""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Callable
from dataclasses import dataclass
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
from pipelines.publish import public, release, site
from pipelines.quality import adapter
from pipelines.quality.sound import Sound
from pipelines.reconcile import rules
from tests.forks import serve

LOADED_ONCE = (defs.resolve_job_def("refresh"), pyarrow.dataset, rules, targets)


@dataclass(frozen=True)
class Order:
    """What to do to which data root: break at `point`, with the clock `days` off, with files of at most `largest` bytes.
    `what` is ``refresh``, ``switch`` (the last step alone, on a candidate of a few bytes) or ``public`` (a public release); `profile`: whose
    releases are switched."""

    root: str
    what: str = "refresh"
    profile: str = "internal"
    point: str = ""
    days: int = 0
    notebooks: int = 0
    largest: int = 0


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


def no_expectations(candidate: Path, suites: Path, *, counted: Path, sound: Sound) -> pl.DataFrame:
    """Instead of `adapter.check`."""
    wanted = [c.name for c in registry.table("mart_quality").columns]
    rows = [("none", t.name, f"none.{t.name}", "critical", True, 0, "通过", "Passed") for t in CHECKED]
    return pl.DataFrame(rows, schema=wanted, orient="row").with_columns(pl.col("failing_rows").cast(pl.Int32))


def empty_site(candidate: Path, *, run: bool = True, meanwhile: Callable[[], object] | None = None) -> Path:
    """Instead of `site.build_site`."""
    if meanwhile:
        meanwhile()
    index = candidate / "site" / "index.html"
    index.parent.mkdir()
    index.write_text("<!doctype html>", encoding="utf-8")
    return index


def switch(s: settings.Settings) -> int:
    """The last step alone."""
    release.hold(s, "test")
    candidate = s.candidate("tiny")
    name = release.begin(s, candidate)
    (candidate / "marts.duckdb").write_text(name, encoding="utf-8")
    (candidate / release.MANIFEST).write_text('{"resources": []}', encoding="utf-8")
    release.publish(s, candidate)
    return 0


def obey(given: dict[str, Any]) -> int:
    """Carry an `Order` out in this process. Returns the exit code."""
    order = Order(**given)
    os.environ.update(MINZHENG_DATA_ROOT=order.root, MINZHENG_NOTEBOOKS=str(order.notebooks), DAGSTER_HOME=order.root)
    failpoint._NAME, _, failpoint._HOW = order.point.partition(":")
    adapter.check, adapter.loaded_beside = no_expectations, contextlib.nullcontext
    product.forecast_tables = remembered_forecast
    site.build_site = site.build_site if order.notebooks else empty_site
    public.build_site = empty_site
    dg.DagsterInstance.get = dg.DagsterInstance.ephemeral
    release.datetime = _clock(order.days)
    if order.largest:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order.largest, order.largest))
    log = Path(os.environ["MINZHENG_TEST_LOG"])
    with log.open("a", encoding="utf-8") as out, contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            s = settings.load()
            match order.what:
                case "switch":
                    return switch(s.of(order.profile))
                case "public":
                    return int(not public.publish(s)[0].is_dir())
                case _:
                    return run.refresh(s, [], force=True)
        except Exception as error:
            print(repr(error))
            return 1


def _clock(days: int) -> Any:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + timedelta(days=days)

    return Clock


if __name__ == "__main__":
    with dg.DagsterInstance.ephemeral():
        pass  # loads what an instance needs
    serve(obey)
