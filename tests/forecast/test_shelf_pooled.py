"""How long a forecast keeps, and the pooled urban area read beside a district whose boundary is in doubt."""

import numpy as np
import polars as pl
import pytest

from pipelines.forecast.bands import BandErrors, ten_year_offsets
from pipelines.forecast.counties import counties_from_frames
from pipelines.forecast.inputs import UNKNOWN
from pipelines.forecast.product import _input_flags
from pipelines.forecast.project import project_all
from pipelines.forecast.shelf import FORMS, LONGEST, class_labels, shelf_life, shelf_lives

DISTRICTS = ("539902", "539903", "539904")


def test_shelf_life_is_where_four_in_five_are_within_ten_per_cent():
    errors = np.linspace(-0.25, 0.25, 101)  # four in five within 20 %
    assert shelf_life(errors) == pytest.approx(5.0)
    assert shelf_life(errors / 4) == LONGEST


def test_shelf_life_follows_type_and_size():
    districts, residents = np.array([False, True, False]), np.array([1e5, 1e6, 3e5])
    assert class_labels(districts, residents).tolist() == [
        "county or city <200k",
        "district >=700k",
        "county or city 200-400k",
    ]
    learned = {"county or city <200k": [12.0, 12.0, 8.0], "district >=700k": [5.0, 5.0, 4.0]}
    years = shelf_lives(learned, districts, residents, np.array([2.0, 1.0, 1.0]))
    assert years[0].tolist() == [6.0, 6.0, 4.0]
    assert years[1].tolist() == [5.0, 5.0, 4.0]
    assert np.isnan(years[2]).all()


def test_the_model_knows_a_shelf_life_for_every_type_and_size(model):
    for key in FORMS:
        learned = model.record[key]
        assert_every_class(learned)
    known, least = (
        np.array(list(model.record[key].values())) for key in (min(FORMS, key=FORMS.get), "shelf_life_own_rows")
    )
    assert (known >= least - 0.6).all() and known.mean() > least.mean()


def assert_every_class(learned):
    assert len(learned) == 8 and all(len(years) == 3 for years in learned.values())
    assert all(0 < y <= LONGEST for years in learned.values() for y in years)
    for size in ("<200k", "200-400k", "400-700k", ">=700k"):
        assert learned[f"county or city {size}"][0] > learned[f"district {size}"][0]


def test_a_doubtful_district_comes_with_its_pooled_urban_area(county, model):
    """Persons decreed from one district to the other: each alone is in doubt, their sum is not."""
    before = [county(code, 2010, size) for code, size in zip(DISTRICTS, (3e5, 1e5, 2e5), strict=True)]
    after = [county(code, 2020, size) for code, size in zip(DISTRICTS, (1.5e5, 2.6e5, 2.1e5), strict=True)]
    made = project_all(counties_from_frames(pl.concat([*before, *after])), model, draws=200)
    doubtful = {f.county_code for f in made.flags if f.code == "boundary_suspected"}
    assert doubtful == set(DISTRICTS[:2])
    assert made.pooled["county_code"].unique().to_list() == ["539901"]
    assert made.pooled["members"].unique().to_list() == [";".join(DISTRICTS)]
    start = (pl.col("year") == 2020) & (pl.col("sex") == "both") & (pl.col("age_band") == "60+")
    assert made.pooled.filter(start)["p50"][0] == pytest.approx(made.bands.filter(start)["p50"].sum())
    end = (pl.col("year") == 2030) & (pl.col("sex") == "both") & (pl.col("age_band") == "60+")
    pooled = made.pooled.filter(end).row(0, named=True)
    assert pooled["p10"] < pooled["p50"] < pooled["p90"]


def test_a_district_coded_01_leaves_that_code_alone(county, model):
    codes = ("539901", "539902")
    before, after = (
        [county(c, 2010, 1e5) for c in codes],
        [county(c, 2020, s) for c, s in zip(codes, (3e5, 1e5), strict=True)],
    )
    made = project_all(counties_from_frames(pl.concat([*before, *after])), model, draws=200)
    assert made.pooled["county_code"].unique().to_list() == ["539900"]


def test_the_product_says_so_beside_the_county(county, model):
    before = [county(code, 2010, 2e5) for code in DISTRICTS]
    after = [county(code, 2020, size) for code, size in zip(DISTRICTS, (1e5, 3e5, 2e5), strict=True)]
    made = project_all(counties_from_frames(pl.concat([*before, *after])), model, draws=200)
    told = _input_flags(made)
    pooled = told.filter(pl.col("check_id") == "pooled_urban_area")
    assert set(pooled["county_code"]) == set(DISTRICTS[:2])
    assert "3个市辖区" in pooled["message_zh"][0] and "3 districts" in pooled["message_en"][0]
    assert told.filter(pl.col("check_id") == "input_flag").height == 2 + len(DISTRICTS)  # and of each, what is unknown


def test_a_doubtful_district_alone_says_that_it_cannot_be_pooled(county, model):
    ages = pl.concat([county("539901", 2010, 3e5), county("539901", 2020, 1e5)])
    made = project_all(counties_from_frames(ages), model, draws=200)
    assert {f.code for f in made.flags} == {"boundary_suspected", "pooled_unavailable", UNKNOWN}
    assert made.pooled.is_empty() and "members" in made.pooled.columns


def test_sound_districts_and_doubtful_counties_are_not_pooled(county, model):
    sound = [county(code, year, 2e5) for code in DISTRICTS for year in (2010, 2020)]
    broken = [county("539921", 2010, 3e5), county("539921", 2020, 1e5)]
    made = project_all(counties_from_frames(pl.concat([*sound, *broken])), model, draws=200)
    assert {(f.county_code, f.code) for f in made.flags if f.code != UNKNOWN} == {("539921", "boundary_suspected")}
    assert made.pooled.is_empty()


def offsets(model, *, provinces: list[str], thin: float = 1.0) -> np.ndarray:
    known = model.band_errors
    band = BandErrors(
        **{f: getattr(known, f) for f in BandErrors.__dataclass_fields__} | {"provinces": np.array(provinces)}
    )
    features = np.zeros((1, len(model.expectation.mean)))
    persons = model.nation(2020).persons[None] / 5000
    return ten_year_offsets(
        band, model.expectation, features, persons, np.array(["530499"]), np.array([False]), np.array([thin])
    )


def test_a_new_province_and_thin_input_widen_the_interval(model):
    usual = offsets(model, provinces=["53"])
    assert (np.diff(usual, axis=2) > 0).all() and (usual[..., 2] == 0).all()
    new, thin = offsets(model, provinces=["62"]), offsets(model, provinces=["53"], thin=1.5)
    assert (np.abs(new[..., [0, 1, 3, 4]]) > np.abs(usual[..., [0, 1, 3, 4]])).all()
    assert thin == pytest.approx(1.5 * usual)
