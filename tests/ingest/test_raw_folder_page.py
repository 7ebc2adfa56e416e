"""docs/raw-folder.md names every raw table and every column of it, and no column that the registry does not know."""

from __future__ import annotations

import re

import pytest

from pipelines import registry
from pipelines.settings import PROJECT

PAGE = (PROJECT / "docs" / "raw-folder.md").read_text(encoding="utf-8")
RAW = {t.name: t for t in registry.in_layer("raw")}


def section(table: str, page: str = PAGE) -> str:
    """What the page says under the heading (or list item) that begins with the file of the table."""
    name = "actuals_&lt;year&gt;" if table == "actuals" else table
    found = re.search(rf"^(?:## (?:[^\n]*, )?|- `){name}\.csv.*?(?=^## |^- `|\Z)", page, re.MULTILINE | re.DOTALL)
    return found.group() if found else ""


def missing(table: str, page: str = PAGE) -> list[str]:
    words = set(re.findall(r"[a-z_0-9]+", section(table, page)))
    return [c.name for c in RAW[table].columns if c.name not in words]


@pytest.mark.parametrize("table", RAW)
def test_page_lists_every_raw_table_and_column(table: str) -> None:
    assert section(table), f"no section on {table}.csv"
    assert missing(table) == []


@pytest.mark.parametrize("table", RAW)
def test_page_invents_no_column(table: str) -> None:
    """The first cell of a table row, or the list of columns behind the heading, names columns only."""
    listed = re.findall(r"^\| ([a-z_, 0-9]+) \|", section(table), re.MULTILINE)
    named = {n.strip() for cell in listed for n in cell.split(",")} - {"column", "file"}
    assert named <= {c.name for c in RAW[table].columns}


def test_a_forgotten_column_is_found() -> None:
    assert missing("reviews", PAGE.replace("reviewed_on", "when")) == ["reviewed_on"]
    assert section("reviews", PAGE.replace("## reviews.csv", "## other.csv")) == ""
