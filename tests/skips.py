"""No skips where everything can be had: with MINZHENG_NO_SKIPS set, as in .ci/run, a test that is skipped has failed. Otherwise an
installation that went wrong would leave a promise untested, and nobody would see it. Only the reasons in EXCUSED remain."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TypeVar

import pytest

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
EXCUSED = (
    "needs --",  # a folder that cannot be published and that nobody named
    "not allowed here",  # rights that a machine does not give
    "systemd-analyze is not installed",  # containers have none
    "dbt is not installed",  # in an environment of its own; what pins it moves without us
    "its office wants",  # a cluster of somebody else
)


def judged(report: Report) -> Report:
    if report.outcome == "skipped" and not hasattr(report, "wasxfail") and os.environ.get("MINZHENG_NO_SKIPS"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(words in reason for words in EXCUSED):
            report.outcome, report.longrepr = "failed", f"MINZHENG_NO_SKIPS: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return judged((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return judged((yield))
