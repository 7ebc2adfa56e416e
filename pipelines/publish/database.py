"""Writes the release's DuckDB file once: DDL and comments from the registry, rows from the candidate's Parquet by name,
then the meta_ tables; counts and content hashes are compared with the Parquet before anyone may read it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl

from pipelines import registry
from pipelines.core import builder
from pipelines.core.hashes import table_hash
from pipelines.desk import marts
from pipelines.failpoint import failpoint

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


def write(folder: Path, identity: Identity) -> dict[str, str]:
    """Write ``folder/marts.duckdb`` from ``folder/parquet``. Returns content hash per table.

    Raises BuildError when a table of the database differs from its Parquet file.
    """
    target = folder / FILE
    target.unlink(missing_ok=True)
    paths = {t.name: folder / "parquet" / f"{t.name}.parquet" for t in registry.published() if t.layer != "meta"}
    counts = {name: int(pl.scan_parquet(path).select(pl.len()).collect().item()) for name, path in paths.items()}
    with duckdb.connect(str(target), config=CONFIG) as con, ThreadPoolExecutor(builder.AT_ONCE) as threads:
        for name, rows in counts.items():
            con.execute(registry.ddl(name, suppressed=identity.suppressed, keyed=rows <= KEYED))
        filled = {
            name: threads.submit(_fill, con, name, paths[name]) for name in sorted(counts, key=lambda n: -counts[n])
        }
        hashes = {name: filled[name].result() for name in paths}
        failpoint("database.rows")
        for name, frame in _meta(identity, hashes, counts).items():
            builder.insert(con, name, frame)
            builder.ordered(con, name).write_parquet(folder / "parquet" / f"{name}.parquet")
        for table in registry.published():
            for statement in registry.comments(table.name):
                con.execute(statement)
        con.execute("CHECKPOINT")
    if target.with_suffix(".duckdb.wal").exists():
        raise builder.BuildError(f"{FILE}: a write-ahead log was left behind")
    return hashes


def excerpt(release: Path, counties: Sequence[str], out: Path) -> Path:
    """``out/marts.duckdb``: the database of a release as `open_marts` shows it for these counties alone, small where hundreds of
    questions are asked. Returns `out`."""
    with marts.open_marts(path=release / FILE, counties=counties) as con:
        tables = {t.name: con.execute(f'SELECT * FROM "{t.name}"').pl() for t in registry.published()}
    with duckdb.connect(str(out / FILE), config=CONFIG) as con:
        for name, frame in tables.items():
            builder.load(con, name, frame)
            for statement in registry.comments(name):
                con.execute(statement)
    return out


def _fill(con: duckdb.DuckDBPyConnection, name: str, path: Path) -> str:
    """The content hash of a table, filled from its Parquet file and read back as it was written: in key order."""
    with con.cursor() as own:
        own.execute(f'INSERT INTO "{name}" BY NAME SELECT * FROM read_parquet($path)', {"path": str(path)})
        stored = own.execute(f'SELECT * FROM "{name}"').pl()
    expected = pl.read_parquet(path)
    if stored.schema != expected.schema or not stored.equals(expected):
        raise builder.BuildError(f"{name}: the database differs from the Parquet file")
    return table_hash(stored)


def _meta(identity: Identity, hashes: dict[str, str], counts: dict[str, int]) -> dict[str, pl.DataFrame]:
    tables = [t for t in registry.published() if t.layer != "meta"]
    content = table_hash(pl.DataFrame({"table": sorted(hashes), "hash": [hashes[k] for k in sorted(hashes)]}))
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
                "row_count": counts[t.name],
                "content_hash": hashes[t.name],
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
