"""A run of the daemon that fails: a message file says why, in the words of the checks, and what it left is put away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipelines.assets.automation import on_failure
from pipelines.assets.candidate import REFUSED
from pipelines.definitions import defs
from pipelines.publish import release
from pipelines.settings import Settings

FAILED = {
    "severity": "critical",
    "passed": False,
    "message_zh": "少了行 530425-s0001",
    "message_en": "row 530425-s0001 is gone",
}


@pytest.fixture
def failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Settings, dg.DagsterInstance, dg.ExecuteInProcessResult]]:
    monkeypatch.setenv("MINZHENG_DATA_ROOT", str(tmp_path))
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_job_def("refresh").execute_in_process(instance=instance, raise_on_error=False)
        yield Settings(data_root=tmp_path), instance, result


def told(failed: tuple[Settings, dg.DagsterInstance, dg.ExecuteInProcessResult]) -> str:
    s, instance, result = failed
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    context = dg.build_run_status_sensor_context("on_failure", result.get_run_failure_event(), instance, run)
    on_failure(context.for_run_failure())
    (file,) = (s.marts / "messages").glob("*.txt")
    assert run.run_id[:8] in file.name
    return file.read_text(encoding="utf-8")


def test_an_error_is_told(failed: tuple[Settings, dg.DagsterInstance, dg.ExecuteInProcessResult]) -> None:
    words = told(failed)
    assert "刷新失败，读者仍看到上一版本 / refresh failed" in words
    assert "raw__county" in words


def test_a_refusal_is_told_in_the_words_of_the_checks(
    failed: tuple[Settings, dg.DagsterInstance, dg.ExecuteInProcessResult],
) -> None:
    s, instance, result = failed
    kept = s.marts / release.REJECTED / "r00001-20260101"
    kept.mkdir(parents=True)
    (kept / "results.json").write_text(json.dumps({"results": [FAILED]}), encoding="utf-8")
    instance.add_run_tags(result.run_id, {REFUSED: kept.name})
    words = told(failed)
    for wanted in (FAILED["message_zh"], FAILED["message_en"], str(kept)):
        assert str(wanted) in words
    assert "Stack Trace" not in words


def test_what_the_run_left_is_put_away(failed: tuple[Settings, dg.DagsterInstance, dg.ExecuteInProcessResult]) -> None:
    s, _, result = failed
    candidate = s.candidate(result.run_id[:8])
    name = release.begin(s, candidate)
    (candidate / "quality").mkdir()
    (candidate / "quality" / "index.html").write_text("report", encoding="utf-8")
    told(failed)
    assert not candidate.exists()
    assert (s.marts / release.REJECTED / name / "index.html").is_file()
