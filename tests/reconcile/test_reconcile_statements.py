"""Rules on single statements: each with a case that must be found and one that must not."""

from __future__ import annotations

from typing import Any

import pytest
from reconcile_frames import facts

from pipelines.reconcile import statements as rules

TARGET: dict[str, Any] = {
    "measure": "target",
    "period_end": 2025,
    "unit": "pct",
    "unit_as_printed": "%",
    "indicator_id": "coverage",
}


def test_same_quantity() -> None:
    (found,) = rules.same_quantity(facts([{"value": 519.0, "source_line": 18}, {"value": 498.0, "source_line": 70}]))
    row = found.row()
    assert (row["left_line"], row["left_value"], row["right_line"], row["right_value"]) == (18, "519个", 70, "498个")
    assert row["severity"] == "high"
    assert row["computation"] == "519 ≠ 498；519-498=21"
    assert row["description_zh"] == "前后不一致（待核实）：敬老院各处数值不同。第18行“519个”；第70行“498个”。"
    assert (
        row["description_en"]
        == "Inconsistent (to be verified): homes: printed with different values. line 18: 519; line 70: 498."
    )


def test_same_quantity_names_every_further_place() -> None:
    places = [(30.0, 87, "prose"), (50.0, 159, "prose"), (60.0, 116, "indicator_table")]
    (found,) = rules.same_quantity(facts([{**TARGET, "value": v, "source_line": n, "place": p} for v, n, p in places]))
    row = found.row()
    assert (row["left_value"], row["right_value"], row["lines"]) == ("60%", "30%", "159")


@pytest.mark.parametrize("other", [
    {"value": 519.0}, {"value": 498.0, "period_end": 2015}, {"value": 498.0, "breakdown": "level=village"},
    {"value": 498.0, "target_level": "city"}, {"value": 498.0, "measure": "target"}, {"value": 498.0, "restates": "s0"},
    {"value": 498.0, "place": "actuals"},
])  # fmt: skip
def test_another_period_part_level_or_a_repetition_is_no_contradiction(other: dict[str, Any]) -> None:
    assert not list(rules.same_quantity(facts([{"value": 519.0}, other])))


def test_qualifier_lost() -> None:
    bound = {**TARGET, "value": 85.0, "qualifier": ">=", "source_line": 186}
    (found,) = rules.qualifier_lost(facts([{**TARGET, "value": 85.0, "source_line": 150}, bound]))
    assert (found.severity, found.row()["right_value"]) == ("low", "≥85%")
    assert not list(rules.qualifier_lost(facts([bound, {**bound, "source_line": 200}])))


def test_unit_conflict() -> None:
    area = {"measure": "standard", "unit": "m2_per_100_households", "value_as_printed": "30"}
    hundred = {**area, "value": 30.0, "unit_as_printed": "m^2/百户", "source_line": 190}
    single = {**area, "value": 3000.0, "unit_as_printed": "m^2/户", "source_line": 212}
    (found,) = rules.unit_conflict(facts([hundred, single]))
    assert found.row()["computation"] == "30m^2/百户 ≠ 30m^2/户（×100）"
    assert not list(rules.same_quantity(facts([hundred, single]))), "the conflict of units is the more specific finding"
    assert not list(
        rules.unit_conflict(facts([hundred, {**hundred, "unit_as_printed": "㎡/百户", "source_line": 191}]))
    )


def test_persons_and_person_times() -> None:
    helped = {"value": 90.0, "unit": "persons", "source_line": 3}
    (found,) = rules.unit_conflict(facts([{**helped, "unit_as_printed": "人"}, {**helped, "unit_as_printed": "人次"}]))
    assert "90人 ≠ 90人次" in found.computation
    assert not list(
        rules.unit_conflict(facts([{**helped, "unit_as_printed": "人"}, {**helped, "unit_as_printed": "名"}]))
    )
    assert len(list(rules.mixed_unit(facts([{**helped, "unit_as_printed": "人（次）"}])))) == 1
    assert not list(rules.mixed_unit(facts([{**helped, "unit_as_printed": "人次"}])))


def test_target_below_or_equal_to_baseline() -> None:
    base, target = (
        {"value": 319.0, "source_line": 45},
        {"measure": "target", "period_end": 2025, "value": 281.0, "source_line": 95},
    )
    (found,) = rules.target_to_baseline(facts([base, target]))
    assert (found.severity, found.computation) == ("high", "281-319=-38")
    (kept,) = rules.target_to_baseline(facts([base, {**target, "value": 319.0}]))
    assert kept.severity == "low"
    assert not list(rules.target_to_baseline(facts([base, {**target, "value": 400.0}])))
    assert not list(rules.target_to_baseline(facts([base, target], better="lower")))
    assert len(list(rules.target_to_baseline(facts([base, {**target, "value": 400.0}], better="lower")))) == 1


def test_level_comparison() -> None:
    county = {**TARGET, "value": 50.0, "place": "indicator_table", "source_line": 112}
    city = {**county, "value": 90.0, "target_level": "city"}
    (found,) = rules.level_comparison(facts([county, city]))
    assert (found.severity, found.computation) == ("high", "县50% < 州（市）90%")
    row = found.row()
    assert "县级第112行“50%”；州（市）级第112行“90%”" in row["description_zh"]
    assert "county, line 112: 50%; city, line 112: 90%" in row["description_en"]
    assert (row["left_value"], row["right_value"]) == ("50%", "90%")
    assert not list(rules.level_comparison(facts([{**county, "value": 90.0}, city])))
    counts = [{**s, "unit": "persons", "unit_as_printed": "人"} for s in (county, city)]
    assert not list(rules.level_comparison(facts(counts))), "a county's count is never compared with a city's"


def test_a_weaker_sign_than_the_higher_level_is_low() -> None:
    county = {**TARGET, "value": 30.0, "place": "indicator_table"}
    (found,) = rules.level_comparison(facts([county, {**county, "qualifier": ">", "target_level": "national"}]))
    assert found.severity == "low"


def test_target_dates() -> None:
    early = {**TARGET, "value": 100.0, "period_end": 2022, "source_line": 159}
    late = {**TARGET, "value": 100.0, "source_line": 87}
    (found,) = rules.target_dates(facts([early, late]))
    assert (found.left.text, found.right.text) == ("2022年100%", "2025年100%")
    assert not list(rules.target_dates(facts([{**early, "value": 50.0}, late]))), (
        "50 % by 2022, 100 % by 2025 are milestones"
    )
    assert not list(rules.target_dates(facts([{**early, "period_inferred": True}, late])))


def test_steep_standard() -> None:
    rate = {"measure": "standard", "unit": "yuan_per_person_month", "unit_as_printed": "元/人·月"}
    series = [{**rate, "value": 60.0, "period_end": 2015}, {**rate, "value": 675.0}]
    (found,) = rules.steep_standard(facts(series))
    assert found.computation == "675÷60=11.25"
    assert not list(rules.steep_standard(facts([{**series[0], "value": 431.0}, series[1]])))
