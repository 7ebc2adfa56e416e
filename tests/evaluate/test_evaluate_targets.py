"""What belongs to a target: baseline, actual, milestone, conflict, level; and the row that comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from evaluate_frames import actual, reported, target

from pipelines import registry
from pipelines.evaluate.flags import describe

Run = Callable[..., pl.DataFrame]


def one(frame: pl.DataFrame) -> dict[str, Any]:
    assert frame.height == 1
    return frame.row(0, named=True)


def flags(row: dict[str, Any]) -> set[str]:
    return set((row["flags"] or "").split(";")) - {""}


def test_columns_are_those_of_the_registry(run: Run) -> None:
    names = [c.name for c in registry.table("evaluation_target").columns]
    assert run(target(2025, 55.0)).columns == names
    assert run(actual(2020, 1.0)).columns == names


def test_awaiting_data_still_shows_the_promise(run: Run) -> None:
    base = actual(2020, 3.8, place="indicator_table")
    row = one(run(base, target(2025, 55.0, qualifier=">=", target_kind="binding")))
    assert (row["verdict"], row["target_type"], row["latest_actual"]) == ("awaiting_data", "improvement", None)
    assert (row["baseline"], row["baseline_year"], row["baseline_in_table"]) == (3.8, 2020, True)
    assert row["required_yearly_change"] == pytest.approx(10.24)
    assert (row["plan_period"], row["target_kind"], row["responsible_unit"]) == ("2021-2025", "binding", None)
    assert (row["target_id"], row["source_line"]) == ("s02", 2)


def test_restated_targets_are_one_target(run: Run) -> None:
    assert run(target(2025, 55.0), target(2025, 55.0, restates="s01")).height == 1


def test_baseline_comes_from_the_table_even_when_it_restates_the_prose(run: Run) -> None:
    prose, table = actual(2020, 39.0), actual(2020, 39.0, place="indicator_table", restates="s01")
    assert one(run(prose, table, target(2025, 40.0)))["baseline_in_table"] is True
    assert one(run(prose, target(2025, 40.0)))["baseline_in_table"] is False


def test_first_line_decides_between_equals(run: Run) -> None:
    assert one(run(actual(2020, 30.0), actual(2020, 33.0), target(2025, 40.0)))["baseline"] == 30.0


def test_printed_dash_is_a_typed_absence(run: Run) -> None:
    dash = actual(2020, None, place="indicator_table", status="not_reported")
    row = one(run(dash, target(2025, 100.0)))
    assert (row["baseline"], row["baseline_status"], row["baseline_year"]) == (None, "not_reported", 2020)
    assert (row["target_type"], row["verdict"], row["baseline_in_table"]) == ("level", "awaiting_data", False)
    prose = one(run(dash, actual(2020, 70.0), target(2025, 100.0)))
    assert (prose["baseline"], prose["baseline_status"], prose["baseline_in_table"]) == (70.0, None, False)
    nothing = one(run(target(2025, 100.0)))
    assert (nothing["baseline_status"], nothing["baseline_year"]) == ("not_reported", None)


def test_the_empty_cell_of_2020_is_not_filled_from_2015(run: Run) -> None:
    dash = actual(2020, None, place="indicator_table", status="not_reported")
    assert one(run(actual(2015, 40.0), dash, target(2025, 100.0)))["baseline"] is None
    old = one(run(actual(2015, 40.0), target(2025, 100.0)))
    assert (old["baseline_year"], flags(old)) == (2015, {"old_baseline"})


def test_breakdowns_are_not_mixed(run: Run) -> None:
    urban, rural = actual(2020, 60.0, breakdown="area=urban"), target(2025, 80.0, breakdown="area=rural")
    assert one(run(urban, rural))["baseline"] is None


def test_a_projects_target_is_held_against_the_countys_report(run: Run) -> None:
    goal = target(2025, 100.0, project_id="p07")
    row = one(run(actual(2020, 50.0), goal, reported(2025, 90.0)))
    assert (row["baseline"], row["verdict"]) == (50.0, "not_completed")
    own = actual(2020, 70.0, project_id="p07")
    both = one(run(actual(2020, 50.0), own, goal, reported(2025, 100.0)))
    assert (both["baseline"], both["verdict"]) == (70.0, "completed")


def test_only_yearly_reports_are_later_actuals(run: Run) -> None:
    base, goal = actual(2020, 10.0), target(2025, 20.0)
    assert one(run(base, actual(2022, 15.0), goal))["verdict"] == "awaiting_data"
    assert one(run(base, reported(2020, 15.0), goal))["verdict"] == "awaiting_data"
    row = one(run(base, goal, reported(2021, 12.0), reported(2022, 14.0)))
    assert (row["latest_year"], row["latest_actual"], row["verdict"]) == (2022, 14.0, "on_schedule")
    assert row["pace"] == pytest.approx(1.0)


def test_already_met_target_is_said_without_any_actual(run: Run) -> None:
    """620722: 319 social organisations in 2020, 281 promised for 2025."""
    for better in ("higher", "none"):
        row = one(run(actual(2020, 319.0), target(2025, 281.0), better=better, nature="stock"))
        assert (row["target_type"], row["verdict"]) == ("maintenance", "awaiting_data")
        assert row["required_yearly_change"] == 0.0
        assert {"met_at_baseline", "not_ambitious"} <= flags(row)


@pytest.mark.parametrize(
    ("year", "value", "verdict"),
    [(2025, 20.0, "completed"), (2025, 19.0, "not_completed"), (2023, 21.0, "met_early"), (2023, 9.0, "reversing")],
)
def test_verdict_from_reports(run: Run, year: int, value: float, verdict: str) -> None:
    assert one(run(actual(2020, 10.0), target(2025, 20.0), reported(year, value)))["verdict"] == verdict


def test_conflicting_prints_are_judged_each_and_marked(run: Run) -> None:
    """30, 50 and 60 % for one indicator in one document."""
    in_table = target(2025, 60.0, place="indicator_table")
    rows = run(target(2025, 30.0), in_table, target(2025, 50.0), reported(2025, 55.0))
    assert rows["in_conflict"].to_list() == [True, True, True]
    assert rows["verdict"].to_list() == ["completed", "not_completed", "completed"]


def test_no_conflict_between_levels_years_equal_values_or_words(run: Run) -> None:
    rows = run(
        target(2025, 50.0), target(2025, 50.0, qualifier=">="), target(2025, 90.0, target_level="city"),
        target(2022, 40.0), target(2025, None, value_as_printed="应保尽保"), target(2025, 70.0, breakdown="area=rural"),
    )  # fmt: skip
    assert not rows["in_conflict"].any()


def test_milestones_are_targets_and_bend_the_path(run: Run) -> None:
    statements = (actual(2020, 3.8), target(2022, 50.0, qualifier=">="), target(2025, 55.0, qualifier=">="))
    step, end = run(*statements, reported(2022, 40.0), reported(2023, 52.0)).to_dicts()
    assert (step["verdict"], step["latest_year"], step["latest_actual"]) == ("not_completed", 2022, 40.0)
    assert "is_milestone" in flags(step)
    assert "milestones" in flags(end)
    assert end["pace"] == pytest.approx((52 - 3.8) / (50 + 5 / 3 - 3.8), abs=1e-6)


def test_a_later_year_stands_in_for_an_unreported_deadline(run: Run) -> None:
    row = one(run(actual(2020, 10.0), target(2022, 50.0), reported(2021, 20.0), reported(2023, 60.0)))
    assert (row["verdict"], row["latest_year"]) == ("completed", 2023)
    assert "judged_after_deadline" in flags(row)


def test_range_of_two_statements(run: Run) -> None:
    lower = target(2025, 3.0, qualifier=">=", breakdown="bound=lower")
    upper = target(2025, 5.0, qualifier="<=", breakdown="bound=upper")
    rows = run(actual(2020, 1.0), lower, upper, reported(2025, 6.0), nature="stock")
    assert rows["target_type"].to_list() == ["range", "range"]
    assert rows["verdict"].to_list() == ["not_completed", "not_completed"]
    assert rows["baseline"].to_list() == [1.0, 1.0]
    assert not rows["in_conflict"].any()
    assert run(lower, upper, reported(2025, 4.0), nature="stock")["verdict"].to_list() == ["completed"] * 2


def test_five_year_flow_sums_the_reports(run: Run) -> None:
    goal = target(2025, 100.0, period_start=2021)
    row = one(run(actual(2020, 50.0), goal, reported(2021, 30.0), reported(2022, 10.0), nature="flow"))
    assert (row["target_type"], row["latest_actual"], row["verdict"]) == ("cumulative", 40.0, "on_schedule")
    assert (row["baseline"], row["baseline_status"]) == (None, "not_applicable")
    assert row["required_yearly_change"] == pytest.approx(20.0)
    assert one(run(goal, nature="flow"))["verdict"] == "awaiting_data"
    gap = one(run(goal, reported(2022, 10.0), nature="flow"))
    assert (gap["verdict"], flags(gap)) == ("not_assessable", {"years_missing"})
    assert one(run(goal, reported(2022, 120.0), nature="flow"))["verdict"] == "met_early"


def test_stock_promised_over_the_plan_is_due_at_its_end(run: Run) -> None:
    row = one(run(actual(2020, 2.0), target(2025, 10.0, period_start=2021), reported(2022, 3.0), nature="stock"))
    assert (row["target_type"], row["verdict"]) == ("improvement", "far_behind")


def test_rate_for_every_year(run: Run) -> None:
    goal = target(2025, 100.0, period_start=2021)
    kept = one(run(goal, reported(2021, 100.0), reported(2022, 100.0)))
    assert (kept["verdict"], flags(kept)) == ("held", {"holds_every_year"})
    lost = one(run(goal, reported(2021, 100.0), reported(2022, 98.0)))
    assert (lost["verdict"], flags(lost)) == ("breached", {"holds_every_year", "missed_2022"})
    full = dict.fromkeys(range(2021, 2026), 100.0)
    assert one(run(goal, *(reported(y, v) for y, v in full.items())))["verdict"] == "completed"
    assert one(run(goal, *(reported(y, v) for y, v in {**full, 2023: 90.0}.items())))["verdict"] == "not_completed"
    assert one(run(goal, reported(2025, 100.0)))["verdict"] == "not_assessable"
    unclear = target(2025, None, period_start=2021, **RELATIVE)
    assert one(run(unclear, reported(2022, 5.0)))["verdict"] == "not_assessable"
    assert one(run(goal))["verdict"] == "awaiting_data"


RELATIVE = {"qualifier": ">=", "value_as_printed": "不低于居民上年度人均消费支出增速"}


def test_relative_target(run: Run) -> None:
    statements = (actual(2020, 10.0), target(2025, None, **RELATIVE))
    waiting = one(run(*statements))
    assert (waiting["target_type"], waiting["verdict"], waiting["baseline"]) == ("relative", "awaiting_data", 10.0)
    alone = one(run(*statements, reported(2022, 6.0)))
    assert (alone["verdict"], flags(alone)) == ("not_assessable", {"comparator_missing"})
    other = {"county_code": ["990101"], "indicator_id": ["x"], "year": [2022], "value": [5.0]}
    series = pl.DataFrame(other)
    assert one(run(*statements, reported(2022, 6.0), comparators=series))["verdict"] == "level_met"
    assert one(run(*statements, reported(2022, 4.0), comparators=series))["verdict"] == "level_not_met"
    yearly = target(2025, None, period_start=2021, **RELATIVE)
    row = one(run(yearly, reported(2021, 6.0), reported(2022, 4.0), comparators=series))
    assert (row["target_type"], row["verdict"]) == ("relative", "breached")
    assert {"comparator_missing", "missed_2022"} <= flags(row)


def test_words_and_missing_values_are_not_judged(run: Run) -> None:
    words = one(run(target(2025, None, value_as_printed="应保尽保", period_inferred=True), reported(2022, 99.0)))
    assert (words["verdict"], flags(words)) == ("not_assessable", {"worded_target", "deadline_inferred"})
    text = one(run(target(2025, None, value_as_printed="1:4:5", unit="text", status="in_words")))
    assert flags(text) == {"worded_target"}
    assert one(run(target(2025, None, status="in_words", **RELATIVE)))["target_type"] == "relative"
    gap = one(run(target(2025, None, status="not_reported", value_as_printed="")))
    assert (gap["verdict"], flags(gap)) == ("not_assessable", {"target_not_printed"})


def test_higher_levels_compare_rates_never_counts(run: Run) -> None:
    base, report = actual(2020, 18.0), reported(2025, 60.0)
    rate = one(run(base, target(2025, 90.0, target_level="city"), report))
    assert (rate["baseline"], rate["latest_actual"], rate["verdict"]) == (18.0, 60.0, "not_completed")
    count = one(run(base, target(2025, 4000.0, target_level="city", unit="persons"), report, nature="stock"))
    assert (count["baseline"], count["baseline_status"], count["latest_actual"]) == (None, "not_applicable", None)
    assert (count["verdict"], flags(count)) == ("not_assessable", {"other_area"})


def test_previous_plan_is_held_against_its_own_years(run: Run) -> None:
    """530425: at least 35 beds per 1,000 by 2020, 39 reached; not a milestone of the target for 2025."""
    promises = [target(y, v, qualifier=">=") for y, v in ((2020, 35.0), (2025, 40.0))]
    past, coming = run(*promises, actual(2020, 39.0)).to_dicts()
    assert (past["plan_period"], past["verdict"], past["latest_actual"]) == ("2016-2020", "completed", 39.0)
    assert "previous_plan" in flags(past)
    assert (coming["plan_period"], coming["baseline"], coming["verdict"]) == ("2021-2025", 39.0, "awaiting_data")
    assert flags(coming) == set()


def test_year_of_the_plan_stands_in_for_a_missing_deadline(run: Run) -> None:
    row = one(run(target(2025, 50.0, period_start=None, period_end=None)))
    assert (row["target_year"], flags(row)) == (2025, {"deadline_inferred"})


@pytest.mark.parametrize(
    ("baseline", "promised", "year", "reached", "verdict", "rate"),
    [
        (10.0, 100.0, 2025, 40.0, "not_completed", 1 / 3),  # one third of the way, whatever compound growth says
        (10.0, 100.0, 2025, 109.0, "completed", 1.1),
        (0.0, 50.0, 2025, 10.0, "not_completed", 0.2),  # from zero there is a way, though no compound rate
        (319.0, 281.0, 2025, 281.0, "completed", 1.0),  # 620722: nothing to gain, so the share of the level: A/T
        (319.0, 281.0, 2025, 250.0, "not_completed", 250 / 281),
        (None, 80.0, 2025, 60.0, "not_completed", 0.75),  # no baseline: the share of the level
        (18.0, 90.0, 2026, 60.0, "not_completed", 42 / 72),  # reported after the deadline only
        (10.0, 100.0, 2024, 40.0, "far_behind", None),  # rule 0: before the end there is a pace, no completion rate
        (10.0, 100.0, 2024, 100.0, "met_early", None),
    ],
)
def test_completion_rate_stands_only_at_the_end(
    run: Run, baseline: float | None, promised: float, year: int, reached: float, verdict: str, rate: float | None
) -> None:
    base = [] if baseline is None else [actual(2020, baseline)]
    row = one(run(*base, target(2025, promised), reported(year, reached)))
    assert row["verdict"] == verdict
    assert row["completion_rate"] == (None if rate is None else pytest.approx(rate, abs=1e-6))
    assert (row["pace"] is None) == (rate is not None or baseline is None)


def test_completion_rate_of_a_falling_value_and_of_a_sum(run: Run) -> None:
    falling = one(run(actual(2020, 20.0), target(2025, 10.0), reported(2025, 12.0), better="lower"))
    assert (falling["verdict"], falling["completion_rate"]) == ("not_completed", pytest.approx(0.8))
    ceiling = one(run(target(2025, 10.0), reported(2025, 16.0), better="lower"))
    assert ceiling["completion_rate"] == pytest.approx(10 / 16)
    years = [reported(y, 12.0) for y in range(2021, 2026)]
    summed = one(run(target(2025, 50.0, period_start=2021, unit="persons"), *years, nature="flow"))
    assert (summed["verdict"], summed["completion_rate"]) == ("completed", pytest.approx(1.2))
    waiting = one(run(actual(2020, 20.0), target(2025, 10.0)))
    assert waiting["completion_rate"] is None


def test_source_without_a_period_is_refused(run: Run) -> None:
    with pytest.raises(ValueError, match="s01: source leaflet has no period"):
        run(target(2025, 50.0, source_id="leaflet"))


def test_every_code_and_flag_is_documented(run: Run) -> None:
    rows = run(
        actual(2020, 3.8), target(2022, 50.0), target(2025, 55.0), target(2025, 60.0, period_start=2021),
        target(2025, None, **RELATIVE), target(2025, None), reported(2023, 40.0),
    )  # fmt: skip
    lists = {c.name: c.codelist for c in registry.table("evaluation_target").columns if c.codelist}
    for column, codelist in lists.items():
        assert set(rows[column].drop_nulls()) <= set(registry.codes()[codelist])
    assert all(describe(f).en for row in rows.iter_rows(named=True) for f in flags(row))
    required = [c.name for c in registry.table("evaluation_target").columns if c.required]
    assert rows.select(required).null_count().sum_horizontal().item() == 0
