"""A registered table whose query takes another one as it is (`SELECT * FROM it`): its types, columns and order are made
straight from the file, without filling and sorting a table of a database."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from pipelines import registry

_AS_IT_IS: Final = re.compile(r"(?:\s*--[^\n]*\n)*\s*SELECT \* FROM (\w+)\s*")
TYPES: Final = {
    "VARCHAR": pl.String,
    "INTEGER": pl.Int32,
    "DOUBLE": pl.Float64,
    "BOOLEAN": pl.Boolean,
    "DATE": pl.Date,
}
"""Type in the registry → type in a published file."""


def source(name: str, query: str, files: Mapping[str, Sequence[Path]]) -> Path | None:
    """The file of which the registered table `name` is another name; None when its query does more, when it has no key, when a column that
    must be filled is not there, or when a type differs by more than the width of whole numbers."""
    found, table = _AS_IT_IS.fullmatch(query), registry.table(name)
    paths = files.get(found[1], ()) if found and table.key else ()
    if len(paths) != 1:
        return None
    columns, there = table.columns, pl.read_parquet_schema(paths[0])
    wanted = {c.name: TYPES[c.type] for c in columns}
    fits = all(t == wanted.get(n) or (t.is_integer() and wanted.get(n) == pl.Int32) for n, t in there.items())
    return paths[0] if fits and there.keys() >= {c.name for c in columns if c.required} else None


def registered(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows of such a file as `builder.canonical` gives those of the table: NaN is null, columns that it lacks are null. Raises ValueError for a
    null where none may be, polars' InvalidOperationError for a number too large."""
    table = registry.table(name)
    typed = frame.select(
        pl.col(c.name).cast(TYPES[c.type]) if c.name in frame.columns else pl.lit(None, TYPES[c.type]).alias(c.name)
        for c in table.columns
    ).with_columns(pl.col(pl.Float64).fill_nan(None))
    if empty := [c.name for c in table.columns if c.required and typed[c.name].null_count()]:
        raise ValueError(f"{name}: NULL in {', '.join(empty)}")
    keys = typed.select(table.key)
    return typed.rechunk() if _ascending(keys) else typed.sort(table.key, nulls_last=True)


def _ascending(keys: pl.DataFrame) -> bool:
    """Whether every row comes after the one before it, column by column."""
    before, after = keys.head(-1), keys.slice(1)
    comes_after = pl.repeat(False, before.height, eager=True)
    for name in reversed(keys.columns):
        comes_after = (after[name] > before[name]) | ((after[name] == before[name]) & comes_after)
    return bool(comes_after.fill_null(False).all())
