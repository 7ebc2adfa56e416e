"""The desk on a real release: assumptions flow through the whole chain, scenarios are files, and reset is one call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.desk.marts import open_marts
from pipelines.desk.outlook import Outlook, load_scenario, outlook, parameters, save_scenario, side_by_side
from pipelines.publish import release
from pipelines.settings import Settings


@pytest.fixture(scope="module")
def con(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = release.current_folder(Settings(data_root=published))
    assert folder is not None
    with open_marts(path=folder / "marts.duckdb") as opened:
        yield opened


def observed_use(ahead: Outlook, year: int = 2030) -> float:
    rows = ahead.beds.filter(year=year, estimator="observed_use", bed_type="all", scenario="natural")
    return float(rows["demand_p50"].item())


def test_a_changed_assumption_moves_the_beds_and_not_the_people(con: duckdb.DuckDBPyConnection) -> None:
    base, fuller = outlook("530425", con=con), outlook("530425", {"occupancy": 80.0}, con)
    assert observed_use(fuller) == pytest.approx(observed_use(base) * 50.1 / 80, rel=0.02)
    assert fuller.elderly["p50"].sort().to_list() == pytest.approx(base.elderly["p50"].sort().to_list())


def test_unchanged_values_give_the_release_back(con: duckdb.DuckDBPyConnection) -> None:
    norm = float(parameters(con).filter(parameter_id="nursing_share_target")["value"].item())
    same = outlook("620722", {"nursing_share_target": norm}, con)
    assert observed_use(same) == pytest.approx(observed_use(outlook("620722", con=con)))


def test_an_assumption_on_persons_runs_through_beds_and_graves_and_the_release_stays(
    con: duckdb.DuckDBPyConnection,
) -> None:
    base, fewer = outlook("530425", con=con), outlook("530425", {"mortality_level": 90.0}, con, name="fewer deaths")
    at = {"year": 2035, "age_band": "60+", "sex": "both"}
    assert fewer.elderly.filter(**at)["p50"].item() > base.elderly.filter(**at)["p50"].item()
    assert observed_use(fewer, 2035) > observed_use(base, 2035)
    places = {"year": 2021, "scenario": "policy", "capacity_class": "all"}
    assert fewer.graves.filter(**places)["deaths_p50"].item() < base.graves.filter(**places)["deaths_p50"].item()
    assert all("fewer deaths@" in v for v in fewer.elderly["method_version"].unique())
    again = outlook("530425", con=con)  # the reset
    assert again.elderly.equals(base.elderly) and again.beds.equals(base.beds) and again.graves.equals(base.graves)


def test_when_beds_run_short_stands_beside_the_release(con: duckdb.DuckDBPyConnection) -> None:
    sets = side_by_side("530425", {"emptier": {"occupancy": 20.0}}, con, part="turning")
    rows = sets.filter(estimator="observed_use", bed_type="all", scenario="natural")
    found = {
        r["assumption_set"]: (r["first_year_short"], r["first_year_short_status"]) for r in rows.iter_rows(named=True)
    }
    assert found["default"] == (None, "none_to_horizon")
    assert found["emptier"][0] is not None and found["emptier"][1] is None


def test_unknown_parameter_and_county_are_refused(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(KeyError, match="no_such"):
        outlook("530425", {"no_such": 1.0}, con)
    with pytest.raises(ValueError, match="999999"):
        outlook("999999", con=con)


def test_scenarios_are_files_compared_side_by_side(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    file = save_scenario(tmp_path / "fuller.toml", {"occupancy": 80.0})
    assert load_scenario(file) == {"occupancy": 80.0}
    with pytest.raises(ValueError, match="default"):
        save_scenario(tmp_path / "default.toml", {})
    sets = side_by_side("530425", {file.stem: load_scenario(file)}, con)
    assert sets["assumption_set"].unique().sort().to_list() == ["default", "fuller"]
    assert isinstance(sets, pl.DataFrame)
