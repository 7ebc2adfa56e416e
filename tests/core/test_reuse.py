"""What is kept of earlier refreshes: the same bytes as a clean build, nothing after a change of anything that matters, never
half an entry."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines import failpoint
from pipelines.core import reuse
from pipelines.core.reuse import Store

CODE = "code 1"


def doubled(tables: Mapping[str, pl.DataFrame], *, by: int = 2) -> dict[str, pl.DataFrame]:
    return {"out": tables["facts"].with_columns(pl.col("v") * by)}


def a_slice(*values: float) -> dict[str, pl.DataFrame]:
    return {"facts": pl.DataFrame({"county_code": ["110101"] * len(values), "v": values})}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "reuse", 2**20)


def ran(
    store: Store, *slices: dict[str, pl.DataFrame], work=doubled, made_by: str = CODE
) -> tuple[list[pl.DataFrame], int, int]:
    run = store.around(map, made_by)
    found = [tables["out"] for tables in run(work, list(slices))]
    return found, run.reused, run.computed


def test_the_second_time_nothing_is_computed_and_all_is_the_same(store: Store) -> None:
    first, *counted = ran(store, a_slice(1.5, -0.0), a_slice(2.5))
    again, *counted_again = ran(store, a_slice(1.5, -0.0), a_slice(2.5))
    assert (counted, counted_again) == ([0, 2], [2, 0])
    for a, b in zip(first, again, strict=True):
        assert_frame_equal(a, b, check_exact=True)


def test_only_the_changed_slice_is_computed_and_the_order_stays(store: Store) -> None:
    ran(store, a_slice(1), a_slice(2), a_slice(3))
    found, reused, computed = ran(store, a_slice(1), a_slice(5), a_slice(3))
    assert [f["v"].to_list() for f in found] == [[2], [10], [6]]
    assert (reused, computed) == (2, 1)


@pytest.mark.parametrize(
    "changed",
    [
        {"work": partial(doubled, by=3)},
        {"made_by": "code 2"},
    ],
)
def test_a_parameter_or_other_code_is_another_entry(store: Store, changed: dict[str, object]) -> None:
    ran(store, a_slice(1))
    assert ran(store, a_slice(1), **changed)[1:] == (0, 1)
    assert ran(store, a_slice(1))[1:] == (1, 0)


def test_other_libraries_are_another_entry(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ran(store, a_slice(1))
    monkeypatch.setattr(reuse, "version", lambda name: "0")
    assert ran(store, a_slice(1))[1:] == (0, 1)


def test_a_table_of_everybody_is_part_of_every_slice(store: Store) -> None:
    ran(store, a_slice(1) | {"parameters": pl.DataFrame({"p": [1]})})
    assert ran(store, a_slice(1) | {"parameters": pl.DataFrame({"p": [2]})})[1:] == (0, 1)


def test_what_no_key_can_name_is_refused(store: Store) -> None:
    with pytest.raises(TypeError, match="plain values"):
        ran(store, a_slice(1), work=partial(doubled, by=object()))


def test_a_kill_before_the_rename_leaves_no_entry(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failpoint, "_NAME", "reuse.written")
    monkeypatch.setattr(failpoint, "_HOW", "raise")
    with pytest.raises(RuntimeError, match="failpoint"):
        ran(store, a_slice(1))
    monkeypatch.setattr(failpoint, "_NAME", "")
    assert [p.name[0] for p in store.folder.iterdir()] == ["."]
    assert ran(store, a_slice(1))[1:] == (0, 1)
    (store.folder / ".half").mkdir()
    assert store.prune() == [".half"]


def test_a_damaged_entry_is_computed_anew(store: Store) -> None:
    ran(store, a_slice(1))
    next(store.folder.glob("*/out.parquet")).write_bytes(b"PAR1")
    assert ran(store, a_slice(1))[0][0]["v"].to_list() == [2]
    assert ran(store, a_slice(1))[1:] == (1, 0)


def test_the_longest_unused_goes_first(store: Store) -> None:
    for age, value in ((300, 1), (200, 2), (100, 3)):
        before = set(store.folder.iterdir()) if store.folder.exists() else set()
        ran(store, a_slice(value))
        entry = (set(store.folder.iterdir()) - before).pop()
        os.utime(entry, (age * -1 + 10**9,) * 2)
    one = sum(p.stat().st_size for p in entry.iterdir())
    ran(store, a_slice(1))  # used again, so no longer the oldest
    assert len(Store(store.folder, 2 * one + one // 2).prune()) == 1
    assert ran(store, a_slice(1), a_slice(3))[1:] == (2, 0)
    assert len(Store(store.folder, 0).prune()) == 2
