"""The switch: a finished candidate becomes a release folder and the one-line CURRENT file names it, atomically. Also
leftovers, retention and pins. Readers see nothing before the switch."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from pipelines.failpoint import failpoint
from pipelines.publish import register
from pipelines.publish.register import MANIFEST
from pipelines.settings import Settings

POINTER = "CURRENT"
PINNED = "PINNED"
ID = "RELEASE"
REJECTED = "rejected"
_REJECTED_KEPT = 20
_SHOWN = 10
_NAME_TRIALS, _NAME_WAIT = 40, 0.05  # seconds


class LockedError(RuntimeError):
    """Another refresh is running; the message says whose."""


@dataclass(frozen=True)
class Release:
    """One release folder."""

    id: str
    folder: Path
    current: bool
    pinned: bool


_held: dict[Path, TextIO] = {}


def hold(settings: Settings, who: str) -> None:
    """Become the one writer: an operating-system lock that the system releases when this process dies. Holding it
    twice in one process is the same as once. Raises LockedError naming the holder."""
    path = settings.marts / ".lock"
    if path in _held:
        return
    settings.marts.mkdir(parents=True, exist_ok=True)
    handle = path.open("a+", encoding="utf-8")
    if not _lock(handle.fileno()):
        with handle:
            holder = _holder(handle)
        raise LockedError(f"另一个刷新正在进行：{holder} / another refresh is running: {holder}")
    handle.truncate(0)
    handle.write(f"{who} (pid {os.getpid()})")
    handle.flush()
    _held[path] = handle


def let_go(settings: Settings) -> None:
    """Stop being the writer."""
    handle = _held.pop(settings.marts / ".lock", None)
    if handle:
        handle.truncate(0)
        handle.close()


def _holder(handle: TextIO) -> str:
    """Who holds the lock, as he wrote; one who has only just taken it is given a moment to write."""
    for _ in range(_NAME_TRIALS):
        time.sleep(_NAME_WAIT)
        handle.seek(0)
        if holder := handle.read().strip():
            return holder
    return "?"


def begin(settings: Settings, candidate: Path) -> str:
    """Start a candidate: remove leftovers of killed refreshes, make its folder, give it the next release id."""
    clean(settings)
    candidate.mkdir(parents=True)
    known = [int(p.name[1:6]) for p in settings.releases.glob("r[0-9]*") if p.name[1:6].isdigit()]
    past = [int(str(e["release_id"])[1:6]) for e in register.entries(settings)]
    release_id = f"r{max([0, *known, *past]) + 1:05d}-{datetime.now(UTC):%Y%m%d}"
    (candidate / ID).write_text(release_id, encoding="utf-8")
    return release_id


def id_of(candidate: Path) -> str:
    """The release id that `begin` gave a candidate."""
    return (candidate / ID).read_text(encoding="utf-8")


def _lock(descriptor: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def clean(settings: Settings) -> list[str]:
    """Finish or remove what killed refreshes left: candidates, half-written pointers, half-removed releases, release folders
    that never became current; a release switched to but not registered is registered. Returns what was removed."""
    leftovers = [*settings.releases.glob(".*"), *_never_current(settings)]
    for path in leftovers:
        remove(path)
    pointers = [p for name in (POINTER, "current") for p in settings.marts.glob(f".{name}.new")]
    for path in pointers:
        path.unlink(missing_ok=True)
    _register_current(settings)
    return [p.name for p in (*leftovers, *pointers)]


def _never_current(settings: Settings) -> list[Path]:
    """Release folders newer than the current one that the register does not know: killed between rename and switch."""
    now, known = current_id(settings) or "", register.known_ids(settings)
    return [r.folder for r in releases(settings) if r.id > now and r.id not in known and not r.pinned]


def _register_current(settings: Settings) -> None:
    folder = current_folder(settings)
    if folder and (folder / MANIFEST).exists() and folder.name not in register.known_ids(settings):
        register.remember(settings, folder)


def current_id(settings: Settings) -> str | None:
    """The id in CURRENT, or None before the first release."""
    path = settings.marts / POINTER
    return path.read_text(encoding="utf-8").strip() if path.exists() else None


def current_folder(settings: Settings) -> Path | None:
    """The folder of the current release, or None before the first."""
    release_id = current_id(settings)
    return settings.releases / release_id if release_id else None


def releases(settings: Settings) -> list[Release]:
    """Every release, newest first."""
    now = current_id(settings)
    folders = (
        sorted((p for p in settings.releases.glob("[!.]*") if p.is_dir()), reverse=True)
        if settings.releases.exists()
        else []
    )
    return [Release(p.name, p, p.name == now, (p / PINNED).exists()) for p in folders]


def switch(settings: Settings, candidate: Path) -> Path:
    """Make the candidate the current release: freeze its files, rename the folder, replace CURRENT."""
    release_id = id_of(candidate)
    for path in candidate.rglob("*"):
        _sync(path)
        if path.is_file():
            path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    failpoint("release.frozen")
    folder = settings.releases / release_id
    candidate.rename(folder)
    _sync(settings.releases)
    failpoint("release.renamed")
    use(settings, release_id)
    return folder


def publish(settings: Settings, candidate: Path) -> tuple[Path, list[str]]:
    """The whole last step: switch to the candidate, register it, remove the oldest. Returns its folder and what was removed."""
    folder = switch(settings, candidate)
    register.remember(settings, folder)
    failpoint("release.registered")
    removed = prune(settings)
    failpoint("release.pruned")
    return folder, removed


def use(settings: Settings, release_id: str) -> None:
    """Point readers at a release. Raises FileNotFoundError for an unknown one."""
    folder = settings.releases / release_id
    if not (folder / MANIFEST).exists():
        raise FileNotFoundError(f"没有这个版本 / no such release: {release_id}")
    fresh = settings.marts / f".{POINTER}.new"
    fresh.write_text(f"{release_id}\n", encoding="utf-8")
    _sync(fresh)
    failpoint("release.pointer_written")
    fresh.replace(settings.marts / POINTER)
    _sync(settings.marts)
    failpoint("release.pointer_replaced")
    link = settings.marts / ".current.new"
    with contextlib.suppress(OSError):
        link.unlink(missing_ok=True)
        link.symlink_to(Path("releases") / release_id, target_is_directory=True)
        link.replace(settings.marts / "current")
    failpoint("release.linked")


def pin(settings: Settings, release_id: str) -> None:
    """Keep a release whole, whatever the retention."""
    folder = settings.releases / release_id
    if not folder.is_dir():
        raise FileNotFoundError(f"没有这个版本 / no such release: {release_id}")
    (folder / PINNED).touch()


def prune(settings: Settings) -> list[str]:
    """Remove the oldest releases beyond `retention`; the current and pinned ones stay."""
    unpinned = [r for r in releases(settings) if not r.pinned and not r.current]
    doomed = unpinned[max(settings.retention - 1, 0) :]
    for release in doomed:
        gone = release.folder.with_name(f".{release.id}")
        release.folder.rename(gone)
        failpoint("release.pruning")
        remove(gone)
    return [r.id for r in doomed]


def remove(folder: Path) -> None:
    """Delete a folder of frozen files."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
    shutil.rmtree(folder, ignore_errors=True)


def reject(settings: Settings, candidate: Path) -> Path:
    """Keep the quality report of a rejected candidate and what it would have changed; drop the rest. The newest reports stay."""
    kept = settings.marts / REJECTED / id_of(candidate)
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(kept, ignore_errors=True)
    if (candidate / "quality").exists():
        shutil.copytree(candidate / "quality", kept)
    if (candidate / "diff.json").exists() and kept.exists():
        shutil.copy2(candidate / "diff.json", kept)
    remove(candidate)
    for old in sorted(kept.parent.iterdir(), key=lambda p: p.stat().st_mtime)[:-_REJECTED_KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return kept


def refusal(kept: Path) -> list[str]:
    """Why a candidate was refused, in Chinese and English: the messages of its critical checks that failed."""
    file = kept / "results.json"
    results = json.loads(file.read_text(encoding="utf-8"))["results"] if file.exists() else []
    failed = [r for r in results if r["severity"] == "critical" and not r["passed"]]
    more = [f"…… 另有 {len(failed) - _SHOWN} 项 / {len(failed) - _SHOWN} more"] if len(failed) > _SHOWN else []
    return [f"✗ {r['message_zh']}\n  {r['message_en']}" for r in failed[:_SHOWN]] + more


def _sync(path: Path) -> None:
    """Make a file or folder durable where the system lets us."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
