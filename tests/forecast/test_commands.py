"""The commands from files to files."""

import shutil
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.cli import main as command_line
from pipelines.forecast.commands import main, run_backtest, run_forecast
from pipelines.forecast.counties import counties_from_frames
from pipelines.forecast.gates import gate_reached
from pipelines.forecast.inputs import UNKNOWN
from pipelines.forecast.mortality import with_rates
from pipelines.forecast.product import forecast_tables, read_core
from pipelines.forecast.project import project
from pipelines.ingest.problems import InputError
from pipelines.settings import Settings


def test_forecast_writes_its_files(county, tmp_path):
    counties = counties_from_frames(pl.concat([county(year=2010, size=1e5), county(year=2020, size=3e5)]))
    files = run_forecast(None, 200, 2030, tmp_path, counties=counties)
    elderly = pl.read_parquet(files["elderly"])
    assert elderly.columns == [
        "county_code",
        "year",
        "age_band",
        "sex",
        "p2_5",
        "p10",
        "p50",
        "p90",
        "p97_5",
        "method_version",
        "shelf_life_years",
    ]
    assert elderly.height == 11 * 9 and elderly["year"].max() == 2030
    assert pl.read_csv(files["flags"])["flag"].to_list() == ["boundary_suspected", UNKNOWN]
    assert pl.read_parquet(files["deaths"])["year"].min() == 2021


def test_forecast_of_the_raw_folder_is_that_of_a_release(
    staged: Settings, core: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MINZHENG_RAW_FOLDER", str(staged.raw))
    monkeypatch.setenv("MINZHENG_SEED", "77")
    files = run_forecast(None, 1000, 2035, tmp_path)
    release = forecast_tables(read_core(core), seed=77)["forecast_elderly"]
    assert_frame_equal(pl.read_parquet(files["elderly"]), release, check_row_order=False, rel_tol=1e-12)


def test_a_refused_raw_folder_is_told_before_anything_is_forecast(
    staged: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    shutil.copytree(staged.raw, raw)
    ages = raw / "530425-yimen" / "population.csv"
    ages.write_text(ages.read_text(encoding="utf-8").replace("2020,resident,male,0,0,", "2020,resident,male,0,0,x", 1))
    monkeypatch.setenv("MINZHENG_RAW_FOLDER", str(raw))
    with pytest.raises(InputError, match=r"population\.csv"):
        run_forecast(None, 50, 2030, tmp_path / "out")


def test_forecast_of_a_panel_gives_every_county_of_its_latest_census(panel_folder, tmp_path):
    assert main(["forecast", "--panel", str(panel_folder), "--draws", "100", "--out", str(tmp_path)]) == 0
    elderly = pl.read_parquet(tmp_path / "elderly.parquet")
    listed = pl.read_csv(panel_folder / "census2020_county_age_sex.csv", infer_schema=False)
    assert elderly["county_code"].n_unique() == listed.filter(pl.col("level") == "county").height
    numbers = elderly.select("p2_5", "p10", "p50", "p90", "p97_5")
    assert numbers.select(pl.all().is_finite().all()).row(0) == (True,) * 5


def test_a_missing_folder_or_census_file_is_named_in_both_languages(tmp_path, capsys):
    train, score = tmp_path / "train", tmp_path / "score"
    train.mkdir()
    with pytest.raises(FileNotFoundError, match=r"缺少 census2010.*lacks census2010.*census2020"):
        run_backtest(train, score, tmp_path / "out.parquet")
    for year in (2010, 2020):
        (train / f"census{year}_county_age_sex.csv").touch()
    with pytest.raises(FileNotFoundError, match=r"没有这个文件夹 / no such folder: .*score"):
        run_backtest(train, score, tmp_path / "out.parquet")
    back = ["backtest", "--train", str(train), "--score", str(score), "--out", str(tmp_path / "out.parquet")]
    assert command_line(back) == 1
    assert "没有这个文件夹 / no such folder" in capsys.readouterr().err
    with pytest.raises(FileNotFoundError, match="no such folder"):
        run_forecast(score, 50, 2030, tmp_path / "out")


def test_forecast_says_in_both_languages_where_it_wrote(county, tmp_path, capsys):
    run_forecast(None, 50, 2025, tmp_path, counties=counties_from_frames(county()))
    zh, en = capsys.readouterr().out.strip().split(" / ")
    assert zh.startswith(f"1 个县（市、区）的预测写入 {tmp_path}") and en.startswith(
        f"forecasts of 1 counties written to {tmp_path}"
    )


def test_unknown_grouping_is_refused(panel_folder, tmp_path):
    with pytest.raises(ValueError, match="province"):
        run_backtest(panel_folder, None, tmp_path / "out.parquet", by="size")


def test_gates_are_read_the_hard_way():
    row = {
        "setting": "k-fold",
        "group": "all",
        "age_band": "65+",
        "method": "cohort_ratios",
        "MdAPE": 3.4,
        "MAPE": 7.0,
        "P90": 16.9,
        "share10": 19.4,
    }
    assert gate_reached(row) == "very good"
    assert gate_reached(row | {"MAPE": 7.5}) == "must"
    assert gate_reached(row | {"MAPE": 9.0}) == "missed"
    assert gate_reached(row | {"method": "no_change"}) == ""


def test_death_rates_of_the_product_replace_those_of_the_model(county, model):
    ages = (0, 1, *range(5, 101, 5))
    frame = pl.DataFrame(
        [("2020-2025", sex, age, 0.5) for sex in ("male", "female") for age in ages],
        schema=["period", "sex", "age_from", "death_rate"],
        orient="row",
    )
    harsh = with_rates(model.mortality, frame)
    counties = counties_from_frames(county())
    at = (pl.col("year") == 2025) & (pl.col("age_band") == "60+") & (pl.col("sex") == "both")
    usual = project(counties, model, draws=50).filter(at)["p50"][0]
    assert project(counties, model, draws=50, mortality=harsh).filter(at)["p50"][0] < 0.3 * usual
    with pytest.raises(ValueError, match="2020-2025"):
        with_rates(model.mortality, frame.head(10))
