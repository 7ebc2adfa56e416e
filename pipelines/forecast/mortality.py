"""Death rates: UN World Population Prospects 2024 for China by period, and the census-consistency factor on top.

Census deaths are under-registered, so rates come from WPP; what WPP survival leaves unexplained of the nation's own
census-to-census survival (coverage of the elderly, age reporting) is kept as a factor by cohort and sex.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecast.cohorts import COHORTS, DECADE, Floats, Ints

AGES: Final = 111
"""Single ages 0 … 110+."""
PERIOD_MIDDLE: Final = 2
"""From the first calendar year of a five-year period to its middle one."""
MX_STARTS: Final = (0, 1, *range(5, 101, 5))
CENSUS_MONTH_SHARE: Final = 10 / 12
"""Share of a census year (1 November to 31 October) that lies in its later calendar year."""


@dataclass(frozen=True, slots=True)
class Mortality:
    """Death rates per person-year: periods (p,) first years of five-year periods, rates (p, 2, 22) for ages 0, 1-4,
    5-9 … 95-99, 100+; birth_years (b,) and births (b,) persons born in each calendar year. level multiplies the rates of
    census years after level_after: an assumption on what is to come, which leaves the past and what was learned from it."""

    periods: Ints
    rates: Floats
    birth_years: Ints
    births: Floats
    level: float = 1.0
    level_after: int = 0

    def factor(self, census_year: int) -> float:
        """What the rates of a census year are multiplied by."""
        return self.level if census_year > self.level_after else 1.0


def mortality_from_frames(rates: pl.DataFrame, indicators: pl.DataFrame) -> Mortality:
    """From WPP 2024 frames: rates `age, period ('2020-2025'), mx, sex ('M'/'F')`, and indicators
    `indicator ('births_thousand'), year, value`. Missing cells raise ValueError."""
    table = rates.with_columns(
        pl.col("age").cast(pl.String).str.strip_suffix("+").cast(pl.Int64),
        pl.col("period").str.slice(0, 4).cast(pl.Int64).alias("start"),
        pl.col("sex").str.to_uppercase().str.slice(0, 1),
    )
    periods = sorted(table["start"].unique().to_list())
    grid = np.full((len(periods), 2, len(MX_STARTS)), np.nan)
    for age, start, sex, mx in table.select("age", "start", "sex", "mx").iter_rows():
        if sex in "MF" and age in MX_STARTS:
            grid[periods.index(start), "MF".index(sex), MX_STARTS.index(age)] = mx
    if np.isnan(grid).any():
        raise ValueError("死亡率表不完整（年龄×时期×性别） / the mortality table misses cells of age × period × sex")
    born = indicators.filter((pl.col("indicator") == "births_thousand") & (pl.col("kind") != "projection_bound"))
    born = born.unique("year", keep="first").sort("year")
    return Mortality(
        np.array(periods),
        grid,
        born["year"].cast(pl.Int64).to_numpy(),
        born["value"].cast(pl.Float64).to_numpy() * 1000,
    )


def with_rates(mortality: Mortality, rates: pl.DataFrame) -> Mortality:
    """The same births with the death rates of a frame `period ('2020-2025'), sex ('male'/'female'), age_from,
    death_rate` (the product's `mortality` table, one geography). Periods it lacks keep their rates; ages must be those
    of WPP (0, 1, 5 … 100). Raises ValueError where a period misses a cell."""
    grid = mortality.rates.copy()
    for (period,), part in rates.group_by(["period"]):
        start = int(str(period)[:4])
        if start not in mortality.periods:
            continue
        cells = np.full(grid.shape[1:], np.nan)
        for sex, age, rate in part.select("sex", "age_from", "death_rate").iter_rows():
            cells[("male", "female").index(sex), MX_STARTS.index(int(age))] = rate
        if np.isnan(cells).any():
            raise ValueError(f"{period} 死亡率不完整 / incomplete death rates for {period}")
        grid[int(np.searchsorted(mortality.periods, start))] = cells
    return replace(mortality, rates=grid)


def hazards(mortality: Mortality, census_year: int) -> Floats:
    """Death rates (2, 111) at single ages in the twelve months up to 1 November of `census_year`.

    Log-linear between the middles of the age groups; a census year mixes two calendar years 10 : 2.
    """
    now, before = _calendar(mortality, census_year), _calendar(mortality, census_year - 1)
    return mortality.factor(census_year) * (CENSUS_MONTH_SHARE * now + (1 - CENSUS_MONTH_SHARE) * before)


def smooth_hazards(mortality: Mortality, census_year: int) -> Floats:
    """As `hazards`, with log rates linear in time between the middles of the five-year periods (level beyond the outer
    ones): deaths counted year by year then do not fall with each new period. Survival keeps the rates of the periods,
    on which the model was learned; over whole periods both agree.
    """
    now, before = _between_periods(mortality, census_year), _between_periods(mortality, census_year - 1)
    return mortality.factor(census_year) * (CENSUS_MONTH_SHARE * now + (1 - CENSUS_MONTH_SHARE) * before)


def cohort_log_survival(mortality: Mortality, base_year: int, years: int) -> Floats:
    """Cumulative log survival (years + 1, 2, 111) of persons by their age on 1 November of the base year."""
    survival = np.zeros((years + 1, 2, AGES))
    age = np.arange(AGES)
    for step in range(1, years + 1):
        rate = hazards(mortality, base_year + step)
        now, then = np.minimum(age + step - 1, AGES - 1), np.minimum(age + step, AGES - 1)
        survival[step] = survival[step - 1] - 0.5 * (rate[:, now] + rate[:, then])
    return survival


def consistency(national: Floats, single_ages: Floats, mortality: Mortality, base_year: int) -> Floats:
    """Log factor per decade (2, 16) by which national census-to-census ratios exceed WPP survival.

    national (2, 16) log ratios of the two censuses; single_ages (2, 111) the nation in the base year.
    """
    survival = np.exp(cohort_log_survival(mortality, base_year, DECADE)[DECADE])
    cohort = cohort_of_age()
    factor = np.empty((2, COHORTS))
    for group in range(COHORTS):
        members = cohort == group
        alive = (single_ages * survival)[:, members].sum(axis=1)
        factor[:, group] = national[:, group] - np.log(alive / single_ages[:, members].sum(axis=1))
    return factor


def cohort_of_age() -> Ints:
    """Cohort index (111,) of each single age: five-year groups, 75+ together."""
    return np.minimum(np.arange(AGES) // 5, COHORTS - 1)


def cohort_births(mortality: Mortality, year: int) -> float:
    """Births in the twelve months up to 1 November of a year (persons)."""
    born = np.interp([year, year - 1], mortality.birth_years, mortality.births)
    return float(CENSUS_MONTH_SHARE * born[0] + (1 - CENSUS_MONTH_SHARE) * born[1])


def _calendar(mortality: Mortality, year: int) -> Floats:
    """Death rates (2, 111) of the period in which a calendar year lies."""
    period = int(np.clip(np.searchsorted(mortality.periods, year, side="right") - 1, 0, len(mortality.periods) - 1))
    return _single_ages(np.log(mortality.rates[period]))


def _between_periods(mortality: Mortality, year: int) -> Floats:
    """Death rates (2, 111) of a calendar year, log-linear between the middle years of the two nearest periods."""
    middles = mortality.periods + PERIOD_MIDDLE
    position = np.interp(year, middles, np.arange(len(middles)))
    before, after, part = int(np.floor(position)), int(np.ceil(position)), position % 1
    return _single_ages((1 - part) * np.log(mortality.rates[before]) + part * np.log(mortality.rates[after]))


def _single_ages(log_rates: Floats) -> Floats:
    """Rates (2, 111) at single ages from log rates (2, 22) of the age groups."""
    middles = np.array([0.0, 2.5, *(a + 2.0 for a in MX_STARTS[2:])])
    return np.asarray(np.exp(np.stack([np.interp(np.arange(AGES), middles, of_sex) for of_sex in log_rates])))
