"""The figures that any release must reproduce, with their document lines (MART contract)."""

from pathlib import Path

import duckdb
import pytest


@pytest.fixture(scope="module")
def con(core: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    for path in core.glob("*.parquet"):
        con.execute(f"CREATE VIEW {path.stem} AS SELECT * FROM '{path}'")
    return con


def one(con: duckdb.DuckDBPyConnection, query: str) -> object:
    row = con.execute(query).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(
    ("county", "projects", "total"),
    [("530425", 21, 79576), ("620722", 11, 16530), ("532301", 27, 164063), ("530112", 9, 8250)],
)
def test_annex_totals(con: duckdb.DuckDBPyConnection, county: str, projects: int, total: float) -> None:
    where = f"FROM fct_project WHERE county_code = '{county}' AND in_annex"
    assert one(con, f"SELECT count(*) {where}") == projects
    assert one(con, f"SELECT sum(total_investment_wan) {where}") == total


def test_xundian_cemeteries(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "SELECT total_investment_wan FROM fct_project WHERE county_code = '530129' AND domain = 'funeral' AND total_investment_wan IS NOT NULL ORDER BY 1"
    ).fetchall()
    assert [r[0] for r in rows] == [600, 1600, 8750]


def test_minle_first_project_is_repaired(con: duckdb.DuckDBPyConnection) -> None:
    row = con.execute(
        "SELECT total_investment_wan, total_investment_wan_as_printed FROM fct_project WHERE county_code = '620722' AND in_annex ORDER BY source_line LIMIT 1"
    ).fetchone()
    assert row == (1700.0, "7530")


def test_yimen_elderly_equals_the_census(con: duckdb.DuckDBPyConnection) -> None:
    census = one(
        con, "SELECT sum(persons) FROM fct_population WHERE county_code = '530425' AND year = 2020 AND age_from >= 60"
    )
    plan = one(
        con,
        "SELECT value FROM fct_observation WHERE county_code = '530425' AND source_line = 151 AND value_as_printed = '27738'",
    )
    assert census == plan == 27738
    assert (
        one(
            con,
            "SELECT value FROM fct_observation WHERE county_code = '530425' AND source_line = 151 AND value_as_printed = '18.29'",
        )
        == 18.29
    )


def test_yimen_beds(con: duckdb.DuckDBPyConnection) -> None:
    assert (
        one(
            con,
            "SELECT value FROM fct_observation WHERE county_code = '530425' AND indicator_id = 'elderly_care_beds' AND source_line = 18",
        )
        == 1136
    )


def test_chuxiong_funding_columns(con: duckdb.DuckDBPyConnection) -> None:
    parts = one(
        con,
        "SELECT sum(f.amount_wan) FROM fct_project_funding f JOIN fct_project p USING (project_id) WHERE p.county_code = '532301'",
    )
    left_out = one(
        con, "SELECT sum(total_investment_wan) FROM fct_project WHERE county_code = '532301' AND NOT in_printed_total"
    )
    assert left_out == 21000
    assert parts == 144063 + 21000  # the printed columns sum to 144,063 and leave out the same two projects


@pytest.mark.parametrize(
    ("county", "numerals"), [("530425", 536), ("530129", 34), ("620722", 533), ("532301", 503), ("530112", 316)]
)
def test_every_numeral_is_in_the_ledger(con: duckdb.DuckDBPyConnection, county: str, numerals: int) -> None:
    assert one(con, f"SELECT count(*) FROM fct_source_figure WHERE county_code = '{county}'") == numerals


@pytest.mark.parametrize(("county", "rows", "levels"), [("530425", 24, 1), ("620722", 13, 4), ("530112", 19, 1)])
def test_indicator_tables_are_whole(con: duckdb.DuckDBPyConnection, county: str, rows: int, levels: int) -> None:
    where = f"FROM fct_observation WHERE county_code = '{county}' AND place = 'indicator_table' AND measure = 'target'"
    assert one(con, f"SELECT count(*) {where}") == rows * levels
    assert one(con, f"SELECT count(DISTINCT target_level) {where}") == levels
