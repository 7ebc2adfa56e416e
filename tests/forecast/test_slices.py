"""A country in slices: no number depends on the slicing or on other counties."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.forecast.chain import normal_draws
from pipelines.forecast.errors import ForecastInputError
from pipelines.forecast.kernel import COMPILE_FROM
from pipelines.forecast.product import forecast_tables, read_core
from pipelines.forecast.slices import SLICE, forecast_in_slices, slices

SEED = 7


@pytest.fixture(scope="module")
def facts(core: Path) -> dict[str, pl.DataFrame]:
    return read_core(core)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_slices_give_the_whole(facts: dict[str, pl.DataFrame], size: int) -> None:
    whole, sliced = forecast_tables(facts, seed=SEED), forecast_in_slices(facts, seed=SEED, size=size)
    assert whole.keys() == sliced.keys()
    for name, frame in whole.items():
        assert_frame_equal(frame, sliced[name], rel_tol=1e-9, abs_tol=1e-9, check_row_order=False, check_dtypes=True)


def test_few_counties_are_one_slice_as_they_come(facts: dict[str, pl.DataFrame]) -> None:
    assert slices(facts) == [facts]


def test_every_county_is_in_one_slice_with_its_outputs(facts: dict[str, pl.DataFrame]) -> None:
    parts = slices(facts, 2)
    for name in ("fct_population", "fct_observation", "fct_project", "fct_project_output", "fct_census_covariate"):
        assert sum(part[name].height for part in parts) == facts[name].height
    assert all(part["dim_parameter"].equals(facts["dim_parameter"]) for part in parts)
    assert [part["fct_population"]["county_code"].n_unique() for part in parts] == [2, 2, 1]


def test_every_slice_of_a_country_takes_the_same_kernel() -> None:
    """More than SLICE counties are cut evenly: the smallest piece of SLICE + 1 is half of it."""
    assert (SLICE + 1) // 2 >= COMPILE_FROM


def test_a_county_behind_the_others_is_told(facts: dict[str, pl.DataFrame]) -> None:
    """Alone in its slice it would be forecast from an older census."""
    population = facts["fct_population"]
    behind = population.filter((pl.col("county_code") != "530425") | (pl.col("year") < 2020))
    with pytest.raises(ForecastInputError, match="530425"):
        forecast_in_slices({**facts, "fct_population": behind}, seed=SEED, size=1)


def test_a_countys_draws_are_its_own() -> None:
    alone, among = normal_draws(np.array(["530425"]), 50, SEED), normal_draws(np.array(["110101", "530425"]), 50, SEED)
    assert np.array_equal(alone[0], among[1])
    assert not np.array_equal(among[0], among[1])
    assert not np.array_equal(alone, normal_draws(np.array(["530425"]), 50, SEED + 1))
