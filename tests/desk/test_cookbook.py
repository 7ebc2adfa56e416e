"""Every query of the cookbook answers on the real data, with the figures that any release must reproduce."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import nbformat
import polars as pl
import pytest

from pipelines import registry
from pipelines.core import builder
from pipelines.desk import cookbook
from pipelines.desk.style import Table
from pipelines.desk.words import LANGUAGES
from pipelines.settings import PROJECT
from tests.quality.good import build

Con = duckdb.DuckDBPyConnection
IDS = [r.id for r in cookbook.recipes()]
GIVEN = {  # what is written after the marts are built
    "mart_quality": {"suite": "fct_project", "table_name": "fct_project", "expectation": "sums", "severity": "warning",
                     "passed": False, "failing_rows": 1, "message_zh": "合计", "message_en": "sums"},
    "meta_release": {"release_id": "r00001-test", "built_at": "2026-01-01T00:00:00+00:00", "content_hash": "a" * 64},
    "meta_table": {"table_name": "fct_project", "layer": "core", "row_count": 83, "content_hash": "b" * 64},
}  # fmt: skip


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Con]:
    parquet = build(tmp_path_factory.mktemp("cookbook"))
    with builder.connect() as con:
        for path in sorted(parquet.glob("*.parquet")):
            builder.attach(con, path.stem, [path])
        for name, row in GIVEN.items():
            columns = registry.table(name).columns
            builder.load(con, name, pl.DataFrame([{c.name: row.get(c.name) for c in columns}]))
        yield con


def _rows(con: Con, id: str) -> list[dict[str, Any]]:
    return con.sql(cookbook.recipe(id).sql).pl().to_dicts()


def test_there_are_twenty_in_two_languages() -> None:
    assert len(IDS) == len(set(IDS)) == 20
    assert all(r.question.zh.endswith("？") and r.question.en.endswith("?") for r in cookbook.recipes())


@pytest.mark.parametrize("id", IDS)
def test_each_is_one_query_with_an_answer(id: str, marts: Con) -> None:
    assert len(duckdb.extract_statements(cookbook.recipe(id).sql)) == 1
    assert _rows(marts, id), id


@pytest.mark.parametrize("id", IDS)
def test_each_runs_on_any_release_and_in_the_same_order(id: str, con: Con) -> None:
    assert _rows(con, id) == _rows(con, id)


def test_the_annexes_add_up(marts: Con) -> None:
    found = {r["county_code"]: (r["annex_wan"], r["left_out_wan"], r["outside_annex_wan"]) for r in _rows(marts, "annex_totals")}  # fmt: skip
    assert found == {
        "530112": (8250, None, None),
        "530129": (None, None, 10950),
        "530425": (79576, None, None),
        "532301": (164063, 21000, None),
        "620722": (16530, None, None),
    }


def test_money_by_domain_adds_up_to_the_projects(marts: Con) -> None:
    totals: dict[str, float] = {}
    for r in _rows(marts, "money_by_domain"):
        totals[r["county_code"]] = totals.get(r["county_code"], 0) + r["amount_wan"]
    whole = {"530112": 8250, "530129": 10950, "530425": 79576, "532301": 164063, "620722": 16530}
    assert totals == pytest.approx(whole)
    assert {r["county_code"]: r["amount_wan"] for r in _rows(marts, "unresolved_funding")} == pytest.approx(whole)


def test_only_net_new_elderly_beds_are_counted(marts: Con) -> None:
    beds: dict[str, float] = {}
    for r in _rows(marts, "net_new_beds"):
        beds[r["county_code"]] = beds.get(r["county_code"], 0) + r["beds"]
    assert beds == {"530425": 100, "532301": 5620}  # no purchase, relocation, psychiatric or children's beds


def test_the_nursing_share_of_minle_has_two_deadlines(marts: Con) -> None:
    own = [r for r in _rows(marts, "nursing_share") if (r["county_code"], r["target_level"]) == ("620722", "county")]
    assert [(r["baseline"], r["target"], r["target_year"]) for r in own] == [(3.8, 50, 2022), (3.8, 55, 2025)]


def test_a_printed_number_leads_to_its_fact(marts: Con) -> None:
    found = [r for r in _rows(marts, "printed_number") if r["county_code"] == "530425" and r["source_line"] == 18]
    assert [(r["fact_table"], r["column_name"]) for r in found] == [("fct_observation", "value_as_printed")]
    fact = marts.execute("SELECT value FROM fct_observation WHERE observation_id = ?", [found[0]["fact_id"]]).fetchone()
    assert fact == (1136,)


def test_the_worst_contradictions_come_first_with_both_lines(marts: Con) -> None:
    ranks = [["high", "medium", "low"].index(r["severity"]) for r in _rows(marts, "contradictions")]
    assert ranks == sorted(ranks) and ranks[0] == 0


def test_the_answer_is_shown_under_its_query(marts: Con, capsys: pytest.CaptureFixture[str]) -> None:
    table = cookbook.show("large_projects", marts)
    assert capsys.readouterr().out.strip() == cookbook.recipe("large_projects").sql
    assert isinstance(table, Table) and "51,600" in table.html("zh") and "2,025" not in table.html("zh")


def test_each_language_sees_its_own_columns(marts: Con) -> None:
    table = cookbook.show("large_projects", marts)
    heads = {k: [h.to(k) for h in table.headers] for k in LANGUAGES}
    assert "name_zh" in heads["zh"] and "name_en" not in heads["zh"]
    assert "name_en" in heads["en"] and "name_zh" not in heads["en"]
    at = heads["en"].index("name_en")
    first = _rows(marts, "large_projects")[0]
    assert (table.cells("zh")[0][at], table.cells("en")[0][at]) == (first["name_zh"], first["name_en"])
    alone = cookbook.show("nursing_share", marts)
    assert len(alone.headers) == len(_rows(marts, "nursing_share")[0])


def test_an_unknown_recipe_names_those_there_are() -> None:
    with pytest.raises(KeyError, match="annex_totals"):
        cookbook.recipe("nothing")


def test_the_notebook_asks_every_question_in_order() -> None:
    path: Path = PROJECT / "notebooks" / "4_sql_cookbook.ipynb"
    cells = [c.source for c in nbformat.read(path, as_version=4).cells]
    for r in cookbook.recipes():
        at = cells.index(f'cookbook.show("{r.id}", con)')
        assert cells[at - 2 : at] == [f"## {r.question.zh}", f"## {r.question.en}"]
