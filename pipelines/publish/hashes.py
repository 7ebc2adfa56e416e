"""Content hashes of tables: equal rows in key order give an equal hash, whatever the bytes of the file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl


def table_hash(frame: pl.DataFrame) -> str:
    """sha256 over column names, types and values of an ordered frame. NULL, '' and 0 differ."""
    digest = hashlib.sha256("|".join(f"{n}:{t}" for n, t in frame.schema.items()).encode())
    for column in frame.iter_columns():
        digest.update(b"\x1d" + "\x1e".join("\x00" if v is None else repr(v) for v in column.to_list()).encode())
    return digest.hexdigest()


def file_hash(path: Path) -> str:
    """sha256 of the bytes of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
