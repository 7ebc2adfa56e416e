"""From deaths to graves: how long built and planned capacity lasts (FORECAST §6).

Deaths rise with ageing; those interred in the county's cemeteries, less second interments and reuse, plus relocated
scattered graves, use up capacity. Where the used part of a built capacity is not reported no remaining years are
claimed: the break-even (how many must still be free) is given instead.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.forecast.assumptions import AssumptionSet
from pipelines.forecast.balance import NONE_TO_HORIZON, NOT_REPORTED
from pipelines.forecast.chain import from_quantiles, normal_draws, quantile_cube, quantiles_of_sorted
from pipelines.forecast.cohorts import Bools, Floats, Texts

SCENARIOS: Final = ("natural", "policy")
EXTRAPOLATED: Final = "extrapolated"
"""Status of a depletion year that lies beyond the forecast."""
VERSION: Final = "graves.4"
"""Version of the chain from deaths on, in every row's method_version; 2: deaths without a step between WPP periods; 3: draws
of an assumption that belong to its name, years of supply; 4: deaths of those born since counted once, intervals of deaths that
grow with time, depletion years beyond the forecast."""
PLAUSIBLE: Final = 0.15
"""A plan's implied deaths may differ from the forecast by 15 % before it is called implausible."""


def grave_outlook(
    deaths: pl.DataFrame,
    capacity: pl.DataFrame,
    assumptions: AssumptionSet,
    *,
    relocated: pl.DataFrame | None = None,
    draws: int = 2000,
    seed: int = 2,
) -> pl.DataFrame:
    """Interments against capacity per county, year and scenario.

    deaths: `project_all(...).deaths`; capacity: `county_code, year (available from), places, used` (places in graves,
    niches and eco graves; used null = not reported, 0 = new); relocated: `county_code, year, graves` moved into them.
    Scenario natural: the assumed share of deaths (interment_share) is interred; policy: every death is. Returns the
    columns of `forecast_graves`; ashes_p50 are the interments of ashes (natural: cremation_rate of them; policy: all), which
    niches can take; break_even_p10/p50/p90 are the places that must be free at the start to last to that year;
    years_of_supply_p10/p50/p90 are the years that the remaining places would last at the use of that year, also where they
    outlast the horizon.
    Interments count against capacity from the year it opens; before that the cemeteries in use are not reported.
    Remaining places and depletion years are null where capacity or its use is not reported (capacity_status says so). A draw
    whose capacity outlasts the forecast is carried on at the use of the last year; depletion_status is then `extrapolated`
    (by the median), empty for a year within the forecast, and `none_to_horizon` where nothing is used in that year.
    """
    both = deaths.filter(pl.col("sex") == "both")
    codes = np.array(sorted(both["county_code"].unique().to_list()), dtype=np.str_)
    years = [int(y) for y in sorted(both["year"].unique().to_list())]
    dying = from_quantiles(quantile_cube(both, codes, years), normal_draws(codes, draws, seed))
    drawn = assumptions.draw(draws, seed + 1)
    fresh = (1 - drawn["second_interment_share"]) * (1 - drawn["reuse_share"])
    moved = _by_year(relocated, codes, years, "graves")
    places, unknown_use, stated = _capacity(capacity, codes, years)
    version = f"{both['method_version'][0]}|{VERSION}|{assumptions.version}"
    blocks = []
    for scenario in SCENARIOS:
        share = drawn["interment_share"] if scenario == "natural" else np.ones(draws)
        interments = dying * share
        ashes = interments * drawn["cremation_rate"] if scenario == "natural" else interments
        taken = interments * fresh
        wanted = taken + moved[..., None]
        needed = np.cumsum(wanted, axis=1)
        used = np.cumsum(wanted * (places > 0)[..., None], axis=1)
        flows = {"deaths_p50": dying, "interments_p50": interments, "ashes_p50": ashes}
        blocks.append(_scenario(codes, years, scenario, flows, taken, needed, used, places, unknown_use, stated))
    return pl.concat(blocks).with_columns(pl.lit(version).alias("method_version"))


def twenty_year_test(deaths: pl.DataFrame, plans: pl.DataFrame) -> pl.DataFrame:
    """Does a cemetery said to last `years` fit the deaths the county has from the year it opens?

    plans: `county_code, urns, years`, and where known `qualifier` (>: more than so many), `graves` (double plots hold two urns),
    `opening` (year), `source_line`. Returns them with implied_deaths (urns ÷ years), forecast_deaths (mean of the medians over the
    years projected, from the opening, up to `years`), years_at_forecast (urns ÷ that mean), plausible, message_zh, message_en.
    """
    both = deaths.filter(pl.col("sex") == "both")
    first, last = int(str(both["year"].min())), int(str(both["year"].max()))
    rows = []
    for plan in plans.iter_rows(named=True):
        start = min(max(first, plan.get("opening") or first), last)
        lasting = pl.col("year").is_between(start, start + plan["years"] - 1)
        mean = float(both.filter(lasting & (pl.col("county_code") == plan["county_code"]))["p50"].to_numpy().mean())
        implied = plan["urns"] / plan["years"]
        end = min(last, int(start + plan["years"] - 1))
        rows.append(
            {
                **plan,
                "implied_deaths": implied,
                "forecast_deaths": mean,
                "years_at_forecast": plan["urns"] / mean,
                "plausible": abs(implied / mean - 1) <= PLAUSIBLE,
                **_twenty_years_said(plan, implied, mean, f"{start}—{end}", f"{start}–{end}"),
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def _twenty_years_said(plan: dict[str, Any], implied: float, mean: float, zh: str, en: str) -> dict[str, str]:
    """`message_zh`, `message_en`: urns are never called places, and what the plan bounds is not made exact."""
    graves, line, more = plan.get("graves"), plan.get("source_line"), plan.get("qualifier") in (">", ">=")
    number, years = f"{plan['urns']:,.0f}", f"{plan['years']:g}"
    return {
        "message_zh": (f"规划第{line}行：" if line else "规划：")
        + (f"{graves:,.0f}穴可葬" if graves else "可葬")
        + f"{number}{'余' if more else ''}具，用{years}年，即每年{'至少' if more else ''}{implied:,.0f}具；"
        + f"预测{zh}年年均死亡{mean:,.0f}人",
        "message_en": (f"line {line} of the plan: " if line else "the plan: ")
        + f"{'more than ' if more else ''}{number} urns"
        + (f" in {graves:,.0f} graves" if graves else "")
        + f" to last {years} years, {'at least ' if more else ''}{implied:,.0f} a year; "
        + f"forecast mean of {en}: {mean:,.0f} deaths a year",
    }


def crude_rate_rises(deaths: pl.DataFrame, ages: pl.DataFrame) -> pl.DataFrame:
    """Crude death rate per 1,000 in the first and last projected year, by county: `county_code, rate_first, rate_last,
    rises`. A plan that assumes a falling rate where this rises is to be flagged."""
    people = ages.group_by("county_code", "year").agg(pl.col("p50").sum().alias("persons"))
    both = deaths.filter(pl.col("sex") == "both").join(people, on=["county_code", "year"])
    rate = (pl.col("p50") / pl.col("persons") * 1000).sort_by("year")
    return (
        both.group_by("county_code")
        .agg(rate.first().alias("rate_first"), rate.last().alias("rate_last"))
        .with_columns((pl.col("rate_last") > pl.col("rate_first")).alias("rises"))
        .sort("county_code")
    )


def _scenario(
    codes: Texts,
    years: list[int],
    scenario: str,
    flows: dict[str, Floats],
    taken: Floats,
    needed: Floats,
    used: Floats,
    places: Floats,
    unknown_use: Bools,
    stated: Bools,
) -> pl.DataFrame:
    n, t = len(codes), len(years)
    left, wanted = (
        quantiles_of_sorted(np.sort(drawn, axis=2), (0.1, 0.5, 0.9)) for drawn in (places[..., None] - used, needed)
    )
    supply = np.sort(np.maximum(places[..., None] - used, 0) / np.where(taken > 0, taken, np.nan), axis=2)
    lasting = quantiles_of_sorted(supply, (0.1, 0.5, 0.9))
    opened = places > 0
    exhausted = (used >= places[..., None]) & opened[..., None]
    first = np.where(
        exhausted.any(axis=1), np.array(years)[exhausted.argmax(axis=1)], _beyond(years[-1], places, used, taken)
    )
    depletion = np.quantile(first, (0.1, 0.5, 0.9), axis=1, method="inverted_cdf")
    known = np.repeat(stated, t) & opened.reshape(-1)
    assessable = known & np.repeat(~unknown_use, t)
    years_of = [np.where(np.isfinite(d), d, np.nan) for d in depletion]
    columns: dict[str, Floats] = {
        **{name: np.median(drawn, axis=2).reshape(-1) for name, drawn in flows.items()},
        "capacity": np.where(known, places.reshape(-1), np.nan),
        **{
            f"remaining_{q}": np.where(assessable, left[k].reshape(-1), np.nan)
            for k, q in enumerate(("p10", "p50", "p90"))
        },
        **{
            f"depletion_year_{q}": np.where(assessable, np.repeat(years_of[k], t), np.nan)
            for k, q in enumerate(("p10", "p50", "p90"))
        },
        **{
            f"years_of_supply_{q}": np.where(assessable, lasting[k].reshape(-1), np.nan)
            for k, q in enumerate(("p10", "p50", "p90"))
        },
        **{f"break_even_{q}": wanted[k].reshape(-1) for k, q in enumerate(("p10", "p50", "p90"))},
    }
    status = np.where(known, np.where(assessable, "", "used_not_reported"), NOT_REPORTED)
    return (
        pl.DataFrame(
            {
                "county_code": np.repeat(codes, t),
                "year": np.tile(np.array(years), n),
                "capacity_status": status,
                **columns,
            }
        )
        .with_columns(
            pl.col(list(columns)).fill_nan(None),
            pl.when(pl.col("capacity_status") == "")
            .then(None)
            .when(pl.col("capacity_status") == "used_not_reported")
            .then(pl.lit(NOT_REPORTED))
            .otherwise(pl.col("capacity_status"))
            .alias("capacity_status"),
            pl.lit(scenario).alias("scenario"),
        )
        .with_columns(
            pl.col("^depletion_year_.*$").cast(pl.Int64),
            pl.when(pl.col("remaining_p50").is_null())
            .then(pl.lit(NOT_REPORTED))
            .when(pl.col("depletion_year_p50").is_null())
            .then(pl.lit(NONE_TO_HORIZON))
            .when(pl.col("depletion_year_p50") > years[-1])
            .then(pl.lit(EXTRAPOLATED))
            .otherwise(None)
            .alias("depletion_status"),
        )
    )


def _beyond(last: int, places: Floats, used: Floats, taken: Floats) -> Floats:
    """The year (n, draws) in which the places left at the end of the forecast are full at the use of its last year; infinite
    where nothing is used."""
    left, yearly = places[:, -1, None] - used[:, -1], taken[:, -1]
    return np.asarray(last + np.ceil(np.divide(left, yearly, out=np.full_like(left, np.inf), where=yearly > 0)))


def _capacity(capacity: pl.DataFrame, codes: Texts, years: list[int]) -> tuple[Floats, Bools, Bools]:
    """Places available by year (n, years) net of used ones, whether their use is unknown (n,), and stated at all (n,)."""
    places = np.zeros((len(codes), len(years)))
    unknown, stated = np.zeros(len(codes), dtype=bool), np.zeros(len(codes), dtype=bool)
    row = {code: i for i, code in enumerate(codes.tolist())}
    for code, year, count, used in capacity.select("county_code", "year", "places", "used").iter_rows():
        if code not in row or count is None:
            continue
        stated[row[code]] = True
        unknown[row[code]] |= used is None
        places[row[code]] += np.where(np.array(years) >= year, count - (used or 0.0), 0.0)
    return places, unknown, stated


def _by_year(frame: pl.DataFrame | None, codes: Texts, years: list[int], column: str) -> Floats:
    values = np.zeros((len(codes), len(years)))
    if frame is None:
        return values
    row = {code: i for i, code in enumerate(codes.tolist())}
    for code, year, count in frame.select("county_code", "year", column).iter_rows():
        if code in row and year in years:
            values[row[code], years.index(year)] += count
    return values
