"""The judgement of one target from plain values: level first, then type, then pace; at the end 完成 or 未完成.

Here belong the rules that need nothing but numbers and years. Method: linear pro-rata against the plan's own path
(序时进度, the 目标一致法 of Chinese mid-term reviews and of UN ESCAP), milestones making the path piecewise.
Not compound growth: from 10 to 100, with 40 after three of five years, one third of the way is done, whatever its
growth rate says.

Units: values are in the indicator's unit, years are calendar years; shares and paces are plain ratios (1.0 = all).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

DUST = 1e-9
AHEAD, ON_SCHEDULE, SLOW = 1.05, 0.95, 0.60
_NOT_BELOW, _NOT_ABOVE = (">=", ">"), ("<=", "<")


@dataclass(frozen=True)
class Point:
    """A value at the end of a year."""

    year: int
    value: float


@dataclass(frozen=True)
class Goal:
    """What is promised for the end of `year`.

    form: `level` (a level to reach), `cumulative` (a sum over the years after the baseline year `since`), `relative`
    (the bar is another series, given as comparator) or `range` (`value` to `upper`, both included).
    qualifier: `=`, `>=`, `<=`, `>`, `<`, `~`; better: `higher`, `lower`, `none`.
    tolerance: how far from `value` a `~` target may end, in the unit of the value; None when none is stated.
    milestones: dated intermediate values of the same promise.
    """

    year: int
    value: float | None
    qualifier: str = "="
    better: str = "higher"
    form: str = "level"
    upper: float | None = None
    tolerance: float | None = None
    milestones: tuple[Point, ...] = ()
    since: int | None = None


@dataclass(frozen=True)
class Judgement:
    """`progress` p = share of the way done, `pace` r = progress against the share due by then, `completion_rate` only
    at the end, `required_yearly_change` in the unit of the value per year. None where it does not apply or is unknown.
    """

    target_type: str
    verdict: str
    pace: float | None = None
    progress: float | None = None
    completion_rate: float | None = None
    required_yearly_change: float | None = None
    flags: tuple[str, ...] = ()


def judge(goal: Goal, baseline: Point | None, actual: Point | None, comparator: float | None = None) -> Judgement:
    """Judge one goal at the date of `actual` (for a cumulative goal: the sum so far). An actual that is not later than
    the baseline is no actual. Raises ValueError for a range without an upper bound and for an unknown form."""
    _check(goal)
    goal = goal if goal.form != "relative" else replace(goal, value=comparator)
    seen = None if actual is None or (baseline is not None and actual.year <= baseline.year) else actual
    kind = target_type(goal, baseline)
    flags = (*_standing_flags(goal, baseline), *_path_flags(goal, baseline, kind))
    change = required_yearly_change(goal, baseline, seen)
    if seen is None:
        return Judgement(kind, "awaiting_data", required_yearly_change=change, flags=flags)
    if goal.value is None:
        missing = ("comparator_missing",) if goal.form == "relative" else ()
        return Judgement(kind, "not_assessable", flags=(*flags, *missing))
    if seen.year >= goal.year:
        return _ended(goal, baseline, seen, kind, flags)
    verdict, speed, more = _under_way(goal, baseline, seen, kind)
    done = progress(goal, baseline, seen)
    return Judgement(kind, verdict, speed, done, required_yearly_change=change, flags=(*flags, *more))


def judge_years(goal: Goal, actuals: Mapping[int, float], bars: Mapping[int, float] | None = None) -> dict[int, str]:
    """A condition that holds every year gets one verdict per reported year: `completed`, `not_completed` or
    `not_assessable`. `bars`: the comparator of each year for a relative goal."""
    outcome = {True: "completed", False: "not_completed", None: "not_assessable"}
    years = {}
    for year, value in sorted(actuals.items()):
        bar = goal.value if bars is None else bars.get(year)
        years[year] = outcome[None if bar is None else level_met(replace(goal, value=bar), value)]
    return years


def direction(goal: Goal) -> int:
    """+1 when more is better, -1 when less is. The qualifier speaks first, then the indicator; where neither does, a
    target is a level to reach (达到), so +1."""
    if goal.qualifier in _NOT_BELOW:
        return 1
    return -1 if goal.qualifier in _NOT_ABOVE or goal.better == "lower" else 1


def level_met(goal: Goal, value: float) -> bool | None:
    """Is the promised level met by `value`? None when that cannot be said (no bar, or `~` without a stated tolerance
    and short of the target). `=` reads as 达到: met at or beyond the target on its good side."""
    if goal.value is None:
        return None
    if goal.form == "range":
        return goal.value - DUST <= value <= _upper(goal) + DUST
    lead = direction(goal) * (value - goal.value)
    if goal.qualifier in (">", "<"):
        return lead > DUST
    if goal.qualifier == "~":
        return _about(goal, value, lead)
    return lead >= -DUST


def target_type(goal: Goal, baseline: Point | None) -> str:
    """`improvement` when the target is better than the baseline, `maintenance` when it is not (equal included)."""
    if goal.form != "level":
        return goal.form
    if baseline is None or goal.value is None:
        return "level"
    return "improvement" if direction(goal) * (goal.value - baseline.value) > DUST else "maintenance"


def path(goal: Goal, baseline: Point) -> tuple[Point, ...]:
    """The plan's own way from the baseline over its milestones to the target; straight lines between the points.
    A milestone outside the way (before the baseline, or worse than it, or beyond the target) is left out."""
    end = Point(goal.year, _aim(goal, baseline.value))
    low, high = sorted((baseline.value, end.value))
    steps = {m.year: m for m in goal.milestones if baseline.year < m.year < goal.year and low <= m.value <= high}
    return (baseline, *(steps[y] for y in sorted(steps)), end)


def due(points: Sequence[Point], year: int) -> float:
    """The value the path promises for `year`. Raises ValueError outside the path's years."""
    for left, right in pairwise(points):
        if left.year <= year <= right.year:
            share = (year - left.year) / (right.year - left.year)
            return left.value + share * (right.value - left.value)
    raise ValueError(f"{year} is outside {points[0].year}–{points[-1].year}")


def progress(goal: Goal, baseline: Point | None, actual: Point) -> float | None:
    """p: (A−B)/(T−B) for a level, Σ/T for a sum. None without a way to go."""
    if goal.form == "cumulative":
        return actual.value / goal.value if goal.value else None
    if baseline is None or goal.value is None or goal.form == "relative":
        return None
    way = _aim(goal, baseline.value) - baseline.value
    return (actual.value - baseline.value) / way if abs(way) > DUST else None


def pace(goal: Goal, baseline: Point, actual: Point) -> float | None:
    """r: what was gained against what the path had due by then; p/τ on a straight path. None when nothing was due."""
    gain = actual.value - baseline.value
    owed = due(path(goal, baseline), actual.year) - baseline.value
    return gain / owed if abs(owed) > DUST else None


def pace_verdict(ratio: float) -> str:
    """VERDICTS.md §3: ≥1.05 ahead; 0.95–1.05 on schedule; 0.60–0.95 slow; 0–0.60 far behind; <0 reversing."""
    r = round(ratio, 9)
    if r < 0:
        return "reversing"
    steps = ((AHEAD, "ahead"), (ON_SCHEDULE, "on_schedule"), (SLOW, "slow"))
    return next((name for cut, name in steps if r >= cut), "far_behind")


def completion_rate(goal: Goal, baseline: Point | None, actual: Point) -> float | None:
    """Share of the promised way that was gone (p); without a way, the attained share of the level: A/T, or T/A where
    less is better. None for ranges without a way, relative goals and zero denominators."""
    way = target_type(goal, baseline) in ("improvement", "cumulative", "range")
    done = progress(goal, baseline, actual) if way else None
    if done is not None or goal.form in ("range", "relative", "cumulative") or goal.value is None:
        return done
    top, bottom = (actual.value, goal.value) if direction(goal) > 0 else (goal.value, actual.value)
    return top / bottom if abs(bottom) > DUST else None


def required_yearly_change(goal: Goal, baseline: Point | None, actual: Point | None) -> float | None:
    """Change per year still needed from the last known value; 0 when the level is met; None when no value is known or
    no year is left. A sum starts from zero at the end of the year `since`."""
    start = Point(goal.since, 0.0) if goal.form == "cumulative" and goal.since is not None else baseline
    last = actual or start
    if last is None or goal.value is None or goal.form == "relative" or last.year >= goal.year:
        return None
    return 0.0 if level_met(goal, last.value) else (_aim(goal, last.value) - last.value) / (goal.year - last.year)


def _check(goal: Goal) -> None:
    if goal.form not in ("level", "cumulative", "relative", "range"):
        raise ValueError(f"unknown form of target: {goal.form}")
    if goal.form == "range" and goal.upper is None:
        raise ValueError("a range needs an upper bound")


def _upper(goal: Goal) -> float:
    return goal.upper if goal.upper is not None else float("inf")


def _aim(goal: Goal, value: float) -> float:
    """The number to head for from `value`: the target, or the nearer bound of a range."""
    target = goal.value if goal.value is not None else value
    return min(max(value, target), _upper(goal)) if goal.form == "range" else target


def _about(goal: Goal, value: float, lead: float) -> bool | None:
    """`~`: at most the stated tolerance short of the target; two-sided where the indicator has no direction."""
    if goal.tolerance is None:
        return True if lead >= -DUST and goal.better != "none" else None
    short = abs(lead) if goal.better == "none" else -lead
    return short <= goal.tolerance + DUST


def _standing_flags(goal: Goal, baseline: Point | None) -> tuple[str, ...]:
    """What the baseline alone already tells."""
    if baseline is None or goal.value is None or goal.form in ("relative", "cumulative"):
        return ()
    inside = goal.form == "range" and level_met(goal, baseline.value)
    easy = inside or target_type(goal, baseline) == "maintenance"
    flags = (("met_at_baseline", level_met(goal, baseline.value)), ("not_ambitious", easy))
    return tuple(name for name, holds in flags if holds)


def _path_flags(goal: Goal, baseline: Point | None, kind: str) -> tuple[str, ...]:
    assumed = goal.form == "level" and goal.better == "none" and goal.qualifier == "="
    steps = [m for m in goal.milestones if m.year < goal.year]
    used = path(goal, baseline)[1:-1] if steps and baseline is not None and kind == "improvement" else ()
    ignored = kind == "improvement" and len(used) < len({m.year for m in steps})
    flags = (("direction_assumed", assumed), ("milestones", used), ("milestone_ignored", ignored))
    return tuple(name for name, holds in flags if holds)


def _ended(goal: Goal, baseline: Point | None, seen: Point, kind: str, flags: tuple[str, ...]) -> Judgement:
    """Rule 0: at or after the target's year there is no pace any more."""
    met = level_met(goal, seen.value)
    verdict = {True: "completed", False: "not_completed", None: "not_assessable"}[met]
    unstated = ("tolerance_not_stated",) if met is None else ()
    rate = completion_rate(goal, baseline, seen)
    done = progress(goal, baseline, seen)
    return Judgement(kind, verdict, None, done, rate, None, (*flags, *unstated))


def _under_way(goal: Goal, baseline: Point | None, seen: Point, kind: str) -> tuple[str, float | None, tuple[str, ...]]:
    """Verdict, pace and further flags before the target's year."""
    met = level_met(goal, seen.value)
    if kind == "cumulative":
        return _accumulating(goal, seen, met)
    if kind == "relative":
        return _level_only(met, ())
    if baseline is None:
        return _level_only(met, ("pace_not_assessable",))
    if kind == "maintenance" or (kind == "range" and level_met(goal, baseline.value)):
        return _kept(goal, baseline, seen, met)
    return _improving(goal, baseline, seen, met)


def _level_only(met: bool | None, flags: tuple[str, ...]) -> tuple[str, None, tuple[str, ...]]:
    if met is None:
        return "not_assessable", None, (*flags, "tolerance_not_stated")
    return ("level_met" if met else "level_not_met"), None, flags


def _improving(goal: Goal, baseline: Point, seen: Point, met: bool | None) -> tuple[str, float | None, tuple[str, ...]]:
    speed = pace(goal, baseline, seen)
    if met:
        return "met_early", speed, ()
    aim = _aim(goal, baseline.value)
    if (goal.form == "range" or goal.better == "none") and (seen.value - aim) * (aim - baseline.value) > DUST:
        return "level_not_met", None, ("overshot",)
    if speed is not None:
        return pace_verdict(speed), speed, ()
    gain = (seen.value - baseline.value) * (aim - baseline.value)
    return ("ahead" if gain > DUST else "reversing" if gain < -DUST else "on_schedule"), None, ()


def _kept(goal: Goal, baseline: Point, seen: Point, met: bool | None) -> tuple[str, None, tuple[str, ...]]:
    """Maintenance has no pace: the level is held, held with a smaller margin than at the baseline, or lost."""
    if met is None:
        return _level_only(met, ())
    shrinking = _margin(goal, seen.value) < _margin(goal, baseline.value) - DUST
    return ("breached" if not met else "margin_shrinking" if shrinking else "held"), None, ()


def _margin(goal: Goal, value: float) -> float:
    target = goal.value if goal.value is not None else value
    if goal.form == "range":
        return min(value - target, _upper(goal) - value)
    return direction(goal) * (value - target)


def _accumulating(goal: Goal, seen: Point, met: bool | None) -> tuple[str, float | None, tuple[str, ...]]:
    """A five-year sum: p = Σ/T against the share of the years gone. A ceiling has no pace: it is kept or broken."""
    if direction(goal) < 0:
        return ("held" if met else "breached"), None, ()
    if met:
        return "met_early", None, ()
    if not goal.value or goal.since is None:
        return _level_only(met, ("pace_not_assessable",))
    speed = (seen.value / goal.value) / ((seen.year - goal.since) / (goal.year - goal.since))
    return pace_verdict(speed), speed, ()
