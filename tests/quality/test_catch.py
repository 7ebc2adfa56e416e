"""Damage → the check that catches it. A few kinds in every run, all of them when slow tests run."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.quality.adapter import every_check
from tests.quality.catch_rate import SUITES, Catch, catch, known_rows, table
from tests.quality.damages import DAMAGES, Damage

FEW = ("empty table", "table file missing", "columns reordered", "NaN", "orphan: unknown project", "extra digit in value and print",
       "extra digit in a yearly report", "two counties swapped", "stale target year", "the shifted rows of Minle not undone",
       "extra digit in an amount", "an age group missing", "sexes swapped", "numerals that lead nowhere", "a target missing",
       "money counted twice", "purchases counted as new beds", "a jump in a year", "shortage does not follow")  # fmt: skip


def must_catch(good: Path, results: pl.DataFrame, damage: Damage) -> None:
    found = catch(good, damage, known_rows(results))
    assert damage.caught in found.failures, f"caught only by {sorted(found.failures)}"
    assert found.blocked or not damage.blocks, "slipped through: only warnings"


@pytest.mark.parametrize("damage", [d for d in DAMAGES if d.en in FEW], ids=lambda d: d.en)
def test_damage_is_caught(good: Path, results: pl.DataFrame, damage: Damage) -> None:
    must_catch(good, results, damage)


@pytest.mark.slow
@pytest.mark.parametrize("damage", [d for d in DAMAGES if d.en not in FEW], ids=lambda d: d.en)
def test_every_damage_is_caught(good: Path, results: pl.DataFrame, damage: Damage) -> None:
    must_catch(good, results, damage)


def test_kinds_of_damage_are_many_and_distinct() -> None:
    assert len(DAMAGES) >= 40
    assert len({d.en for d in DAMAGES}) == len({d.zh for d in DAMAGES}) == len(DAMAGES)
    assert set(FEW) <= {d.en for d in DAMAGES}


def test_every_sql_rule_has_been_seen_to_fail() -> None:
    """A check nobody has seen fail is not a check (golden figures: one of each kind is enough)."""
    caught = {d.caught for d in DAMAGES}
    rules = {
        c.name
        for c in every_check(SUITES)
        if c.sql and not c.figure and ":" not in c.rule and c.rule not in ("present", "types", "finite")
    }
    assert rules <= caught, f"never seen to fail: {sorted(rules - caught)}"


def test_page_names_what_slips_through(good: Path, results: pl.DataFrame) -> None:
    nothing = catch(good, Damage("无", "nothing", lambda t: None, "x/y"), known_rows(results))
    assert "| — 应阻断而漏过 / meant to block, slipped through | 1 |" in table([nothing])


def test_page_says_why_a_warning_is_enough() -> None:
    """A damage that could be true stands with its reason, and with the checks that block it where there are any."""
    damage = Damage("甲", "a", lambda t: None, "x/y", ("可能", "it may be"))
    told, stopped = (table([Catch(damage, {"x/y": "warning", **more})]) for more in ({}, {"x/z": "critical"}))
    assert "| 甲 | a | 可能 | it may be |\n" in told and "| — 只提示 / warned only | 1 |" in told
    assert "| 甲 | a | 可能 | it may be | `x/z` |\n" in stopped and "| — 只提示 / warned only | 0 |" in stopped
