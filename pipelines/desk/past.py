"""Forecasts of earlier releases, from the register that retention never prunes: which there were, made from what, and what they
said of a county. The register is one line a release; the forecast tables lie beside it, a file for each province, one for equal contents."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import settings
from pipelines.desk.outlook import PARTS, Outlook

if TYPE_CHECKING:
    import polars as pl

REGISTER, KEPT = "register.jsonl", "register"
PARAMETERS = "dim_parameter"
TABLES = (*PARTS, PARAMETERS)  # what the register keeps of a release
_TOLD = (
    "release_id",
    "built_at",
    "method_version",
    "assumption_set",
    "seed",
    "inputs_hash",
    "git_commit",
    "content_hash",
)
_ASSUMED = dict.fromkeys(("parameter_id", "name_zh", "name_en", "unit", "distribution"), str) | dict.fromkeys(
    ("value", "low", "high"), float
)
_INLINE = ("year", "age_band", "p2_5", "p10", "p50", "p90", "p97_5", "method_version")


def entries(marts: Path | None = None) -> list[dict[str, Any]]:
    """Every entry of the register, oldest first. A line torn by a killed process is left out. marts: the folder of the
    releases; by default that of the settings."""
    path, found = (marts or settings.load().marts) / REGISTER, []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        with contextlib.suppress(json.JSONDecodeError):
            found.append(json.loads(line))
    return found


def forecasts(marts: Path | None = None) -> pl.DataFrame:
    """Every forecast ever published, one row a release: when, by which method, assumptions and seed, from which inputs."""
    import polars as pl

    rows = [{name: entry.get(name) for name in _TOLD} for entry in entries(marts)]
    return pl.DataFrame(rows, schema={name: pl.Int64 if name == "seed" else pl.String for name in _TOLD})


def past_outlook(county: str, release_id: str, marts: Path | None = None) -> Outlook:
    """What a release said of a county, whether or not the release itself is still there: as `outlook`, with the release's id as
    its name. Of releases from before the register kept tables there are the elderly of both sexes only; the rest is empty.

    Raises KeyError for a release that the register does not know, ValueError for a county it did not forecast.
    """
    import polars as pl

    entry = _entry(release_id, marts)
    files = _files(entry, marts)
    frames = (
        [_rows(files, mart, county) for mart in PARTS] if files else [_inline(entry, county), *[pl.DataFrame()] * 3]
    )
    if frames[0].is_empty():
        raise ValueError(f"版本 {release_id} 没有预测 {county} / release {release_id} did not forecast {county}")
    return Outlook.of(county, frames, {}, release_id)


def past_parameters(release_id: str, marts: Path | None = None) -> pl.DataFrame:
    """The assumptions of a release, as `parameters`; no rows of releases from before the register kept them. Raises KeyError for
    a release that the register does not know."""
    import polars as pl

    files = kept(release_id, marts).get(PARAMETERS)
    return pl.read_parquet(files) if files else pl.DataFrame(schema=_ASSUMED)


def changed_parameters(release_id: str, marts: Path | None = None) -> pl.DataFrame:
    """The assumptions in which a release and the newest of the register differ, each as either release has it: parameter_id,
    names, unit, distribution, value, low, high, release_id. Raises KeyError as `past_parameters`."""
    import polars as pl

    ids = [release_id, *(str(entry["release_id"]) for entry in entries(marts)[-1:])]
    both = pl.concat(past_parameters(i, marts).select(*_ASSUMED, pl.lit(i).alias("release_id")) for i in ids)
    told = both.filter(pl.len().over("parameter_id", "value", "low", "high", "distribution") == 1)
    return told.sort("parameter_id", "release_id")


def kept(release_id: str, marts: Path | None = None) -> dict[str, list[Path]]:
    """The forecast tables of a release as the register keeps them: table → Parquet files, for any SQL. Raises KeyError for a
    release that the register does not know."""
    return _files(_entry(release_id, marts), marts)


def _entry(release_id: str, marts: Path | None) -> dict[str, Any]:
    known = {str(entry["release_id"]): entry for entry in entries(marts)}
    if release_id not in known:
        listed = "、".join(known)
        raise KeyError(f"登记册里没有版本 {release_id}；有：{listed} / no release {release_id} in the register")
    return known[release_id]


def _files(entry: dict[str, Any], marts: Path | None) -> dict[str, list[Path]]:
    """Table → the files that the register keeps of it; entries of earlier versions name one."""
    folder, named = (marts or settings.load().marts) / KEPT, entry.get("forecast", {}).items()
    return {table: [folder / n for n in ([names] if isinstance(names, str) else names)] for table, names in named}


def _inline(entry: dict[str, Any], county: str) -> pl.DataFrame:
    """The elderly as entries of earlier versions hold them: rows without names, both sexes."""
    import polars as pl

    rows = [row[1 : len(_INLINE) + 1] for row in entry.get("elderly_outlook", []) if row[0] == county]
    return pl.DataFrame(rows, schema=list(_INLINE), orient="row").with_columns(sex=pl.lit("both"))


def _rows(files: dict[str, list[Path]], table: str, county: str) -> pl.DataFrame:
    import polars as pl

    if table not in files:
        return pl.DataFrame()
    return pl.scan_parquet(files[table]).filter(pl.col("county_code") == county).collect().drop("county_code")
