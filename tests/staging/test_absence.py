"""A statement without a number says why: words, a reason from raw, or the county is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from pipelines.ingest.folder import read_county
from pipelines.ingest.problems import InputError
from pipelines.staging.county import stage

CODE = "530129"
WORDS = "基本无,（人）,2021,2025,1,target,~,,county,,prose,,,,"


@pytest.fixture
def folder(raw: Path, tmp_path: Path) -> Path:
    first = next(raw.glob(f"{CODE}-*"))
    return Path(shutil.copytree(first, tmp_path / first.name))


def statistics(folder: Path) -> pl.DataFrame:
    return stage(read_county(folder))["statistics"].select("key", "value", "status", "value_printed")


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "statistics.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_words_are_typed(folder: Path) -> None:
    rows = {r["value_printed"]: (r["value"], r["status"]) for r in statistics(folder).iter_rows(named=True)}
    assert rows["每个"] == rows["应保尽保"] == (100.0, None)
    assert rows["基本无"] == rows["每季度"] == (None, "in_words")


def test_a_stated_reason_stays(folder: Path) -> None:
    change(folder, WORDS, WORDS.replace("基本无", "").replace("prose,,,,", "prose,,,illegible,"))
    row = statistics(folder).filter(pl.col("key") == f"{CODE}-s0018").row(0, named=True)
    assert (row["value"], row["status"]) == (None, "illegible")


def test_an_empty_cell_without_a_reason_is_refused(folder: Path) -> None:
    change(folder, WORDS, WORDS.replace("基本无", ""))
    with pytest.raises(InputError) as refused:
        statistics(folder)
    assert [(p.rule, p.column, p.value) for p in refused.value.problems] == [("missing_value", "status", "s0018")]


def test_every_statement_of_the_real_plans_has_a_value_or_a_reason(core: Path) -> None:
    rows = pl.read_parquet(core / "fct_observation.parquet")
    assert rows.filter(pl.col("value").is_null() & pl.col("status").is_null()).is_empty()
    worded = rows.filter(pl.col("status") == "in_words")
    assert 15 <= worded.height <= 20
    assert worded.filter(pl.col("value_as_printed").str.contains("[0-9]"))["value_as_printed"].to_list() == ["1:4:5"]
