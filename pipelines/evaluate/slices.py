"""The judging of targets in slices of counties, here or on the workers of an engine: a verdict looks at its own county only."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl

from pipelines.core.engine import Tables
from pipelines.core.slices import Run, cut, joined
from pipelines.evaluate.targets import TABLE, evaluate

CORE: Final = ("fct_observation", "dim_indicator", "dim_source")
FORECAST: Final = ("beds", "graves", "elderly")


def read(core: Path, forecast: Path) -> dict[str, pl.DataFrame]:
    """What a verdict looks at, by table name, from the Parquet of core and forecast."""
    files = [
        *(core / f"{name}.parquet" for name in CORE),
        *(forecast / f"forecast_{name}.parquet" for name in FORECAST),
    ]
    return {path.stem: pl.read_parquet(path) for path in files}


def evaluate_in_slices(tables: Tables, run: Run = map, size: int | None = None) -> pl.DataFrame:
    """`targets.evaluate` on the tables of `read`, slice by slice."""
    codes = tables["fct_observation"]["county_code"].unique().to_list()
    return joined(run(judged, cut(tables, codes, size)))[TABLE]


def judged(tables: Tables) -> dict[str, pl.DataFrame]:
    """The table `evaluation_target` of a slice (or of all)."""
    projected = {name: tables[f"forecast_{name}"] for name in FORECAST}
    observations, indicators, sources = (tables[name] for name in CORE)
    return {TABLE: evaluate(observations, indicators, sources=sources, **projected)}
