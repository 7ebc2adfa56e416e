"""One tiny invented release for all tests of the desk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.desk import open_marts
from tests.desk.tiny_release import build


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def con(tiny: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_marts(path=tiny / "marts.duckdb") as connection:
        yield connection
