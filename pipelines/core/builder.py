"""Runs one SQL file per table into an in-memory DuckDB: DDL from the registry, rows inserted by name, counts compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import duckdb
import polars as pl
from polars.exceptions import PolarsError

from pipelines import registry
from pipelines.core import renamed
from pipelines.core.engine import Inputs, Saved, registry_frames, unheard

Connection = duckdb.DuckDBPyConnection
AT_ONCE = 2  # tables


class BuildError(RuntimeError):
    """A table could not be built; the message names the table."""


def connect(memory_limit: str = "2GB") -> duckdb.DuckDBPyConnection:
    """A private in-memory database that loads no extensions from the network. One thread: several would add doubles in an
    order of their own, and the same inputs would not give the same content."""
    return duckdb.connect(config={"memory_limit": memory_limit, "autoinstall_known_extensions": "false", "threads": 1})


def attach_inputs(con: duckdb.DuckDBPyConnection, inputs: Inputs) -> None:
    """Views over the files and tables of the frames that SQL may read."""
    for name, paths in inputs.files.items():
        attach(con, name, list(paths))
    for name, frame in inputs.frames.items():
        load(con, name, frame)


def attach_registry(con: duckdb.DuckDBPyConnection) -> None:
    """Tables ``reg_indicators``, ``reg_comparisons``, ``reg_units``, ``reg_domains`` and ``reg_years``."""
    attach_inputs(con, Inputs({}, registry_frames()))


def attach(con: duckdb.DuckDBPyConnection, view: str, paths: list[Path]) -> None:
    """A view over Parquet files with the same columns."""
    listed = ", ".join("'" + p.as_posix().replace("'", "''") + "'" for p in paths)
    con.execute(f'CREATE OR REPLACE VIEW "{view}" AS SELECT * FROM read_parquet([{listed}], union_by_name = true)')


def load(con: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> None:
    """A table with the content of a frame; NaN becomes NULL, and the row count is compared."""
    floats = [c for c, t in frame.schema.items() if t.is_float()]
    clean = frame.with_columns(pl.col(floats).fill_nan(None))  # noqa: F841 (DuckDB finds it by name)
    con.execute(f'CREATE OR REPLACE TABLE "{name}" AS SELECT * FROM clean')
    _same_count(con, name, frame.height)


def insert(con: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame, *, suppressed: bool = False) -> int:
    """Create the registered table `name` and insert a frame by column name. Returns the number of rows. `suppressed`: as in
    `registry.ddl`."""
    con.execute(registry.ddl(name, suppressed=suppressed, keyed=False))
    load(con, f"__{name}", frame)
    con.execute(f'INSERT INTO "{name}" BY NAME SELECT * FROM "__{name}"')
    con.execute(f'DROP TABLE "__{name}"')
    _same_count(con, name, frame.height)
    return frame.height


def build(con: duckdb.DuckDBPyConnection, package: str, names: Iterable[str]) -> dict[str, int]:
    """Build the tables `names` from ``<package>/<name>.sql``. Returns rows per table. Raises BuildError."""
    return {name: fill(con, name, query(package, name)) for name in names}


def build_and_save(
    con: duckdb.DuckDBPyConnection,
    package: str,
    names: Iterable[str],
    out: Path,
    files: Mapping[str, Sequence[Path]],
    saved: Saved = unheard,
) -> dict[str, int]:
    """`build` and `save` in one: a table is saved while the next ones are built. One that is a file of `files` under another name
    is not built, and comes first: no other query may read it."""
    queries = {name: query(package, name) for name in names}
    sources = {name: renamed.source(name, select, files) for name, select in queries.items()}

    def ready() -> Iterator[tuple[str, Path | None]]:
        for name in sorted(queries, key=lambda n: sources[n] is None):
            if sources[name] is None:
                fill(con, name, queries[name])
            yield name, sources[name]

    return _save(con, ready(), out, saved)


def _renamed(name: str, source: Path) -> pl.DataFrame:
    try:
        found = renamed.registered(name, pl.read_parquet(source))
    except (ValueError, PolarsError) as error:
        raise BuildError(f"{name}: {error}") from error
    _no_key_twice(name, found.select(registry.table(name).key))
    return found


def query(package: str, name: str) -> str:
    """The SQL of one table, in DuckDB's dialect."""
    return files(package).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def fill(con: duckdb.DuckDBPyConnection, name: str, select: str) -> int:
    """Create the registered table `name` and insert the rows of a query by column name. Returns rows. Raises BuildError."""
    try:
        con.execute(registry.ddl(name, keyed=False))
        con.execute(f'INSERT INTO "{name}" BY NAME\n{select}')
    except duckdb.Error as error:
        raise BuildError(f"{name}: {error}") from error
    return count(con, name)


def count(con: duckdb.DuckDBPyConnection, name: str) -> int:
    row = con.execute(f'SELECT count(*) FROM "{name}"').fetchone()
    return int(row[0]) if row else 0


def canonical(name: str, frame: pl.DataFrame, *, suppressed: bool = False) -> pl.DataFrame:
    """A frame with the types, column order and row order of the registered table. Raises BuildError when it breaks them."""
    with connect() as con:
        try:
            insert(con, name, frame, suppressed=suppressed)
        except duckdb.Error as error:
            raise BuildError(f"{name}: {error}") from error
        return ordered(con, name)


def ordered(con: duckdb.DuckDBPyConnection, name: str) -> pl.DataFrame:
    """A registered table in the order of its key (then of all columns), so that files and hashes are reproducible. Raises
    BuildError for a key that occurs twice: seen here at the price of a comparison of neighbours, where an index would cost as
    much as building the table and more memory than its rows."""
    t = registry.table(name)
    columns = ", ".join(f'"{c.name}"' for c in t.columns)
    order = ", ".join(f'"{c}"' for c in (*t.key, *(c.name for c in t.columns if not c.key)))
    frame = con.execute(f'SELECT {columns} FROM "{name}" ORDER BY {order}').pl()
    if t.key:
        _no_key_twice(name, frame.select(t.key))
    return frame


def _no_key_twice(name: str, keys: pl.DataFrame) -> None:
    """Raises BuildError when two neighbours are equal."""
    same = (
        keys.slice(1)
        .select(pl.all_horizontal(pl.col(c).eq_missing(keys[c].head(-1)) for c in keys.columns))
        .to_series()
    )
    if same.any():
        raise BuildError(f"{name}: key occurs twice: {keys.row(int(same.arg_true()[0]))}")


def save(con: duckdb.DuckDBPyConnection, names: Iterable[str], out: Path, saved: Saved = unheard) -> None:
    """Registered tables as Parquet in key order, two at a time while `names` still come: same rows, same bytes."""
    _save(con, ((name, None) for name in names), out, saved)


def _save(con: Connection, tables: Iterable[tuple[str, Path | None]], out: Path, heard: Saved) -> dict[str, int]:
    """Save tables of the database, and those that are a file under another name. Returns rows per table."""
    out.mkdir(parents=True, exist_ok=True)

    def write(name: str, source: Path | None) -> int:
        with con.cursor() as own:
            frame = _renamed(name, source) if source else ordered(own, name)
        frame.write_parquet(out / f"{name}.parquet")
        heard(name)
        return frame.height

    with ThreadPoolExecutor(AT_ONCE) as threads:
        saved = {name: threads.submit(write, name, source) for name, source in tables}
        return {name: done.result() for name, done in saved.items()}


def _same_count(con: duckdb.DuckDBPyConnection, name: str, expected: int) -> None:
    if count(con, name) != expected:
        raise BuildError(f"{name}: {expected} rows went in, {count(con, name)} are there")
