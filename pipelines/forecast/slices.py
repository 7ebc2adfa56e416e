"""The forecast of a whole country in slices of counties, one after the other or on the workers of an engine. A slice knows
its counties only; random numbers belong to a county's code or to everybody, so that no number depends on the slicing."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
import polars as pl

from pipelines.core.engine import Tables
from pipelines.core.slices import Run, cut, groups, joined
from pipelines.forecast.batch import projected, projected_core, to_frames
from pipelines.forecast.counties import Counties
from pipelines.forecast.product import base_census, forecast_tables
from pipelines.forecast.shipped import load_model

AREAS: Final = ("fct_area_population", "fct_area_covariate")
PROJECTED: Final = 512
"""Counties of a slice where persons alone are projected, which takes little memory."""


def forecast_in_slices(
    core: Tables, *, seed: int, run: Run = map, size: int | None = None, draws: int | None = None
) -> dict[str, pl.DataFrame]:
    """`product.forecast_tables`, slice by slice."""
    return joined(run(partial(forecast_tables, seed=seed, draws=draws), slices(core, size)))


def project_in_slices(
    counties: Counties, *, to: int, draws: int, seed: int, run: Run = map, size: int = PROJECTED
) -> dict[str, pl.DataFrame]:
    """`batch.projected` of all counties, slice by slice, with the shipped model."""
    parts = groups(counties.codes.tolist(), size)
    batches = [to_frames(counties.take(np.isin(counties.codes, part))) for part in parts]
    return joined(run(partial(projected, to=to, draws=draws, seed=seed), batches))


def project_core_in_slices(
    core: Tables, *, to: int, draws: int, seed: int, run: Run = map, size: int | None = None
) -> dict[str, pl.DataFrame]:
    """Persons alone as `forecast_in_slices` has them, from the core tables `product.PERSONS`, in the frames of
    `project_in_slices`."""
    return joined(run(partial(projected_core, to=to, draws=draws, seed=seed), slices(core, size)))


def slices(core: Tables, size: int | None = None) -> list[Tables]:
    """The core tables of a forecast by slice; parameters and mortality go to every slice. Counties that will only be flagged,
    without the census forecast from, make no slice of their own."""
    resident = core["fct_population"].filter(pl.col("basis") == "resident")
    codes, based = (
        set(rows["county_code"]) for rows in (resident, resident.filter(pl.col("year") == base_census(load_model())))
    )
    return [_around(part) for part in cut(core, based, size, beside=codes - based)]


def _around(core: Tables) -> Tables:
    """The core tables of a slice with the areas of its own provinces alone: no other is looked at."""
    provinces = core["fct_population"]["county_code"].str.head(2).unique().implode()
    mine = pl.col("area_code").str.head(2).is_in(provinces)
    return {**core, **{name: core[name].filter(mine) for name in AREAS if name in core}}
