"""A full disk, a file-size limit, a read-only folder: nothing is switched, words say why, the next refresh succeeds."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import minzheng
from tests.faults.conftest import Driver, tidy, whole


@pytest.mark.parametrize(
    "point",
    [
        "staging.written",
        pytest.param("core.built", marks=pytest.mark.slow),
        pytest.param("database.rows", marks=pytest.mark.slow),
        pytest.param("release.pointer_written", marks=pytest.mark.slow),
    ],
)
def test_no_space_left(driver: Driver, root: Path, point: str) -> None:
    before = whole(root)
    shutil.rmtree(root / "staging")
    assert driver(root, point=f"{point}:enospc") == 1
    assert "No space left" in driver.said()
    assert whole(root) == before
    assert driver(root) == 0, driver.said()
    assert whole(root) > before
    tidy(root)


def test_file_size_limit(driver: Driver, root: Path) -> None:
    before = whole(root)
    assert driver(root, largest=200_000) == 1
    assert whole(root) == before


@pytest.fixture
def disk(small: Path, tmp_path: Path) -> Iterator[Path]:
    """The small root on a tmpfs with room for little more."""
    used = sum(p.stat().st_size for p in small.rglob("*") if p.is_file())
    folder = tmp_path / "disk"
    folder.mkdir()
    size = f"size={used // 1024 + 3000}k"
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "none", str(folder)], check=False, capture_output=True
    ).returncode:
        pytest.skip("mounting a tmpfs is not allowed here")
    yield Path(shutil.copytree(small, folder / "data", symlinks=True))
    subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk.parent)], check=True)


def test_full_disk(driver: Driver, disk: Path) -> None:
    before = whole(disk)
    assert driver(disk) == 1
    assert whole(disk) == before
    remount(disk, "size=200m")
    assert driver(disk) == 0, driver.said()
    tidy(disk)


def test_read_only_folder(driver: Driver, disk: Path) -> None:
    before = whole(disk)
    remount(disk, "ro")
    refused = minzheng(disk, "run", "--force", DAGSTER_HOME=str(disk.parent.parent))
    assert refused.returncode == 1
    assert "read-only" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert whole(disk) == before
    remount(disk, "rw,size=200m")
    assert driver(disk) == 0, driver.said()
    tidy(disk)
