"""The analysts' desk: open the marts, compare, trace, look ahead, draw. Imports neither dagster, GX nor nbconvert.

from pipelines.desk import open_marts, compare, trace, outlook, plot
"""

from __future__ import annotations

from pipelines.desk import headlines, plot, tables
from pipelines.desk.compare import ComparisonError, compare
from pipelines.desk.marts import NoReleaseError, counties, open_marts
from pipelines.desk.outlook import outlook
from pipelines.desk.trace import trace

__all__ = [
    "ComparisonError",
    "NoReleaseError",
    "compare",
    "counties",
    "headlines",
    "open_marts",
    "outlook",
    "plot",
    "tables",
    "trace",
]
