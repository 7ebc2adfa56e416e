"""When things run: the refresh job, its daily schedule, the sensor on changed raw files, the message on failure. Runs are
always launched with the tags of a county range; a refresh without them fails at its first step."""

import time
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import dagster as dg

from pipelines import settings
from pipelines.assets.candidate import REFUSED
from pipelines.assets.common import ALL_COUNTIES, COUNTIES, partition
from pipelines.publish import alerts, database, release
from pipelines.staging import store

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    tags={"minzheng/writer": "one"},
    description="从原始数据到发布：全部重建并切换 / From raw to release: build everything, check it, switch.",
)


RAW = "minzheng/raw"  # tag of a run: fingerprint of the raw data that it was launched for
TRIALS, PAUSE = 3, 15 * 60.0  # how often the same raw data are tried in a row, seconds from a failure to the next trial


def tags_for(instance: dg.DagsterInstance, codes: list[str], existing: int = 0) -> dict[str, str]:
    """Register the partitions of counties and give the tags of a run over `codes` (first to last as registered) when so many
    counties exist."""
    name = str(COUNTIES.name)
    wanted = {partition(c, max(existing, len(codes))) for c in codes}
    missing = sorted(wanted - set(instance.get_dynamic_partitions(name)))
    if missing:
        instance.add_dynamic_partitions(name, missing)
    order = [key for key in instance.get_dynamic_partitions(name) if key in wanted]
    return dict(zip(ALL_COUNTIES, (order[0], order[-1]), strict=True))


def forget_absent(instance: dg.DagsterInstance, codes: list[str]) -> None:
    """Drop partitions of which no raw folder is left."""
    left = {partition(c, len(codes)) for c in codes}
    for gone in set(instance.get_dynamic_partitions(str(COUNTIES.name))) - left:
        instance.delete_dynamic_partition(str(COUNTIES.name), gone)


def execute(defs: dg.Definitions, codes: list[str], existing: list[str]) -> tuple[list[str], Path | None]:
    """Run the refresh job in this process over `codes`; counties not in `existing` are forgotten. Returns the errors and the
    report of the candidate, if one was refused."""
    with dg.DagsterInstance.get() as instance:
        forget_absent(instance, existing)
        result = defs.resolve_job_def("refresh").execute_in_process(
            instance=instance,
            raise_on_error=False,
            tags=tags_for(instance, codes, len(existing)),
            run_config={"loggers": {"progress": {}}},
        )
        report = refused(settings.load(), instance.get_run_by_id(result.run_id))
    failures = [e.step_failure_data.error_display_string for e in result.all_events if e.is_step_failure]
    return failures or ([] if result.success else ["refresh failed"]), report


def refused(s: settings.Settings, run: dg.DagsterRun | None) -> Path | None:
    """Where the report lies of the candidate that this run built and that was refused; None when it failed otherwise. What a run
    that failed otherwise left behind is put away in the same way."""
    if run is None:
        return None
    left = s.candidate(run.run_id[:8])
    if (left / release.ID).exists():
        database.drop(left)
        release.reject(s, left)
    name = run.tags.get(REFUSED)
    return s.marts / release.REJECTED / name if name else None


@dg.schedule(
    job=refresh,
    cron_schedule=f"0 {settings.load().schedule_hour} * * *",
    execution_timezone=settings.load().time_zone,
    description="每日定时刷新 / Daily refresh.",
)
def daily(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    s = settings.load()
    return _requested(context.instance, s, store.fingerprint(store.inputs_now(s)))


def _requested(instance: dg.DagsterInstance, s: settings.Settings, raw: str) -> dg.RunRequest:
    """A refresh of every county. It has no run key: Dagster starts a key once and never again, also when raw data are put back to
    what they were. A tick that was cut off is completed by the ids that its runs were given."""
    codes = list(s.county_folders())
    forget_absent(instance, codes)
    return dg.RunRequest(tags={**tags_for(instance, codes), RAW: raw})


def failed_by_accident(instance: dg.DagsterInstance, raw: str) -> bool:
    """Whether the last refreshes failed on these raw data fewer than `TRIALS` times, the last one `PAUSE` seconds ago or more, and
    none because its release was refused: that judges the data and would say the same again. A full disk, a lock held by the
    command line or a process that was killed may be over."""
    runs = instance.get_run_records(dg.RunsFilter(job_name=refresh.name), limit=TRIALS)
    failed = list(takewhile(lambda r: _failed(r.dagster_run, raw), runs))
    return 0 < len(failed) < TRIALS and time.time() - (failed[0].end_time or 0) >= PAUSE


def _failed(run: dg.DagsterRun, raw: str) -> bool:
    return run.status is dg.DagsterRunStatus.FAILURE and run.tags.get(RAW) == raw and REFUSED not in run.tags


@dg.sensor(
    job=refresh,
    minimum_interval_seconds=60,
    description="原始文件内容变化即刷新，新县自动登记；意外失败时稍后重试 / "
    "Refresh when the content of raw files changes, registers new counties; tries again later after an accident.",
)
def raw_changed(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    s = settings.load()
    now = store.fingerprint(store.inputs_now(s))
    if context.cursor == now and not failed_by_accident(context.instance, now):
        yield dg.SkipReason("原始数据没有变化 / raw data unchanged")
        return
    context.update_cursor(now)
    yield _requested(context.instance, s, now)


@dg.run_failure_sensor(
    description="失败时写消息文件，并按设置通知 / On failure write a message file and tell whom the settings name.",
)
def on_failure(context: dg.RunFailureSensorContext) -> None:
    s, run = settings.load(), context.dagster_run
    report = refused(s, run)
    steps = [e.step_failure_data.error_display_string for e in context.get_step_failure_events()]
    words = [*release.refusal(report), str(report)] if report else [context.failure_event.message or "", *steps]
    subject = "刷新失败，读者仍看到上一版本 / refresh failed, readers keep the last release"
    alerts.send(s, run.run_id[:8], subject, "\n".join([run.run_id, *words]))
