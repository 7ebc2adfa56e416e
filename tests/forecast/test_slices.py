"""A country in slices: no number depends on the slicing or on other counties."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.core.slices import SLICE, groups
from pipelines.forecast.batch import from_frames, to_frames
from pipelines.forecast.chain import normal_draws
from pipelines.forecast.counties import Counties, counties_from_frames
from pipelines.forecast.inputs import UNKNOWN
from pipelines.forecast.kernel import COMPILE_FROM
from pipelines.forecast.product import forecast_tables, read_core
from pipelines.forecast.slices import forecast_in_slices, project_in_slices, slices

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
    (one,) = slices(facts)
    assert all(one[name].equals(rows) for name, rows in facts.items())


def test_every_county_is_in_one_slice_with_its_outputs(facts: dict[str, pl.DataFrame]) -> None:
    parts = slices(facts, 2)
    for name in ("fct_population", "fct_observation", "fct_project", "fct_project_output", "fct_census_covariate"):
        assert sum(part[name].height for part in parts) == facts[name].height
    assert all(part["dim_parameter"].equals(facts["dim_parameter"]) for part in parts)
    assert [part["fct_population"]["county_code"].n_unique() for part in parts] == [2, 2, 1]


def test_a_slice_holds_the_areas_of_its_own_provinces(facts: dict[str, pl.DataFrame]) -> None:
    for part in slices(facts, 2):
        provinces = sorted(part["fct_population"]["county_code"].str.head(2).unique())
        for name in ("fct_area_population", "fct_area_covariate"):
            mine = facts[name].filter(pl.col("area_code").str.head(2).is_in(provinces))
            assert mine.height and part[name].equals(mine)
    elsewhere = pl.col("area_code").str.head(2) == "62"
    changed = {**facts, "fct_area_population": facts["fct_area_population"].with_columns(pl.when(elsewhere).then(pl.col("persons") * 2).otherwise("persons"))}  # fmt: skip
    same = [a["fct_area_population"].equals(b["fct_area_population"]) for a, b in zip(slices(facts, 2), slices(changed, 2), strict=True)]  # fmt: skip
    assert True in same and False in same


def codes(prefectures: int, counties: int) -> list[str]:
    """County codes of so many prefectures with so many counties each."""
    return [f"{10 + p // 20}{p % 20 + 1:02}{c + 1:02}" for p in range(prefectures) for c in range(counties)]


@pytest.mark.parametrize("counties", [1, 7, 40])
@pytest.mark.parametrize("prefectures", [5, 17, 100, 330])
def test_a_prefecture_is_never_cut(prefectures: int, counties: int) -> None:
    """Its districts are read together where the boundary of one is in doubt."""
    parts = groups(codes(prefectures, counties))
    assert [code for part in parts for code in part] == codes(prefectures, counties)
    homes = [{code[:4] for code in part} for part in parts]
    assert sum(map(len, homes)) == prefectures
    assert max(map(len, parts)) <= 2 * SLICE


@pytest.mark.parametrize("counties", [1, 7, 40])
def test_every_slice_of_a_country_takes_the_same_kernel(counties: int) -> None:
    """From SLICE counties on, whatever prefectures a slice ends with (the largest has 40 counties)."""
    for prefectures in range(SLICE // counties + 1, 4 * SLICE // counties):
        assert min(map(len, groups(codes(prefectures, counties)))) >= COMPILE_FROM


def test_one_prefecture_is_one_slice() -> None:
    assert [len(part) for part in groups(codes(1, 300))] == [300]


@pytest.fixture
def two_censuses(county) -> Counties:
    """A prefecture with a district in doubt (persons moved to its neighbour), a county, and a county new since."""
    before = [county("539902", 2010, 3e5), county("539903", 2010, 1e5), county("530425", 2010, 1e5)]
    after = [county(c, 2020, s) for c, s in (("539902", 1e5), ("539903", 3e5), ("530425", 1e5), ("530426", 1e5))]
    return counties_from_frames(pl.concat([*before, *after]))


def test_a_batch_of_counties_comes_back_from_frames(two_censuses: Counties) -> None:
    again = from_frames(to_frames(two_censuses))
    for name in ("codes", "names", "thin", "unsexed"):
        assert np.array_equal(getattr(again, name), getattr(two_censuses, name))
    assert again.flags == two_censuses.flags
    for census, kept in ((two_censuses.latest, again.latest), (two_censuses.earlier, again.earlier)):
        assert census is not None and kept is not None and census.year == kept.year
        for name in ("persons", "covariates", "area_persons", "area_covariates"):
            assert np.array_equal(getattr(census, name), getattr(kept, name), equal_nan=True)
    alone = from_frames(to_frames(replace(two_censuses, earlier=None)))
    assert alone.earlier is None and len(alone) == 4


def test_a_projection_in_slices_is_that_of_the_whole(two_censuses: Counties) -> None:
    whole, sliced = (project_in_slices(two_censuses, to=2030, draws=50, seed=SEED, size=size) for size in (9, 2))
    assert whole.keys() == sliced.keys() == {"elderly", "ages", "deaths", "pooled", "flags"}
    assert whole["pooled"]["members"].unique().to_list() == ["539902;539903"]
    assert set(whole["flags"]["flag"]) == {"boundary_suspected", UNKNOWN}
    for name, frame in whole.items():
        assert_frame_equal(frame, sliced[name], rel_tol=1e-9, check_row_order=False)


@pytest.mark.parametrize("size", [1, SLICE])
@pytest.mark.parametrize("behind", ["530112", "530425", "620722"])
def test_a_county_without_the_census_is_flagged_and_stops_nobody(
    facts: dict[str, pl.DataFrame], behind: str, size: int
) -> None:
    """Alone in its slice it would be forecast from an older census."""
    population = facts["fct_population"]
    lacking = population.filter((pl.col("county_code") != behind) | (pl.col("year") < 2020))
    whole = forecast_tables(facts, seed=SEED)
    made = forecast_in_slices({**facts, "fct_population": lacking}, seed=SEED, size=size)
    for name in ("forecast_elderly", "forecast_beds", "forecast_graves"):
        others = whole[name].filter(pl.col("county_code") != behind)
        assert_frame_equal(made[name], others, rel_tol=1e-9, abs_tol=1e-9, check_row_order=False)
    (said,) = made["forecast_plausibility"].filter(county_code=behind, check_id="input_flag")["message_en"]
    assert "is not forecast" in said and "(2020)" in said


@pytest.mark.parametrize("year", [2015, 2025])
def test_ages_of_one_county_between_censuses_change_no_forecast(facts: dict[str, pl.DataFrame], year: int) -> None:
    population = facts["fct_population"]
    extra = population.filter(county_code="530425", year=2020).with_columns(
        year=pl.lit(year).cast(population["year"].dtype), persons=pl.col("persons") * 2
    )
    whole = forecast_tables(facts, seed=SEED)
    made = forecast_in_slices({**facts, "fct_population": pl.concat([population, extra])}, seed=SEED, size=2)
    for name in ("forecast_elderly", "forecast_plausibility"):
        assert_frame_equal(made[name], whole[name], rel_tol=1e-9, check_row_order=False)


def test_a_countys_draws_are_its_own() -> None:
    alone, among = normal_draws(np.array(["530425"]), 50, SEED), normal_draws(np.array(["110101", "530425"]), 50, SEED)
    assert np.array_equal(alone[0], among[1])
    assert not np.array_equal(among[0], among[1])
    assert not np.array_equal(alone, normal_draws(np.array(["530425"]), 50, SEED + 1))
