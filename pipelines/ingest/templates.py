"""Templates to fill in: the yearly report, project progress, and the empty folder of a new county."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl

from pipelines import registry
from pipelines.ingest.folder import COUNTY_FACTS, OPTIONAL, REQUIRED, SOURCE_FACTS
from pipelines.settings import Settings


def write_templates(out: Path, year: int) -> list[Path]:
    """``actuals_<year>.xlsx`` with one row per shared indicator (value left empty) and ``progress.xlsx``."""
    out.mkdir(parents=True, exist_ok=True)
    indicators = sorted(registry.rows("indicators"), key=lambda r: (r["domain"], r["indicator_id"]))
    report = pl.DataFrame(
        [
            {
                "indicator_id": i["indicator_id"],
                "year": year,
                "breakdown": "",
                "value": None,
                "unit": i["unit"],
                "source_note": "",
                "reported_on": "",
                "指标说明": f"{i['name_zh']}：{i['definition_zh']}",
            }
            for i in indicators
        ],
        schema_overrides={"value": pl.Float64},
    )
    progress = pl.DataFrame(schema={c.name: pl.String for c in registry.table("progress").columns})
    return [
        _workbook(out / f"actuals_{year}.xlsx", report, "actuals"),
        _workbook(out / "progress.xlsx", progress, "progress"),
    ]


def _workbook(path: Path, frame: pl.DataFrame, raw_table: str) -> Path:
    known = {c.name: c.zh for c in registry.table(raw_table).columns}
    frame.rename({n: z for n, z in known.items() if n in frame.columns}).write_excel(
        path, worksheet="填报", freeze_panes=(1, 0), autofit=True
    )
    return path


def new_county(settings: Settings, code: str, name: str) -> str:
    """Make ``raw/<code>-<slug>/`` with headers of every file and facts to fill in. Returns what to do next.

    Raises ValueError for a code that is not six digits or a county that exists.
    """
    if not (code.isdigit() and len(code) == 6):
        raise ValueError(f"区划代码应为六位数字 / a county code has six digits: {code}")
    if code in settings.county_folders():
        raise ValueError(f"该县已有文件夹 / the county has a folder: {settings.county_folders()[code].name}")
    slug = "".join(c for c in name.lower() if c.isascii() and c.isalnum()) or "county"
    folder = settings.raw / f"{code}-{slug}"
    folder.mkdir(parents=True)
    given = {"code": code, "name_zh": name, "name_en": name, "slug": slug, "source_id": f"plan-{code}"}
    for file, facts in (("county.toml", COUNTY_FACTS), ("source.toml", SOURCE_FACTS)):
        lines = [f'{k} = "{given.get(k, "")}"' for k in facts]
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
