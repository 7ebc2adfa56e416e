"""From persons to beds: three independent estimators side by side, against existing and planned supply (FORECAST §5).

prevalence: persons by age × P(disabled | definition) × dependent × P(institution | dependent) ÷ occupancy, once per
definition of disability; planning_ratio: the plan's own target per 1,000, and planning_norm: 9073/9064, both on the
*forecast* elderly; observed_use: share of elderly living in institutions ÷ occupancy. A planning ratio is policy, not
need; so shortage and idle beds are both reported and nothing is averaged. What is short or idle is worked out in `balance`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecast.assumptions import AssumptionSet
from pipelines.forecast.balance import Balance, block
from pipelines.forecast.chain import from_quantiles, normal_draws, quantile_cube, quantiles_of_sorted
from pipelines.forecast.cohorts import Floats, Texts

DEFINITIONS: Final = {
    "census": "disability_census",
    "adl": "disability_adl",
    "survey": "disability_survey",
    "pooled": "disability_pooled",
}
"""Competing definitions of disability → parameter; from 2 % to 26 % of persons 60+."""
GRADIENT: Final = {
    60: "disability_60_64",
    65: "disability_65_69",
    70: "disability_70_74",
    75: "disability_75_plus",
}
DEMANDED: Final = ("all", "institution", "nursing")
"""Bed types with a demand of their own."""
STRENGTH: Final = "disability_gradient"
"""How much of the age gradient is believed; a registry older than the parameter believes all of it."""
NO_DEFINITION: Final = "none"
VERSION: Final = "beds.4"
"""Version of the chain from persons on, in every row's method_version; 2: the years in which beds run short or stand idle,
and draws of an assumption that belong to its name; 3: the age gradient of disability is drawn from its sampling error, planned
beds that are not stated leave the policy supply open, planned institution beds enter it, a reading without the target it rests on
keeps its rows; 4: targets of facilities of which no project speaks leave it open as well."""


def bed_outlook(
    elderly: pl.DataFrame,
    ages: pl.DataFrame,
    supply: pl.DataFrame,
    targets: pl.DataFrame,
    assumptions: AssumptionSet,
    national_elderly: Floats,
    *,
    draws: int = 2000,
    seed: int = 1,
) -> pl.DataFrame:
    """Demand and balance of beds per county, year, scenario, estimator, bed type and definition.

    elderly: `project` frame; ages: five-year medians of the same projection; supply: `county_code, year, status
    ('existing'/'planned'), bed_type ('all'/'institution'/'nursing'), beds` (null beds, or existing ones without a row: not
    reported; planned ones without a row: none); targets: `county_code, beds_per_1000`; national_elderly: the nation's persons 60-64, 65-69, 70-74, 75+
    (4,), to which a definition's national prevalence belongs. Scenario natural counts existing beds, policy adds
    planned net-new beds × completion, and is not reported where they are not. Returns the columns of `forecast_beds`: demand_p10/p50/p90, demand_status (not_reported where the plan sets no
    beds per 1,000, of the planning ratio), supply, supply_status, shortage_p50, idle_p50, probability_short, the years in which beds run short or stand idle (`balance.turns`)
    and why there is none, method_version. Without a stated baseline the demand is the break-even: so many beds must exist. Memory grows with counties × years × draws: hand over a country in slices.
    """
    codes, years, persons = _persons_60(elderly, draws, seed)
    drawn = assumptions.draw(draws, seed + 1)
    risks = np.stack([drawn[name] for name in GRADIENT.values()])
    index = age_index(ages, codes, years, risks, drawn.get(STRENGTH, np.ones(draws)), national_elderly)
    version = f"{elderly['method_version'][0]}|{VERSION}|{assumptions.version}"
    places = {t: beds_by_year(supply, codes, years, "existing", t) for t in DEMANDED}
    coming = {t: beds_by_year(supply, codes, years, "planned", t, absent=0.0) for t in DEMANDED}
    completion = drawn["completion_probability"]
    rows: list[pl.DataFrame] = []
    for (estimator, definition, bed_types), demand in _demand(persons, index, drawn, _by_county(targets, codes)):
        ordered = np.sort(demand, axis=2)
        quantiles = quantiles_of_sorted(ordered, (0.1, 0.5, 0.9))
        for bed_type in bed_types:
            existing, planned = places[bed_type], coming[bed_type]
            natural = Balance.of_constant(ordered, existing)
            for scenario, balance in (
                ("natural", natural),
                ("policy", natural.with_planned(demand, existing, planned, completion)),
            ):
                names = {"scenario": scenario, "estimator": estimator, "bed_type": bed_type, "definition": definition}
                rows.append(block(codes, years, names, quantiles, balance))
    return (
        pl.concat(rows)
        .with_columns(pl.lit(version).alias("method_version"))
        .sort("county_code", "year", "scenario", "estimator", "bed_type", "definition")
    )


def age_index(
    ages: pl.DataFrame, codes: Texts, years: list[int], risks: Floats, strength: Floats, national_elderly: Floats
) -> Floats:
    """How much older than the nation's of 2020 a county's elderly are, in terms of disability (n, years, draws): 1 = alike.

    risks (4, draws): P(disabled) at the ages of `GRADIENT`; strength (draws,): 1 = all of that gradient, 0 = none."""
    shares = ages.filter((pl.col("age_from") >= 60) & pl.col("year").is_in(years)).with_columns(
        pl.col("age_from").clip(60, 75).alias("part")
    )
    wide = shares.group_by("county_code", "year", "part").agg(pl.col("p50").sum()).sort("county_code", "year", "part")
    persons = wide["p50"].to_numpy().reshape(len(codes), len(years), len(risks))
    national = national_elderly @ risks / national_elderly.sum()
    return np.asarray(1 + strength * (persons @ (risks / national) / persons.sum(axis=2, keepdims=True) - 1))


def beds_by_year(
    supply: pl.DataFrame, codes: Texts, years: list[int], status: str, bed_type: str, absent: float = np.nan
) -> Floats:
    """Beds (n, years) of one status and type; NaN where they are not reported, `absent` where there is no row."""
    part = supply.filter((pl.col("status") == status) & (pl.col("bed_type") == bed_type))
    rows = part.select("county_code", "year", pl.col("beds").fill_null(np.nan)).iter_rows()
    known = {(c, int(y)): b for c, y, b in rows}
    return np.array([[known.get((c, y), absent) for y in years] for c in codes.tolist()], dtype=np.float64)


def plausibility(
    outlook: pl.DataFrame, baseline: pl.DataFrame, targets: pl.DataFrame, census: pl.DataFrame
) -> pl.DataFrame:
    """What is odd about a plan's own assumptions: `county_code, check, message_zh, message_en`.

    baseline: `county_code, beds` (all beds in 2020), and optionally `denominator` (elderly the plan implies); targets:
    `county_code, beds_per_1000`; census: `county_code, elderly` (60+ of the 2020 census).
    """
    table = targets.join(baseline, on="county_code", how="left").join(census, on="county_code", how="left")
    found: list[tuple[str, str, str, str]] = []
    last = outlook.filter((pl.col("scenario") == "policy") & (pl.col("bed_type") == "all"))
    last = last.filter(pl.col("year") == last["year"].max())
    largest = dict(last.group_by("county_code").agg(pl.col("demand_p90").max()).iter_rows())
    supplied = dict(last.group_by("county_code").agg(pl.col("supply").first()).iter_rows())
    for row in table.iter_rows(named=True):
        code, beds, elderly = row["county_code"], row["beds"], row["elderly"]
        if beds is not None and elderly and 1000 * beds / elderly >= row["beds_per_1000"]:
            ratio = 1000 * beds / elderly
            found.append(
                (
                    code,
                    "met_at_baseline",
                    f"基期每千名老人 {ratio:.1f} 张床位，已达到目标 {row['beds_per_1000']:g} 张",
                    f"the baseline of {ratio:.1f} beds per 1,000 elderly already meets the target of "
                    f"{row['beds_per_1000']:g} per 1,000",
                )
            )
        if supplied.get(code) is not None and supplied[code] > largest[code]:
            found.append(
                (
                    code,
                    "overshoots_every_estimator",
                    f"规划后床位 {supplied[code]:,.0f} 张，超过各种算法的高值 {largest[code]:,.0f} 张",
                    f"{supplied[code]:,.0f} beds after the plan exceed the high end of every estimator, "
                    f"{largest[code]:,.0f} beds",
                )
            )
        stated = row.get("denominator")
        if stated and elderly and abs(stated / elderly - 1) > 0.02:
            found.append(
                (
                    code,
                    "denominator_not_census",
                    f"规划隐含老年人口 {stated:,.0f} 人，普查为 {elderly:,.0f} 人",
                    f"the plan implies {stated:,.0f} elderly persons, the census counts {elderly:,.0f}",
                )
            )
    return pl.DataFrame(found, schema=["county_code", "check", "message_zh", "message_en"], orient="row")


def _persons_60(elderly: pl.DataFrame, draws: int, seed: int) -> tuple[Texts, list[int], Floats]:
    sixty = elderly.filter((pl.col("age_band") == "60+") & (pl.col("sex") == "both"))
    codes = np.array(sorted(sixty["county_code"].unique().to_list()), dtype=np.str_)
    years = [int(y) for y in sorted(sixty["year"].unique().to_list())]
    cube = quantile_cube(sixty, codes, years)
    return codes, years, from_quantiles(cube, normal_draws(codes, draws, seed))


def _demand(
    persons: Floats, index: Floats, drawn: dict[str, Floats], target: Floats
) -> Iterator[tuple[tuple[str, str, tuple[str, ...]], Floats]]:
    """(estimator, definition, bed types) and the beds that it asks of each of them (n, years, draws), one by one."""
    for definition, parameter in DEFINITIONS.items():
        dependent = 1.0 if definition == "census" else drawn["dependent_share"]
        share = drawn[parameter] * dependent * drawn["institution_given_dependent"] / drawn["occupancy"]
        yield ("prevalence", definition, DEMANDED), persons * index * share
    for estimator, beds in (
        ("planning_norm", persons * drawn["planning_norm_beds"]),
        ("observed_use", persons * drawn["institution_use_rate"] / drawn["occupancy"]),
    ):
        yield (estimator, NO_DEFINITION, ("all", "institution")), beds
        yield (estimator, NO_DEFINITION, ("nursing",)), beds * drawn["nursing_share_target"]
    yield ("planning_ratio", NO_DEFINITION, ("all",)), persons * (target / 1000)[:, None, None]


def _by_county(targets: pl.DataFrame, codes: Texts) -> Floats:
    known = dict(targets.select("county_code", "beds_per_1000").iter_rows())
    values = (known.get(code) for code in codes.tolist())
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
