"""Workbooks that a bureau would forward: one per county and one for all; notes first, then Chinese headers with units, frozen
header, number formats, ready for A4, a sheet of sources; a county held back has a sheet of its own. Text is written as text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from pipelines import registry
from pipelines.cells import Book
from pipelines.desk import headlines

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

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
    "mart_cemetery_capacity",
    "mart_cemetery_outlook",
    "mart_cemetery_class_outlook",
    "fct_discrepancy",
    "fct_correction",
    "dim_source",
)
MARK = "mart_held_back"
NOTES = "说明"
_A4 = 9
_WHOLE, _PARTS = "#,##0", "#,##0.0##"


def write(con: duckdb.DuckDBPyConnection, out: Path) -> list[Path]:
    """Write ``all.xlsx`` and ``<county_code>-<slug>.xlsx`` into `out`. Returns the files."""
    out.mkdir(parents=True, exist_ok=True)
    frames = {name: con.execute(f'SELECT * FROM "{name}"').pl() for name in (MARK, *SHEETS)}
    owners = dict(frames["fct_project"].select("project_id", "county_code").iter_rows())
    about = _about(con)
    written = [_workbook(out / "all.xlsx", frames, [("范围", "全部县（市、区）"), *about])]
    counties = con.execute("SELECT county_code, slug, name_zh FROM dim_county WHERE has_plan ORDER BY 1").fetchall()
    for code, slug, name in counties:
        mine = {table: _of_county(frame, code, owners) for table, frame in frames.items()}
        written.append(_workbook(out / f"{code}-{slug}.xlsx", mine, [("范围", f"{name}（{code}）"), *about]))
    return written


def _about(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """What a reader of a forwarded workbook must know: which data these are, and the caveats of every page."""
    release = con.execute("SELECT release_id, built_at, content_hash, method_version FROM meta_release").pl().to_dicts()
    known = release[0] if release else dict.fromkeys(("release_id", "built_at", "content_hash", "method_version"), "")
    return [
        ("数据版本", known["release_id"]), ("生成时间", str(known["built_at"])), ("内容校验", str(known["content_hash"])[:16]),
        ("预测方法版本", known["method_version"]),
        *(("注意", c.zh + "。") for c in headlines.caveats(con)),
        ("空格", "该项没有数值；原因见同行“状态”等字段（未报告、不适用等），不等于零。"),
    ]  # fmt: skip


def _of_county(frame: pl.DataFrame, code: str, owners: dict[str, str]) -> pl.DataFrame:
    if "county_code" in frame.columns:
        return frame.filter((pl.col("county_code") == code) | pl.col("county_code").is_null())
    return frame.filter(pl.col("project_id").replace_strict(owners, default=None) == code)


def _workbook(path: Path, frames: dict[str, pl.DataFrame], about: list[tuple[str, str]]) -> Path:
    shown = {name: frame for name, frame in frames.items() if name != MARK or frame.height}
    with Book(path) as out:
        head = out.book.add_format(
            {"bold": True, "bg_color": "#E8EEF4", "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        numbers = {form: out.book.add_format({"num_format": form}) for form in (_WHOLE, _PARTS)}
        _notes(out, head, about, shown)
        for name, frame in shown.items():
            table = registry.table(name)
            sheet = out.book.add_worksheet(_sheet_name(table))
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, max(frame.height, 1), frame.width - 1)
            _for_paper(sheet)
            out.put(sheet, 0, 0, [_head(c) for c in table.columns], across=True, style=head)
            for i, column in enumerate(table.columns):
                form = numbers.get(_number_format(column, frame[column.name]))
                sheet.set_column(i, i, 14 if form else 18, form)
                values = frame[column.name].to_list()
                if column.codelist:
                    values = [registry.label(column.codelist, v) for v in values]
                out.put(sheet, 1, i, values)
    return path


def _notes(out: Book, head: Format, about: list[tuple[str, str]], frames: dict[str, pl.DataFrame]) -> None:
    """The first sheet: what the workbook is, its caveats, and what each sheet holds."""
    sheet = out.book.add_worksheet(NOTES)
    words = out.book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 90, words)
    _for_paper(sheet)
    out.put(sheet, 0, 0, ("项目", "内容"), across=True, style=head)
    contents = [(_sheet_name(t), f"{t.grain_zh}（{frames[t.name].height} 行）") for t in map(registry.table, frames)]
    for i, row in enumerate([*about, *contents], start=1):
        out.put(sheet, i, 0, row, across=True)


def _for_paper(sheet: Worksheet) -> None:
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _sheet_name(table: registry.Table) -> str:
    return table.title_zh[:31]


def _head(column: registry.Column) -> str:
    unit = registry.codes()["unit"].get(column.unit)
    return column.zh + (f"（{unit.zh}）" if unit and unit.zh not in column.zh else "")


def _number_format(column: registry.Column, values: pl.Series) -> str:
    """Thousands separators for quantities, decimals only where the column has any; years and counts of order stay plain."""
    if column.type == "INTEGER":
        return _WHOLE if column.unit else ""
    if column.type != "DOUBLE":
        return ""
    stated = values.drop_nulls().drop_nans()
    return _WHOLE if (stated == stated.round(0)).all() else _PARTS
