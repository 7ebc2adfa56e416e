"""The quality page of a release: offline, bilingual, printable, without any external resource; and the same results as
JSON and CSV. The site embeds `quality_fragment` with `STYLE`."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import registry
from pipelines.cells import neutral_frame

PAGES = {"zh": "index.html", "en": "index.en.html"}
WORDS = {
    "zh": {"lang": "zh-CN", "title": "数据质量检查", "release": "版本", "other": "English", "critical": "严重（阻断发布）", "warning": "提示",
           "passed": "通过", "table": "表", "check": "检查", "message": "说明", "rows": "行数", "state": "结果", "all": "全部",
           "failed": "未通过", "by_table": "按表汇总", "details": "逐条结果", "show": "显示",
           "good": "全部严重检查通过，本版本可以发布。", "bad": "有严重检查未通过：本候选版本不发布，读者仍使用上一版本。",
           "look": "条提示需要人看一看，不影响发布。"},
    "en": {"lang": "en", "title": "Data quality checks", "release": "Release", "other": "中文", "critical": "critical (blocks the release)",
           "warning": "warning", "passed": "passed", "table": "table", "check": "check", "message": "what was found", "rows": "rows",
           "state": "result", "all": "all", "failed": "not passed", "by_table": "By table", "details": "Every check", "show": "Show",
           "good": "Every critical check passed; this release may be published.",
           "bad": "A critical check failed: this candidate is not published, readers keep the last release.",
           "look": "warnings want a human eye; they do not hold the release back."},
}  # fmt: skip


def write_report(results: pl.DataFrame, out: Path, *, release_id: str) -> None:
    """`index.html`, `index.en.html`, `results.json` and `results.csv` in the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    for language, name in PAGES.items():
        (out / name).write_text(page(results, language, release_id=release_id), encoding="utf-8")
    (out / "results.json").write_text(
        json.dumps({"release_id": release_id, "results": results.to_dicts()}, ensure_ascii=False, indent=1),
        encoding="utf-8",
    )
    neutral_frame(results).write_csv(out / "results.csv", include_bom=True)


def page(results: pl.DataFrame, language: str, *, release_id: str) -> str:
    """A whole page in `zh` or `en`."""
    return _render("page", language, fragment=quality_fragment(results, language), style=style(), release_id=release_id,
                   other=PAGES["en" if language == "zh" else "zh"])  # fmt: skip


def quality_fragment(results: pl.DataFrame, language: str) -> str:
    """The report without page around it: verdict, counts per table, every result (failed first, worst first)."""
    rows = ordered(results).to_dicts()
    return _render("fragment", language, rows=[_shown(r, language) for r in rows], tables=_by_table(rows, language),
                   critical=_count(rows, "critical"), warning=_count(rows, "warning"), passed=sum(r["passed"] for r in rows))  # fmt: skip


def ordered(results: pl.DataFrame) -> pl.DataFrame:
    """Failed before passed, critical before warning, many rows before few."""
    return results.sort(
        "passed", "severity", "failing_rows", "suite", "expectation", descending=[False, False, True, False, False]
    )


@cache
def style() -> str:
    """The CSS of the fragment; every class begins with `q-`."""
    return files(__package__).joinpath("report.css").read_text(encoding="utf-8")


def _shown(row: dict[str, Any], language: str) -> dict[str, Any]:
    state = "passed" if row["passed"] else row["severity"]
    return {**row, "state": state, "message": row[f"message_{language}"], "table": _title(row["table_name"], language)}


def _title(table: str, language: str) -> str:
    known = registry.tables().get(table)
    return (known.title_zh if language == "zh" else known.title_en) if known else ""


def _by_table(rows: list[dict[str, Any]], language: str) -> list[dict[str, Any]]:
    names = sorted({r["table_name"] for r in rows})
    counted = [
        {"name": n, "title": _title(n, language), **_states([r for r in rows if r["table_name"] == n])} for n in names
    ]
    return sorted(counted, key=lambda t: (-t["critical"], -t["warning"], t["name"]))


def _states(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {
        "critical": _count(rows, "critical"),
        "warning": _count(rows, "warning"),
        "passed": sum(r["passed"] for r in rows),
    }


def _count(rows: list[dict[str, Any]], severity: str) -> int:
    return sum(1 for r in rows if not r["passed"] and r["severity"] == severity)


def _render(name: str, language: str, **values: Any) -> str:
    return str(_templates().get_template(f"{name}.html").render(w=WORDS[language], **values))


@cache
def _templates() -> Any:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("pipelines.quality"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
