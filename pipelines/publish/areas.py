"""Prefectures and provinces in the public profile. Whoever has an area and all but one of its counties works out the last one, so
an area is left out whole where a county in it has a left-out figure of a census, or where a count of its own is small."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl

from pipelines import registry
from pipelines.forecast.areas import areas_of

AREAS = {
    "fct_area_population": ("persons", ("fct_population", "mart_elderly_outlook")),
    "fct_area_covariate": ("value", ("fct_census_covariate",)),
}
"""Table of areas → its value, and the tables of counties whose left-out rows it would tell."""

Rows = Mapping[str, pl.DataFrame]


def left_out(tables: Rows, hidden: Rows, threshold: int) -> dict[str, pl.DataFrame]:
    """Table → keys of the rows that must be left out. hidden: keys of the left-out rows of counties, by table; of the outlook only
    those of the census year, because a left-out estimate is no figure of a census."""
    few = small(tables, threshold)
    found = {}
    for name, (_, of) in AREAS.items():
        counties = [
            code for table in of if table in hidden for code in _told(hidden[table], tables[name])["county_code"]
        ]
        closed = {area for code in (*counties, *few) for area in _around(code)}
        rows = tables[name].filter(pl.col("area_code").is_in(sorted(closed)))
        found[name] = rows.select(registry.table(name).key)
    return found


def small(tables: Rows, threshold: int) -> list[str]:
    """Areas that show a count of persons from 1 to below the threshold."""
    found: set[str] = set()
    for name, (value, _) in AREAS.items():
        counted = (pl.col(value) > 0) & (pl.col(value) < threshold)
        found |= set(tables[name].filter(counted)["area_code"])
    return sorted(found)


def touched(tables: Rows, keys: Rows, counties: Collection[str]) -> list[str]:
    """Those of the counties that are forecast with one of the rows of `keys` (as `left_out` gives them)."""
    known = {area for name in AREAS for area in tables[name]["area_code"]}
    ages, rest = (set(keys[name]["area_code"]) for name in AREAS)
    return sorted(c for c in counties if {areas_of(c, known)[0]} & ages or set(areas_of(c, known)) & rest)


def _told(keys: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Those of a county's rows that have a counterpart among the rows of areas: not what no area is counted by."""
    return (
        keys.filter(pl.col("variable").is_in(rows["variable"].unique().implode()))
        if "variable" in keys.columns
        else keys
    )


def _around(code: str) -> tuple[str, str]:
    return code[:4] + "00", code[:2] + "0000"
