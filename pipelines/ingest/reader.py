"""One reader for every handed-in table: CSV in UTF-8, BOM or GB18030, XLSX or XLS; headers in Chinese or English,
also spread over two merged rows; full-width digits; trailing total rows. Out comes a frame of text, nothing converted."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path

import polars as pl

from pipelines import registry
from pipelines.ingest.problems import InputError, Problem

ROW = "__row"  # row number in the file as a spreadsheet shows it
TOTAL_WORDS = ("合计", "总计", "小计", "总合计")
_NO_DATA = {"", *TOTAL_WORDS}  # what the first cell of a row without data may say
SUFFIXES = (".csv", ".xlsx", ".xls")
MAX_BYTES = 100_000_000  # of a file, and of what a workbook unpacks to
OFFERED = {  # what a clerk writes into the rows that a template offers; a row without any of it was left blank
    "actuals": ("value", "source_note", "reported_on"),
    "progress": ("as_of", "stage", "funds_arrived_wan", "invested_wan", "outputs_completed", "source_note"),
}
_CHUNK = 1 << 20
_HEADER_SEARCH = 10
_WIDE = re.compile("[！-～]")


@dataclass(frozen=True, slots=True)
class Cells:
    """A raw file as text: the number of each row in the file, and the cells of each column by name."""

    rows: Sequence[int]
    columns: Mapping[str, Sequence[str]]

    def frame(self) -> pl.DataFrame:
        """The same as a frame, the numbers of rows in the column ``__row``."""
        named = [pl.Series(name, cells, dtype=pl.String) for name, cells in self.columns.items()]
        return pl.DataFrame([pl.Series(ROW, self.rows, dtype=pl.Int64), *named])


def read_table(path: Path, raw_table: str) -> pl.DataFrame:
    """`read_cells` as a frame of text columns, plus ``__row``."""
    return read_cells(path, raw_table).frame()


def read_cells(path: Path, raw_table: str) -> Cells:
    """Read one raw file into text columns named as in the registry.

    Unknown columns stay (so that the contract can name them); trailing total rows are left out of known templates, and so
    are rows that a template offers and nobody filled in.
    Raises InputError (unreadable, encoding, empty_file, too_large).
    """
    grid = _grid(path)
    header, first = _header(grid, raw_table)
    width, body = len(header), grid[first:]
    wide = max(map(len, body), default=0) > width
    longer = [" ".join(filter(None, map(_clean, cells[width:]))) for cells in body] if wide else []
    rows = [cells[:width] for cells in body] if wide else body
    columns = [_cleaned(cells) for cells in zip_longest(*rows, fillvalue="")]
    columns += [[""] * len(body)] * (width - len(columns))
    filled = _filled(columns, range(len(body)))
    if beyond := [n for n in filled if longer[n]] if wide else []:
        words = "本行单元格比表头多", "this row has more cells than the header"
        raise InputError([Problem(path.name, first + beyond[0] + 1, "", longer[beyond[0]], "unreadable", *words)])
    if raw_table in OFFERED:
        wanted = [cells for name, cells in zip(header, columns, strict=True) if name in OFFERED[raw_table]]
        filled = [n for n in filled if any(cells[n] for cells in wanted)]
    if not filled:
        raise InputError([Problem(path.name, 0, "", "", "empty_file")])
    if len(filled) < len(body):
        columns = [[cells[n] for n in filled] for cells in columns]
    return Cells([first + n + 1 for n in filled], dict(zip(header, columns, strict=True)))


def _filled(columns: list[list[str]], rows: Sequence[int]) -> Sequence[int]:
    """The rows that say something and are no total."""
    if columns and not _NO_DATA.intersection(columns[0]):
        return rows
    return [n for n in rows if any(cells[n] for cells in columns) and columns[0][n] not in TOTAL_WORDS]


def _grid(path: Path) -> list[list[str]]:
    """The file as rows of text cells."""
    try:
        if path.stat().st_size > MAX_BYTES or _unpacks_beyond(path, MAX_BYTES):
            raise InputError([_too_large(path)])
        if path.suffix.lower() == ".csv":
            return list(csv.reader(io.StringIO(_decode(path))))
        return _excel(path)
    except (OSError, csv.Error, zipfile.BadZipFile) as error:
        raise InputError([Problem(path.name, 0, "", str(error), "unreadable")]) from error


def _too_large(path: Path) -> Problem:
    limit = f"{MAX_BYTES // 1_000_000} MB"
    return Problem(path.name, 0, "", "", "too_large", f"上限 {limit}", f"the limit is {limit}")


def _unpacks_beyond(path: Path, limit: int) -> bool:
    """Whether a zipped workbook holds more than `limit` bytes. Its members are unpacked to find out, never to disk and never
    past the limit: the sizes that a zip declares of itself are not believed."""
    if path.suffix.lower() != ".xlsx":
        return False
    left = limit
    with zipfile.ZipFile(path) as book:
        for member in book.infolist():
            member.file_size = limit + 2 * _CHUNK
            with book.open(member) as stream:
                while left >= 0 and (chunk := stream.read(_CHUNK)):
                    left -= len(chunk)
            if left < 0:
                return True
    return False


def _decode(path: Path) -> str:
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise InputError([Problem(path.name, 0, "", "", "encoding")])


def _excel(path: Path) -> list[list[str]]:
    import fastexcel

    try:
        sheet = fastexcel.read_excel(path).load_sheet(0, header_row=None, dtypes="string")
    except fastexcel.FastExcelError as error:
        raise InputError([Problem(path.name, 0, "", str(error).splitlines()[0], "unreadable")]) from error
    return [["" if cell is None else str(cell) for cell in row] for row in sheet.to_polars().rows()]


@lru_cache(maxsize=1 << 16)
def _clean(cell: str) -> str:
    """Trim, and make full-width digits, letters and signs half-width; Chinese punctuation stays. Most cells of a table say
    what others say."""
    text = cell.strip()
    if not _WIDE.search(text):
        return text
    return "".join(
        unicodedata.normalize("NFKC", c) if "！" <= c <= "～" and (c.isalnum() or c in "．－％＋") else c for c in text
    )


def _cleaned(cells: Sequence[str]) -> list[str]:
    """The cells of a column, each distinct one cleaned once."""
    clean = {cell: _clean(cell) for cell in set(cells)}
    return [clean[cell] for cell in cells]


def _header(grid: list[list[str]], raw_table: str) -> tuple[list[str], int]:
    """Column names and the index of the first data row. A first row that is the registry's own is taken at its word; else one
    header row and two merged ones are tried, and the best match wins."""
    own = [c.name for c in registry.table(raw_table).columns]
    if grid and grid[0] == own:
        return own, 1
    names = registry.headers(raw_table)
    best: tuple[int, list[str], int] = (-1, [], 0)
    for i, cells in enumerate(grid[:_HEADER_SEARCH]):
        single = [_clean(c) for c in cells]
        below = [_clean(c) for c in grid[i + 1]] if i + 1 < len(grid) else []
        merged = [b or a for a, b in zip(single, [*below, *[""] * len(single)], strict=False)]
        for candidate, first in ((single, i + 1), (merged, i + 2)):
            matched = sum(c in names for c in candidate)
            if matched > best[0]:
                best = (matched, candidate, first)
    _, header, first = best
    while header and not header[-1]:
        header = header[:-1]
    seen: dict[str, int] = {}
    unique = []
    for position, cell in enumerate(header, start=1):
        name = names.get(cell, cell or f"column_{position}")
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}__{seen[name]}")
    return unique, first
