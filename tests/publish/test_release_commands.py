"""`minzheng release …` on releases of a few bytes, by the command line's own code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.publish import diff, release
from pipelines.publish.hashes import file_hash
from pipelines.settings import Settings


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Settings, str, str]:
    monkeypatch.setenv("MINZHENG_DATA_ROOT", str(tmp_path))
    s, ids = Settings(data_root=tmp_path), []
    for content in ("old", "new"):
        candidate = s.candidate(content)
        ids.append(release.begin(s, candidate))
        (candidate / "marts.duckdb").write_text(content, encoding="utf-8")
        resource = {"path": "marts.duckdb", "hash": f"sha256:{file_hash(candidate / 'marts.duckdb')}"}
        (candidate / release.MANIFEST).write_text(json.dumps({"resources": [resource]}), encoding="utf-8")
        cell = {"key": ["530425-s0001", None], "column": "value", "before": 1, "after": 2}
        table = {"added": 1, "removed": 0, "changed": 1, "added_keys": [["x"]], "removed_keys": [], "cells": [cell]}
        gate = {"table": "t", "key": "k", "column": "", "before": None, "after": None, "accepted": "王某"}
        check = {
            "suite": "s",
            "expectation": "e",
            "before": True,
            "after": False,
            "message_zh": "甲",
            "message_en": "a",
        }
        known = {"previous": ids[0], "tables": {"fct_observation": table}, "gate": [gate], "checks": [check]}
        first = {"previous": None, "tables": {}, "gate": [], "checks": []}
        (candidate / diff.FILE).write_text(json.dumps(known if content == "new" else first), encoding="utf-8")
        release.switch(s, candidate)
    return s, ids[0], ids[1]


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(["release", *arguments]) == code
    out, error = capsys.readouterr()
    return out + error


def test_list_path_and_pin(two: tuple[Settings, str, str], capsys: pytest.CaptureFixture[str]) -> None:
    s, old, new = two
    assert said(capsys, "list").split() == ["*", new, old]
    assert said(capsys, "path").strip() == str(s.releases / new)
    assert said(capsys, "path", old).strip() == str(s.releases / old)
    assert old in said(capsys, "pin", old)
    assert f"{old}  (pinned)" in said(capsys, "list")
    assert "no such release" in said(capsys, "path", "r99999-20990101", code=1)


def test_use_rolls_back_one_release_and_refuses_a_broken_one(
    two: tuple[Settings, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    s, old, new = two
    assert old in said(capsys, "use", old)
    assert release.current_id(s) == old
    file = s.releases / new / "marts.duckdb"
    file.chmod(0o644)
    file.write_text("altered", encoding="utf-8")
    assert "not whole" in said(capsys, "use", new, code=1)
    assert release.current_id(s) == old
    assert "marts.duckdb" in said(capsys, "verify", new, code=1)
    assert "whole" in said(capsys, "verify", old)


def test_diff_in_words(two: tuple[Settings, str, str], capsys: pytest.CaptureFixture[str]) -> None:
    _, old, new = two
    words = said(capsys, "diff")
    for wanted in (
        old,
        "fct_observation: +1 −0 ~1",
        "530425-s0001/— value: 1 → 2",
        "+ x",
        "[王某]",
        "s.e: True → False",
        diff.FILE,
    ):
        assert wanted in words
    assert "the first release" in said(capsys, "diff", old)
    assert new not in said(capsys, "diff", old)
