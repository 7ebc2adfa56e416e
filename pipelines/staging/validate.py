"""Checks a county folder or one file before it goes in, with every problem named; nothing is written."""

from __future__ import annotations

from pathlib import Path

from pipelines import registry
from pipelines.ingest.contract import typed
from pipelines.ingest.folder import read_county, read_reference, table_of
from pipelines.ingest.problems import InputError, Problem
from pipelines.ingest.reader import ROW, read_cells
from pipelines.staging.county import actual_problems, stage


def validate(path: Path) -> list[Problem]:
    """Problems of a county folder, of raw/reference, or of one raw file by its name; empty when it may go in."""
    if not path.exists():
        return [Problem(path.name, 0, "", str(path), "missing_file")]
    try:
        if path.is_dir():
            if path.name == "reference":
                read_reference(path)
            else:
                stage(read_county(path))
            return []
        return _file(path)
    except InputError as error:
        return error.problems


def _file(path: Path) -> list[Problem]:
    name = table_of(path)
    if name is None:
        known = ", ".join(t.name for t in registry.in_layer("raw"))
        return [
            Problem(
                path.name,
                0,
                "",
                path.name,
                "unreadable",
                f"文件名须为 {known}",
                f"the file name must be one of {known}",
            )
        ]
    frame = typed(read_cells(path, name), name, path.name)
    if name == "actuals":
        return [p for row in frame.iter_rows(named=True) for p in actual_problems(row, path.name, int(row[ROW]))]
    return []
