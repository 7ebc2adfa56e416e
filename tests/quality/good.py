"""Builds a good candidate from the real raw data, the way the pipeline does but without Dagster."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl

from pipelines.core.builder import canonical
from pipelines.core.tables import build_core
from pipelines.evaluate.targets import evaluate
from pipelines.forecast.product import forecast_tables, read_core
from pipelines.marts.tables import build_marts
from pipelines.reconcile.rules import find
from pipelines.settings import PROJECT, Settings
from pipelines.staging import held, store

RAW = PROJECT / "data" / "raw"
PARQUET = "parquet"  # the folder of the tables


def build(work: Path, raw: Path = RAW) -> Path:
    """A folder of Parquet files, one per published table."""
    (work / "raw").symlink_to(raw, target_is_directory=True)
    settings = Settings(data_root=work)
    store.stage_counties(settings, settings.county_folders())
    staged = store.tables(settings)
    reference = store.stage_reference(settings).folder
    core, out = work / "core", work / PARQUET
    build_core(staged, reference, core)
    forecast = forecast_tables(read_core(core), seed=settings.seed)
    _save(forecast, work / "forecast")
    _save({"evaluation_target": _targets(core, forecast)}, work / "evaluate")
    _save({"held_back": held.frame([])}, work / "held")
    build_marts([core, work / "forecast", work / "evaluate", work / "held"], out)
    _save({"fct_discrepancy": canonical("fct_discrepancy", find(core, staged))}, out)
    for path in core.glob("*.parquet"):
        shutil.copy2(path, out / path.name)
    return out


def _targets(core: Path, forecast: dict[str, pl.DataFrame]) -> pl.DataFrame:
    read = {n: pl.read_parquet(core / f"{n}.parquet") for n in ("fct_observation", "dim_indicator", "dim_source")}
    projected = {n: forecast[f"forecast_{n}"] for n in ("beds", "graves", "elderly")}
    return evaluate(read["fct_observation"], read["dim_indicator"], sources=read["dim_source"], **projected)


def _save(frames: dict[str, pl.DataFrame], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet")
