"""The data package: what is in a release, byte for byte, and what it was made from (Frictionless datapackage.json)."""

from __future__ import annotations

import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from pipelines import registry
from pipelines.core.hashes import file_hash
from pipelines.desk.marts import open_marts
from pipelines.failpoint import failpoint
from pipelines.publish import directory, excel, sdmx
from pipelines.publish.database import FILE, Identity
from pipelines.publish.diff import method, methods
from pipelines.publish.gate import Inputs
from pipelines.publish.register import MANIFEST
from pipelines.publish.release import id_of
from pipelines.settings import PROJECT, Settings
from pipelines.staging import store
from pipelines.staging.held import HeldBack

ASSUMPTION_SET = "default"
_TYPES = {"VARCHAR": "string", "INTEGER": "integer", "DOUBLE": "number", "BOOLEAN": "boolean", "DATE": "date"}
_WORKING = ("staging", "core", "reconcile", "forecast", "evaluate", "notebooks")


def identity(candidate: Path, settings: Settings) -> Identity:
    """Who this release is."""
    return Identity(
        release_id=id_of(candidate),
        built_at=datetime.now(UTC).isoformat(timespec="seconds"),
        inputs_hash=store.inputs_hash(settings, store.inputs_read(settings)),
        git_commit=git_commit(),
        assumption_set=ASSUMPTION_SET,
        method_version=method(candidate),
        seed=settings.seed,
    )


def inputs_compared(settings: Settings, previous: Path | None, candidate: Path) -> Inputs:
    """What the candidate and the previous release have in common."""
    if previous is None or not (previous / MANIFEST).exists():
        return Inputs(same=False, same_raw_and_method=False)
    before = json.loads((previous / MANIFEST).read_text(encoding="utf-8"))
    who = before.get("release", {})
    same = who.get("inputs_hash") == store.inputs_hash(settings, store.inputs_read(settings))
    raw = _raw(before.get("inputs", {})) == _raw(store.inputs_used(settings)) and who.get("seed") == settings.seed
    return Inputs(same=same, same_raw_and_method=raw and methods(previous) == methods(candidate))


def _raw(inputs: dict[str, str]) -> dict[str, str]:
    return {name: digest for name, digest in inputs.items() if name != store.ACCEPTED}


def git_commit() -> str:
    """The commit of the code, `-dirty` when files were changed, `unknown` outside a checkout."""
    command = ["git", "-C", str(PROJECT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def export(candidate: Path, settings: Settings) -> None:
    """The database in other formats: ``excel/`` and ``sdmx/``."""
    with open_marts(path=candidate / FILE) as con:
        shown = directory.shown(con, settings)
    with ThreadPoolExecutor(1) as beside, open_marts(path=candidate / FILE, counties=shown) as con:
        exchanged = beside.submit(sdmx.write, candidate / "parquet", candidate / "sdmx")
        excel.write(con, candidate / "excel")
        failpoint("package.excel")
        exchanged.result()


def write(candidate: Path, settings: Settings) -> list[str]:
    """The manifest over every file of the candidate that stays. Returns the files it lists."""
    with open_marts(path=candidate / FILE) as con:
        who = con.execute("SELECT * FROM meta_release").pl().row(0, named=True)
        sources = con.execute("SELECT title_zh AS title, citation FROM dim_source ORDER BY source_id").pl().to_dicts()
    _drop_working_files(candidate)
    files = sorted(p for p in candidate.rglob("*") if p.is_file() and p.name != MANIFEST)
    public, suppressed = who["profile"] == "public", who["threshold"] is not None
    manifest = {
        "name": f"minzheng-marts-{'public-' * public}{who['release_id']}",
        "version": who["release_id"],
        "created": who["built_at"],
        "title": f"民政规划数据集市{'（公开版）' * public} / Minzheng Marts{' (public profile)' * public}",
        "sources": [{k: v for k, v in s.items() if v} for s in sources],
        "release": who,
        "inputs": store.inputs_used(settings),
        "held_back": [_held_back(settings, h) for h in store.held_back(settings)],
        "resources": [_resource(candidate, p, suppressed=suppressed) for p in files],
    }
    (candidate / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
    return [p.name for p in files]


def _held_back(settings: Settings, county: HeldBack) -> dict[str, object]:
    """A county held back and the files for its clerk. They lie outside the release: they may hold what readers must not see."""
    folder = settings.quarantine / county.name / county.input_hash[:12]
    files = sorted(p for p in folder.glob("*") if p.is_file())
    return {
        "county_code": county.name,
        "since": county.since.isoformat(),
        "used_input_hash": county.used,
        "problems": len(county.problems),
        "quarantine": [
            {
                "path": p.relative_to(settings.data_root).as_posix(),
                "bytes": p.stat().st_size,
                "hash": f"sha256:{file_hash(p)}",
            }
            for p in files
        ],
    }


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


def _resource(root: Path, path: Path, *, suppressed: bool) -> dict[str, object]:
    relative = path.relative_to(root).as_posix()
    resource: dict[str, object] = {
        "name": relative.lower().replace("/", "-").replace(".", "-").replace("_", "-"),
        "path": relative,
        "type": "file",  # Frictionless reads Parquet through pandas, where a missing integer is NaN: it checks bytes and hashes
        "bytes": path.stat().st_size,
        "hash": f"sha256:{file_hash(path)}",
        "format": path.suffix.lstrip(".") or "text",
    }
    if path.suffix == ".parquet" and path.stem in registry.tables():
        table = registry.table(path.stem)
        resource["title"] = f"{table.title_zh} / {table.title_en}"
        resource["schema"] = {
            "fields": [_field(c, required=c.required and not (suppressed and c.suppressible)) for c in table.columns],
            "primaryKey": list(table.key),
        }
    return resource


def _field(column: registry.Column, *, required: bool) -> dict[str, object]:
    field: dict[str, object] = {
        "name": column.name,
        "type": _TYPES[column.type],
        "title": column.zh,
        "description": column.en,
    }
    if column.unit:
        field["unit"] = column.unit
    if required:
        field["constraints"] = {"required": True}
    return field
