"""Small inline frames with the columns of the registry: one statement per row, spelling out only what a case needs."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipelines import registry

TYPES = {"VARCHAR": pl.String, "INTEGER": pl.Int64, "DOUBLE": pl.Float64, "BOOLEAN": pl.Boolean}
DEFAULT = {
    "county_code": "990101", "domain": "other", "period_inferred": False, "unit": "pct", "qualifier": "=",
    "target_level": "county", "place": "prose", "source_id": "plan", "measure": "actual",
}  # fmt: skip

Statement = dict[str, Any]


def table(name: str, rows: list[Statement]) -> pl.DataFrame:
    schema = {c.name: TYPES[c.type] for c in registry.table(name).columns}
    return pl.DataFrame([{c: r.get(c) for c in schema} for r in rows], schema=schema)


def actual(year: int, value: float | None, **more: Any) -> Statement:
    return {"measure": "actual", "period_start": year, "period_end": year, "value": value, **more}


def reported(year: int, value: float, **more: Any) -> Statement:
    return actual(year, value, place="actuals", source_id=f"actuals-{year}", **more)


def target(year: int, value: float | None, **more: Any) -> Statement:
    return {"measure": "target", "period_start": year, "period_end": year, "value": value, **more}
