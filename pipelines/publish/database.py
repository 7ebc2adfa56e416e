"""Writes the release's DuckDB file once: DDL and comments from the registry, rows from the candidate's Parquet by name,
then the meta_ tables; every table is read back and compared with its Parquet before anyone may read it. Filling begins as soon as tables
stand, beside the steps that leave a processor idle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final

import duckdb
import polars as pl

from pipelines import registry
from pipelines.core import builder
from pipelines.core.hashes import columns_hash, table_hash
from pipelines.desk import marts
from pipelines.failpoint import failpoint
from pipelines.settings import load

FILE = marts.FILE
CONFIG: Final[dict[str, Any]] = {"autoinstall_known_extensions": "false", "threads": 1, "checkpoint_threshold": "1TB"}
"""One thread a table and one checkpoint, at the end: several threads on one table take twice the time and a quarter more room."""
KEYED = 100_000
"""Rows up to which a table of the file carries its key as a constraint. The index behind it takes more room and time than the
rows of a large table, and a file that is never written needs none: keys were held when the table was built, and are checked."""


@dataclass(frozen=True)
class Identity:
    """What a release says of itself in meta_release."""

    release_id: str
    built_at: str
    inputs_hash: str
    git_commit: str
    assumption_set: str
    method_version: str
    seed: int
    profile: str = "internal"
    made_from: str | None = None
    threshold: int | None = None

    @property
    def suppressed(self) -> bool:
        """Whether values may be left out for protection."""
        return self.threshold is not None


@dataclass(frozen=True)
class Filled:
    """A table of the database: its rows, its content hash, and the Parquet file as it was (bytes, time) when its rows were taken."""

    rows: int
    hash: str
    file: tuple[int, int]


class Filling:
    """The database file of a candidate while it is being filled from ``folder/parquet``. A file that another process left is begun anew."""

    def __init__(self, folder: Path, *, suppressed: bool = False) -> None:
        self.folder, self.suppressed = folder, suppressed
        for left in _files(folder):
            left.unlink(missing_ok=True)
        config = {**CONFIG, "memory_limit": load().memory_limit}  # other work goes on beside
        self._con = duckdb.connect(str(folder / FILE), config=config)
        self._beside = ThreadPoolExecutor(1)
        self._filled: dict[str, Future[Filled]] = {}

    def begin(self, names: Iterable[str]) -> None:
        """Fill tables whose Parquet files stand, one after the other, while the caller goes on."""
        for name in self._largest_first(names):
            self._filled[name] = self._beside.submit(self._fill, name)

    def finish(self, identity: Identity) -> dict[str, str]:
        """Fill what is left, two tables at a time, then the meta_ tables, and close the file. Returns content hash per table.

        Raises BuildError when a table of the database differs from its Parquet file.
        """
        try:
            tables = self._all([t.name for t in registry.published() if t.layer != "meta"])
            failpoint("database.rows")
            for name, frame in _meta(identity, tables).items():
                builder.insert(self._con, name, frame)
                builder.ordered(self._con, name).write_parquet(self._path(name))
                _comment(self._con, name)
            self._con.execute("CHECKPOINT")
        finally:
            self.close()
        if any(left.exists() for left in _files(self.folder)[1:]):
            raise builder.BuildError(f"{FILE}: a write-ahead log was left behind")
        return {name: filled.hash for name, filled in tables.items()}

    def close(self) -> None:
        """Stop filling; a table under way is waited for."""
        self._beside.shutdown(cancel_futures=True)
        self._con.close()

    def _all(self, names: list[str]) -> dict[str, Filled]:
        """Every table filled from its file as it is now."""
        stale = [n for n, begun in self._filled.items() if not begun.cancel() and begun.result().file != self._file(n)]
        for name in stale:
            self._con.execute(f'DROP TABLE "{name}"')
        missing = [n for n in names if n in stale or n not in self._filled or self._filled[n].cancelled()]
        with ThreadPoolExecutor(builder.AT_ONCE) as threads:
            self._filled |= {n: threads.submit(self._fill, n) for n in self._largest_first(missing)}
        return {name: self._filled[name].result() for name in names}

    def _fill(self, name: str) -> Filled:
        """Fill a table from its Parquet file and read it back as it was written: in key order."""
        path, file = self._path(name), self._file(name)
        ddl = registry.ddl(name, suppressed=self.suppressed, keyed=_rows(path) <= KEYED)
        with self._con.cursor() as own:
            own.execute(ddl)
            own.execute(f'INSERT INTO "{name}" BY NAME SELECT * FROM read_parquet($path)', {"path": str(path)})
            _comment(own, name)
            return Filled(builder.count(own, name), columns_hash(*_stored(own, name, path)), file)

    def _largest_first(self, names: Iterable[str]) -> list[str]:
        return sorted(names, key=lambda n: -_rows(self._path(n)))

    def _path(self, name: str) -> Path:
        return self.folder / "parquet" / f"{name}.parquet"

    def _file(self, name: str) -> tuple[int, int]:
        found = self._path(name).stat()
        return found.st_size, found.st_mtime_ns


_begun: dict[Path, Filling] = {}  # one candidate at a time is being built in a process
_beginning = Lock()  # tables are saved by several threads


def begin(folder: Path, names: Iterable[str]) -> None:
    """Fill tables of a candidate beside what this process does next; `write` finishes, `drop` gives up. Another candidate that was begun
    here is given up."""
    with _beginning:
        for other in [f for f in _begun if f != folder]:
            drop(other)
        if folder not in _begun:
            _begun[folder] = Filling(folder)
        _begun[folder].begin(names)


def drop(folder: Path) -> None:
    """Give up the database of a candidate that will be no release."""
    if begun := _begun.pop(folder, None):
        begun.close()


def write(folder: Path, identity: Identity) -> dict[str, str]:
    """Write ``folder/marts.duckdb`` from ``folder/parquet``, going on with what was begun. Returns content hash per table.

    Raises BuildError when a table of the database differs from its Parquet file.
    """
    return (_begun.pop(folder, None) or Filling(folder, suppressed=identity.suppressed)).finish(identity)


def excerpt(release: Path, counties: Sequence[str], out: Path) -> Path:
    """``out/marts.duckdb``: the database of a release as `open_marts` shows it for these counties alone, small where hundreds of
    questions are asked. Returns `out`."""
    with marts.open_marts(path=release / FILE, counties=counties) as con:
        tables = {t.name: con.execute(f'SELECT * FROM "{t.name}"').pl() for t in registry.published()}
    with duckdb.connect(str(out / FILE), config=CONFIG) as con:
        for name, frame in tables.items():
            builder.load(con, name, frame)
            _comment(con, name)
    return out


def _comment(con: duckdb.DuckDBPyConnection, name: str) -> None:
    for statement in registry.comments(name):
        con.execute(statement)


def _stored(con: duckdb.DuckDBPyConnection, name: str, path: Path) -> tuple[pl.Schema, Iterator[pl.Series]]:
    """The schema and the columns of a table, one at a time (all together take a gigabyte where there are a million rows). Raises
    BuildError at the first that is not as in the Parquet file."""
    schema = con.execute(f'SELECT * FROM "{name}" LIMIT 0').pl().schema
    differs = builder.BuildError(f"{name}: the database differs from the Parquet file")
    if schema != pl.Schema(pl.read_parquet_schema(path)):
        raise differs

    def columns() -> Iterator[pl.Series]:
        for column in schema:
            stored = con.execute(f'SELECT "{column}" FROM "{name}"').pl().to_series()
            if not stored.equals(pl.read_parquet(path, columns=[column]).to_series()):
                raise differs
            yield stored

    return schema, columns()


def _files(folder: Path) -> tuple[Path, Path]:
    """The database file and the log that DuckDB may keep beside it."""
    return folder / FILE, folder / f"{FILE}.wal"


def _rows(path: Path) -> int:
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def _meta(identity: Identity, filled: dict[str, Filled]) -> dict[str, pl.DataFrame]:
    tables = [t for t in registry.published() if t.layer != "meta"]
    content = table_hash(pl.DataFrame({"table": sorted(filled), "hash": [filled[k].hash for k in sorted(filled)]}))
    release = pl.DataFrame(
        [{**asdict(identity), "content_hash": content, "contract_version": registry.CONTRACT_VERSION}]
    )
    listing = pl.DataFrame(
        [
            {
                "table_name": t.name,
                "layer": t.layer,
                "title_zh": t.title_zh,
                "title_en": t.title_en,
                "grain_zh": t.grain_zh,
                "grain_en": t.grain_en,
                "row_count": filled[t.name].rows,
                "content_hash": filled[t.name].hash,
            }
            for t in tables
        ]
    )
    columns = pl.DataFrame(
        [
            {
                "table_name": t.name,
                "column_name": c.name,
                "position": i,
                "type": c.type,
                "key": c.key,
                "required": c.required and not (identity.suppressed and c.suppressible),
                "references": c.references or None,
                "unit": c.unit or None,
                "description_zh": c.zh,
                "description_en": c.en,
            }
            for t in tables
            for i, c in enumerate(t.columns, start=1)
        ],
        infer_schema_length=None,
    )
    return {"meta_release": release, "meta_table": listing, "meta_column": columns}
