"""Builds the core tables from what is staged and writes them as ordered Parquet."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines import registry
from pipelines.core import builder


def build_core(staged: list[Path], reference: Path, out: Path) -> dict[str, int]:
    """All core tables → ``out/<table>.parquet``. Returns rows per table. Raises BuildError."""
    names = [t.name for t in registry.in_layer("core")]
    with builder.connect() as con:
        builder.attach_staging(con, staged, reference)
        rows = builder.build(con, "pipelines.core", names)
        save(con, names, out)
    return rows


def save(con: duckdb.DuckDBPyConnection, names: list[str], out: Path) -> None:
    """Registered tables as Parquet in key order: same rows, same bytes."""
    out.mkdir(parents=True, exist_ok=True)
    for name in names:
        builder.ordered(con, name).write_parquet(out / f"{name}.parquet")
