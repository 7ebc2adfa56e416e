"""The register that retention never prunes: one line a release with its inputs, seed and method, and its forecast tables beside
it under the name of their content, so that last year's forecast stays answerable (`desk.past` reads it)."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from pipelines.core.hashes import file_hash
from pipelines.desk import past
from pipelines.settings import Settings

MANIFEST = "datapackage.json"
_DIGITS = 16  # of the hash in a file's name


def entries(settings: Settings) -> list[dict[str, Any]]:
    """Every entry of the register, oldest first. A line torn by a killed process is left out."""
    return past.entries(settings.marts)


def known_ids(settings: Settings) -> set[str]:
    """The releases in the register."""
    return {str(e["release_id"]) for e in entries(settings)}


def remember(settings: Settings, folder: Path) -> None:
    """Keep the forecast of a release and append its line: who it is, its inputs, and the file of each forecast table."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    append(
        settings,
        {
            "release_id": folder.name,
            **manifest.get("release", {}),
            "inputs": manifest.get("inputs"),
            "forecast": _kept(settings, folder),
        },
    )


def append(settings: Settings, entry: dict[str, object]) -> None:
    """Append one JSON line, after a line that a killed process tore."""
    path = settings.marts / past.REGISTER
    torn = path.exists() and not path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8") as handle:
        handle.write("\n" * torn + json.dumps(entry, ensure_ascii=False, sort_keys=True) + "\n")
        handle.flush()
        os.fsync(handle.fileno())


def _kept(settings: Settings, folder: Path) -> dict[str, str]:
    """Copy the forecast tables into the register; one that it has already, to the byte, is not copied again."""
    place, found = settings.marts / past.KEPT, {}
    place.mkdir(parents=True, exist_ok=True)
    for table in past.TABLES:
        source = folder / "parquet" / f"{table}.parquet"
        if not source.exists():
            continue
        found[table] = f"{table}-{file_hash(source)[:_DIGITS]}.parquet"
        if not (place / found[table]).exists():
            fresh = place / f".{found[table]}.new"
            shutil.copyfile(source, fresh)
            fresh.replace(place / found[table])
    return found
