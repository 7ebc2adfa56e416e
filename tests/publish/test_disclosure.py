"""Cell suppression on small tables: what is left out cannot be worked out, neither by subtraction nor by programmes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from pipelines.publish.disclosure import Block, DisclosureError, Relation, exposed, interval, stand_in, suppress

WIDTH = 10.0


def total(name: str, whole: str, *parts: str) -> Relation:
    return Relation(name, ((whole, -1.0), *((p, 1.0) for p in parts)), 0.0, 0.0)


CHILDREN = Block(
    {"all": 36, "orphans": 24, "poor": 5, "unattended": 7}, (total("children", "all", "orphans", "poor", "unattended"),)
)


def test_two_small_parts_that_share_a_wide_rest_are_enough() -> None:
    assert suppress(CHILDREN, {"poor", "unattended"}, WIDTH) == {"poor", "unattended"}
    assert interval(CHILDREN, {"poor", "unattended"}, "poor") == (1, 11)


def test_a_single_small_part_takes_the_cheapest_partner() -> None:
    block = Block({"all": 87, "a": 40, "b": 43, "c": 4}, (total("t", "all", "a", "b", "c"),))
    assert exposed(block, {"c"}, WIDTH) == {"c": 0.0}
    assert suppress(block, {"c"}, WIDTH) == {"c", "a"}


def test_small_parts_with_a_small_rest_need_more() -> None:
    """1 + 1 of 30: two gaps that add up to 2 hide nothing."""
    block = Block({"all": 30, "a": 28, "b": 1, "c": 1}, (total("t", "all", "a", "b", "c"),))
    assert suppress(block, {"b", "c"}, WIDTH) >= {"a", "b", "c"}


def test_a_share_goes_before_its_denominator() -> None:
    share = Relation("share", (("part", 1.0), ("whole", -0.05)), -0.5, 0.5, ("rate",))
    block = Block({"part": 6, "whole": 120}, (share,))
    assert suppress(block, {"part"}, WIDTH) == {"part", "rate"}


def test_fixed_cells_and_zeros_are_never_taken() -> None:
    block = Block({"all": 9, "a": 0, "b": 9}, (total("t", "all", "a", "b"),), frozenset({"all"}))
    with pytest.raises(DisclosureError, match="b"):
        suppress(block, {"b"}, WIDTH)


def test_a_cell_told_before_hides_nothing() -> None:
    """Readers know `a` from an earlier publication: the partner must be another one, and `a` itself is past help."""
    block = Block({"all": 87, "a": 40, "b": 43, "c": 4}, (total("t", "all", "a", "b", "c"),), told=frozenset({"a"}))
    assert suppress(block, {"c"}, WIDTH) == {"c", "b"}
    assert exposed(block, {"a", "c"}, WIDTH) == {"c": 0.0}


def test_what_only_the_past_exposes_stops_no_publication() -> None:
    parts = total("t", "all", "a", "c")
    past = Block({"all": 44, "a": 40, "c": 4}, (parts,), told=frozenset({"all", "a"}))
    assert suppress(past, {"c"}, WIDTH) >= {"c"}
    with pytest.raises(DisclosureError, match="c"):
        suppress(Block({"all": 44, "a": 40, "c": 4}, (parts,), fixed=frozenset({"all", "a"})), {"c"}, WIDTH)


def test_stand_ins_fit_what_is_published_and_nothing_else() -> None:
    """The same stand-ins for two truths that agree in all that is published, near the guesses and adding up."""
    relation = total("t", "all", "a", "b", "c")
    truths = [Block({"all": 100, "a": 90, "b": b, "c": 10 - b}, (relation,)) for b in (3, 8)]
    one, other = (stand_in(block, {"b": 4.0, "c": 20.0}) for block in truths)
    assert one == other == pytest.approx({"b": 4.0, "c": 6.0})
    assert stand_in(Block({"a": 3}, told=frozenset({"a"})), {"a": 9.0}) == {"a": 3}
    with pytest.raises(DisclosureError, match="no stand-in"):
        stand_in(Block({"a": 1, "b": 1}, (Relation("x", (("a", 1.0),), 0.0, 0.5),)), {"a": 1.0})


def test_a_cell_of_no_relation_is_safe() -> None:
    assert interval(Block({"a": 3}), {"a"}, "a") == (1, math.inf)


def test_whole_numbers_can_tell_more_than_fractions() -> None:
    """2x + 4y = 30 with y ≤ 7.5: fractions allow any x, whole numbers only odd steps; the interval is that of whole ones."""
    block = Block({"x": 3, "y": 6}, (Relation("r", (("x", 2.0), ("y", 4.0)), 30.0, 30.0),))
    assert interval(block, {"x", "y"}, "x") == (1, 13)


TABLES = st.integers(2, 4).flatmap(
    lambda rows: st.integers(2, 4).flatmap(
        lambda columns: st.lists(
            st.lists(st.one_of(st.integers(0, 15), st.integers(0, 400)), min_size=columns, max_size=columns),
            min_size=rows,
            max_size=rows,
        )
    )
)


def of_table(cells: list[list[int]]) -> Block:
    """A two-way table with its margins and its grand total."""
    grid = np.array(cells)
    values = {f"{i},{j}": float(v) for (i, j), v in np.ndenumerate(grid)}
    values |= {f"{i},*": float(v) for i, v in enumerate(grid.sum(1))} | {
        f"*,{j}": float(v) for j, v in enumerate(grid.sum(0))
    }
    values["*,*"] = float(grid.sum())
    rows, columns = grid.shape
    relations = [total(f"row {i}", f"{i},*", *(f"{i},{j}" for j in range(columns))) for i in range(rows)]
    relations += [total(f"column {j}", f"*,{j}", *(f"{i},{j}" for i in range(rows))) for j in range(columns)]
    relations += [
        total("rows", "*,*", *(f"{i},*" for i in range(rows))),
        total("columns", "*,*", *(f"*,{j}" for j in range(columns))),
    ]
    return Block(values, tuple(relations))


def attack(block: Block, hidden: frozenset[str], cell: str) -> tuple[float, float]:
    """A reader with a solver: everything published, every margin, counts not negative. Its relations are those of the block."""
    unknown = sorted(hidden)
    left, right = [], []
    for relation in block.relations:
        left.append([dict(relation.terms).get(c, 0.0) for c in unknown])
        right.append(-sum(k * block.values[c] for c, k in relation.terms if c not in hidden))
    goal = [1.0 if c == cell else 0.0 for c in unknown]
    low = linprog(goal, A_eq=left, b_eq=right, bounds=(0, None))
    high = linprog([-g for g in goal], A_eq=left, b_eq=right, bounds=(0, None))
    return (low.fun, -high.fun) if high.status == 0 else (low.fun, math.inf)


def subtractions(block: Block, hidden: frozenset[str]) -> set[str]:
    """Cells that follow, one after the other, from relations with a single gap."""
    gaps = set(hidden)
    while found := {next(iter(open_)) for r in block.relations if len(open_ := gaps & {c for c, _ in r.terms}) == 1}:
        gaps -= found
    return set(hidden) - gaps


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TABLES)
def test_random_tables_keep_their_small_counts(cells: list[list[int]]) -> None:
    block = of_table(cells)
    small = {c for c, v in block.values.items() if 0 < v < 10}
    try:
        hidden = suppress(block, small, WIDTH)
    except DisclosureError:
        assert block.values["*,*"] < 3 * WIDTH  # so little in all that no pattern is wide enough
        return
    assert hidden >= small
    assert not subtractions(block, hidden)
    for cell in small:
        low, high = attack(block, hidden, cell)
        assert high - low >= WIDTH - 1e-6
    assert hidden == suppress(block, small, WIDTH)


def test_the_attacker_of_this_file_does_find_what_is_left_open() -> None:
    block = of_table([[5, 40], [60, 70]])
    assert attack(block, frozenset({"0,0"}), "0,0") == (5, 5)
    assert subtractions(block, frozenset({"0,0"})) == {"0,0"}
