"""Shared inputs of the forecast tests: invented counties, and the national panel where MINZHENG_PANEL names it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines.forecast.shipped import load_model

GROUP_EDGES = [(0, 0), (1, 4), *((a, a + 4) for a in range(5, 85, 5)), (85, None)]


@pytest.fixture(scope="session")
def panel_folder(panel: Path) -> Path:
    """The reference panel; its demography folder stands beside it."""
    return panel


@pytest.fixture(scope="session")
def model():
    return load_model()


def ages_frame(code: str, year: int, persons: np.ndarray) -> pl.DataFrame:
    """Long census ages (19 printed groups) from (2, 18) persons; a fifth of the youngest group is under one."""
    rows = []
    for s, sex in enumerate(("male", "female")):
        for k, (first, last) in enumerate(GROUP_EDGES):
            count = persons[s, max(k - 1, 0)] * ({0: 0.2, 1: 0.8}.get(k, 1.0))
            rows.append((code, year, sex, first, last, float(count)))
    return pl.DataFrame(
        rows,
        schema=["county_code", "year", "sex", "age_from", "age_to", "persons"],
        orient="row",
        schema_overrides={"age_from": pl.Int64, "age_to": pl.Int64},
    )


@pytest.fixture
def county(model):
    """Ages of one invented county, alike the nation of 2020 in shape: a function of code, year and size."""

    def make(code: str = "530499", year: int = 2020, size: float = 2e5) -> pl.DataFrame:
        nation = model.nation(year).persons
        return ages_frame(code, year, nation / nation.sum() * size)

    return make
