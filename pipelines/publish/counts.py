"""Which cells of the tables count persons, which of them are small, and which sums and shares tie them together: the blocks
that disclosure.py works on. A cell is one quantity, however often the document states it; a block is a county."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, pairwise, permutations, product
from typing import Any

import polars as pl

from pipelines import registry
from pipelines.forecast.product import resting
from pipelines.publish.disclosure import Block, Relation
from pipelines.reconcile.facts import RATES, SCALE, Facts, rounding
from pipelines.reconcile.linear import Bound, linear_bounds

Tables = Mapping[str, pl.DataFrame]
Row = dict[str, Any]
Member = tuple[str, tuple[object, ...]]  # table and key of a row
Said = tuple[str, float]  # a cell, and the value that is printed for it here

FACTS = {"fct_observation": "observation_id", "fct_project_output": "output_id"}
_CENSUS = ("fct_population", "fct_census_covariate", "mart_elderly_outlook")
BANDS = {"60+": 60, "65+": 65, "80+": 80}
KNOWN_FROM = (0, *BANDS.values())  # ages from which on the people of a census stand in many places of a release
OPEN = 999
PROMISES = ("target", "planned")
_MANY = 20  # counts of one line that are tried for sums
_SUMS = 3  # sums on one line that make up one count; where there are more, most are there by chance
_WAYS = 64  # ways of taking a quantity apart that are looked at
_PAST = ("actual", "cumulative")
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
    stated = _Stated(own["fct_observation"], own["fct_project_output"], own["fct_figure_fact"], tables, threshold)
    found = {code: _Builder() for code in counties}
    stated.into(found)
    parts = [own[n].partition_by("county_code", as_dict=True) for n in _CENSUS]
    for code in counties:
        population, covariates, outlook = (p.get((code,), own[n].clear()) for p, n in zip(parts, _CENSUS, strict=True))
        _Census(found[code], population, covariates, outlook, threshold)
    return {code: builder.counts(threshold, set(kept), set(told)) for code, builder in found.items()}


def protected_observations(tables: Tables) -> pl.Expr:
    """Which rows of fct_observation, joined with the nature of their indicator, are counts of persons: indicators that the registry
    says count people (a case of adoption is a child), else units that do; stocks and flows, no standards (a norm of one worker a
    station counts nobody)."""
    people = [u.code for u in registry.units().values() if u.counts_people]
    natures = dict(tables["dim_indicator"].select("indicator_id", "nature").iter_rows())
    nature = pl.col("indicator_id").replace_strict(natures, default=None, return_dtype=pl.String)
    named = pl.col("indicator_id").replace_strict(registry.people(), default=None, return_dtype=pl.Boolean)
    return (
        named.fill_null(pl.col("unit").is_in(people))
        & nature.is_in(["stock", "flow"])
        & (pl.col("measure") != "standard")
    )


class _Builder:
    """Collects cells and relations of one county."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.printed: dict[str, tuple[float, ...]] = {}
        self.members: dict[str, list[Member]] = {}
        self.relations: list[Relation] = []
        self.fixed: set[str] = set()
        self.together: list[frozenset[str]] = []
        self._known: set[object] = set()

    def cell(self, name: str, values: Iterable[float], members: Iterable[Member], *, fixed: bool = False) -> None:
        """A quantity with every value that is printed for it: it is worth the least above zero, and the others lie a known step
        away from that, so that a relation that holds for any of them bounds it."""
        self.members[name] = list(members)
        known = sorted(set(values))
        if known:
            self.printed[name] = tuple(known)
            self.values[name] = next((v for v in known if v > 0), known[0])
            if fixed:
                self.fixed.add(name)

    def rest(self, name: str, value: float) -> str:
        """A quantity that is printed nowhere and is left when others are taken away."""
        cell = f"{len(self.values)}:rest of {name}"
        self.cell(cell, (value,), ())
        return cell

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
        what = (frozenset(kept), min(lower, value), max(upper, value), carriers)
        if kept and what not in self._known:
            self._known.add(what)
            self.relations.append(Relation(f"{len(self.relations)}:{name}", kept, *what[1:]))

    def said(
        self,
        name: str,
        terms: Iterable[tuple[str, float, float]],
        lower: float,
        upper: float,
        carriers: tuple[str, ...] = (),
    ) -> None:
        """A relation between printed values: cell, its value here, coefficient."""
        known = list(terms)
        step = sum(k * (value - self.values[c]) for c, value, k in known)
        self.bound(name, [(c, k) for c, _, k in known], lower - step, upper - step, carriers)

    def counts(self, threshold: int, kept: set[Member], told: set[Member]) -> Counts:
        small = {c for c, v in self.values.items() if 0 < v < threshold}
        again = {c for c, rows in self.members.items() if kept.intersection(rows)}
        seen = frozenset(c for c, rows in self.members.items() if told.intersection(rows))
        block = Block(
            self.values, tuple(self.relations), frozenset(self.fixed - small - again), seen, tuple(self.together)
        )
        return Counts(block, frozenset(small | again), {c: tuple(m) for c, m in self.members.items()})


class _Stated:
    """Observations and project outputs: one cell per quantity, breakdowns, and the declared relations between indicators."""

    def __init__(
        self, observations: pl.DataFrame, outputs: pl.DataFrame, numerals: pl.DataFrame, tables: Tables, threshold: int
    ) -> None:
        people = [u.code for u in registry.units().values() if u.counts_people]
        self.observations = observations.filter(pl.col("value").is_not_null())
        self.outputs = outputs.filter(pl.col("quantity").is_not_null())
        counted = self.observations.filter(protected_observations(tables))["observation_id"]
        trained = self.outputs.filter(pl.col("unit").is_in(people))["output_id"]
        self.counted = set(counted) | set(trained)
        _, self.summed = resting({**tables, "fct_observation": observations, "fct_project_output": outputs})
        self.tables, self.threshold = tables, threshold
        kinds = tables["dim_indicator"].select("indicator_id", "nature", "additivity").iter_rows()
        self.nature = {i: (nature, additivity) for i, nature, additivity in kinds}
        self.census = _census_numbers(tables["fct_population"], tables["fct_census_covariate"])
        self._group(numerals)

    def _group(self, numerals: pl.DataFrame) -> None:
        """Rows that state one quantity: same identity, the same but for the first year with the same value, a repetition, or fed
        by the same numeral with the same value."""
        self.rows: dict[str, Row] = {}
        self.leader: dict[str, str] = {}
        first: dict[tuple[object, ...], str] = {}
        for id_, row, identity in self._facts():
            self.rows[id_], self.leader[id_] = row, id_
            self._join(id_, first.setdefault(identity, id_))
            if "start" in row:
                self._join(id_, first.setdefault((*identity[:5], *identity[6:], row["amount"]), id_))
        for id_, row in self.rows.items():
            if row.get("restates") in self.rows:
                self._join(id_, row["restates"])
        for one, two in self._sharing(numerals):
            if self.rows[one]["amount"] == self.rows[two]["amount"]:
                self._join(one, two)

    def _facts(self) -> Iterator[tuple[str, Row, tuple[object, ...]]]:
        for row in self.observations.sort("observation_id").iter_rows(named=True):
            spanned = self.nature[row["indicator_id"]][0] == "flow" or row["measure"] in ("cumulative", "planned")
            start = row["period_start"] if spanned else None  # a stock is that of its last year
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
            members = ((self.rows[i]["table"], (i,)) for i in ids)
            builders[self.rows[root]["county_code"]].cell(root, amounts, members)
            if not self.summed.isdisjoint(ids):  # projections would be wrong without it
                builders[self.rows[root]["county_code"]].fixed.add(root)
        self._breakdowns(builders)
        self._periods(builders)
        self._declared(builders)
        self._lines(builders)

    def _breakdowns(self, builders: Mapping[str, _Builder]) -> None:
        """A total and its parts by one dimension, each of them taken apart by others where it is not printed itself."""
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
                for parts in islice(_taken_apart(cells, whole), _WAYS):
                    self._parts(builders[str(same[0])], f"{same[1]} by parts", total, parts)

    def _periods(self, builders: Mapping[str, _Builder]) -> None:
        """What happened over some years and over single ones of them, where the registry says that years may be added."""
        series: dict[tuple[object, ...], dict[str, tuple[int, int]]] = defaultdict(dict)
        for id_ in sorted(self.counted & set(self.observations["observation_id"])):
            row = self.rows[id_]
            if self.nature[row["indicator_id"]] == ("flow", "additive") and row["period_end"] is not None:
                kind = "past" if row["measure"] in _PAST else row["kind"]
                same: tuple[object, ...] = (
                    row["county_code"],
                    row["indicator_id"],
                    row["target_level"],
                    kind,
                    row["breakdown"],
                    row["project_id"],
                )
                span = (row["period_end"] if row["period_start"] is None else row["period_start"], row["period_end"])
                series[same][self.cell_of[id_]] = span
        for key, spans in series.items():
            for total, (start, end) in spans.items():
                inner = {
                    c: s for c, s in spans.items() if c != total and s != (start, end) and start <= s[0] <= s[1] <= end
                }
                for parts in _in_a_row(inner, start):
                    years = sum(spans[p][1] - spans[p][0] + 1 for p in parts)
                    self._parts(
                        builders[str(key[0])], f"{key[1]} by years", total, parts, whole=years == end - start + 1
                    )

    def _parts(self, builder: _Builder, name: str, total: str, parts: Collection[str], *, whole: bool = False) -> None:
        """Parts that make up their total in some print of both; or leave a rest, which is a small count of its own where nobody
        says that it is none (`whole`); or are no more than the total."""
        prints = list(islice(product(*(builder.printed[c] for c in (total, *parts))), _WAYS))
        left = [all_ - sum(rest) for all_, *rest in prints]
        few = [n for n, gap in enumerate(left) if 0 < gap < self.threshold and not whole]
        near = any(abs(gap) <= _ROUNDING * all_[0] for gap, all_ in zip(left, prints, strict=True))
        if 0 in left or (near and not few):
            builder.equal(name, total, parts)
            return
        for n in (n for n, gap in enumerate(left) if gap > 0):
            terms = [(total, prints[n][0], 1.0), *((p, v, -1.0) for p, v in zip(parts, prints[n][1:], strict=True))]
            if n in few:
                builder.said(name, [*terms, (builder.rest(name, left[n]), left[n], -1.0)], 0.0, 0.0)
            else:
                builder.said(name, terms, 0.0, float("inf"))

    def _declared(self, builders: Mapping[str, _Builder]) -> None:
        """The relations of the contradiction rules, over yearly reports as well as over the plan; once more for each other choice
        among the values that are printed for one quantity. Where a relation holds for some of them, readers take it from those."""
        said = self.observations.with_columns(place=pl.lit("prose"))
        plain = list(self._bounds(said, list(builders)))
        broken, holding = (self._alike(plain, holds) for holds in (False, True))
        for other in self._other_prints(builders):
            here = pl.col("county_code").is_in(list(other.values())) & ~pl.col("observation_id").is_in(list(other))
            own = said.filter(here).with_columns(restates=pl.lit(None, pl.String))
            for key, bounds in self._alike(self._bounds(own, sorted(set(other.values()))), True).items():
                holding[key] += bounds
        for bound in (b for bounds in {**broken, **holding}.values() for b in bounds):
            terms = [(self.cell_of[i], self.rows[i]["amount"], c) for i, c in bound.terms]
            carriers = tuple(sorted({self.cell_of[i] for i in bound.known if i in self.cell_of}))
            builders[bound.county_code].said(bound.relation_id, terms, bound.lower, bound.upper, carriers)

    def _alike(self, bounds: Iterable[Bound], holds: bool) -> dict[object, list[Bound]]:
        """Bounds of relations that hold (or do not), by what they are about."""
        found: dict[object, list[Bound]] = defaultdict(list)
        for bound in (b for b in bounds if b.holds == holds):
            found[bound.county_code, bound.relation_id, frozenset(self.cell_of[i] for i, _ in bound.terms)].append(
                bound
            )
        return found

    def _bounds(self, said: pl.DataFrame, counties: list[str]) -> Iterator[Bound]:
        mine = pl.col("county_code").is_in(counties)
        facts = Facts.of(
            dim_indicator=self.tables["dim_indicator"],
            fct_project=self.tables["fct_project"].filter(mine),
            fct_population=self.tables["fct_population"].filter(mine),
            fct_observation=said,
            fct_project_output=self.outputs.filter(mine).drop("county_code"),
        )
        return linear_bounds(facts, self.counted)

    def _other_prints(self, builders: Mapping[str, _Builder]) -> Iterator[dict[str, str]]:
        """For each choice of one value per quantity: the observations that print another one, with their county."""
        choices: dict[str, Iterator[tuple[float, ...]]] = {}
        several: dict[str, dict[str, tuple[float, ...]]] = {}
        for code, builder in builders.items():
            own = {c: printed for c, printed in builder.printed.items() if len(printed) > 1 and c in self.rows}
            if own:
                several[code], choices[code] = own, islice(product(*own.values()), _WAYS)
        for _ in range(_WAYS if several else 0):
            chosen = {
                (code, c): v
                for code, picked in choices.items()
                for c, v in zip(several[code], next(picked, ()), strict=False)
            }
            if not chosen:
                return
            counties = {code for code, _ in chosen}
            cells = {i: (self.rows[i]["county_code"], self.cell_of[i]) for i in self.counted}
            yield {
                i: key[0]
                for i, key in cells.items()
                if key[0] in counties and chosen.get(key, self.rows[i]["amount"]) != self.rows[i]["amount"]
            }

    def _lines(self, builders: Mapping[str, _Builder]) -> None:
        """What anybody works out who reads one line of the document, declared or not: counts of which some add up to another, a
        count that a printed share gives of another or of a census, and a count that an amount of money gives at a printed rate."""
        lines: dict[tuple[str, int], list[str]] = defaultdict(list)
        for id_, row in self.rows.items():
            if row["source_line"] is not None:
                lines[row["county_code"], row["source_line"]].append(id_)
        for (county, line), ids in sorted(lines.items()):
            builder = builders[county]
            said = sorted({(self.cell_of[i], float(self.rows[i]["amount"])) for i in ids if i in self.counted})
            if said:
                self._sums(builder, f"line {line}", said)
                for rate in (i for i in ids if self.rows[i]["unit"] in RATES):
                    self._shares(builder, f"share on line {line}", rate, said, self.census.get(county, []))
                self._money(builder, f"money on line {line}", ids, said)

    @staticmethod
    def _sums(builder: _Builder, name: str, said: list[Said]) -> None:
        """Counts that add up to another one. Where there are too many counts to try, or so many sums that most are there by chance,
        the counts of the line are left out together."""
        sums: list[tuple[Said, list[Said]]] = []
        for cell, total in said:
            others = [s for s in said if s[0] != cell and 0 < s[1] < total]
            found = list(islice(_adding_up([v for _, v in others], total), _SUMS + 1)) if len(others) <= _MANY else []
            if len(others) > _MANY or len(found) > _SUMS:
                builder.together.append(frozenset(c for c, v in said if v > 0))
                return
            sums += [((cell, total), [others[n] for n in chosen]) for chosen in found]
        for (cell, total), parts in sums:
            if len({c for c, _ in parts}) == len(parts):
                builder.said(name, [(cell, total, -1.0), *((c, v, 1.0) for c, v in parts)], 0.0, 0.0)

    def _shares(self, builder: _Builder, name: str, rate: str, said: list[Said], census: list[float]) -> None:
        """A rate, the rest that it leaves, and growth by it, of another count of the line or of a number of the census."""
        row = self.rows[rate]
        share, room = row["amount"] * SCALE.get(row["unit"], 1.0), rounding(row["value_as_printed"], rate=True)
        if share <= 0:
            return
        carrier = (self.cell_of[rate],)
        for factor in (f for f in (share, 1.0 - share, 1.0 + share) if f > 0):
            for (part, few), (whole, all_) in permutations(said, 2):
                slack = share * all_ * room
                if part != whole and abs(few - factor * all_) <= slack:
                    builder.said(name, [(part, few, 1.0), (whole, all_, -factor)], -slack, slack, carrier)
        for (part, few), base in product(said, census):
            slack = share * base * room
            if abs(few - share * base) <= slack:
                builder.said(name, [(part, few, 1.0)], share * base - slack, share * base + slack, carrier)

    def _money(self, builder: _Builder, name: str, ids: list[str], said: list[Said]) -> None:
        """An amount that is a printed rate for each of so many people."""

        def money(id_: str) -> tuple[float, float]:
            row = self.rows[id_]
            scale = SCALE["wan_yuan"] if row["unit"] == "wan_yuan" else 1.0
            return row["amount"] * scale, rounding(row["value_as_printed"], rate=True)

        paid, rates = ([i for i in ids if self.rows[i]["unit"] in units] for units in (_AMOUNTS, _PRICES))
        for amount, rate in ((a, r) for a, r in product(paid, rates) if a != r):
            (whole, room), (price, room_of_price) = money(amount), money(rate)
            for (cell, few), times in product(said, _TIMES if whole > 0 and price > 0 else ()):
                people, slack = whole / (price * times), room + room_of_price
                if abs(few - people) <= people * slack + _CENT:
                    carriers = (self.cell_of[amount], self.cell_of[rate])
                    low, high = (people * (1 + s) for s in (-slack, slack))
                    builder.said(name, [(cell, few, 1.0)], low, high, carriers)


def _taken_apart(cells: Mapping[frozenset[str], str], whole: frozenset[str]) -> Iterator[tuple[str, ...]]:
    """Every way to make up a breakdown of the cells below it: by one dimension, what is not printed itself by others."""
    by: dict[str, set[str]] = defaultdict(set)
    for more in (extra for part in cells if whole < part for extra in part - whole):
        by[more.partition("=")[0]].add(more)
    for values in (v for dimension, v in sorted(by.items()) if dimension != "bound"):
        below = [whole | {value} for value in sorted(values)]
        ways = [[(cells[b],)] if b in cells else list(islice(_taken_apart(cells, b), _WAYS)) for b in below]
        for chosen in product(*(w for w in ways if w)):
            parts = [cell for some in chosen for cell in some]
            if parts and len(set(parts)) == len(parts):
                yield tuple(parts)


def _in_a_row(spans: Mapping[str, tuple[int, int]], start: int) -> list[tuple[str, ...]]:
    """Cells whose years follow each other without overlap, from `start` on, as many as fit."""

    def after(year: int) -> Iterator[tuple[str, ...]]:
        following = [c for c, (a, _) in spans.items() if a >= year]
        for cell in following:
            for rest in after(spans[cell][1] + 1):
                yield (cell, *rest)
        yield ()

    found = {frozenset(chain): chain for chain in islice(after(start), _WAYS * _WAYS) if chain}
    longest = [chain for one, chain in found.items() if not any(one < other for other in found)]
    return sorted(longest)[:_WAYS]


def _adding_up(values: list[float], total: float) -> Iterator[tuple[int, ...]]:
    """Places of two or more values that add up to the total: all sums of one half, met by those of the other."""
    half = len(values) // 2

    def sums(start: int, stop: int) -> dict[float, list[tuple[int, ...]]]:
        found: dict[float, list[tuple[int, ...]]] = {0.0: [()]}
        for n in range(start, stop):
            more = [(round(s + values[n], 6), [(*c, n) for c in chosen]) for s, chosen in found.items()]
            for s, chosen in more:
                found.setdefault(s, []).extend(chosen)
        return found

    one, other = sums(0, half), sums(half, len(values))
    for s, chosen in one.items():
        for left, right in product(chosen, other.get(round(total - s, 6), ())):
            if len(left) + len(right) > 1:
                yield (*left, *right)


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
            builder.cell(self._name(row), [float(row["persons"])], [("fct_population", key)])
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
            self.builder.cell(name, [row["value"]], [("fct_census_covariate", key)], fixed=True)
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
            self.builder.cell(name, [row["p50"]], [("mart_elderly_outlook", key)], fixed=row["sex"] == "both")
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


def base_rows(tables: Tables, outlook: pl.DataFrame) -> pl.DataFrame:
    """Those rows of the outlook that repeat a census: the first year of each county. All later ones are estimates."""
    known = tables["mart_elderly_outlook"].filter(pl.col("p50").is_not_null())
    first = known.group_by("county_code").agg(pl.col("year").min())
    return outlook.join(first, on=("county_code", "year"), how="semi")


def of_persons(tables: Tables, counties: Collection[str] | None = None, below: float = float("inf")) -> set[Member]:
    """Every row, of some counties or of all, that counts at least one person and fewer than `below`."""
    found: set[Member] = set()
    for name, county, value in _counted(tables):
        mine = pl.lit(True) if counties is None else county.is_in(list(counties))
        rows = tables[name].filter(mine & (value > 0) & (value < below))
        found |= {(name, tuple(key)) for key in rows.select(registry.table(name).key).iter_rows()}
    return found
