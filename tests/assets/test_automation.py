"""What the daemon makes of the sensor on raw files: its own loop, on an instance whose queue nobody works off."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.test_utils import freeze_time
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.sensor import execute_sensor_iteration
from dagster._time import get_current_timestamp
from dagster._utils.error import SerializableErrorInfo

from pipelines.assets import automation
from pipelines.assets.automation import PAUSE, RAW, TRIALS
from pipelines.assets.candidate import REFUSED
from pipelines.assets.raw import raw_county

Ended = dg.DagsterEventType
LOG = logging.getLogger("daemon")
defs = dg.Definitions(assets=[raw_county], jobs=[automation.refresh], sensors=[automation.raw_changed])
"""The refresh without what follows the first step: nothing runs here, and the plan of a run is made much faster."""
HERE = LoadableTargetOrigin(module_name=__name__, attribute="defs")


class Office:
    """A raw folder, the daemon's sensors, and runs that end as a test says."""

    def __init__(self, root: Path, instance: dg.DagsterInstance, context: WorkspaceProcessContext) -> None:
        self.file = root / "raw" / "530425-yimen" / "statistics.csv"
        self.file.parent.mkdir(parents=True)
        (root / "raw" / "reference").mkdir()
        self.instance, self.context = instance, context
        self.now, self.seen = get_current_timestamp(), set[str]()

    def looks(self, *crash: str) -> list[SerializableErrorInfo]:
        """The daemon looks at its sensors, and fails at this point of its loop; the errors it met."""
        self.now += 61
        flags = {"raw_changed": {point: RuntimeError() for point in crash}}
        with freeze_time(self.now):
            return [e for e in execute_sensor_iteration(self.context, LOG, None, None, debug_crash_flags=flags) if e]

    def ticked(self, raw: str | None = None) -> list[dg.DagsterRun]:
        """What the daemon launches at its next look, after the raw file got this content."""
        if raw is not None:
            self.file.write_text(raw, encoding="utf-8")
        assert not self.looks()
        new = [run for run in self.instance.get_runs() if run.run_id not in self.seen]
        self.seen |= {run.run_id for run in new}
        return new

    def launched(self, raw: str | None = None) -> dg.DagsterRun:
        (run,) = self.ticked(raw)
        assert run.status is dg.DagsterRunStatus.QUEUED and run.job_name == "refresh"
        return run

    def end(self, run: dg.DagsterRun, how: Ended) -> None:
        self.instance.report_dagster_event(dg.DagsterEvent(how.value, run.job_name), run.run_id)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("MINZHENG_DATA_ROOT", str(tmp_path / "data"))
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance, workspace(instance) as context:
        (repository,) = context.create_request_context().get_code_location("minzheng").get_repositories().values()
        instance.start_sensor(repository.get_sensor("raw_changed"))
        yield Office(tmp_path / "data", instance, context)


@contextmanager
def workspace(instance: dg.DagsterInstance) -> Iterator[WorkspaceProcessContext]:
    target = InProcessWorkspaceLoadTarget(InProcessCodeLocationOrigin(HERE, location_name="minzheng"))
    with WorkspaceProcessContext(instance, target) as context:
        yield context


def test_content_that_comes_back_is_refreshed_each_time(office: Office) -> None:
    """Good, bad, the good one restored, and both once more; and nothing while it stays."""
    runs = []
    for raw in ("good", "bad", "good", "bad"):
        runs.append(office.launched(raw))
        assert not office.ticked()
        office.end(runs[-1], Ended.PIPELINE_SUCCESS)
        assert not office.ticked()
    assert runs[0].tags[RAW] == runs[2].tags[RAW] != runs[1].tags[RAW] == runs[3].tags[RAW]


def test_content_that_changes_and_returns_between_two_looks_is_left(office: Office) -> None:
    office.end(office.launched("good"), Ended.PIPELINE_SUCCESS)
    office.file.write_text("bad", encoding="utf-8")
    assert not office.ticked("good")


@pytest.mark.parametrize("point", ["TICK_HELD", "RUN_IDS_RESERVED", "RUN_CREATED", "RUN_LAUNCHED"])
def test_a_daemon_that_stumbles_launches_once(office: Office, point: str) -> None:
    office.file.write_text("good", encoding="utf-8")
    assert office.looks(point)
    office.launched()
    assert not office.ticked()


def test_an_accident_is_tried_again_after_a_pause_and_not_for_ever(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, a killed process: a few trials, then nothing until raw data change or the daily schedule comes."""
    for trial in range(TRIALS):
        run = office.launched("good" if trial == 0 else None)
        assert not office.ticked(), "the queue holds it"
        office.end(run, Ended.PIPELINE_FAILURE)
        monkeypatch.setattr(automation, "PAUSE", PAUSE)
        assert not office.ticked(), "the pause"
        monkeypatch.setattr(automation, "PAUSE", 0)
    assert not office.ticked()
    office.end(office.launched("better"), Ended.PIPELINE_FAILURE)
    assert office.launched().tags[RAW], "other raw data have trials of their own"


@pytest.mark.parametrize("how", [Ended.PIPELINE_SUCCESS, Ended.PIPELINE_CANCELED])
def test_a_trial_that_ends_well_or_by_hand_is_the_last(
    office: Office, monkeypatch: pytest.MonkeyPatch, how: Ended
) -> None:
    monkeypatch.setattr(automation, "PAUSE", 0)
    office.end(office.launched("good"), Ended.PIPELINE_FAILURE)
    office.end(office.launched(), how)
    assert not office.ticked()


def test_the_daily_refresh_says_for_which_raw_data_it_is(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that one that fails by accident is tried again, too."""
    monkeypatch.setattr(automation, "PAUSE", 0)
    run = office.launched("good")
    asked = automation.daily(dg.build_schedule_context(office.instance))
    assert isinstance(asked, dg.RunRequest) and asked.run_key is None
    assert asked.tags.items() <= run.tags.items()


def test_what_the_checks_refused_is_not_tried_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it is repaired; what was published before is then published again."""
    monkeypatch.setattr(automation, "PAUSE", 0)
    office.end(office.launched("good"), Ended.PIPELINE_SUCCESS)
    bad = office.launched("bad")
    office.instance.add_run_tags(bad.run_id, {REFUSED: "r00002-20260101"})
    office.end(bad, Ended.PIPELINE_FAILURE)
    assert not office.ticked()
    office.launched("good")
