"""The statements of the plans and reports, found by the quantity they speak of: which baseline, actuals, milestones,
bounds and rival values belong to a target. Nothing is judged here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pipelines.evaluate.verdict import Point

Row = dict[str, Any]
Quantity = tuple[str, str, str | None, str | None]  # county, indicator, breakdown without bound, project

RATE_UNITS = ("pct", "permille", "per_1000", "per_10000", "m2_per_100_households", "ratio")
_COMPARES = re.compile("不低于|不高于|不少于|高于|低于|快于|超过|同步")
_BOUND = re.compile(r";?bound=(lower|upper)")


@dataclass(frozen=True)
class Statement:
    """One observation with what the registry says of its indicator and its source of the plan's years."""

    id: str
    quantity: Quantity
    bound: str | None
    measure: str
    value: float | None
    unit: str
    qualifier: str
    start: int | None
    end: int | None
    level: str
    status: str | None
    place: str
    line: int
    printed: str
    restates: str | None
    better: str
    nature: str
    plan: tuple[int, int]
    row: Row = field(repr=False, compare=False)

    @property
    def year(self) -> int:
        """The target's year; the plan's last where the document gives none."""
        return self.plan[1] if self.end is None else self.end

    @property
    def spans_years(self) -> bool:
        return self.start is not None and self.end is not None and self.start < self.end

    @property
    def cumulative(self) -> bool:
        return self.nature == "flow" and self.spans_years

    @property
    def every_year(self) -> bool:
        """A rate or a standard for 2021–2025 holds in each year; a stock for 2021–2025 is to be reached by its end."""
        return self.nature in ("rate", "standard") and self.spans_years

    @property
    def wordy(self) -> bool:
        return self.value is None or self.unit == "text"

    @property
    def relative(self) -> bool:
        return self.value is None and self.status in (None, "in_words") and bool(_COMPARES.search(self.printed))

    @property
    def of_previous_plan(self) -> bool:
        return self.year < self.plan[0]

    @property
    def term(self) -> tuple[int, int]:
        """First and last year of the plan the target belongs to; a plan looks back on one of the same length."""
        first, last = self.plan
        return (first - (last - first + 1), first - 1) if self.of_previous_plan else self.plan

    @property
    def of_other_area(self) -> bool:
        """A count of a larger area; only rates are compared across levels."""
        return self.level != "county" and self.nature != "rate" and self.unit not in RATE_UNITS

    @property
    def point(self) -> Point | None:
        return None if self.value is None or self.end is None else Point(self.end, self.value)

    @property
    def precedence(self) -> tuple[int, bool, bool, int, str]:
        """Which of several statements of one quantity speaks: the latest year, a value before an empty cell, the
        indicator table before other places, then the first line."""
        return (-(self.end or 0), self.value is None, self.place != "indicator_table", self.line, self.id)


@dataclass(frozen=True)
class Book:
    """All statements, found by quantity."""

    targets: tuple[Statement, ...]
    promised: dict[Quantity, list[Statement]]
    actuals: dict[Quantity, list[Statement]]
    comparators: dict[tuple[str, str], dict[int, float]]

    def actuals_of(self, target: Statement) -> list[Statement]:
        """Actuals of the target's quantity, in order of precedence. Reports know no projects, so a project's target
        takes the county's figure of a year for which the project has none."""
        own = self.actuals.get(target.quantity, [])
        if target.quantity[3] is None:
            return own
        county_wide = self.actuals.get((*target.quantity[:3], None), [])
        return sorted(own + county_wide, key=lambda s: (-(s.end or 0), s.quantity != target.quantity, s.precedence))


def read(
    observations: pl.DataFrame, indicators: pl.DataFrame, sources: pl.DataFrame, comparators: pl.DataFrame | None
) -> Book:
    """Index the statements. Raises ValueError for a target whose source has no period."""
    statements = _statements(observations, indicators, sources)
    targets = _promises(s for s in statements if s.measure == "target")
    series: dict[tuple[str, str], dict[int, float]] = {}
    for r in comparators.iter_rows(named=True) if comparators is not None else ():
        series.setdefault((r["county_code"], r["indicator_id"]), {})[r["year"]] = r["value"]
    actuals = _by_quantity(s for s in statements if s.measure == "actual")
    ordered = sorted(targets, key=lambda s: (s.quantity[0], s.line, s.id))
    return Book(tuple(ordered), _by_quantity(targets), actuals, series)


def _statements(observations: pl.DataFrame, indicators: pl.DataFrame, sources: pl.DataFrame) -> list[Statement]:
    plans = sources.select("source_id", plan_start="period_start", plan_end="period_end")
    joined = (
        observations.filter(pl.col("measure").is_in(["target", "actual"]))
        .join(indicators.select("indicator_id", "better", "nature"), on="indicator_id", how="left")
        .join(plans, on="source_id", how="left")
    )
    return [_statement(row) for row in joined.iter_rows(named=True)]


def _statement(row: Row) -> Statement:
    if row["measure"] == "target" and (row["plan_start"] is None or row["plan_end"] is None):
        raise ValueError(f"{row['observation_id']}: source {row['source_id']} has no period")
    bound = _BOUND.search(row["breakdown"] or "")
    breakdown = _BOUND.sub("", row["breakdown"] or "").strip(";") or None
    return Statement(
        id=row["observation_id"], quantity=(row["county_code"], row["indicator_id"], breakdown, row["project_id"]),
        bound=bound.group(1) if bound else None, measure=row["measure"], value=row["value"], unit=row["unit"],
        qualifier=row["qualifier"], start=row["period_start"], end=row["period_end"], level=row["target_level"],
        status=row["status"], place=row["place"], line=row["source_line"] or 0, printed=row["value_as_printed"] or "",
        restates=row["restates"], better=row["better"] or "none", nature=row["nature"] or "stock",
        plan=(row["plan_start"] or 0, row["plan_end"] or 0), row=row,
    )  # fmt: skip


def _promises(targets: Iterable[Statement]) -> list[Statement]:
    """One statement per promise: of a target and its restatements the one in the indicator table, which alone says
    whether it is binding, else the first."""
    chosen: dict[str, Statement] = {}
    for s in sorted(targets, key=lambda s: (s.place != "indicator_table", s.restates is not None, s.line, s.id)):
        chosen.setdefault(s.restates or s.id, s)
    return list(chosen.values())


def _by_quantity(statements: Iterable[Statement]) -> dict[Quantity, list[Statement]]:
    found: dict[Quantity, list[Statement]] = {}
    for s in sorted(statements, key=lambda s: s.precedence):
        found.setdefault(s.quantity, []).append(s)
    return found


# What belongs to a target


def baseline(target: Statement, book: Book) -> Statement | None:
    """The latest actual before the plan, an explicit empty cell included. A sum has none, and neither has a larger
    area's count. For a flow only figures of one year are compared with a target of one year."""
    if target.cumulative or target.of_other_area:
        return None
    before = (s for s in book.actuals_of(target) if s.end is not None and s.end < target.term[0])
    return next((s for s in before if target.nature != "flow" or not s.spans_years), None)


def baseline_status(target: Statement, base: Statement | None) -> str | None:
    """Why there is no baseline value, as an `absence` code; None when there is one."""
    if target.cumulative or target.of_other_area:
        return "not_applicable"
    if base is None:
        return "not_reported"
    return (base.status or "not_assessable") if base.value is None else None


def series(target: Statement, book: Book, base: Statement | None) -> dict[int, float]:
    """Yearly reports by year, later than the baseline and not before the plan. The previous plan's targets are held
    against what the document reports of that plan's years."""
    first = max(target.term[0], (base.end or 0) + 1 if base else 0)
    by_year: dict[int, float] = {}
    for s in book.actuals_of(target) if not target.of_other_area else []:
        reported = s.place == "actuals" or (target.of_previous_plan and (s.end or 0) < target.plan[0])
        if reported and s.point and s.point.year >= first and not s.cumulative:
            by_year.setdefault(s.point.year, s.point.value)
    return dict(sorted(by_year.items()))


def at_deadline(year: int, known: dict[int, float]) -> Point | None:
    """The latest actual up to the target's year; where that year was not reported, the first one after it."""
    after = [y for y in known if y > year]
    until = [y for y in known if y <= year]
    if until and (until[-1] == year or not after):
        return Point(until[-1], known[until[-1]])
    return Point(after[0], known[after[0]]) if after else None


def same_promise(target: Statement, book: Book) -> list[Statement]:
    """Targets of the same quantity, level and bound that have a number."""
    promised = book.promised.get(target.quantity, [])
    return [s for s in promised if s.level == target.level and s.bound == target.bound and not s.wordy]


def milestones(target: Statement, book: Book) -> tuple[Point, ...]:
    """Dated values of the same promise before its year; of several for one year the one that takes precedence."""
    if target.cumulative or target.every_year or target.bound:
        return ()
    dated: dict[int, float] = {}
    for s in same_promise(target, book):
        if target.term[0] <= s.year < target.year and not (s.cumulative or s.every_year) and s.value is not None:
            dated.setdefault(s.year, s.value)
    return tuple(Point(y, v) for y, v in sorted(dated.items()))


def in_conflict(target: Statement, book: Book) -> bool:
    """Is the same thing promised for the same year with another value? A sum and a yearly flow are not the same."""
    same = [s for s in same_promise(target, book) if s.year == target.year and s.cumulative == target.cumulative]
    return not target.wordy and len({s.value for s in same}) > 1


def bounds(target: Statement, book: Book) -> tuple[float, float] | None:
    """Lower and upper value of a range, printed as two statements."""
    if not target.bound or target.value is None:
        return None
    promised = book.promised.get(target.quantity, [])
    level, year = target.level, target.year
    twins = (s for s in promised if s.bound not in (None, target.bound) and (s.level, s.year) == (level, year))
    other = next((s.value for s in twins if s.value is not None), None)
    return None if other is None else (min(target.value, other), max(target.value, other))
