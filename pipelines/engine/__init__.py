"""Which engine builds the tables and runs the forecast: DuckDB on this machine, or Apache Spark (optional extra `spark`).
An engine does what `core.engine.Engine` says; a new one is a module here and a line in `ENGINES`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pipelines.core.duck import DuckEngine
from pipelines.core.engine import Engine
from pipelines.settings import Settings


def _spark(settings: Settings) -> Engine:
    from pipelines.engine.spark import SparkEngine

    return SparkEngine(settings.spark_master, settings.memory_limit)


ENGINES: Final[dict[str, Callable[[Settings], Engine]]] = {
    "duckdb": lambda s: DuckEngine(s.memory_limit),
    "spark": _spark,
}


def of(settings: Settings) -> Engine:
    """The engine of the settings. Raises ValueError for an unknown one, RuntimeError saying what is not installed."""
    if settings.engine not in ENGINES:
        raise ValueError(
            f"设置 engine 应为 {'、'.join(ENGINES)} / setting engine must be one of {', '.join(ENGINES)}: {settings.engine!r}"
        )
    return ENGINES[settings.engine](settings)
