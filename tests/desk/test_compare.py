"""Comparison puts like beside like and refuses the rest, naming what could be compared."""

from __future__ import annotations

import duckdb
import pytest

from pipelines.desk import ComparisonError, compare
from tests.desk.tiny_release import HILL, RIVER

Con = duckdb.DuckDBPyConnection


def test_one_row_per_county_measure_and_year(con: Con) -> None:
    frame = compare("nursing_bed_share", con=con)
    assert frame.select("county_code", "measure", "year", "value").rows() == [
        (HILL, "actual", 2020, 3.8), (HILL, "target", 2025, 55.0), (RIVER, "target", 2025, 50.0),
    ]  # fmt: skip


def test_a_chinese_name_will_do(con: Con) -> None:
    assert compare("养老机构护理型床位占比", con=con, measure="target").height == 2


def test_who_does_not_report_has_a_row_that_says_so(con: Con) -> None:
    with pytest.raises(ComparisonError, match=HILL):
        compare("nursing_bed_share", con=con, measure="actual")


def test_two_definitions_are_never_mixed(con: Con) -> None:
    with pytest.raises(ComparisonError, match="institution_beds"):
        compare(["elderly_care_beds", "institution_beds"], con=con)


def test_an_ambiguous_word_lists_the_definitions(con: Con) -> None:
    with pytest.raises(ComparisonError, match="nursing_bed_share"):
        compare("床位", con=con)


def test_an_indicator_of_one_county_names_its_neighbours(con: Con) -> None:
    with pytest.raises(ComparisonError, match=r"无从比较(?s:.*)institution_beds"):
        compare("elderly_care_beds", con=con)


def test_unknown_names_are_refused(con: Con) -> None:
    with pytest.raises(ComparisonError, match="no indicator"):
        compare("weather", con=con)


def test_per_thousand_elderly_uses_residents_of_the_census(con: Con) -> None:
    frame = compare("care_centres", "1000_elderly", con)
    assert frame["value_per"].to_list() == pytest.approx([20 * 1000 / 30000, 40 * 1000 / 80000])
    assert set(frame["basis"]) == {"resident 2020"}


@pytest.mark.parametrize("per", ["1000_elderly", "year", "moon"])
def test_rates_are_not_divided(con: Con, per: str) -> None:
    with pytest.raises(ComparisonError):
        compare("nursing_bed_share", per, con)
