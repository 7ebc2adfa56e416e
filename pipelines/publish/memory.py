"""What earlier public releases showed and left out. Readers keep what they have read, so a later release must neither tell what
an earlier one left out nor hide a count behind one that an earlier one told. Holds nothing that was not published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from pipelines import registry
from pipelines.publish import release
from pipelines.publish.counts import Member
from pipelines.settings import Settings

FILE = "published.parquet"
BEFORE = "before"
SUPPRESSED = "suppressed"
VALUES = {
    "fct_observation": ("value",),
    "fct_project_output": ("quantity",),
    "fct_population": ("persons",),
    "fct_census_covariate": ("value",),
    "mart_elderly_outlook": ("p2_5", "p10", "p50", "p90", "p97_5"),
}  # tables with counts of persons; first: the value that is never empty without a reason
_SCHEMA = {"table": pl.String, "key": pl.String, "value": pl.Float64}


def of(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """table, key (JSON) and value of every row that tables show; the value is empty where it is left out."""
    return pl.concat([_of(name, tables[name]) for name in VALUES if name in tables] or [pl.DataFrame(schema=_SCHEMA)])


def keep(public: Settings, release_id: str, before: pl.DataFrame) -> None:
    """Keep what was published before a release, beside the releases, for as long as it is there: what that release tells cannot excuse it."""
    folder = public.marts / BEFORE
    folder.mkdir(exist_ok=True)
    there = {release_id, *(r.id for r in release.releases(public))}
    for gone in (f for f in folder.glob("*.parquet") if f.stem not in there):
        gone.unlink()
    before.write_parquet(folder / f"{release_id}.parquet")


def before(public: Settings, release_id: str) -> pl.DataFrame:
    """What was published before a release; nothing where that is not known."""
    path = public.marts / BEFORE / f"{release_id}.parquet"
    return pl.read_parquet(path) if path.exists() else pl.DataFrame(schema=_SCHEMA)


def gaps(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The rows of `of` that are left out."""
    return of(tables).filter(pl.col("value").is_null())


def recall(public: Settings) -> pl.DataFrame:
    """All that was ever published: the remembered file, and the releases that are still there."""
    path = public.marts / FILE
    known = [pl.read_parquet(path)] if path.exists() else []
    return pl.concat(
        [pl.DataFrame(schema=_SCHEMA), *known, *(_read(r.folder) for r in release.releases(public))]
    ).unique()


def write(public: Settings, coming: pl.DataFrame | None = None) -> None:
    """Remember what the releases that are there show, before retention removes them, and the `coming` rows of one that is not
    there yet. Of that one only what it leaves out may be told before it is published: what it shows nobody has seen so far."""
    fresh = public.marts / f".{FILE}.new"
    known = [recall(public), *([] if coming is None else [coming])]
    pl.concat(known).unique().sort("table", "key", "value").write_parquet(fresh)
    fresh.replace(public.marts / FILE)


def kept(memory: pl.DataFrame) -> frozenset[Member]:
    """Rows that were left out once."""
    return _members(memory.filter(pl.col("value").is_null()))


def told(memory: pl.DataFrame, tables: Mapping[str, pl.DataFrame]) -> frozenset[Member]:
    """Rows whose value of today was shown once."""
    shown = memory.filter(pl.col("value").is_not_null())
    return _members(of(tables).join(shown, on=list(_SCHEMA), how="semi"))


def _of(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    value = VALUES[name][0]
    status = pl.col("status") if "status" in rows.columns else pl.lit(None, dtype=pl.String)
    said = rows.filter(pl.col(value).is_not_null() | (status == SUPPRESSED))
    key = pl.struct(registry.table(name).key).struct.json_encode()
    return said.select(pl.lit(name).alias("table"), key.alias("key"), pl.col(value).cast(pl.Float64).alias("value"))


def _read(folder: Path) -> pl.DataFrame:
    files = {n: folder / "parquet" / f"{n}.parquet" for n in VALUES}
    return of({n: pl.read_parquet(path) for n, path in files.items() if path.exists()})


def _members(rows: pl.DataFrame) -> frozenset[Member]:
    pairs = rows.select("table", "key").unique().iter_rows()
    return frozenset((table, tuple(json.loads(key).values())) for table, key in pairs)
