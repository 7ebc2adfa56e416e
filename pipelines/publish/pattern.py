"""Which rows of a release are left out: small counts and what protects them, county by county. A county with a count that nothing can
protect loses all its counts of persons, and what rests on them, so that it stops nobody else's publication."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from pipelines.publish import counts
from pipelines.publish.counts import Counts, Member, Tables
from pipelines.publish.disclosure import Block, DisclosureError, Relation, suppress
from pipelines.reconcile.facts import RATES
from pipelines.staging.quantities import numbers_named

CENSUS = ("fct_population", "fct_census_covariate", "mart_elderly_outlook")
_DUST = 1e-9  # of binary fractions
_AT_ONCE = 400  # counties whose cells are in memory together
WHOLE = (
    "下列县有人数不能逐个保护（列在县名后），其人数整体隐去，不作预测 / "
    "all counts of persons of these counties are left out, and nothing is projected: those named could not be protected one by one"
)
UNSAFE = (
    "隐去全县人数仍不能保护，不发布公开版 / not even without any count of persons are these safe; nothing is published:"
)
UNSAFE_NEXT = (
    "  下一步：核对这些数；或降低 protection_width；或由不含该县的内部版生成 / what to do: see whether they are right; or lower "
    "protection_width; or publish an internal release without the county"
)
NEXT = """  下一步：核对这些数是否有误、是否确为人数；仅因试用较高门槛而隐去过的，按 docs/publication.md“一县不能保护时”忘记旧公开版；
  或降低 protection_width；其余县不受影响。
  what to do: see whether these numbers are right and count persons; if they were left out only in a trial of a higher threshold, forget
  the earlier public releases (docs/publication.md, “When a county cannot be protected”); or lower protection_width. No other county
  is concerned."""


@dataclass(frozen=True)
class Rules:
    """`threshold`: counts from 1 to below it are left out; `width`: how wide the interval of a left-out count must stay;
    `seed`: of the forecast, as in the internal release;
    `kept`: rows that an earlier public release left out, which stay left out; `told`: rows whose value of today an earlier one
    showed, behind which nothing can be hidden."""

    threshold: int = 10
    width: int = 10
    kept: frozenset[Member] = frozenset()
    told: frozenset[Member] = frozenset()
    seed: int = 0


@dataclass(frozen=True)
class Pattern:
    """`members`: the rows whose values are left out. `whole`: counties all of whose counts of persons are among them, each with what
    could not be protected one by one, in words; nothing is published about them that was made of a census."""

    members: frozenset[Member]
    whole: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def decide(tables: Tables, rules: Rules, whole: Mapping[str, tuple[str, ...]] | None = None) -> Pattern:
    """The pattern for the tables of a release. whole: counties that are known to need leaving out. Raises DisclosureError, with
    everything that stays exposed in every county, when not even leaving out all persons of a county protects them."""
    lost = dict(whole or {})
    hidden = {*_in_words(tables, rules.threshold), *(_in_words(tables, math.inf).keys() & rules.kept)}
    for code, own in read(tables, _codes(tables, rules) - lost.keys(), rules):
        try:
            pattern = suppress(own.block, own.primary, float(rules.width))
        except DisclosureError as error:
            lost[code] = _named(own, error)
        else:
            hidden.update(m for cell in pattern for m in own.members[cell])
    return Pattern(frozenset(hidden | _everybody(tables, rules, lost)), dict(sorted(lost.items())))


def read(tables: Tables, codes: Collection[str], rules: Rules) -> Iterator[tuple[str, Counts]]:
    """The counts of counties one after the other; not all of them are in memory together."""
    ordered = sorted(codes)
    for start in range(0, len(ordered), _AT_ONCE):
        some = ordered[start : start + _AT_ONCE]
        yield from counts.read(tables, some, rules.threshold, rules.kept, rules.told).items()


def examined(tables: Tables, rules: Rules, whole: Collection[str]) -> Iterator[tuple[str, Counts]]:
    """Counties with something to protect and their counts, as a reader of a publication knows them: of the census of the counties of
    `whole` nothing."""
    known = without_census(tables, whole)
    for code, own in read(known, _codes(known, rules) | set(whole), rules):
        yield code, replace(own, block=_apart(own.block)) if code in whole else own


def without_census(tables: Tables, codes: Collection[str]) -> Tables:
    """The tables without what a census says of some counties, and without what is projected from it."""
    if not codes:
        return tables
    return {**tables, **{n: tables[n].filter(~pl.col("county_code").is_in(list(codes))) for n in CENSUS}}


def _codes(tables: Tables, rules: Rules) -> set[str]:
    return set(counts.counties_with_small(tables, rules.threshold, rules.kept))


def _everybody(tables: Tables, rules: Rules, lost: Mapping[str, tuple[str, ...]]) -> set[Member]:
    """Every row of the counties that counts persons, and the rates that would still tell one of them."""
    if not lost:
        return set()
    stated = {
        m for m in counts.of_persons(tables, lost) if m[0] != "mart_elderly_outlook"
    }  # whose rows are not published at all
    hidden = stated | {m for m, code in _in_words(tables, math.inf).items() if code in lost}
    stated_rates = tables["fct_observation"].filter(pl.col("unit").is_in(list(RATES)))["observation_id"]
    rates = {("fct_observation", (i,)) for i in stated_rates}
    failed: dict[str, tuple[str, ...]] = {}
    for code, own in read(without_census(tables, lost), lost, rules):
        block = _apart(own.block)
        people = own.primary | {c for c, v in block.values.items() if v > 0}
        telling = _telling(block, people, {c for c, rows in own.members.items() if rates.issuperset(rows)})
        try:
            chosen = suppress(block, people | telling, float(rules.width))
            hidden.update(m for cell in chosen for m in own.members[cell])
        except DisclosureError as error:
            failed[code] = _named(own, error)
    if failed:
        raise DisclosureError(f"{UNSAFE}\n{told(tables, failed)}\n{UNSAFE_NEXT}")
    return hidden


def _apart(block: Block) -> Block:
    """The block of a county all of whose people are left out: none of them is kept for the sake of others, and a relation is of no use
    to anybody when its factors were worked out from left-out counts (how far a printed sum is from its parts)."""

    def plain(relation: Relation) -> bool:
        return all(abs(k - round(k, 4)) < _DUST for _, k in relation.terms)

    useful = tuple(
        r for r in block.relations if r.carriers or plain(r) or any(block.values[c] <= 0 for c, _ in r.terms)
    )
    return replace(block, relations=useful, fixed=frozenset())


def _telling(block: Block, people: Collection[str], rates: Collection[str]) -> set[str]:
    """What must go so that no relation with a rate is left between people: a rate where there is one, beds and money else."""
    gone: set[str] = set()
    for relation in (r for r in block.relations if r.carriers and not gone.intersection(r.carriers)):
        if any(c in people for c, _ in relation.terms) and not any(c in people for c in relation.carriers):
            gone.add(min(relation.carriers, key=lambda c: (c not in rates, c)))
    return gone


def told(tables: Tables, lost: Mapping[str, tuple[str, ...]]) -> str:
    """A line for each county, for the office: its names and what cannot be protected."""
    named = names(tables, lost)
    return "\n".join(f"{zh} / {en}（{c}）：{', '.join(lost[c])}" for c, (zh, en) in named.items())


def names(tables: Tables, codes: Collection[str]) -> dict[str, tuple[str, str]]:
    """Chinese and English name of counties by code, in order."""
    known = {c: (zh, en) for c, zh, en in tables["dim_county"].select("county_code", "name_zh", "name_en").iter_rows()}
    return {c: known.get(c, (c, c)) for c in sorted(codes)}


def _named(own: Counts, error: DisclosureError) -> tuple[str, ...]:
    """Rows of the cells that an error names, or the cells where no row states them; else the words of the solver."""
    rows = {c: [f"{t} {'/'.join(map(str, key))}" for t, key in own.members.get(c, ())] or [c] for c in error.cells}
    return tuple(row for said in rows.values() for row in said) or (str(error),)


def _in_words(tables: Tables, below: float) -> dict[Member, str]:
    """Counts of persons without one number (“5—7名”) whose print holds one below a limit, with their county."""
    rows = tables["fct_observation"].filter(pl.col("value").is_null() & counts.protected_observations(tables))
    said = rows.select("observation_id", "county_code", "value_as_printed").iter_rows()
    return {
        ("fct_observation", (i,)): code
        for i, code, text in said
        if any(0 < float(n) < below for n in numbers_named(text))
    }
