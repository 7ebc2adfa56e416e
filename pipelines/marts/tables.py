"""Builds the mart tables from core, forecast and evaluation Parquet and writes them as ordered Parquet."""

from __future__ import annotations

from pathlib import Path

from pipelines import registry
from pipelines.core import builder
from pipelines.core.tables import save
from pipelines.staging import held


def build_marts(inputs: list[Path], out: Path) -> dict[str, int]:
    """All mart tables from every ``<table>.parquet`` of the input folders → ``out``. Returns rows per table. Without a
    ``held_back.parquet`` no county is held back."""
    names = [t.name for t in registry.in_layer("mart")]
    files = [p for folder in inputs for p in sorted(folder.glob("*.parquet"))]
    with builder.connect() as con:
        for path in files:
            builder.attach(con, path.stem, [path])
        if held.FILE not in {p.stem for p in files}:
            builder.load(con, held.FILE, held.frame([]))
        builder.attach_registry(con)
        rows = builder.build(con, "pipelines.marts", names)
        save(con, names, out)
    return rows
