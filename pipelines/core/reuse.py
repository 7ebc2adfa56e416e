"""Results of pure functions on slices of counties, kept under the hash of everything that makes them: the rows they see, the
function and its parameters, the code and the libraries. What is there is not computed again. An entry appears by a rename,
so that a killed refresh leaves a whole one or none; one that cannot be read is computed anew."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import polars as pl
from polars.exceptions import PolarsError

from pipelines.core.engine import Tables
from pipelines.core.hashes import table_hash
from pipelines.core.slices import Run
from pipelines.failpoint import failpoint

LIBRARIES: Final = ("duckdb", "llvmlite", "numba", "numpy", "polars", "scipy")
_PLAIN: Final = (str, int, float, bool, type(None))


class Remembered:
    """A `Run` that looks into `folder` first. `made_by` names the code (and whatever else no slice shows); `reused` and
    `computed` count slices."""

    def __init__(self, folder: Path, run: Run, made_by: str) -> None:
        self.folder, self.run, self.made_by = folder, run, made_by
        self.reused = self.computed = 0

    def __call__(self, work: Callable[[Tables], Tables], slices: Sequence[Tables], /) -> Iterator[Tables]:
        keys = [key(work, tables, self.made_by) for tables in slices]
        missing = [i for i, k in enumerate(keys) if not (self.folder / k).is_dir()]
        fresh = self.run(work, [slices[i] for i in missing])
        for i, name in enumerate(keys):
            entry = self.folder / name
            if i in missing:
                self.computed += 1
                yield _kept(entry, next(fresh))
            else:
                self.reused += 1
                yield _read(entry) or _kept(entry, next(iter(self.run(work, [slices[i]]))))


@dataclass(frozen=True)
class Store:
    """The folder of entries, and how many bytes of them may stay."""

    folder: Path
    limit: int

    def around(self, run: Run, made_by: str) -> Remembered:
        """`run`, remembering."""
        return Remembered(self.folder, run, made_by)

    def prune(self) -> list[str]:
        """Remove what killed refreshes left half-written, then the entries longest unused beyond the limit. Returns names."""
        entries = list(self.folder.iterdir()) if self.folder.is_dir() else []
        gone = [p for p in entries if p.name.startswith(".")]
        left = self.limit
        for entry in sorted((p for p in entries if p not in gone), key=lambda p: p.stat().st_mtime, reverse=True):
            left -= sum(p.stat().st_size for p in entry.iterdir())
            if left < 0:
                gone.append(entry)
        for entry in gone:
            shutil.rmtree(entry, ignore_errors=True)
        return [p.name for p in gone]


def key(work: Callable[[Tables], Tables], tables: Tables, made_by: str) -> str:
    """The name of an entry. Raises TypeError for a function bound to anything but plain values."""
    parts = (made_by, _libraries(), _named(work), sorted((name, table_hash(frame)) for name, frame in tables.items()))
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _named(work: Callable[..., Any]) -> tuple[object, ...]:
    if not isinstance(work, partial):
        return work.__module__, work.__qualname__
    bound = (*work.args, *work.keywords.values())
    if not all(isinstance(value, _PLAIN) for value in bound):
        raise TypeError(f"{work}: only plain values can be part of a key")
    return *_named(work.func), work.args, sorted(work.keywords.items())


def _libraries() -> list[tuple[str, str]]:
    return [(name, _version(name)) for name in LIBRARIES]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _read(entry: Path) -> Tables | None:
    """The tables of an entry, marked as used; None (and the entry gone) when it cannot be read."""
    try:
        os.utime(entry)
        return {p.stem: pl.read_parquet(p) for p in sorted(entry.glob("*.parquet"))}
    except (OSError, PolarsError):
        shutil.rmtree(entry, ignore_errors=True)
        return None


def _kept(entry: Path, tables: Tables) -> Tables:
    scratch = entry.with_name(f".{entry.name}")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    for name, frame in tables.items():
        frame.write_parquet(scratch / f"{name}.parquet")
    failpoint("reuse.written")
    shutil.rmtree(entry, ignore_errors=True)
    scratch.rename(entry)
    return tables
