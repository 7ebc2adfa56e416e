"""Demand consistency and probability: each answer once, and the cases where none may be given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from evaluate_frames import DEFAULT, actual, reported, table, target

Run = Callable[..., pl.DataFrame]
COUNTY = DEFAULT["county_code"]


def need(p50: float, definition: str, p90: float | None = None, **more: Any) -> dict[str, Any]:
    given = {"county_code": COUNTY, "year": 2025, "scenario": "natural", "estimator": "prevalence", "bed_type": "all"}
    return {**given, "definition": definition, "demand_p50": p50, "demand_p90": p90 or p50 * 1.2, **more}


def beds(*rows: dict[str, Any]) -> pl.DataFrame:
    return table("forecast_beds", list(rows))


def elderly(year: int, p50: float, spread: float = 0.1) -> dict[str, Any]:
    quantiles = {"p2_5": 1 - 1.5 * spread, "p10": 1 - spread, "p50": 1, "p90": 1 + spread, "p97_5": 1 + 1.5 * spread}
    row = {"county_code": COUNTY, "year": year, "age_band": "60+", "sex": "both"}
    return {**row, **{q: p50 * f for q, f in quantiles.items()}}


PEOPLE = table("forecast_elderly", [elderly(2020, 27738.0), elderly(2025, 30000.0)])
PER_1000 = target(2025, 40.0, qualifier=">=", indicator_id="beds_per_1000_elderly", unit="per_1000")
BEDS_2020 = actual(2020, 1136.0, indicator_id="elderly_care_beds", unit="beds")


@pytest.mark.parametrize(
    ("needs", "answer"),
    [
        ((1100.0, 1150.0), "sufficient"), ((1500.0, 2000.0), "met_but_insufficient"), ((500.0, 600.0), "not_needed"),
        ((500.0, 1100.0), "sufficient"), ((500.0, 2000.0), "depends_on_definition"),
    ],
)  # fmt: skip
def test_beds_per_1000_imply_1200_beds(run: Run, needs: tuple[float, float], answer: str) -> None:
    """40 per 1,000 of 30,000 forecast elderly are 1,200 beds."""
    narrow, wide = needs
    row = run(PER_1000, beds=beds(need(narrow, "census"), need(wide, "adl")), elderly=PEOPLE).row(0, named=True)
    assert row["demand_consistency"] == answer


def test_policy_norms_are_not_need(run: Run) -> None:
    norm = need(5000.0, "none", estimator="planning_ratio")
    overlay = need(5000.0, "census", scenario="policy")
    row = run(PER_1000, beds=beds(need(1150.0, "census"), norm, overlay), elderly=PEOPLE).row(0, named=True)
    assert row["demand_consistency"] == "sufficient"
    only_norm = run(PER_1000, beds=beds(norm), elderly=PEOPLE).row(0, named=True)
    assert only_norm["demand_consistency"] == "not_assessable"


def test_nursing_share_is_of_institution_beds(run: Run) -> None:
    share = target(2025, 55.0, indicator_id="nursing_bed_share")
    demand = beds(need(1000.0, "census", bed_type="nursing"))
    institution = actual(2020, 2072.0, indicator_id="institution_beds", unit="beds")
    assert run(institution, share, beds=demand)["demand_consistency"].to_list() == ["sufficient"]
    assert run(BEDS_2020, share, beds=demand)["demand_consistency"].to_list() == ["not_assessable"]


def test_added_beds_stand_on_the_stated_ones(run: Run) -> None:
    added = target(2025, 670.0, period_start=2021, indicator_id="elderly_care_beds_added", unit="beds")
    demand = beds(need(1800.0, "census"))
    assert run(BEDS_2020, added, beds=demand, nature="flow")["demand_consistency"].to_list() == ["sufficient"]
    assert run(added, beds=demand, nature="flow")["demand_consistency"].to_list() == ["not_assessable"]


def test_stock_of_beds_is_its_own_supply(run: Run) -> None:
    stock = target(2025, 1500.0, indicator_id="elderly_care_beds", unit="beds")
    assert run(stock, beds=beds(need(2000.0, "census")))["demand_consistency"].to_list() == ["met_but_insufficient"]


@pytest.mark.parametrize(
    "flat", [elderly(2025, 30000.0, spread=0.0), {**elderly(2025, 30000.0), "p10": None, "p90": None}]
)
def test_probability_needs_a_spread(run: Run, flat: dict[str, Any]) -> None:
    people = table("forecast_elderly", [flat])
    chance = run(PER_1000, beds=beds(need(1.0, "census", supply=1200.0)), elderly=people)["probability_met"][0]
    assert chance is None if flat["p10"] else chance == pytest.approx(0.5)


def test_other_indicators_have_no_demand(run: Run) -> None:
    row = run(target(2025, 55.0), beds=beds(need(1.0, "census")), elderly=PEOPLE).row(0, named=True)
    assert (row["demand_consistency"], row["probability_met"]) == (None, None)
    city = run({**PER_1000, "target_level": "city"}, beds=beds(need(1.0, "census")), elderly=PEOPLE)
    assert city["demand_consistency"].to_list() == [None]


def test_without_forecasts_the_question_stays_open(run: Run) -> None:
    empty = beds()
    for frames in ({}, {"beds": empty, "elderly": PEOPLE}, {"beds": beds(need(1.0, "census"))}):
        row = run(PER_1000, **frames).row(0, named=True)
        assert (row["demand_consistency"], row["probability_met"]) == ("not_assessable", None)


@pytest.mark.parametrize(
    ("supply", "low", "high"), [(1200.0, 0.49, 0.51), (1320.0, 0.88, 0.92), (1080.0, 0.08, 0.12), (1700.0, 0.99, 1.0)]
)
def test_probability_from_the_forecast_denominator(run: Run, supply: float, low: float, high: float) -> None:
    row = run(PER_1000, beds=beds(need(1.0, "census", supply=supply)), elderly=PEOPLE).row(0, named=True)
    assert low <= row["probability_met"] <= high
    assert "outlook_existing_beds" in row["flags"]


def test_planned_beds_are_named_where_they_count(run: Run) -> None:
    rows = (need(1.0, "census", supply=1136.0), need(1.0, "census", supply=1300.0, scenario="policy"))
    row = run(PER_1000, beds=beds(*rows), elderly=PEOPLE).row(0, named=True)
    assert row["probability_met"] > 0.8
    assert "outlook_with_planned_beds" in row["flags"]


def test_no_probability_without_supply_or_after_the_fact(run: Run) -> None:
    assert run(PER_1000, beds=beds(need(1.0, "census")), elderly=PEOPLE)["probability_met"].to_list() == [None]
    known = {**reported(2025, 41.0), "indicator_id": "beds_per_1000_elderly", "unit": "per_1000"}
    rows = run(PER_1000, known, beds=beds(need(1.0, "census", supply=1200.0)), elderly=PEOPLE)
    assert (rows["verdict"].to_list(), rows["probability_met"].to_list()) == (["completed"], [None])


def test_census_denominator_meets_what_the_plan_promises(run: Run) -> None:
    """530425: 39 as printed, 1,136 ÷ 27,738 = 41.0 on the census."""
    printed = actual(2020, 39.0, indicator_id="beds_per_1000_elderly", unit="per_1000")
    row = run(BEDS_2020, printed, PER_1000, elderly=PEOPLE).row(0, named=True)
    assert row["target_type"] == "improvement"
    assert "met_on_census_basis" in row["flags"]
    assert "met_on_census_basis" not in (run(printed, PER_1000, elderly=PEOPLE)["flags"][0] or "")


@pytest.mark.parametrize(
    ("indicator", "nature", "graves", "answer"),
    [
        ("graves_added", "flow", 20000.0, "sufficient"), ("graves_added", "flow", 1000.0, "not_assessable"),
        ("graves_built", "stock", 1000.0, "met_but_insufficient"), ("graves_built", "stock", 20000.0, "not_assessable"),
        ("living_graves_removed", "flow", 20000.0, None),
    ],
)  # fmt: skip
def test_graves_say_only_what_holds_whatever_is_used(
    run: Run, indicator: str, nature: str, graves: float, answer: str | None
) -> None:
    """1,000 interments a year from 2021 to 2035."""
    every_year = {"county_code": COUNTY, "scenario": "natural", "capacity_class": "all", "interments_p50": 1000.0}
    years = [{**every_year, "year": y} for y in range(2020, 2036)]
    goal = target(2025, graves, indicator_id=indicator, unit="count")
    assert run(goal, graves=table("forecast_graves", years), nature=nature)["demand_consistency"].to_list() == [answer]
