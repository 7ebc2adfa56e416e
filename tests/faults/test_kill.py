"""kill -9 at every failpoint: readers keep a complete release, and the next refresh cleans up."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from pipelines.desk.marts import NoReleaseError, current
from pipelines.failpoint import POINTS
from pipelines.publish import register, release
from pipelines.settings import PROJECT, Settings
from tests.commands import fresh_root, refresh
from tests.faults.conftest import COUNTY, KILLED, Driver, tidy, whole

STAGES = [p for p in POINTS if not p.startswith("release.")]
SWITCH = [p for p in POINTS if p.startswith("release.")]
AFTER = POINTS[POINTS.index("release.pointer_replaced") :]
FIRST = [p for p in SWITCH if p != "release.pruning"]  # a first release has none before it to prune
PUBLIC = ("database.rows", "package.excel", "release.renamed", "release.pointer_replaced")
FULL = ("staging.written", "core.built", "database.rows", "package.manifest", "release.renamed")


def test_every_point_stands_in_the_code_once() -> None:
    code = "\n".join(p.read_text(encoding="utf-8") for p in (PROJECT / "pipelines").rglob("*.py"))
    assert sorted(re.findall(r'failpoint\("([a-z_.]+)"\)', code)) == sorted(POINTS)
    assert len(POINTS) >= 20


def fresh_input(root: Path) -> None:
    """Staging only works on a county that is not staged yet."""
    shutil.rmtree(root / "staging", ignore_errors=True)


def test_killed_at_every_stage_in_turn(driver: Driver, root: Path) -> None:
    """Each refresh starts on what the killed one before left behind, and gets further."""
    before = whole(root)
    for point in STAGES:
        fresh_input(root)
        assert driver(root, point=point) == KILLED, f"{point}: {driver.said()}"
        assert whole(root) == before, point
    assert driver(root) == 0, driver.said()
    assert whole(root) > before
    tidy(root)


@pytest.mark.parametrize("point", SWITCH)
def test_killed_in_the_switch(driver: Driver, tmp_path: Path, point: str) -> None:
    s = Settings(data_root=tmp_path)
    for _ in range(s.retention + 1):
        assert driver(tmp_path, what="switch") == 0, driver.said()
    before = whole(tmp_path)
    assert driver(tmp_path, what="switch", point=point) == KILLED
    assert (whole(tmp_path) > before) == (point in AFTER)
    assert driver(tmp_path, what="switch") == 0, driver.said()
    assert whole(tmp_path) > before
    tidy(tmp_path)
    assert len(release.releases(s)) == s.retention


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_killed_then_the_next_run_succeeds(driver: Driver, root: Path, point: str) -> None:
    before = whole(root)
    fresh_input(root)
    if point == "release.pruning":
        for _ in range(Settings(data_root=root).retention):
            assert driver(root, what="switch") == 0
        before = whole(root)
    assert driver(root, point=point) == KILLED, driver.said()
    assert (whole(root) > before) == (point in AFTER)
    assert driver(root) == 0, driver.said()
    assert whole(root) > before
    tidy(root)


@pytest.mark.slow(seconds=70)
def test_full_run_killed(published: Path, tmp_path: Path) -> None:
    """The command line itself, with every check: each run starts on what the killed one before it left and gets further."""
    root = Path(shutil.copytree(published, tmp_path / "data", symlinks=True))
    before = whole(root)
    for point in FULL:
        fresh_input(root)
        killed = refresh(root, "--force", MINZHENG_FAILPOINT=point, MINZHENG_NOTEBOOKS="0")
        assert killed.returncode == KILLED, f"{point}: {killed.stdout}{killed.stderr}"
        assert whole(root) == before, point
    after = refresh(root, "--force", MINZHENG_NOTEBOOKS="0")
    assert after.returncode == 0, after.stdout + after.stderr
    assert "cleaned leftovers" in after.stdout
    assert whole(root) > before
    tidy(root)


@pytest.mark.slow(seconds=40)
def test_first_refresh_killed_at_every_stage_in_turn(driver: Driver, tmp_path: Path) -> None:
    """No release, no pointer, no register yet: readers are told so until the refresh that is not killed."""
    root, s = fresh_root(tmp_path, COUNTY), Settings(data_root=tmp_path)
    for point in STAGES:
        fresh_input(root)
        assert driver(root, point=point) == KILLED, f"{point}: {driver.said()}"
        with pytest.raises(NoReleaseError):
            current(s.marts)
        assert release.releases(s) == [], point
    assert driver(root) == 0, driver.said()
    assert whole(root).startswith("r00001-")
    tidy(root)


@pytest.mark.parametrize("profile", ["internal", "public"])
@pytest.mark.parametrize("point", FIRST)
def test_first_switch_killed(driver: Driver, tmp_path: Path, point: str, profile: str) -> None:
    s = Settings(data_root=tmp_path).of(profile)
    assert driver(tmp_path, what="switch", point=point, profile=profile) == KILLED
    if point in AFTER:
        assert whole(tmp_path, profile).startswith("r00001-")
    else:
        with pytest.raises(NoReleaseError):
            current(s.marts)
    assert driver(tmp_path, what="switch", profile=profile) == 0, driver.said()
    tidy(tmp_path, profile)
    assert [r.id[:6] for r in release.releases(s)] == (["r00002", "r00001"] if point in AFTER else ["r00001"])
    assert len(register.entries(s)) == len(release.releases(s))


@pytest.mark.slow(seconds=15)
def test_public_release_killed(driver: Driver, root: Path) -> None:
    """The internal release stays as it is, the public one is the last that was finished, and the next one cleans up."""
    inside, s = whole(root), Settings(data_root=root)
    assert driver(root, what="public") == 0, driver.said()
    before = whole(root, "public")
    for point in PUBLIC:
        assert driver(root, what="public", point=point) == KILLED, f"{point}: {driver.said()}"
        assert (whole(root, "public") > before) == (point in AFTER), point
        assert whole(root) == inside
        before = whole(root, "public")
    assert driver(root, what="public") == 0, driver.said()
    assert whole(root, "public") > before
    tidy(root, "public")
    assert len(release.releases(s.public)) == 3  # the first, the one killed after its pointer, the last


def test_no_failpoint_in_production() -> None:
    assert "MINZHENG_FAILPOINT" not in os.environ
    assert next((PROJECT / "data" / "raw").glob(f"{COUNTY}-*")).is_dir()
