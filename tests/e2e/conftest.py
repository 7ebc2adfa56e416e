"""A data root with the real raw data, and one refresh made by a real process, shared by the tests that only read it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.settings import PROJECT


def minzheng(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line on a data root and return what it printed."""
    env = {**os.environ, "MINZHENG_DATA_ROOT": str(root), "DAGSTER_HOME": str(root / "dagster"), **environment}
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *arguments],
        cwd=PROJECT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def fresh_root(folder: Path, *counties: str) -> Path:
    """A data root with a copy of the real raw data, or of the reference and these counties alone."""
    if not counties:
        shutil.copytree(PROJECT / "data" / "raw", folder / "raw")
    for pattern in ("reference", *(f"{code}-*" for code in counties)) if counties else ():
        (found,) = (PROJECT / "data" / "raw").glob(pattern)
        shutil.copytree(found, folder / "raw" / found.name)
    return folder


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with one published release. Do not change it."""
    root = fresh_root(tmp_path_factory.mktemp("published"))
    done = minzheng(root, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    return root
