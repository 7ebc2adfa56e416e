"""Content hashes of tables: equal rows in key order give an equal hash, whatever the bytes of the file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import polars as pl


def table_hash(frame: pl.DataFrame) -> str:
    """sha256 over column names, types and values of an ordered frame. NULL, '' and 0 differ."""
    return columns_hash(frame.schema, frame.iter_columns())


def columns_hash(schema: Mapping[str, pl.DataType], columns: Iterable[pl.Series]) -> str:
    """`table_hash` of a table of that schema whose columns come one after the other."""
    digest = hashlib.sha256("|".join(f"{n}:{t}" for n, t in schema.items()).encode())
    for column in columns:
        for part in _parts(column):
            digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _parts(column: pl.Series) -> list[memoryview]:
    """The values of a column as bytes: which are null, then the values themselves; texts with their lengths."""
    some = bool(column.null_count())  # most columns have none: nothing to look for, nothing to fill
    empty = column.is_null().to_numpy().data if some else memoryview(bytes(len(column)))
    if column.dtype == pl.String:
        return [empty, *_texts(column.fill_null("") if some else column)]
    numbers = column.cast(pl.UInt8) if column.dtype == pl.Boolean else column.to_physical()
    return [empty, (numbers.fill_null(0) if some else numbers).to_numpy().data]


def _texts(column: pl.Series) -> list[memoryview]:
    """Lengths in bytes of texts without nulls, and the texts one after the other, in UTF-8."""
    if column.is_empty():
        return [memoryview(b""), memoryview(b"")]
    arrow = column.to_arrow()
    _, offsets, text = arrow.buffers()
    ends = np.frombuffer(offsets, np.int64)[arrow.offset : arrow.offset + len(arrow) + 1]
    return [np.diff(ends).astype(np.uint32).data, memoryview(text or b"")[ends[0] : ends[-1]]]


def file_hash(path: Path) -> str:
    """sha256 of the bytes of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
