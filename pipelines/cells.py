"""Text that a spreadsheet would run as a formula stays words: the one place where CSV and XLSX exports get their cells."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")


def runs(text: str) -> bool:
    """Whether a spreadsheet would take the text for a formula. A signed number is none."""
    return text.startswith(_STARTS) and not _NUMBER.fullmatch(text)


def neutral(text: str) -> str:
    """The text for a cell of a CSV file: with an apostrophe in front when a spreadsheet would run it."""
    return f"'{text}" if runs(text) else text


def neutral_frame(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame whose text cells and column names are neutral; numbers, dates and booleans stay what they are."""
    texts = pl.col(pl.String).map_elements(neutral, return_dtype=pl.String, skip_nulls=True)
    return frame.with_columns(texts).rename({c: neutral(c) for c in frame.columns})


class Book:
    """A workbook (of xlsxwriter, as `.book`) in which text is written as text: no formulas, no links, no guesses at numbers."""

    def __init__(self, path: Path) -> None:
        import xlsxwriter

        plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self.book = xlsxwriter.Workbook(str(path), {**plain, "nan_inf_to_errors": True})
        self._quoted = self.book.add_format({"quote_prefix": True})

    def __enter__(self) -> Book:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.book.close()

    def put(
        self,
        sheet: Worksheet,
        row: int,
        column: int,
        values: Iterable[object],
        *,
        across: bool = False,
        style: Format | None = None,
    ) -> None:
        """Write values down from a cell (or `across`): numbers as numbers, all else as text. Text that looks like a formula also
        gets the mark "this is text" (quote prefix), so that it stays words when somebody edits the cell."""
        for i, value in enumerate(values):
            at = (row, column + i) if across else (row + i, column)
            if value is None or value == "":
                continue
            if isinstance(value, bool):
                sheet.write_boolean(*at, value, style)
            elif isinstance(value, int | float | Decimal):
                sheet.write_number(*at, float(value) if isinstance(value, Decimal) else value, style)
            else:
                sheet.write_string(*at, str(value), self._quoted if style is None and runs(str(value)) else style)
