"""Every number leads back to its line, through corrections and conversions."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.desk import trace
from pipelines.desk.trace import UnknownIdError
from tests.desk.tiny_release import HILL, RIVER

Con = duckdb.DuckDBPyConnection


def test_an_observation_shows_value_print_line_and_document(con: Con) -> None:
    said = str(trace(f"{HILL}-s02", con))
    assert all(part in said for part in ("目标 2025 ≥55%", "“55 %”", "第12行", "丘县民政规划"))


def test_a_conversion_is_shown(con: Con) -> None:
    assert "2000000 元 → 200万元" in trace(f"{HILL}-s08", con).to("zh")


def test_a_project_shows_its_mentions_and_its_corrections(con: Con) -> None:
    said = trace(f"{HILL}-p01", con).to("en")
    assert "“5160” → “51600”, a digit lost" in said
    assert "line 31 project table" in said


def test_funding_says_how_sure_its_funder_is(con: Con) -> None:
    assert "unresolved (ambiguous) label lost" in trace(f"{RIVER}-f01", con).to("en")


def test_an_output_and_a_mention_can_be_traced(con: Con) -> None:
    assert "墓穴 300穴" in trace(f"{HILL}-o01", con).to("zh")
    assert "约20亩" in trace(f"{HILL}-o02", con).to("zh")
    assert "第31行" in trace(f"{HILL}-m01", con).to("zh")


def test_the_line_itself_comes_from_the_readers_own_copy(con: Con, tmp_path: Path) -> None:
    copy = tmp_path / "plan.txt"
    copy.write_text("\n".join(f"第{i}句" for i in range(1, 40)), encoding="utf-8")
    assert trace(f"{HILL}-s02", con, copy).steps[-1].detail.zh == "第12句"


def test_an_unknown_id_is_refused(con: Con) -> None:
    with pytest.raises(UnknownIdError, match="没有编号 x"):
        trace("x", con)


def test_a_notebook_gets_a_table(con: Con) -> None:
    assert "<table>" in str(trace(f"{HILL}-s02", con)._repr_mimebundle_()["text/html"])
