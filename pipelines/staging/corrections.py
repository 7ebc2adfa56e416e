"""Applies declared repairs to raw frames. Each repair names its cell and what the print says there (the guard): when the
guard no longer matches, or the repair matches nothing, the build fails."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipelines import registry
from pipelines.ingest.contract import Columns, types
from pipelines.ingest.problems import InputError, Problem
from pipelines.ingest.reader import ROW


def corrected(tables: dict[str, Columns]) -> dict[str, Columns]:
    """The tables with every applied repair in place. Raises InputError (guard_mismatch, bad_correction)."""
    out = {name: dict(table) for name, table in tables.items()}
    problems: list[Problem] = []
    repairs = tables["corrections"]
    for cells in zip(*repairs.values(), strict=True):
        repair = dict(zip(repairs, cells, strict=True))
        if repair["status"] != "applied":
            continue
        problem = _apply(out, repair)
        if problem:
            problems.append(problem)
    if problems:
        raise InputError(problems)
    return out


def _apply(tables: dict[str, Columns], repair: dict[str, Any]) -> Problem | None:
    name, row_key, column = repair["table"], repair["row_key"], repair["column"]
    where = f"{name}.{row_key}.{column}"
    if name not in tables or column not in tables[name]:
        return Problem("corrections.csv", int(repair[ROW]), "table/column", where, "bad_correction")
    keys, cells = tables[name][registry.table(name).key[0]], tables[name][column]
    found = [n for n, key in enumerate(keys) if key == row_key]
    if len(found) != 1:
        return Problem("corrections.csv", int(repair[ROW]), "row_key", where, "bad_correction")
    (at,) = found
    now = "" if cells[at] is None else str(cells[at])
    if now != (repair["printed"] or ""):
        return Problem(
            "corrections.csv",
            int(repair[ROW]),
            "printed",
            where,
            "guard_mismatch",
            f"登记“{repair['printed']}”，现为“{now}”",
            f"declared {repair['printed']!r}, now {now!r}",
        )
    value = pl.Series([repair["corrected"] or None], dtype=pl.String).cast(types(name)[column])
    tables[name][column] = [*cells[:at], value.item(), *cells[at + 1 :]]
    return None
