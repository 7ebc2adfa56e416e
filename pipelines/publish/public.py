"""Makes the public release out of an internal one: its tables through protect.py, then database, site, workbooks and package
as ever, in ``data/marts/public`` with a CURRENT of its own. Nothing of the internal release is copied but through the tables."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import registry
from pipelines.publish import areas, audit, counts, database, diff, memory, package, protect, register, release
from pipelines.publish.database import Identity
from pipelines.publish.pattern import Rules
from pipelines.publish.protect import Protected
from pipelines.publish.site import build_site
from pipelines.quality.report import write_report
from pipelines.settings import Settings

WITHHELD = "withheld"
_OF_RAW = ("inputs", "held_back")  # hashes of raw files: a left-out number could be found by trying


def publish(settings: Settings, release_id: str | None = None) -> tuple[Path, Protected]:
    """Build the public release of an internal one (the current by default) and switch to it. Returns its folder and what was
    left out. Raises FileNotFoundError without such a release, DisclosureError when a small count cannot be protected and
    LockedError while a refresh is running; the last public release then stays."""
    public, wanted = settings.public, release_id or release.current_id(settings)
    if wanted is None or not (settings.releases / wanted / database.FILE).is_file():
        raise FileNotFoundError(f"没有这个内部版本 / no such internal release: {wanted}")
    candidate = public.candidate("public")
    try:
        for held in (settings, public):
            release.hold(held, "minzheng release public")
        release.begin(public, candidate)
        protected = _build(settings, settings.releases / wanted, candidate)
        memory.write(
            public, memory.gaps(protected.tables)
        )  # what must stay left out, before anybody can read the release
        folder, _ = release.publish(public, candidate)
        memory.write(public)
    finally:
        release.remove(candidate)  # what could not be protected is nobody's to see
        release.let_go(public)
        release.let_go(settings)
    return folder, protected


def _build(settings: Settings, internal: Path, candidate: Path) -> Protected:
    public, before = settings.public, release.current_folder(settings.public)
    tables, published = _tables(internal), memory.recall(public)
    memory.keep(public, release.id_of(candidate), published)
    rules = Rules(
        settings.protection_threshold,
        settings.protection_width,
        memory.kept(published),
        memory.told(published, tables),
        settings.seed,
    )
    protected = protect.protect(tables, rules)
    (candidate / "parquet").mkdir()
    for name, frame in protected.tables.items():
        frame.write_parquet(candidate / "parquet" / f"{name}.parquet")
    results = protected.tables["mart_quality"]
    write_report(results, candidate / "quality", release_id=release.id_of(candidate))
    diff.write(before, candidate, results, [], changes(before, candidate))
    database.write(candidate, _identity(settings, internal, candidate))
    build_site(candidate, run=bool(settings.notebooks))
    package.export(candidate, public)
    package.write(candidate, public)
    _manifest(candidate, settings, protected)
    return protected


def changes(before: Path | None, candidate: Path) -> dict[str, dict[str, Any]]:
    """Two public releases compared, without what the later one leaves out: neither former values nor former ids made of values."""
    compared = diff.tables(before, candidate, left_out=(protect.MASK, *protect.HIDDEN_FINDING))
    return {n: {**d, "removed_keys": []} if n == "fct_discrepancy" else d for n, d in compared.items()}


def verify(folder: Path, settings: Settings | None = None) -> list[str]:
    """What is wrong with a public release as such, in words: it is of another profile, a table shows a count below the threshold
    that it states, or, as long as the internal release that it was made of is there (settings of the data root), a left-out
    count can be worked out."""
    tables = _tables(folder)
    who = pl.read_parquet(folder / "parquet" / "meta_release.parquet").row(0, named=True)
    if who["profile"] != "public":
        return [f"不是公开版 / not a public release: {folder.name}"]
    small = [*counts.counties_with_small(tables, who["threshold"]), *areas.small(tables, who["threshold"])]
    if small:
        return [f"有低于门槛的人数 / counts below the threshold: {', '.join(small)}"]
    internal = settings and made_of(folder, settings)
    return (
        _near(folder, tables, _tables(internal), memory.before(settings.public, folder.name))
        if settings and internal
        else []
    )


def made_of(folder: Path, settings: Settings) -> Path | None:
    """The internal release that a public one was made of, while it is there."""
    who = folder / "parquet" / "meta_release.parquet"
    found = settings.releases / str(pl.read_parquet(who)["made_from"][0]) if who.is_file() else None
    return found if found and (found / "parquet").is_dir() else None


def _near(
    folder: Path, shown: dict[str, pl.DataFrame], tables: dict[str, pl.DataFrame], published: pl.DataFrame
) -> list[str]:
    """The checks of audit.py that fail, in both languages. A release of an older program names no county left out whole: it had none."""
    promised = json.loads((folder / register.MANIFEST).read_text(encoding="utf-8"))["protection"]
    rules = Rules(
        promised["threshold"], promised["width"], memory.kept(memory.gaps(shown)), memory.told(published, tables)
    )
    found = audit.checks(tables, shown, rules, dict.fromkeys(promised.get("whole", ()))).filter(
        ~pl.col("passed"), severity="critical"
    )
    return [f"{zh} / {en}" for zh, en in found.select("message_zh", "message_en").iter_rows()]


def _tables(folder: Path) -> dict[str, pl.DataFrame]:
    """The tables of a release by name, meta tables excepted. A column that is newer than the release is empty. Raises
    FileNotFoundError when a whole table is newer."""
    wanted = [t for t in registry.published() if t.layer != "meta"]
    if missing := [t.name for t in wanted if not (folder / "parquet" / f"{t.name}.parquet").is_file()]:
        raise FileNotFoundError(
            f"{folder.name} 由旧程序生成，缺少表 {'、'.join(missing)}；请先 minzheng run --force / made by an older program"
        )
    tables = {t: pl.read_parquet(folder / "parquet" / f"{t.name}.parquet") for t in wanted}
    return {
        t.name: f.with_columns(
            pl.lit(None, dtype=pl.String).alias(c.name) for c in t.columns if c.name not in f.columns
        )
        for t, f in tables.items()
    }


def _identity(settings: Settings, internal: Path, candidate: Path) -> Identity:
    """Who the public release is: code, seed and assumptions of the internal one, and no hash of its inputs."""
    who = pl.read_parquet(internal / "parquet" / "meta_release.parquet").row(0, named=True)
    same = {k: who[k] for k in ("git_commit", "assumption_set", "seed")}
    made = Identity(
        release.id_of(candidate),
        datetime.now(UTC).isoformat(timespec="seconds"),
        WITHHELD,
        method_version=diff.method(candidate),
        **same,
    )
    return replace(made, profile="public", made_from=internal.name, threshold=settings.protection_threshold)


def _manifest(candidate: Path, settings: Settings, protected: Protected) -> None:
    """The package says which profile it is, and keeps to itself what raw files it comes from."""
    path = candidate / register.MANIFEST
    manifest = {k: v for k, v in json.loads(path.read_text(encoding="utf-8")).items() if k not in _OF_RAW}
    manifest["protection"] = {
        "profile": "public",
        "threshold": settings.protection_threshold,
        "width": settings.protection_width,
        "whole": sorted(protected.whole),
    }
    path.write_text(json.dumps(manifest, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
