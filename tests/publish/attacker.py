"""A reader who has nothing but the public Parquet of one release, relations.csv and a solver, and wants one county's left-out numbers.
Written apart from the product: nothing of `pipelines` is imported, what belongs together is said here by hand. Each left-out number is
an unknown; a reader who is told some of them (by a name, by an earlier release) puts them in and asks again."""

from __future__ import annotations

import csv
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, islice, product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy.optimize import Bounds, LinearConstraint, milp

RELATIONS = Path(__file__).parents[2] / "pipelines" / "reconcile" / "relations.csv"
PEOPLE = ("persons", "person_times", "households", "household_times", "couples")
CASES = ("adoptions_registered",)  # each is a child, whatever the unit
SIBLINGS = {"area": ("urban", "rural"), "sex": ("male", "female")}  # breakdowns that leave nobody out
BANDS = {"60+": 60, "65+": 65, "80+": 80}
SCALE = {"pct": 0.01, "permille": 0.001, "per_1000": 0.001, "per_10000": 0.0001, "m2_per_100_households": 0.01, "wan_yuan": 1e4, "yuan_per_person_month": 12.0}  # fmt: skip
PROMISES, PAST = ("target", "planned"), ("actual", "cumulative")
FAR, COMBINATIONS = 1e7, 200
_TERM = re.compile(r"(\w+)(?:\{([^}]*)\})?(?:@(\w+))?")
_NUMERAL = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?")
_HAN = {c: n for n, cs in enumerate(("零〇", "一", "二两", "三", "四", "五", "六", "七", "八", "九", "十")) for c in cs}

Row = dict[str, Any]
Form = dict[tuple[str, ...], float]  # products of unknowns → coefficient; () is what is known


@dataclass(frozen=True)
class Rule:
    """``low ≤ Σ coefficient × unknown ≤ high``, whatever its kind says about the document."""

    kind: str
    terms: tuple[tuple[str, float], ...]
    low: float
    high: float

    def holds(self, truth: Mapping[str, float]) -> bool:
        if any(name not in truth for name, _ in self.terms):
            return False
        value = sum(k * truth[name] for name, k in self.terms)
        room = 1e-6 * max(1.0, *(abs(k * truth[name]) for name, k in self.terms))
        return self.low - room <= value <= self.high + room


@dataclass(frozen=True)
class _Value:
    """A term of an expression: over ÷ under, and the relative room that rounding leaves."""

    over: Form
    under: Form
    room: float = 0.0


@dataclass
class Attacker:
    """`folder`: Parquet of a public release; `told`: left-out rows whose number is known from elsewhere (`name`); `sums`: what else
    somebody knows of the document: a count and the counts that it is made of."""

    folder: Path
    county: str
    told: Mapping[str, float] = field(default_factory=dict)
    sums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tables = {p.stem: pl.read_parquet(p) for p in self.folder.glob("*.parquet")}
        here = pl.col("county_code") == self.county
        self.projects = {r["project_id"]: r for r in self.tables["fct_project"].filter(here).iter_rows(named=True)}
        self.stated: dict[str, Row] = {r["observation_id"]: r for r in self._rows("fct_observation", "value")}
        self.outputs: dict[str, Row] = {r["output_id"]: r for r in self._rows("fct_project_output", "quantity")}
        self.facts = self.stated | self.outputs
        self.ages = self._rows("fct_population", "persons")
        self.book = self._rows("fct_census_covariate", "value")
        self.bands = self._rows("mart_elderly_outlook", "p50")
        self.base = min((r["year"] for r in self.bands), default=0)
        named = [*self.facts.items(), *((name(r), r) for r in (*self.ages, *self.book, *self.bands))]
        self.values = {n: r["amount"] for n, r in named if r["amount"] is not None} | dict(self.told)
        self.gaps = {n: r for n, r in named if r["status"] == "suppressed"}
        self.natures = {r["indicator_id"]: (r["nature"], r["additivity"]) for r in self.tables["dim_indicator"].iter_rows(named=True)}  # fmt: skip
        self.unsaid: set[str] = set()  # quantities that no row states
        self.rules = list(dict.fromkeys(r for r in self._rules() if r.terms))

    def _rows(self, table: str, value: str) -> list[Row]:
        """The county's rows that show or leave out a number, as `amount`."""
        rows = self.tables[table]
        if "county_code" not in rows.columns:
            rows = rows.filter(pl.col("project_id").is_in(list(self.projects)))
            rows = rows.with_columns(county_code=pl.lit(self.county))
        rows = rows.filter(pl.col("county_code") == self.county)
        if "status" not in rows.columns:
            rows = rows.with_columns(status=pl.lit(None, dtype=pl.String))
        shown = pl.col(value).is_not_null() | (pl.col("status") == "suppressed")
        return [{**r, "amount": r[value], "table": table} for r in rows.filter(shown).iter_rows(named=True)]

    def people(self) -> list[str]:
        """The left-out rows that count people."""

        def counts(row: Row) -> bool:
            if row["table"] == "fct_observation":
                kind = self.natures[row["indicator_id"]][0] in ("stock", "flow") and row["measure"] != "standard"
                return kind and (row["unit"] in PEOPLE or row["indicator_id"] in CASES)
            return row.get("unit", "persons") in PEOPLE

        return sorted(n for n, r in self.gaps.items() if counts(r))

    def interval(self, wanted: str, truth: Mapping[str, float]) -> tuple[float, float]:
        """Least and greatest value of an unknown. truth: the true values (`complete`); a rule that they break would mislead this
        reader, who is therefore told which ones to leave aside."""
        rules = [r for r in self.rules if r.holds(truth)]
        near, names = [], {wanted}
        while more := [r for r in rules if r not in near and any(n in names for n, _ in r.terms)]:
            near += more
            names |= {n for r in more for n, _ in r.terms}
        order = {n: i for i, n in enumerate(sorted(names))}
        matrix = np.zeros((len(near), len(order)))
        for i, rule in enumerate(near):
            for n, k in rule.terms:
                matrix[i, order[n]] += k
        low, high = (np.array([getattr(r, side) for r in near]) for side in ("low", "high"))
        slack = 1e-6 * np.maximum(1.0, np.abs(matrix).max(axis=1, initial=0.0))
        least = np.array([0.0 if n in self.unsaid or not float(truth[n]).is_integer() else 1.0 for n in order])
        whole = np.array([float(truth[n]).is_integer() for n in order], dtype=int)
        goal, ends = np.zeros(len(order)), []
        goal[order[wanted]] = 1.0
        rows = [LinearConstraint(matrix, low - slack, high + slack)] if near else []
        for sign in (1.0, -1.0):
            found = milp(sign * goal, constraints=rows, integrality=whole, bounds=Bounds(least, FAR))
            assert found.x is not None, (wanted, found.message)
            ends.append(float(found.x[order[wanted]]))
        return ends[0], ends[1]

    def complete(self, values: Mapping[str, float]) -> dict[str, float]:
        """True values with those of the quantities that no row states, worked out from the others."""
        truth, waiting = dict(values), True
        while waiting:
            waiting = False
            for rule in (r for r in self.rules if r.low == r.high):
                if len(open_ := [(n, k) for n, k in rule.terms if n not in truth]) == 1:
                    rest = sum(k * truth[n] for n, k in rule.terms if n in truth)
                    truth[open_[0][0]] = (rule.low - rest) / open_[0][1]
                    waiting = True
        return truth

    def read_in_words(self) -> dict[str, set[float]]:
        """Left-out row → the numbers in texts about it: its own, those of its project, those of contradictions and repairs that
        name its line (unless a number shown there explains them), and numerals of its line that no number shown explains."""
        explained = {
            (r["source_line"], r["occurrence"])
            for r in self.tables["fct_figure_fact"].filter(county_code=self.county).iter_rows(named=True)
            if r["fact_id"] in self.values
        }
        of_line: dict[int, list[str]] = defaultdict(list)
        for r in self.tables["fct_source_figure"].filter(county_code=self.county).iter_rows(named=True):
            if r["status"] in ("fact", "restated") and (r["source_line"], r["occurrence"]) not in explained:
                of_line[r["source_line"]].append(r["printed"])
        for table, lines, said in (
            ("fct_discrepancy", ("left_line", "right_line", "lines"), ("left_value", "right_value", "review_note")),
            ("fct_correction", ("evidence",), ("printed", "corrected", "reason_zh", "evidence")),
        ):
            for r in self.tables[table].filter(county_code=self.county).iter_rows(named=True):
                words = " ".join(r[c] for c in said if r[c])
                places = {int(n) for c in lines for n in _NUMERAL.findall(str(r[c] or "")) if n.isdigit()}
                for line in places:
                    of_line[line].append(words)
        of_project: dict[str, list[str]] = defaultdict(list)
        for t in (
            "fct_project",
            "fct_project_mention",
            "fct_project_funding",
            "fct_project_output",
            "fct_project_progress",
        ):
            rows = self.tables[t].filter(pl.col("project_id").is_in(list(self.projects)))
            for r in rows.select("project_id", pl.selectors.string() - pl.selectors.by_name("project_id") - pl.selectors.ends_with("_id")).iter_rows(named=True):  # fmt: skip
                printed = [
                    v
                    for c, v in r.items()
                    if isinstance(v, str) and c not in ("value_as_printed", "unit", "project_id")
                ]
                of_project[r["project_id"]] += printed
        found = {}
        for gap, row in self.gaps.items():
            own = [v for c, v in row.items() if isinstance(v, str) and c in ("value_as_printed", "unit_as_printed", "indicator_as_printed", "label", "note")]  # fmt: skip
            line = row.get("source_line") or -1
            shown = {r["amount"] for r in self.facts.values() if r["source_line"] == line}
            around = {n for text in of_line[line] for n in numbers(text)} - shown
            found[gap] = around | {
                n for text in [*own, *of_project[row.get("project_id") or ""]] for n in numbers(text)
            }
        return found

    # what belongs together

    def _rules(self) -> Iterator[Rule]:
        yield from self._repeated()
        yield from self._parts()
        yield from self._years()
        yield from self._lines()
        yield from (self._equal("known", whole, parts) for whole, parts in self.sums.items())
        yield from self._census()
        yield from self._declared()

    def _form(self, terms: Iterable[tuple[str, float]]) -> Form:
        form: Form = {(): 0.0}
        for n, k in terms:
            place, by = ((), k * self.values[n]) if n in self.values else ((n,), k)
            form[place] = form.get(place, 0.0) + by
        return form

    def _rule(self, kind: str, form: Form, low: float, high: float) -> Rule:
        terms = {m[0]: k for m, k in form.items() if len(m) == 1 and k}
        linear = all(len(m) < 2 or not k for m, k in form.items())
        known = form.get((), 0.0)
        return Rule(kind, tuple(sorted(terms.items())) if linear else (), low - known, high - known)

    def _equal(self, kind: str, whole: str, parts: Iterable[str]) -> Rule:
        return self._rule(kind, self._form([(whole, -1.0), *((p, 1.0) for p in parts)]), 0.0, 0.0)

    def _repeated(self) -> Iterator[Rule]:
        """One quantity that several rows state: what a row repeats, the same quantity of the same years, the same numeral."""
        same: dict[tuple[object, ...], list[str]] = defaultdict(list)
        for n, r in self.stated.items():
            if r["restates"] in self.stated:
                yield self._equal("repeated", n, [r["restates"]])
            promise = "promise" if r["measure"] in PROMISES else r["measure"]
            same["said", r["indicator_id"], r["breakdown"], r["period_start"], r["period_end"], promise, r["target_level"], r["project_id"]].append(n)  # fmt: skip
        for n, r in self.outputs.items():
            same["made", r["project_id"], r["output"], r["label"], r["increment"]].append(n)
        for r in self.tables["fct_figure_fact"].filter(county_code=self.county).iter_rows(named=True):
            if r["fact_id"] in self.facts and r["column_name"] == "value_as_printed":
                same["numeral", r["source_line"], r["occurrence"]].append(r["fact_id"])
        for key, ids in same.items():
            for other in ids[1:]:
                yield self._equal(str(key[0]), ids[0], [other])

    def _parts(self) -> Iterator[Rule]:
        """Town and country, men and women, and the two together; what is not printed is unknown, too."""
        series: dict[tuple[object, ...], dict[frozenset[str], str]] = defaultdict(dict)
        for n, r in self.stated.items():
            parts = frozenset(filter(None, (r["breakdown"] or "").split(";")))
            if all(p.partition("=")[0] in SIBLINGS for p in parts):
                measure = "promise" if r["measure"] in PROMISES else r["measure"]
                key = (
                    r["indicator_id"],
                    r["period_start"],
                    r["period_end"],
                    measure,
                    r["target_level"],
                    r["project_id"],
                )
                series[key].setdefault(parts, n)
        for key, cells in series.items():
            if self.natures[str(key[0])][0] not in ("stock", "flow") or len(cells) < 2:
                continue
            for whole in sorted({p - {x} for p in cells for x in p}, key=sorted):
                for dimension in {x.partition("=")[0] for p in cells if p > whole for x in p - whole}:
                    below = [whole | {f"{dimension}={v}"} for v in SIBLINGS[dimension]]
                    if dimension not in {x.partition("=")[0] for x in whole}:
                        yield self._equal("parts", self._cell(key, cells, whole), [self._cell(key, cells, b) for b in below])  # fmt: skip

    def _cell(self, key: tuple[object, ...], cells: Mapping[frozenset[str], str], parts: frozenset[str]) -> str:
        if parts in cells:
            return cells[parts]
        unsaid = f"unsaid {key} {sorted(parts)}"
        self.unsaid.add(unsaid)
        return unsaid

    def _years(self) -> Iterator[Rule]:
        """Years that make up a span, and a span that is no less than a year of it."""
        series: dict[tuple[object, ...], dict[tuple[int, int], str]] = defaultdict(dict)
        for n, r in self.stated.items():
            if self.natures[r["indicator_id"]] == ("flow", "additive") and r["period_end"] and r["measure"] in PAST:
                span = (r["period_start"] or r["period_end"], r["period_end"])
                series[r["indicator_id"], r["breakdown"], r["target_level"], r["project_id"]].setdefault(span, n)
        for spans in series.values():
            for (start, end), whole in spans.items():
                single = [spans.get((y, y)) for y in range(start, end + 1)]
                if end > start and all(single):
                    yield self._equal("years", whole, [s for s in single if s])
                for (a, b), part in spans.items():
                    if part != whole and start <= a <= b <= end:
                        yield self._rule("years", self._form([(whole, 1.0), (part, -1.0)]), 0.0, math.inf)

    def _lines(self) -> Iterator[Rule]:
        """Two or three counts of one line that add up to another one of it."""
        lines: dict[int, list[str]] = defaultdict(list)
        for n, r in self.stated.items():
            if r["unit"] in PEOPLE and r["source_line"] is not None and not r["restates"]:
                lines[r["source_line"]].append(n)
        for said in (s for s in lines.values() if not self.gaps.keys().isdisjoint(s)):
            for whole in said:
                others = [n for n in said if n != whole]
                for parts in (p for many in (2, 3) for p in combinations(others, many)):
                    yield self._equal("line", whole, parts)

    def _census(self) -> Iterator[Rule]:
        """Sexes, everybody, and people from an age on as the outlook begins with them."""
        people = {(r["year"], r["sex"], r["age_from"]): name(r) for r in self.ages if r["basis"] == "resident"}
        years = {y for y, _, _ in people}
        for (year, sex, age), both in people.items():
            parts = [people.get((year, s, age)) for s in SIBLINGS["sex"]]
            if sex == "both" and all(parts):
                yield self._equal("sexes", both, [p for p in parts if p])
        for r in self.book:
            if r["variable"] == "resident" and r["year"] in years:
                everybody = [n for (y, s, _), n in people.items() if y == r["year"] and s != "both"]
                yield self._equal("residents", name(r), everybody)
        for r in (b for b in self.bands if b["year"] == self.base):
            sexes = SIBLINGS["sex"] if r["sex"] == "both" else (r["sex"],)
            old = [n for (y, s, a), n in people.items() if y == self.base and s in sexes and a >= BANDS[r["age_band"]]]
            yield self._rule("outlook", self._form([(name(r), -1.0), *((n, 1.0) for n in old)]), -0.5, 0.5)
            if r["sex"] == "both":
                parts = [name({**r, "sex": s}) for s in SIBLINGS["sex"]]
                if all(p in self.values or p in self.gaps for p in parts):
                    yield self._rule("outlook", self._form([(name(r), -1.0), *((p, 1.0) for p in parts)]), -0.5, 0.5)

    def _declared(self) -> Iterator[Rule]:
        """relations.csv, each row with every choice of statements that its words allow."""
        spans = {(r["period_start"], r["period_end"]): r for r in self.stated.values()}
        with RELATIONS.open(encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle):
                low, high = (float(row[c] or empty) for c, empty in (("minimum", 0), ("maximum", math.inf)))
                if not row["minimum"] and not row["maximum"]:
                    low = high = 1.0
                for anchor in (None, *spans.values()):
                    for one, two in product(self._side(row["left"], anchor), self._side(row["right"], anchor)):
                        room = 1 + one.room + two.room
                        up, down = times(one.over, two.under), times(two.over, one.under)
                        if low > 0:
                            yield self._rule(row["relation_id"], plus(up, down, -low / room), 0.0, math.inf)
                        if high < math.inf:
                            yield self._rule(row["relation_id"], plus(up, down, -high * room), -math.inf, 0.0)

    def _side(self, expression: str, anchor: Row | None) -> list[_Value]:
        """Every reading of an expression at the years of a statement (None: where no term asks for one)."""
        words = re.split(r" ([-+*/]) ", expression)
        readings = [self._term(t, anchor) for t in words[::2]]
        return [_sum(words[1::2], chosen) for chosen in islice(product(*readings), COMBINATIONS)]

    def _term(self, token: str, anchor: Row | None) -> list[_Value]:
        if "??" in token:
            return next((found for t in token.split("??") if (found := self._term(t, anchor))), [])
        kind, colon, rest = token.partition(":")
        if colon:
            return self._counted(kind, rest)
        if token == "years":
            return [_known(float(anchor["period_end"] - (anchor["period_start"] or anchor["period_end"]) + 1))] if anchor and anchor["period_end"] else []  # fmt: skip
        if re.fullmatch(r"[0-9.]+", token):
            return [_known(float(token))]
        term = _TERM.fullmatch(token)
        assert term, token
        indicator, breakdown, when = term.groups()
        mine = [
            r for r in self.stated.values()
            if r["indicator_id"] == indicator and r["breakdown"] == breakdown and r["target_level"] == "county" and not r["restates"]
        ]  # fmt: skip
        if when == "target":
            mine = [r for r in mine if r["measure"] in PROMISES]
        elif when in ("latest", "first"):
            past = [r for r in mine if r["measure"] in PAST]
            ends = sorted({r["period_end"] or 0 for r in past})
            mine = [r for r in past if (r["period_end"] or 0) == (ends[-1] if when == "latest" else ends[0])]
        elif when is None:
            mine = [r for r in mine if anchor and r["period_end"] == anchor["period_end"]]
        return [self._stated_value(r["observation_id"], r) for r in mine]

    def _stated_value(self, n: str, row: Row) -> _Value:
        scale = SCALE.get(row["unit"], 1.0)
        return _Value({m: k * scale for m, k in self._form([(n, 1.0)]).items()}, {(): 1.0}, _room(row))

    def _counted(self, kind: str, rest: str) -> list[_Value]:
        if kind == "census":
            old = [
                name(r) for r in self.ages if r["year"] == 2020 and r["age_from"] >= int(rest) and r["sex"] != "both"
            ]
            return [_Value(self._form((n, 1.0) for n in old), {(): 1.0})] if old else []
        listed = {n for n, p in self.projects.items() if p["in_annex"]}
        if kind == "output":
            output, label, *increment = rest.split("/")
            mine = {
                n: r for n, r in self.outputs.items()
                if r["output"] == output and re.search(label, r["label"] or "") and r["increment"] in (increment or [r["increment"]])
            }  # fmt: skip
            printed = {n: r for n, r in mine.items() if r["mention"] == "table"} or mine
            once = {(r["project_id"], r["label"]): n for n, r in printed.items()}
            return [_Value(self._form((n, 1.0) for n in once.values()), {(): 1.0})] if once else []
        wanted = rest.partition("/")[2] if kind == "works" else rest
        named = {n for n in listed if re.search(wanted, self.projects[n]["name_zh"])}
        if kind == "works":
            built = [n for n, r in self.outputs.items() if r["project_id"] in named and r["output"] == rest.partition("/")[0] and r["mention"] == "table"]  # fmt: skip
            return [_Value(self._form((n, 1.0) for n in built), {(): 1.0})] if built else []
        if kind == "projects":
            return [_known(float(len(named)))] if named else []
        money = [self.projects[n]["total_investment_wan"] for n in named]
        return [_known(1e4 * sum(m for m in money if m))] if any(money) else []


def name(row: Row) -> str:
    """What this attacker calls a row of the census or of the outlook."""
    what = ("year", "basis", "sex", "age_from") if "age_from" in row else ("year", "variable") if "variable" in row else ("year", "age_band", "sex")  # fmt: skip
    return " ".join(str(row[c]) for c in what)


def numbers(text: str) -> set[float]:
    """Numerals of a text, and single Chinese ones."""
    plain = {float(n.replace(",", "")) for n in _NUMERAL.findall(text)}
    return plain | {float(_HAN[c]) for c in text if c in _HAN}


def _room(row: Row) -> float:
    """Half a unit of the last digit printed, of a rate or a round number of ten thousands, in proportion to the number."""
    found = _NUMERAL.search(row["value_as_printed"] or "")
    number = float(found.group().replace(",", "")) if found else 0.0
    if not found or not number or (row["unit"] in PEOPLE and "." not in found.group()):
        return 0.0
    return 0.5 * 10 ** -len(found.group().partition(".")[2]) / number


def _known(value: float) -> _Value:
    return _Value({(): value}, {(): 1.0})


def times(a: Form, b: Form) -> Form:
    found: Form = {}
    for (m, k), (n, j) in product(a.items(), b.items()):
        key = tuple(sorted((*m, *n)))
        found[key] = found.get(key, 0.0) + k * j
    return found


def plus(a: Form, b: Form, by: float) -> Form:
    return {m: a.get(m, 0.0) + by * b.get(m, 0.0) for m in a.keys() | b.keys()}


def _sum(signs: list[str], values: tuple[_Value, ...]) -> _Value:
    """An expression without brackets: products first, then their sum over one common divisor."""
    products = [values[0]]
    adding = [1.0]
    for sign, value in zip(signs, values[1:], strict=True):
        last = products[-1]
        if sign in "*/":
            over, under = (value.over, value.under) if sign == "*" else (value.under, value.over)
            products[-1] = _Value(times(last.over, over), times(last.under, under), last.room + value.room)
        else:
            products.append(value)
            adding.append(-1.0 if sign == "-" else 1.0)
    whole = products[0]
    for by, part in zip(adding[1:], products[1:], strict=True):
        over = plus(times(whole.over, part.under), times(part.over, whole.under), by)
        whole = _Value(over, times(whole.under, part.under), whole.room + part.room)
    return whole
