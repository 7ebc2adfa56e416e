"""diff.json and the page that shows it: everything in words, bounded on the page, whole in the CSV files."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.publish import diff
from pipelines.publish.pages import changes
from pipelines.publish.site import build_site
from tests.desk.tiny_release import HILL, NASTY, build

MANY = 130


def cell(n: int) -> dict[str, Any]:
    return {
        "key": [f"{HILL}-p{n:03}"],
        "column": "total_investment_wan",
        "before": n,
        "after": None if n == 0 else n + 0.5,
    }


DIFF = {
    "previous": "r00000-20260101",
    "method": {"before": "tiny-0", "after": "tiny-1"},
    "tables": {
        "fct_project": {
            "added": 1, "removed": 2, "changed": MANY, "added_keys": [[f"{HILL}-new"]], "removed_keys": [[NASTY], ["=1+1"]],
            "cells": [cell(n) for n in range(MANY)], "cells_total": MANY, "new_columns": ["location"], "lost_columns": ["old_name"],
        }
    },
    "checks": [
        {"suite": "counties", "table_name": "fct_observation", "expectation": "rows_more", "severity": "warning", "before": True, "after": False,
         "message_zh": "多了 3 行", "message_en": "3 rows more"}
    ],
    "gate": [
        {"table": "fct_project", "key": f"{HILL}-p001", "column": "total_investment_wan", "before": 1.0, "after": 9.0,
         "accepted": "accepted_changes.csv: 王某 2026-01-05 重新核定"},
        {"table": "fct_project", "key": f"{HILL}-gone", "column": "", "before": None, "after": None, "accepted": "corrections.csv: c01"},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    release = build(tmp_path_factory.mktemp("release"))
    (release / diff.FILE).write_text(json.dumps(DIFF), encoding="utf-8")
    return build_site(release, run=False).parent


def text(site: Path, name: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", (site / name).read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ("changes.html", ["r00000-20260101", "改变的值", f"（{MANY}）", "须说明的变动", "王某 2026-01-05 重新核定", "corrections.csv: c01", "（整行减少）", "预测方法版本改变：tiny-0 → tiny-1",
                          "状态改变的检查", "通过 未通过", "多了 3 行", "新增字段", "减少字段 old_name", f"{HILL}-new", "此处列前 40 条"]),
        ("changes.en.html", ["Values changed", f"({MANY})", "Changes that needed a word", "(row gone)", "The forecast method changed its version: tiny-0 → tiny-1", "passed not passed", "3 rows more",
                             "column gone: old_name", "The first 40 are shown"]),
    ],
)  # fmt: skip
def test_the_page_tells_all_of_it_in_both_languages(site: Path, page: str, wanted: list[str]) -> None:
    shown = text(site, page)
    assert [w for w in wanted if w not in shown] == []


def test_the_page_is_bounded_and_the_files_hold_all(site: Path) -> None:
    page = (site / "changes.html").read_text(encoding="utf-8")
    assert page.count("total_investment_wan") <= changes.SHOWN + 2
    with (site / "data" / "changes-fct_project-cells.zh.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    assert len(rows) == MANY + 1
    assert rows[1] == [f"{HILL}-p000", "总投资（万元） total_investment_wan", "0", "—"]
    assert rows[2][2:] == ["1", "1.5"]


def test_what_is_printed_cannot_become_markup_or_a_formula(site: Path) -> None:
    assert NASTY not in (site / "changes.html").read_text(encoding="utf-8")
    assert "'=1+1" in (site / "data" / "changes-fct_project-removed.zh.csv").read_text(encoding="utf-8-sig")


def test_the_first_release_says_that_it_is_the_first(tmp_path: Path) -> None:
    release = build(tmp_path)
    diff.write(None, release, pl.DataFrame(), [], {})
    site = build_site(release, run=False).parent
    assert "这是第一个版本" in text(site, "changes.html")
    assert "first release" in text(site, "changes.en.html")


def test_a_diff_lists_every_cell_and_counts_past_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    old = pl.DataFrame({"k": range(500), "a": [1] * 500, "gone": [1] * 500})
    new = pl.DataFrame({"k": range(500), "a": [2] * 500, "b": [1] * 500})
    found = diff.compare(old, new, ("k",))
    assert (len(found["cells"]), found["cells_total"], found["changed"]) == (500, 500, 500)
    assert (found["new_columns"], found["lost_columns"]) == (["b"], ["gone"])
    monkeypatch.setattr(diff, "MOST", 10)
    found = diff.compare(old, new, ("k",))
    assert (len(found["cells"]), found["cells_total"]) == (10, 500)


def test_a_new_column_in_the_key_makes_every_row_another() -> None:
    new = pl.DataFrame({"k": [1, 1], "number": [1, 2], "v": [1.0, 2.0]})
    found = diff.compare(new.drop("number"), new, ("k", "number"))
    assert (found["added"], found["removed"], found["changed"], found["new_columns"]) == (2, 2, 0, ["number"])
    assert diff.compare(new, new, ("k", "number"))["added"] == 0


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [(48186.04651, 34263.0, ("48,186.05", "34,263")), (1.000012, 1.000019, ("1.00001", "1.00002")), (None, 3, ("—", "3")), (0.001, 0.004, ("0.001", "0.004"))],
)  # fmt: skip
def test_figures_are_written_as_elsewhere_and_told_apart(before: object, after: object, shown: tuple[str, str]) -> None:
    assert tuple(w.en for w in changes._pair(before, after)) == shown


@pytest.mark.parametrize("versions", [None, {"before": "tiny-1", "after": "tiny-1"}])
def test_a_method_that_stays_is_not_mentioned(versions: dict[str, str] | None) -> None:
    assert changes.page({"previous": "r00000", "tables": {}, "method": versions}).show["method"] is None
