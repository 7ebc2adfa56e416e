"""Fixtures shared by all tests: the real raw data staged once, core tables built once, a release published once, a browser, and the
folders of documents and panel that a tester may have (option or environment variable; tests skip with a reason without them)."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.core.tables import build_core
from pipelines.settings import PROJECT, Settings
from pipelines.staging import store
from tests.commands import fresh_root, minzheng
from tests.skips import pytest_make_collect_report, pytest_runtest_makereport  # noqa: F401

CHROMIUM = Path("/usr/bin/chromium")
Once = Callable[[str, Callable[[Path], object]], Path]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--documents", default=os.environ.get("MINZHENG_DOCUMENTS"), help="folder of the plan documents")
    parser.addoption("--panel", default=os.environ.get("MINZHENG_PANEL"), help="folder of the national census panel")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Each process has half of the tests in their order, so that most modules stay whole; one that is done takes from the other."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest first, so that processes that share the tests end together: all that need the one Spark cluster, then slow
    tests by the seconds of their mark. Everything else keeps its order."""

    def before(item: pytest.Item) -> tuple[bool, int]:
        slow = item.get_closest_marker("slow")
        return item.get_closest_marker("spark") is None, -slow.kwargs.get("seconds", 0) if slow else 0

    items.sort(key=before)


def _folder(request: pytest.FixtureRequest, option: str) -> Path:
    given = request.config.getoption(option)
    if not given:
        pytest.skip(f"needs {option} DIR (or MINZHENG_{option.strip('-').upper()})")
    assert Path(given).is_dir(), f"{option}: no such folder: {given}"
    return Path(given)


@pytest.fixture(scope="session")
def documents(request: pytest.FixtureRequest) -> Path:
    """Folder of the five plan documents, under the names of source.toml."""
    return _folder(request, "--documents")


@pytest.fixture(scope="session")
def panel(request: pytest.FixtureRequest) -> Path:
    """Folder of the national census panel."""
    return _folder(request, "--panel")


@pytest.fixture(scope="session")
def raw() -> Path:
    """The raw data of the project."""
    return PROJECT / "data" / "raw"


@pytest.fixture(scope="session")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a scratch data root (raw linked to the real one) in which everything is staged."""
    root = tmp_path_factory.mktemp("data")
    (root / "raw").symlink_to(PROJECT / "data" / "raw", target_is_directory=True)
    settings = Settings(data_root=root)
    found = store.stage_counties(settings, settings.county_folders())
    assert all(isinstance(s, store.Staged) for s in found), found
    store.stage_reference(settings)
    return settings


@pytest.fixture(scope="session")
def core(staged: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the core Parquet built from the real raw data."""
    out = tmp_path_factory.mktemp("core")
    build_core(store.tables(staged), store.current(staged, "reference").folder, out)
    return out


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """`once(name, make)`: a folder that `make` fills, whichever process of pytest-xdist asks first; the others wait and read it."""
    own = tmp_path_factory.getbasetemp()
    common = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder, done = common / "once" / name, common / "once" / f"{name}.done"
        folder.parent.mkdir(exist_ok=True)
        with folder.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                done.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def published(once: Once) -> Path:
    """A data root with one published release, made by the command line in a process of its own. Do not change it."""

    def publish(root: Path) -> None:
        done = minzheng(fresh_root(root), "run")
        assert done.returncode == 0, done.stdout + done.stderr

    return once("published", publish)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium, headless. Skips with the reason where it or playwright is absent."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed (apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield started
        started.close()
