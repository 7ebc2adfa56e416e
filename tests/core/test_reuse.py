"""What is kept of earlier refreshes: the same bytes as a clean build, nothing after a change of anything that matters, never
half an entry."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines import engine, failpoint
from pipelines.assets import common
from pipelines.core import reuse
from pipelines.core.duck import DUCKDB
from pipelines.core.reuse import Store
from pipelines.staging import store as store_of_staging

CODE = "code 1"


def doubled(tables: Mapping[str, pl.DataFrame], *, by: int = 2) -> dict[str, pl.DataFrame]:
    return {"out": tables["facts"].with_columns(pl.col("v") * by)}


def two_tables(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    return {"out": tables["facts"], "more": tables["facts"]}


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


@pytest.mark.parametrize("library", ["duckdb", "llvmlite", "numba", "numpy", "polars", "pyarrow", "pyspark", "scipy"])
def test_another_library_is_another_entry(store: Store, monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    ran(store, a_slice(1))
    monkeypatch.setattr(reuse, "version", lambda name: "0" if name == library else version(name))
    assert ran(store, a_slice(1))[1:] == (0, 1)


def test_another_python_is_another_entry(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ran(store, a_slice(1))
    monkeypatch.setattr(reuse.platform, "python_version", lambda: "3.0.0")
    assert ran(store, a_slice(1))[1:] == (0, 1)


@pytest.mark.parametrize("switch", ["MINZHENG_NO_NUMBA", "NUMBA_DISABLE_JIT"])
def test_calculating_without_the_compiler_is_another_entry(
    store: Store, monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    monkeypatch.delenv(switch, raising=False)
    ran(store, a_slice(1))
    monkeypatch.setenv(switch, "1")
    assert ran(store, a_slice(1))[1:] == (0, 1)


def test_another_engine_is_another_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINZHENG_DATA_ROOT", str(tmp_path))
    monkeypatch.setattr(engine, "of", lambda s: DUCKDB)
    made_by = set()
    for name in engine.ENGINES:
        monkeypatch.setenv("MINZHENG_ENGINE", name)
        made_by.add(common.remembering().made_by)
    assert len(made_by) == len(engine.ENGINES)


def being_replaced() -> str:
    raise FileNotFoundError


@pytest.mark.parametrize("now", [lambda: "edited", being_replaced])
def test_nothing_is_kept_once_the_code_was_edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now) -> None:
    """Steps import late: what they compute then need not be what the code of the hash computes."""
    monkeypatch.setenv("MINZHENG_DATA_ROOT", str(tmp_path))
    run = common.remembering()
    with monkeypatch.context() as edited:
        edited.setattr(store_of_staging, "code_now", now)
        assert [t["out"]["v"].to_list() for t in run(doubled, [a_slice(1)])] == [[2]]
    assert not run.folder.exists()
    list(run(doubled, [a_slice(1)]))
    assert len(list(run.folder.iterdir())) == 1


def test_a_table_of_everybody_is_part_of_every_slice(store: Store) -> None:
    ran(store, a_slice(1) | {"parameters": pl.DataFrame({"p": [1]})})
    assert ran(store, a_slice(1) | {"parameters": pl.DataFrame({"p": [2]})})[1:] == (0, 1)


def test_a_value_that_no_key_can_name_is_refused(store: Store) -> None:
    with pytest.raises(TypeError, match="plain values"):
        ran(store, a_slice(1), work=partial(doubled, by=object()))


class Times:
    """A function with a number that its name does not tell."""

    def __init__(self, by: int) -> None:
        self.by = by

    def doubled(self, tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
        return doubled(tables, by=self.by)

    __call__ = doubled


def closure(by: int):
    def work(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
        return doubled(tables, by=by)

    return work


tripled = closure(3)
tripled.__qualname__ = "tripled"


@pytest.mark.parametrize("work", [Times(3).doubled, Times(3), closure(3), tripled, partial(closure(3)), lambda t: t])
def test_a_function_that_no_key_can_name_is_refused(store: Store, work) -> None:
    with pytest.raises(TypeError, match="function of a module"):
        ran(store, a_slice(1), work=work)


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
    found, *counted = ran(store, a_slice(1))
    assert (found[0]["v"].to_list(), counted) == ([2], [0, 1])
    assert ran(store, a_slice(1))[1:] == (1, 0)


@pytest.mark.parametrize("lost", ["more.parquet", reuse.TABLES])
def test_an_entry_with_a_missing_file_is_computed_anew(store: Store, lost: str) -> None:
    run = store.around(map, CODE)
    list(run(two_tables, [a_slice(1)]))
    (entry,) = store.folder.iterdir()
    (entry / lost).unlink()
    assert [list(tables) for tables in run(two_tables, [a_slice(1)])] == [["out", "more"]]
    assert [list(tables) for tables in run(two_tables, [a_slice(1)])] == [["out", "more"]]
    assert (run.reused, run.computed) == (1, 2)


@pytest.mark.parametrize("how", ["pruned", "unreadable"])
def test_a_kill_while_an_entry_goes_leaves_no_part_under_its_name(
    store: Store, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    ran(store, a_slice(1))
    (entry,) = store.folder.iterdir()
    if how == "unreadable":
        (entry / "out.parquet").write_bytes(b"PAR1")

    def killed(folder: Path, ignore_errors: bool) -> None:
        for file in list(folder.glob("*"))[:1]:
            file.unlink()
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(reuse.shutil, "rmtree", killed)
        ran(store, a_slice(1)) if how == "unreadable" else Store(store.folder, 0).prune()
    assert [p.name[0] for p in store.folder.iterdir()] == ["."]
    assert ran(store, a_slice(1))[1:] == (0, 1)
    store.prune()
    assert [p.name for p in store.folder.iterdir()] == [entry.name]


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
