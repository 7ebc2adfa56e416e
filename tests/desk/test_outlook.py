"""The outlook of a county comes from the marts; what other assumptions do is tested end to end."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines import registry
from pipelines.desk import open_marts, outlook
from pipelines.desk.balance import idle_in, short_from, shortage, turning
from pipelines.desk.outlook import _table, _whole
from pipelines.desk.words import same
from tests.desk.tiny_release import HILL, RIVER, build

Con = duckdb.DuckDBPyConnection


def test_frames_come_from_the_marts(con: Con) -> None:
    ahead = outlook(HILL, con=con)
    assert ahead.elderly.filter(age_band="60+", year=2020)["p50"].to_list() == [30000.0]
    assert set(ahead.beds["estimator"]) == {"planning_norm", "observed_use"}
    assert ahead.assumptions == {}
    assert set(ahead.graves["capacity_class"]) == {"all", "public_benefit"}
    assert ahead.sensitivity["parameter_id"].to_list()[0] == "disability_definition"


def test_the_outlook_says_when_beds_run_short(con: Con) -> None:
    found = {r["estimator"]: r for r in outlook(HILL, con=con).turning.iter_rows(named=True)}
    assert (found["planning_norm"]["first_year_short"], found["planning_norm"]["first_year_idle"]) == (2020, None)
    assert (found["observed_use"]["first_year_short"], found["observed_use"]["last_year_idle"]) == (None, 2035)
    assert found["observed_use"]["first_year_short_status"] == "none_to_horizon"


def test_beds_short_or_idle_are_told_of_counties_that_report_beds(con: Con) -> None:
    table = turning(None, con)
    body = {(row[0], row[2]): row[3:] for row in table.cells("zh")}
    assert [row[4:] for row in table.cells("en") if row[2] == "observed use"] == [["not by 2035", "throughout to 2035"]]
    assert [v for (_, method), v in body.items() if method == "实际入住"] == [
        ["1,136", "到2035年不缺", "到2035年一直有闲置"]
    ]
    silent = [v for (_, method), v in body.items() if method == "—"]
    assert silent == [["未报告", "—", "—"]]
    assert turning([RIVER], con).rows == ()


YEARS = {"base": 2020, "horizon": 2035, "idle": 2020}


@pytest.mark.parametrize(
    ("short", "p10", "p90", "idle_last", "said"),
    [
        (2020, 2020, 2020, None, "2020年已缺"),
        (2024, 2022, 2027, 2023, "2024年起（80%区间2022—2027年）"),
        (2027, 2021, None, 2026, "2027年起（80%区间2021年至2035年以后）"),
        (2024, 2024, 2024, 2023, "2024年起"),
        (2024, 2024, 2024, 2026, "2024年起，其间至2026年有余"),
        (None, 2030, None, 2035, "到2035年不缺（2030年起有一成可能短缺）"),
        (None, None, None, 2035, "到2035年不缺"),
    ],
)
def test_the_first_year_short_in_words(
    short: int | None, p10: int | None, p90: int | None, idle_last: int | None, said: str
) -> None:
    row = {**YEARS, "short": short, "p10": p10, "p90": p90, "idle_last": idle_last}
    assert short_from(row).zh == said
    assert short_from(row).en.isascii() or "–" in short_from(row).en


def test_a_shortage_that_may_well_come_is_not_called_enough() -> None:
    row = {**YEARS, "short": None, "p10": 2029, "p90": None, "idle_last": 2035, "chance": 0.4975}
    assert short_from(row).zh == "到2035年说不准（缺床概率50%，2029年起超过一成）"
    assert short_from({**row, "p10": None, "chance": 0.05}).en == "not by 2035"


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [(None, None, "不闲置"), (2020, 2035, "到2035年一直有闲置"), (2020, 2023, "2020—2023年"), (2021, 2021, "2021年")],
)
def test_idle_years_in_words(first: int | None, last: int | None, said: str) -> None:
    assert idle_in({**YEARS, "idle": first, "idle_last": last}).zh == said


def test_the_gap_table_says_what_the_chain_counts(con: Con, tmp_path: Path) -> None:
    row = {
        "county_code": HILL,
        "year": 2035,
        "scenario": "natural",
        "estimator": "prevalence",
        "bed_type": "all",
        "definition": "census",
        "demand_p50": 84.3,
        "method_version": "tiny-1",
    }
    with open_marts(path=build(tmp_path, {"mart_bed_outlook": [row]}) / "marts.duckdb") as chain:
        found = shortage(HILL, chain)
    assert found.caption and "need of nursing beds only" in found.caption.en
    assert found.rows[0][3] == same("84")
    assert shortage(HILL, con).caption is None


def test_an_unknown_county_is_refused(con: Con) -> None:
    with pytest.raises(ValueError, match="999999"):
        outlook("999999", con=con)


def test_a_release_older_than_a_table_of_the_engine_has_it_without_rows() -> None:
    with duckdb.connect() as old:
        old.execute("CREATE TABLE fct_mortality AS SELECT 'China' AS geography")
        assert _table(old, "fct_mortality").rows() == [("China",)]
        gone = _table(old, "fct_area_population")
    assert gone.is_empty() and gone.columns == [c.name for c in registry.table("fct_area_population").columns]


def test_a_public_release_is_not_computed_again_from_ages_that_it_leaves_out() -> None:
    ages = pl.DataFrame({"county_code": ["a", "a", "b"], "persons": [1, None, 3]})
    covariates = pl.DataFrame({"county_code": ["a", "b"], "value": [1.0, 2.0]})
    core = {"fct_population": ages, "fct_census_covariate": covariates, "dim_parameter": ages}
    with pytest.raises(ValueError, match="ages of a are left out"):
        _whole(core, "a")
    kept = _whole(core, "b")
    assert [kept[t]["county_code"].to_list() for t in core] == [["b"], ["b"], ["a", "a", "b"]]
