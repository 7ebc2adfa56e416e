"""The forecast of a whole country in slices of counties, one after the other or on the workers of an engine. A slice knows
its counties only; random numbers belong to a county's code or to everybody, so that no number depends on the slicing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Final, Protocol

import numpy as np
import polars as pl

from pipelines.forecast.batch import Frames, projected, to_frames
from pipelines.forecast.cohorts import Texts
from pipelines.forecast.counties import Counties
from pipelines.forecast.errors import ForecastInputError, problem
from pipelines.forecast.product import forecast_tables

SLICE: Final = 128
"""Counties of a slice, about: 2,000 draws × 16 years × 128 are 33 MB an array. So many that every slice of a country takes the
same kernel (`kernel.COMPILE_FROM`), whatever prefectures it ends with."""

PROJECTED: Final = 512
"""Counties of a slice where persons alone are projected, which takes little memory."""


class Run(Protocol):
    """`map` over slices: the built-in one, or that of an engine."""

    def __call__(self, work: Callable[[Frames], Frames], slices: Sequence[Frames], /) -> Iterator[Frames]: ...


def forecast_in_slices(
    core: Frames, *, seed: int, run: Run = map, size: int = SLICE, draws: int | None = None
) -> dict[str, pl.DataFrame]:
    """`product.forecast_tables`, slice by slice. Raises ForecastInputError for counties without the latest census."""
    return together(run(partial(forecast_tables, seed=seed, draws=draws), slices(core, size)))


def project_in_slices(
    counties: Counties, *, to: int, draws: int, seed: int, run: Run = map, size: int = PROJECTED
) -> dict[str, pl.DataFrame]:
    """`batch.projected` of all counties, slice by slice, with the shipped model."""
    parts = along_prefectures(np.sort(counties.codes), size)
    batches = [to_frames(counties.take(np.isin(counties.codes, part))) for part in parts]
    return together(run(partial(projected, to=to, draws=draws, seed=seed), batches))


def together(parts: Iterable[Frames]) -> dict[str, pl.DataFrame]:
    """The tables of all slices, one after the other."""
    made = list(parts)
    return {name: pl.concat([part[name] for part in made], how="vertical_relaxed") for name in made[0]}


def slices(core: Frames, size: int = SLICE) -> list[Frames]:
    """The core tables of `product.NEEDED` cut by county code into even slices of at most `size` counties; parameters and
    mortality go to every slice. Up to `size` counties are one slice, as they come."""
    resident = core["fct_population"].filter(pl.col("basis") == "resident")
    codes = sorted(resident["county_code"].unique().to_list())
    if len(codes) <= size:
        return [core]
    _same_base(resident)
    of_output = core["fct_project_output"].join(
        core["fct_project"].select("project_id", "county_code"), on="project_id", how="left"
    )
    by_county = {**{n: t for n, t in core.items() if "county_code" in t.columns}, "fct_project_output": of_output}
    return [
        {
            **core,
            **{name: table.filter(pl.col("county_code").is_in(part.tolist())) for name, table in by_county.items()},
        }
        for part in along_prefectures(np.array(codes), size)
    ]


def along_prefectures(codes: Texts, size: int = SLICE) -> list[Texts]:
    """Sorted county codes cut into even parts of about `size`. A prefecture is never cut: districts whose boundary is in
    doubt are also read together with the others of their prefecture."""
    borders = np.flatnonzero(codes[1:].astype("U4") != codes[:-1].astype("U4")) + 1
    parts = max(1, round(len(codes) / size))
    wanted = np.arange(1, parts) * len(codes) / parts
    cuts = {int(borders[np.abs(borders - cut).argmin()]) for cut in wanted} if len(borders) else set()
    return np.split(codes, sorted(cuts))


def _same_base(resident: pl.DataFrame) -> None:
    """A slice takes the latest census of its counties for the base: it must be that of the country."""
    latest = resident.group_by("county_code").agg(pl.col("year").max())
    base = latest["year"].max()
    behind = latest.filter(pl.col("year") < base)["county_code"].sort()
    if len(behind):
        raise ForecastInputError([problem("no_base", code, str(base)) for code in behind])
