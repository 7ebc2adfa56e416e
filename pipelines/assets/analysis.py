"""Core, contradictions, forecasts and verdicts: each reads the Parquet before it and writes its own."""

import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import dagster as dg
import polars as pl

from pipelines import engine, registry, settings
from pipelines.assets.common import OWNERS, candidate, described, of_table, remembering
from pipelines.assets.raw import staging_county, staging_reference
from pipelines.core.reuse import Remembered
from pipelines.core.tables import build_core
from pipelines.failpoint import failpoint
from pipelines.publish import database, release
from pipelines.quality import adapter
from pipelines.staging import held as held_back
from pipelines.staging import store


@dg.asset(
    deps=[staging_county, staging_reference],
    group_name="core",
    owners=OWNERS,
    kinds={"duckdb", "sql"},
    description="维度表和事实表：一行一个事实 / Dimension and fact tables: one row per fact.",
)
def core(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    s = settings.load()
    release.hold(s, f"run {context.run.run_id[:8]}")
    counties, held = store.publishable(s), store.held_back(s)
    folder = candidate(context)
    release.begin(s, folder)
    failpoint("core.begun")
    _saved_as(held_back.frame(held), folder / "staging" / f"{held_back.FILE}.parquet")
    reference = store.current(s, "reference").folder
    duck = s.engine == "duckdb"  # imports nothing while it builds; Spark would be out of sight meanwhile
    with adapter.loaded_beside() if duck else nullcontext():
        rows = build_core(store.tables(s), reference, folder / "core", engine.of(s))
    published = folder / "parquet"
    published.mkdir(exist_ok=True)
    for name in rows:
        shutil.copy2(folder / "core" / f"{name}.parquet", published)
    failpoint("core.built")
    database.begin(folder, rows)
    return dg.MaterializeResult(
        metadata={"engine": s.engine, "counties": len(counties), "held_back": len(held), **rows}
    )


@dg.asset(
    deps=[core],
    group_name="reconcile",
    owners=OWNERS,
    kinds={"polars"},
    description=described(registry.table("fct_discrepancy")),
)
def discrepancies(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    from pipelines.reconcile.rules import find

    folder, run = candidate(context), remembering()
    out = folder / "reconcile" / "fct_discrepancy.parquet"
    result = _saved(find(folder / "core", store.tables(settings.load()), run), out, run=run)
    failpoint("reconcile.saved")
    return result


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            t.name, deps=[core], group_name="forecast", owners=OWNERS, kinds={"numpy"}, description=described(t)
        )
        for t in registry.in_layer("forecast")
    ]
)
def forecast(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
    from pipelines.forecast.product import read_core
    from pipelines.forecast.slices import forecast_in_slices

    folder, run = candidate(context), remembering()
    tables = forecast_in_slices(read_core(folder / "core"), seed=settings.load().seed, run=run)
    for name, frame in tables.items():
        yield _saved(frame, folder / "forecast" / f"{name}.parquet", name, run)
    failpoint("forecast.saved")


@dg.asset(
    deps=[core, *(dg.AssetKey(t.name) for t in registry.in_layer("forecast"))],
    group_name="evaluate",
    owners=OWNERS,
    kinds={"polars"},
    description=described(registry.table("evaluation_target")),
)
def evaluation_target(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    from pipelines.evaluate.slices import evaluate_in_slices, read

    folder, run = candidate(context), remembering()
    frame = evaluate_in_slices(read(folder / "core", folder / "forecast"), run)
    result = _saved(frame, folder / "evaluate" / "evaluation_target.parquet", run=run)
    failpoint("evaluate.saved")
    return result


def _saved_as(frame: pl.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path)


def _saved(
    frame: pl.DataFrame, path: Path, asset: str | None = None, run: Remembered | None = None
) -> dg.MaterializeResult[None]:
    _saved_as(frame, path)
    counted = {"slices_reused": run.reused, "slices_computed": run.computed} if run else {}
    return dg.MaterializeResult(asset_key=asset, metadata={**of_table(path), **counted})
