"""The candidate as a DuckDB database: a view per Parquet file, what there is of tables and columns, and the rows that
break a rule. No Great Expectations here."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import duckdb
import polars as pl

from pipelines import registry
from pipelines.core import builder
from pipelines.quality.checks import Check, expected_rows, tables


@dataclass(frozen=True)
class Found:
    """What a query returned for a check: its rows after accepted ones, a figure, or why it could not run."""

    rows: pl.DataFrame
    measure: float | None
    error: str | None = None
    accepted: tuple[str, ...] = ()


def open_candidate(candidate: Path, counted: Path) -> duckdb.DuckDBPyConnection:
    """Views of every Parquet file of the candidate, the registry's tables, and the row counts expected by `counted`."""
    con = builder.connect()
    for path in sorted(folder(candidate).glob("*.parquet")):
        builder.attach(con, path.stem, [path])
    builder.attach_registry(con)
    rows = {"county_code": pl.String, "table_name": pl.String, "rows": pl.Int64}
    builder.load(con, "expected_rows", pl.DataFrame(expected_rows(counted), schema=rows, orient="row"))
    builder.load(
        con, "printed_units", pl.DataFrame(_printed_units(), schema=["spelling", "unit", "factor"], orient="row")
    )
    _describe(con)
    return con


def folder(candidate: Path) -> Path:
    """Where the Parquet files of a candidate lie: in `parquet/`, or as they are."""
    return candidate / "parquet" if (candidate / "parquet").is_dir() else candidate


def _printed_units() -> list[tuple[str, str, float]]:
    """(spelling, unit, factor): 万人次 is 10 000 person_times, ‰ is 0.1 pct; a spelling of its own beats a composed one."""
    found: dict[tuple[str, str], float] = {}
    for scale, times in (("", 1.0), ("万", 1e4), ("亿", 1e8)):
        for unit in registry.units().values():
            targets = {unit.code: 1.0} | {
                r["indicator"]: float(r["factor"]) for r in registry.rows("conversions") if r["printed"] == unit.code
            }
            for spelling, (target, factor) in product((unit.code, *unit.printed), targets.items()):
                found.setdefault((scale + spelling.rstrip("#"), target), times * factor)
    return [(spelling, unit, factor) for (spelling, unit), factor in found.items()]


def _describe(con: duckdb.DuckDBPyConnection) -> None:
    """`candidate_tables` (rows, empty when missing) and `candidate_columns` (actual and registered type)."""
    there = present(con)
    rows = {
        "table_name": [t.name for t in tables()],
        "rows": [builder.count(con, t.name) if t.name in there else None for t in tables()],
    }
    types = [(t.name, name, actual, _registered(t, name))
             for t in tables() if t.name in there
             for name, actual, *_ in con.execute(f'DESCRIBE "{t.name}"').fetchall()]  # fmt: skip
    builder.load(con, "candidate_tables", pl.DataFrame(rows, schema={"table_name": pl.String, "rows": pl.Int64}))
    columns = {"table_name": pl.String, "column_name": pl.String, "actual": pl.String, "expected": pl.String}
    builder.load(con, "candidate_columns", pl.DataFrame(types, schema=columns, orient="row"))


def _registered(table: registry.Table, column: str) -> str | None:
    return next((c.type for c in table.columns if c.name == column), None)


def present(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Names of all views."""
    return {name for (name,) in con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()}


def relations(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Names of everything that a query may read."""
    tables = con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall()
    return present(con) | {name for (name,) in tables}


Answer = pl.DataFrame | str
"""The rows that a query returned, or why it could not run."""
NOTHING = pl.DataFrame(schema={"row_key": pl.String, "value": pl.Float64})
"""The answer of a rule that holds."""


def asked(con: duckdb.DuckDBPyConnection, queries: Iterable[str], threads: Executor) -> dict[str, Future[Answer]]:
    """What each query will return, asked once; one query runs in one thread, so that its sums add up in one order."""
    return {sql: threads.submit(_answer, con, sql) for sql in sorted(set(queries))}


def _answer(con: duckdb.DuckDBPyConnection, sql: str) -> Answer:
    try:
        with con.cursor() as own:
            return own.execute(sql).pl().sort("row_key", "value", nulls_last=True)
    except duckdb.Error as error:
        return str(error).splitlines()[0]


def evaluate(check: Check, answer: Answer) -> Found:
    """What the answer to its query means for a check."""
    if isinstance(answer, str):
        return Found(pl.DataFrame(), None, answer)
    rows = answer
    if check.figure:
        rows = rows.filter(pl.col("row_key") == check.figure)
        return Found(rows, float(rows["value"][0]) if rows.height else None)
    accepted = pl.col("row_key").cast(pl.String).is_in(list(check.accepted))
    left = rows.filter(~accepted)
    return Found(left, float(left.height), accepted=tuple(rows.filter(accepted)["row_key"]))
