"""The pooled urban area of a prefecture: all its districts as one unit, read beside a district whose own boundary is in
doubt (FORECAST §2.11). Where persons moved between districts by decree, their sum stands still."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from pipelines.forecast.cohorts import Bools, Floats, Texts
from pipelines.forecast.counties import COVARIATES, Census, Counties
from pipelines.forecast.errors import Problem, problem

URBAN_AREAS: Final = ("01", "00")
"""Last two digits of a prefecture's districts taken together (市辖区) in GB/T 2260; the second where a district of its
own has the first (municipalities under the State Council)."""
DOUBTS: Final = ("boundary_suspected", "prefecture_changed")
TOTALS: Final = tuple(COVARIATES.index(name) for name in ("resident", "registered"))
SHARE_OF_PREFECTURE: Final = 3


def doubtful_districts(codes: Texts, districts: Bools, flags: Iterable[Problem]) -> list[str]:
    """Districts flagged for a change of boundary, sorted."""
    flagged = {f.county_code for f in flags if f.code in DOUBTS}
    return sorted(flagged & set(codes[districts].tolist()))


def pooled_areas(counties: Counties, doubtful: Iterable[str]) -> tuple[Counties | None, dict[str, list[str]]]:
    """One unit per prefecture with a doubtful district and at least two districts in the batch, coded `pppp01`, and its
    members by code; None where there is none.

    Totals are summed, shares weighted by residents. The earlier census counts where every member has one.
    """
    wanted = {code[:4] for code in doubtful}
    districts = counties.districts
    prefecture = np.array([code[:4] for code in counties.codes.tolist()])
    groups = [np.flatnonzero(districts & (prefecture == p)) for p in sorted(wanted)]
    groups = [rows for rows in groups if len(rows) > 1]
    if not groups:
        return None, {}
    codes = np.array([_code(counties.codes[rows]) for rows in groups])
    pooled = Counties(
        codes,
        _pooled(counties.latest, groups),
        None if counties.earlier is None else _pooled(counties.earlier, groups),
        np.array([counties.thin[rows].any() for rows in groups]),
        np.array([counties.unsexed[rows].any() for rows in groups]),
        np.full(len(groups), "市辖区合计", dtype=np.str_),
    )
    members = {str(code): counties.codes[rows].tolist() for code, rows in zip(codes, groups, strict=True)}
    return pooled, members


def without_pool(doubtful: Iterable[str], members: dict[str, list[str]]) -> tuple[Problem, ...]:
    """Doubtful districts that no pooled area covers, as flags."""
    covered = {code for codes in members.values() for code in codes}
    return tuple(problem("pooled_unavailable", code) for code in doubtful if code not in covered)


def _code(members: Texts) -> str:
    own = set(members.tolist())
    return next(code for code in (f"{members[0][:4]}{last}" for last in URBAN_AREAS) if code not in own)


def _pooled(census: Census, groups: list[np.typing.NDArray[np.int64]]) -> Census:
    area = np.stack([census.area_covariates[rows[0]] for rows in groups])
    area[:, SHARE_OF_PREFECTURE] = [census.area_covariates[rows, SHARE_OF_PREFECTURE].sum() for rows in groups]
    return Census(
        census.year,
        np.stack([census.persons[rows].sum(axis=0) for rows in groups]),
        np.stack([_pooled_covariates(census.covariates[rows]) for rows in groups]),
        np.stack([census.area_persons[rows[0]] for rows in groups]),
        area,
    )


def _pooled_covariates(values: Floats) -> Floats:
    pooled = np.average(values, axis=0, weights=values[:, 0])
    for column in TOTALS:
        pooled[column] = values[:, column].sum()
    return np.asarray(pooled)
