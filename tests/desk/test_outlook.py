"""The outlook of a county comes from the marts; what other assumptions do is tested end to end."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.desk import open_marts, outlook
from pipelines.desk.balance import shortage
from pipelines.desk.outlook import _whole
from pipelines.desk.words import same
from tests.desk.tiny_release import HILL, build

Con = duckdb.DuckDBPyConnection


def test_frames_come_from_the_marts(con: Con) -> None:
    ahead = outlook(HILL, con=con)
    assert ahead.elderly.filter(age_band="60+", year=2020)["p50"].to_list() == [30000.0]
    assert set(ahead.beds["estimator"]) == {"planning_norm", "observed_use"}
    assert ahead.assumptions == {}


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


def test_a_public_release_is_not_computed_again_from_ages_that_it_leaves_out() -> None:
    ages = pl.DataFrame({"county_code": ["a", "a", "b"], "persons": [1, None, 3]})
    covariates = pl.DataFrame({"county_code": ["a", "b"], "value": [1.0, 2.0]})
    core = {"fct_population": ages, "fct_census_covariate": covariates, "dim_parameter": ages}
    with pytest.raises(ValueError, match="ages of a are left out"):
        _whole(core, "a")
    kept = _whole(core, "b")
    assert [kept[t]["county_code"].to_list() for t in core] == [["b"], ["b"], ["a", "a", "b"]]
