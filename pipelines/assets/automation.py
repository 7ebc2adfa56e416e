"""When things run: the refresh job, its daily schedule, the sensor on changed raw files, the message on failure. Runs are
always launched with the tags of a county range; a refresh without them fails at its first step."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from pipelines import settings
from pipelines.assets.candidate import REFUSED
from pipelines.assets.common import ALL_COUNTIES, COUNTIES
from pipelines.publish import alerts, release
from pipelines.staging import store

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    tags={"minzheng/writer": "one"},
    description="从原始数据到发布：全部重建并切换 / From raw to release: build everything, check it, switch.",
)


def tags_for(instance: dg.DagsterInstance, codes: list[str]) -> dict[str, str]:
    """Register counties as partitions and give the tags of a run over `codes` (first to last as registered)."""
    name = str(COUNTIES.name)
    known = instance.get_dynamic_partitions(name)
    missing = [c for c in sorted(codes) if c not in known]
    if missing:
        instance.add_dynamic_partitions(name, missing)
    order = [c for c in instance.get_dynamic_partitions(name) if c in codes]
    return dict(zip(ALL_COUNTIES, (order[0], order[-1]), strict=True))


def forget_absent(instance: dg.DagsterInstance, codes: list[str]) -> None:
    """Drop partitions whose raw folder is gone."""
    for gone in set(instance.get_dynamic_partitions(str(COUNTIES.name))) - set(codes):
        instance.delete_dynamic_partition(str(COUNTIES.name), gone)


def execute(defs: dg.Definitions, codes: list[str], existing: list[str]) -> tuple[list[str], Path | None]:
    """Run the refresh job in this process over `codes`; counties not in `existing` are forgotten. Returns the errors and the
    report of the candidate, if one was refused."""
    with dg.DagsterInstance.get() as instance:
        forget_absent(instance, existing)
        result = defs.resolve_job_def("refresh").execute_in_process(
            instance=instance,
            raise_on_error=False,
            tags=tags_for(instance, codes),
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
    codes = list(settings.load().county_folders())
    forget_absent(context.instance, codes)
    return dg.RunRequest(tags=tags_for(context.instance, codes))


@dg.sensor(
    job=refresh,
    minimum_interval_seconds=60,
    description="原始文件内容变化即刷新；新县自动登记 / Refresh when the content of raw files changes; registers new counties.",
)
def raw_changed(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    s = settings.load()
    now = store.fingerprint(store.inputs_now(s))
    if context.cursor == now:
        yield dg.SkipReason("原始数据没有变化 / raw data unchanged")
        return
    codes = list(s.county_folders())
    forget_absent(context.instance, codes)
    context.update_cursor(now)
    yield dg.RunRequest(run_key=now, tags=tags_for(context.instance, codes))


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
