"""Holds a frame of text against the registry: columns, types, code lists, keys, personal data. Every problem at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import cache, lru_cache
from typing import Any

import polars as pl

from pipelines import registry
from pipelines.ingest.problems import InputError, Problem
from pipelines.ingest.reader import ROW, Cells

IDENTITY = re.compile(r"(?<![0-9])(?:[1-9][0-9]{16}[0-9Xx]|1[3-9][0-9]{9})(?![0-9])")
_SHORTEST = 11  # characters of a mobile number
_REMEMBERED = 4096  # cells of a column
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?")
_BOOLEANS = {"1": True, "0": False, "true": True, "false": False, "是": True, "否": False}
POLARS: dict[str, type[pl.DataType]] = {
    "VARCHAR": pl.String,
    "INTEGER": pl.Int64,
    "DOUBLE": pl.Float64,
    "BOOLEAN": pl.Boolean,
    "DATE": pl.Date,
}


Columns = dict[str, list[Any]]
"""A checked table: the cells of each column by name, empty ones None, and the numbers of the rows in the file under ``ROW``."""


def types(raw_table: str) -> dict[str, type[pl.DataType]]:
    """The types of the columns of a raw table, ``ROW`` first."""
    return {ROW: pl.Int64, **{c.name: POLARS[c.type] for c in registry.table(raw_table).columns}}


def typed(given: Cells, raw_table: str, file: str) -> pl.DataFrame:
    """`checked` as a frame. Raises InputError as that does."""
    return pl.DataFrame(checked(given, raw_table, file), schema=types(raw_table))


def checked(given: Cells, raw_table: str, file: str) -> Columns:
    """The registry's columns in its order and types; empty cells become None, a code's name its code.

    Raises InputError listing every missing column, wrong type, unknown code, empty required cell, duplicate key
    and identity number.
    """
    table = registry.table(raw_table)
    known = {c.name for c in table.columns}
    problems = [
        Problem(file, 1, c.name, "", "missing_column", f"应有列“{c.zh}”", f"expected {c.name!r}")
        for c in table.columns
        if c.name not in given.columns and (c.required or c.key)
    ]
    problems += [Problem(file, 1, c, "", "unknown_column") for c in given.columns if c not in known]
    nothing = [""] * len(given.rows)
    out: Columns = {ROW: [*given.rows]}
    for column in table.columns:
        cells, convert = given.columns.get(column.name, nothing), converter(column)
        converted = {cell: convert(cell) for cell in set(cells)}
        for number, cell in zip(given.rows, cells, strict=True) if any(rule for _, rule in converted.values()) else ():
            if rule := converted[cell][1]:
                detail = allowed(column, rule)
                shown = IDENTITY.sub("＊＊＊", cell)
                problems.append(Problem(file, number, column.name, shown, rule, detail, detail))
        values = {cell: value for cell, (value, _) in converted.items()}
        out[column.name] = [values[cell] for cell in cells]
    if table.key and not problems:
        keys = [*zip(*(out[k] for k in table.key), strict=True)]
        times = Counter(keys) if len(set(keys)) < len(keys) else {}
        problems += [
            Problem(file, number, ", ".join(table.key), ", ".join(map(str, key)), "duplicate_key")
            for number, key in zip(given.rows, keys, strict=True)
            if times.get(key, 1) > 1
        ]
    if problems:
        raise InputError(problems)
    return out


@cache
def converter(column: registry.Column) -> Callable[[str], tuple[object, str]]:
    """What reads the cells of a column; it remembers those it read last, for most files say what others say."""
    codes = _codes(column)
    return lru_cache(_REMEMBERED)(lambda cell: _convert(cell, column, codes))


def _convert(cell: str, column: registry.Column, codes: dict[str, registry.Code]) -> tuple[object, str]:
    """(value, broken rule or '')."""
    if not cell:
        return None, "missing_value" if column.required else ""
    if len(cell) >= _SHORTEST and column.name != "sha256" and IDENTITY.search(cell):
        return None, "identity_number"
    if codes and cell not in codes:
        named = [c for c, words in codes.items() if cell in (words.zh, words.en)]
        return (named[0], "") if len(named) == 1 else (cell, "unknown_code")
    return _CONVERTERS[column.type](cell)


def _whole(cell: str) -> tuple[object, str]:
    value, rule = _decimal(cell)
    if rule or not isinstance(value, float):
        return None, rule
    return (int(value), "") if value.is_integer() else (None, "not_an_integer")


def _decimal(cell: str) -> tuple[object, str]:
    plain = cell.replace(",", "").replace("，", "")
    return (float(plain), "") if _NUMBER.fullmatch(plain) else (None, "not_a_number")


def _boolean(cell: str) -> tuple[object, str]:
    flag = _BOOLEANS.get(cell.lower())
    return flag, "" if flag is not None else "not_a_boolean"


def _date(cell: str) -> tuple[object, str]:
    try:
        return date.fromisoformat(cell[:10].replace("/", "-")), ""
    except ValueError:
        return None, "not_a_date"


def _text(cell: str) -> tuple[object, str]:
    return cell, ""


_CONVERTERS: dict[str, Callable[[str], tuple[object, str]]] = {
    "VARCHAR": _text,
    "INTEGER": _whole,
    "DOUBLE": _decimal,
    "BOOLEAN": _boolean,
    "DATE": _date,
}


def _codes(column: registry.Column) -> dict[str, registry.Code]:
    """The code list of a column, empty when any text will do."""
    lists = {("dim_domain", "code"): "domain", ("dim_unit", "code"): "unit"}
    name = column.codelist or lists.get(column.foreign or ("", ""))
    return registry.codes()[name] if name else {}


def allowed(column: registry.Column, rule: str) -> str:
    """The codes that a cell might have held where it holds another, as far as they are few."""
    codes = _codes(column) if rule == "unknown_code" else {}
    return " / ".join(codes) if 0 < len(codes) <= 12 else ""
