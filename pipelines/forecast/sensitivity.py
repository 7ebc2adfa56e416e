"""What moves the need for beds most: one bar an assumption, from its low to its high end (FORECAST §5, the tornado)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from pipelines.forecast.assumptions import AssumptionSet, Parameter
from pipelines.forecast.beds import DEFINITIONS, GRADIENT, STRENGTH, age_index, beds_by_year
from pipelines.forecast.cohorts import Floats

CHAIN: Final = ("dependent_share", "institution_given_dependent", "occupancy")
CENTRAL: Final = "adl"
"""The definition of disability at the centre."""
DEFINITION, PERSONS, COMPLETION = "disability_definition", "persons_60_plus", "completion_probability"


class People(NamedTuple):
    """A projection as the chain takes it: frames `bands` and `ages` of `project_all`."""

    bands: pl.DataFrame
    ages: pl.DataFrame


def tornado(
    elderly: pl.DataFrame,
    ages: pl.DataFrame,
    supply: pl.DataFrame,
    year: int,
    assumptions: AssumptionSet,
    national_elderly: Floats,
    otherwise: Mapping[str, tuple[People, People]] = MappingProxyType({}),
) -> pl.DataFrame:
    """What moves the prevalence estimate most, per county in one year: `county_code, rank, parameter_id, moves, low, high` (in
    the parameter's printed unit; null for a prediction interval), `demand_low, demand_high, demand_central` (beds).

    supply: as in `bed_outlook`; otherwise: assumption on persons → the projection at its low and at its high end. Competing definitions of disability are the first bar, then the others by width. Whether planned
    beds are completed moves the supply (`moves`): its ends are the central demand less the planned beds completed, what is
    left to beds that stand today, negative where the planned ones alone exceed the demand; only counties that plan beds have
    it. What a bar does not move stands at the median of its distribution, so that the centre is the outlook's p50 (of ADL).
    """
    now = _sixty(elderly, year)
    codes = now["county_code"].to_numpy().astype(np.str_)
    risks = np.array([[assumptions[name].median / assumptions[name].divisor] for name in GRADIENT.values()])
    believed = assumptions.parameters.get(STRENGTH)

    def aged(of: pl.DataFrame, strength: float = believed.share if believed else 1.0) -> Floats:
        return age_index(of, codes, [year], risks, np.array([strength]), national_elderly)[:, 0, 0]

    index = aged(ages)
    persons = {name: now[name].to_numpy() for name in ("p10", "p50", "p90")}
    planned = np.nan_to_num(beds_by_year(supply, codes, [year], "planned", "all")[:, 0])
    middles = {
        p.parameter_id: p.median / p.divisor for p in map(assumptions.__getitem__, (*CHAIN, *DEFINITIONS.values()))
    }

    def beds(
        people: Floats,
        definition: str = CENTRAL,
        other: Mapping[str, float] = MappingProxyType({}),
        index: Floats = index,
    ) -> Floats:
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

    def of_persons(name: str, ends: tuple[People, People]) -> pl.DataFrame:
        needs = [beds(_sixty(end.bands, year)["p50"].to_numpy(), index=aged(end.ages)) for end in ends]
        return bar(name, assumptions[name].low, assumptions[name].high, [*needs, central])

    def of_gradient(p: Parameter) -> pl.DataFrame:
        needs = [beds(persons["p50"], index=aged(ages, x / p.divisor)) for x in (p.low, p.high)]
        return bar(STRENGTH, p.low, p.high, [*needs, central])

    prevalences = [assumptions[p].median for p in DEFINITIONS.values()]
    by_definition = [beds(persons["p50"], name) for name in DEFINITIONS]
    p = assumptions[COMPLETION]
    left = [central - planned * x / p.divisor for x in (p.low, p.high)]
    frame = pl.concat(
        [
            bar(DEFINITION, min(prevalences), max(prevalences), by_definition),
            between(DEFINITIONS[CENTRAL], "prevalence"),
            *(between(name, name) for name in CHAIN),
            *([of_gradient(believed)] if believed else []),
            *(of_persons(name, ends) for name, ends in otherwise.items()),
            bar(PERSONS, np.nan, np.nan, [beds(persons["p10"]), beds(persons["p90"])]),
            bar(COMPLETION, p.low, p.high, left, "supply").filter(pl.Series(planned > 0)),
        ]
    )
    width = pl.col("demand_high") - pl.col("demand_low")
    first = (pl.col("parameter_id") == DEFINITION).cast(pl.Int64)
    return frame.sort("county_code", first, width, descending=[False, True, True]).with_columns(
        pl.int_range(1, pl.len() + 1).over("county_code").alias("rank")
    )


def _sixty(bands: pl.DataFrame, year: int) -> pl.DataFrame:
    """Persons 60+ of both sexes in one year, by county."""
    return bands.filter(age_band="60+", sex="both", year=year).sort("county_code")
