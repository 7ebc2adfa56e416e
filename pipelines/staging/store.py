"""Keeps staged counties on disk, one folder per content hash, so that unchanged counties are not read again and a damaged one
keeps its last good data. Says what a release is made from, in one hash."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from polars.exceptions import PolarsError

from pipelines import registry
from pipelines.failpoint import failpoint
from pipelines.ingest.folder import content_hash, read_county, read_reference
from pipelines.ingest.problems import InputError, Problem
from pipelines.ingest.reader import ROW
from pipelines.settings import PROJECT, Settings
from pipelines.staging import held
from pipelines.staging.county import Frames, stage, write
from pipelines.staging.held import HeldBack

CURRENT = "CURRENT"
ACCEPTED = "accepted_changes.csv"


@dataclass(frozen=True)
class Staged:
    """A staged folder: whose it is, the content hash of the raw data it was made from, where it lies, and whether it was
    there already."""

    name: str
    input_hash: str
    folder: Path
    unchanged: bool


def stage_county(settings: Settings, code: str) -> Staged:
    """Stage one county unless its content hash is staged already. Raises InputError; KeyError for an unknown code."""
    raw = settings.county_folders()[code]
    return _stage(settings, code, raw, lambda: stage(read_county(raw)))


def stage_reference(settings: Settings) -> Staged:
    """Stage raw/reference. Raises InputError."""
    raw = settings.raw / "reference"
    return _stage(settings, "reference", raw, lambda: {n: f.drop(ROW) for n, f in read_reference(raw).items()})


def stage_or_hold(settings: Settings, code: str) -> Staged | HeldBack:
    """Stage one county; when its raw folder is damaged hold it back: its last good staging stays, its clerk gets files."""
    raw = settings.county_folders()[code]
    attempted = content_hash(raw)
    try:
        staged = stage_county(settings, code)
    except InputError as error:
        held.hold_back(settings, code, raw, attempted, error.problems)
        return next(h for h in held_back(settings) if h.name == code)
    held.release(settings, code)
    return staged


def current(settings: Settings, name: str) -> Staged:
    """What is staged now for a county code or ``reference``. Raises FileNotFoundError when nothing is."""
    home = settings.staging / name
    digest, _, input_hash = (home / CURRENT).read_text(encoding="utf-8").partition(" ")
    return Staged(name, input_hash.strip(), home / digest[:16], True)


def staged_counties(settings: Settings) -> list[Staged]:
    """Every staged county whose raw folder still exists, by code."""
    return [
        current(settings, code) for code in settings.county_folders() if (settings.staging / code / CURRENT).exists()
    ]


def held_back(settings: Settings) -> list[HeldBack]:
    """Counties whose raw folder was refused when it was last read, by code."""
    used = {s.name: s.input_hash for s in staged_counties(settings)}
    found = [held.find(settings, code, raw, used.get(code, "")) for code, raw in settings.county_folders().items()]
    return [h for h in found if h]


def publishable(settings: Settings) -> list[Staged]:
    """The counties of the next release. Raises InputError with every problem when not one of them is in order."""
    damaged = held_back(settings)
    staged = staged_counties(settings)
    if not {s.name for s in staged} - {h.name for h in damaged}:
        raise InputError([p for h in damaged for p in h.problems] or [Problem("raw", 0, "", "", "missing_file")])
    return staged


def unchanged(settings: Settings) -> list[str]:
    """Counties that need not be read again: what is staged was made from what lies in raw/, by this code."""
    return [
        code for code, raw in settings.county_folders().items()
        if _pointer(settings, code) == (_digest(content_hash(raw)), content_hash(raw))
    ]  # fmt: skip


def inputs_now(settings: Settings) -> dict[str, str]:
    """Content hash by raw folder (and of the acceptance file) as they lie on disk now."""
    folders = (*settings.county_folders().values(), settings.raw / "reference")
    return {f.name: content_hash(f) for f in folders} | _accepted(settings)


def inputs_used(settings: Settings) -> dict[str, str]:
    """The same for the raw data that the next release is made from: what is staged."""
    folders = settings.county_folders()
    counties = {folders[s.name].name: s.input_hash for s in staged_counties(settings)}
    return counties | {"reference": current(settings, "reference").input_hash} | _accepted(settings)


def inputs_read(settings: Settings) -> dict[str, str]:
    """The same for the raw data that were last read, refused ones included: equal to `inputs_now` unless files changed."""
    return inputs_used(settings) | {h.folder.name: h.input_hash for h in held_back(settings)}


def inputs_hash(settings: Settings, inputs: dict[str, str]) -> str:
    """One hash over inputs, what stands in for refused ones, this package, expectations, notebooks and settings that change
    content: equal hash, equal release content."""
    refused = {h.folder.name: h for h in held_back(settings)}
    stand_in = {n: refused[n].used for n, d in inputs.items() if n in refused and refused[n].input_hash == d}
    chosen = (settings.seed, settings.change_factor, settings.notebooks, settings.engine)
    parts = (code_hash(), sorted(inputs.items()), sorted(stand_in.items()), chosen)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def fingerprint(inputs: dict[str, str]) -> str:
    """One hash over inputs alone."""
    return hashlib.sha256(repr(sorted(inputs.items())).encode()).hexdigest()


@cache
def code_hash() -> str:
    """One hash over everything in this checkout that makes content: package, expectations, notebooks."""
    package = Path(registry.__file__).parent.parent
    return "".join(_hash_of(part) for part in (package, PROJECT / "expectations", PROJECT / "notebooks"))


def _accepted(settings: Settings) -> dict[str, str]:
    path = settings.raw / ACCEPTED
    return {ACCEPTED: hashlib.sha256(path.read_bytes()).hexdigest()} if path.is_file() else {}


def _stage(settings: Settings, name: str, raw: Path, build: Callable[[], Frames]) -> Staged:
    input_hash = content_hash(raw)
    failpoint("raw.hashed")
    digest = _digest(input_hash)
    home = settings.staging / name
    folder = home / digest[:16]
    known = folder.exists()
    if not known:
        frames = _built(raw, build)
        failpoint("staging.read")
        if content_hash(raw) != input_hash:
            raise InputError([Problem(raw.name, 0, "", "", "changed_while_read")])
        scratch = home / f".{digest[:16]}"
        shutil.rmtree(scratch, ignore_errors=True)
        write(frames, scratch)
        failpoint("staging.written")
        scratch.rename(folder)
        failpoint("staging.renamed")
    pointer = home / f".{CURRENT}"
    pointer.write_text(f"{digest} {input_hash}", encoding="utf-8")
    pointer.replace(home / CURRENT)
    failpoint("staging.pointed")
    for old in home.iterdir():
        if old.is_dir() and old != folder:
            shutil.rmtree(old, ignore_errors=True)
    return Staged(name, input_hash, folder, known)


def _built(raw: Path, build: Callable[[], Frames]) -> Frames:
    """Frames of a raw folder. What nobody foresaw about its data is a problem of that folder too, not of the others."""
    try:
        return build()
    except InputError:
        raise
    except (ValueError, TypeError, LookupError, ArithmeticError, PolarsError) as error:
        raise InputError(
            [Problem(raw.name, 0, "", f"{type(error).__name__}: {error}"[:200], "cannot_stage")]
        ) from error


def _pointer(settings: Settings, name: str) -> tuple[str, str]:
    path = settings.staging / name / CURRENT
    digest, _, input_hash = path.read_text(encoding="utf-8").partition(" ") if path.exists() else ("", "", "")
    return digest, input_hash


def _digest(input_hash: str) -> str:
    return hashlib.sha256((input_hash + _staging_code_hash()).encode()).hexdigest()


@cache
def _staging_code_hash() -> str:
    package = Path(registry.__file__).parent.parent
    return "".join(_hash_of(package / part) for part in ("registry", "ingest", "staging"))


def _hash_of(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(
        p for p in folder.rglob("*") if p.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(p.parts)
    ):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
