"""The commands of the office on releases older than they."""

import argparse

import duckdb
import pytest

import pipelines
from pipelines import cli
from pipelines.publish import release


def test_the_status_of_an_older_release_is_told_without_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = duckdb.connect()
    old.execute("CREATE TABLE meta_release AS SELECT 'r1' AS release_id, '2025-01-01' AS built_at, 'abc' AS git_commit")
    old.execute("CREATE TABLE mart_quality AS SELECT 'critical' AS severity, true AS passed")
    monkeypatch.setattr(pipelines, "open_marts", lambda *_, **__: old)
    monkeypatch.setattr(release, "current_id", lambda _: "r1")
    assert cli._status(argparse.Namespace(profile=None)) == cli.PUBLISHED
    said = capsys.readouterr().out
    assert "版本 / release   r1\n" in said and "2025-01-01" in said and "critical: 1" in said
    assert "made_from" not in said and "None" not in said
