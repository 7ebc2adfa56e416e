"""Progress on the terminal: one line a stage with its seconds."""

import logging

import dagster as dg

STAGES = {
    "raw__county": "原始数据 / raw",
    "staging__county": "暂存 / staging",
    "staging__reference": "参考数据 / reference",
    "core": "事实表 / core",
    "discrepancies": "前后不一致 / reconcile",
    "forecast": "预测 / forecast",
    "evaluation_target": "目标评价 / evaluate",
    "candidate": "集市表 / marts",
    "quality": "质量检查 / expectations",
    "database": "数据库 / database",
    "site": "笔记本、网站、工作簿 / notebooks, site and workbooks",
    "package": "数据包 / package",
    "release": "切换 / release",
}


class _Stages(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        event = (getattr(record, "dagster_meta", None) or {}).get("dagster_event")
        if event is None or event.event_type not in (
            dg.DagsterEventType.STEP_SUCCESS,
            dg.DagsterEventType.STEP_FAILURE,
        ):
            return
        name = STAGES.get(event.step_key, event.step_key)
        if event.event_type is dg.DagsterEventType.STEP_FAILURE:
            print(f"     ✗    {name}", flush=True)
        else:
            print(f"  {event.step_success_data.duration_ms / 1000:6.1f} s  {name}", flush=True)


@dg.logger({}, "One line a stage")
def progress(_: dg.InitLoggerContext) -> logging.Logger:
    logger = logging.Logger("minzheng.progress", level=logging.DEBUG)
    logger.addHandler(_Stages())
    return logger
