"""What is skipped fails where nothing may be skipped, and only there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.settings import PROJECT

ABSENT = """
import pytest

@pytest.fixture
def cluster():
    pytest.skip("Java is absent")

def test_of_a_cluster(cluster): ...
def test_of_a_library(): pytest.importorskip("no_such_library")
def test_of_documents(): pytest.skip("needs --documents DIR")
@pytest.mark.xfail
def test_that_may_fail(): assert False
def test_that_runs(): ...
"""
MODULE = "import pytest; pytest.importorskip('no_such_library')"


@pytest.mark.parametrize(
    ("setting", "found"),
    [
        ("", {"passed": 1, "skipped": 4, "xfailed": 1}),
        ("1", {"passed": 1, "skipped": 1, "xfailed": 1, "failed": 1, "errors": 2}),
    ],
)
def test_a_skip_fails_where_none_may_be(tmp_path: Path, setting: str, found: dict[str, int]) -> None:
    (tmp_path / "test_absent.py").write_text(ABSENT, encoding="utf-8")
    (tmp_path / "test_module.py").write_text(MODULE, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.skips",
        "-p",
        "no:cacheprovider",
        "--continue-on-collection-errors",
    ]
    env = {**os.environ, "MINZHENG_NO_SKIPS": setting, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run([*command, str(tmp_path)], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    told = {word: int(n) for n, word in re.findall(r"(\d+) (\w+)", done.stdout.splitlines()[-1])}
    told = {word if word != "error" else "errors": n for word, n in told.items() if word not in ("in", "warnings")}
    assert {w: n for w, n in told.items() if w in (*found, "failed", "errors")} == found, done.stdout
    assert (done.returncode != 0) == bool(setting)
    assert ("MINZHENG_NO_SKIPS: Skipped: Java is absent" in done.stdout) == bool(setting)
