"""Prefecture and province around a county: the product's arrays are those of the panel reader, and gaps stay unknown."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pipelines.forecast import panel
from pipelines.forecast.areas import areas_of, surrounded
from pipelines.forecast.commands import raw_core
from pipelines.forecast.counties import Census, Counties, counties_from_frames
from pipelines.forecast.features import FEATURES
from pipelines.forecast.inputs import GROUPS, UNKNOWN, unknown_flags
from pipelines.forecast.product import census_covariates, elderly_projection
from pipelines.forecast.project import project_all
from pipelines.settings import load

PARTS = ("persons", "covariates", "area_persons", "area_covariates")


@pytest.fixture(scope="module")
def core() -> dict[str, pl.DataFrame]:
    return raw_core(load())


def of_product(core: dict[str, pl.DataFrame]) -> Counties:
    ages = core["fct_population"].filter(pl.col("basis") == "resident")
    alone = counties_from_frames(ages, census_covariates(core["fct_census_covariate"]))
    return surrounded(alone, core["fct_area_population"], core["fct_area_covariate"])


def in_common(core: dict[str, pl.DataFrame], folder) -> tuple[Counties, Counties]:
    """The counties of the product that the panel holds: as the product has them, as the panel reader has them."""
    ours, theirs = of_product(core), panel.latest_counties(folder)
    shared = sorted(set(ours.codes) & set(theirs.codes))
    assert len(shared) >= 4
    return tuple(c.take(np.array([c.codes.tolist().index(code) for code in shared])) for c in (ours, theirs))


def assert_same(ours: Census, theirs: Census) -> None:
    for part in PARTS:
        np.testing.assert_array_equal(getattr(ours, part), getattr(theirs, part), part)


def test_what_the_product_knows_of_a_county_is_what_the_panel_says_to_the_last_figure(core, panel_folder):
    ours, theirs = in_common(core, panel_folder)
    assert_same(ours.latest, theirs.latest)
    assert_same(ours.earlier, theirs.earlier)
    assert np.isfinite(ours.earlier.area_covariates).all() and np.isfinite(ours.earlier.covariates).all()
    assert np.isnan(ours.latest.area_covariates[:, :2]).all(), "the 2020 book prints no registered population"


def test_the_forecast_of_a_county_is_the_same_from_the_product_and_from_the_panel(core, panel_folder, model):
    _, theirs = in_common(core, panel_folder)
    product = elderly_projection(core, model, seed=7, draws=200).bands
    other = project_all(theirs, model, seed=7, draws=200).bands
    mine = product.filter(pl.col("county_code").is_in(theirs.codes.tolist()))
    for name in ("p2_5", "p10", "p50", "p90", "p97_5"):
        np.testing.assert_allclose(mine[name].to_numpy(), other[name].to_numpy(), rtol=1e-6, err_msg=name)
    assert mine["shelf_life_years"].equals(other["shelf_life_years"])


@pytest.mark.parametrize("year", [2010, 2020])
def test_areas_of_every_county_of_the_panel_are_those_its_reader_takes(panel_folder, year):
    """Also of those in no prefecture: municipalities in 2010, counties under their province."""
    rows = panel._rows(panel_folder, year).filter(pl.col("level").is_in(["prefecture", "province"]))
    book = panel.read_book(panel_folder, year).counties
    bare = replace(
        book.latest,
        area_persons=np.full_like(book.latest.area_persons, np.nan),
        area_covariates=np.full_like(book.latest.area_covariates, np.nan),
    )
    found = surrounded(replace(book, latest=bare), *long_frames(rows, year)).latest
    np.testing.assert_array_equal(found.area_persons, book.latest.area_persons)
    np.testing.assert_array_equal(found.area_covariates, book.latest.area_covariates)


def long_frames(rows: pl.DataFrame, year: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    columns = {"resident": "pop", "registered": "hukou_pop", "urban_residents": "urban"}
    ages = rows.select("code", *panel.AGE_COLUMNS).unpivot(index="code", variable_name="group", value_name="persons")
    sex = pl.when(pl.col("group").str.starts_with("m_")).then(pl.lit("male")).otherwise(pl.lit("female"))
    first = pl.col("group").str.extract(r"_(\d+)").cast(pl.Int64)
    values = [
        rows.select(pl.col("code").alias("area_code"), pl.lit(v).alias("variable"), pl.col(c).alias("value"))
        for v, c in columns.items()
        if c in rows.columns
    ]
    return (
        ages.select(pl.col("code").alias("area_code"), pl.lit(year).alias("year"), pl.lit("resident").alias("basis"),
                    sex.alias("sex"), first.alias("age_from"), "persons"),
        pl.concat(values).with_columns(pl.lit(year).alias("year")),
    )  # fmt: skip


def test_a_county_whose_prefecture_is_not_there_knows_it_not_and_says_so(core, model):
    """Whatever the others have: prefecture features unknown, wider by the learned factor, flagged."""
    code = of_product(core).codes.tolist()[-1]
    missing = pl.col("area_code") != code[:4] + "00"
    less = core | {n: core[n].filter(missing) for n in ("fct_area_population", "fct_area_covariate")}
    found = of_product(less)
    assert (
        np.isnan(found.latest.area_persons[-1]).all() and np.isnan(found.earlier.area_covariates[-1][[0, 2, 3]]).all()
    )
    assert np.isfinite(found.earlier.area_covariates[-1, 1]), "the province is still known"
    whole, part = (elderly_projection(c, model, seed=7, draws=200) for c in (core, less))
    assert {f.county_code for f in part.flags if f.code == UNKNOWN} - {f.county_code for f in whole.flags} == {code}

    def width(made) -> float:
        row = made.bands.filter(county_code=code, year=2030, age_band="60+", sex="both").row(0, named=True)
        return float(np.log(row["p90"] / row["p10"]))

    assert width(part) > width(whole)


def test_a_gap_in_the_ages_of_an_area_makes_them_unknown(core):
    codes = of_product(core).codes.tolist()
    area = codes[0][:4] + "00"
    hole = (pl.col("area_code") == area) & (pl.col("year") == 2010) & (pl.col("age_from") == 40)
    ages = core["fct_area_population"]
    emptied = ages.with_columns(
        pl.when(hole & (pl.col("sex") == "male")).then(None).otherwise("persons").alias("persons")
    )
    for broken in (ages.filter(~hole), emptied):
        found = of_product(core | {"fct_area_population": broken})
        assert np.isnan(found.earlier.area_persons[0]).all()
        assert np.isfinite(found.latest.area_persons).all() and np.isfinite(found.earlier.area_covariates).all()


def test_a_county_without_the_census_before_has_no_area_in_it(core):
    code = of_product(core).codes.tolist()[0]
    gone = (pl.col("county_code") == code) & (pl.col("year") == 2010)
    found = of_product(core | {"fct_population": core["fct_population"].filter(~gone)})
    assert np.isnan(found.earlier.area_persons[0]).all() and np.isnan(found.earlier.area_covariates[0]).all()
    assert np.isfinite(found.latest.area_persons[0]).all()


@pytest.mark.parametrize(
    ("code", "known", "areas"),
    [
        ("530425", {"530400", "530000"}, ("530400", "530000")),
        ("530425", {"530000"}, ("530400", "530000")),  # a prefecture without figures is not its province
        ("500112", {"500000"}, ("500000", "500000")),
        ("500112", {"500100", "500000"}, ("500100", "500000")),
        ("469021", {"460000"}, ("460000", "460000")),
    ],
)
def test_areas_are_found_by_code(code, known, areas):
    assert areas_of(code, known) == areas


def test_a_flag_names_what_is_unknown():
    known = np.zeros((2, len(FEATURES)))
    known[1, [FEATURES.index("household_size"), FEATURES.index("migrants_other_province")]] = np.nan
    known[0, FEATURES.index("birth_rate")] = np.nan  # known of a county itself, not of the book
    (flag,) = unknown_flags(np.array(["530425", "530112"]), known)
    assert (flag.county_code, flag.code) == ("530112", UNKNOWN)
    assert (
        flag.zh.startswith("60项特征中2项未知（迁入来源、家庭户）")
        and "2 of 60" in flag.en
        and "province" not in flag.en
    )


def test_every_feature_of_the_book_has_a_word():
    from pipelines.forecast.features import OF_BOOK

    named = {name for _, names in GROUPS for name in names}
    assert named >= {name for name, book in zip(FEATURES, OF_BOOK, strict=True) if book} and named <= set(FEATURES)


def test_a_county_with_broad_ages_only_is_forecast_with_its_areas(core, model):
    """Its own ages stay unknown as features, what is known of its areas but their ages is used, and nothing of the book is missing."""
    code = of_product(core).codes.tolist()[0]
    mine = pl.col("county_code") == code
    broad = [(0, 14), (15, 59), (60, None), (65, None)]
    ages = core["fct_population"]
    within = [
        ages.filter(mine, pl.col("age_from") >= first, (pl.col("age_from") <= last) if last else pl.lit(True))
        .group_by("county_code", "year", "basis", "sex", "source_id", "status")
        .agg(pl.col("persons").sum())
        .with_columns(age_from=pl.lit(first, pl.Int32), age_to=pl.lit(last, pl.Int32))
        .select(ages.columns)
        for first, last in broad
    ]
    thin = core | {"fct_population": pl.concat([ages.filter(~mine), *within])}
    made, whole = (elderly_projection(c, model, seed=7, draws=200) for c in (thin, core))
    assert {f.code for f in made.flags if f.county_code == code} - {"boundary_suspected"} == {"thin_input"}
    row, other = (
        p.bands.filter(county_code=code, year=2030, age_band="60+", sex="both").row(0, named=True)
        for p in (made, whole)
    )
    assert row["p2_5"] < other["p50"] < row["p97_5"]
    assert row["p90"] / row["p10"] > other["p90"] / other["p10"]
