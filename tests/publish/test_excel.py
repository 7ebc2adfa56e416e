"""The workbooks: what a bureau would forward, and nothing in them that runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import openpyxl
import pytest

from pipelines.desk.marts import open_marts
from pipelines.publish import excel
from tests.desk.tiny_release import HILL, build, rows

FORMULAS = ("=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\tx", "\rx")


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    some = rows()["fct_project"][0]
    nasty = [
        {**some, "project_id": f"{HILL}-n{i}", "name_zh": f, "location": f, "total_investment_wan": -5.0}
        for i, f in enumerate(FORMULAS)
    ]
    release = build(tmp_path_factory.mktemp("release"), {"fct_project": [*rows()["fct_project"], *nasty]})
    with open_marts(path=release / "marts.duckdb") as opened:
        yield opened


@pytest.fixture(scope="module")
def books(con: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    files = excel.write(con, tmp_path_factory.mktemp("excel"))
    return {f.name: openpyxl.load_workbook(f) for f in files}


def test_one_for_all_and_one_a_county(books: dict[str, Any], con: duckdb.DuckDBPyConnection) -> None:
    counties = con.execute("SELECT county_code || '-' || slug || '.xlsx' FROM dim_county WHERE has_plan").fetchall()
    assert set(books) == {"all.xlsx", *(c for (c,) in counties)}
    for name, book in books.items():
        codes = {r[0].value for r in book["项目"].iter_rows(min_row=2, min_col=2, max_col=2)} - {None}
        assert name == "all.xlsx" or codes <= {name[:6]}


def test_notes_come_first_and_sources_last(books: dict[str, Any]) -> None:
    for book in books.values():
        assert (book.sheetnames[0], book.sheetnames[-1]) == ("说明", "来源")
        notes = {r[0].value: r[1].value for r in book["说明"].iter_rows(min_row=2)}
        assert notes["数据版本"] == "r00001-tiny"
        assert "不等于零" in notes["空格"]
        assert set(book.sheetnames[1:]) <= set(notes)


def test_headers_are_chinese_with_units_frozen_and_printable(books: dict[str, Any]) -> None:
    for sheet in books["all.xlsx"].worksheets[1:]:
        assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref
        assert (sheet.page_setup.orientation, sheet.print_title_rows) == ("landscape", "$1:$1")
        assert all(any("一" <= letter <= "鿿" for letter in str(c.value)) for c in sheet[1]), sheet.title
    assert any("万元" in str(c.value) for c in books["all.xlsx"]["项目"][1])


def test_nothing_runs_and_numbers_stay_numbers(books: dict[str, Any]) -> None:
    for book in books.values():
        for sheet in book.worksheets:
            assert not [c for row in sheet.iter_rows() for c in row if c.data_type == "f" or c.hyperlink]
    cells = [c for row in books["all.xlsx"]["项目"].iter_rows() for c in row]
    texts = [c for c in cells if str(c.value).replace("_x000D_", "\r") in FORMULAS]
    assert len(texts) == 2 * len(FORMULAS) and all(c.data_type == "s" and c.quotePrefix for c in texts)
    assert [c.data_type for c in cells if c.value == -5] == ["n"] * len(FORMULAS)


@pytest.mark.parametrize(("values", "form"), [([1.0, None, 1500.0], "#,##0"), ([0.5, 12.0], "#,##0.0##")])
def test_number_formats(values: list[float | None], form: str) -> None:
    import polars as pl

    from pipelines import registry

    column = registry.table("fct_project").column("total_investment_wan")
    assert excel._number_format(column, pl.Series(values)) == form
    assert excel._number_format(registry.table("fct_project").column("start_year"), pl.Series([2021])) == ""
