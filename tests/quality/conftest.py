"""The good candidate, its results, and one Great Expectations engine for the whole session."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.quality.adapter import Engine, check
from tests.quality.catch_rate import SUITES
from tests.quality.good import build


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parquet of every published table, from the real raw data."""
    return build(tmp_path_factory.mktemp("good"))


@pytest.fixture(scope="session")
def results(good: Path) -> pl.DataFrame:
    """Every check on the good candidate."""
    return check(good, SUITES)


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine()
