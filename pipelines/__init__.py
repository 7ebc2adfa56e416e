"""Minzheng Marts: county civil-affairs plans as marts, forecasts and pages. Importing this loads neither dagster nor GX."""

from __future__ import annotations

from typing import Any

__all__ = ["open_marts"]


def __getattr__(name: str) -> Any:
    if name == "open_marts":
        from pipelines.desk.marts import open_marts

        return open_marts
    raise AttributeError(name)
