"""Reading counties: absurd inputs are refused in both languages, odd ones are flagged, thin ones are split."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.forecast import panel
from pipelines.forecast.annual import coarse, split_thin
from pipelines.forecast.backtest import broad_ages
from pipelines.forecast.cohorts import band_totals
from pipelines.forecast.counties import COVARIATES, counties_from_frames, unit_kind
from pipelines.forecast.errors import ForecastInputError
from pipelines.forecast.features import FEATURES
from pipelines.forecast.inputs import UNKNOWN
from pipelines.forecast.panel import AGE_COLUMNS, read_book
from pipelines.forecast.project import project, project_all
from pipelines.forecast.split import measured, split_offsets, without_ages_wider


def refused(ages: pl.DataFrame) -> ForecastInputError:
    with pytest.raises(ForecastInputError) as caught:
        counties_from_frames(ages)
    for problem in caught.value.problems:
        assert any("\u4e00" <= c <= "\u9fff" for c in problem.zh)
        assert problem.en.isascii()
        assert problem.county_code in str(caught.value)
    return caught.value


def codes(error: ForecastInputError) -> set[str]:
    return {p.code for p in error.problems}


def test_negative_persons_are_refused(county):
    ages = county().with_columns(
        pl.when(pl.col("age_from") == 30).then(-5).otherwise(pl.col("persons")).alias("persons")
    )
    assert codes(refused(ages)) == {"negative_persons"}


def test_not_a_number_is_refused(county):
    ages = county().with_columns(
        pl.when(pl.col("age_from") == 30).then(float("nan")).otherwise(pl.col("persons")).alias("persons")
    )
    assert "not_a_number" in codes(refused(ages))


def test_a_missing_cohort_is_refused(county):
    assert codes(refused(county().filter(pl.col("age_from") != 45))) == {"missing_cohort"}


def test_a_missing_open_group_is_refused(county):
    assert codes(refused(county().filter(pl.col("age_from") != 85))) == {"missing_cohort"}


def test_a_duplicated_county_is_refused(county):
    assert codes(refused(pl.concat([county(), county()]))) == {"duplicated_county"}


def test_one_sex_is_refused(county):
    assert codes(refused(county().filter(pl.col("sex") == "male"))) == {"missing_sex"}


def test_a_county_without_the_base_census_is_left_out_with_a_flag(county, model):
    damaged = county("530497", 2010).with_columns(persons=-pl.col("persons"))
    read = counties_from_frames(pl.concat([county("530499", 2020), county("530498", 2010), damaged]))
    assert read.codes.tolist() == ["530499"]
    assert [(f.code, f.county_code) for f in read.flags] == [("no_base", "530497"), ("no_base", "530498")]
    at = {"rel_tol": 1e-12, "check_row_order": False}
    assert_frame_equal(project(read, model), project(counties_from_frames(county("530499")), model), **at)
    with pytest.raises(ForecastInputError, match="2020"):
        counties_from_frames(county("530498", 2010), base=2020)


@pytest.mark.parametrize("year", [2015, 2025])
def test_ages_between_censuses_change_nothing(county, model, year):
    followed = [county(code, y, 2e5) for code in ("530498", "530499") for y in (2010, 2020)]
    between = county("530498", year, 3e5)
    plain, more = (counties_from_frames(pl.concat(frames)) for frames in (followed, [*followed, between]))
    assert (more.latest.year, more.earlier.year) == (2020, 2010) and not more.flags
    assert project(plain, model).equals(project(more, model))


def test_a_county_with_one_census_takes_nothing_from_the_year_between(county, model):
    followed = [county("530498", y) for y in (2010, 2020)]
    alone = [county("530499", y) for y in (2015, 2020)]
    read = counties_from_frames(pl.concat([*followed, *alone]))
    assert np.isnan(read.earlier.persons).all(axis=(1, 2)).tolist() == [False, True]
    apart = project(counties_from_frames(county("530499")), model)
    assert_frame_equal(project(read, model).filter(county_code="530499"), apart, rel_tol=1e-9)


def test_ages_of_no_decennial_census_are_refused(county):
    assert codes(refused(county(year=2020).with_columns(year=2015))) == {"no_census"}


def test_the_census_is_given_as_counted(county, model):
    counted = county(size=23_629).with_columns(pl.col("persons").round())
    made = project_all(counties_from_frames(counted), model)
    for band, first in (("60+", 60), ("65+", 65), ("80+", 80)):
        of_sex = dict(
            counted.filter(pl.col("age_from") >= first).group_by("sex").agg(pl.col("persons").sum()).iter_rows()
        )
        of_sex["both"] = sum(of_sex.values())
        shown = made.bands.filter(year=2020, age_band=band)
        for quantile in ("p2_5", "p10", "p50", "p90", "p97_5"):
            assert dict(shown.select("sex", quantile).iter_rows()) == of_sex
    groups = made.ages.filter(year=2020)["p50"]
    assert groups.sum() == counted["persons"].sum() and (groups == groups.round()).all()


def test_a_county_without_elderly_is_refused(county):
    ages = county().with_columns(
        pl.when(pl.col("age_from") >= 60).then(0).otherwise(pl.col("persons")).alias("persons")
    )
    assert codes(refused(ages)) == {"no_elderly"}


def thin_rows(ages: pl.DataFrame) -> pl.DataFrame:
    spans = [(0, 14), (15, 59), (60, None), (65, None)]
    parts = []
    for first, last in spans:
        inside = (pl.col("age_from") >= first) & (pl.lit(last is None) | (pl.col("age_from") <= (last or 0)))
        part = ages.filter(inside).group_by("county_code", "year", "sex").agg(pl.col("persons").sum())
        parts.append(
            part.with_columns(pl.lit(first, pl.Int64).alias("age_from"), pl.lit(last, pl.Int64).alias("age_to"))
        )
    return pl.concat(parts).select(ages.columns)


def test_thin_input_keeps_totals_and_widens(county, model):
    full, thin = counties_from_frames(county()), counties_from_frames(thin_rows(county()))
    assert thin.thin.all() and {f.code for f in thin.flags} == {"thin_input"}
    a, b = project(full, model), project(thin, model)
    at = (pl.col("year") == 2030) & (pl.col("age_band") == "60+") & (pl.col("sex") == "both")
    x, y = a.filter(at).row(0, named=True), b.filter(at).row(0, named=True)
    start = (pl.col("year") == 2020) & (pl.col("age_band") == "65+") & (pl.col("sex") == "both")
    assert b.filter(start)["p50"][0] == pytest.approx(a.filter(start)["p50"][0], rel=1e-6)
    assert y["p50"] == pytest.approx(x["p50"], rel=0.08)
    assert y["p90"] - y["p10"] > x["p90"] - x["p10"]


def widths(read, model, year: int) -> dict[tuple[str, str], float]:
    """(band, sex) → p90 ÷ p10 in a year."""
    frame = project(read, model).filter(pl.col("year") == year)
    return {(b, s): high / low for b, s, low, high in frame.select("age_band", "sex", "p10", "p90").iter_rows()}


def test_what_a_split_invents_has_an_interval_in_the_base_year_and_what_is_counted_has_none(county, model):
    thin = counties_from_frames(thin_rows(county()))
    start, full = (widths(c, model, 2020) for c in (thin, counties_from_frames(county())))
    assert set(full.values()) == {1.0}
    assert all((start[band, sex] > 1.3) == (band == "80+") for band, sex in start)
    assert all((start[band, sex] == 1.0) == (band != "80+") for band, sex in start)


def test_the_error_of_the_split_moves_on_with_the_cohorts(county, model):
    """Those 80+ in five years are still inside 65+ today; in fifteen years they are today's 65+, which was counted."""
    thin, full = counties_from_frames(thin_rows(county())), counties_from_frames(county())
    more = {
        y: np.log(widths(thin, model, y)["80+", "both"] / widths(full, model, y)["80+", "both"]) for y in (2021, 2025)
    }
    assert more[2021] > more[2025] > 0
    sixty = {y: widths(thin, model, y)["60+", "both"] for y in (2021, 2025, 2030)}
    assert 1 < sixty[2021] < sixty[2025] < sixty[2030]
    assert widths(thin, model, 2030)["60+", "both"] > 1.3


def test_unsexed_input_has_an_interval_by_sex_only(county, model):
    both = county().group_by("county_code", "year", "age_from", "age_to").agg(pl.col("persons").sum())
    read = counties_from_frames(both.with_columns(pl.lit("both").alias("sex")).select(county().columns))
    start = widths(read, model, 2020)
    assert all((width == 1.0) == (sex == "both") for (_, sex), width in start.items())
    assert "估计" in read.flags[0].zh and "estimated" in read.flags[0].en


def test_a_split_that_is_right_has_no_error_and_one_that_is_wrong_its_log():
    """Two counties: one is the nation, the other has twice its 80+ within the same 65+."""
    nation = np.full((2, 18), 1000.0)
    older = nation.copy()
    older[:, 16:] *= 2
    older[:, 13:16] -= 2000 / 3
    now = np.zeros((21, 3, 2, 18))
    for b, first in enumerate((12, 13, 16)):
        now[:, b, :, first:] = 1.0
    of_band = measured(2010, np.stack([nation, older]), nation, now).filter(form="broad ages", lag=0, sex="both")
    high = dict(of_band.select("age_band", "p97_5").iter_rows())
    assert high["60+"] == high["65+"] == 0 and high["80+"] == pytest.approx(0.975 * np.log(2))


def test_the_less_is_known_beside_broad_ages_the_wider():
    known = np.zeros((3, len(FEATURES)))
    known[1:, FEATURES.index("death_rate")] = np.nan
    offsets = np.ones((3, 3, 5))
    given, alone, full = without_ages_wider(offsets, np.array([True, True, False]), known)[:, :, 0]
    assert (full == 1).all() and (given > full).all() and (alone > given).all()


@pytest.mark.parametrize("vital_rates", [True, False])
def test_broad_ages_cover_what_came_in_the_shipped_form(panel_folder, model, vital_rates):
    """Counties of 2010 with broad ages, with and without vital rates and registered population: the 80 % interval of 2020."""
    _, _, pairs = panel.read_pairs(panel_folder)
    known = broad_ages(pairs.base)
    only = np.where(np.isin(COVARIATES, ["resident"]), known.latest.covariates, np.nan)
    latest = known.latest if vital_rates else replace(known.latest, covariates=only)
    made = project(replace(known, latest=latest), model, to=2020, draws=200).filter(year=2020, sex="both")
    came = band_totals(pairs.outcome.sum(axis=1))
    for b, band in enumerate(("60+", "65+", "80+")):
        rows = pl.DataFrame({"county_code": pairs.base.codes, "came": came[:, b]}).join(
            made.filter(age_band=band), on="county_code"
        )
        assert rows.height == len(came)
        assert 0.77 <= rows.select(pl.col("came").is_between("p10", "p90").mean()).item() <= 0.86, band


def test_four_in_five_counties_lie_in_the_interval_of_their_split(panel_folder, model):
    for nation in model.nations:
        counties = panel.read_book(panel_folder, nation.year).counties
        everyone, persons = np.ones(len(counties), dtype=bool), counties.latest.persons
        made = band_totals(split_thin(coarse(persons), everyone, ~everyone, nation.persons).sum(axis=1))[:, 2]
        ends = made[:, None] * np.exp(split_offsets(nation.year, everyone, ~everyone, 0)[:, 0, 2, 2])
        true = band_totals(persons.sum(axis=1))[:, 2]
        assert ((ends[:, 1] <= true) & (true <= ends[:, 3])).mean() == pytest.approx(0.80, abs=0.01)


def test_unsexed_input_is_split_and_flagged(county, model):
    both = county().group_by("county_code", "year", "age_from", "age_to").agg(pl.col("persons").sum())
    read = counties_from_frames(both.with_columns(pl.lit("both").alias("sex")).select(county().columns))
    assert {f.code for f in read.flags} == {"sex_split"}
    frame = project(read, model).filter((pl.col("year") == 2020) & (pl.col("age_band") == "80+"))
    value = dict(frame.select("sex", "p50").iter_rows())
    assert value["female"] > value["male"]
    assert value["both"] == pytest.approx(value["male"] + value["female"])


def test_a_boundary_broken_county_loses_its_own_record_and_is_flagged(county, model):
    broken = pl.concat([county(year=2010, size=1e5), county(year=2020, size=3e5)])
    normal = pl.concat([county(year=2010, size=1.95e5), county(year=2020, size=2e5)])
    assert "boundary_suspected" in {f.code for f in project_all(counties_from_frames(broken), model).flags}
    assert {f.code for f in project_all(counties_from_frames(normal), model).flags} == {UNKNOWN}


def test_kinds_follow_the_code():
    expected = {
        "530112": "district",
        "530425": "county",
        "532301": "city",
        "429004": "city",
        "445102": "district",
        "330782": "city",
        "110228": "county",
    }
    assert {code: unit_kind(code) for code in expected} == expected


def test_covariates_are_optional_and_used(county, model):
    ages = county()
    some = pl.DataFrame(
        {
            "county_code": ["530499"],
            "year": [2020],
            "resident": [2e5],
            "registered": [3e5],
            "urban_share": [0.3],
        }
    )
    plain, informed = (
        project(counties_from_frames(ages), model),
        project(counties_from_frames(ages, some), model),
    )
    at = (pl.col("year") == 2030) & (pl.col("sex") == "both")
    a, b = plain.filter(at)["p50"].to_numpy(), informed.filter(at)["p50"].to_numpy()
    assert np.isfinite(b).all() and (a != b).all()
    assert np.abs(b / a - 1).max() < 0.25


def test_a_defect_is_named_by_file_row_column_value_rule_and_remedy(county):
    ages = county().with_row_index("row", offset=2).with_columns(file=pl.lit("530499-x/population.csv"))
    bad = ages.with_columns(pl.when(pl.col("row") == 9).then(-5).otherwise(pl.col("persons")).alias("persons"))
    (problem,) = refused(bad).problems
    assert problem.zh == (
        "年龄人数须为零或正数，请对照原表改正（530499-x/population.csv第9行，persons 列，值 -5；2020年男30岁起）"
    )
    assert "population.csv row 9, column persons, value -5; 2020 male from age 30" in problem.en
    assert "must be zero or more" in problem.en and "correct it" in problem.en
    assert not counties_from_frames(ages).flags


def test_missing_ages_are_named(county):
    (problem,) = refused(county().filter(pl.col("age_from") != 45)).problems
    assert "2020年男缺起始年龄 45" in problem.zh and "2020 male, no group that begins at 45" in problem.en


def book(folder, **cells: str):
    """A census book of one county and its province, some cells of the county changed."""
    ages = dict.fromkeys(AGE_COLUMNS, "1000")
    rows = [
        {"code": "530000", "level": "province", "name": "P", "pop": "38000", **ages},
        {"code": "530499", "level": "county", "name": "C", "pop": "38000", **ages, **cells},
    ]
    pl.DataFrame(rows).write_csv(folder / "census2020_county_age_sex.csv")
    return folder


def test_a_sound_book_is_read(tmp_path):
    assert read_book(book(tmp_path), 2020).counties.codes.tolist() == ["530499"]


@pytest.mark.parametrize(
    ("cells", "kind", "said"),
    [
        ({"m_30_34": "-5"}, "negative_persons", "census2020_county_age_sex.csv第3行，m_30_34 列，值 -5"),
        ({"f_60_64": "1,000"}, "not_a_number", "第3行，f_60_64 列，值 1,000"),
    ],
)
def test_a_bad_cell_of_a_panel_is_refused_by_its_place(tmp_path, cells, kind, said):
    with pytest.raises(ForecastInputError) as caught:
        read_book(book(tmp_path, **cells), 2020)
    (problem,) = caught.value.problems
    assert (problem.code, problem.county_code) == (kind, "530499")
    assert said in problem.zh and "row 3" in problem.en and problem.en.isascii()


def test_an_empty_cell_is_nobody_only_where_the_total_says_so(tmp_path):
    """The books print no nought: a row whose other ages make up its total has none of that age."""
    with pytest.raises(ForecastInputError) as caught:
        read_book(book(tmp_path, m_85p="", f_85p=" "), 2020)
    assert [(p.code, p.county_code) for p in caught.value.problems] == [("missing_cohort", "530499")] * 2
    for problem, column in zip(caught.value.problems, ("m_85p", "f_85p"), strict=True):
        assert f"census2020_county_age_sex.csv第3行，{column} 列" in problem.zh and "不能当作零" in problem.zh
        assert f"row 3, column {column}" in problem.en and problem.en.isascii()
    read = read_book(book(tmp_path, m_85p="", f_85p=" ", pop="36000"), 2020).counties
    assert read.latest.persons[0, :, -1].tolist() == [0.0, 0.0] and read.flags == ()


def test_a_book_cut_within_a_row_is_refused(tmp_path):
    file = book(tmp_path) / "census2020_county_age_sex.csv"
    text = file.read_text(encoding="utf-8").rstrip()
    file.write_text(text[: text.rindex("1000,1000,1000")] + "10", encoding="utf-8")
    with pytest.raises(ForecastInputError) as caught:
        read_book(tmp_path, 2020)
    assert codes(caught.value) == {"missing_cohort"} and "第3行" in str(caught.value)


def test_a_county_of_the_crosswalk_that_the_book_lacks_is_told(tmp_path):
    found = read_book(book(tmp_path), 2020)
    pl.DataFrame({"code_2010": ["530499", "530498"], "code_2020": ["530499", "530498"]}).write_csv(
        tmp_path / panel.CROSSWALK_FILE
    )
    (flag,) = panel.absent_flags(tmp_path, found)
    assert (flag.code, flag.county_code) == ("absent_from_book", "530498")
    assert "census2020_county_age_sex.csv" in flag.zh and "census2020_county_age_sex.csv" in flag.en


def test_a_county_twice_or_without_an_age_group_is_refused_by_its_place(tmp_path):
    file = book(tmp_path) / "census2020_county_age_sex.csv"
    table = pl.read_csv(file, infer_schema=False)
    pl.concat([table, table.tail(1)]).write_csv(file)
    with pytest.raises(ForecastInputError, match="第4行，code 列，值 530499") as caught:
        read_book(tmp_path, 2020)
    assert codes(caught.value) == {"duplicated_county"} and len(caught.value.problems) == 2
    table.drop("f_85p").write_csv(file)
    with pytest.raises(ForecastInputError, match="f_85p") as caught:
        read_book(tmp_path, 2020)
    assert codes(caught.value) == {"missing_cohort"}


@pytest.mark.parametrize(
    ("changed", "kind", "said"),
    [
        ({"code": "990000"}, "unknown_province", "census2020_county_age_sex.csv第3行，code 列，值 990000"),
        ({"code": "abc"}, "bad_code", "census2020_county_age_sex.csv第3行，code 列，值 abc"),
        ({"level": "village"}, "no_counties", "census2020_county_age_sex.csv"),
    ],
)
def test_a_county_of_no_known_place_is_refused_by_its_row(tmp_path, changed, kind, said):
    with pytest.raises(ForecastInputError) as caught:
        read_book(book(tmp_path, **changed), 2020)
    (problem,) = caught.value.problems
    assert problem.code == kind and said in problem.zh and problem.en.isascii()


def test_an_empty_file_and_one_without_a_column_are_named(tmp_path):
    file = book(tmp_path) / "census2020_county_age_sex.csv"
    whole = pl.read_csv(file, infer_schema=False)
    for text in ("", whole.head(0).write_csv()):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ForecastInputError, match=r"census2020_county_age_sex\.csv") as caught:
            read_book(tmp_path, 2020)
        assert codes(caught.value) == {"empty_file"}
    whole.drop("level").write_csv(file)
    with pytest.raises(ForecastInputError, match=r"第1行，level 列.*row 1, column level") as caught:
        read_book(tmp_path, 2020)
    assert codes(caught.value) == {"missing_column"}


def test_a_code_that_is_no_code_is_refused_by_its_place(county):
    ages = county().with_columns(county_code=pl.lit("abc")).with_row_index("row", offset=2)
    (problem,) = refused(ages.with_columns(file=pl.lit("x/population.csv"))).problems
    assert problem.code == "bad_code" and "x/population.csv第2行，county_code 列，值 abc" in problem.zh


def test_more_aged_65_than_60_is_said_as_such(county):
    spans = [(0, 14, 9e3), (15, 59, 3e4), (60, None, 6e3), (65, None, 7e3)]
    rows = [("530499", 2020, sex, first, last, n) for sex in ("male", "female") for first, last, n in spans]
    broad = pl.DataFrame(rows, schema=county().columns, orient="row")
    error = refused(broad)
    assert codes(error) == {"elderly_exceed"}
    assert "值 60+ 6000, 65+ 7000；2020年男" in error.problems[0].zh
    sound = broad.with_columns(persons=pl.when(pl.col("age_from") == 65).then(5e3).otherwise("persons"))
    assert counties_from_frames(sound).thin.all()
