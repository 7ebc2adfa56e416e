"""The outlook of a county comes from the marts; what other assumptions do is tested end to end."""

from __future__ import annotations

import duckdb
import pytest

from pipelines.desk import outlook
from tests.desk.tiny_release import HILL

Con = duckdb.DuckDBPyConnection


def test_frames_come_from_the_marts(con: Con) -> None:
    ahead = outlook(HILL, con=con)
    assert ahead.elderly.filter(age_band="60+", year=2020)["p50"].to_list() == [30000.0]
    assert set(ahead.beds["estimator"]) == {"planning_norm", "observed_use"}
    assert ahead.assumptions == {}


def test_an_unknown_county_is_refused(con: Con) -> None:
    with pytest.raises(ValueError, match="999999"):
        outlook("999999", con=con)
