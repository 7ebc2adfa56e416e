"""SQL on the current release: one query as a table, CSV or workbook, or a prompt. Both are locked: read-only, limited in memory,
no other file read or written by the database. What is exported is written here, with cells that no spreadsheet runs."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import duckdb
import polars as pl
import polars.selectors as cs
import pyarrow as pa

from pipelines import registry
from pipelines.cells import Book, neutral_frame
from pipelines.desk.marts import open_marts

SHOWN = 200
WORKBOOK = Path("query.xlsx")  # in the directory where the program was started
_BATCH = 50_000
_SHEET_ROWS = 1_048_575  # below the header
_PROMPT, _MORE = "minzheng> ", "     ...> "
_HELP = """每条查询以分号结束。.tables 列出各表，.columns 表名 列出字段，.quit 退出。只读；不能读写其他文件。
End a query with a semicolon. .tables lists tables, .columns NAME its columns, .quit leaves. Read-only; no other files."""


def query(
    sql: str, form: str = "table", release: str | None = None, out: TextIO | None = None, *, profile: str | None = None
) -> None:
    """Print the answer to a query to `out`: `table` (the first 200 rows), `csv`, or `xlsx` (written to ``query.xlsx``, whose path
    is printed; a file of that name is never overwritten). Rows are fetched piece by piece, so that memory stays within the setting.

    Raises ValueError with DuckDB's words for a query that fails or is refused, and for a workbook that is there already.
    """
    with open_marts(release, profile=profile, locked=True) as con, _in_words():
        _write(con, sql, form, out or sys.stdout)


def shell(release: str | None = None, *, profile: str | None = None) -> int:
    """A prompt on the release: queries end with a semicolon and may run over several lines. Ends with .quit or end of file."""
    talks = sys.stdin.isatty()
    with suppress(ImportError):
        import readline  # noqa: F401  # history and editing for input()
    with open_marts(release, profile=profile, locked=True) as con:
        if talks:
            print(_HELP)
        for statement in _statements(talks):
            try:
                with _in_words():
                    _write(con, statement, "table", sys.stdout)
            except ValueError as error:
                print(error, file=sys.stderr)
            except KeyboardInterrupt:
                print("已中断 / interrupted", file=sys.stderr)
    return 0


def _statements(talks: bool) -> Iterator[str]:
    """What is typed, statement by statement; commands beginning with a point become queries."""
    lines: list[str] = []
    while True:
        try:
            line = input((_MORE if lines else _PROMPT) if talks else "")
        except EOFError:
            break
        except KeyboardInterrupt:
            lines.clear()
            print()
            continue
        if not lines and line.startswith("."):
            command, *rest = line.rstrip("; ").split()
            if command in (".quit", ".exit"):
                return
            yield from _command(command, rest)
            continue
        lines += [line] if line.strip() or lines else []
        if line.rstrip().endswith(";"):
            yield "\n".join(lines)
            lines.clear()
    if lines:
        yield "\n".join(lines)


def _command(command: str, rest: list[str]) -> Iterator[str]:
    if command == ".tables":
        yield "SELECT table_name, row_count, title_zh, title_en FROM meta_table ORDER BY table_name"
    elif command == ".columns" and rest and rest[0] in registry.tables():
        yield f"SELECT column_name, type, unit, description_zh, description_en FROM meta_column WHERE table_name = '{rest[0]}' ORDER BY position"
    else:
        print(_HELP)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise ValueError(f"查询失败 / the query failed: {error}") from error


def _write(con: duckdb.DuckDBPyConnection, sql: str, form: str, out: TextIO) -> None:
    if form == "xlsx" and WORKBOOK.exists():
        raise ValueError(
            f"{WORKBOOK} 已存在，未覆盖；请先移走或改名 / {WORKBOOK} exists and is not overwritten; move or rename it first"
        )
    pieces = _pieces(con, sql)
    match form:
        case "csv":
            for i, piece in enumerate(pieces):
                out.write(neutral_frame(piece).write_csv(include_header=i == 0))
        case "xlsx":
            print(_workbook(WORKBOOK.resolve(), pieces), file=out)
        case _:
            print(_table(pieces), file=out)


def _pieces(con: duckdb.DuckDBPyConnection, sql: str) -> Iterator[pl.DataFrame]:
    """The answer in frames of flat columns, at least one; lists and structs as text."""
    con.execute(sql)
    reader = con.to_arrow_reader(_BATCH)
    names = [n if n not in reader.schema.names[:i] else f"{n}_{i}" for i, n in enumerate(reader.schema.names)]
    tables = (pa.Table.from_batches([batch]) for batch in reader)
    for table in itertools.chain([next(tables, reader.schema.empty_table())], tables):
        yield _flat(pl.DataFrame(pl.from_arrow(table.rename_columns(names))))


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    texts = (cs.nested() | cs.binary()).map_elements(
        lambda v: str(v.to_list() if isinstance(v, pl.Series) else v), return_dtype=pl.String
    )
    return frame.with_columns(texts)


def _table(pieces: Iterator[pl.DataFrame]) -> str:
    frame, more = next(pieces, pl.DataFrame()), False
    while frame.height <= SHOWN and (piece := next(pieces, None)) is not None:
        frame = pl.concat([frame, piece])
    frame, more = frame.head(SHOWN), frame.height > SHOWN
    with pl.Config(tbl_rows=SHOWN, tbl_cols=-1, fmt_str_lengths=60, tbl_width_chars=200, tbl_hide_dataframe_shape=True):
        note = f"\n只列前 {SHOWN} 行；全部请用 --format csv / the first {SHOWN} rows; all of them: --format csv"
        return f"{frame}{note if more else ''}"


def _workbook(path: Path, pieces: Iterator[pl.DataFrame]) -> Path:
    row = 0
    with Book(path) as out:
        sheet = out.book.add_worksheet()
        sheet.freeze_panes(1, 0)
        for piece in pieces:
            if row == 0:
                out.put(sheet, 0, 0, piece.columns, across=True)
            if row + piece.height > _SHEET_ROWS:
                raise ValueError(
                    f"超过一张工作表的行数 {_SHEET_ROWS}，请用 --format csv / more rows than a sheet holds, use --format csv"
                )
            for i, column in enumerate(piece.iter_columns()):
                out.put(sheet, row + 1, i, column.to_list())
            row += piece.height
    return path
