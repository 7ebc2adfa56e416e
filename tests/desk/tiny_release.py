"""A tiny invented release: two counties that do not exist, a few rows of every table that readers meet. Not data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines import registry
from pipelines.core import builder
from pipelines.ingest.contract import POLARS

HILL, RIVER = "990101", "990201"
SHORT = {"first_year_short": 2020, "first_year_short_p50": 2020, "first_year_idle_status": "none_to_horizon"}
IDLE = {"first_year_short_status": "none_to_horizon", "first_year_idle": 2020, "last_year_idle": 2035}
UNKNOWN = {"first_year_short_status": "not_reported", "first_year_idle_status": "not_reported"}
PLACES = {
    "county_code": HILL,
    "status": "built",
    "available_from": 2020,
    "used_status": "not_reported",
    "source_line": 36,
}
NASTY = '<script>alert("x")</script>项目'
Rows = dict[str, list[dict[str, Any]]]


def county(code: str, zh: str, en: str, slug: str, prefecture: str) -> dict[str, Any]:
    return {
        "county_code": code, "name_zh": zh, "name_en": en, "prefecture_zh": f"{prefecture}市", "prefecture_en": prefecture,
        "province_zh": "虚构省", "province_en": "Nowhere", "kind": "county", "valid_from": "2020-01-01", "slug": slug, "has_plan": True,
    }  # fmt: skip


def indicator(
    id: str, zh: str, unit: str, nature: str, counties: str, *, domain: str = "elderly_care"
) -> dict[str, Any]:
    return {
        "indicator_id": id, "domain": domain, "name_zh": zh, "name_en": id.replace("_", " "), "unit": unit, "better": "higher",
        "nature": nature, "additivity": "non_additive", "definition_zh": f"{zh}的定义", "definition_en": f"definition of {id}",
        "comparable_counties": counties,
    }  # fmt: skip


def observation(id: str, indicator_id: str, value: float | None, unit: str, **more: Any) -> dict[str, Any]:
    code = id.split("-", maxsplit=1)[0]
    return {
        "observation_id": id, "county_code": code, "indicator_id": indicator_id, "domain": "elderly_care", "period_start": 2020,
        "period_end": 2020, "period_inferred": False, "measure": "actual", "value": value, "unit": unit, "qualifier": "=",
        "target_level": "county", "value_as_printed": None if value is None else f"{value:g}", "unit_as_printed": "%",
        "indicator_as_printed": indicator_id, "place": "prose", "source_id": f"plan-{code}", "source_line": 10, **more,
    }  # fmt: skip


def target(of: dict[str, Any], baseline: float | None = None, **more: Any) -> dict[str, Any]:
    """A row of mart_target for an observation of measure target."""
    kept = (
        "county_code",
        "indicator_id",
        "breakdown",
        "target_level",
        "target_kind",
        "qualifier",
        "unit",
        "place",
        "source_line",
    )
    return {
        **{k: of.get(k) for k in kept}, "target_id": of["observation_id"], "baseline": baseline,
        "baseline_year": 2020 if baseline is not None else None, "baseline_status": None if baseline is not None else "not_reported",
        "baseline_in_table": baseline is not None, "target_year": of["period_end"], "target": of["value"],
        "target_as_printed": of["value_as_printed"] or "全覆盖", "target_type": "improvement", "verdict": "awaiting_data",
        "in_conflict": False, "plan_period": "2021-2025", **more,
    }  # fmt: skip


def project(id: str, zh: str, amount: float | None, line: int, **more: Any) -> dict[str, Any]:
    code = id.split("-", maxsplit=1)[0]
    return {
        "project_id": id, "county_code": code, "domain": "elderly_care", "name_zh": zh, "name_en": zh, "start_year": 2022, "end_year": 2024,
        "total_investment_wan": amount, "total_investment_wan_as_printed": None if amount is None else f"{amount:g}",
        "commitment": "planned", "spend_kind": "construction", "in_annex": True, "in_printed_total": True, "source_id": f"plan-{code}",
        "source_line": line, **more,
    }  # fmt: skip


def money(code: str, amount: float, **more: Any) -> dict[str, Any]:
    return {
        "county_code": code, "domain": "elderly_care", "funder": "not_reported", "year": 2022, "allocation": "even_spread",
        "commitment": "planned", "in_printed_total": True, "amount_wan": amount, "per_resident_yuan": amount / 10, "per_60plus_yuan": amount, **more,
    }  # fmt: skip


def contradiction(id: str, code: str, left: int, right: int, **more: Any) -> dict[str, Any]:
    return {
        "discrepancy_id": id, "county_code": code, "rule_id": "same_quantity", "severity": "high", "domain": "elderly_care",
        "description_zh": "两处数值不同", "description_en": "two values differ", "left_line": left, "left_value": "30%", "right_line": right,
        "right_value": "60%", "computation": "30 ≠ 60", "resolution": "请核定", "resolution_en": "settle it", "review_status": "open", **more,
    }  # fmt: skip


def people(code: str, start: float) -> list[dict[str, Any]]:
    return [
        {"county_code": code, "year": y, "age_band": band, "sex": "both", "p50": start * share * 1.04 ** (y - 2020), "method_version": "tiny-1"}
        for y in range(2020, 2036) for band, share in (("60+", 1.0), ("65+", 0.7), ("80+", 0.1))
    ]  # fmt: skip


def ages(code: str, year: int, elderly: int) -> list[dict[str, Any]]:
    groups = ((0, 59, elderly * 4), (60, 64, elderly * 3 // 10), (65, 79, elderly * 6 // 10), (80, None, elderly // 10))
    return [
        {"county_code": code, "year": year, "basis": "resident", "sex": sex, "age_from": a, "age_to": b, "persons": n // 2, "source_id": "census-2020"}
        for sex in ("male", "female") for a, b, n in groups
    ]  # fmt: skip


def rows() -> Rows:
    """Every table by name. HILL states much and contradicts itself; RIVER has a reserve list and states little."""
    target_year = {"measure": "target", "period_start": 2025, "period_end": 2025}
    table = {**target_year, "place": "indicator_table", "target_kind": "binding"}
    share20 = observation(f"{HILL}-s01", "nursing_bed_share", 3.8, "pct", place="indicator_table", source_line=11)
    share25 = observation(
        f"{HILL}-s02", "nursing_bed_share", 55.0, "pct", **{**table, "qualifier": ">=", "source_line": 12}
    )
    river25 = observation(
        f"{RIVER}-s01", "nursing_bed_share", 50.0, "pct", **{**target_year, "qualifier": ">=", "source_line": 5}
    )
    text30 = observation(
        f"{HILL}-s03", "township_care_centre_coverage", 30.0, "pct", **{**target_year, "source_line": 20}
    )
    text50 = observation(
        f"{HILL}-s04", "township_care_centre_coverage", 50.0, "pct", **{**target_year, "source_line": 21}
    )
    table60 = observation(f"{HILL}-s05", "township_care_centre_coverage", 60.0, "pct", **{**table, "source_line": 22})
    beds = observation(f"{HILL}-s06", "elderly_care_beds", 1136.0, "beds", unit_as_printed="张", source_line=13)
    homes = [
        observation(f"{HILL}-s07", "care_centres", 20.0, "count", unit_as_printed="个", source_line=14),
        observation(f"{RIVER}-s02", "care_centres", 40.0, "count", unit_as_printed="个", source_line=6),
    ]
    spent = observation(
        f"{HILL}-s08",
        "funeral_spending",
        200.0,
        "wan_yuan",
        domain="funeral",
        unit_as_printed="元",
        value_as_printed="2000000",
    )
    conflict = {"in_conflict": True, "baseline_in_table": False}
    return {
        "dim_county": [county(HILL, "丘县", "Hill County", "hill", "North"), county(RIVER, "河市", "River City", "river", "South")],
        "dim_source": [
            {"source_id": f"plan-{c}", "county_code": c, "title_zh": f"{n}民政规划", "title_en": f"Plan of {n}", "issuer_zh": "not_reported",
             "file_name": f"{c}.txt", "sha256": None, "period_start": 2021, "period_end": 2025, "licence": "government document", "quality_grade": "A"}
            for c, n in ((HILL, "丘县"), (RIVER, "河市"))
        ] + [{"source_id": "census-2020", "title_zh": "普查", "title_en": "census", "issuer_zh": "统计局", "licence": "government statistics", "quality_grade": "A"}],
        "dim_indicator": [
            indicator("nursing_bed_share", "养老机构护理型床位占比", "pct", "rate", f"{HILL};{RIVER}"),
            indicator("township_care_centre_coverage", "乡镇综合养老服务中心覆盖率", "pct", "rate", HILL),
            indicator("elderly_care_beds", "养老床位", "beds", "stock", HILL), indicator("institution_beds", "养老机构床位", "beds", "stock", RIVER),
            indicator("care_centres", "养老服务中心", "count", "stock", f"{HILL};{RIVER}"),
            indicator("funeral_spending", "殡葬支出", "wan_yuan", "flow", HILL, domain="funeral"),
        ],
        "fct_observation": [share20, share25, river25, text30, text50, table60, beds, *homes, spent],
        "fct_project": [
            project(f"{HILL}-p01", "丘县康养中心", 51600.0, 31), project(f"{HILL}-p02", NASTY, 27976.0, 32, domain="funeral"),
            *(project(f"{RIVER}-p0{i}", f"河市储备项目{i}", a, 40 + i, commitment="reserve", in_printed_total=inside)
              for i, a, inside in ((1, 143063.0, True), (2, 14000.0, False), (3, 7000.0, False))),
        ],
        "fct_project_mention": [{"mention_id": f"{HILL}-m01", "project_id": f"{HILL}-p01", "mention": "table", "name_as_printed": "康养中心", "source_line": 31}],
        "fct_project_funding": [
            {"funding_id": f"{RIVER}-f01", "project_id": f"{RIVER}-p01", "funder": "unresolved", "amount_wan": 143063.0, "certainty": "ambiguous",
             "position": 1, "value_as_printed": "143063", "source_line": 41, "reason_zh": "栏名缺失", "reason_en": "label lost"}
        ],
        "fct_project_output": [
            {"output_id": f"{HILL}-o01", "project_id": f"{HILL}-p02", "output": "graves", "label": "墓穴", "quantity": 300.0, "unit": "graves",
             "increment": "new", "mention": "table", "counted": True, "value_as_printed": "300", "source_line": 32},
            {"output_id": f"{HILL}-o02", "project_id": f"{HILL}-p02", "output": "land_area_mu", "label": "用地", "quantity": 20.0, "unit": "mu", "qualifier": "~",
             "increment": "new", "mention": "table", "counted": True, "value_as_printed": "20", "source_line": 32}
        ],
        "fct_population": [*ages(HILL, 2010, 20000), *ages(HILL, 2020, 30000), *ages(RIVER, 2010, 50000), *ages(RIVER, 2020, 80000)],
        "fct_correction": [
            {"correction_id": f"{HILL}-c01", "county_code": HILL, "table_name": "projects", "row_key": "m01", "column_name": "investment_printed",
             "printed": "5160", "corrected": "51600", "reason_code": "ocr_character", "reason_zh": "漏一位", "reason_en": "a digit lost", "evidence": "line 31"}
        ],
        "fct_discrepancy": [contradiction("d1", HILL, 20, 22), contradiction("d2", RIVER, 5, 9, severity="low", left_value=NASTY)],
        "mart_target": [
            target(share25, 3.8), target(text30, **conflict), target(text50, **conflict), target(table60, **conflict), target(river25),
        ],
        "mart_county_comparison": [
            {"row_id": o["observation_id"], "county_code": o["county_code"], "indicator_id": "care_centres", "year": 2020, "measure": "actual",
             "qualifier": "=", "value": o["value"], "unit": "count", "value_normalised": o["value"] / 30, "normalised_by": "per_1000_60plus",
             "basis": "resident", "comparable_group": "care_centres|actual||2020", "peers": 2, "source_line": o["source_line"]} for o in homes
        ],
        "mart_investment": [
            money(HILL, 51600.0), money(HILL, 27976.0, domain="funeral", allocation="printed"), money(RIVER, 143063.0, funder="unresolved", commitment="reserve"),
            money(RIVER, 21000.0, in_printed_total=False, commitment="reserve"),
        ],
        "mart_bed_supply": [
            {"county_code": c, "year": y, "status": "existing", "bed_type": "all", "beds": 1136.0 if c == HILL else None,
             "basis": "line 13" if c == HILL else "not_reported"} for c in (HILL, RIVER) for y in range(2020, 2036)
        ] + [{"county_code": HILL, "year": y, "status": "planned", "bed_type": "all", "beds": 100.0, "basis": "projects"} for y in range(2025, 2036)],
        "mart_elderly_outlook": [*people(HILL, 30000.0), *people(RIVER, 80000.0)],
        "mart_bed_outlook": [
            {"county_code": c, "year": y, "scenario": "natural", "estimator": e, "bed_type": "all", "definition": "none", "demand_p50": n,
             "supply": 1136.0 if c == HILL else None, "supply_status": None if c == HILL else "not_reported", "method_version": "tiny-1", **(turns if c == HILL else UNKNOWN)}
            for c in (HILL, RIVER) for y in range(2020, 2036) for e, n, turns in (("planning_norm", 1500.0, SHORT), ("observed_use", 800.0, IDLE))
        ],
        "mart_cemetery_outlook": [
            {"county_code": c, "year": y, "scenario": "natural", "deaths_p50": 300.0, "interments_p50": 300.0, "ashes_p50": 300.0, "capacity": 6000.0 if c == HILL else None,
             "capacity_status": "not_reported", "break_even_p50": 300.0 * (y - 2020), "method_version": "tiny-1"} for c in (HILL, RIVER) for y in range(2020, 2036)
        ],
        "mart_cemetery_class_outlook": [
            {"county_code": c, "year": y, "scenario": "natural", "capacity_class": k, "deaths_p50": 300.0, "interments_p50": 300.0, "ashes_p50": 300.0, "capacity": n if c == HILL else None,
             "capacity_status": "not_reported", "break_even_p50": 300.0 * (y - 2020), "method_version": "tiny-1"}
            for c in (HILL, RIVER) for k, n in (("all", 6000.0), ("public_benefit", 4000.0)) for y in range(2020, 2036)
        ],
        "mart_cemetery_capacity": [
            {**PLACES, "capacity_id": "h1", "ownership": "public_benefit", "form": "grave", "places": 4000.0, "in_capacity": True},
            {**PLACES, "capacity_id": "h2", "ownership": "commercial", "form": "grave", "places": 2000.0, "urns": 4000.0, "urns_qualifier": "~", "in_capacity": True},
            {**PLACES, "capacity_id": "h3", "ownership": "commercial", "form": "niche", "places": 132.0, "in_capacity": False},
            {**PLACES, "capacity_id": "h4", "ownership": "public_benefit", "form": "not_stated", "places_status": "not_reported", "cemeteries": 15.0,
             "status": "planned", "commitment": "reserve", "used_status": None, "in_capacity": False},
        ],
        "mart_bed_sensitivity": [
            {"county_code": c, "parameter_id": p, "rank": i, "low": 1.0, "high": 2.0, "moves": "demand", "demand_low": 900.0 - 100 * (3 - i), "demand_high": 1500.0,
             "demand_central": 1000.0, "year": 2030} for c in (HILL, RIVER) for i, p in ((1, "disability_definition"), (2, "occupancy"))
        ],
        "mart_plausibility": [
            {"county_code": HILL, "check_id": "met_at_baseline", "number": 1, "about": "plan", "message_zh": "基期已达到目标", "message_en": "the baseline already meets the target"}
        ],
        "dim_parameter": [
            {"parameter_id": "occupancy", "topic": "occupancy", "name_zh": "入住率", "name_en": "occupancy", "value": 50.0, "low": 45.0, "high": 55.0,
             "distribution": "uniform", "unit": "pct", "geography": "China", "year": "2020", "citation": "nobody", "grade": "d"}
        ],
        "mart_quality": [
            {"suite": "s", "table_name": "fct_observation", "expectation": "unit", "severity": "critical", "passed": True, "failing_rows": 0, "message_zh": "好", "message_en": "good"},
            {"suite": "s", "table_name": "fct_observation", "expectation": "look", "severity": "warning", "passed": False, "failing_rows": 1, "message_zh": "看", "message_en": "look"},
        ],
        "meta_release": [
            {"release_id": "r00001-tiny", "built_at": "2026-01-01T00:00:00+00:00", "content_hash": "c" * 64, "inputs_hash": "i" * 64, "git_commit": "g" * 40,
             "contract_version": 1, "assumption_set": "default", "method_version": "tiny-1", "seed": 1}
        ],
    }  # fmt: skip


def build(folder: Path, changed: Rows | None = None) -> Path:
    """``folder/marts.duckdb`` and ``folder/quality/results.json``; `changed` replaces whole tables. Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    given = {**rows(), **(changed or {})}
    with duckdb.connect(str(folder / "marts.duckdb")) as con:
        for table in registry.published():
            schema = {c.name: pl.String if c.type == "DATE" else POLARS[c.type] for c in table.columns}
            records = [{name: r.get(name) for name in schema} for r in given.get(table.name, [])]
            builder.insert(con, table.name, pl.DataFrame(records, schema=schema))
    quality = folder / "quality"
    quality.mkdir(exist_ok=True)
    (quality / "results.json").write_text(
        json.dumps({"release_id": "r00001-tiny", "results": given["mart_quality"]}), encoding="utf-8"
    )
    return folder
