"""The analysts' desk: open the marts, compare, trace, look ahead, draw. Imports neither dagster, GX nor nbconvert; polars,
DuckDB, plotly and the forecast engine load when something first needs them, so that the import itself takes no time.

from pipelines.desk import open_marts, compare, trace, outlook, plot
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from pipelines.desk.compare import ComparisonError, compare
from pipelines.desk.marts import NoReleaseError, counties, open_marts
from pipelines.desk.outlook import outlook, parameters
from pipelines.desk.trace import trace

if TYPE_CHECKING:
    from pipelines.desk import balance, burial, figures, headlines, past, plot, tables

__all__ = [
    "ComparisonError",
    "NoReleaseError",
    "balance",
    "burial",
    "compare",
    "counties",
    "figures",
    "headlines",
    "open_marts",
    "outlook",
    "parameters",
    "past",
    "plot",
    "tables",
    "trace",
]
_LATER = ("balance", "burial", "figures", "headlines", "past", "plot", "tables")


def __getattr__(name: str) -> object:
    """The larger parts, imported when they are asked for (PEP 562)."""
    if name in _LATER:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
