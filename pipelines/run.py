"""One refresh from the command line: skips when nothing changed, else runs Dagster's refresh job in this process and says
by stage how far it is and how long each took."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import time
import warnings
from pathlib import Path

from pipelines.publish import release
from pipelines.settings import PROJECT, Settings
from pipelines.staging import store

DAGSTER_YAML = """# Written by minzheng run; production settings: docs/operate.md
telemetry:
  enabled: false
run_monitoring:
  enabled: true
concurrency:
  runs:
    max_concurrent_runs: 1
"""


_SHOWN = 12
_SEARCHES = 200_000, 50, 1000
"""How seldom Python searches for cycles: Dagster and Great Expectations bring more than a million objects that stay to the end,
and going through them again and again takes seconds."""
PUBLISHED, REFUSED, HELD_BACK = 0, 1, 3


def refresh(settings: Settings, only: list[str], force: bool) -> int:
    """Refresh and switch. Returns 0 when a release is published or nothing changed, 3 when that release holds a county back,
    1 when nothing was published.

    `only`: county codes to re-read (the others stay as staged; those that never were staged are read, too). Raises KeyError for an unknown
    code and LockedError when another refresh is running.
    """
    codes = list(settings.county_folders())
    if strange := settings.folders_not_read():
        print(f"⚠ 不读取，文件夹名须为“六位代码-短名” / not read, a county's folder is named <six digits>-<slug>: "
              f"{_listed([p.name for p in strange])}", file=sys.stderr)  # fmt: skip
    unknown = [c for c in only if c not in codes]
    if unknown or not codes:
        raise KeyError(f"没有这个县的原始文件夹 / no raw folder for: {', '.join(unknown) or settings.raw}")
    release.hold(settings, "minzheng run")
    try:
        removed = release.clean(settings)
        if removed:
            print(f"清理遗留 / cleaned leftovers: {', '.join(removed)}")
        if force:
            store.forget(settings)
        store.recall(settings)
        if not force and _unchanged(settings):
            now = release.current_id(settings)
            print(f"没有变化，跳过 {_listed(codes)}，沿用 {now} / nothing changed, every county skipped, {now} stays")
            return _told(settings)
        staged = {c.name for c in store.staged_counties(settings)}
        return _materialise(settings, [c for c in codes if not only or c in only or c not in staged])
    finally:
        release.let_go(settings)


def _unchanged(settings: Settings) -> bool:
    folder = release.current_folder(settings)
    if folder is None:
        return False
    from pipelines.desk.marts import open_marts

    with open_marts(path=folder / "marts.duckdb") as con:
        row = con.execute("SELECT inputs_hash FROM meta_release").fetchone()
    return row is not None and row[0] == store.inputs_hash(settings, store.inputs_now(settings))


def _materialise(settings: Settings, codes: list[str]) -> int:
    started = time.perf_counter()
    gc.set_threshold(*_SEARCHES)
    atexit.register(gc.freeze)  # the last search, over everything, would free what ends with the process anyway
    print("载入 Dagster / loading Dagster …", flush=True)
    _dagster_home()
    from pipelines.assets.automation import execute
    from pipelines.definitions import defs

    print(f"  {time.perf_counter() - started:6.1f} s", flush=True)
    if skipped := [c for c in store.unchanged(settings) if c in codes]:
        print(f"未变的县，不再读取 / unchanged counties, not read again: {_listed(skipped)}", flush=True)
    errors, report = execute(defs, codes, list(settings.county_folders()))
    return _refused(settings, errors, report) if errors else _published(settings, time.perf_counter() - started)


def _listed(codes: list[str]) -> str:
    """Codes one by one while they are few."""
    return ", ".join(codes) if len(codes) <= _SHOWN else f"{', '.join(codes[:_SHOWN])} … ({len(codes)})"


def _dagster_home() -> None:
    """Give Dagster its home inside the project and switch its telemetry off, before it is imported."""
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(PROJECT / ".dagster")))
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        (home / "dagster.yaml").write_text(DAGSTER_YAML, encoding="utf-8")
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    warnings.filterwarnings("ignore", module="dagster")


def _published(settings: Settings, seconds: float) -> int:
    folder = release.current_folder(settings)
    assert folder is not None
    print(f"""
已发布 / published  {folder.name}  （{seconds:.1f} s）
  网站首页 / site index      {folder / "site" / "index.html"}
  DuckDB 数据库 / database   {folder / "marts.duckdb"}
  质量报告 / quality report  {folder / "quality" / "index.html"}""")
    return _told(settings)


def _told(settings: Settings) -> int:
    """Say which counties are held back and where their clerks' files lie. Returns the exit code."""
    held = store.held_back(settings)
    for county in held[:_SHOWN]:
        print(f"\n⚠ {county.words()}", file=sys.stderr)
        print(
            f"  退回文件 / files for the clerk  {settings.quarantine / county.name / county.input_hash[:12]}",
            file=sys.stderr,
        )
    if more := len(held) - _SHOWN if len(held) > _SHOWN else 0:
        print(
            f"\n⚠ 另有 {more} 个县暂缓更新，见 mart_held_back / {more} more counties are held back, see mart_held_back",
            file=sys.stderr,
        )
    return HELD_BACK if held else PUBLISHED


def _refused(settings: Settings, errors: list[str], report: Path | None) -> int:
    print("\n未发布，读者仍看到上一版本 / nothing was published, readers keep the previous release", file=sys.stderr)
    for words in release.refusal(report) if report else map(_readable, errors):
        print(words, file=sys.stderr)
    if report:
        print(f"  质量报告 / quality report  {report / 'index.html'}", file=sys.stderr)
    for county in store.held_back(settings)[:_SHOWN]:
        print(
            f"  退回文件 / files for the clerk  {settings.quarantine / county.name / county.input_hash[:12]}",
            file=sys.stderr,
        )
    return REFUSED


def _readable(error: str) -> str:
    """The part of a Dagster error that the office can act on: the problems of an InputError, else the first lines."""
    _, marker, problems = error.partition("InputError: ")
    return problems.split("\nStack Trace", 1)[0] if marker else "\n".join(error.splitlines()[:6])
