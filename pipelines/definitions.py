"""Dagster entry point: wires assets, checks, the job, its schedule and the sensor. No logic."""

from __future__ import annotations

import dagster as dg

from pipelines import settings
from pipelines.assets import analysis, candidate, publish, raw
from pipelines.assets.automation import daily, on_failure, raw_changed, refresh
from pipelines.assets.progress import progress

defs = dg.Definitions(
    assets=dg.load_assets_from_modules([raw, analysis, candidate, publish]),
    asset_checks=[candidate.quality],
    jobs=[refresh],
    schedules=[daily],
    sensors=[raw_changed, on_failure],
    loggers={"console": dg.colored_console_logger, "progress": progress},
    executor=dg.in_process_executor,
    metadata={"data_root": dg.MetadataValue.path(str(settings.load().data_root))},
)
