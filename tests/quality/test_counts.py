"""Row counts in git: a refused candidate keeps its counts, and the remedy that the message names works."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import polars as pl
import pytest

from pipelines.publish import release
from pipelines.quality import counts
from pipelines.quality.adapter import check
from pipelines.quality.checks import COUNTS
from pipelines.settings import Settings
from tests.quality.catch_rate import SUITES

LOST = ("fct_project_mention", 3)


@pytest.fixture
def suites(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SUITES, tmp_path / "expectations"))


@pytest.fixture
def refused(good: Path, suites: Path, tmp_path: Path) -> Path:
    """A candidate that lost rows, refused: only its report is left."""
    s = Settings(data_root=tmp_path / "data")
    candidate = s.candidate("x")
    release.begin(s, candidate)
    shutil.copytree(good, candidate / "parquet")
    path = candidate / "parquet" / f"{LOST[0]}.parquet"
    pl.read_parquet(path).slice(LOST[1]).write_parquet(path)
    counts.save(candidate, suites)
    kept = release.reject(s, candidate)
    assert not candidate.exists()
    return kept


def passes(good: Path, suites: Path, work: Path) -> bool:
    folder = Path(shutil.copytree(good, work / "again"))
    path = folder / f"{LOST[0]}.parquet"
    pl.read_parquet(path).slice(LOST[1]).write_parquet(path)
    rows = check(folder, suites, only=["fct_project_mention"]).filter(pl.col("expectation") == "rows_fewer")
    return bool(rows["passed"].item())


def test_the_remedy_of_fewer_rows_works_on_a_refused_candidate(
    good: Path, suites: Path, refused: Path, tmp_path: Path
) -> None:
    assert not passes(good, suites, tmp_path / "before")
    (line,) = [x for x in counts.update(refused, suites) if LOST[0] in x]
    county, table, old, _, new = line.replace(":", "").split()
    assert (table, int(old) - int(new)) == LOST
    assert json.loads((suites / COUNTS).read_text())[county][table] == int(new)
    assert passes(good, suites, tmp_path / "after")
    assert counts.update(refused, suites) == []


def test_the_newest_candidate_is_taken(refused: Path, tmp_path: Path) -> None:
    s = Settings(data_root=tmp_path / "data")
    assert counts.newest(s) == refused
    published = s.releases / "r00009-20260101" / "quality"
    published.mkdir(parents=True)
    shutil.copy(refused / COUNTS, published)
    os.utime(refused / COUNTS, (1, 1))
    assert counts.newest(s) == published
    with pytest.raises(FileNotFoundError, match="minzheng run"):
        counts.newest(Settings(data_root=tmp_path / "nothing"))


def test_the_message_names_the_command() -> None:
    suite = json.loads((SUITES / "counties.json").read_text(encoding="utf-8"))
    remedy = next(e["meta"]["remedy_en"] for e in suite["expectations"] if e["meta"]["rule"] == "rows_fewer")
    assert "python -m pipelines.quality.counts" in remedy
