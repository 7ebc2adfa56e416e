"""Rules whose arithmetic is data: each row of relations.csv says that one expression should equal (or lie within a ratio
of) another. This module reads the rows, puts a county's figures into them and reports where they fail.

An expression is made of terms with spaces around ``+ - * /`` (no brackets). Terms:

- ``indicator_id`` of the county's own statements; ``{item=x}`` picks a breakdown; ``@latest`` / ``@first`` the latest or
  first past value, ``@target`` the last promised one, ``@near`` the one nearest to the year of the relation. Without ``@``
  the year must agree, and the relation is tried for every year of its first such term.
- ``output:facilities/label`` the project table's outputs whose label matches, ``/new`` or ``/conversion`` at the end
  picks an increment; ``invest:name`` the investments, ``projects:name`` the number and ``works:beds/name`` the outputs of
  the listed projects whose name matches
- ``census:60`` residents of that age and older in the 2020 census; ``years`` the length of the period; a number
- ``a??b`` the first of two that the county reports

Values are in base units (shares as fractions, money in yuan, monthly standards per year). Columns ``minimum`` and
``maximum`` bound left ÷ right (empty: 1); the room for printed rounding is added. A relation that fails by a factor of
ten or a hundred is a conflict of units; one whose own base is missing and replaced by the census is census_to_plan.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations

from pipelines import registry
from pipelines.reconcile.facts import RATES, SCALE, Facts, Figure, Project, Statement, Subject
from pipelines.reconcile.finding import Finding, Side, plain

_TERM = re.compile(r"(?P<id>\w+)(?:\{(?P<breakdown>[^}]*)\})?(?:@(?P<when>\w+))?")
_SIGNS = {"*": "×", "/": "÷", "+": "+", "-": "-"}
_SUFFIX = {"pct": "%", "permille": "‰", "per_1000": "‰", "per_10000": "/万", "wan_yuan": "万元",
           "m2_per_100_households": "/百户"}  # fmt: skip
_ROOM = 0.005
_CENSUS = 2020
_BASIS = ("照印保留，请核实口径与数值", "Kept as printed; check definition and value")


@dataclass(frozen=True)
class Relation:
    """One row of relations.csv."""

    relation_id: str
    rule: str
    left: str
    right: str
    minimum: str
    maximum: str
    severity: str
    domain: str
    zh: str
    en: str
    resolution_zh: str
    resolution_en: str


@dataclass(frozen=True)
class Value:
    """An evaluated expression: its value in base units, the figures in it, its text, its relative room."""

    value: float
    figures: tuple[Figure, ...]
    text: str
    slack: float = 0.0
    linear: bool = True

    @property
    def unit(self) -> float:
        """What one printed unit is in base units, so that sums are shown as printed; 1 where units are mixed."""
        first = next(iter(self.figures), None)
        return first.absolute / first.value if first and first.value and self.linear else 1.0

    @property
    def single(self) -> bool:
        """One printed number and nothing else."""
        return len(self.figures) == 1 and self.text == _text(self.figures[0])

    def side(self, like: Value) -> Side:
        return Side(self.figures, self.figures[0].printed if self.single else self.shown(like))

    def shown(self, like: Value) -> str:
        """``3002÷7131=42.1%``: the result in the unit of the single printed number beside it; one number as it stands."""
        if self.single or not self.figures:
            return self.text
        unit = like.figures[0].unit if like.single else ""
        if unit in _SUFFIX and (unit in RATES or not self.linear):
            return f"{self.text}={_result(self.value / SCALE[unit])}{_SUFFIX[unit]}"
        return f"{self.text}={_result(self.value / self.unit)}"


@dataclass(frozen=True)
class Place:
    """Where a relation is tried: a county and the statement whose year counts."""

    facts: Facts
    county: str
    anchor: Statement | None

    @property
    def year(self) -> int | None:
        return self.anchor.period_end if self.anchor else None


@cache
def relations() -> tuple[Relation, ...]:
    """All rows of relations.csv."""
    return tuple(Relation(**row) for row in registry.rows("relations", "pipelines.reconcile"))


def related(facts: Facts, rows: tuple[Relation, ...] | None = None) -> Iterator[Finding]:
    """Every relation in every county in every year that it can be tried in."""
    for relation in relations() if rows is None else rows:
        for county in facts.counties:
            for anchor in anchors(facts, county, relation):
                place = Place(facts, county, anchor)
                left, right = evaluate(relation.left, place), evaluate(relation.right, place)
                if left and right and _fails(relation, left, right):
                    yield _finding(relation, place, left, right)


def evaluate(expression: str, place: Place) -> Value | None:
    """Value of an expression, or None when the county does not report a term."""
    total: Value | None = None
    for sign, product in split(expression, "+-"):
        factor = _product(product, place)
        if factor is None:
            return None
        total = factor if total is None else _combine(total, sign, factor)
    return total


def _product(expression: str, place: Place) -> Value | None:
    result: Value | None = None
    for sign, token in split(expression, "*/"):
        term = term_value(token, place)
        if term is None:
            return None
        result = term if result is None else _combine(result, sign, term)
    return result


@cache
def split(expression: str, signs: str) -> list[tuple[str, str]]:
    """``a - b + c`` → [("", a), ("-", b), ("+", c)] for the given signs, which stand between spaces."""
    parts = re.split(rf" ([{re.escape(signs)}]) ", f"{expression}")
    return list(zip(["", *parts[1::2]], parts[::2], strict=True))


def _combine(a: Value, sign: str, b: Value) -> Value:
    if sign == "/" and not b.value:
        return Value(math.nan, a.figures, a.text)
    value = {"+": a.value + b.value, "-": a.value - b.value, "*": a.value * b.value}.get(sign)
    value = a.value / b.value if value is None else value
    linear = sign in "+-" and a.linear and b.linear
    return Value(value, a.figures + b.figures, f"{a.text}{_SIGNS[sign]}{b.text}", a.slack + b.slack, linear)


def term_value(token: str, place: Place) -> Value | None:
    """Value of one term."""
    if "??" in token:
        return next((v for t in token.split("??") if (v := term_value(t, place))), None)
    kind, colon, rest = token.partition(":")
    if colon:
        return _KINDS[kind](place, rest)
    if token == "years":
        return _constant(_length(place.anchor)) if place.anchor else None
    return _constant(float(token)) if re.fullmatch(r"[0-9.]+", token) else _stated(token, place)


def _constant(value: float) -> Value:
    return Value(value, (), plain(value))


def _census(place: Place, age: str) -> Value | None:
    persons = place.facts.elders.get((place.county, int(age)))
    if not persons or (place.year or _CENSUS) < _CENSUS:
        return None
    who = f"{age}岁及以上" if int(age) else "常住人口"
    figure = Figure(f"census-{_CENSUS}-{age}", None, f"{persons}人（{_CENSUS}年人口普查{who}）", persons, "persons")
    return Value(persons, (figure,), str(persons))


def _outputs(place: Place, pattern: str) -> Value | None:
    """Outputs by kind, label and increment: those of the project table, else those of the text; each value once."""
    kind, label, *increment = pattern.split("/")
    found = [
        o for o in place.facts.county_outputs.get(place.county, [])
        if o.output == kind and o.quantity and re.search(label, o.label or "") and o.increment in (increment or [o.increment])
    ]  # fmt: skip
    listed = [o for o in found if o.mention == "table"] or found
    return _sum([o.figure for o in {(o.project_id, o.label, o.quantity): o for o in listed}.values()])


def _listed(place: Place, name: str) -> list[Project]:
    """Projects of the project table whose name matches."""
    return [p for p in place.facts.county_projects.get(place.county, []) if p.in_annex and re.search(name, p.name_zh)]


def _works(place: Place, pattern: str) -> Value | None:
    kind, _, name = pattern.partition("/")
    named = {p.project_id for p in _listed(place, name)}
    outputs = (
        o for o in place.facts.county_outputs.get(place.county, []) if o.project_id in named and o.output == kind
    )
    return _sum([o.figure for o in outputs if o.mention == "table" and o.counted])


def _investment(place: Place, name: str) -> Value | None:
    return _sum([place.facts.total(p) for p in _listed(place, name) if p.total_investment_wan])


def _number(place: Place, name: str) -> Value | None:
    listed = _listed(place, name)
    shown = tuple(Figure(p.project_id, p.source_line, p.name_zh, 1.0) for p in listed)
    return Value(len(listed), shown, f"{len(listed)}项") if listed else None


_KINDS: dict[str, Callable[[Place, str], Value | None]] = {
    "census": _census, "output": _outputs, "works": _works, "invest": _investment, "projects": _number,
}  # fmt: skip


def _sum(figures: list[Figure]) -> Value | None:
    if not figures:
        return None
    text = Side.of(*figures).text.partition("=")[0] if len(figures) > 1 else _text(figures[0])
    return Value(sum(f.absolute for f in figures), tuple(figures), text, max(f.slack for f in figures))


def _stated(token: str, place: Place) -> Value | None:
    """The county's own statement that a term means."""
    term = _TERM.fullmatch(token)
    if not term:
        raise ValueError(f"relations.csv: cannot read the term {token!r}")
    own = [s for s in place.facts.by_indicator.get((place.county, term["id"]), []) if _matches(s, term["breakdown"])]
    chosen = _choose(own, term["when"], place)
    if chosen is None:
        return None
    figure = chosen.figure
    return Value(figure.absolute, (figure,), _text(figure), figure.slack)


def _choose(own: list[Statement], when: str | None, place: Place) -> Statement | None:
    past = [s for s in own if s.tense != "promise"]
    if when == "latest":
        return min(past, key=lambda s: (-(s.period_end or 0), s.rank), default=None)
    if when == "first":
        return min(past, key=lambda s: (s.period_end or 0, s.rank), default=None)
    if when == "target":
        return min((s for s in own if s.tense == "promise"), key=lambda s: (-(s.period_end or 0), s.rank), default=None)
    if when == "near":
        return min(own, key=lambda s: (abs((s.period_end or 0) - (place.year or 2020)), s.rank), default=None)
    if place.anchor and any(s is place.anchor for s in own):
        return place.anchor
    return min((s for s in own if s.period_end == place.year), key=lambda s: s.rank, default=None)


def anchors(facts: Facts, county: str, relation: Relation) -> list[Statement | None]:
    """The statements of the first term without ``@`` on the left (else on the right), the leading one of each year."""
    for token in re.split(r" [-+*/] ", f"{relation.left} + {relation.right}"):
        for term in (_TERM.fullmatch(t) for t in token.split("??")):
            if term and not term["when"] and not re.fullmatch(r"[0-9.]+|years", token):
                own = [s for s in facts.by_indicator.get((county, term["id"]), []) if _matches(s, term["breakdown"])]
                if own or "??" not in token:
                    return list({s.period_end: s for s in sorted(own, key=lambda s: s.rank, reverse=True)}.values())
    return [None]


def _matches(s: Statement, breakdown: str | None) -> bool:
    return s.target_level == "county" and s.breakdown == breakdown


def _length(s: Statement) -> float:
    return float((s.period_end or 0) - (s.period_start or s.period_end or 0) + 1)


def _text(figure: Figure) -> str:
    if figure.unit in RATES and figure.printed[-1:] in ("%", "‰", "倍"):
        return figure.printed
    monthly = "元×12" if figure.unit == "yuan_per_person_month" else ""
    return plain(figure.value) + (_SUFFIX.get(figure.unit, "") or monthly)


def _result(value: float) -> str:
    """A computed number: whole from 1,000 on."""
    return f"{value:.0f}" if abs(value) >= 1000 else plain(value)


def _fails(relation: Relation, left: Value, right: Value) -> bool:
    ratio = left.value / right.value if right.value else math.nan
    low, high = bounds(relation)
    room = 1 + max(_ROOM, left.slack + right.slack)
    return math.isfinite(ratio) and not low / room <= ratio <= high * room


def bounds(relation: Relation) -> tuple[float, float]:
    """An empty bound beside a given one is open; both empty means equality."""
    if not relation.minimum and not relation.maximum:
        return 1.0, 1.0
    return float(relation.minimum or 0), float(relation.maximum or math.inf)


def _finding(relation: Relation, place: Place, left: Value, right: Value) -> Finding:
    one, two = _sides(left, right)
    factor = _power_of_ten(left.value / right.value) if relation.rule == "share_to_counts" else None
    instead = "??" in relation.right and any(f.line is None for f in right.figures)
    rule = "unit_conflict" if factor else "census_to_plan" if instead else relation.rule
    zh = f"，相差{factor}倍，疑为单位误印（如%与‰）" if factor else ""
    en = f"; off by a factor of {factor}, probably a unit (% or ‰)" if factor else ""
    resolution = (relation.resolution_zh or _BASIS[0], relation.resolution_en or _BASIS[1])
    return Finding(Subject(place.county, relation.domain), rule, relation.severity, one, two, relation.zh + zh,
                   relation.en + en, _arithmetic(relation, left, right), resolution)  # fmt: skip


def _sides(left: Value, right: Value) -> tuple[Side, Side]:
    """Both expressions; a side without a printed number takes over the other's further figures."""
    if right.figures:
        return left.side(right), right.side(left)
    first, *others = left.figures
    rest = "、".join(f.printed for f in others) or right.text
    return Side((first,), first.printed), Side(tuple(others or [first]), rest)


def _arithmetic(relation: Relation, left: Value, right: Value) -> str:
    """``3002÷7131=42.1%；41%；①÷②=1.03``, the difference for sums and, where one or two parts make it up, which."""
    if not right.figures:
        return f"{left.shown(right)} ∉ [{relation.minimum or 0}, {relation.maximum or '∞'})"
    both = f"{left.shown(right)}；{right.shown(left)}"
    if not (left.linear and right.linear and left.unit == right.unit):
        return f"{both}；①÷②={left.value / right.value:.3g}"
    gap = (right.value - left.value) / left.unit
    return f"{both}；Δ={plain(abs(gap))}{_missing(gap, right)}"


def _missing(gap: float, right: Value) -> str:
    """The one or two parts that a total leaves out, when only one choice of them makes up the difference."""
    if not right.linear or len(right.figures) < 3:
        return ""
    choices = (c for n in (1, 2) for c in combinations(right.figures, n))
    sets = [c for c in choices if abs(sum(f.value for f in c) - gap) < 1e-6 * abs(gap)]
    return "=" + "+".join(f"{plain(f.value)}(L{f.line})" for f in sets[0]) if len(sets) == 1 else ""


def _power_of_ten(ratio: float) -> int | None:
    return next((n for n in (10, 100, 1000) if 0.95 < ratio / n < 1.05 or 0.95 < ratio * n < 1.05), None)
