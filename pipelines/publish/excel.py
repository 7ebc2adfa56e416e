"""Workbooks that a bureau would forward: one per county and one for all, Chinese headers with units, frozen header,
number formats, a sheet of sources; a county held back says so on the first sheet. Text is written as text: a cell that looks like a formula stays words."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

from pipelines import registry
from pipelines.cells import Book

SHEETS = (
    "mart_target",
    "fct_observation",
    "fct_project",
    "fct_project_funding",
    "fct_project_output",
    "mart_investment",
    "mart_bed_supply",
    "mart_elderly_outlook",
    "mart_bed_outlook",
    "mart_cemetery_outlook",
    "fct_discrepancy",
    "fct_correction",
    "dim_source",
)
MARK = "mart_held_back"


def write(con: duckdb.DuckDBPyConnection, out: Path) -> list[Path]:
    """Write ``all.xlsx`` and ``<county_code>-<slug>.xlsx`` into `out`. Returns the files."""
    out.mkdir(parents=True, exist_ok=True)
    frames = {name: con.execute(f'SELECT * FROM "{name}"').pl() for name in (MARK, *SHEETS)}
    owners = dict(frames["fct_project"].select("project_id", "county_code").iter_rows())
    written = [_workbook(out / "all.xlsx", frames)]
    for code, slug in con.execute("SELECT county_code, slug FROM dim_county WHERE has_plan ORDER BY 1").fetchall():
        mine = {name: _of_county(frame, code, owners) for name, frame in frames.items()}
        written.append(_workbook(out / f"{code}-{slug}.xlsx", mine))
    return written


def _of_county(frame: pl.DataFrame, code: str, owners: dict[str, str]) -> pl.DataFrame:
    if "county_code" in frame.columns:
        return frame.filter((pl.col("county_code") == code) | pl.col("county_code").is_null())
    return frame.filter(pl.col("project_id").replace_strict(owners, default=None) == code)


def _workbook(path: Path, frames: dict[str, pl.DataFrame]) -> Path:
    with Book(path) as out:
        head = out.book.add_format(
            {"bold": True, "bg_color": "#E8EEF4", "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        number = out.book.add_format({"num_format": "#,##0.##"})
        for name, frame in frames.items():
            if name == MARK and frame.is_empty():
                continue
            table = registry.table(name)
            sheet = out.book.add_worksheet(table.title_zh[:31])
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, max(frame.height, 1), frame.width - 1)
            for i, column in enumerate(table.columns):
                unit = registry.codes()["unit"].get(column.unit)
                sheet.write_string(
                    0, i, column.zh + (f"（{unit.zh}）" if unit and unit.zh not in column.zh else ""), head
                )
                numeric = column.type == "DOUBLE"
                sheet.set_column(i, i, 14 if numeric else 18, number if numeric else None)
                values = frame[column.name].to_list()
                if column.codelist:
                    values = [registry.label(column.codelist, v) for v in values]
                out.put(sheet, 1, i, values)
    return path
