"""What a clerk gets back: for every damaged table of a county a workbook with the rejected rows and the reasons beside them,
and the list of all problems. It may hold what readers must not see, so it stays out of releases."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

import polars as pl

from pipelines import registry
from pipelines.cells import Book
from pipelines.ingest.folder import table_of
from pipelines.ingest.problems import InputError, Problem
from pipelines.ingest.reader import ROW, SUFFIXES, read_table

PROBLEMS = "problems.json"
REASONS = ("原因与处理", "reasons and what to do")
_KEPT = 5


def write(home: Path, raw: Path, input_hash: str, problems: list[Problem], *, books: bool = True) -> Path:
    """``home/<input hash, 12 characters>/`` with problems.json and (`books`) a workbook per damaged file; the five newest stay.
    What is there and says the same stays as it is."""
    folder, scratch = home / input_hash[:12], home / f".{input_hash[:12]}"
    by_file = _by_file(problems) if books else {}
    listed = [asdict(p) | {"message": str(p)} for p in problems]
    text = json.dumps(listed, ensure_ascii=False, indent=1)
    if _says(folder, text) and all((folder / f"{stem}.xlsx").exists() for stem in by_file):
        return folder
    for stale in (folder, *home.glob(".*")):
        shutil.rmtree(stale, ignore_errors=True)
    scratch.mkdir(parents=True)
    (scratch / PROBLEMS).write_text(text, encoding="utf-8")
    for stem, mine in sorted(by_file.items()):
        _workbook(scratch / f"{stem}.xlsx", raw, stem, mine)
    scratch.rename(folder)
    for old in sorted((p for p in home.iterdir() if p != folder), key=lambda p: p.stat().st_mtime)[: -(_KEPT - 1)]:
        shutil.rmtree(old)
    return folder


def _says(folder: Path, text: str) -> bool:
    known = folder / PROBLEMS
    return known.is_file() and known.read_text(encoding="utf-8") == text


def _by_file(problems: list[Problem]) -> dict[str, list[Problem]]:
    found: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        found[Path(problem.file).name.removesuffix(Path(problem.file).suffix)].append(problem)
    return found


def _workbook(path: Path, raw: Path, stem: str, problems: list[Problem]) -> None:
    rows = _rejected(raw, stem, {p.row for p in problems})
    with Book(path) as book:
        if rows.height:
            columns = [c for c in rows.columns if c != ROW]
            lines = [
                [str(row[ROW]), *(row[c] or "" for c in columns), *_reasons(row[ROW], problems)]
                for row in rows.iter_rows(named=True)
            ]
            headers = ["行号 row", *(_title(stem, c) for c in columns), *REASONS]
            _sheet(book, "退回的行 rejected", headers, lines)
        cells = [[str(p.row or ""), p.column, p.value, *map(str.strip, str(p).split("\n"))] for p in problems]
        _sheet(book, "全部问题 problems", ["行号 row", "字段 column", "值 value", *REASONS], cells)


def _rejected(raw: Path, stem: str, wanted: set[int]) -> pl.DataFrame:
    """The rows as they were handed in, or none when the file cannot be read."""
    path = next((raw / f"{stem}{s}" for s in SUFFIXES if (raw / f"{stem}{s}").is_file()), None)
    table = table_of(path) if path else None
    if path is None or table is None or path.is_symlink():
        return pl.DataFrame()
    try:
        return read_table(path, table).filter(pl.col(ROW).is_in(list(wanted)))
    except InputError:
        return pl.DataFrame()


def _reasons(row: int, problems: list[Problem]) -> tuple[str, str]:
    """Every reason for one row, in Chinese and in English."""
    pairs = [str(p).split("\n", 1) for p in problems if p.row == row]
    return "\n".join(zh.strip() for zh, _ in pairs), "\n".join(en.strip() for _, en in pairs)


def _title(stem: str, column: str) -> str:
    table = registry.tables().get("actuals" if stem.startswith("actuals_") else stem)
    return next((c.zh for c in table.columns if c.name == column), column) if table else column


def _sheet(
    out: Book,
    name: str,
    headers: list[str],
    rows: list[list[str]],
) -> None:
    head = out.book.add_format({"bold": True, "bg_color": "#F8E0DC", "bottom": 1, "text_wrap": True})
    words = out.book.add_format({"text_wrap": True, "valign": "top"})
    sheet = out.book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(headers) - 1 - len(REASONS), 16)
    sheet.set_column(len(headers) - len(REASONS), len(headers) - 1, 70, words)
    out.put(sheet, 0, 0, headers, across=True, style=head)
    for n, row in enumerate(rows, start=1):
        out.put(sheet, n, 0, row, across=True)
