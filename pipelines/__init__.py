"""Minzheng Marts: county civil-affairs plans as marts, forecasts and pages. Importing this loads neither dagster nor GX."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
"""Before NumPy loads: products of matrices add up in one order, so that a forecast has the same last digits on any number of
processors."""

__all__ = ["open_marts"]


def __getattr__(name: str) -> Any:
    if name == "open_marts":
        from pipelines.desk.marts import open_marts

        return open_marts
    raise AttributeError(name)
