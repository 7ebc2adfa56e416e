"""SQL on the current release: one query printed as a table, CSV or workbook, or an interactive read-only shell."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import duckdb
import polars as pl

from pipelines.desk.marts import open_marts

SHELL_SETTINGS = "SET memory_limit = '2GB'; SET autoinstall_known_extensions = false;"


def query(sql: str, form: str = "table", release: str | None = None) -> str:
    """The answer to a query as text: `table`, `csv`, or `xlsx` (written to ``query.xlsx``, its path is returned).

    Raises ValueError with DuckDB's words for a query that fails; writing statements fail, the file is read-only.
    """
    with open_marts(release) as con:
        try:
            frame = con.execute(sql).pl()
        except duckdb.Error as error:
            raise ValueError(f"查询失败 / the query failed: {error}") from error
    match form:
        case "csv":
            return frame.write_csv().rstrip("\n")
        case "xlsx":
            out = Path("query.xlsx").resolve()
            frame.write_excel(out)
            return str(out)
    with pl.Config(tbl_rows=200, tbl_cols=-1, fmt_str_lengths=60, tbl_width_chars=200, tbl_hide_dataframe_shape=True):
        return str(frame)


def shell(release: str | None = None) -> int:
    """DuckDB's own shell on the release, read-only. Without the shell a simple prompt reads queries line by line."""
    with open_marts(release) as con:
        found = con.execute("SELECT path FROM duckdb_databases() WHERE NOT internal").fetchone()
    file = str(found[0]) if found else ""
    binary = Path(sysconfig.get_path("scripts")) / "duckdb"
    if binary.exists():
        return subprocess.run([str(binary), "-readonly", "-cmd", SHELL_SETTINGS, file], check=False).returncode
    for line in sys.stdin:
        try:
            print(query(line, release=release))
        except ValueError as error:
            print(error, file=sys.stderr)
    return 0
