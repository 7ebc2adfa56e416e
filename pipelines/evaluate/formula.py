"""The arithmetic behind one verdict, written out so that a reader can check it by hand: B baseline, T target, A latest
actual, Σ sum so far, E value due by then, p progress, τ share of time, r pace. The same in every language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.evaluate.verdict import Goal, Point, direction, due, path

Row = Mapping[str, Any]

_SIGN = {"=": "=", ">=": "≥", "<=": "≤", ">": ">", "<": "<", "~": "≈"}
ENDED = ("completed", "not_completed")
_PACED = ("ahead", "on_schedule", "slow", "far_behind", "reversing", "met_early")


def number(value: float | None) -> str:
    """At most four decimals, thousands separated; — for what is not known."""
    return "—" if value is None else f"{round(value, 4):,.4f}".rstrip("0").rstrip(".")


def formula(row: Row, rows: Sequence[Row], better: str = "higher") -> str:
    """The formula of one row of `evaluation_target`; `rows` are the county's rows, for milestones and range bounds."""
    goal = _goal(row, rows, better)
    return "；".join([_values(row, goal), *_steps(row, goal)])


def at(value: float | None, year: int | None) -> str:
    """`3.8（2020）`; the year is left out where there is none."""
    return number(value) + (f"（{year}）" if value is not None and year is not None else "")


def target_text(row: Row) -> str:
    """`≥55（2025）`; a target in words as printed."""
    worded = row["target"] is None
    sign = "" if worded or row["qualifier"] == "=" else _SIGN[row["qualifier"]]
    value = row["target_as_printed"] or "—" if worded else number(row["target"])
    return f"{sign}{value}（{row['target_year']}）"


def _goal(row: Row, rows: Sequence[Row], better: str) -> Goal:
    """The goal as `targets` had it, from the rows of the evaluation."""
    same = [r for r in rows if r["target"] is not None and _group(r) == _group(row)]
    due_then = [r for r in same if r["target_year"] == row["target_year"]]
    bounds = sorted({r["target"] for r in due_then if "bound=" in str(r["breakdown"])})
    steps = {r["target_year"]: r["target"] for r in same if "is_milestone" in _flags(r)}
    earlier = tuple(Point(y, v) for y, v in sorted(steps.items()) if y < row["target_year"])
    form = row["target_type"] if row["target_type"] in ("cumulative", "relative", "range") else "level"
    low, high = (bounds[0], bounds[-1]) if form == "range" and bounds else (row["target"], None)
    milestones = earlier if "milestones" in _flags(row) else ()
    since = int(row["plan_period"][:4]) - 1
    return Goal(row["target_year"], low, row["qualifier"], better, form, high, milestones=milestones, since=since)


def _group(row: Row) -> tuple[Any, ...]:
    breakdown = ";".join(p for p in str(row["breakdown"] or "").split(";") if not p.startswith("bound="))
    return row["county_code"], row["indicator_id"], breakdown, row["target_level"]


def _flags(row: Row) -> list[str]:
    return str(row["flags"] or "").split(";")


def _values(row: Row, goal: Goal) -> str:
    letter = "Σ" if goal.form == "cumulative" else "A"
    sign = _SIGN[row["qualifier"]]
    target = "T" + (sign if row["target"] is not None else "=") + at(row["target"], row["target_year"])
    if row["target"] is None:
        target = f"T：{row['target_as_printed'] or '—'}"
    elif goal.form == "range" and goal.upper is not None:
        target = f"T={number(goal.value)}–{number(goal.upper)}（{goal.year}）"
    base = [] if goal.form == "cumulative" else [f"B={at(row['baseline'], row['baseline_year'])}"]
    return "，".join([*base, target, f"{letter}={at(row['latest_actual'], row['latest_year'])}"])


def _steps(row: Row, goal: Goal) -> list[str]:
    steps = _pace(row, goal) if row["verdict"] in _PACED and row["pace"] is not None else []
    if row["verdict"] in ENDED and row["completion_rate"] is not None:
        steps = [_completion(goal, row)]
    return steps + _required(row, goal)


def _pace(row: Row, goal: Goal) -> list[str]:
    t, a, ratio = row["latest_year"], row["latest_actual"], number(row["pace"])
    if goal.form == "cumulative":
        since = goal.since or 0
        share = f"p=Σ/T={number(a)}/{number(goal.value)}={number(a / (goal.value or 1))}"
        return [share, _time(t, since, goal.year), f"r=p/τ={ratio}"]
    start = Point(row["baseline_year"], row["baseline"])
    way = path(goal, start)
    b, end = number(start.value), number(way[-1].value)
    if len(way) > 2:
        owed = due(way, t) if t < goal.year else way[-1].value
        points = "→".join(f"{number(p.value)}（{p.year}）" for p in way)
        return [f"{points}，E={at(owed, t)}", f"r=(A−B)/(E−B)=({number(a)}−{b})/({number(owed)}−{b})={ratio}"]
    done = number((a - start.value) / (way[-1].value - start.value))
    return [f"p=(A−B)/(T−B)=({number(a)}−{b})/({end}−{b})={done}", _time(t, start.year, goal.year), f"r=p/τ={ratio}"]


def _time(now: int, start: int, end: int) -> str:
    return f"τ=({now}−{start})/({end}−{start})={number((now - start) / (end - start))}"


def _completion(goal: Goal, row: Row) -> str:
    level = "A/T" if direction(goal) > 0 else "T/A"
    rules = {"improvement": "(A−B)/(T−B)", "range": "(A−B)/(T−B)", "cumulative": "Σ/T"}
    return f"{rules.get(row['target_type'], level)}={number(row['completion_rate'] * 100)}%"


def _required(row: Row, goal: Goal) -> list[str]:
    change = row["required_yearly_change"]
    if change is None or change == 0:
        return []
    last, letter = (row["latest_year"], "A") if row["latest_actual"] is not None else (row["baseline_year"], "B")
    if goal.form == "cumulative":
        last, letter = (row["latest_year"], "Σ") if row["latest_actual"] is not None else (goal.since, "0")
    return [f"(T−{letter})/({goal.year}−{last})={number(change)}"]
