"""The data package: what is in a release, byte for byte, and what it was made from (Frictionless datapackage.json)."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl

from pipelines import registry
from pipelines.ingest.folder import content_hash
from pipelines.publish import excel
from pipelines.publish.database import FILE, Identity
from pipelines.publish.hashes import file_hash
from pipelines.publish.release import id_of
from pipelines.settings import PROJECT, Settings
from pipelines.staging import store

MANIFEST = "datapackage.json"
ASSUMPTION_SET = "default"
_TYPES = {"VARCHAR": "string", "INTEGER": "integer", "DOUBLE": "number", "BOOLEAN": "boolean", "DATE": "date"}
_WORKING = ("core", "reconcile", "forecast", "evaluate", "notebooks")


def identity(candidate: Path, settings: Settings) -> Identity:
    """Who this release is."""
    return Identity(
        release_id=id_of(candidate),
        built_at=datetime.now(UTC).isoformat(timespec="seconds"),
        inputs_hash=store.inputs_hash(settings),
        git_commit=git_commit(),
        assumption_set=ASSUMPTION_SET,
        method_version=_method(candidate),
        seed=settings.seed,
    )


def _method(candidate: Path) -> str:
    versions = pl.read_parquet(candidate / "parquet" / "mart_elderly_outlook.parquet")["method_version"].unique().sort()
    return "; ".join(versions) or "none"


def git_commit() -> str:
    """The commit of the code, `-dirty` when files were changed, `unknown` outside a checkout."""
    command = ["git", "-C", str(PROJECT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def write(candidate: Path, settings: Settings) -> list[str]:
    """Workbooks, then the manifest over every file of the candidate. Returns the files it lists."""
    with duckdb.connect(str(candidate / FILE), read_only=True) as con:
        excel.write(con, candidate / "excel")
        who = con.execute("SELECT * FROM meta_release").pl().row(0, named=True)
        sources = con.execute("SELECT title_zh AS title, citation FROM dim_source ORDER BY source_id").pl().to_dicts()
    _drop_working_files(candidate)
    files = sorted(p for p in candidate.rglob("*") if p.is_file() and p.name != MANIFEST)
    manifest = {
        "name": f"minzheng-marts-{who['release_id']}",
        "version": who["release_id"],
        "created": who["built_at"],
        "title": "民政规划数据集市 / Minzheng Marts",
        "sources": [{k: v for k, v in s.items() if v} for s in sources],
        "release": who,
        "inputs": {f.name: content_hash(f) for f in (*settings.county_folders().values(), settings.raw / "reference")},
        "resources": [_resource(candidate, p) for p in files],
    }
    (candidate / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
    return [p.name for p in files]


def register_entry(release: Path) -> dict[str, object]:
    """What the register keeps of a release for ever: who it is, its inputs, and its forecast of the elderly."""
    manifest = json.loads((release / MANIFEST).read_text(encoding="utf-8"))
    outlook = pl.read_parquet(release / "parquet" / "mart_elderly_outlook.parquet").filter(pl.col("sex") == "both")
    return {**manifest["release"], "inputs": manifest["inputs"], "elderly_outlook": outlook.drop("sex").rows()}


def verify(release: Path) -> list[str]:
    """Files of a release that are missing or whose hash differs from the manifest; empty when it is whole."""
    manifest = json.loads((release / MANIFEST).read_text(encoding="utf-8"))
    return [
        r["path"]
        for r in manifest["resources"]
        if not (release / r["path"]).is_file() or file_hash(release / r["path"]) != r["hash"].removeprefix("sha256:")
    ]


def _drop_working_files(candidate: Path) -> None:
    for part in _WORKING:
        shutil.rmtree(candidate / part, ignore_errors=True)


def _resource(root: Path, path: Path) -> dict[str, object]:
    relative = path.relative_to(root).as_posix()
    resource: dict[str, object] = {
        "name": relative.lower().replace("/", "-").replace(".", "-").replace("_", "-"),
        "path": relative,
        "bytes": path.stat().st_size,
        "hash": f"sha256:{file_hash(path)}",
        "format": path.suffix.lstrip(".") or "text",
    }
    if path.suffix == ".parquet" and path.stem in registry.tables():
        table = registry.table(path.stem)
        resource["title"] = f"{table.title_zh} / {table.title_en}"
        resource["schema"] = {"fields": [_field(c) for c in table.columns], "primaryKey": list(table.key)}
    return resource


def _field(column: registry.Column) -> dict[str, object]:
    field: dict[str, object] = {
        "name": column.name,
        "type": _TYPES[column.type],
        "title": column.zh,
        "description": column.en,
    }
    if column.unit:
        field["unit"] = column.unit
    if column.required:
        field["constraints"] = {"required": True}
    return field
