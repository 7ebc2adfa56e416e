"""Every branch of the rules of VERDICTS.md, met and missed, from plain values."""

from __future__ import annotations

import pytest

from pipelines.evaluate.verdict import (
    Goal,
    Point,
    completion_rate,
    due,
    judge,
    judge_years,
    level_met,
    pace_verdict,
    path,
    required_yearly_change,
)

START = Point(2020, 10.0)


def up(target: float, **more: object) -> Goal:
    return Goal(2025, target, **more)  # type: ignore[arg-type]


# Golden cases


def test_linear_not_compound_growth() -> None:
    """Base 10, target 100, 40 after three of five years: one third done, though the growth ratio says 1.004."""
    found = judge(up(100.0), START, Point(2023, 40.0))
    assert found.progress == pytest.approx(1 / 3)
    assert found.pace == pytest.approx(0.5556, abs=1e-4)
    assert found.verdict == "far_behind"
    on_compound_path = 10 * (100 / 10) ** (3 / 5)
    assert 40 / on_compound_path == pytest.approx(1.004, abs=1e-3)


def test_zero_baseline_has_a_pace() -> None:
    found = judge(up(50.0), Point(2020, 0.0), Point(2023, 10.0))
    assert (found.target_type, found.verdict) == ("improvement", "far_behind")
    assert found.pace == pytest.approx((10 / 50) / (3 / 5))


@pytest.mark.parametrize(
    ("year", "pace", "verdict"), [(2021, 2.0, "ahead"), (2022, 1.0, "on_schedule"), (2023, 2 / 3, "slow")]
)
def test_falling_20_to_10_now_16(year: int, pace: float, verdict: str) -> None:
    found = judge(up(10.0, better="lower"), Point(2020, 20.0), Point(year, 16.0))
    assert found.pace == pytest.approx(pace)
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("better", "actual", "verdict"),
    [
        ("higher", 330.0, "held"),
        ("higher", 300.0, "margin_shrinking"),
        ("higher", 280.0, "breached"),
        ("none", 319.0, "held"),
    ],
)
def test_already_met_319_to_281(better: str, actual: float, verdict: str) -> None:
    found = judge(up(281.0, better=better), Point(2020, 319.0), Point(2023, actual))
    assert (found.target_type, found.verdict, found.pace) == ("maintenance", verdict, None)
    assert {"not_ambitious", "met_at_baseline"} <= set(found.flags)


def test_time_share_comes_from_the_data_date() -> None:
    """Two years of data are 40 %, not 50 %."""
    assert judge(up(20.0), START, Point(2022, 14.0)).pace == pytest.approx(1.0)


# Level


@pytest.mark.parametrize(
    ("qualifier", "better", "value", "met"),
    [
        (">=", "higher", 50.0, True), (">=", "higher", 49.9, False), ("<=", "higher", 50.0, True),
        ("<=", "none", 50.1, False), (">", "higher", 50.0, False), (">", "higher", 50.1, True),
        ("<", "lower", 50.0, False), ("<", "lower", 49.0, True), ("=", "higher", 51.0, True),
        ("=", "higher", 49.0, False), ("=", "lower", 49.0, True), ("=", "lower", 51.0, False),
        ("=", "none", 50.0, True), ("=", "none", 49.0, False),
    ],
)  # fmt: skip
def test_level(qualifier: str, better: str, value: float, met: bool) -> None:
    assert level_met(Goal(2025, 50.0, qualifier, better), value) is met


@pytest.mark.parametrize(
    ("better", "tolerance", "value", "met"),
    [
        ("higher", 5.0, 46.0, True), ("higher", 5.0, 44.0, False), ("higher", 5.0, 60.0, True),
        ("lower", 5.0, 56.0, False),
        ("none", 5.0, 54.0, True), ("none", 5.0, 56.0, False), ("none", None, 50.0, None),
        ("higher", None, 50.0, True), ("higher", None, 49.0, None),
    ],
)  # fmt: skip
def test_about_is_judged_within_the_stated_tolerance_only(
    better: str, tolerance: float | None, value: float, met: bool | None
) -> None:
    assert level_met(Goal(2025, 50.0, "~", better, tolerance=tolerance), value) is met


@pytest.mark.parametrize(("value", "met"), [(3.0, True), (4.0, True), (5.0, True), (2.9, False), (5.1, False)])
def test_range_is_inside(value: float, met: bool) -> None:
    assert level_met(Goal(2025, 3.0, form="range", upper=5.0), value) is met


# Pace


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [
        (1.05, "ahead"), (1.0499, "on_schedule"), (0.95, "on_schedule"), (0.9499, "slow"), (0.60, "slow"),
        (0.5999, "far_behind"), (0.0, "far_behind"), (-0.0001, "reversing"),
    ],
)  # fmt: skip
def test_cut_offs(ratio: float, verdict: str) -> None:
    assert pace_verdict(ratio) == verdict


@pytest.mark.parametrize(
    ("actual", "verdict"),
    [
        (15.0, "on_schedule"),
        (16.0, "ahead"),
        (13.5, "slow"),
        (11.0, "far_behind"),
        (9.0, "reversing"),
        (20.0, "met_early"),
    ],
)
def test_improvement(actual: float, verdict: str) -> None:
    """10 → 20 over ten years, half-way: 15 is due."""
    assert judge(Goal(2030, 20.0), START, Point(2025, actual)).verdict == verdict


def test_without_a_level_met_nothing_is_called_early() -> None:
    """Ahead of schedule is not 提前完成."""
    assert judge(up(100.0), START, Point(2024, 99.9)).verdict == "ahead"


# Milestones


def test_milestones_make_the_path_piecewise() -> None:
    """3.8 % → 50 % by 2022 → 55 % by 2025: with 30 % in 2023 the straight line would hide how late it is."""
    base = Point(2020, 3.8)
    straight, piecewise = Goal(2025, 55.0, ">="), Goal(2025, 55.0, ">=", milestones=(Point(2022, 50.0),))
    assert judge(straight, base, Point(2023, 30.0)).verdict == "slow"
    found = judge(piecewise, base, Point(2023, 30.0))
    assert found.pace == pytest.approx((30 - 3.8) / (50 + 5 / 3 - 3.8))
    assert (found.verdict, found.flags) == ("far_behind", ("milestones",))
    assert judge(piecewise, base, Point(2022, 50.0)).verdict == "on_schedule"


def test_path_points_and_values_due() -> None:
    way = path(Goal(2025, 55.0, milestones=(Point(2022, 50.0),)), Point(2020, 30.0))
    assert way == (Point(2020, 30.0), Point(2022, 50.0), Point(2025, 55.0))
    assert [due(way, y) for y in (2020, 2021, 2022, 2025)] == [30.0, 40.0, 50.0, 55.0]
    with pytest.raises(ValueError, match="2026"):
        due(way, 2026)


@pytest.mark.parametrize("outside", [Point(2022, 5.0), Point(2022, 60.0), Point(2019, 20.0)])
def test_milestone_off_the_way_is_left_out(outside: Point) -> None:
    found = judge(Goal(2025, 50.0, milestones=(outside,)), START, Point(2022, 26.0))
    assert found.pace == pytest.approx(1.0)
    assert "milestone_ignored" in found.flags


@pytest.mark.parametrize(("actual", "verdict"), [(12.0, "ahead"), (10.0, "on_schedule"), (9.0, "reversing")])
def test_nothing_due_yet(actual: float, verdict: str) -> None:
    """A milestone equal to the baseline: nothing is due until then, so there is no ratio."""
    found = judge(Goal(2025, 50.0, milestones=(Point(2023, 10.0),)), START, Point(2022, actual))
    assert (found.verdict, found.pace) == (verdict, None)


# End of plan


@pytest.mark.parametrize(
    ("actual", "verdict", "rate"), [(20.0, "completed", 1.0), (25.0, "completed", 1.5), (18.0, "not_completed", 0.8)]
)
@pytest.mark.parametrize("year", [2025, 2026])
def test_end_of_plan_has_a_completion_rate_and_no_pace(actual: float, verdict: str, rate: float, year: int) -> None:
    found = judge(up(20.0), START, Point(year, actual))
    assert (found.verdict, found.pace, found.required_yearly_change) == (verdict, None, None)
    assert found.completion_rate == pytest.approx(rate)


def test_completion_rate_without_a_way_is_the_attained_level() -> None:
    assert completion_rate(up(80.0), None, Point(2025, 60.0)) == pytest.approx(0.75)
    assert completion_rate(up(80.0, better="lower"), None, Point(2025, 100.0)) == pytest.approx(0.8)
    assert completion_rate(up(0.0), None, Point(2025, 5.0)) is None
    assert completion_rate(up(281.0), Point(2020, 319.0), Point(2025, 281.0)) == pytest.approx(1.0)


def test_about_without_tolerance_at_the_end() -> None:
    assert judge(up(50.0, qualifier="~"), START, Point(2025, 49.0)).verdict == "not_assessable"
    assert "tolerance_not_stated" in judge(up(50.0, qualifier="~"), START, Point(2025, 49.0)).flags
    assert judge(up(50.0, qualifier="~", tolerance=2.0), START, Point(2025, 49.0)).verdict == "completed"


# Maintenance


def test_equal_target_is_maintenance() -> None:
    found = judge(up(100.0), Point(2020, 100.0), Point(2022, 100.0))
    assert (found.target_type, found.verdict) == ("maintenance", "held")
    assert judge(up(100.0), Point(2020, 100.0), Point(2022, 99.0)).verdict == "breached"


def test_falling_maintenance() -> None:
    """At most 30, the baseline is 20."""
    goal = up(30.0, qualifier="<=", better="lower")
    verdicts = [judge(goal, Point(2020, 20.0), Point(2022, a)).verdict for a in (19.0, 25.0, 31.0)]
    assert verdicts == ["held", "margin_shrinking", "breached"]


# Cumulative, relative, range, every year


@pytest.mark.parametrize(
    ("total", "verdict", "pace"),
    [(60.0, "on_schedule", 1.0), (40.0, "slow", 2 / 3), (20.0, "far_behind", 1 / 3), (90.0, "ahead", 1.5)],
)
def test_cumulative(total: float, verdict: str, pace: float) -> None:
    found = judge(Goal(2025, 100.0, form="cumulative", since=2020), None, Point(2023, total))
    assert (found.target_type, found.verdict) == ("cumulative", verdict)
    assert found.pace == pytest.approx(pace)
    assert found.progress == pytest.approx(total / 100)
    assert found.required_yearly_change == pytest.approx((100 - total) / 2)


def test_cumulative_met_early_and_at_the_end() -> None:
    goal = Goal(2025, 100.0, form="cumulative", since=2020)
    assert judge(goal, None, Point(2023, 100.0)).verdict == "met_early"
    missed = judge(goal, None, Point(2025, 80.0))
    assert (missed.verdict, missed.completion_rate) == ("not_completed", pytest.approx(0.8))
    assert judge(goal, None, Point(2025, 120.0)).verdict == "completed"


def test_cumulative_ceiling_has_no_pace() -> None:
    goal = Goal(2025, 3.0, "<=", form="cumulative", since=2020)
    assert judge(goal, None, Point(2023, 2.0)).verdict == "held"
    assert judge(goal, None, Point(2023, 4.0)).verdict == "breached"


def test_cumulative_without_a_start_or_a_bar() -> None:
    unknown = judge(Goal(2025, 100.0, form="cumulative"), None, Point(2023, 10.0))
    assert (unknown.verdict, unknown.flags) == ("level_not_met", ("pace_not_assessable",))
    assert judge(Goal(2025, 0.0, form="cumulative", since=2020), None, Point(2023, 0.0)).verdict == "met_early"
    assert level_met(Goal(2025, None), 5.0) is None


def test_about_without_tolerance_under_way() -> None:
    """Short of the target it cannot be called met or missed: pace from a lower baseline, nothing from a higher one."""
    goal = up(50.0, qualifier="~")
    assert judge(goal, START, Point(2023, 34.0)).verdict == "on_schedule"
    assert judge(goal, Point(2020, 60.0), Point(2023, 49.0)).verdict == "not_assessable"
    assert judge(goal, None, Point(2023, 49.0)).verdict == "not_assessable"


def test_relative_needs_its_comparator() -> None:
    goal = Goal(2025, None, ">=", form="relative")
    unknown = judge(goal, Point(2020, 10.0), Point(2022, 6.0))
    assert (unknown.verdict, unknown.flags) == ("not_assessable", ("comparator_missing",))
    assert judge(goal, Point(2020, 10.0), Point(2022, 6.0), comparator=5.0).verdict == "level_met"
    assert judge(goal, Point(2020, 10.0), Point(2022, 4.0), comparator=5.0).verdict == "level_not_met"
    assert judge(goal, Point(2020, 10.0), Point(2025, 5.0), comparator=5.0).verdict == "completed"
    assert judge(goal, Point(2020, 10.0), Point(2025, 4.0), comparator=5.0).verdict == "not_completed"
    assert judge(goal, Point(2020, 10.0), None).verdict == "awaiting_data"


@pytest.mark.parametrize(
    ("base", "actual", "verdict"),
    [
        (1.0, 2.2, "on_schedule"), (1.0, 1.2, "far_behind"), (1.0, 3.0, "met_early"), (1.0, 6.0, "level_not_met"),
        (4.0, 4.0, "held"), (4.0, 4.8, "margin_shrinking"), (4.0, 5.5, "breached"), (8.0, 6.2, "on_schedule"),
    ],
)  # fmt: skip
def test_range(base: float, actual: float, verdict: str) -> None:
    """3 to 5: a pace from outside towards the nearer bound, none from inside."""
    found = judge(Goal(2025, 3.0, form="range", upper=5.0), Point(2020, base), Point(2023, actual))
    assert (found.target_type, found.verdict) == ("range", verdict)


def test_range_at_the_end_and_without_upper_bound() -> None:
    goal = Goal(2025, 3.0, form="range", upper=5.0)
    assert judge(goal, Point(2020, 1.0), Point(2025, 4.0)).verdict == "completed"
    assert judge(goal, Point(2020, 1.0), Point(2025, 6.0)).verdict == "not_completed"
    with pytest.raises(ValueError, match="upper bound"):
        judge(Goal(2025, 3.0, form="range"), START, None)
    with pytest.raises(ValueError, match="unknown form"):
        judge(Goal(2025, 3.0, form="vague"), START, None)


def test_one_verdict_per_year() -> None:
    years = judge_years(up(100.0), {2022: 98.0, 2021: 100.0})
    assert years == {2021: "completed", 2022: "not_completed"}
    relative = judge_years(Goal(2025, None, ">=", form="relative"), {2021: 5.0, 2022: 5.0}, {2021: 4.0})
    assert relative == {2021: "completed", 2022: "not_assessable"}


# What is missing


def test_missing_baseline_gives_the_level_only() -> None:
    found = judge(up(50.0), None, Point(2022, 60.0))
    assert (found.target_type, found.verdict, found.pace) == ("level", "level_met", None)
    assert "pace_not_assessable" in found.flags
    assert judge(up(50.0), None, Point(2022, 40.0)).verdict == "level_not_met"


@pytest.mark.parametrize("actual", [None, Point(2020, 30.0), Point(2019, 30.0)])
def test_missing_actual_awaits_data(actual: Point | None) -> None:
    """The baseline is never taken for a later actual."""
    found = judge(up(50.0), START, actual)
    assert (found.target_type, found.verdict, found.pace) == ("improvement", "awaiting_data", None)
    assert found.required_yearly_change == pytest.approx(8.0)


def test_required_yearly_change() -> None:
    assert required_yearly_change(up(50.0), START, Point(2023, 20.0)) == pytest.approx(15.0)
    assert required_yearly_change(up(10.0, better="lower"), Point(2020, 20.0), Point(2023, 16.0)) == pytest.approx(-3.0)
    assert required_yearly_change(up(50.0), START, Point(2023, 55.0)) == 0.0
    assert required_yearly_change(up(50.0), START, Point(2025, 20.0)) is None
    assert required_yearly_change(up(50.0), None, None) is None
    outside = Goal(2025, 3.0, form="range", upper=5.0)
    assert required_yearly_change(outside, Point(2020, 8.0), None) == pytest.approx(-0.6)
