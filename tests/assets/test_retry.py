"""An error of the file system has a step tried again; any other stops it at once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from pipelines.assets import common, raw
from pipelines.ingest.problems import InputError, Problem


@pytest.mark.parametrize(
    ("error", "times", "trials", "succeeds"),
    [
        (OSError("stale file handle"), 2, 3, True),
        (OSError("stale file handle"), 9, 3, False),
        (InputError([Problem("mortality.csv", 2, "period", "", "missing_file")]), 1, 1, False),
    ],
)
def test_only_errors_of_the_file_system_are_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception, times: int, trials: int, succeeds: bool
) -> None:
    made: list[int] = []

    def stage(settings: object) -> SimpleNamespace:
        made.append(1)
        if len(made) <= times:
            raise error
        return SimpleNamespace(input_hash="0", unchanged=False)

    monkeypatch.setenv("MINZHENG_DATA_ROOT", str(tmp_path))
    monkeypatch.setattr(raw.store, "stage_reference", stage)
    monkeypatch.setattr(common, "RETRY_AFTER", 0)
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([raw.staging_reference], instance=instance, raise_on_error=False)
    assert (len(made), result.success) == (trials, succeeds)
    said = [e.step_failure_data.error_display_string for e in result.all_events if e.is_step_failure]
    assert [str(error) in words for words in said] == [True] * (not succeeds)
