"""The questions people ask most, each with one plain query. The queries live in `cookbook.sql`, where they can be copied
from; the notebook and the tests read the same text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import duckdb

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
    """Print the query of a recipe and return its answer; columns keep their names in the marts."""
    sql = recipe(id).sql
    print(sql)
    answer = con.sql(sql)
    names = answer.columns
    rows = tuple(tuple(_cell(n, v) for n, v in zip(names, row, strict=True)) for row in answer.fetchall())
    return Table(tuple(same(n) for n in names), rows)


def _cell(column: str, value: str | int | float | None) -> Cell:
    plain = value is not None and set(column.split("_")) & set(_UNGROUPED)
    return same(str(value)) if plain else value
