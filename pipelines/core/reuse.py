"""Results of pure functions on slices of counties, kept under the hash of everything that makes them: the rows they see, the
function and its parameters, the code, Python and the libraries. What is there is not computed again. An entry appears and goes
by a rename, so that a killed refresh leaves a whole one or none; one that cannot be read whole is computed anew."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
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

LIBRARIES: Final = ("duckdb", "llvmlite", "numba", "numpy", "polars", "pyarrow", "pyspark", "scipy")
SWITCHES: Final = ("MINZHENG_NO_NUMBA", "NUMBA_DISABLE_JIT", "OPENBLAS_NUM_THREADS")
"""Environment variables that change last digits."""
TABLES: Final = "tables.json"  # the names of an entry's tables
AT_ONCE: Final = 2  # slices whose keys are made
_PLAIN: Final = (str, int, float, bool, type(None))


class Remembered:
    """A `Run` that looks into `folder` first. `made_by` names the code (and whatever else no slice shows); nothing is kept once
    that is not `true` any more. `reused` and `computed` count slices."""

    def __init__(self, folder: Path, run: Run, made_by: str, true: Callable[[], bool]) -> None:
        self.folder, self.run, self.made_by, self.true = folder, run, made_by, true
        self.reused = self.computed = 0

    def __call__(self, work: Callable[[Tables], Tables], slices: Sequence[Tables], /) -> Iterator[Tables]:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            made_by = self.made_by, *environment()
            keys = list(threads.map(lambda tables: key(work, tables, made_by), slices))
        missing = [i for i, k in enumerate(keys) if not (self.folder / k).is_dir()]
        fresh = self.run(work, [slices[i] for i in missing])
        for i, name in enumerate(keys):
            found = None if i in missing else _read(self.folder / name)
            if found is None:
                made = next(fresh if i in missing else iter(self.run(work, [slices[i]])))
                if self.true():
                    _keep(self.folder / name, made)
                self.computed += 1
                yield made
            else:
                self.reused += 1
                yield found


@dataclass(frozen=True)
class Store:
    """The folder of entries, and how many bytes of them may stay."""

    folder: Path
    limit: int

    def around(self, run: Run, made_by: str, true: Callable[[], bool] = lambda: True) -> Remembered:
        """`run`, remembering."""
        return Remembered(self.folder, run, made_by, true)

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
            _remove(entry)
        return [p.name for p in gone]


def key(work: Callable[[Tables], Tables], tables: Tables, made_by: object) -> str:
    """The name of an entry; `made_by`: whatever makes it that is neither in the function nor in the rows, as `repr` says it. Raises TypeError for anything but a function of a module, bound to plain values at most."""
    rows = sorted((name, table_hash(frame)) for name, frame in tables.items())
    return hashlib.sha256(repr((made_by, _named(work), rows)).encode()).hexdigest()


def _named(work: Callable[..., Any]) -> tuple[object, ...]:
    if not isinstance(work, partial):
        module, name = getattr(work, "__module__", ""), getattr(work, "__qualname__", "")
        if getattr(sys.modules.get(module), name, None) is not work or getattr(work, "__closure__", None):
            raise TypeError(f"{work}: only a function of a module, without a closure, can be part of a key")
        return module, name
    bound = (*work.args, *work.keywords.values())
    if not all(isinstance(value, _PLAIN) for value in bound):
        raise TypeError(f"{work}: only plain values can be part of a key")
    return *_named(work.func), work.args, sorted(work.keywords.items())


def environment(libraries: Sequence[str] = LIBRARIES) -> list[tuple[str, str]]:
    """What may change a result, or its last digits, besides code and rows, by name."""
    versions = [(name, _version(name)) for name in libraries]
    return [("python", platform.python_version()), *versions, *((name, os.environ.get(name, "")) for name in SWITCHES)]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _read(entry: Path) -> Tables | None:
    """The tables of an entry, marked as used; None (and the entry gone) when one is missing or cannot be read."""
    try:
        os.utime(entry)
        names: list[str] = json.loads((entry / TABLES).read_text(encoding="utf-8"))
        return {name: pl.read_parquet(entry / f"{name}.parquet") for name in names}
    except (OSError, ValueError, PolarsError):
        _remove(entry)
        return None


def _remove(entry: Path) -> None:
    """Take the name from an entry before its files, so that no part of it is ever found under that name."""
    gone = entry.with_name(f".gone-{entry.name}")
    shutil.rmtree(gone, ignore_errors=True)
    with suppress(OSError):
        entry.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def _keep(entry: Path, tables: Tables) -> None:
    scratch = entry.with_name(f".{entry.name}")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    for name, frame in tables.items():
        frame.write_parquet(scratch / f"{name}.parquet")
    (scratch / TABLES).write_text(json.dumps(list(tables)), encoding="utf-8")
    failpoint("reuse.written")
    _remove(entry)
    scratch.rename(entry)
