"""The headlines of the five real plans: the sentences that leaders were shown must follow from the marts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines import registry
from pipelines.core import builder
from pipelines.desk import headlines
from pipelines.evaluate.targets import evaluate
from pipelines.ingest.contract import POLARS


@pytest.fixture(scope="module")
def marts(core: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Core and verdicts of the real data; the forecasts are left empty, so that only what is stated is said."""
    frames = {p.stem: pl.read_parquet(p) for p in core.glob("*.parquet")}
    frames["mart_target"] = evaluate(frames["fct_observation"], frames["dim_indicator"], sources=frames["dim_source"])
    with builder.connect() as con:
        for table in registry.published():
            schema = {c.name: POLARS[c.type] for c in table.columns}
            builder.insert(con, table.name, frames.get(table.name, pl.DataFrame(schema=schema)))
        yield con


@pytest.mark.parametrize(
    ("county", "sentences"),
    [
        (
            "530425",
            [
                "24项指标中16项表内无2020年基数",
                "规划投资79,576万元（含拟申请10,067万元），其中51,600万元在一个未写床位数的康养项目",
            ],
        ),
        ("620722", ["指标表13项指标均列有2020年基数", "规划投资16,530万元", "护理型床位占比3.8%，目标≥55%"]),
        ("532301", ["储备项目164,063万元", "储备项目164,063万元，表列合计漏两项（14,000＋7,000万元）"]),
        ("530112", ["指标表19项指标均列有2020年基数", "规划投资8,250万元"]),
        ("530129", ["正文项目投资10,950万元，其中8,750万元在一个殡葬服务项目"]),
    ],
)
def test_stated_figures(marts: duckdb.DuckDBPyConnection, county: str, sentences: list[str]) -> None:
    assert set(sentences) <= {h.text.zh for h in headlines.headlines(marts, county)}


def test_minle_prints_three_values_for_one_target(marts: duckdb.DuckDBPyConnection) -> None:
    said = next(h for h in headlines.headlines(marts, "620722") if h.topic == "conflict")
    assert said.text.zh.endswith("正文30%、50%，指标表60%，请先定口径") and "养老" in said.text.zh
    assert said.doubtful and not said.front


def test_no_reserve_list_is_called_planned(marts: duckdb.DuckDBPyConnection) -> None:
    reserve = marts.sql("SELECT DISTINCT county_code FROM fct_project WHERE commitment = 'reserve'").fetchall()
    for (county,) in reserve:
        assert not any("规划投资" in h.text.zh for h in headlines.headlines(marts, county))
