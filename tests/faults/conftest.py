"""A small data root (one county), the process that refreshes it, and what must hold after every fault."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.publish import package, register, release
from pipelines.settings import Settings
from tests.commands import fresh_root
from tests.conftest import Once
from tests.forks import Forks

COUNTY = "530425"
KILLED = -9


class Driver(Forks):
    """Runs refreshes as forked processes, see driver.py."""

    def __init__(self, log: Path) -> None:
        super().__init__("tests.faults.driver", MINZHENG_TEST_LOG=str(log), TMPDIR=str(log.parent))
        self.log = log

    def __call__(self, root: Path, **order: object) -> int:
        """The exit code of one refresh, negative when it was killed."""
        self.order(root=str(root), **order)
        return self.answer()

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")[-6000:]


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    made = Driver(tmp_path_factory.mktemp("driver") / "log.txt")
    yield made
    made.process.kill()
    made.process.wait()


@pytest.fixture(scope="session")
def small(driver: Driver, once: Once) -> Path:
    """A root of one county with one release. Do not change it."""

    def publish(root: Path) -> None:
        assert driver(fresh_root(root, COUNTY)) == 0, driver.said()

    return once("small", publish)


@pytest.fixture
def root(small: Path, tmp_path: Path) -> Path:
    """A private copy of the small root."""
    return Path(shutil.copytree(small, tmp_path / "data", symlinks=True))


def whole(root: Path, profile: str = "internal") -> str:
    """The current release, which must be complete: every file of its manifest there with its hash."""
    folder = release.current_folder(Settings(data_root=root).of(profile))
    assert folder is not None
    assert package.verify(folder) == []
    return folder.name


def tidy(root: Path, profile: str = "internal") -> None:
    """Nothing is left of killed refreshes: no candidates, no pointers half written, no release that the register lacks."""
    s = Settings(data_root=root).of(profile)
    assert not list(s.releases.glob(".*"))
    assert not list(s.marts.glob(".*.new"))
    assert {r.id for r in release.releases(s)} <= {str(e["release_id"]) for e in register.entries(s)}
