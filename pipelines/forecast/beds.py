"""From persons to beds: three independent estimators side by side, against existing and planned supply (FORECAST §5).

prevalence: persons by age × P(disabled | definition) × dependent × P(institution | dependent) ÷ occupancy, once per
definition of disability; planning_ratio: the plan's own target per 1,000, and planning_norm: 9073/9064, both on the
*forecast* elderly; observed_use: share of elderly living in institutions ÷ occupancy. A planning ratio is policy, not
need; so shortage and idle beds are both reported and nothing is averaged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecast.assumptions import AssumptionSet
from pipelines.forecast.chain import from_quantiles, middle, normal_draws, quantile_cube, quantiles_of_sorted
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
NO_DEFINITION: Final = "none"
NOT_REPORTED: Final = "not_reported"
TORNADO: Final = ("dependent_share", "institution_given_dependent", "occupancy")


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
    ('existing'/'planned'), bed_type ('all'/'institution'/'nursing'), beds` (a county without a row, or null beds: not
    reported); targets: `county_code, beds_per_1000`; national_elderly: the nation's persons 60-64, 65-69, 70-74, 75+
    (4,), to which a definition's national prevalence belongs. Scenario natural counts existing beds, policy adds
    planned net-new beds × completion. Returns the columns of `forecast_beds`: demand_p10/p50/p90, supply,
    supply_status, shortage_p50, idle_p50, probability_short, method_version. Without a stated baseline the demand is
    the break-even: so many beds must exist. Memory grows with counties × years × draws: hand over a country in slices.
    """
    codes, years, persons = _persons_60(elderly, draws, seed)
    drawn = assumptions.draw(draws, seed + 1)
    index = age_index(ages, codes, years, assumptions, national_elderly)
    version = f"{elderly['method_version'][0]}|{assumptions.version}"
    places = {t: _supply(supply, codes, years, "existing", t) for t in DEMANDED}
    coming = {t: np.nan_to_num(_supply(supply, codes, years, "planned", t)) for t in DEMANDED}
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
                rows.append(_block(codes, years, (scenario, estimator, bed_type, definition), quantiles, balance))
    return (
        pl.concat(rows)
        .with_columns(pl.lit(version).alias("method_version"))
        .sort("county_code", "year", "scenario", "estimator", "bed_type", "definition")
    )


def age_index(
    ages: pl.DataFrame, codes: Texts, years: list[int], assumptions: AssumptionSet, national_elderly: Floats
) -> Floats:
    """How much older than the nation's of 2020 a county's elderly are, in terms of disability (n, years): 1 = alike."""
    risk = np.array([assumptions[name].share for name in GRADIENT.values()])
    shares = ages.filter((pl.col("age_from") >= 60) & pl.col("year").is_in(years)).with_columns(
        pl.col("age_from").clip(60, 75).alias("part")
    )
    wide = shares.group_by("county_code", "year", "part").agg(pl.col("p50").sum()).sort("county_code", "year", "part")
    persons = wide["p50"].to_numpy().reshape(len(codes), len(years), len(risk))
    national = float(national_elderly @ risk / national_elderly.sum())
    return np.asarray(persons @ risk / persons.sum(axis=2) / national)


def tornado(
    elderly: pl.DataFrame, ages: pl.DataFrame, year: int, assumptions: AssumptionSet, national_elderly: Floats
) -> pl.DataFrame:
    """What moves the prevalence estimate most, per county in one year: `county_code, rank, parameter_id, low, high,
    demand_low, demand_high, demand_central` (beds; low and high in the parameter's printed unit). Competing
    definitions of disability are the first bar; then the chain's parameters and the forecast itself, by width. What a
    bar does not move stands at the median of its distribution, so that the centre is the outlook's p50 (of ADL)."""
    now = elderly.filter((pl.col("age_band") == "60+") & (pl.col("sex") == "both") & (pl.col("year") == year))
    now = now.sort("county_code")
    codes = now["county_code"].to_numpy().astype(np.str_)
    index = age_index(ages, codes, [year], assumptions, national_elderly)[:, 0]
    persons = {name: now[name].to_numpy() for name in ("p10", "p50", "p90")}
    middles = {
        p.parameter_id: p.median / p.divisor for p in map(assumptions.__getitem__, (*TORNADO, *DEFINITIONS.values()))
    }

    def beds(people: Floats, definition: str = "adl", other: Mapping[str, float] = MappingProxyType({})) -> Floats:
        values = {name: other.get(name, middles[name]) for name in TORNADO}
        prevalence = other.get("prevalence", middles[DEFINITIONS[definition]])
        dependent = 1.0 if definition == "census" else values["dependent_share"]
        return people * index * prevalence * dependent * values["institution_given_dependent"] / values["occupancy"]

    central = beds(persons["p50"])
    by_definition = np.stack([beds(persons["p50"], name) for name in DEFINITIONS])
    prevalences = [assumptions[p].median for p in DEFINITIONS.values()]
    bars = [
        (
            "disability_definition",
            min(prevalences),
            max(prevalences),
            by_definition.min(axis=0),
            by_definition.max(axis=0),
        )
    ]
    adl = assumptions[DEFINITIONS["adl"]]
    bars.append(
        (
            adl.parameter_id,
            adl.low,
            adl.high,
            beds(persons["p50"], other={"prevalence": adl.low / adl.divisor}),
            beds(persons["p50"], other={"prevalence": adl.high / adl.divisor}),
        )
    )
    for name in TORNADO:
        p = assumptions[name]
        ends = np.stack([beds(persons["p50"], other={name: end / p.divisor}) for end in (p.low, p.high)])
        bars.append((name, p.low, p.high, ends.min(axis=0), ends.max(axis=0)))
    bars.append(("persons_60_plus", np.nan, np.nan, beds(persons["p10"]), beds(persons["p90"])))
    frame = pl.concat(
        [
            pl.DataFrame(
                {
                    "county_code": codes,
                    "parameter_id": name,
                    "low": low,
                    "high": high,
                    "demand_low": small,
                    "demand_high": large,
                    "demand_central": central,
                }
            ).with_columns(pl.col("low", "high").fill_nan(None))
            for name, low, high, small, large in bars
        ]
    )
    width = pl.col("demand_high") - pl.col("demand_low")
    first = (pl.col("parameter_id") == "disability_definition").cast(pl.Int64)
    return frame.sort("county_code", first, width, descending=[False, True, True]).with_columns(
        pl.int_range(1, pl.len() + 1).over("county_code").alias("rank")
    )


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
        yield ("prevalence", definition, DEMANDED), persons * index[..., None] * share
    for estimator, beds in (
        ("planning_norm", persons * drawn["planning_norm_beds"]),
        ("observed_use", persons * drawn["institution_use_rate"] / drawn["occupancy"]),
    ):
        yield (estimator, NO_DEFINITION, ("all", "institution")), beds
        yield (estimator, NO_DEFINITION, ("nursing",)), beds * drawn["nursing_share_target"]
    yield ("planning_ratio", NO_DEFINITION, ("all",)), persons * (target / 1000)[:, None, None]


def _by_county(targets: pl.DataFrame, codes: Texts) -> Floats:
    known = dict(targets.select("county_code", "beds_per_1000").iter_rows())
    return np.array([known.get(code) or np.nan for code in codes.tolist()], dtype=np.float64)


def _supply(supply: pl.DataFrame, codes: Texts, years: list[int], status: str, bed_type: str) -> Floats:
    part = supply.filter((pl.col("status") == status) & (pl.col("bed_type") == bed_type))
    known = {(c, int(y)): b for c, y, b in part.select("county_code", "year", "beds").iter_rows() if b is not None}
    return np.array([[known.get((c, y), np.nan) for y in years] for c in codes.tolist()], dtype=np.float64)


@dataclass(frozen=True)
class Balance:
    """Supply and what is short or idle, medians over the draws, and the share of draws that are short: (n, years) each."""

    supply: Floats
    shortage: Floats
    idle: Floats
    short: Floats

    @classmethod
    def of_constant(cls, ordered: Floats, supply: Floats) -> Balance:
        """Ordered demand (n, years, draws) against a supply that no draw changes: the middle of the demand decides."""
        pair = middle(ordered) - supply[..., None]
        return cls(supply, _mean(np.maximum(pair, 0.0)), _mean(np.maximum(-pair, 0.0)), _above(ordered, supply))

    def with_planned(self, demand: Floats, existing: Floats, planned: Floats, completion: Floats) -> Balance:
        """With planned beds × completion; worked out anew only where something is planned."""
        cells = planned > 0
        supply = existing[cells][:, None] + planned[cells][:, None] * completion
        gap = np.sort(demand[cells] - supply, axis=1)
        pair = middle(gap)
        changed = {
            "supply": np.median(supply, axis=1),
            "shortage": _mean(np.maximum(pair, 0.0)),
            "idle": _mean(np.maximum(-pair, 0.0)),
            "short": (gap > 0).mean(axis=1),
        }
        merged = {name: getattr(self, name).copy() for name in changed}
        for name, values in changed.items():
            merged[name][cells] = values
        return Balance(**merged)


def _mean(pairs: Floats) -> Floats:
    """Mean of the two middle values: the median of an even number of draws."""
    return np.asarray(pairs.mean(axis=-1))


def _above(ordered: Floats, limit: Floats) -> Floats:
    """Share of the draws above a limit (n, years)."""
    return np.asarray((ordered > limit[..., None]).mean(axis=2))


def _block(
    codes: Texts, years: list[int], names: tuple[str, str, str, str], quantiles: Floats, balance: Balance
) -> pl.DataFrame:
    """One block of the outlook; counties without a target of their own have no planning_ratio rows."""
    n, t = len(codes), len(years)
    columns = {
        "demand_p10": quantiles[0],
        "demand_p50": quantiles[1],
        "demand_p90": quantiles[2],
        "supply": balance.supply,
        "shortage_p50": balance.shortage,
        "idle_p50": balance.idle,
        "probability_short": np.where(np.isnan(balance.supply), np.nan, balance.short),
    }
    keys = ("scenario", "estimator", "bed_type", "definition")
    frame = pl.DataFrame(
        {
            "county_code": np.repeat(codes, t),
            "year": np.tile(np.array(years), n),
            **{name: value.reshape(-1) for name, value in columns.items()},
        }
    ).with_columns(pl.col(list(columns)).fill_nan(None))
    return (
        frame.filter(pl.col("demand_p50").is_not_null())
        .with_columns(
            *(pl.lit(value).alias(key) for key, value in zip(keys, names, strict=True)),
            pl.when(pl.col("supply").is_null()).then(pl.lit(NOT_REPORTED)).otherwise(None).alias("supply_status"),
        )
        .select(
            "county_code", "year", *keys, "demand_p10", "demand_p50", "demand_p90", "supply", "supply_status",
            "shortage_p50", "idle_p50", "probability_short",
        )
    )  # fmt: skip
