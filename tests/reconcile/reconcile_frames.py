"""Small core tables for the tests of the rules: a row needs only what its case is about."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipelines.reconcile.facts import Facts

COUNTY = "990001"
_STATEMENT = {
    "county_code": COUNTY, "indicator_id": "homes", "indicator_as_printed": "敬老院", "domain": "elderly_care",
    "project_id": None, "period_start": None, "period_end": 2020, "period_inferred": False, "measure": "actual",
    "value": 1.0, "unit": "count", "qualifier": "=", "target_kind": None, "target_level": "county", "breakdown": None,
    "value_as_printed": None, "unit_as_printed": "个", "place": "prose", "source_line": 1, "restates": None,
}  # fmt: skip
_PROJECT = {
    "county_code": COUNTY, "project_id": "p1", "domain": "elderly_care", "name_zh": "敬老院建设", "name_en": "Home",
    "start_year": 2022, "end_year": 2023, "total_investment_wan": None, "spend_kind": "construction", "in_annex": True,
    "source_line": 100,
}  # fmt: skip
_MENTION = {
    "key": "m1", "project": "p1", "mention": "table", "line": 100, "name_printed": "敬老院建设", "years_printed": None,
    "start_year": None, "end_year": None, "investment_wan": None, "investment_printed": None, "investment_unit": "万元",
    "progress_printed": None,
}  # fmt: skip
_OUTPUT = {
    "project_id": "p1", "output": "facilities", "label": "敬老院", "quantity": 1.0, "unit": "count", "increment": "new",
    "mention": "table", "counted": True, "value_as_printed": "1", "source_line": 101,
}  # fmt: skip
_FUNDING = {
    "project_id": "p1", "amount_wan": 1.0, "certainty": "printed", "position": 1, "value_as_printed": "1", "source_line": 102,
}  # fmt: skip
_TYPES = {"project_id": pl.String, "breakdown": pl.String, "target_kind": pl.String, "restates": pl.String,
          "value_as_printed": pl.String, "period_start": pl.Int64, "total_investment_wan": pl.Float64,
          "years_printed": pl.String, "progress_printed": pl.String}  # fmt: skip


def facts(
    statements: list[dict[str, Any]] | None = None, *, better: str = "higher", projects: list[dict[str, Any]] | None = None,
    mentions: list[dict[str, Any]] | None = None, outputs: list[dict[str, Any]] | None = None,
    funding: list[dict[str, Any]] | None = None, residents: dict[int, int] | None = None, issued: str | None = None,
) -> Facts:  # fmt: skip
    """Facts of one county. Statements of an indicator take its printed value and unit from `value` and `unit`."""
    rows = [_printed(_STATEMENT | s | {"observation_id": f"s{i}"}) for i, s in enumerate(statements or [])]
    indicators = [_indicator(i, better) for i in dict.fromkeys(r["indicator_id"] for r in rows)]
    people = [
        {"county_code": COUNTY, "year": 2020, "basis": "resident", "sex": "male", "age_from": age, "persons": n}
        for age, n in (residents or {}).items()
    ]
    return Facts.of(
        fct_observation=_frame(rows), dim_indicator=pl.DataFrame(indicators),
        fct_project=_frame([_PROJECT | p for p in projects or []]),
        mentions=_frame([_MENTION | m for m in mentions or []]),
        fct_project_output=_frame([_output(o, i) for i, o in enumerate(outputs or [])]),
        fct_project_funding=_frame([_FUNDING | f | {"funding_id": f"f{i}"} for i, f in enumerate(funding or [])]),
        fct_population=pl.DataFrame(people),
        dim_source=pl.DataFrame([{"county_code": COUNTY, "date_as_printed": issued}] if issued else []),
    )  # fmt: skip


def _printed(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"value_as_printed": row["value_as_printed"] or f"{row['value']:.15g}"}


def _output(given: dict[str, Any], number: int) -> dict[str, Any]:
    row = _OUTPUT | given | {"output_id": f"o{number}"}
    return row | {"value_as_printed": given.get("value_as_printed", f"{row['quantity']:.15g}")}


def _indicator(indicator: str, better: str) -> dict[str, str]:
    return {"indicator_id": indicator, "name_zh": indicator, "name_en": indicator, "better": better, "nature": "stock",
            "additivity": "semi_additive"}  # fmt: skip


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, infer_schema_length=None, schema_overrides={c: t for c, t in _TYPES.items() if rows and c in rows[0]}
    )
