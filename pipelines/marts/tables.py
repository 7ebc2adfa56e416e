"""Builds the mart tables from core, forecast and evaluation Parquet and writes them as ordered Parquet."""

from __future__ import annotations

from pathlib import Path

from pipelines import registry
from pipelines.core import builder
from pipelines.core.tables import save


def build_marts(inputs: list[Path], out: Path) -> dict[str, int]:
    """All mart tables from every ``<table>.parquet`` of the input folders → ``out``. Returns rows per table."""
    names = [t.name for t in registry.in_layer("mart")]
    with builder.connect() as con:
        for path in (p for folder in inputs for p in sorted(folder.glob("*.parquet"))):
            builder.attach(con, path.stem, [path])
        builder.attach_registry(con)
        rows = builder.build(con, "pipelines.marts", names)
        save(con, names, out)
    return rows
