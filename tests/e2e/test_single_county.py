"""A county alone, with no file that the raw folder may lack, publishes like any other; one beside a forgotten copy of itself does not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pipelines.ingest.folder import OPTIONAL, find
from pipelines.settings import PROJECT
from tests.commands import refresh

ANY_GROUP = 4242
RAW = PROJECT / "data" / "raw"


@pytest.mark.slow(seconds=60)
@pytest.mark.parametrize("county", ["530112-xishan"])
def test_a_single_county_with_the_least_that_is_asked(county: str, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    for name in (county, "reference"):
        shutil.copytree(RAW / name, raw / name)
    for name in OPTIONAL:
        if file := find(raw / county, name):
            file.unlink()
    (raw / "notes by the office").mkdir()
    readers = _folder_of_a_group(tmp_path / "marts")
    done = refresh(tmp_path, MINZHENG_RAW_FOLDER=str(raw), MINZHENG_NOTEBOOKS="0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "notes by the office" in done.stderr
    release = tmp_path / "marts" / "current"
    assert {p.stat().st_gid for p in [release, *release.resolve().rglob("*")]} == {readers}, (
        "docs/operate.md gives it to a group"
    )
    copy = raw / f"{county} - 副本"
    shutil.copytree(raw / county, copy)
    again = refresh(tmp_path, MINZHENG_RAW_FOLDER=str(raw), MINZHENG_NOTEBOOKS="0")
    assert again.returncode == 1 and copy.name in again.stderr, "the only county is held back: nothing new to publish"


def _folder_of_a_group(folder: Path) -> int:
    """Make a folder whose files belong to a group that is not the process's own, where it may choose one. Returns the group."""
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, -1, ANY_GROUP)
    folder.chmod(0o2750)
    return folder.stat().st_gid
