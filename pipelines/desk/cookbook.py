"""The questions people ask most, each with one plain query. The queries live in `cookbook.sql`, where they can be copied
from; the notebook and the tests read the same text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import duckdb

from pipelines.desk import words
from pipelines.desk.style import Cell, Table
from pipelines.desk.words import Words, same

_UNGROUPED = ("year", "line")  # numbers that name something are written without separators


@dataclass(frozen=True)
class Recipe:
    """One question and its query."""

    id: str
    question: Words
    sql: str


@cache
def recipes() -> tuple[Recipe, ...]:
    """All recipes in the order of the file."""
    text = files("pipelines.desk").joinpath("cookbook.sql").read_text(encoding="utf-8")
    return tuple(_recipe(part) for part in text.split("-- id: ")[1:])


def _recipe(part: str) -> Recipe:
    id, zh, en, *query = part.strip().split("\n")
    return Recipe(id, Words(zh.removeprefix("-- zh: "), en.removeprefix("-- en: ")), "\n".join(query))


def recipe(id: str) -> Recipe:
    """The recipe with this id. Raises KeyError naming the ids there are."""
    found = {r.id: r for r in recipes()}
    if id not in found:
        raise KeyError(f"没有 {id}，有 / no {id}, there are: {', '.join(found)}")
    return found[id]


def show(id: str, con: duckdb.DuckDBPyConnection) -> Table:
    """Print the query of a recipe and return its answer; columns keep their names in the marts, and of a pair of columns
    in both languages (name_zh, name_en) a page shows its own."""
    sql = recipe(id).sql
    print(sql)
    answer = con.sql(sql)
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.fetchall()]
    heads = _heads(answer.columns)
    return Table(tuple(heads), tuple(tuple(_cell(head, row) for head in heads) for row in rows))


def _heads(columns: list[str]) -> list[Words]:
    """The column of each language, once for a pair."""
    known = set(columns)
    pairs = {zh: f"{zh.removesuffix('_zh')}_en" for zh in columns if zh.endswith("_zh")}
    paired = {en for en in pairs.values() if en in known}
    return [Words(c, en) if (en := pairs.get(c)) in paired else same(c) for c in columns if c not in paired]


def _cell(head: Words, row: dict[str, Any]) -> Cell:
    value = row[head.zh]
    if head.zh != head.en:
        return Words(value or words.DASH, words.marked(row[head.en] or value or words.DASH))
    if value is not None and set(head.zh.split("_")) & set(_UNGROUPED):
        return same(str(value))
    return Words(value, words.marked(value)) if isinstance(value, str) else value
