"""Beds that stand and beds that are planned: what a plan does not say is not nought."""

import polars as pl
import pytest

from pipelines import registry
from pipelines.forecast.supply import KINDS, NONE_PLANNED, bed_supply

COUNTY = "990101"
OBSERVATION = {
    "observation_id": "s1", "county_code": COUNTY, "indicator_id": "institution_beds", "measure": "actual", "value": 500.0,
    "period_end": 2020, "place": "text", "restates": None, "breakdown": None, "source_line": 3, "source_id": "plan",
    "target_level": "county",
}  # fmt: skip
HOME = {
    "project_id": "h", "county_code": COUNTY, "domain": "elderly_care", "name_zh": "县中心敬老院建设项目",
    "construction_type": "新建", "spend_kind": "construction", "end_year": 2023, "commitment": "planned", "source_line": 30,
    "source_id": "plan",
}  # fmt: skip
BEDS = {
    "project_id": "h", "output": "beds", "label": "床位", "quantity": 100.0, "increment": "new", "bed_class": "elderly",
    "counted": True, "source_line": 31,
}  # fmt: skip
SOURCES = pl.DataFrame({"source_id": ["plan"], "period_start": [2021], "period_end": [2025]})
FLOOR = {**BEDS, "output": "floor_area_m2", "label": "建筑面积", "quantity": 3000.0, "bed_class": None}
TYPES = {"restates": pl.String, "breakdown": pl.String, "bed_class": pl.String, "construction_type": pl.String}


TARGET = {**OBSERVATION, "observation_id": "s2", "indicator_id": "village_home_care_centre_coverage", "measure": "target",
          "value": 70.0, "period_end": 2025, "source_line": 8}  # fmt: skip
COVERED = {**TARGET, "observation_id": "s3", "measure": "actual", "period_end": 2020, "source_line": 9}


def planned(projects, outputs, bed_type="all", year=2025, stated=()):
    """The one row of planned beds of a type and year; `stated`: targets and baselines beside the institution beds."""
    observations = pl.DataFrame([OBSERVATION, *stated], schema_overrides=TYPES)
    given = pl.DataFrame(outputs, schema_overrides=TYPES) if outputs else pl.DataFrame([BEDS]).clear()
    built = pl.DataFrame(projects, schema_overrides=TYPES)
    made = bed_supply([COUNTY], [2020, 2025], observations, built, given, SOURCES)
    (row,) = made.filter(status="planned", bed_type=bed_type, year=year).to_dicts()
    return row


def test_a_new_home_without_beds_is_not_nought():
    row = planned([HOME], [FLOOR])
    assert row["beds"] is None
    assert (row["beds_status"], row["basis"], row["unstated_lines"]) == ("not_reported", "not_reported", "30")


def test_a_new_project_without_any_output_goes_by_what_is_printed():
    assert planned([HOME], [])["beds_status"] == "not_reported"
    assert planned([{**HOME, "construction_type": "改造提升"}], [])["basis"] == NONE_PLANNED


@pytest.mark.parametrize(
    "other",
    [
        {"domain": "funeral"},
        {"spend_kind": "service"},
        {"name_zh": "老年幸福食堂"},
        {"name_zh": "智慧养老平台"},
        {"name_zh": "家庭适老化改造"},
    ],
)
def test_a_plan_that_builds_no_beds_plans_none(other):
    row = planned([{**HOME, **other}], [FLOOR])
    assert (row["beds"], row["beds_status"], row["basis"], row["unstated_lines"]) == (0, None, NONE_PLANNED, None)


def test_what_is_only_rebuilt_adds_no_unknown_beds():
    assert planned([HOME], [{**FLOOR, "increment": "conversion"}])["beds"] == 0
    assert planned([HOME], [{**BEDS, "increment": "replacement"}])["beds"] == 0


def test_stated_beds_stand_and_the_silent_project_is_named_beside_them():
    other = {**HOME, "project_id": "o", "source_line": 40}
    row = planned([HOME, other], [BEDS, {**FLOOR, "project_id": "o"}])
    assert (row["beds"], row["basis"], row["unstated_lines"]) == (100, "projects", "40")
    assert planned([HOME, other], [BEDS], year=2020)["beds"] == 0


@pytest.mark.parametrize(
    ("name", "label", "institution", "community"),
    [
        ("县中心敬老院建设项目", "床位", 100, 0),
        ("社区日间照料中心", "床位", 0, 100),
        ("县养老服务中心", "床位", None, None),
        ("社区居家养老服务中心", "敬老院", None, None),
    ],
)
def test_planned_beds_belong_to_their_kind_of_facility(name, label, institution, community):
    """One kind by name and facilities: the other has none of them. No kind or both: neither is known."""
    outputs = [BEDS, {**FLOOR, "output": "facilities", "label": label, "quantity": 1.0}]
    project = {**HOME, "name_zh": name}
    rows = [planned([project], outputs, kind) for kind in ("institution", "community")]
    assert [r["beds"] for r in rows] == [institution, community]
    assert [r["unstated_lines"] for r in rows] == [None if r["beds"] is not None else "31" for r in rows]
    assert planned([project], outputs)["beds"] == 100


def test_a_silent_home_leaves_the_beds_of_day_care_alone():
    assert planned([HOME], [FLOOR], "institution")["beds_status"] == "not_reported"
    assert planned([HOME], [FLOOR], "community")["beds"] == 0
    whole = planned([HOME], [BEDS], "all", stated=[TARGET])
    assert (whole["beds"], whole["unstated_lines"]) == (100, "8")  # at least
    assert planned([HOME], [BEDS], "institution", stated=[TARGET])["unstated_lines"] is None
    day_care = {**HOME, "name_zh": "城乡社区日间照料中心"}
    assert planned([day_care], [FLOOR], "nursing")["beds"] == 0
    assert planned([day_care], [FLOOR], "community")["beds_status"] == "not_reported"


def test_a_target_of_community_care_leaves_its_beds_open_where_no_project_builds_any():
    """A silent home says nothing of day care; the target does, but not how many beds."""
    row = planned([HOME], [FLOOR], "community", stated=[TARGET])
    assert (row["beds"], row["beds_status"], row["basis"]) == (None, "not_reported", "not_reported")
    assert row["unstated_lines"] == "8"
    assert planned([HOME], [FLOOR], "institution", stated=[TARGET])["unstated_lines"] == "30"
    day_care = {**HOME, "name_zh": "城乡社区日间照料中心"}
    assert planned([day_care], [BEDS], "community", stated=[TARGET])["beds"] == 100
    assert planned([day_care], [BEDS], "institution", stated=[TARGET])["beds"] == 0


@pytest.mark.parametrize(
    "stated",
    [
        [TARGET, {**COVERED, "value": 70.0}],
        [{**TARGET, "indicator_id": "elderly_meal_coverage"}],
        [{**TARGET, "target_level": "province"}],
        [{**TARGET, "period_end": 2020}],
        [{**TARGET, "restates": "s9"}],
    ],
    ids=["met at the baseline", "no beds", "another level", "the plan before", "restated"],
)
def test_a_target_that_promises_no_more_facilities_leaves_nought(stated):
    assert planned([HOME], [FLOOR], "community", stated=stated)["beds"] == 0


def test_a_target_above_its_baseline_promises_facilities():
    assert planned([HOME], [FLOOR], "community", stated=[TARGET, {**COVERED, "value": 69.0}])["beds"] is None


def test_what_was_built_before_does_not_meet_a_target_of_what_will_be_built():
    built = {"indicator_id": "home_care_service_centres_built"}
    stated = [{**TARGET, **built, "value": 10.0}, {**COVERED, **built, "value": 18.0}]
    assert planned([HOME], [FLOOR], "community", stated=stated)["beds"] is None


def test_facility_targets_are_indicators_of_elderly_care_and_kinds_of_beds():
    known = {r["indicator_id"] for r in registry.rows("indicators") if r["domain"] == "elderly_care"}
    listed = registry.rows("facility_targets")
    assert {r["indicator_id"] for r in listed} <= known and {r["kind"] for r in listed} == {"", *KINDS}


def test_beds_whose_nursing_type_is_not_said_leave_that_open():
    assert planned([HOME], [BEDS], "nursing")["beds_status"] == "not_reported"
    assert planned([HOME], [BEDS, {**BEDS, "output": "nursing_beds", "quantity": 60.0}], "nursing")["beds"] == 60


@pytest.mark.parametrize(
    ("commitment", "basis"), [("planned", "projects"), ("applied_for", "applied for"), ("reserve", "reserve list")]
)
def test_the_basis_says_how_firm_the_beds_are(commitment, basis):
    assert planned([{**HOME, "commitment": commitment}], [BEDS])["basis"] == basis
