"""Keeps what is staged: for all counties together one Parquet file a table, with the content hash of every county, so that
unchanged counties are not read again and a damaged one keeps its last good rows. Says what a release is made from, in one hash."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import polars as pl
from polars.exceptions import PolarsError

from pipelines import registry
from pipelines.failpoint import failpoint
from pipelines.ingest.folder import (
    content_hash,
    known_hash,
    read_county,
    read_reference,
    recall_folders,
    seen_folders,
)
from pipelines.ingest.problems import InputError, Problem
from pipelines.ingest.reader import ROW
from pipelines.settings import PROJECT, Settings
from pipelines.staging import held
from pipelines.staging.county import Frames, Tables, frames, staged, write
from pipelines.staging.held import HeldBack

CURRENT = "CURRENT"
INDEX = "index.json"
ACCEPTED = "accepted_changes.csv"
REFERENCE = "reference"
CONTENT = ("seed", "change_factor", "notebooks", "engine", "site_counties", "site_pinned")
"""Settings that change a release."""
BOOKS = 40  # counties held back in one refresh whose clerks get workbooks; all get problems.json, and `minzheng validate` tells the same
_CHUNK = 40  # counties that one worker reads in one go; fewer are read in this process

Problems = dict[str, list[Problem]]
_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Staged:
    """Whose rows are staged, the content hash of the raw data they were made from, the folder of tables in which they lie
    among the rows of others, and whether they were there already."""

    name: str
    input_hash: str
    folder: Path
    unchanged: bool


def stage_counties(settings: Settings, codes: Iterable[str]) -> list[Staged | HeldBack]:
    """Stage counties whose raw folder is not staged as it lies there. A damaged one is held back: its last good rows stay,
    its clerk gets files; so is one with two folders. Rows of counties without a raw folder go. Raises KeyError for an unknown code."""
    folders = settings.county_folders()
    chosen, twins = {code: folders[code] for code in codes}, settings.county_twins()
    single = {code: folder for code, folder in chosen.items() if code not in twins}
    read, problems = _stage(_counties(settings), single, set(folders), _read_counties)
    problems |= {
        code: [Problem(p.name, 0, "", "", "county_twice") for p in twins[code]] for code in chosen.keys() & twins
    }
    for n, (code, found) in enumerate(problems.items()):
        held.hold_back(settings, code, folders[code], known_hash(folders[code]), found, books=n < BOOKS)
    for code in chosen.keys() - problems.keys():
        held.release(settings, code)
    staged = {s.name: s for s in staged_counties(settings)}
    held_now = {code: _held(settings, code, folders[code], staged) for code in problems}
    return [held_now.get(code) or _as_read(staged[code], read) for code in chosen]


def stage_reference(settings: Settings) -> Staged:
    """Stage raw/reference. Raises InputError."""
    home = settings.staging / REFERENCE
    read, problems = _stage(home, {REFERENCE: settings.raw / REFERENCE}, {REFERENCE}, _read_reference)
    if problems:
        raise InputError(problems[REFERENCE])
    return _as_read(_staged(home)[REFERENCE], read)


def current(settings: Settings, name: str) -> Staged:
    """What is staged now for a county code or ``reference``. Raises FileNotFoundError when nothing is."""
    home = settings.staging / REFERENCE if name == REFERENCE else _counties(settings)
    staged = _staged(home).get(name)
    if staged is None:
        raise FileNotFoundError(home / name)
    return staged


def staged_counties(settings: Settings) -> list[Staged]:
    """Every staged county whose raw folder still exists, by code."""
    staged = _staged(_counties(settings))
    return [staged[code] for code in settings.county_folders() if code in staged]


def tables(settings: Settings) -> list[Path]:
    """The folders that hold the staged tables of the counties: one, or none before anything is staged."""
    return sorted({s.folder for s in staged_counties(settings)})


def held_back(settings: Settings) -> list[HeldBack]:
    """Counties whose raw folder was refused when it was last read, by code."""
    refused = held.codes(settings)
    used = {s.name: s for s in staged_counties(settings)} if refused else {}
    folders = settings.county_folders() if refused else {}
    found = [_held(settings, code, raw, used) for code, raw in folders.items() if code in refused]
    return [h for h in found if h]


def publishable(settings: Settings) -> list[Staged]:
    """The counties of the next release. Raises InputError with every problem when not one of them is in order."""
    damaged = held_back(settings)
    staged = staged_counties(settings)
    if not {s.name for s in staged} - {h.name for h in damaged}:
        raise InputError([p for h in damaged for p in h.problems] or [Problem("raw", 0, "", "", "missing_file")])
    return staged


def recall(settings: Settings) -> None:
    """Know the raw folders as the last refresh of this code read them. Without it, or if it cannot be read, each is read again."""
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        kept = json.loads(_seen(settings).read_text(encoding="utf-8"))
        if kept["code"] == _staging_code_hash():
            recall_folders(kept["folders"])


def remember(settings: Settings) -> None:
    """Keep what `recall` needs of the raw folders that there are."""
    here = {str(f) for f in (*settings.county_folders().values(), settings.raw / REFERENCE)}
    kept = {"code": _staging_code_hash(), "folders": {f: seen for f, seen in seen_folders().items() if f in here}}
    fresh = _seen(settings).with_name(f".{_seen(settings).name}")
    with suppress(OSError):  # it only saves time
        fresh.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(kept), encoding="utf-8")
        fresh.replace(_seen(settings))


def forget(settings: Settings) -> None:
    """Have every raw folder read again."""
    _seen(settings).unlink(missing_ok=True)


def _seen(settings: Settings) -> Path:
    return settings.staging / "seen.json"


def unchanged(settings: Settings) -> list[str]:
    """Counties that need not be read again: what is staged was made from what lies in raw/, by this code."""
    known = _index(_counties(settings))[1]
    return [code for code, raw in settings.county_folders().items() if known.get(code) == _state(known_hash(raw))]


def inputs_now(settings: Settings) -> dict[str, str]:
    """Content hash by raw folder (and of the acceptance file) as they lie on disk now."""
    folders = (*settings.county_folders().values(), settings.raw / "reference")
    return {f.name: known_hash(f) for f in folders} | _copies(settings) | _accepted(settings)


def inputs_used(settings: Settings) -> dict[str, str]:
    """The same for the raw data that the next release is made from: what is staged."""
    folders = settings.county_folders()
    counties = {folders[s.name].name: s.input_hash for s in staged_counties(settings)}
    return counties | {"reference": current(settings, "reference").input_hash} | _accepted(settings)


def inputs_read(settings: Settings) -> dict[str, str]:
    """The same for the raw data that were last read, refused ones included: equal to `inputs_now` unless files changed."""
    return inputs_used(settings) | _copies(settings) | {h.folder.name: h.input_hash for h in held_back(settings)}


def inputs_hash(settings: Settings, inputs: dict[str, str]) -> str:
    """One hash over inputs, what stands in for refused ones, this package, expectations (those beside other raw data too),
    notebooks and settings that change content: equal hash, equal release content."""
    refused = {h.folder.name: h for h in held_back(settings)}
    stand_in = {n: refused[n].used for n, d in inputs.items() if n in refused and refused[n].input_hash == d}
    chosen = [getattr(settings, name) for name in CONTENT]
    counted = _hashed(settings.row_counts)
    parts = (code_hash(), sorted(inputs.items()), sorted(stand_in.items()), chosen, counted)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def fingerprint(inputs: dict[str, str]) -> str:
    """One hash over inputs alone."""
    return hashlib.sha256(repr(sorted(inputs.items())).encode()).hexdigest()


@cache
def code_hash() -> str:
    """`code_now` when this process first asked."""
    return code_now()


def code_stands() -> bool:
    """Whether the code on disk is still that of `code_hash`; false while a file is being replaced, too."""
    try:
        return code_now() == code_hash()
    except OSError:
        return False


def code_now() -> str:
    """One hash over everything in this checkout that makes content: package, expectations, notebooks."""
    package = Path(registry.__file__).parent.parent
    return "".join(_hash_of(part) for part in (package, PROJECT / "expectations", PROJECT / "notebooks"))


def _copies(settings: Settings) -> dict[str, str]:
    """Further folders of counties that have several: their coming and going is a change."""
    return {f.name: known_hash(f) for folders in settings.county_twins().values() for f in folders[1:]}


def _accepted(settings: Settings) -> dict[str, str]:
    digest = _hashed(settings.raw / ACCEPTED)
    return {ACCEPTED: digest} if digest else {}


def _hashed(path: Path) -> str:
    """The hash of a file, empty without one."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _counties(settings: Settings) -> Path:
    return settings.staging / "counties"


def _held(settings: Settings, code: str, raw: Path, staged: dict[str, Staged]) -> HeldBack | None:
    return held.find(settings, code, raw, staged[code].input_hash if code in staged else "")


def _as_read(staged: Staged, read: set[str]) -> Staged:
    return Staged(staged.name, staged.input_hash, staged.folder, staged.name not in read)


def _stage(home: Path, raw: dict[str, Path], present: set[str], build: Build) -> tuple[set[str], Problems]:
    """Bring the tables in `home` up to date with raw folders, by name; rows of names that are not `present` go. Returns what
    was read anew and the problems of what was refused."""
    folder, known = _index(home)
    hashes = {name: known_hash(path) for name, path in raw.items()}
    failpoint("raw.hashed")
    stale = [(name, raw[name], digest) for name, digest in hashes.items() if known.get(name) != _state(digest)]
    fresh, problems = build(stale)
    failpoint("staging.read")
    read = {name for name, _, _ in stale} - problems.keys()
    index = {n: s for n, s in known.items() if n in present} | {n: _state(hashes[n]) for n in read}
    if index != known:
        gone = read | (known.keys() - present)
        stays = folder if known.keys() - gone else None
        _replace(home, _kept(stays, gone, fresh), index)
    return read, problems


Build = Callable[[list[tuple[str, Path, str]]], tuple[Frames, Problems]]
"""Reads raw folders (name, path, content hash) → the staged tables of those in order, the problems of the others by name."""


def _kept(folder: Path | None, gone: set[str], fresh: Frames) -> dict[str, pl.DataFrame | Path]:
    """The tables with new rows in the place of those of `gone`, in the order of counties; the file of a table whose new rows
    are those that it holds."""
    files = {p.stem: p for p in folder.glob("*.parquet")} if folder else {}
    names = sorted(files.keys() | fresh.keys())
    return {name: _merged(files.get(name), gone, fresh.get(name)) for name in names}


def _merged(file: Path | None, gone: set[str], fresh: pl.DataFrame | None) -> pl.DataFrame | Path:
    old = None if file is None else pl.read_parquet(file)
    if old is None or "county_code" not in old.columns:
        rows = [f for f in (old, fresh) if f is not None][-1:]
    else:
        replaced = pl.col("county_code").is_in(list(gone))
        before = old.filter(replaced)
        if file and (before.is_empty() if fresh is None else before.equals(fresh)):
            return file
        rows = [old.filter(~replaced), *([] if fresh is None else [fresh])]
    merged = pl.concat(rows, how="diagonal_relaxed")
    return merged.sort("county_code", maintain_order=True) if "county_code" in merged.columns else merged


def _replace(home: Path, content: dict[str, pl.DataFrame | Path], index: dict[str, list[str]]) -> None:
    """Write tables and index into a folder named by their index, then point at it; nobody sees them half-written."""
    name = hashlib.sha256(json.dumps(index, sort_keys=True).encode()).hexdigest()[:16]
    folder, scratch = home / name, home / f".{name}"
    if not folder.exists():
        shutil.rmtree(scratch, ignore_errors=True)
        write({n: table for n, table in content.items() if isinstance(table, pl.DataFrame)}, scratch)
        for table in content.values():
            if isinstance(table, Path):
                linked(table, scratch / table.name)
        (scratch / INDEX).write_text(json.dumps(index), encoding="utf-8")
        failpoint("staging.written")
        scratch.rename(folder)
        failpoint("staging.renamed")
    pointer = home / f".{CURRENT}"
    pointer.write_text(name, encoding="utf-8")
    pointer.replace(home / CURRENT)
    failpoint("staging.pointed")
    for old in home.iterdir():
        if old.is_dir() and old != folder:
            shutil.rmtree(old, ignore_errors=True)


def linked(file: Path, to: Path) -> None:
    """The same file under a second name; a copy where the system has no such links."""
    try:
        os.link(file, to)
    except OSError:
        shutil.copy2(file, to)


def _index(home: Path) -> tuple[Path | None, dict[str, list[str]]]:
    """The folder of the staged tables, and by name the state (digest, content hash) of what they were made from; none when
    the pointer names nothing that this version of the code has written."""
    pointer = home / CURRENT
    folder = home / pointer.read_text(encoding="utf-8") if pointer.exists() else home
    if not (folder / INDEX).is_file():
        return None, {}
    return folder, json.loads((folder / INDEX).read_text(encoding="utf-8"))


def _staged(home: Path) -> dict[str, Staged]:
    folder, known = _index(home)
    return {name: Staged(name, digest, folder, True) for name, (_, digest) in known.items()} if folder else {}


def _read_counties(stale: list[tuple[str, Path, str]]) -> tuple[Frames, Problems]:
    """County folders → staged tables; many of them in as many processes as there are processors."""
    chunks = [stale[i : i + _CHUNK] for i in range(0, len(stale), _CHUNK)]
    if len(chunks) <= 1:
        parts = [_read_chunk(c) for c in chunks]
    else:
        threads = os.environ.get("POLARS_MAX_THREADS")
        os.environ["POLARS_MAX_THREADS"] = "1"  # read by the workers when they start: one thread each is fastest
        try:
            spawned = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
            with ProcessPoolExecutor(os.cpu_count(), mp_context=spawned) as workers:
                parts = list(workers.map(_read_chunk, chunks))
        finally:
            os.environ.pop("POLARS_MAX_THREADS")
            os.environ.update({"POLARS_MAX_THREADS": threads} if threads else {})
    return _together(f for f, _ in parts), {name: p for _, problems in parts for name, p in problems.items()}


def _read_chunk(stale: list[tuple[str, Path, str]]) -> tuple[Frames, Problems]:
    read: list[Tables] = []
    problems: Problems = {}
    for name, raw, digest in stale:
        try:
            tables = _built(raw, lambda path: staged(read_county(path)), digest)
        except InputError as error:
            problems[name] = error.problems
        else:
            read.append(tables)
    return frames(read), problems


def _read_reference(stale: list[tuple[str, Path, str]]) -> tuple[Frames, Problems]:
    for name, raw, digest in stale:
        try:
            return _built(raw, lambda path: {n: f.drop(ROW) for n, f in read_reference(path).items()}, digest), {}
        except InputError as error:
            return {}, {name: error.problems}
    return {}, {}


def _together(parts: Iterable[Frames]) -> Frames:
    tables = defaultdict(list)
    for part in parts:
        for name, frame in part.items():
            tables[name].append(frame)
    return {name: pl.concat(frames, how="diagonal_relaxed") for name, frames in tables.items()}


def _built(raw: Path, build: Callable[[Path], _Made], digest: str) -> _Made:
    """What is made of a raw folder. What nobody foresaw about its data is a problem of that folder too, not of the others."""
    try:
        made = build(raw)
    except InputError:
        raise
    except (ValueError, TypeError, LookupError, ArithmeticError, PolarsError) as error:
        raise InputError(
            [Problem(raw.name, 0, "", f"{type(error).__name__}: {error}"[:200], "cannot_stage")]
        ) from error
    if content_hash(raw) != digest:
        raise InputError([Problem(raw.name, 0, "", "", "changed_while_read")])
    return made


def _state(input_hash: str) -> list[str]:
    """What decides whether a folder must be read again: its content and the code that reads it."""
    return [_digest(input_hash), input_hash]


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
