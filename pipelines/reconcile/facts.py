"""What the rules look at: the core tables as small typed rows, with the exact line of every printed number."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self, TypeVar

import polars as pl

from pipelines import registry

_Row = TypeVar("_Row")
_Key = TypeVar("_Key", bound=Hashable)
_VAGUE = "余多约近"
_ROW = 30
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_TENSE = {"actual": "past", "cumulative": "past", "target": "promise", "planned": "promise", "standard": "standard"}
SCALE = {"pct": 1e-2, "permille": 1e-3, "per_1000": 1e-3, "per_10000": 1e-4, "m2_per_100_households": 1e-2,
         "wan_yuan": 1e4, "yuan_per_person_month": 12.0}  # fmt: skip
_AREAS = {"urban": "城市", "rural": "农村"}
RATES = ("pct", "permille", "per_1000", "per_10000", "m2_per_100_households", "ratio")


@dataclass(frozen=True)
class Figure:
    """One number at one place. `value` in the unit of the table; `fact` is the id of the row it stands in;
    `line` is None for a number that is not of the document (the census)."""

    fact: str
    line: int | None
    printed: str
    value: float
    unit: str = ""
    slack: float = 0.0

    @property
    def vague(self) -> bool:
        """Printed with 余, 多, 约 or 近."""
        return any(c in self.printed for c in _VAGUE)

    @property
    def absolute(self) -> float:
        """In base units: shares as fractions, money in yuan, monthly standards per year."""
        return self.value * SCALE.get(self.unit, 1.0)


@dataclass(frozen=True)
class Subject:
    """What a contradiction is about: whose it is, and its name in front of the sentence."""

    county_code: str
    domain: str
    zh: str = ""
    en: str = ""


@dataclass(frozen=True)
class Statement:
    """One row of fct_observation that has a value."""

    observation_id: str
    county_code: str
    indicator_id: str
    indicator_as_printed: str
    domain: str
    project_id: str | None
    period_start: int | None
    period_end: int | None
    period_inferred: bool
    measure: str
    value: float
    unit: str
    qualifier: str
    target_kind: str | None
    target_level: str
    breakdown: str | None
    value_as_printed: str | None
    unit_as_printed: str | None
    place: str
    source_line: int | None
    restates: str | None
    name_zh: str
    name_en: str
    better: str
    nature: str
    additivity: str

    @property
    def tense(self) -> str:
        return _TENSE[self.measure]

    @property
    def headline(self) -> bool:
        """In an indicator table, or binding."""
        return self.place == "indicator_table" or self.target_kind == "binding"

    @property
    def subject(self) -> Subject:
        """The quantity as the document names it, with its breakdown."""
        part = (self.breakdown or "").split("=")[-1]
        zh = self.indicator_as_printed + (f"（{_AREAS.get(part, part)}）" if part else "")
        return Subject(self.county_code, self.domain, zh, self.name_en + (f" ({part})" if part else ""))

    @property
    def figure(self) -> Figure:
        printed = printed_with_unit(self.value_as_printed, self.unit_as_printed) or f"{self.value:.15g}"
        slack = 0.0 if self.tense == "promise" else rounding(self.value_as_printed, rate=self.unit in RATES)
        return Figure(self.observation_id, self.source_line, printed, self.value, self.unit, slack)

    @property
    def rank(self) -> tuple[bool, bool, int, str]:
        """Order of authority: indicator table or binding first, then the breakdown-free row, then the document's order."""
        return (not self.headline, bool(self.breakdown), self.source_line or 0, self.observation_id)


@dataclass(frozen=True)
class Project:
    project_id: str
    county_code: str
    domain: str
    name_zh: str
    name_en: str | None
    start_year: int | None
    end_year: int | None
    total_investment_wan: float | None
    spend_kind: str | None
    in_annex: bool | None
    source_line: int | None

    @property
    def subject(self) -> Subject:
        return Subject(self.county_code, self.domain, f"“{self.name_zh}”", self.name_en or self.project_id)


@dataclass(frozen=True)
class Mention:
    """One row of staged projects.csv: one place where a project is named."""

    key: str
    project: str
    mention: str
    line: int
    years_printed: str | None
    start_year: int | None
    end_year: int | None
    investment_wan: float | None
    investment_printed: str | None
    investment_unit: str | None
    progress_printed: str | None


@dataclass(frozen=True)
class Output:
    output_id: str
    project_id: str
    output: str
    label: str | None
    quantity: float | None
    unit: str | None
    increment: str
    mention: str
    counted: bool
    value_as_printed: str
    source_line: int
    qualifier: str | None

    @property
    def figure(self) -> Figure:
        slack, quantity = rounding(self.value_as_printed, rate=False), self.quantity or 0.0
        bare = self.value_as_printed.rstrip("余多")
        many = bare != f"{quantity:.15g}" and bare == f"{quantity / 1e4:.15g}"
        number = f"{self.value_as_printed}万" if many else f"{quantity:.15g}"
        sign = {">=": "≥", "<=": "≤", "~": "约"}.get(self.qualifier or "=", "")
        printed = sign + number + registry.label("unit", self.unit)
        return Figure(self.output_id, self.source_line, printed, quantity, self.unit or "", slack)


@dataclass(frozen=True)
class Funding:
    funding_id: str
    project_id: str
    amount_wan: float | None
    position: int
    value_as_printed: str
    source_line: int

    @property
    def figure(self) -> Figure:
        return Figure(self.funding_id, self.source_line, self.value_as_printed, self.amount_wan or 0.0, "wan_yuan")


@dataclass(frozen=True)
class Facts:
    """Everything of all counties. Frames are read by column name; columns a rule does not need may be absent."""

    statements: list[Statement]
    projects: list[Project]
    mentions: list[Mention]
    outputs: list[Output]
    funding: list[Funding]
    issued: dict[str, int]
    elders: dict[tuple[str, int], int]
    lines: dict[tuple[str, str], list[int]]
    numerals: dict[tuple[str, str], list[int]]

    @classmethod
    def of(cls, **frames: pl.DataFrame) -> Self:
        """From frames by table name; a missing table is empty."""
        observations = frames.get("fct_observation", pl.DataFrame())
        if not observations.is_empty():
            wanted = ("indicator_id", "name_zh", "name_en", "better", "nature", "additivity")
            printed = observations.filter(pl.col("place") != "actuals")  # yearly reports are not the plan
            observations = printed.drop_nulls("value").join(
                frames["dim_indicator"].select(wanted), on="indicator_id", how="inner"
            )
        return cls(
            statements=_rows(Statement, observations),
            projects=_rows(Project, frames.get("fct_project")),
            mentions=_rows(Mention, frames.get("mentions")),
            outputs=_rows(Output, frames.get("fct_project_output")),
            funding=_rows(Funding, frames.get("fct_project_funding")),
            issued=_issue_years(frames.get("dim_source")),
            elders=_census(frames.get("fct_population")),
            lines=_lines(frames.get("fct_figure_fact"), "fact_id", "column_name"),
            numerals=_lines(frames.get("fct_source_figure"), "county_code", "printed"),
        )

    @cached_property
    def first(self) -> list[Statement]:
        """Statements that do not repeat another one."""
        return [s for s in self.statements if not s.restates]

    @cached_property
    def by_indicator(self) -> dict[tuple[str, str], list[Statement]]:
        return grouped(self.first, lambda s: (s.county_code, s.indicator_id))

    @cached_property
    def project(self) -> dict[str, Project]:
        return {p.project_id: p for p in self.projects}

    @cached_property
    def county_outputs(self) -> dict[str, list[Output]]:
        return grouped(self.outputs, lambda o: self.project[o.project_id].county_code)

    @cached_property
    def county_projects(self) -> dict[str, list[Project]]:
        return grouped(self.projects, lambda p: p.county_code)

    @cached_property
    def project_mentions(self) -> dict[str, list[Mention]]:
        return grouped(self.mentions, lambda m: m.project)

    @cached_property
    def counties(self) -> list[str]:
        return sorted({s.county_code for s in self.statements} | set(self.county_projects))

    @cached_property
    def county_headlines(self) -> set[str]:
        """Counties whose plan has an indicator table or binding targets."""
        return {s.county_code for s in self.first if s.headline}

    def investment(self, mention: Mention) -> Figure:
        """The amount printed at a mention, at the line of the number itself (cells of a table may be lines apart)."""
        printed = printed_with_unit(mention.investment_printed, mention.investment_unit)
        amount = mention.investment_wan or 0.0
        at = self._amount_line(self.project[mention.project], amount, mention.line)
        return Figure(f"{mention.project}@{mention.key}", at, printed, amount, "wan_yuan")

    def total(self, project: Project) -> Figure:
        """The total investment of a project at its leading mention; after a declared repair, where the repaired number is."""
        amount = project.total_investment_wan or 0.0
        at = self._amount_line(project, amount, project.source_line or 0)
        return Figure(project.project_id, at, f"{amount:.15g}万元", amount, "wan_yuan")

    def year_line(self, project: str, year: int | None, start: int) -> int:
        """The first line from `start` on, within the row, that prints the year."""
        printed = self.numerals.get((self.project[project].county_code, str(year)), [])
        return next((n for n in printed if start <= n <= start + _ROW), start)

    def _amount_line(self, project: Project, amount: float, start: int) -> int:
        """The first line from `start` on that prints the amount, else the first that feeds the project's investment."""
        printed = self.numerals.get((project.county_code, f"{amount:.15g}"), [])
        feeding = self.lines.get((project.project_id, "total_investment_wan_as_printed"), [])
        near = [n for n in printed if start <= n <= start + _ROW]
        return next(iter(near or [n for n in feeding if n >= start]), start)


def grouped(rows: Iterable[_Row], key: Callable[[_Row], _Key]) -> dict[_Key, list[_Row]]:
    """Rows by key, both in the order of their first appearance."""
    groups: dict[_Key, list[_Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return dict(groups)


def printed_with_unit(value: str | None, unit: str | None) -> str:
    """``20余`` + ``项`` → 20余项; an evident unit in brackets is shown only behind a numeral, words stand alone."""
    text, unit = (value or "").strip(), (unit or "").strip()
    bare = unit.strip("（）()") if unit[:1] in "（(" else unit
    return text + bare if text[:1].isdigit() else text


def rounding(printed: str | None, *, rate: bool) -> float:
    """Relative room around a printed number: half a unit of the last digit of a rate, a tenth for 余, 多, 约, 近."""
    text = printed or ""
    if any(c in text for c in _VAGUE):
        return 0.1
    number = _NUMBER.search(text)
    if not rate or not number or not float(number.group()):
        return 0.0
    return 0.5 * 10.0 ** -len(number.group().partition(".")[2]) / float(number.group())


def _rows(kind: type[_Row], frame: pl.DataFrame | None) -> list[_Row]:
    """Rows of a frame as objects; a column the frame lacks is None."""
    if frame is None or frame.is_empty():
        return []
    names = [f.name for f in fields(kind)]  # type: ignore[arg-type]
    missing = [pl.lit(None).alias(n) for n in names if n not in frame.columns]
    records: list[dict[str, Any]] = frame.with_columns(missing).select(names).to_dicts()
    return [kind(**r) for r in records]


def _issue_years(sources: pl.DataFrame | None) -> dict[str, int]:
    """County code → year of issue, where the document prints one."""
    if sources is None or sources.is_empty():
        return {}
    year = pl.col("date_as_printed").str.extract(r"(20\d\d)").cast(pl.Int32)
    dated = sources.select("county_code", year=year).drop_nulls()
    return dict(dated.iter_rows())


def _census(population: pl.DataFrame | None) -> dict[tuple[str, int], int]:
    """(county code, age) → residents of that age and older in 2020, for the ages that rules ask for."""
    if population is None or population.is_empty():
        return {}
    people = population.filter((pl.col("year") == 2020) & (pl.col("basis") == "resident") & (pl.col("sex") != "both"))
    sums = {
        a: people.filter(pl.col("age_from") >= a).group_by("county_code").agg(pl.sum("persons")) for a in (0, 60, 80)
    }
    return {(county, age): persons for age, counted in sums.items() for county, persons in counted.iter_rows()}


def _lines(figures: pl.DataFrame | None, *key: str) -> dict[tuple[str, str], list[int]]:
    """Two key columns → the document lines of the numerals they name."""
    if figures is None or figures.is_empty():
        return {}
    lines = figures.group_by(*key).agg(pl.col("source_line").unique().sort())
    return {(one, two): at for one, two, at in lines.iter_rows()}
