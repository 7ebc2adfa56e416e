"""Core, contradictions, forecasts and verdicts: each reads the Parquet before it and writes its own."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl

from pipelines import engine, registry, settings
from pipelines.assets.common import OWNERS, candidate, described, of_table
from pipelines.assets.raw import staging_county, staging_reference
from pipelines.core.tables import build_core
from pipelines.failpoint import failpoint
from pipelines.publish import release
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
    rows = build_core(store.tables(s), reference, folder / "core", engine.of(s))
    failpoint("core.built")
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

    folder = candidate(context)
    out = folder / "reconcile" / "fct_discrepancy.parquet"
    result = _saved(find(folder / "core", store.tables(settings.load())), out)
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

    folder, s = candidate(context), settings.load()
    tables = forecast_in_slices(read_core(folder / "core"), seed=s.seed, run=engine.of(s).map)
    for name, frame in tables.items():
        yield _saved(frame, folder / "forecast" / f"{name}.parquet", name)
    failpoint("forecast.saved")


@dg.asset(
    deps=[core, *(dg.AssetKey(t.name) for t in registry.in_layer("forecast"))],
    group_name="evaluate",
    owners=OWNERS,
    kinds={"polars"},
    description=described(registry.table("evaluation_target")),
)
def evaluation_target(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    from pipelines.evaluate.targets import evaluate

    folder = candidate(context)
    core_table = {
        n: pl.read_parquet(folder / "core" / f"{n}.parquet") for n in ("fct_observation", "dim_indicator", "dim_source")
    }
    projected = {
        n: pl.read_parquet(folder / "forecast" / f"forecast_{n}.parquet") for n in ("beds", "graves", "elderly")
    }
    frame = evaluate(
        core_table["fct_observation"], core_table["dim_indicator"], sources=core_table["dim_source"], **projected
    )
    result = _saved(frame, folder / "evaluate" / "evaluation_target.parquet")
    failpoint("evaluate.saved")
    return result


def _saved_as(frame: pl.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path)


def _saved(frame: pl.DataFrame, path: Path, asset: str | None = None) -> dg.MaterializeResult[None]:
    _saved_as(frame, path)
    return dg.MaterializeResult(asset_key=asset, metadata=dict(of_table(path)))
