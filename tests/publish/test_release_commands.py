"""`minzheng release …` on releases of a few bytes, by the command line's own code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines import settings
from pipelines.cli import main
from pipelines.core.hashes import file_hash
from pipelines.publish import diff, public, release
from pipelines.settings import Settings


@pytest.fixture(params=["internal", "public"])
def profile(request: pytest.FixtureRequest) -> str:
    """Every command does the same for either kind of release."""
    return str(request.param)


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str) -> tuple[Settings, str, str]:
    monkeypatch.setenv("MINZHENG_DATA_ROOT", str(tmp_path))
    monkeypatch.setenv("MINZHENG_PROFILE", profile)
    s, ids = Settings(data_root=tmp_path).of(profile), []
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
    two: tuple[Settings, str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    s, old, new = two
    monkeypatch.setattr(public, "verify", lambda *_: [])  # these have no tables; see test_public.py
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


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An internal release and a public one of the same id."""
    monkeypatch.setenv("MINZHENG_DATA_ROOT", str(tmp_path))
    s = Settings(data_root=tmp_path)
    for profile in ("internal", "public"):
        candidate = s.of(profile).candidate(profile)
        release.begin(s.of(profile), candidate)
        (candidate / release.MANIFEST).write_text(json.dumps({"resources": []}), encoding="utf-8")
        release.publish(s.of(profile), candidate)
    return s


def test_public_releases_have_a_pointer_and_pins_of_their_own(
    both: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    (name,) = [r.id for r in release.releases(both)]
    assert said(capsys, "path", "--public").strip() == str(both.public.releases / name)
    assert said(capsys, "path").strip() == str(both.releases / name)
    said(capsys, "pin", name, "--public")
    assert [(s.marts.name, [r.pinned for r in release.releases(s)]) for s in (both, both.public)] == [
        ("marts", [False]),
        ("public", [True]),
    ]
    (both.public.marts / "CURRENT").unlink()
    assert "no such release: None" in said(capsys, "verify", "--public", code=1)
    assert name in said(capsys, "use", name, "--public")
    assert release.current_id(both.public) == name


def test_a_public_release_is_made_of_an_internal_one(both: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert "leave --public out" in said(capsys, "public", "--public", code=1)
    assert "r09999" in said(capsys, "public", "r09999-20260101", code=1)
    assert [r.id for r in release.releases(both.public)] == [release.current_id(both.public)]
    assert not list(both.public.releases.glob(".*"))


def test_public_is_a_word_of_every_command_that_reads(both: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """They look where it says: these releases hold no database."""
    for command in (["sql", "SELECT 1"], ["trace", "x"], ["page", "530425"], ["status"]):
        assert main([*command, "--public"]) == 1
        out, error = capsys.readouterr()
        assert str(both.public.releases) in out + error, command


def test_a_refresh_keeps_to_internal_releases_whatever_readers_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MINZHENG_PROFILE", "public")
    monkeypatch.setenv("MINZHENG_DATA_ROOT", str(tmp_path))
    assert settings.load().marts == tmp_path / "marts"
    assert settings.load().of().marts == tmp_path / "marts" / "public"
