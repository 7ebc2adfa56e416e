"""Applies declared repairs to raw frames. Each repair names its cell and what the print says there (the guard): when the
guard no longer matches, or the repair matches nothing, the build fails."""

from __future__ import annotations

import polars as pl

from pipelines import registry
from pipelines.ingest.problems import InputError, Problem
from pipelines.ingest.reader import ROW


def corrected(tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The tables with every applied repair in place. Raises InputError (guard_mismatch, bad_correction)."""
    out = dict(tables)
    problems: list[Problem] = []
    for repair in tables["corrections"].iter_rows(named=True):
        if repair["status"] != "applied":
            continue
        problem = _apply(out, repair)
        if problem:
            problems.append(problem)
    if problems:
        raise InputError(problems)
    return out


def _apply(tables: dict[str, pl.DataFrame], repair: dict[str, str]) -> Problem | None:
    name, row_key, column = repair["table"], repair["row_key"], repair["column"]
    where = f"{name}.{row_key}.{column}"
    if name not in tables or column not in tables[name].columns:
        return Problem("corrections.csv", int(repair[ROW]), "table/column", where, "bad_correction")
    frame, key = tables[name], registry.table(name).key[0]
    cell = frame.filter(pl.col(key) == row_key)[column].to_list()
    if len(cell) != 1:
        return Problem("corrections.csv", int(repair[ROW]), "row_key", where, "bad_correction")
    now = "" if cell[0] is None else str(cell[0])
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
    value = pl.lit(repair["corrected"] or None, dtype=pl.String).cast(frame.schema[column])
    tables[name] = frame.with_columns(
        pl.when(pl.col(key) == row_key).then(value).otherwise(pl.col(column)).alias(column)
    )
    return None
