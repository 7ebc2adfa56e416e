"""The quality page: offline, bilingual, escaped, failed first."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from pipelines.quality.report import PAGES, quality_fragment, write_report

ROWS = pl.DataFrame(
    [
        ("fct_project", "fct_project", "passes", "critical", True, 0, "通过：好", "Passed: good"),
        ("fct_project", "fct_project", "warns", "warning", False, 9, "提示 <script>alert(1)</script>", "warned <script>alert(1)</script>"),
        ("dim_unit", "dim_unit", "blocks", "critical", False, 1, "=1+1", "=1+1"),
    ],
    schema=["suite", "table_name", "expectation", "severity", "passed", "failing_rows", "message_zh", "message_en"], orient="row",
)  # fmt: skip


@pytest.fixture
def report(tmp_path: Path) -> Path:
    write_report(ROWS, tmp_path, release_id="2026-01-01-<b>")
    return tmp_path


def test_files(report: Path) -> None:
    assert sorted(p.name for p in report.iterdir()) == ["index.en.html", "index.html", "results.csv", "results.json"]
    assert json.loads((report / "results.json").read_text(encoding="utf-8"))["results"][2]["expectation"] == "blocks"


@pytest.mark.parametrize(("language", "lang"), [("zh", "zh-CN"), ("en", "en")])
def test_page_is_offline_escaped_and_in_its_language(report: Path, language: str, lang: str) -> None:
    html = (report / PAGES[language]).read_text(encoding="utf-8")
    assert f'<html lang="{lang}">' in html
    assert not re.search(r"https?://|<script|@import|url\(", html)
    assert "&lt;script&gt;" in html and "<b></code>" not in html
    assert set(re.findall(r'(?:href|src)="([^"#]*)"', html)) <= {
        "index.html",
        "index.en.html",
        "results.csv",
        "results.json",
        "data:,",
    }


def test_failed_come_first_and_worst_first() -> None:
    html = quality_fragment(ROWS, "en")
    assert html.index("dim_unit/blocks") < html.index("fct_project/warns") < html.index("fct_project/passes")
    assert "not published" in html and "1 warnings want" in html


def test_all_passed_says_so() -> None:
    good = ROWS.filter("passed")
    assert "全部严重检查通过" in quality_fragment(good, "zh")


def test_csv_runs_no_formula(report: Path) -> None:
    assert "'=1+1" in (report / "results.csv").read_text(encoding="utf-8-sig")
