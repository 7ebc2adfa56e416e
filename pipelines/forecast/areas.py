"""What the censuses say of the prefecture and the province around counties: long frames in, the arrays of `Census` out."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecast.cohorts import GROUPS, SEXES, Floats, Texts
from pipelines.forecast.counties import Census, Counties

MUNICIPALITIES: Final = frozenset({"11", "12", "31", "50"})
"""Provinces (直辖市) whose counties lie in no prefecture."""
DIRECT: Final = "90"
"""Digits 3-4 of counties administered by their province itself (省直辖县级行政区划)."""


def surrounded(counties: Counties, ages: pl.DataFrame, covariates: pl.DataFrame) -> Counties:
    """The same counties with what both censuses say of their areas, found by code (GB/T 2260).

    ages: `area_code, year, basis, sex, age_from, persons` of prefectures and provinces, of which residents count; covariates:
    `area_code, year, variable, value` with `resident`, `registered` and `urban_residents`. A county that lies in no prefecture
    takes the province in its place, as in the panel the model was learned from. NaN where an area has no rows, or a gap in
    its ages; and in the census before, where the county itself has none.
    """
    earlier = counties.earlier
    if earlier is not None:
        found = _surrounded(counties.codes, earlier, ages, covariates)
        absent = np.asarray(np.isnan(earlier.persons).any(axis=(1, 2))).reshape(-1, 1)
        earlier = replace(
            found,
            area_persons=np.where(absent, np.nan, found.area_persons),
            area_covariates=np.where(absent, np.nan, found.area_covariates),
        )
    return replace(counties, latest=_surrounded(counties.codes, counties.latest, ages, covariates), earlier=earlier)


def areas_of(code: str, known: set[str]) -> tuple[str, str]:
    """Codes of the area that stands for a county's prefecture, and of its province. known: areas with figures."""
    prefecture, province = code[:4] + "00", code[:2] + "0000"
    none = prefecture not in known and (code[:2] in MUNICIPALITIES or code[2:4] == DIRECT)
    return (province if none else prefecture), province


def _surrounded(codes: Texts, census: Census, ages: pl.DataFrame, covariates: pl.DataFrame) -> Census:
    told = covariates.filter(pl.col("year") == census.year)
    values = {(area, variable): value for area, variable, value in told.select("area_code", "variable", "value").rows()}
    persons = _persons(ages.filter((pl.col("year") == census.year) & (pl.col("basis") == "resident")))
    known = set(persons) | {area for area, _ in values}
    around = [areas_of(str(code), known) for code in codes]

    def of(place: int, variable: str) -> Floats:
        found = [values.get((areas[place], variable)) for areas in around]
        return np.array([np.nan if value is None else value for value in found], dtype=np.float64)

    unknown = np.full(GROUPS, np.nan)
    resident = of(0, "resident")
    columns = (
        resident / of(0, "registered"),
        of(1, "resident") / of(1, "registered"),
        of(0, "urban_residents") / resident,
        census.covariates[:, 0] / resident,
    )
    area_persons = np.array([persons.get(prefecture, unknown) for prefecture, _ in around])
    return replace(census, area_persons=area_persons.reshape(-1, GROUPS), area_covariates=np.column_stack(columns))


def _persons(ages: pl.DataFrame) -> dict[str, Floats]:
    """Area → persons of both sexes (18,), for areas whose ages have no gap."""
    group = (pl.col("age_from").cast(pl.Int64) // 5).clip(upper_bound=GROUPS - 1).alias("group")
    whole = ages.filter(pl.col("sex").is_in(SEXES)).group_by("area_code", "sex", group).agg(
        pl.when(pl.col("persons").is_not_null().all()).then(pl.col("persons").cast(pl.Float64).sum())
    )  # fmt: skip
    found: dict[str, Floats] = {}
    for (area,), rows in whole.sort("area_code", "sex", "group").group_by(["area_code"], maintain_order=True):
        if rows.height == len(SEXES) * GROUPS and not rows["persons"].has_nulls():
            found[str(area)] = rows["persons"].to_numpy().reshape(len(SEXES), GROUPS).sum(axis=0)
    return found
