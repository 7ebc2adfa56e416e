"""The declared relations (relations.csv) read the other way round: not whether they fail, but what they say about counts
that somebody leaves out. Each becomes linear bounds on counts, with every other figure taken as known."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pipelines.reconcile.facts import Facts
from pipelines.reconcile.relations import (
    Place,
    Relation,
    Value,
    anchors,
    bounds,
    evaluate,
    relations,
    split,
    term_value,
)


@dataclass(frozen=True)
class Bound:
    """``lower ≤ Σ coefficient × count ≤ upper``. `known`: ids of the other printed figures it rests on; without one of them
    it says nothing. `holds`: the document keeps the relation with these figures."""

    relation_id: str
    county_code: str
    terms: tuple[tuple[str, float], ...]
    lower: float
    upper: float
    known: tuple[str, ...]
    holds: bool


@dataclass(frozen=True)
class _Form:
    """A linear form: coefficients by id, a constant, and the figures the numbers come from."""

    terms: dict[str, float]
    constant: float
    known: tuple[str, ...] = ()

    def plus(self, other: _Form, sign: float) -> _Form:
        ids = self.terms.keys() | other.terms.keys()
        terms = {i: self.terms.get(i, 0.0) + sign * other.terms.get(i, 0.0) for i in sorted(ids)}
        return _Form(terms, self.constant + sign * other.constant, self.known + other.known)

    def times(self, other: _Form) -> _Form | None:
        """The product, or None when both hold counts: that is no linear form."""
        if self.terms and other.terms:
            return None
        form, factor = (self, other) if self.terms else (other, self)
        scaled = {i: c * factor.constant for i, c in form.terms.items()}
        return _Form(scaled, form.constant * factor.constant, self.known + other.known)


_DUST = 1e-12  # of binary fractions
_ONE = _Form({}, 1.0)


def linear_bounds(facts: Facts, counts: Collection[str]) -> Iterator[Bound]:
    """Every declared relation of every county that bounds a count of `counts` (ids of observations and outputs).

    An equation that the document itself breaks is taken to hold with the gap it has: who knows the relation comes as near
    to the left-out count as if it held. A relation in which counts are multiplied with each other bounds none alone and is left out.
    """
    for relation in relations():
        for county in facts.counties:
            for anchor in anchors(facts, county, relation):
                yield from _bound(relation, Place(facts, county, anchor), counts)


def _bound(relation: Relation, place: Place, counts: Collection[str]) -> Iterator[Bound]:
    left, right = evaluate(relation.left, place), evaluate(relation.right, place)
    if left is None or right is None or not right.value or not math.isfinite(left.value / right.value):
        return
    one, two = (_fraction(e, place, counts) for e in (relation.left, relation.right))
    if one is None or two is None:
        return
    (over, under), (over_right, under_right) = one, two
    up, down = over.times(under_right), over_right.times(under)
    if up is None or down is None or not (up.terms or down.terms):
        return
    low, high, holds = _ratio(relation, left, right)
    for factor, kept in ((low, (0.0, math.inf)), (high, (-math.inf, 0.0))):
        if 0 < factor < math.inf:
            form = up.plus(down, -factor)
            lower, upper = (k - form.constant for k in kept)
            yield Bound(relation.relation_id, place.county, tuple(form.terms.items()), lower, upper, form.known, holds)


def _ratio(relation: Relation, left: Value, right: Value) -> tuple[float, float, bool]:
    """Between what left ÷ right lies for somebody who knows the relation and whether it is broken; and whether it holds. Only printed rounding
    gives room: the tolerance with which contradictions are reported protects nobody."""
    ratio, (low, high) = left.value / right.value, bounds(relation)
    room = 1 + left.slack + right.slack
    holds = low / room * (1 - _DUST) <= ratio <= high * room * (1 + _DUST)
    if low == high:
        return ratio / room, ratio * room, holds
    if holds:
        return low / room, high * room, True
    return (
        (0.0, low, False) if ratio < low else (high, math.inf, False)
    )  # a contradiction that is listed tells on which side it lies


def _fraction(expression: str, place: Place, counts: Collection[str]) -> tuple[_Form, _Form] | None:
    """An expression as one fraction of linear forms, or None when it is none."""
    over, under = _Form({}, 0.0), _ONE
    for i, (sign, product) in enumerate(split(expression, "+-")):
        part = _product(product, place, counts)
        if part is None or (i and (part[1].terms or under.terms)):
            return None
        weight = -1.0 if sign == "-" else 1.0
        if i == 0:
            over, under = part
        else:  # both divisors are plain numbers
            share = under.constant / part[1].constant
            over = over.plus(
                _Form(
                    {k: c * share for k, c in part[0].terms.items()},
                    part[0].constant * share,
                    part[0].known + part[1].known,
                ),
                weight,
            )
    return over, under


def _product(expression: str, place: Place, counts: Collection[str]) -> tuple[_Form, _Form] | None:
    over: _Form | None = _ONE
    under: _Form | None = _ONE
    for sign, token in split(expression, "*/"):
        value = term_value(token, place)
        if value is None or over is None or under is None:
            return None
        form = _form(value, counts)
        if sign == "/":
            under = under.times(form)
        else:
            over = over.times(form)
    return (over, under) if over is not None and under is not None else None


def _form(value: Value, counts: Collection[str]) -> _Form:
    """One term of an expression: its counts by id, the rest as a number."""
    terms: dict[str, float] = {}
    for figure in (f for f in value.figures if f.fact in counts):
        terms[figure.fact] = terms.get(figure.fact, 0.0) + 1.0
    rest = value.value - sum(f.absolute for f in value.figures if f.fact in counts)
    return _Form(terms, rest, tuple(f.fact for f in value.figures if f.fact not in counts and f.line is not None))
