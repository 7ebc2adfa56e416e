"""The fixture `run`: inline statements in, evaluation out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from evaluate_frames import DEFAULT, Statement, table

from pipelines.evaluate.targets import evaluate


@pytest.fixture
def run() -> Callable[..., pl.DataFrame]:
    """Evaluate statements of one indicator (`better`, `nature`, id `x` by default) of a plan for 2021–2025."""

    def apply(*statements: Statement, better: str = "higher", nature: str = "rate", **frames: Any) -> pl.DataFrame:
        rows = []
        for i, s in enumerate(statements, start=1):
            row = {**DEFAULT, "observation_id": f"s{i:02}", "indicator_id": "x", "source_line": i, **s}
            row.setdefault("value_as_printed", "—" if row["value"] is None else f"{row['value']:g}")
            rows.append({**row, "indicator_as_printed": row["indicator_id"]})
        ids = sorted({r["indicator_id"] for r in rows})
        indicators = table("dim_indicator", [{"indicator_id": i, "better": better, "nature": nature} for i in ids])
        sources = [{"source_id": "plan", "period_start": 2021, "period_end": 2025}]
        sources += [{"source_id": f"actuals-{y}", "period_start": y, "period_end": y} for y in range(2020, 2027)]
        return evaluate(table("fct_observation", rows), indicators, sources=table("dim_source", sources), **frames)

    return apply
