"""Places for the dead by class: a grave is not an urn, public and commercial apart, unstated cemeteries listed."""

from __future__ import annotations

import polars as pl
import pytest

from pipelines.forecast.cemeteries import cemetery_capacity, classes, places_in_use

PROJECT = {"county_code": "990101", "domain": "funeral", "commitment": "planned", "end_year": 2024, "source_line": 9,
           "source_id": "plan"}  # fmt: skip
SOURCES = pl.DataFrame({"source_id": ["plan"], "period_start": [2021], "period_end": [2025]})


def observation(key: str, indicator: str, value: float | None, **more: object) -> dict[str, object]:
    return {"observation_id": key, "county_code": "990101", "indicator_id": indicator, "measure": "actual", "value": value,
            "period_end": 2020, "restates": None, "source_line": 5, **more}  # fmt: skip


def output(key: str, project: str, kind: str, quantity: float, **more: object) -> dict[str, object]:
    return {"output_id": key, "project_id": project, "output": kind, "label": "", "quantity": quantity,
            "increment": "new", "counted": True, "source_line": 10, "qualifier": "=", **more}  # fmt: skip


@pytest.fixture
def capacity() -> pl.DataFrame:
    observations = [
        observation("s1", "graves_built", 100.0),
        observation("s2", "graves_built", 100.0, restates="s1"),
        observation("s3", "commercial_graves_built", 40.0),
        observation("s4", "commercial_wall_niches_built", 7.0),
        observation("s5", "public_cemeteries_rural", 15.0, county_code="990102"),
        observation("s6", "public_cemeteries_rural", 3.0),
    ]
    projects = [
        {**PROJECT, "project_id": "p1", "name_zh": "经营性公墓建设"},
        {**PROJECT, "project_id": "p2", "name_zh": "村级公益性公墓", "end_year": None},
        {**PROJECT, "project_id": "p3", "name_zh": "公益性公墓提升改造"},
        {**PROJECT, "project_id": "p4", "name_zh": "公益性骨灰堂"},
        {**PROJECT, "project_id": "p5", "name_zh": "殡仪馆"},
    ]
    outputs = [
        output("o1", "p1", "graves", 30.0), output("o2", "p1", "urns", 60.0, qualifier=">"), output("o3", "p1", "share_pct", 60.0),
        output("o4", "p2", "graves", 500.0, counted=False), output("o5", "p2", "facilities", 12.0),
        output("o6", "p3", "facilities", 4.0, increment="conversion"),
    ]  # fmt: skip
    frames = {"fct_observation": observations, "fct_project": projects, "fct_project_output": outputs}
    core = {name: pl.DataFrame(rows, infer_schema_length=None) for name, rows in frames.items()}
    return cemetery_capacity({**core, "dim_source": SOURCES})


def row(frame: pl.DataFrame, key: str) -> dict[str, object]:
    return frame.filter(capacity_id=key).row(0, named=True)


def test_a_double_plot_is_one_grave_and_two_urns(capacity: pl.DataFrame) -> None:
    plot = row(capacity, "o1")
    assert (plot["places"], plot["urns"], plot["urns_qualifier"], plot["eco_share_pct"]) == (30.0, 60.0, ">", 60.0)
    assert (plot["ownership"], plot["form"], plot["status"]) == ("commercial", "grave", "planned")


def test_cemeteries_without_graves_are_listed_and_never_counted(capacity: pl.DataFrame) -> None:
    village, hall, standing = row(capacity, "p2"), row(capacity, "p4"), row(capacity, "s5")
    assert (village["cemeteries"], village["available_from"], village["in_capacity"]) == (12.0, 2025, False)
    assert (hall["form"], hall["places_status"]) == ("niche", "not_reported")
    assert (standing["cemeteries"], standing["status"], standing["in_capacity"]) == (15.0, "built", False)


def test_renovations_restatements_and_other_houses_are_no_capacity(capacity: pl.DataFrame) -> None:
    assert set(capacity["capacity_id"]) == {"s1", "s3", "s4", "s5", "o1", "p2", "p4"}


def test_a_project_without_an_end_year_ends_with_its_own_plan() -> None:
    later = SOURCES.with_columns(period_start=pl.lit(2026), period_end=pl.lit(2030))
    rows = [
        {**PROJECT, "project_id": "p1", "name_zh": "村级公益性公墓", "end_year": None},
        {**PROJECT, "project_id": "p2", "name_zh": "公益性公墓", "end_year": 2027},
    ]
    outputs = [output("o1", "p1", "graves", 500.0), output("o2", "p2", "graves", 5.0)]
    core = {"fct_observation": pl.DataFrame([observation("s1", "beds", 5.0)]), "fct_project": pl.DataFrame(rows),
            "fct_project_output": pl.DataFrame(outputs), "dim_source": later}  # fmt: skip
    assert dict(cemetery_capacity(core).select("project_id", "available_from").iter_rows()) == {"p1": 2030, "p2": 2027}


def test_public_benefit_is_counted_apart(capacity: pl.DataFrame) -> None:
    assert places_in_use(capacity)["places"].sum() == 170.0
    assert places_in_use(capacity, "public_benefit").rows() == [("990101", 2020, 100.0, None)]
    shown = classes(capacity)["capacity_classes"].to_list()
    assert shown == ["commercial/grave/built=40;commercial/grave/planned=30;public_benefit/grave/built=100"]


def test_plans_without_cemeteries_have_no_rows() -> None:
    frames = {
        "fct_observation": pl.DataFrame([observation("s1", "beds", 5.0)]),
        "fct_project": pl.DataFrame([{**PROJECT, "project_id": "p1", "name_zh": "敬老院", "domain": "elderly_care"}]),
        "fct_project_output": pl.DataFrame([output("o1", "p1", "beds", 5.0)]),
        "dim_source": SOURCES,
    }
    none = cemetery_capacity(frames)
    assert none.is_empty()
    assert places_in_use(none).is_empty()
    assert classes(none).columns == ["county_code", "capacity_classes"]
