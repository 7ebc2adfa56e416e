"""Templates to fill in: the yearly report, project progress, and the empty folder of a new county."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import xlsxwriter

from pipelines import registry
from pipelines.ingest.contract import types
from pipelines.ingest.folder import COUNTY_FACTS, OPTIONAL, REQUIRED, SOURCE_FACTS, RawCounty, read_county
from pipelines.settings import Settings

HINTS = {  # what a newcomer must know to fill in county.toml and source.toml
    "prefecture_zh": "所属州（市）",
    "kind": " / ".join(c for c in registry.codes()["area_kind"] if c not in ("prefecture", "province", "nation")),
    "valid_from": "YYYY-MM-DD，区划代码自何日有效 / since when the code holds",
    "slug": "小写字母、数字、连字符，用于文件名 / lower-case letters, digits, hyphens; part of file names",
    "name_en": "英文名 / English name",
    "file_name": "规划文本的文件名 / name of the text file",
    "sha256": "sha256sum 规划.txt",
    "line_count": "行数，整数不加引号 / lines, a whole number without quotes",
    "period_start": "2021，不加引号 / without quotes",
    "period_end": "2025，不加引号 / without quotes",
    "licence": "government document",
    "quality_grade": " / ".join(registry.codes()["grade"]),
    "accessed": "YYYY-MM-DD",
}


def write_templates(out: Path, year: int, county: Path | None = None) -> list[Path]:
    """``actuals_<year>.xlsx`` with one row per indicator (value left empty) and ``progress.xlsx``.

    With the raw folder of a county only what its plan promises is asked for: one row per target and breakdown, with the
    target in words, and one row per project. Rows left blank are not read. Raises InputError for a broken folder.
    """
    out.mkdir(parents=True, exist_ok=True)
    raw = read_county(county) if county else None
    wanted = _promised(raw) if raw else _shared()
    report = pl.DataFrame(
        [{"indicator_id": i["indicator_id"], "year": year, "breakdown": breakdown, "value": None, "unit": i["unit"],
          "source_note": "", "reported_on": "", "explanation": said} for i, breakdown, said in wanted],
        schema_overrides={"value": pl.Float64},
    )  # fmt: skip
    columns = [c.name for c in registry.table("progress").columns]
    projects = _projects(raw) if raw else []
    progress = pl.DataFrame(
        [{"project": key, "explanation": name} for key, name in projects], schema=dict.fromkeys(columns, pl.String)
    )
    return [
        _workbook(out / f"actuals_{year}.xlsx", report, "actuals"),
        _workbook(out / "progress.xlsx", progress, "progress"),
    ]


Wanted = list[tuple[dict[str, str], str, str]]  # indicator, breakdown, what the row asks for


def _shared() -> Wanted:
    """Every shared indicator, by domain."""
    rows = sorted(registry.rows("indicators"), key=lambda r: (r["domain"], r["indicator_id"]))
    return [(i, "", f"{i['name_zh']}：{i['definition_zh']}") for i in rows]


def _promised(raw: RawCounty) -> Wanted:
    """The indicators that a plan sets a target for, in the order of the document, with the targets as printed."""
    known = {i["indicator_id"]: i for i in registry.rows("indicators")}
    mapped = raw.tables["indicator_map"]
    meaning = dict(zip(mapped["indicator_printed"], mapped["indicator_id"], strict=True))
    said: dict[tuple[str, str], list[str]] = {}
    statistics = pl.DataFrame(raw.tables["statistics"], schema=types("statistics"))
    targets = statistics.filter((pl.col("measure") == "target") & (pl.col("target_level") == "county"))
    for r in targets.iter_rows(named=True):
        key = (meaning.get(r["indicator_printed"], ""), r["breakdown"] or "")
        sign = "" if r["qualifier"] == "=" else r["qualifier"]
        said.setdefault(key, []).append(f"{r['period_end'] or ''}年目标 {sign}{r['value_printed']}（第{r['line']}行）")
    return [(known[i], b, f"{known[i]['name_zh']}；{'；'.join(goals)}") for (i, b), goals in said.items() if i in known]


def _projects(raw: RawCounty) -> list[tuple[str, str]]:
    """Each project once, by key, under its first name."""
    rows = zip(raw.tables["projects"]["project"], raw.tables["projects"]["name_printed"], strict=True)
    first: dict[str, str] = {}
    for project, name in rows:
        first.setdefault(project, name)
    return sorted(first.items())


def _workbook(path: Path, frame: pl.DataFrame, raw_table: str) -> Path:
    """One sheet under Chinese headers; cells of a code list offer its names."""
    columns = {c.name: c for c in registry.table(raw_table).columns}
    with xlsxwriter.Workbook(path) as book:
        frame.rename({n: c.zh for n, c in columns.items() if n in frame.columns}).write_excel(
            book, worksheet="填报", freeze_panes=(1, 0), autofit=True
        )
        sheet = book.get_worksheet_by_name("填报")
        for n, column in enumerate(frame.columns):
            codelist = columns[column].codelist
            if codelist:
                names = [c.zh for c in registry.codes()[codelist].values()]
                sheet.data_validation(1, n, 1000, n, {"validate": "list", "source": names})
    return path


def new_county(settings: Settings, code: str, name: str) -> str:
    """Make ``raw/<code>-<slug>/`` with headers of every file and facts to fill in. Returns what to do next.

    Raises ValueError for a code that is not six digits or a county that exists.
    """
    if not (code.isdigit() and len(code) == 6):
        raise ValueError(f"区划代码应为六位数字 / a county code has six digits: {code}")
    if code in settings.county_folders():
        raise ValueError(f"该县已有文件夹 / the county has a folder: {settings.county_folders()[code].name}")
    slug = (
        "".join(c for c in name.lower() if c.isascii() and c.isalnum()) or f"c{code}"
    )  # part of file names; may be changed
    folder = settings.raw / f"{code}-{slug}"
    folder.mkdir(parents=True)
    given = {"code": code, "name_zh": name, "name_en": name, "slug": slug, "source_id": f"plan-{code}"}
    for file, facts in (("county.toml", COUNTY_FACTS), ("source.toml", SOURCE_FACTS)):
        lines = [f'{k} = "{given.get(k, "")}"' + (f"  # {HINTS[k]}" if k in HINTS else "") for k in facts]
        (folder / file).write_text("\n".join(lines) + "\n", encoding="utf-8")
    for table in (*REQUIRED, *OPTIONAL):
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle, lineterminator="\n").writerow(c.name for c in registry.table(table).columns)
    return (
        f"{folder}\n"
        "1. 填写 county.toml、source.toml / fill in both\n"
        f"2. minzheng audit --county {code} --document 规划.txt  列出待登记数字 / lists every numeral to account for\n"
        "3. 按 docs/raw-folder.md 转录 / transcribe\n"
        f"4. minzheng validate {folder}\n5. minzheng run"
    )
