"""Beds by year: the baseline and the horizon are those of the plan that states them, whatever its term."""

from __future__ import annotations

import polars as pl
import pytest

from pipelines.forecast.product import middle_year
from pipelines.forecast.supply import bed_supply, beds_per_1000_targets

HILL, RIVER = "990101", "990102"
YEARS = list(range(2020, 2036))
SOURCES = pl.DataFrame(
    {"source_id": ["plan", "next", "report"], "period_start": [2021, 2026, 2020], "period_end": [2025, 2030, 2020]}
)


def observation(beds: float, year: int, **more: object) -> dict[str, object]:
    return {"observation_id": f"s{year}{beds}", "county_code": HILL, "indicator_id": "elderly_care_beds", "measure": "actual",
            "value": beds, "period_end": year, "place": "text", "restates": None, "breakdown": None, "source_line": 5,
            "target_level": "county", "source_id": "plan", **more}  # fmt: skip


def supply(observations: list[dict[str, object]], source: str = "plan") -> pl.DataFrame:
    projects = {"project_id": ["p1", "p2"], "county_code": [HILL, HILL], "end_year": [None, 2028],
                "commitment": ["planned", "planned"], "source_id": [source, source], "domain": "elderly_care", "source_line": 9,
                "name_zh": "养老院", "construction_type": "新建", "spend_kind": "construction"}  # fmt: skip
    outputs = {"project_id": ["p1", "p2"], "output": ["beds", "beds"], "increment": ["new", "new"],
               "bed_class": ["elderly", "elderly"], "counted": [True, True], "quantity": [100.0, 10.0],
               "label": "床位", "source_line": 9}  # fmt: skip
    made = bed_supply(
        [HILL, RIVER], YEARS, pl.DataFrame(observations), pl.DataFrame(projects), pl.DataFrame(outputs), SOURCES
    )
    return made.filter(bed_type="all")


def beds(frame: pl.DataFrame, county: str, status: str) -> dict[int, float | None]:
    return dict(frame.filter(county_code=county, status=status).select("year", "beds").iter_rows())


@pytest.mark.parametrize(("source", "base", "end"), [("plan", 2020, 2025), ("next", 2025, 2030)])
def test_baseline_and_horizon_are_those_of_the_plan(source: str, base: int, end: int) -> None:
    stated = [observation(n, year, source_id=source) for n, year in ((500.0, 2020), (700.0, 2025))]
    made = supply(stated, source)
    standing, planned = beds(made, HILL, "existing"), beds(made, HILL, "planned")
    told = {2020: 500.0, 2025: 700.0}[base]
    assert standing == {y: told if y >= base else None for y in YEARS}, "not before it is stated"
    assert planned == {y: 100.0 * (y >= end) + 10.0 * (y >= 2028) for y in YEARS}
    assert set(beds(made, RIVER, "existing").values()) == {None}
    basis = made.filter(county_code=HILL, status="existing").filter(pl.col("beds").is_null())["basis"]
    assert set(basis) <= {"not_reported"}


def test_the_baseline_of_the_latest_plan_stands() -> None:
    stated = [observation(500.0, 2020), observation(700.0, 2025, source_id="next")]
    assert beds(supply(stated), HILL, "existing") == {y: 700.0 if y >= 2025 else None for y in YEARS}


def test_yearly_reports_are_no_baseline() -> None:
    reported = observation(999.0, 2020, source_id="report", place="actuals")
    assert beds(supply([reported, observation(500.0, 2020)]), HILL, "existing")[2030] == 500.0
    assert beds(supply([reported]), HILL, "existing")[2030] is None


def test_targets_are_of_the_term_of_their_plan() -> None:
    ratio = {"indicator_id": "beds_per_1000_elderly", "measure": "target"}
    rows = [observation(38.0, 2020, **ratio), observation(40.0, 2025, **ratio), observation(45.0, 2030, **ratio, source_id="next"),
            observation(60.0, 2025, **ratio, source_id="next", county_code=RIVER)]  # fmt: skip
    targets = beds_per_1000_targets(pl.DataFrame(rows), SOURCES)
    assert dict(targets.iter_rows()) == {HILL: 45.0}, "a promise for before the plan is none"


@pytest.mark.parametrize(("years", "shown"), [((2020, 2035), 2030), ((2030, 2045), 2040), ((2030, 2035), 2035)])
def test_sensitivity_is_shown_a_decade_after_the_census(years: tuple[int, int], shown: int) -> None:
    assert middle_year(range(years[0], years[1] + 1)) == shown
