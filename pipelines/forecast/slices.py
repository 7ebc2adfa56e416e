"""The forecast of a whole country in slices of counties, one after the other or on the workers of an engine. A slice knows
its counties only; random numbers belong to a county's code or to everybody, so that no number depends on the slicing."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
import polars as pl

from pipelines.core.engine import Tables
from pipelines.core.slices import SLICE, Run, cut, groups, joined
from pipelines.forecast.batch import projected, to_frames
from pipelines.forecast.counties import Counties
from pipelines.forecast.errors import ForecastInputError, problem
from pipelines.forecast.product import forecast_tables

PROJECTED: Final = 512
"""Counties of a slice where persons alone are projected, which takes little memory."""


def forecast_in_slices(
    core: Tables, *, seed: int, run: Run = map, size: int = SLICE, draws: int | None = None
) -> dict[str, pl.DataFrame]:
    """`product.forecast_tables`, slice by slice. Raises ForecastInputError for counties without the latest census."""
    return joined(run(partial(forecast_tables, seed=seed, draws=draws), slices(core, size)))


def project_in_slices(
    counties: Counties, *, to: int, draws: int, seed: int, run: Run = map, size: int = PROJECTED
) -> dict[str, pl.DataFrame]:
    """`batch.projected` of all counties, slice by slice, with the shipped model."""
    parts = groups(counties.codes.tolist(), size)
    batches = [to_frames(counties.take(np.isin(counties.codes, part))) for part in parts]
    return joined(run(partial(projected, to=to, draws=draws, seed=seed), batches))


def slices(core: Tables, size: int = SLICE) -> list[Tables]:
    """The core tables of `product.NEEDED` by slice; parameters and mortality go to every slice."""
    resident = core["fct_population"].filter(pl.col("basis") == "resident")
    codes = resident["county_code"].unique().to_list()
    if len(groups(codes, size)) > 1:
        _same_base(resident)
    return cut(core, codes, size)


def _same_base(resident: pl.DataFrame) -> None:
    """A slice takes the latest census of its counties for the base: it must be that of the country."""
    latest = resident.group_by("county_code").agg(pl.col("year").max())
    base = latest["year"].max()
    behind = latest.filter(pl.col("year") < base)["county_code"].sort()
    if len(behind):
        raise ForecastInputError([problem("no_base", code, str(base)) for code in behind])
