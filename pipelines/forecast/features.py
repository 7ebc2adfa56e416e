"""What is known of a county in its base year, as numbers comparable between censuses: deviations from the nation."""

from __future__ import annotations

from typing import Final

import numpy as np

from pipelines.forecast.cohorts import GROUP_STARTS, GROUPS, Floats, Texts
from pipelines.forecast.counties import BOOK_COVARIATES, COVARIATES, Census, unit_kind

SEX_RATIO_SPANS: Final = {
    "sex_ratio_20_34": (4, 7),
    "sex_ratio_35_54": (7, 11),
    "sex_ratio_50_69": (10, 14),
    "sex_ratio_65": (13, 18),
}
SHARED: Final = (
    "urban_share",
    "household_size",
    "one_person_households",
    "elderly_households",
    "single_elderly_households",
    "household_population",
    "minority_share",
    "birth_rate",
    "death_rate",
)
MIGRANTS: Final = ("migrants_same_county", "migrants_same_province", "migrants_other_province")
FEATURES: Final = (
    "resident_to_registered",
    "prefecture_resident_to_registered",
    "province_resident_to_registered",
    "prefecture_urban_share",
    "population",
    "share_of_prefecture",
    *MIGRANTS,
    *SHARED,
    "is_district",
    "is_city",
    *(f"age_{a}_to_nation" for a in GROUP_STARTS),
    *(f"age_{a}_to_prefecture" for a in GROUP_STARTS),
    *SEX_RATIO_SPANS,
)
CARRIED: Final = (
    "resident_to_registered",
    "prefecture_resident_to_registered",
    "province_resident_to_registered",
    "birth_rate",
    "death_rate",
)
"""Features the 2020 book does not print and that are carried forward from the county's earlier census."""
OF_BOOK: Final = np.array([n in BOOK_COVARIATES or "prefecture" in n or "province_" in n for n in FEATURES])
"""Features (len(FEATURES),) that need the book of all counties: prefecture, province and `BOOK_COVARIATES`."""
MIGRANT_FLOOR: Final = 0.002
"""Added to migrant shares before taking logs, so that a county with none is not infinitely far away."""


def features(codes: Texts, census: Census, nation: Floats, national_covariates: Floats) -> Floats:
    """Features (n, len(FEATURES)) of counties in one census, NaN where unknown.

    nation (2, 18) persons and national_covariates (14,) are those of the same census, so that a national
    change of level (urbanisation, longer lives) does not look like a county's own. Logs of ratios are natural.
    """
    cov = _named(census.covariates)
    nat = _named(national_covariates[None, :])
    area = census.area_covariates
    persons = np.maximum(census.persons, 0.5)
    both, national = persons.sum(axis=1), nation.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        urban_nation = nat["urban_share"]
        columns: dict[str, Floats] = {
            "resident_to_registered": np.log(cov["resident"] / cov["registered"]),
            "prefecture_resident_to_registered": np.log(area[:, 0]),
            "province_resident_to_registered": np.log(area[:, 1]),
            "prefecture_urban_share": area[:, 2] - urban_nation,
            "population": np.log(cov["resident"]),
            "share_of_prefecture": np.log(area[:, 3]),
        }
        for name in MIGRANTS:
            columns[name] = np.log((cov[name] + MIGRANT_FLOOR) / (nat[name] + MIGRANT_FLOOR))
        for name in SHARED:
            columns[name] = cov[name] - nat[name]
        kinds = [unit_kind(str(code)) for code in codes]
        columns["is_district"] = np.array([kind == "district" for kind in kinds], dtype=np.float64)
        columns["is_city"] = np.array([kind == "city" for kind in kinds], dtype=np.float64)
        to_nation = np.log(_shares(both)) - np.log(_shares(national))
        to_prefecture = np.log(_shares(both)) - np.log(_shares(census.area_persons))
        for group in range(GROUPS):
            columns[f"age_{GROUP_STARTS[group]}_to_nation"] = to_nation[:, group]
            columns[f"age_{GROUP_STARTS[group]}_to_prefecture"] = to_prefecture[:, group]
        for name, (first, last) in SEX_RATIO_SPANS.items():
            own = persons[:, :, first:last].sum(axis=2)
            usual = nation[:, first:last].sum(axis=1)
            columns[name] = np.log(own[:, 0] / own[:, 1]) - np.log(usual[0] / usual[1])
    stacked = np.column_stack([columns[name] for name in FEATURES])
    return np.where(np.isfinite(stacked), stacked, np.nan)


def carried_forward(now: Floats, before: Floats) -> Floats:
    """Fill features the newer book does not print with the county's earlier ones (already relative to the nation)."""
    filled = now.copy()
    for name in CARRIED:
        column = FEATURES.index(name)
        unknown = np.isnan(filled[:, column])
        filled[unknown, column] = before[unknown, column]
    return filled


def unknown_of_book(known: Floats) -> Floats:
    """Share (n,) of the features `OF_BOOK` that are unknown."""
    return np.asarray(np.isnan(known[:, OF_BOOK]).mean(axis=1))


def without_ages(known: Floats) -> Floats:
    """Ages split by the national pattern say nothing about a county's own pattern: leave them unknown."""
    unknown = known.copy()
    for column, name in enumerate(FEATURES):
        if name.startswith("age_") or name in SEX_RATIO_SPANS:
            unknown[:, column] = np.nan
    return unknown


def _shares(persons: Floats) -> Floats:
    return np.asarray(persons / persons.sum(axis=-1, keepdims=True))


def _named(values: Floats) -> dict[str, Floats]:
    return {name: values[:, i] for i, name in enumerate(COVARIATES)}
