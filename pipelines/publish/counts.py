"""Which cells of the tables count persons, which of them are small, and which sums and shares tie them together: the blocks
that disclosure.py works on. A cell is one quantity, however often the document states it; a block is a county."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise, permutations, product
from typing import Any

import polars as pl

from pipelines import registry
from pipelines.publish.disclosure import Block, Relation
from pipelines.reconcile.facts import RATES, SCALE, Facts, rounding
from pipelines.reconcile.linear import linear_bounds

Tables = Mapping[str, pl.DataFrame]
Row = dict[str, Any]
Member = tuple[str, tuple[object, ...]]  # table and key of a row

FACTS = {"fct_observation": "observation_id", "fct_project_output": "output_id"}
_CENSUS = ("fct_population", "fct_census_covariate", "mart_elderly_outlook")
BANDS = {"60+": 60, "65+": 65, "80+": 80}
KNOWN_FROM = (0, *BANDS.values())  # ages from which on the people of a census stand in many places of a release
OPEN = 999
PROMISES = ("target", "planned")
_MANY = 10  # counts of one line that are tried for sums
_PRICES = ("yuan", "yuan_per_person_month", "yuan_per_person_year")
_AMOUNTS = ("yuan", "wan_yuan")
_CENT = 0.01
_TIMES = (1, 12)  # a yearly or one-off rate, a monthly one
_ROUNDING = 0.02  # a breakdown that misses its total by less is read as complete


@dataclass(frozen=True)
class Counts:
    """The counts of one county. `members`: rows of a cell; `primary`: cells below the threshold, and those
    that were left out before. Cells of `members` that are not in the block are rates, left out to break a relation."""

    block: Block
    primary: frozenset[str]
    members: Mapping[str, tuple[Member, ...]]


def counties_with_small(tables: Tables, threshold: int, kept: Collection[Member] = ()) -> list[str]:
    """Codes of counties that hold a count of persons from 1 to below the threshold, or a row of `kept`."""
    small: set[str] = set()
    for name, county, value in _counted(tables):
        frame = tables[name].filter((value > 0) & (value < threshold))
        small |= set(frame.select(county).to_series().drop_nulls())
    if kept:
        known = {(name, key): code for name, keys in _keys_by_county(tables) for key, code in keys.items()}
        small |= {known[m] for m in kept if m in known}
    return sorted(small)


def read(
    tables: Tables,
    counties: Collection[str],
    threshold: int,
    kept: Collection[Member] = (),
    told: Collection[Member] = (),
) -> dict[str, Counts]:
    """County code → its counts, for the counties named. `told`: rows whose present value readers have seen before."""
    own = {n: _of_counties(tables, n, counties) for n in (*FACTS, *_CENSUS, "fct_figure_fact")}
    stated = _Stated(own["fct_observation"], own["fct_project_output"], own["fct_figure_fact"], tables)
    found = {code: _Builder() for code in counties}
    stated.into(found)
    parts = [own[n].partition_by("county_code", as_dict=True) for n in _CENSUS]
    for code in counties:
        population, covariates, outlook = (p.get((code,), own[n].clear()) for p, n in zip(parts, _CENSUS, strict=True))
        _Census(found[code], population, covariates, outlook, threshold)
    return {code: builder.counts(threshold, set(kept), set(told)) for code, builder in found.items()}


def protected_observations(tables: Tables) -> pl.Expr:
    """Which rows of fct_observation, joined with the nature of their indicator, are counts of persons: units that count people,
    stocks and flows, no standards (a norm of one worker a station counts nobody)."""
    people = [u.code for u in registry.units().values() if u.counts_people]
    natures = dict(tables["dim_indicator"].select("indicator_id", "nature").iter_rows())
    nature = pl.col("indicator_id").replace_strict(natures, default=None, return_dtype=pl.String)
    return pl.col("unit").is_in(people) & nature.is_in(["stock", "flow"]) & (pl.col("measure") != "standard")


class _Builder:
    """Collects cells and relations of one county."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.members: dict[str, list[Member]] = {}
        self.relations: list[Relation] = []
        self.fixed: set[str] = set()

    def cell(self, name: str, value: float | None, members: Iterable[Member], *, fixed: bool = False) -> None:
        self.members[name] = list(members)
        if value is not None:
            self.values[name] = value
            if fixed:
                self.fixed.add(name)

    def equal(self, name: str, total: str | float, parts: Iterable[str]) -> None:
        """``Σ parts = total`` with the gap that the values have; a total may be a number that is known."""
        terms = [(p, 1.0) for p in parts] + ([(total, -1.0)] if isinstance(total, str) else [])
        gap = sum(self.values[c] * k for c, k in terms)
        self.bound(name, terms, gap, gap)

    def bound(
        self, name: str, terms: Iterable[tuple[str, float]], lower: float, upper: float, carriers: tuple[str, ...] = ()
    ) -> None:
        """A relation that the values satisfy: bounds that they miss (a count printed differently elsewhere) are widened."""
        merged: dict[str, float] = {}
        for cell, coefficient in terms:
            merged[cell] = merged.get(cell, 0.0) + coefficient
        value = sum(self.values[c] * k for c, k in merged.items())
        kept = tuple((c, k) for c, k in merged.items() if k)
        self.relations.append(
            Relation(f"{len(self.relations)}:{name}", kept, min(lower, value), max(upper, value), carriers)
        )

    def adds_up(self, total: str) -> bool:
        """Whether a sum that makes up this cell is known already."""
        known = (dict(r.terms) for r in self.relations if len(r.terms) > 2)
        return any(
            total in terms and all(c * terms[total] < 0 for cell, c in terms.items() if cell != total)
            for terms in known
        )

    def counts(self, threshold: int, kept: set[Member], told: set[Member]) -> Counts:
        small = {c for c, v in self.values.items() if 0 < v < threshold}
        again = {c for c, rows in self.members.items() if kept.intersection(rows)}
        seen = frozenset(c for c, rows in self.members.items() if told.intersection(rows))
        block = Block(self.values, tuple(self.relations), frozenset(self.fixed - small - again), seen)
        return Counts(block, frozenset(small | again), {c: tuple(m) for c, m in self.members.items()})


class _Stated:
    """Observations and project outputs: one cell per quantity, breakdowns, and the declared relations between indicators."""

    def __init__(
        self, observations: pl.DataFrame, outputs: pl.DataFrame, numerals: pl.DataFrame, tables: Tables
    ) -> None:
        people = [u.code for u in registry.units().values() if u.counts_people]
        self.observations = observations.filter(pl.col("value").is_not_null())
        self.outputs = outputs.filter(pl.col("quantity").is_not_null())
        counted = self.observations.filter(protected_observations(tables))["observation_id"]
        trained = self.outputs.filter(pl.col("unit").is_in(people))["output_id"]
        self.counted = set(counted) | set(trained)
        self.tables = tables
        self.census = _census_numbers(tables["fct_population"], tables["fct_census_covariate"])
        self._group(numerals)

    def _group(self, numerals: pl.DataFrame) -> None:
        """Rows that state one quantity: same identity, a repetition, or fed by the same numeral with the same value."""
        self.rows: dict[str, Row] = {}
        self.leader: dict[str, str] = {}
        first: dict[tuple[object, ...], str] = {}
        for id_, row, identity in self._facts():
            self.rows[id_], self.leader[id_] = row, id_
            self._join(id_, first.setdefault(identity, id_))
        for id_, row in self.rows.items():
            if row.get("restates") in self.rows:
                self._join(id_, row["restates"])
        for one, two in self._sharing(numerals):
            if self.rows[one]["amount"] == self.rows[two]["amount"]:
                self._join(one, two)

    def _facts(self) -> Iterator[tuple[str, Row, tuple[object, ...]]]:
        for row in self.observations.sort("observation_id").iter_rows(named=True):
            start = row["period_start"] if row["measure"] in ("cumulative", "planned") else None
            measure = "promise" if row["measure"] in PROMISES else row["measure"]
            identity = (
                row["county_code"],
                row["indicator_id"],
                row["breakdown"],
                row["target_level"],
                measure,
                start,
                row["period_end"],
                row["project_id"],
            )
            yield (
                row["observation_id"],
                {**row, "amount": row["value"], "table": "fct_observation", "start": start, "kind": measure},
                identity,
            )
        for row in self.outputs.sort("output_id").iter_rows(named=True):
            promised = ("output", row["project_id"], row["output"], row["label"], row["increment"])
            yield row["output_id"], {**row, "amount": row["quantity"], "table": "fct_project_output"}, promised

    def _sharing(self, numerals: pl.DataFrame) -> Iterator[tuple[str, str]]:
        fed: dict[tuple[object, ...], list[str]] = defaultdict(list)
        for row in numerals.sort("fact_id").iter_rows(named=True):
            if row["fact_id"] in self.rows:
                fed[row["county_code"], row["source_line"], row["occurrence"]].append(row["fact_id"])
        for ids in fed.values():
            yield from pairwise(ids)

    def _root(self, id_: str) -> str:
        while self.leader[id_] != id_:
            id_ = self.leader[id_] = self.leader[self.leader[id_]]
        return id_

    def _join(self, one: str, two: str) -> None:
        a, b = sorted((self._root(one), self._root(two)))
        self.leader[b] = a

    def into(self, builders: Mapping[str, _Builder]) -> None:
        groups: dict[str, list[str]] = defaultdict(list)
        for id_ in self.rows:
            groups[self._root(id_)].append(id_)
        self.cell_of = {id_: root for root, ids in groups.items() for id_ in ids}
        for root, ids in groups.items():
            amounts = [self.rows[i]["amount"] for i in ids if i in self.counted]
            positive = [a for a in amounts if a > 0]
            value = min(positive or amounts) if amounts else None
            builders[self.rows[root]["county_code"]].cell(root, value, ((self.rows[i]["table"], (i,)) for i in ids))
        self._breakdowns(builders)
        self._declared(builders)
        self._lines(builders)

    def _breakdowns(self, builders: Mapping[str, _Builder]) -> None:
        """A total and its parts by one dimension: equal when they add up, else the parts are no more than the total."""
        series: dict[tuple[object, ...], dict[frozenset[str], str]] = defaultdict(dict)
        for id_ in sorted(self.counted & set(self.observations["observation_id"])):
            row = self.rows[id_]
            same: tuple[object, ...] = (
                row["county_code"],
                row["indicator_id"],
                row["target_level"],
                row["kind"],
                row["start"],
                row["period_end"],
                row["project_id"],
            )
            series[same][frozenset(filter(None, (row["breakdown"] or "").split(";")))] = self.cell_of[id_]
        for same, cells in series.items():
            for whole, total in cells.items():
                by: dict[str, list[str]] = defaultdict(list)
                for part, cell in cells.items():
                    if len(extra := part - whole) == 1 and whole < part:
                        by[next(iter(extra)).partition("=")[0]].append(cell)
                for dimension, parts in ((d, p) for d, p in by.items() if d != "bound"):
                    self._parts(builders[str(same[0])], f"{same[1]} by {dimension}", total, parts)

    def _parts(self, builder: _Builder, name: str, total: str, parts: list[str]) -> None:
        whole, added = builder.values[total], sum(builder.values[p] for p in parts)
        if abs(added - whole) <= _ROUNDING * whole:
            builder.equal(name, total, parts)
        elif added < whole:
            builder.bound(name, [(total, 1.0), *((p, -1.0) for p in parts)], 0.0, float("inf"))

    def _declared(self, builders: Mapping[str, _Builder]) -> None:
        """The relations of the contradiction rules, over yearly reports as well as over the plan."""
        said = self.observations.with_columns(place=pl.lit("prose"))
        mine = pl.col("county_code").is_in(list(builders))
        facts = Facts.of(
            dim_indicator=self.tables["dim_indicator"],
            fct_project=self.tables["fct_project"].filter(mine),
            fct_population=self.tables["fct_population"].filter(mine),
            fct_observation=said,
            fct_project_output=self.outputs.drop("county_code"),
        )
        for found in linear_bounds(facts, self.counted):
            terms = [(self.cell_of[i], c) for i, c in found.terms]
            carriers = tuple(sorted({self.cell_of[i] for i in found.known if i in self.cell_of}))
            builders[found.county_code].bound(found.relation_id, terms, found.lower, found.upper, carriers)

    def _lines(self, builders: Mapping[str, _Builder]) -> None:
        """What anybody works out who reads one line of the document, declared or not: counts of which some add up to another, a
        count that a printed share gives of another or of a census, and a count that an amount of money gives at a printed rate."""
        lines: dict[tuple[str, int], list[str]] = defaultdict(list)
        for id_, row in self.rows.items():
            if row["source_line"] is not None:
                lines[row["county_code"], row["source_line"]].append(id_)
        for (county, line), ids in sorted(lines.items()):
            builder, cells = builders[county], sorted({self.cell_of[i] for i in ids if i in self.counted})
            if cells:
                self._sums(builder, f"line {line}", cells)
                for rate in (i for i in ids if self.rows[i]["unit"] in RATES):
                    self._shares(builder, f"share on line {line}", rate, cells, self.census.get(county, []))
                self._money(builder, f"money on line {line}", ids, cells)

    @staticmethod
    def _sums(builder: _Builder, name: str, cells: list[str]) -> None:
        for total in (c for c in cells if not builder.adds_up(c)):
            others = [c for c in cells if c != total and 0 < builder.values[c] < builder.values[total]][:_MANY]
            for n in range(2, len(others) + 1):
                for parts in combinations(others, n):
                    if sum(builder.values[p] for p in parts) == builder.values[total]:
                        builder.equal(name, total, parts)

    def _shares(self, builder: _Builder, name: str, rate: str, cells: list[str], census: list[float]) -> None:
        """A rate, the rest that it leaves, and growth by it, of another count of the line or of a number of the census."""
        row = self.rows[rate]
        share, room = row["amount"] * SCALE.get(row["unit"], 1.0), rounding(row["value_as_printed"], rate=True)
        if share <= 0:
            return
        carrier = (self.cell_of[rate],)
        for factor in (f for f in (share, 1.0 - share, 1.0 + share) if f > 0):
            for part, whole in permutations(cells, 2):
                slack = share * builder.values[whole] * room
                if abs(builder.values[part] - factor * builder.values[whole]) <= slack:
                    builder.bound(name, [(part, 1.0), (whole, -factor)], -slack, slack, carrier)
        for part, base in product(cells, census):
            slack = share * base * room
            if abs(builder.values[part] - share * base) <= slack:
                builder.bound(name, [(part, 1.0)], share * base - slack, share * base + slack, carrier)

    def _money(self, builder: _Builder, name: str, ids: list[str], cells: list[str]) -> None:
        """An amount that is a printed rate for each of so many people."""

        def money(id_: str) -> tuple[float, float]:
            row = self.rows[id_]
            scale = SCALE["wan_yuan"] if row["unit"] == "wan_yuan" else 1.0
            return row["amount"] * scale, rounding(row["value_as_printed"], rate=True)

        paid, rates = ([i for i in ids if self.rows[i]["unit"] in units] for units in (_AMOUNTS, _PRICES))
        for amount, rate in ((a, r) for a, r in product(paid, rates) if a != r):
            (whole, room), (price, room_of_price) = money(amount), money(rate)
            for cell, times in product(cells, _TIMES if whole > 0 and price > 0 else ()):
                people, slack = whole / (price * times), room + room_of_price
                if abs(builder.values[cell] - people) <= people * slack + _CENT:
                    carriers = (self.cell_of[amount], self.cell_of[rate])
                    low, high = (people * (1 + s) for s in (-slack, slack))
                    builder.bound(name, [(cell, 1.0)], low, high, carriers)


class _Census:
    """Population by sex and age with its sums: sexes, nested ages, residents of the county, and the base year of the outlook."""

    def __init__(
        self,
        builder: _Builder,
        population: pl.DataFrame,
        covariates: pl.DataFrame,
        outlook: pl.DataFrame,
        threshold: int,
    ) -> None:
        self.builder, self.threshold = builder, threshold
        self.people: dict[tuple[int, str, str, int, int | None], str] = {
            (r["year"], r["basis"], r["sex"], r["age_from"], r["age_to"]): self._name(r)
            for r in population.filter(pl.col("persons").is_not_null()).iter_rows(named=True)
        }
        for row in population.filter(pl.col("persons").is_not_null()).iter_rows(named=True):
            key = tuple(row[k] for k in registry.table("fct_population").key)
            builder.cell(self._name(row), float(row["persons"]), [("fct_population", key)])
        self._ages()
        self._sexes()
        self._covariates(covariates)
        self._outlook(outlook)

    @staticmethod
    def _name(row: Row) -> str:
        return f"population {row['year']} {row['basis']} {row['sex']} {row['age_from']}-{'' if row['age_to'] is None else row['age_to']}"

    def _sexes(self) -> None:
        for (year, basis, sex, start, end), both in self.people.items():
            parts = [self.people.get((year, basis, s, start, end)) for s in ("male", "female")]
            if sex == "both" and all(parts):
                self.builder.equal("sexes", both, [p for p in parts if p])

    def _ages(self) -> None:
        """An age group that the finer ones of the same year, basis and sex make up without gap."""
        series: dict[tuple[object, ...], dict[tuple[int, int | None], str]] = defaultdict(dict)
        for (year, basis, sex, start, end), cell in self.people.items():
            series[year, basis, sex][start, end] = cell
        for groups in series.values():
            finest = dict(sorted(groups.items(), key=lambda g: -_end(g[0])))
            for (start, end), whole in groups.items():
                inner = {
                    a: (b, c)
                    for (a, b), c in finest.items()
                    if c != whole and start <= a and _end((a, b)) <= _end((start, end))
                }
                parts, age = [], start
                while age in inner:
                    last, cell = inner[age]
                    parts.append(cell)
                    if last == end:
                        self.builder.equal("ages", whole, parts)
                        break
                    age = _end((age, last)) + 1

    def _from(self, year: int, age: int, sex: str = "both", basis: str = "resident") -> list[str]:
        """The finest cells that make up everybody of an age and older; both sexes are men and women where they are given."""
        mine = {k: c for k, c in self.people.items() if k[0] == year and k[1] == basis}
        sexes = ("male", "female") if sex == "both" and any(k[2] == "male" for k in mine) else (sex,)
        chosen = [(k, c) for k, c in mine.items() if k[2] in sexes and k[3] >= age]
        return [
            c
            for k, c in chosen
            if not any(o[2] == k[2] and o != k and o[3] >= k[3] and _end(o[3:]) <= _end(k[3:]) for o, _ in chosen)
        ]

    def _sum(self, cells: list[str]) -> float:
        return sum(self.builder.values[c] for c in cells)

    def _covariates(self, covariates: pl.DataFrame) -> None:
        people = [u.code for u in registry.units().values() if u.counts_people]
        for row in covariates.filter(pl.col("unit").is_in(people) & pl.col("value").is_not_null()).iter_rows(
            named=True
        ):
            name = f"covariate {row['year']} {row['variable']}"
            key = tuple(row[k] for k in registry.table("fct_census_covariate").key)
            self.builder.cell(name, row["value"], [("fct_census_covariate", key)], fixed=True)
            cells = self._from(row["year"], 0, basis=row["variable"])
            if cells and abs(self._sum(cells) - row["value"]) <= _ROUNDING * row["value"]:
                self.builder.equal(name, name, cells)

    def _outlook(self, outlook: pl.DataFrame) -> None:
        """The base year of the outlook repeats the census; sums of both sexes stand in so many places that they stay."""
        known = outlook.filter(pl.col("p50").is_not_null())
        if known.is_empty():
            return
        base = known["year"].min()
        assert isinstance(base, int)
        for row in known.iter_rows(named=True):
            name = f"outlook {row['year']} {row['age_band']} {row['sex']}"
            key = tuple(row[k] for k in registry.table("mart_elderly_outlook").key)
            self.builder.cell(name, row["p50"], [("mart_elderly_outlook", key)], fixed=row["sex"] == "both")
            cells = self._from(base, BANDS[row["age_band"]], row["sex"]) if row["year"] == base else []
            if cells and abs(self._sum(cells) - row["p50"]) < 0.5:
                self.builder.equal(name, name, cells)
        for age in KNOWN_FROM:
            cells = self._from(base, age)
            if cells and self._sum(cells) >= self.threshold:
                self.builder.equal(f"known from {age}", self._sum(cells), cells)


def _census_numbers(population: pl.DataFrame, covariates: pl.DataFrame) -> dict[str, list[float]]:
    """County → its people of all ages and from each age of KNOWN_FROM on, and whom else a census counts, in every census and on
    every basis that is published: a plan may set a share against an earlier census, a yearly report against a later one."""
    own = population.filter(pl.col("sex") != "both")
    sums = [pl.col("persons").filter(pl.col("age_from") >= age).sum().alias(str(age)) for age in KNOWN_FROM]
    ages = own.group_by("county_code", "year", "basis").agg(sums).drop("year", "basis")
    people = [u.code for u in registry.units().values() if u.counts_people]
    others = covariates.filter(pl.col("unit").is_in(people)).select("county_code", "value")
    found: dict[str, set[float]] = defaultdict(set)
    for code, *numbers in (*ages.iter_rows(), *others.iter_rows()):
        found[code].update(float(n) for n in numbers if n)
    return {code: sorted(numbers) for code, numbers in found.items()}


def _end(ages: tuple[int, int | None]) -> int:
    """The last age of a group; far beyond any when it is open."""
    return OPEN if ages[1] is None else ages[1]


def _counted(tables: Tables) -> Iterator[tuple[str, pl.Expr, pl.Expr]]:
    """Table, its county and its number of persons (null where a row counts something else)."""
    people = [u.code for u in registry.units().values() if u.counts_people]
    owner = dict(tables["fct_project"].select("project_id", "county_code").iter_rows())
    county, persons = pl.col("county_code"), pl.col("unit").is_in(people)
    yield "fct_observation", county, pl.when(protected_observations(tables)).then("value")
    yield (
        "fct_project_output",
        pl.col("project_id").replace_strict(owner, default=None, return_dtype=pl.String),
        pl.when(persons).then("quantity"),
    )
    yield "fct_population", county, pl.col("persons")
    yield "fct_census_covariate", county, pl.when(persons).then("value")
    yield "mart_elderly_outlook", county, pl.col("p50")


def _keys_by_county(tables: Tables) -> Iterator[tuple[str, dict[tuple[object, ...], str]]]:
    for name, county, _ in _counted(tables):
        key = registry.table(name).key
        frame = tables[name].select(*key, __county=county)
        yield name, {tuple(row[:-1]): row[-1] for row in frame.iter_rows()}


def _of_counties(tables: Tables, name: str, counties: Collection[str]) -> pl.DataFrame:
    frame = tables[name]
    if "county_code" not in frame.columns:
        frame = frame.join(
            tables["fct_project"].select("project_id", "county_code"),
            on="project_id",
            how="left",
            maintain_order="left",
        )
    return frame.filter(pl.col("county_code").is_in(list(counties)))
