"""Comparison puts like beside like and refuses the rest, naming what could be compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.desk import ComparisonError, compare, open_marts
from pipelines.desk.charts import plans
from tests.desk.tiny_release import HILL, RIVER, build, indicator, observation, rows

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


@pytest.fixture
def converted(tmp_path: Path) -> Iterator[Con]:
    """HILL states a monthly standard, RIVER a yearly one; HILL the share of one kind of bed, RIVER that of the other."""
    month, year, share, rest = "standard_month", "standard_year", "own_bed_share", "other_bed_share"
    yuan = {"place": "prose", "source_line": 15}
    stated = [
        observation(f"{HILL}-s20", month, 640.0, "yuan_per_person_month", **yuan), observation(f"{RIVER}-s20", year, 4500.0, "yuan_per_person_year", **yuan),
        observation(f"{HILL}-s21", rest, 60.0, "pct", qualifier=">=", **yuan), observation(f"{RIVER}-s21", share, 50.0, "pct", **yuan),
    ]  # fmt: skip
    known = [
        {**indicator(id, id, unit, nature, ""), "compared_as": common}
        for id, unit, nature, common in (
            (month, "yuan_per_person_month", "standard", year), (year, "yuan_per_person_year", "standard", year),
            (share, "pct", "rate", share), (rest, "pct", "rate", share),
        )
    ]  # fmt: skip
    like = {"year": 2020, "measure": "actual", "comparable_group": "g", "peers": 2}
    marts = [
        {**like, "row_id": f"{HILL}-s20", "county_code": HILL, "indicator_id": month, "qualifier": "=", "qualifier_normalised": "=", "value": 640.0,
         "unit": "yuan_per_person_month", "value_normalised": 7680.0, "unit_normalised": "yuan_per_person_year", "normalised_by": "months_to_year"},
        {**like, "row_id": f"{HILL}-s21", "county_code": HILL, "indicator_id": rest, "qualifier": ">=", "qualifier_normalised": "<=", "value": 60.0,
         "unit": "pct", "value_normalised": 40.0, "unit_normalised": "pct", "normalised_by": "complement"},
    ]  # fmt: skip
    tiny = rows()
    more = {"fct_observation": stated, "dim_indicator": known, "mart_county_comparison": marts}
    folder = build(tmp_path / "r", {name: [*tiny[name], *added] for name, added in more.items()})
    with open_marts(path=folder / "marts.duckdb") as con:
        yield con


@pytest.mark.parametrize("asked", ["standard_month", "standard_year"])
def test_a_month_and_a_year_stand_beside_each_other(converted: Con, asked: str) -> None:
    frame = compare(asked, con=converted)
    assert frame.select("county_code", "value", "unit", "indicator_id", "stated", "stated_unit").rows() == [
        (HILL, 7680.0, "yuan_per_person_year", "standard_month", 640.0, "yuan_per_person_month"),
        (RIVER, 4500.0, "yuan_per_person_year", "standard_year", 4500.0, "yuan_per_person_year"),
    ]
    assert plans.compare(asked, converted).draw("zh")["data"][0]["x"] == [7680.0, 4500.0]


def test_monthly_standards_per_year_are_multiplied_once(converted: Con) -> None:
    assert compare("standard_month", "year", converted)["value_per"].to_list() == [7680.0, 4500.0]


def test_a_complement_stands_beside_its_other_part_with_the_bound_turned(converted: Con) -> None:
    frame = compare("other_bed_share", con=converted)
    assert frame.select("county_code", "qualifier", "value").rows() == [(HILL, "<=", 40.0), (RIVER, "=", 50.0)]


def test_an_indicator_that_is_compared_as_itself_keeps_its_unit(converted: Con) -> None:
    assert set(compare("care_centres", con=converted)["unit"]) == {"count"}
