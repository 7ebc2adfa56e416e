"""The outlook of a county comes from the marts; other assumptions need an engine that is plugged in."""

from __future__ import annotations

import sys

import duckdb
import pytest

from pipelines.desk import outlook
from pipelines.desk.outlook import Assumptions, AssumptionsNotAvailableError, Outlook, plug
from tests.desk.tiny_release import HILL

Con = duckdb.DuckDBPyConnection


def test_frames_come_from_the_marts(con: Con) -> None:
    ahead = outlook(HILL, con=con)
    assert ahead.elderly.filter(age_band="60+", year=2020)["p50"].to_list() == [30000.0]
    assert set(ahead.beds["estimator"]) == {"planning_norm", "observed_use"}


def test_assumptions_are_refused_rather_than_ignored(con: Con) -> None:
    with pytest.raises(AssumptionsNotAvailableError, match="不能按新假设重算"):
        outlook(HILL, {"occupancy": 0.6}, con)


def test_a_plugged_in_engine_recomputes(con: Con, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[Outlook.__module__], "_engines", [])

    def engine(db: Con, county: str, assumptions: Assumptions) -> Outlook:
        return Outlook(county, outlook(county, con=db).elderly, outlook(county, con=db).beds, assumptions)

    plug(engine)
    assert outlook(HILL, {"occupancy": 0.6}, con).assumptions == {"occupancy": 0.6}


def test_an_unknown_county_is_refused(con: Con) -> None:
    with pytest.raises(ValueError, match="999999"):
        outlook("999999", con=con)
