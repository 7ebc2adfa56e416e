"""Builds the core tables from what is staged, on the engine given, and writes them as ordered Parquet."""

from __future__ import annotations

from pathlib import Path

from pipelines import registry
from pipelines.core.duck import DUCKDB
from pipelines.core.engine import Engine, Inputs, registry_frames


def build_core(staged: list[Path], reference: Path, out: Path, engine: Engine = DUCKDB) -> dict[str, int]:
    """All core tables → ``out/<table>.parquet``. Returns rows per table. Raises BuildError."""
    names = [t.name for t in registry.in_layer("core")]
    return engine.build(staged_inputs(staged, reference), "pipelines.core", names, out)


def staged_inputs(staged: list[Path], reference: Path) -> Inputs:
    """``stg_<table>`` over the staging Parquet of all counties and of the reference folder, and ``reg_*``."""
    names = sorted({p.stem for f in staged for p in f.glob("*.parquet")})
    counties = {f"stg_{name}": [f / f"{name}.parquet" for f in staged] for name in names}
    shared = {f"stg_{p.stem}": [p] for p in reference.glob("*.parquet")}
    return Inputs({**counties, **shared}, registry_frames())
