"""Which counts must be left out so that small ones cannot be worked out: primary and complementary cell suppression.

Counts are unknowns, sums and shares linear bounds on them (Cox 1995; Fischetti & Salazar 2001). What a reader can find out
about a left-out count is the interval between its least and its greatest feasible whole value, given all that is published:
two integer programmes. A pattern is safe when each interval is at least `width` wide; until then the cheapest further
cell is left out, as in the heuristics of τ-ARGUS. Nothing here knows a table; docs/publication.md says what is cited."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

PATIENCE = 60.0  # seconds for one end of one interval; most take some milliseconds
LEAST = 1.0  # zeros are published, so whoever sees a gap knows that it is no zero


class DisclosureError(RuntimeError):
    """A small count would stay visible whatever is left out. `cells`: all that would, as far as they are known by name;
    `county`: whose they are, where the raiser knows."""

    def __init__(self, message: str, cells: Collection[str] = (), county: str | None = None) -> None:
        super().__init__(message)
        self.cells, self.county = tuple(cells), county


@dataclass(frozen=True)
class Relation:
    """``lower ≤ Σ coefficient × cell ≤ upper``, known to every reader as long as no cell of `carriers` (rates, standards) is
    left out. Cells outside the block's values are not allowed in `terms`."""

    name: str
    terms: tuple[tuple[str, float], ...]
    lower: float
    upper: float
    carriers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """Counts that no relation links with counts of another block, e.g. those of a county. `fixed` cells are never left out:
    too much that is published rests on them. `told` cells are known whatever is left out: an earlier publication showed them.
    `together`: cells of which none is left out alone, because they tell more about each other than relations say."""

    values: Mapping[str, float]
    relations: tuple[Relation, ...] = ()
    fixed: frozenset[str] = field(default_factory=frozenset)
    told: frozenset[str] = field(default_factory=frozenset)
    together: tuple[frozenset[str], ...] = ()

    @cached_property
    def of_cell(self) -> Mapping[str, tuple[Relation, ...]]:
        """Relations by the cell they bound."""
        found: dict[str, list[Relation]] = {}
        for relation in self.relations:
            for cell, _ in relation.terms:
                found.setdefault(cell, []).append(relation)
        return {cell: tuple(dict.fromkeys(mine)) for cell, mine in found.items()}


def interval(block: Block, hidden: Collection[str], cell: str) -> tuple[float, float]:
    """Least and greatest value that a left-out cell may have for somebody who reads everything else. Raises DisclosureError
    when the solver finds no answer: the relations contradict the values."""
    relations, unknown = _linked(block, hidden, cell)
    if not relations:
        return LEAST, math.inf
    place = {c: i for i, c in enumerate(unknown)}
    matrix = np.zeros((len(relations), len(unknown)))
    lower, upper = (np.array([getattr(r, side) for r in relations]) for side in ("lower", "upper"))
    for row, relation in enumerate(relations):
        for name, coefficient in relation.terms:
            if name in place:
                matrix[row, place[name]] += coefficient
            else:
                lower[row] -= coefficient * block.values[name]
                upper[row] -= coefficient * block.values[name]
    values = np.array([block.values[c] for c in unknown])
    top = 2.0 * float(values.max()) + 1000.0  # far above any need; an infinite bound would only cost the solver
    rules = LinearConstraint(matrix, lower - 1e-6, upper + 1e-6)
    whole = np.array([float(v).is_integer() for v in values], dtype=int)
    goal = np.zeros(len(unknown))
    goal[place[cell]] = 1.0
    ends = []
    for sign in (1.0, -1.0):
        found = milp(
            sign * goal,
            constraints=rules,
            integrality=whole,
            bounds=Bounds(np.minimum(LEAST, values), top),
            options={
                "time_limit": PATIENCE
            },  # the best found so far lies inside the interval: it errs on the safe side
        )
        if found.x is None:
            raise DisclosureError(f"{cell}: {found.message}", (cell,))
        ends.append(float(found.x[place[cell]]))
    return ends[0], math.inf if ends[1] >= top - 0.5 else ends[1]


def stand_in(block: Block, guesses: Mapping[str, float | None]) -> dict[str, float]:
    """A value for each left-out cell of `guesses`: together they fit everything published, each as near to its guess (if it has one)
    as that allows, in proportion. Left-out values do not enter, but those told before. Raises DisclosureError when nothing fits."""
    known = {c: block.values[c] for c in guesses.keys() & block.told}
    names = sorted(guesses.keys() - block.told)
    if not names:
        return known
    place, many = {c: i for i, c in enumerate(names)}, len(names)
    left, right = [], []

    def at_most(row: Mapping[int, float], limit: float) -> None:
        left.append([row.get(i, 0.0) for i in range(2 * many)])
        right.append(limit)

    for relation in block.relations:
        terms = {place[c]: k for c, k in relation.terms if c in place}
        if terms and place.keys().isdisjoint(relation.carriers):
            shown = sum(k * block.values[c] for c, k in relation.terms if c not in place)
            for sign, limit in ((1.0, relation.upper), (-1.0, -relation.lower)):
                if math.isfinite(limit):
                    at_most({i: sign * k for i, k in terms.items()}, limit - sign * shown)
    aims = {i: guess for c, i in place.items() if (guess := guesses[c]) is not None}
    for i, guess in aims.items():  # unknown many + i: how far cell i is from its guess
        for sign in (1.0, -1.0):
            at_most({i: sign, many + i: -1.0}, sign * guess)
    goal = [0.0] * many + [1.0 / max(aims[i], 1.0) if i in aims else 0.0 for i in range(many)]
    bounds = [(LEAST, None)] * many + [(0.0, None)] * many
    found = linprog(goal, A_ub=left or None, b_ub=right or None, bounds=bounds)
    if found.x is None:
        raise DisclosureError(f"没有合适的替代值 / no stand-in fits: {found.message}")
    return known | {c: float(found.x[i]) for c, i in place.items()}


def exposed(block: Block, hidden: Collection[str], width: float) -> dict[str, float]:
    """Left-out cells whose interval is narrower than `width`, with the width they have; those told before are past help. Empty:
    the pattern is safe."""
    widths = {cell: _width(block, hidden, cell) for cell in sorted(set(hidden) - block.told) if cell in block.values}
    return {cell: found for cell, found in widths.items() if found < width}


def past_help(block: Block, cell: str, width: float) -> bool:
    """Whether it is earlier publications that expose a left-out cell: it would not be safe if all that they did not tell were left out,
    and would be if what they told were, too."""
    names = block.values.keys() | {c for r in block.relations for c in r.carriers}
    everything = {c for c in names - block.fixed if block.values.get(c, 1.0) > 0}
    return bool(block.told) and _width(block, everything, cell) < width <= _width(
        replace(block, told=frozenset()), everything, cell
    )


def suppress(block: Block, primary: Collection[str], width: float) -> frozenset[str]:
    """The cells to leave out: the primary ones and as many others as make every left-out cell safe.

    The same block gives the same answer. Zeros and fixed cells are never taken. A cell that only earlier publications expose is
    left out, too, though it is past help. Raises DisclosureError, naming every such cell, when no cell is left to take and some
    are still exposed.
    """
    hidden, hopeless = _with_company(block, primary), set[str]()
    while weak := {c: w for c, w in exposed(block, hidden, width).items() if c not in hopeless}:
        cell = min(weak, key=lambda c: (weak[c], c))
        partner = _partner(block, hidden, cell, width)
        if partner is not None:
            hidden = _with_company(block, {*hidden, partner})
        elif block.told and suppress(replace(block, told=frozenset()), primary, width):
            block = replace(block, told=block.told | {cell})
        else:
            hopeless.add(cell)
    if hopeless:
        names = sorted(hopeless)
        raise DisclosureError(f"{', '.join(names)}: 没有可以一并隐去的数 / nothing is left to leave out with it", names)
    return frozenset(hidden)


def _with_company(block: Block, hidden: Collection[str]) -> set[str]:
    """Left-out cells with all that go with them; those told before stay shown, it would help nobody."""
    found = set(hidden)
    while more := [c for c in block.together if found & c and not found >= c - block.fixed - block.told]:
        found.update(*(c - block.fixed - block.told for c in more))
    return found


def _partner(block: Block, hidden: set[str], cell: str, width: float) -> str | None:
    """The cheapest cell that makes an exposed one safe, else the one that helps most; None when there is none."""
    relations, _ = _linked(block, hidden, cell)
    near = {c for r in relations for c in (*r.carriers, *(name for name, _ in r.terms))}
    offered = sorted(
        (c for c in near - hidden - block.fixed - block.told if block.values.get(c, 1.0) > 0),
        key=lambda c: (block.values.get(c, 0.0), c),  # a rate costs no count
    )
    best: tuple[float, str] | None = None
    for candidate in offered:
        found = _width(block, {*hidden, candidate}, cell)
        if found >= width:
            return candidate
        if best is None or found > best[0]:
            best = (found, candidate)
    return best[1] if best else None


def _width(block: Block, hidden: Collection[str], cell: str) -> float:
    least, greatest = interval(block, hidden, cell)
    return greatest - least


def _linked(block: Block, hidden: Collection[str], cell: str) -> tuple[list[Relation], list[str]]:
    """Relations that reach a cell through left-out cells, and the left-out cells they hold."""
    hidden = set(hidden) - block.told
    relations: dict[str, Relation] = {}
    unknown, waiting = {cell}, [cell]
    while waiting:
        for relation in block.of_cell.get(waiting.pop(), ()):
            if relation.name in relations or any(c in hidden for c in relation.carriers):
                continue
            relations[relation.name] = relation
            fresh = {c for c, _ in relation.terms if c in hidden} - unknown
            unknown |= fresh
            waiting += sorted(fresh)
    return list(relations.values()), sorted(unknown)
