"""Cuts tables of many counties into slices at borders of prefectures, where it can be of provinces: what is computed for a
county looks at its prefecture at most. The cut depends on the codes alone, so that a change inside one county leaves every
other slice as it was."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, Protocol

import polars as pl

from pipelines.core.engine import Tables

SLICE = 128
"""Counties of a slice: 2,000 draws × 16 years × 128 are 33 MB an array."""
_NUMBER: Final = "__slice"
_OWNED_BY: Final = ("project_id", "fact_id")  # ids that begin with the code of their county


class Run(Protocol):
    """`map` over slices: the built-in one, that of an engine, or one that remembers (`core.reuse`)."""

    def __call__(self, work: Callable[[Tables], Tables], slices: Sequence[Tables], /) -> Iterator[Tables]: ...


def groups(codes: Iterable[str], size: int | None = None) -> list[list[str]]:
    """County codes → slices in the order of codes. A slice ends with a prefecture once it has `size` counties (by default
    `SLICE`), with a province once it has half of that; none is smaller than that half. Up to `size` counties are one slice."""
    size, ordered = size or SLICE, sorted(codes)
    if len(ordered) <= size:
        return [ordered]
    found: list[list[str]] = []
    now: list[str] = []
    for prefecture, members in groupby(ordered, key=lambda code: code[:4]):
        enough = size if now and now[-1][:2] == prefecture[:2] else size // 2
        if now and len(now) >= enough:
            found.append(now)
            now = []
        now = [*now, *members]
    if found and len(now) < size // 2:
        found[-1] += now
    else:
        found.append(now)
    return found


def cut(tables: Tables, codes: Iterable[str], size: int | None = None, beside: Iterable[str] = ()) -> list[Tables]:
    """Tables cut by county; rows of no county among `codes` are left out, tables without counties go to every slice. One
    slice gets the tables as they come. Counties `beside` the others make no slice: each goes into that whose codes are around
    its own."""
    parts = groups(codes, size)
    if len(parts) == 1:
        return [tables]
    number = {code: i for i, part in enumerate(parts) for code in part}
    starts = [part[0] for part in parts]
    number |= {code: max(bisect_right(starts, code) - 1, 0) for code in beside}
    divided = {name: _divided(frame, number) for name, frame in tables.items()}
    return [{n: f if isinstance(f, pl.DataFrame) else f.get(i, tables[n].clear()) for n, f in divided.items()}
            for i in range(len(parts))]  # fmt: skip


def joined(parts: Iterable[Tables]) -> dict[str, pl.DataFrame]:
    """The tables of slices, one below the other."""
    every = list(parts)
    return {name: pl.concat([part[name] for part in every], how="vertical_relaxed") for name in every[0]}


def _divided(frame: pl.DataFrame, number: dict[str, int]) -> pl.DataFrame | dict[int, pl.DataFrame]:
    """The rows of a table by slice, in their order; the table itself when it is everybody's."""
    owner = _owner(frame, len(next(iter(number))))
    if owner is None:
        return frame
    mine = frame.select(owner.replace_strict(number, default=None, return_dtype=pl.Int32).alias(_NUMBER)).to_series()
    runs = mine.rle().struct.unnest()
    if runs["value"].drop_nulls().is_unique().all():  # in key order a slice is a stretch of rows, which costs nothing
        stretches = zip(runs["value"], runs["len"], runs["len"].cum_sum(), strict=True)
        return {n: frame.slice(end - rows, rows) for n, rows, end in stretches if n is not None}
    parts = frame.with_columns(mine).drop_nulls(_NUMBER).partition_by(_NUMBER, as_dict=True, include_key=False)
    return {int(key): part for (key,), part in parts.items()}


def _owner(frame: pl.DataFrame, length: int) -> pl.Expr | None:
    if "county_code" in frame.columns:
        return pl.col("county_code")
    key = next((k for k in _OWNED_BY if k in frame.columns), None)
    return None if key is None else pl.col(key).str.head(length)
