"""The register that retention never prunes: one line a release with its inputs, seed and method, and its forecast tables beside
it, province by province under the name of their content, so that last year's forecast stays answerable (`desk.past` reads it)
and a country with a release a day stays small: what did not change is kept once."""

from __future__ import annotations

import json
import os
from itertools import accumulate
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.core.hashes import table_hash
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
    """Keep the forecast of a release and append its line: who it is, its inputs, and the files of its forecast tables."""
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


def _kept(settings: Settings, folder: Path) -> dict[str, list[str]]:
    """Table → the files of its provinces in the register; rows that it has already are not written again."""
    place = settings.marts / past.KEPT
    place.mkdir(parents=True, exist_ok=True)
    sources = {table: folder / "parquet" / f"{table}.parquet" for table in past.TABLES}
    return {
        table: [_stored(place, table, rows) for rows in _provinces(pl.read_parquet(source))]
        for table, source in sources.items()
        if source.exists()
    }


def _provinces(table: pl.DataFrame) -> list[pl.DataFrame]:
    """A table, whose rows are in the order of county codes, cut by province; the table itself when it has no counties or rows."""
    if "county_code" not in table.columns or table.is_empty():
        return [table]
    lengths = table["county_code"].str.head(2).rle().struct.field("len").to_list()
    return [table.slice(start, rows) for start, rows in zip(accumulate([0, *lengths]), lengths, strict=False)]


def _stored(place: Path, table: str, rows: pl.DataFrame) -> str:
    """The file of these rows, written unless it is there."""
    name = f"{table}-{table_hash(rows)[:_DIGITS]}.parquet"
    if not (place / name).exists():
        fresh = place / f".{name}.new"
        rows.write_parquet(fresh)
        fresh.replace(place / name)
    return name
