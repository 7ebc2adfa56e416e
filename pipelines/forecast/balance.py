"""Beds demanded against beds supplied: what is short or idle in a year, and from which year on (FORECAST §5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecast.chain import middle
from pipelines.forecast.cohorts import Bools, Floats, Texts

NOT_REPORTED: Final = "not_reported"
NONE_TO_HORIZON: Final = "none_to_horizon"
"""Why there is no such year: it does not come before the forecast ends."""
LIKELY: Final = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
"""Probability of shortage → the column of the first year that reaches it."""


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
        """With planned beds × completion; worked out anew only where something is planned. NaN: planned, but not how many."""
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
            merged[name][np.isnan(planned)] = np.nan
        return Balance(**merged)


def block(
    codes: Texts, years: list[int], names: Mapping[str, str], quantiles: Floats, balance: Balance
) -> pl.DataFrame:
    """One block of `forecast_beds` without its version: counties × years under one scenario, estimator, bed type and
    definition (`names`). quantiles (3, n, years) of the demand; where it is NaN (a plan without the target that it rests on)
    it is `not_reported`, and with it what is short or idle."""
    n, t = len(codes), len(years)
    unknown = np.isnan(balance.supply) | np.isnan(quantiles[1])
    columns = {
        "demand_p10": quantiles[0],
        "demand_p50": quantiles[1],
        "demand_p90": quantiles[2],
        "supply": balance.supply,
        "shortage_p50": balance.shortage,
        "idle_p50": balance.idle,
        "probability_short": np.where(unknown, np.nan, balance.short),
        **turns(years, quantiles[1], balance),
    }
    frame = pl.DataFrame(
        {
            "county_code": np.repeat(codes, t),
            "year": np.tile(np.array(years), n),
            **{name: value.reshape(-1) for name, value in columns.items()},
        }
    )
    turning = pl.col("^(first|last)_year_.*$")
    silent = pl.when(pl.any_horizontal(pl.col("supply", "demand_p50").is_null())).then(pl.lit(NOT_REPORTED))
    return (
        frame.with_columns(pl.col(list(columns)).fill_nan(None))
        .with_columns(
            *(pl.lit(value).alias(key) for key, value in names.items()),
            turning.cast(pl.Int64),
            *(
                pl.when(pl.col(value).is_null()).then(pl.lit(NOT_REPORTED)).otherwise(None).alias(status)
                for value, status in (("demand_p50", "demand_status"), ("supply", "supply_status"))
            ),
            *(
                silent.when(pl.col(f"first_year_{what}").is_null())
                .then(pl.lit(NONE_TO_HORIZON))
                .otherwise(None)
                .alias(f"first_year_{what}_status")
                for what in ("short", "idle")
            ),
        )
        .select(
            "county_code", "year", *names, "demand_p10", "demand_p50", "demand_p90", "demand_status", "supply", "supply_status",
            "shortage_p50", "idle_p50", "probability_short", "first_year_short", *(f"first_year_short_{q}" for q in LIKELY),
            "first_year_short_status", "first_year_idle", "last_year_idle", "first_year_idle_status",
        )
    )  # fmt: skip


def turns(years: list[int], demand: Floats, balance: Balance) -> dict[str, Floats]:
    """When beds run short and stand idle, as years repeated over (n, years), NaN where there is none or no supply is known.

    demand (n, years) is the median. `first_year_short`: the median exceeds the supply; `first_year_short_p10`, `_p50`,
    `_p90`: the probability of shortage reaches 10, 50, 90 %; `first_year_idle`, `last_year_idle`: the median leaves beds
    idle. A shortage may end again where planned beds come later: then `last_year_idle` lies after `first_year_short`.
    """
    known = ~np.isnan(balance.supply) & ~np.isnan(demand)
    idle = demand < balance.supply
    found = {
        "first_year_short": _first(years, demand > balance.supply),
        **{f"first_year_short_{q}": _first(years, known & (balance.short >= p)) for q, p in LIKELY.items()},
        "first_year_idle": _first(years, idle),
        "last_year_idle": _first(years[::-1], idle[:, ::-1]),
    }
    return {name: np.repeat(year[:, None], len(years), axis=1) for name, year in found.items()}


def _first(years: list[int], holds: Bools) -> Floats:
    """The first of the years (n,) in which a condition (n, years) holds, NaN where it never does."""
    return np.where(holds.any(axis=1), np.array(years, dtype=np.float64)[holds.argmax(axis=1)], np.nan)


def _mean(pairs: Floats) -> Floats:
    """Mean of the two middle values: the median of an even number of draws."""
    return np.asarray(pairs.mean(axis=-1))


def _above(ordered: Floats, limit: Floats) -> Floats:
    """Share of the draws above a limit (n, years)."""
    return np.asarray((ordered > limit[..., None]).mean(axis=2))
