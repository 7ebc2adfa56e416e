"""Keeps staged counties on disk, one folder per content hash, so that unchanged counties are not read again."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipelines import registry
from pipelines.ingest.folder import content_hash, read_county, read_reference
from pipelines.ingest.reader import ROW
from pipelines.settings import Settings
from pipelines.staging.county import stage, write

CURRENT = "CURRENT"


@dataclass(frozen=True)
class Staged:
    """A staged folder: whose it is, the hash of its input, where it lies, and whether it was there already."""

    name: str
    input_hash: str
    folder: Path
    unchanged: bool


def stage_county(settings: Settings, code: str) -> Staged:
    """Stage one county unless its content hash is staged already. Raises InputError; KeyError for an unknown code."""
    raw = settings.county_folders()[code]
    return _stage(settings, code, raw, lambda out: write(stage(read_county(raw)), out))


def stage_reference(settings: Settings) -> Staged:
    """Stage raw/reference. Raises InputError."""

    def build(out: Path) -> None:
        write({n: f.drop(ROW) for n, f in read_reference(settings.raw / "reference").items()}, out)

    return _stage(settings, "reference", settings.raw / "reference", build)


def current(settings: Settings, name: str) -> Staged:
    """What is staged now for a county code or ``reference``. Raises FileNotFoundError when nothing is."""
    home = settings.staging / name
    digest = (home / CURRENT).read_text(encoding="utf-8").strip()
    return Staged(name, digest, home / digest[:16], True)


def staged_counties(settings: Settings) -> list[Staged]:
    """Every staged county whose raw folder still exists, by code."""
    return [
        current(settings, code) for code in settings.county_folders() if (settings.staging / code / CURRENT).exists()
    ]


def inputs_hash(settings: Settings) -> str:
    """One hash over all raw folders and this package: equal hash, equal release content."""
    digest = hashlib.sha256(_code_hash().encode())
    for folder in (*settings.county_folders().values(), settings.raw / "reference"):
        digest.update(folder.name.encode())
        digest.update(content_hash(folder).encode())
    return digest.hexdigest()


def _stage(settings: Settings, name: str, raw: Path, build: Callable[[Path], None]) -> Staged:
    digest = hashlib.sha256((content_hash(raw) + _staging_code_hash()).encode()).hexdigest()
    home = settings.staging / name
    folder = home / digest[:16]
    known = folder.exists()
    if not known:
        scratch = home / f".{digest[:16]}"
        shutil.rmtree(scratch, ignore_errors=True)
        build(scratch)
        scratch.rename(folder)
    pointer = home / f".{CURRENT}"
    pointer.write_text(digest, encoding="utf-8")
    pointer.replace(home / CURRENT)
    for old in home.iterdir():
        if old.is_dir() and old != folder:
            shutil.rmtree(old, ignore_errors=True)
    return Staged(name, digest, folder, known)


@cache
def _code_hash() -> str:
    return _hash_of(Path(registry.__file__).parent.parent)


@cache
def _staging_code_hash() -> str:
    package = Path(registry.__file__).parent.parent
    return "".join(_hash_of(package / part) for part in ("registry", "ingest", "staging"))


def _hash_of(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
