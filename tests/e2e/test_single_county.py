"""A county alone, with no file that the raw folder may lack, publishes like any other; one beside a forgotten copy of itself does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.ingest.folder import OPTIONAL, find
from pipelines.settings import PROJECT
from tests.commands import refresh

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
    done = refresh(tmp_path, MINZHENG_NOTEBOOKS="0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "notes by the office" in done.stderr
    copy = raw / f"{county} - 副本"
    shutil.copytree(raw / county, copy)
    again = refresh(tmp_path, MINZHENG_NOTEBOOKS="0")
    assert again.returncode == 3 and copy.name in again.stderr
