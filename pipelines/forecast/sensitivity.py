"""What moves the need for beds most: one bar an assumption, from its low to its high end (FORECAST §5, the tornado)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecast.assumptions import AssumptionSet
from pipelines.forecast.beds import DEFINITIONS, age_index, beds_by_year
from pipelines.forecast.cohorts import Floats

CHAIN: Final = ("dependent_share", "institution_given_dependent", "occupancy")
CENTRAL: Final = "adl"
"""The definition of disability at the centre."""
DEFINITION, PERSONS, COMPLETION = "disability_definition", "persons_60_plus", "completion_probability"


def tornado(
    elderly: pl.DataFrame,
    ages: pl.DataFrame,
    supply: pl.DataFrame,
    year: int,
    assumptions: AssumptionSet,
    national_elderly: Floats,
) -> pl.DataFrame:
    """What moves the prevalence estimate most, per county in one year: `county_code, rank, parameter_id, moves, low, high` (in
    the parameter's printed unit; null for a prediction interval), `demand_low, demand_high, demand_central` (beds).

    supply: as in `bed_outlook`. Competing definitions of disability are the first bar, then the others by width. Whether planned
    beds are completed moves the supply (`moves`): its ends are the central demand less the planned beds completed, what is
    left to beds that stand today, negative where the planned ones alone exceed the demand; only counties that plan beds have
    it. What a bar does not move stands at the median of its distribution, so that the centre is the outlook's p50 (of ADL).
    """
    now = elderly.filter((pl.col("age_band") == "60+") & (pl.col("sex") == "both") & (pl.col("year") == year))
    now = now.sort("county_code")
    codes = now["county_code"].to_numpy().astype(np.str_)
    index = age_index(ages, codes, [year], assumptions, national_elderly)[:, 0]
    persons = {name: now[name].to_numpy() for name in ("p10", "p50", "p90")}
    planned = np.nan_to_num(beds_by_year(supply, codes, [year], "planned", "all")[:, 0])
    middles = {
        p.parameter_id: p.median / p.divisor for p in map(assumptions.__getitem__, (*CHAIN, *DEFINITIONS.values()))
    }

    def beds(people: Floats, definition: str = CENTRAL, other: Mapping[str, float] = MappingProxyType({})) -> Floats:
        values = {name: other.get(name, middles[name]) for name in CHAIN}
        prevalence = other.get("prevalence", middles[DEFINITIONS[definition]])
        dependent = 1.0 if definition == "census" else values["dependent_share"]
        return people * index * prevalence * dependent * values["institution_given_dependent"] / values["occupancy"]

    central = beds(persons["p50"])

    def bar(name: str, low: float, high: float, ends: list[Floats], moves: str = "demand") -> pl.DataFrame:
        return pl.DataFrame(
            {
                "county_code": codes,
                "parameter_id": name,
                "moves": moves,
                "low": low,
                "high": high,
                "demand_low": np.min(ends, axis=0),
                "demand_high": np.max(ends, axis=0),
                "demand_central": central,
            }
        ).with_columns(pl.col("low", "high").fill_nan(None))

    def between(name: str, moved: str) -> pl.DataFrame:
        p = assumptions[name]
        return bar(name, p.low, p.high, [beds(persons["p50"], other={moved: x / p.divisor}) for x in (p.low, p.high)])

    prevalences = [assumptions[p].median for p in DEFINITIONS.values()]
    by_definition = [beds(persons["p50"], name) for name in DEFINITIONS]
    p = assumptions[COMPLETION]
    left = [central - planned * x / p.divisor for x in (p.low, p.high)]
    frame = pl.concat(
        [
            bar(DEFINITION, min(prevalences), max(prevalences), by_definition),
            between(DEFINITIONS[CENTRAL], "prevalence"),
            *(between(name, name) for name in CHAIN),
            bar(PERSONS, np.nan, np.nan, [beds(persons["p10"]), beds(persons["p90"])]),
            bar(COMPLETION, p.low, p.high, left, "supply").filter(pl.Series(planned > 0)),
        ]
    )
    width = pl.col("demand_high") - pl.col("demand_low")
    first = (pl.col("parameter_id") == DEFINITION).cast(pl.Int64)
    return frame.sort("county_code", first, width, descending=[False, True, True]).with_columns(
        pl.int_range(1, pl.len() + 1).over("county_code").alias("rank")
    )
