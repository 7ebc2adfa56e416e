"""Every plan target with its baseline, its latest actual, its verdict and its outlook: the table `evaluation_target`.

Here belongs the judging of statements; what belongs together is found in `statements`, the rules are in `verdict`, what
the forecasts say in `outlook`. One row per statement: a value printed differently elsewhere in the document is a target
of its own, judged on its own and marked as in conflict.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from pipelines import registry
from pipelines.evaluate import outlook as forecasts
from pipelines.evaluate import statements as find
from pipelines.evaluate.flags import MISSED
from pipelines.evaluate.outlook import Aim, Outlook
from pipelines.evaluate.statements import Book, Statement
from pipelines.evaluate.verdict import Goal, Judgement, Point, judge, judge_years, required_yearly_change, target_type

Row = dict[str, Any]

TABLE = "evaluation_target"
_TYPES = {"VARCHAR": pl.String, "INTEGER": pl.Int64, "DOUBLE": pl.Float64, "BOOLEAN": pl.Boolean}


def evaluate(
    observations: pl.DataFrame,
    indicators: pl.DataFrame,
    *,
    sources: pl.DataFrame,
    beds: pl.DataFrame | None = None,
    graves: pl.DataFrame | None = None,
    elderly: pl.DataFrame | None = None,
    comparators: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The registry table `evaluation_target`: one row per promise, ordered by county and line: a target
    that is printed again stands once, in the indicator table's version where there is one.

    observations, indicators, sources: columns of fct_observation, dim_indicator, dim_source; beds, graves, elderly: the
    forecast tables, None or empty where there are none; comparators (county_code, indicator_id, year, value): the
    series that relative targets name, in the indicator's unit. Raises ValueError for a target whose source has no
    period.
    """
    book = find.read(observations, indicators, sources, comparators)
    outlook = Outlook.of(beds, graves, elderly, {t.year for t in book.targets})
    columns = registry.table(TABLE).columns
    rows = [_evaluated(target, book, outlook) for target in book.targets]
    schema = {c.name: _TYPES[c.type] for c in columns}
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def _evaluated(target: Statement, book: Book, outlook: Outlook) -> Row:
    """One row, with more than the registered columns: what the registry does not name is left out by `evaluate`."""
    baseline = find.baseline(target, book)
    series = find.series(target, book, baseline)
    found, latest = _judgement(target, book, baseline.point if baseline else None, series)
    coming, coming_flags = _coming(target, book, baseline, latest, outlook)
    flags = [*found.flags, *_facts(target, book, baseline, latest), *coming_flags]
    return {
        "target_id": target.id, "county_code": target.quantity[0], "indicator_id": target.quantity[1],
        "breakdown": target.row["breakdown"], "target_level": target.level, "target_kind": target.row["target_kind"],
        "qualifier": target.qualifier, "baseline_year": baseline.end if baseline else None,
        "baseline": baseline.value if baseline else None,
        "baseline_status": find.baseline_status(target, baseline),
        "baseline_in_table": bool(baseline and baseline.value is not None and baseline.place == "indicator_table"),
        "target_year": target.year, "target": target.value, "target_as_printed": target.printed or None, "unit": target.unit,
        "latest_year": latest.year if latest else None, "latest_actual": latest.value if latest else None,
        "target_type": found.target_type, "verdict": found.verdict, "flags": ";".join(dict.fromkeys(flags)) or None,
        "pace": _rounded(found.pace), "required_yearly_change": _rounded(found.required_yearly_change),
        "progress": _rounded(found.progress), "completion_rate": _rounded(found.completion_rate),
        "in_conflict": find.in_conflict(target, book), "responsible_unit": None,
        "plan_period": f"{target.term[0]}-{target.term[1]}", "place": target.place, "source_line": target.line,
        **coming,
    }  # fmt: skip


def _goal(target: Statement, book: Book) -> Goal:
    goal = Goal(target.year, target.value, target.qualifier, target.better, milestones=find.milestones(target, book))
    if target.cumulative:
        return replace(goal, form="cumulative", since=(target.start or target.term[0]) - 1)
    bounds = find.bounds(target, book)
    if bounds:
        return replace(goal, form="range", value=bounds[0], upper=bounds[1])
    return replace(goal, form="relative") if target.relative else goal


def _judgement(
    target: Statement, book: Book, baseline: Point | None, series: dict[int, float]
) -> tuple[Judgement, Point | None]:
    """The judgement and the actual it rests on (for a sum: the sum so far)."""
    goal, latest = _goal(target, book), find.at_deadline(target.year, series)
    if target.of_other_area or (target.wordy and not target.relative):
        return Judgement("level", "not_assessable"), latest
    if target.every_year:
        return _yearly(target, goal, book, baseline, series), latest
    if target.cumulative:
        return _summed(goal, target, series)
    bar = book.comparators.get(target.quantity[:2], {}).get(latest.year) if latest else None
    return judge(goal, baseline, latest, bar), latest


def _summed(goal: Goal, target: Statement, series: dict[int, float]) -> tuple[Judgement, Point | None]:
    """A sum with a gap is a lower bound: enough to say that it is reached, not that it is late."""
    since = goal.since if goal.since is not None else target.term[0] - 1
    years = [y for y in series if since < y <= target.year]
    if not years:
        return judge(goal, None, None), None
    total = Point(years[-1], sum(series[y] for y in years))
    found = judge(goal, None, total)
    if len(years) == total.year - since or found.verdict in ("completed", "met_early", "breached"):
        return found, total
    return Judgement(found.target_type, "not_assessable", flags=(*found.flags, "years_missing")), total


def _yearly(target: Statement, goal: Goal, book: Book, baseline: Point | None, series: dict[int, float]) -> Judgement:
    """A condition of every year: kept while each reported year meets it; the latest year decides whether it stands."""
    within = {y: v for y, v in series.items() if (target.start or 0) <= y <= target.year}
    bars = book.comparators.get(target.quantity[:2], {}) if goal.form == "relative" else None
    years = judge_years(goal, within, bars)
    flags = [*judge(goal, baseline, None).flags, "holds_every_year"]
    flags += [f"{MISSED}{y}" for y, verdict in years.items() if verdict == "not_completed"]
    flags += ["comparator_missing"] if bars is not None and "not_assessable" in years.values() else []
    flags += ["years_missing"] if years and len(years) <= max(years) - (target.start or 0) else []
    verdict = _standing(years, target.year, "years_missing" in flags)
    last = Point(max(within), within[max(within)]) if within else None
    change = required_yearly_change(goal, baseline, last)
    return Judgement(target_type(goal, baseline), verdict, required_yearly_change=change, flags=tuple(flags))


def _standing(years: dict[int, str], deadline: int, gaps: bool) -> str:
    """One verdict for the row from the verdicts of its years."""
    if not years:
        return "awaiting_data"
    last = years[max(years)]
    if max(years) >= deadline and "not_completed" in years.values():
        return "not_completed"
    if last == "not_assessable":
        return last
    if max(years) < deadline:
        return "held" if last == "completed" else "breached"
    return "not_assessable" if gaps or "not_assessable" in years.values() else "completed"


def _facts(target: Statement, book: Book, baseline: Statement | None, latest: Point | None) -> list[str]:
    """Flags that need no judgement."""
    worded = target.wordy and not target.relative
    base = baseline.point if baseline else None
    rivals = find.same_promise(target, book)
    later = any(target.point in find.milestones(s, book) for s in rivals if s.year > target.year)
    holds = {
        "is_milestone": later and not worded,
        "previous_plan": target.of_previous_plan,
        "other_area": target.of_other_area,
        "target_not_printed": worded and target.status not in (None, "in_words"),
        "worded_target": worded and target.status in (None, "in_words"),
        "deadline_inferred": target.end is None or bool(target.row["period_inferred"]),
        "old_baseline": base is not None and base.year < target.term[0] - 1,
        "judged_after_deadline": latest is not None and latest.year > target.year,
    }
    return [flag for flag, is_so in holds.items() if is_so]


def _coming(
    target: Statement, book: Book, baseline: Statement | None, latest: Point | None, outlook: Outlook
) -> tuple[Row, list[str]]:
    """Demand consistency and probability of a coming target of the county as a whole, and their flags."""
    county, indicator, breakdown, project = target.quantity
    part = breakdown or project or target.level != "county"
    if part or target.value is None or target.of_previous_plan:
        return {}, []
    aim = Aim(county, indicator, target.nature, target.value, target.year, target.term[0])
    stated = _stated_beds(target, book)
    known = latest is not None and latest.year >= target.year
    chance, flag = (None, None) if known else forecasts.probability_met(aim, outlook)
    year = baseline.end if baseline and baseline.end else target.term[0] - 1
    census = "met_on_census_basis" if forecasts.met_on_census_basis(aim, stated, year, outlook) else None
    found = {"demand_consistency": forecasts.demand_consistency(aim, stated, outlook), "probability_met": chance}
    return found, [f for f in (flag, census) if f]


def _stated_beds(target: Statement, book: Book) -> dict[str, float]:
    """Beds that the county states for the year before the plan, by indicator, without breakdown."""
    stated = {}
    for indicator in ("elderly_care_beds", "institution_beds"):
        known = book.actuals.get((target.quantity[0], indicator, None, None), [])
        value = next((s.value for s in known if s.end == target.plan[0] - 1 and s.value is not None), None)
        if value is not None:
            stated[indicator] = value
    return stated


def _rounded(value: float | None) -> float | None:
    """Without binary dust, so that the same inputs give the same release."""
    return None if value is None else round(value, 6)
