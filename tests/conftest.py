"""Fixtures shared by all tests: the real raw data staged once, core tables built once, and the folders of documents and
panel that a tester may have (option or environment variable; tests skip with a reason without them)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.core.tables import build_core
from pipelines.settings import PROJECT, Settings
from pipelines.staging import store


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--documents", default=os.environ.get("MINZHENG_DOCUMENTS"), help="folder of the plan documents")
    parser.addoption("--panel", default=os.environ.get("MINZHENG_PANEL"), help="folder of the national census panel")


def _folder(request: pytest.FixtureRequest, option: str) -> Path:
    given = request.config.getoption(option)
    if not given or not Path(given).is_dir():
        pytest.skip(f"needs {option} DIR (or MINZHENG_{option.strip('-').upper()})")
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
