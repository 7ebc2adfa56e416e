"""Builds the mart tables from core, forecast and evaluation Parquet, on the engine given, and writes them as ordered
Parquet."""

from __future__ import annotations

from pathlib import Path

from pipelines import registry
from pipelines.core.duck import DUCKDB
from pipelines.core.engine import Engine, Inputs, Saved, registry_frames, unheard
from pipelines.staging import held


def build_marts(inputs: list[Path], out: Path, engine: Engine = DUCKDB, saved: Saved = unheard) -> dict[str, int]:
    """All mart tables from every ``<table>.parquet`` of the input folders → ``out``; `saved` hears of each. Returns rows per table. Without a
    ``held_back.parquet`` no county is held back."""
    names = [t.name for t in registry.in_layer("mart")]
    files = {p.stem: [p] for folder in inputs for p in sorted(folder.glob("*.parquet"))}
    nobody = {} if held.FILE in files else {held.FILE: held.frame([])}
    return engine.build(Inputs(files, {**registry_frames(), **nobody}), "pipelines.marts", names, out, saved)
