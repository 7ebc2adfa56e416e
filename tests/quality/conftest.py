"""The good candidate, its results, and one Great Expectations engine for the whole session."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.quality.adapter import Engine, check
from tests.conftest import Once
from tests.quality.catch_rate import SUITES
from tests.quality.good import PARQUET, build


@pytest.fixture(scope="session")
def good(once: Once) -> Path:
    """Parquet of every published table, from the real raw data."""
    return once("good", build) / PARQUET


@pytest.fixture(scope="session")
def results(good: Path, once: Once) -> pl.DataFrame:
    """Every check on the good candidate."""
    made = once("results", lambda folder: check(good, SUITES).write_parquet(folder / "results.parquet"))
    return pl.read_parquet(made / "results.parquet")


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine()
