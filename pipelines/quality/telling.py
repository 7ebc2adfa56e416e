"""Of a large table, the rows that decide its expectations: a value of each kind, the smallest and the largest, keys that occur
twice. Great Expectations judges these; when one fails, it judges the whole table, so that all failing rows are counted and
named. An expectation of a type that is not here is judged on the whole table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import polars as pl

from pipelines.quality.checks import Check

MANY: Final = 20_000
"""Rows from which a table is judged by its telling rows first."""
_ROW: Final = "__row"

Picked = pl.Series
"""Numbers of rows."""


def telling(rows: pl.DataFrame, checks: Sequence[Check]) -> pl.DataFrame:
    """The telling rows for these checks, in their order; all rows when there are few or a type is unknown."""
    if rows.height < MANY or any(c.type not in PICK for c in checks):
        return rows
    picked = [pl.Series([0]), *(PICK[c.type](rows, c.kwargs) for c in checks)]
    numbers = pl.concat([p.cast(pl.UInt32) for p in picked]).unique().sort()
    return rows[numbers]


def _where(rows: pl.DataFrame, condition: pl.Expr) -> Picked:
    return rows.select(condition.fill_null(False).arg_true()).to_series()


def _none(rows: pl.DataFrame, kwargs: dict[str, Any]) -> Picked:
    """What is asked of the columns as such, any row shows."""
    return pl.Series([], dtype=pl.UInt32)


def _one_empty(rows: pl.DataFrame, kwargs: dict[str, Any]) -> Picked:
    return _where(rows, pl.col(kwargs["column"]).is_null()).head(1)


def _one_of_each(rows: pl.DataFrame, kwargs: dict[str, Any]) -> Picked:
    column = kwargs["column"]
    return rows.select(column).with_row_index(_ROW).unique(column, keep="first")[_ROW]


def _extremes(rows: pl.DataFrame, kwargs: dict[str, Any]) -> Picked:
    value = pl.col(kwargs["column"])
    return pl.concat([_where(rows, value == end).head(1) for end in (value.min(), value.max())])


def _closest(rows: pl.DataFrame, kwargs: dict[str, Any]) -> Picked:
    gap = pl.col(kwargs["column_A"]) - pl.col(kwargs["column_B"])
    return _where(rows, gap == gap.min()).head(1)


def _twice(rows: pl.DataFrame, kwargs: dict[str, Any]) -> Picked:
    columns = kwargs.get("column_list") or [kwargs["column"]]
    return rows.select(columns).is_duplicated().arg_true()


PICK: Final[dict[str, Callable[[pl.DataFrame, dict[str, Any]], Picked]]] = {
    "expect_table_columns_to_match_ordered_list": _none,
    "expect_column_values_to_not_be_null": _one_empty,
    "expect_column_values_to_be_in_set": _one_of_each,
    "expect_column_values_to_match_regex": _one_of_each,
    "expect_column_values_to_not_match_regex": _one_of_each,
    "expect_column_values_to_be_between": _extremes,
    "expect_column_pair_values_a_to_be_greater_than_b": _closest,
    "expect_column_values_to_be_unique": _twice,
    "expect_compound_columns_to_be_unique": _twice,
}
"""Expectation → the rows that fail it if any does."""
