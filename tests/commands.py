"""The command line on a data root: `minzheng` starts Python for a command, `refresh` forks one that has loaded everything already."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from pipelines.settings import PROJECT
from tests.forks import Forks


def minzheng(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line on a data root and return what it printed."""
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *arguments],
        cwd=PROJECT,
        env=_environment(root, environment),
        capture_output=True,
        text=True,
        check=False,
    )


def refresh(
    root: Path, *arguments: str, constants: dict[str, int] | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """`minzheng run` in a fork, see warm.py: the seconds of loading are paid once for all tests of this process. `constants` of
    modules are changed for this run."""
    command = ["run", *arguments]
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        warm = _warm()
        warm.order(
            arguments=command, environment=_environment(root, environment), constants=constants or {}, stdout=str(out), stderr=str(err)
        )  # fmt: skip
        code = warm.answer()
        said = (file.read_text(encoding="utf-8") if file.exists() else "" for file in (out, err))
        return subprocess.CompletedProcess(command, code, *said)


def fresh_root(folder: Path, *counties: str) -> Path:
    """A data root with a copy of the real raw data, or of the reference and these counties alone."""
    if not counties:
        shutil.copytree(PROJECT / "data" / "raw", folder / "raw")
    for pattern in ("reference", *(f"{code}-*" for code in counties)) if counties else ():
        (found,) = (PROJECT / "data" / "raw").glob(pattern)
        shutil.copytree(found, folder / "raw" / found.name)
    return folder


def _environment(root: Path, given: dict[str, str]) -> dict[str, str]:
    return {**os.environ, "MINZHENG_DATA_ROOT": str(root), "DAGSTER_HOME": str(root / "dagster"), **given}


@cache
def _warm() -> Forks:
    return Forks("tests.warm")
