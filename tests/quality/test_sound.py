"""What held is not asked again of the same rows; everything else is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.quality import adapter
from pipelines.quality import candidate as data
from pipelines.quality.sound import Sound
from tests.quality.catch_rate import SUITES

ONLY = ("dim_county", "fct_mortality", "fct_project_funding", "mart_elderly_outlook")
Asked = tuple[pl.DataFrame, set[str], list[str]]
"""What a check found, the queries it asked, the tables that Great Expectations looked at."""
Ask = Callable[..., Asked]


@pytest.fixture
def ask(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Check a copy of the good candidate, changed as told, with what earlier checks of this test kept."""
    queries: list[str] = []
    looked: list[str] = []
    asked, validate = data.asked, adapter.Engine.validate

    def counted(con: duckdb.DuckDBPyConnection, sqls: Iterable[str], threads: Any) -> Any:
        queries[:] = sqls
        return asked(con, queries, threads)

    def seen(self: adapter.Engine, name: str, frame: Any, checks: Any) -> Any:
        looked.append(name)
        return validate(self, name, frame, checks)

    monkeypatch.setattr(data, "asked", counted)
    monkeypatch.setattr(adapter.Engine, "validate", seen)

    def run(change: Callable[[Path], None] = lambda _: None, made_by: str = "this code") -> Asked:
        folder = tmp_path / "candidate"
        folder.mkdir(exist_ok=True)
        for path in good.glob("*.parquet"):
            (folder / path.name).unlink(missing_ok=True)
            os.link(path, folder / path.name)
        change(folder)
        looked.clear()
        sound = Sound(tmp_path / "sound.json", made_by)
        found = adapter.check(folder, SUITES, only=ONLY, sound=sound)
        sound.keep()
        return found, set(queries), looked.copy()

    return run


def rewritten(table: str, *changes: pl.Expr) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / f"{table}.parquet"
        frame = pl.read_parquet(path).with_columns(*changes)
        path.unlink()
        frame.write_parquet(path)

    return change


def test_the_same_rows_are_asked_once_and_told_the_same(ask: Ask) -> None:
    first, every, tables = ask()
    again, left, again_tables = ask()
    assert_frame_equal(again, first)
    failed = first.filter(~pl.col("passed"))["expectation"].to_list()
    assert (
        failed and len(left) < len(every) / 3
    )  # those that failed, have accepted rows, give figures or read what is not a table of the release
    assert set(tables) == {*ONLY, "rules"} and again_tables == ["rules"]

    other, asked, looked = ask(made_by="other code")
    assert (asked, looked) == (every, tables)
    assert_frame_equal(other, first)


def test_a_changed_table_is_asked_and_its_fault_found_every_time(ask: Ask) -> None:
    good, _, _ = ask()
    _, left, _ = ask()
    broken = rewritten("mart_elderly_outlook", pl.col("p50") * -1)
    for _ in range(2):
        found, asked, looked = ask(broken)
        rules = found.filter(~pl.col("passed") & (pl.col("table_name") == "mart_elderly_outlook"))
        assert rules.filter(pl.col("severity") == "critical").height > 1
        assert "mart_elderly_outlook" in looked and "dim_county" not in looked
        assert asked - left and all("mart_elderly_outlook" in sql for sql in asked - left)
    mended, _, _ = ask()
    assert_frame_equal(mended, good)


def test_what_was_kept_may_be_damaged(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "sound.json").write_text("[1, {", encoding="utf-8")
    first, every, _ = ask()
    (tmp_path / "sound.json").write_text('{"a": []}', encoding="utf-8")
    found, asked, _ = ask()
    assert asked == every
    assert_frame_equal(found, first)


def test_nothing_is_kept_without_a_file(good: Path) -> None:
    sound = Sound()
    sound.of(good, {"dim_county"})
    sound.hold(sound.query("SELECT 1 FROM dim_county"))
    sound.keep()
    assert not sound.held


def test_a_rule_that_reads_something_else_has_no_name(good: Path, tmp_path: Path) -> None:
    sound = Sound(tmp_path / "sound.json", "code")
    sound.of(good, {"dim_county", "reg_units", "expected_rows"})
    assert sound.query("SELECT * FROM dim_county JOIN reg_units USING (code)")
    assert sound.query("SELECT * FROM dim_county JOIN expected_rows USING (county_code)") is None
