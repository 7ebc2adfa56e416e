"""What the forecasts say about one target: would meeting it cover the need, and how probable is it?

Only beds, nursing-type beds and graves have a forecast; every other target gets None (no question), and a question that
the figures cannot answer gets `not_assessable`. Need means the prevalence chain and observed use: a planning ratio is
policy, not need, and would hold a target against itself. Units: beds, graves, persons.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from statistics import NormalDist
from typing import Any

import polars as pl

from pipelines.forecast.bands import LEVELS
from pipelines.forecast.project import QUANTILE_NAMES

Row = dict[str, Any]

NEED = ("prevalence", "observed_use")
PER_1000, NURSING_SHARE, BEDS_ADDED = "beds_per_1000_elderly", "nursing_bed_share", "elderly_care_beds_added"
STOCKS = {"elderly_care_beds": "all", "institution_beds": "institution", "nursing_beds": "nursing",
          "community_care_beds": "community"}  # fmt: skip
BED_TYPE = {PER_1000: "all", NURSING_SHARE: "nursing", BEDS_ADDED: "all", **STOCKS}
GRAVES = ("graves_built", "commercial_graves_built", "graves_planned", "graves_added", "eco_graves_added")
QUANTILES = dict(zip(QUANTILE_NAMES, LEVELS, strict=True))


@dataclass(frozen=True)
class Aim:
    """The promise in question: `value` in the indicator's unit at the end of `year`; the plan starts in `start`."""

    county: str
    indicator: str
    nature: str
    value: float
    year: int
    start: int


@dataclass(frozen=True)
class Outlook:
    """The forecasts by county: beds of the years asked for, graves, persons aged 60+ of both sexes."""

    beds: dict[str, list[Row]]
    graves: dict[str, list[Row]]
    elderly: dict[str, list[Row]]

    @classmethod
    def of(
        cls, beds: pl.DataFrame | None, graves: pl.DataFrame | None, elderly: pl.DataFrame | None, years: Iterable[int]
    ) -> Outlook:
        """From the forecast tables; of the beds only the `years` that are asked for, of the elderly only 60+."""
        asked = None if beds is None else beds.filter(pl.col("year").is_in(list(years)))
        sixty = pl.all_horizontal(pl.col("age_band") == "60+", pl.col("sex") == "both")
        return cls(
            _by_county(asked), _by_county(graves), _by_county(None if elderly is None else elderly.filter(sixty))
        )

    def persons(self, county: str, year: int) -> Row | None:
        """The row of persons aged 60+, both sexes."""
        return next((r for r in self.elderly.get(county, []) if r["year"] == year), None)


def demand_consistency(aim: Aim, stated: dict[str, float], outlook: Outlook) -> str | None:
    """`sufficient`, `met_but_insufficient`, `not_needed`, `depends_on_definition` or `not_assessable`; None for targets
    without a demand. `stated`: beds the county states for the baseline, by indicator."""
    if aim.indicator in GRAVES:
        return _graves(aim, outlook.graves.get(aim.county, []))
    if aim.indicator not in BED_TYPE:
        return None
    supply = implied_supply(aim, stated, outlook)
    rows = _where(outlook.beds.get(aim.county, []), year=aim.year, scenario="natural", bed_type=BED_TYPE[aim.indicator])
    needs = [r for r in rows if r["estimator"] in NEED]
    return "not_assessable" if supply is None or not needs else agree([_covers(supply, need) for need in needs])


def implied_supply(aim: Aim, stated: dict[str, float], outlook: Outlook) -> float | None:
    """Beds that stand when the target is exactly met. The ratio uses the forecast denominator of the target year, the
    nursing share the stated institution beds (never all beds), an addition the stated beds of the baseline."""
    if aim.indicator in STOCKS:
        return aim.value
    if aim.indicator == PER_1000:
        people = outlook.persons(aim.county, aim.year)
        return aim.value * people["p50"] / 1000 if people else None
    base = stated.get("institution_beds" if aim.indicator == NURSING_SHARE else "elderly_care_beds")
    if base is None:
        return None
    return aim.value / 100 * base if aim.indicator == NURSING_SHARE else base + aim.value


def agree(views: Sequence[str]) -> str:
    """One word for several estimators: those that see it covered may differ in degree; a real split depends on the
    definition."""
    kinds = set(views)
    if len(kinds) == 1:
        return views[0]
    return "depends_on_definition" if "met_but_insufficient" in kinds else "sufficient"


def probability_met(aim: Aim, outlook: Outlook) -> tuple[float | None, str | None]:
    """P(beds per 1,000 reach the target in its year) with the supply of the bed forecast and the forecast denominator,
    and the flag that names the supply. (None, None) for other targets and where the supply is not reported.

    The supply is fixed, so this is P(persons ≤ supply × 1000 / T), read from the forecast's quantiles."""
    if aim.indicator != PER_1000 or aim.value <= 0:
        return None, None
    people = outlook.persons(aim.county, aim.year)
    supply = _supply(outlook.beds.get(aim.county, []), aim.year)
    if people is None or supply is None:
        return None, None
    beds, flag = supply
    points = [(NormalDist().inv_cdf(q), people[name]) for name, q in QUANTILES.items() if people.get(name)]
    chance = _probability_at_most(beds * 1000 / aim.value, points)
    return (None, None) if chance is None else (chance, flag)


def met_on_census_basis(aim: Aim, stated: dict[str, float], baseline_year: int, outlook: Outlook) -> bool:
    """Do the stated elderly-care beds over the persons of the baseline year already reach a beds-per-1,000 target?"""
    people, beds = outlook.persons(aim.county, baseline_year), stated.get("elderly_care_beds")
    if aim.indicator != PER_1000 or people is None or beds is None:
        return False
    return bool(beds * 1000 / people["p50"] >= aim.value)


def _by_county(frame: pl.DataFrame | None) -> dict[str, list[Row]]:
    counties: dict[str, list[Row]] = {}
    for row in frame.iter_rows(named=True) if frame is not None else ():
        counties.setdefault(row["county_code"], []).append(row)
    return counties


def _where(rows: Sequence[Row], **wanted: object) -> list[Row]:
    return [r for r in rows if all(r[name] == value for name, value in wanted.items())]


def _covers(supply: float, need: Row) -> str:
    """Below the median need: insufficient; above its upper end: more than needed."""
    if supply < need["demand_p50"]:
        return "met_but_insufficient"
    return "not_needed" if need["demand_p90"] is not None and supply > need["demand_p90"] else "sufficient"


def _graves(aim: Aim, forecast: Sequence[Row]) -> str:
    """Graves against the interments of the plan's years and after, to the end of the forecast.

    How many graves are used is seldom reported, so only what holds whatever the use is said: added graves that take
    all interments are sufficient; a stock smaller than the interments would not do even if it were empty."""
    views, rows = [], _where(forecast, capacity_class="all")
    for scenario in sorted({r["scenario"] for r in rows}):
        coming = sum(r["interments_p50"] for r in _where(rows, scenario=scenario) if r["year"] >= aim.start)
        if aim.nature == "flow":
            views.append("sufficient" if aim.value >= coming else "not_assessable")
        else:
            views.append("met_but_insufficient" if aim.value < coming else "not_assessable")
    return views[0] if len(set(views)) == 1 else "not_assessable"


def _supply(rows: Sequence[Row], year: int) -> tuple[float, str] | None:
    """Elderly-care beds in `year`: with the plan's own additions where the policy scenario states them."""
    for scenario, flag in (("policy", "outlook_with_planned_beds"), ("natural", "outlook_existing_beds")):
        stated = {r["supply"] for r in _where(rows, year=year, scenario=scenario, bed_type="all")} - {None}
        if len(stated) == 1:
            return float(stated.pop()), flag
    return None


def _probability_at_most(limit: float, points: Sequence[tuple[float, float]]) -> float | None:
    """P(X ≤ limit) of a variable given by (normal score, quantile) points, log-linear between and beyond them."""
    if limit <= 0 or len(points) < 2:
        return None
    pairs = [(z, log(x)) for z, x in points]
    (z0, x0), (z1, x1) = next((p for p in pairwise(pairs) if log(limit) <= p[1][1]), (pairs[-2], pairs[-1]))
    if x1 <= x0:
        return None
    return round(NormalDist().cdf(z0 + (log(limit) - x0) * (z1 - z0) / (x1 - x0)), 4)
