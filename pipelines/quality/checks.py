"""What a check is, and the suite files of `expectations/`: read here, run by adapter.py. No Great Expectations here."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines import registry

COUNTS = "row_counts.json"
MEASURES = "expect_column_max_to_be_between"


@dataclass(frozen=True)
class Words:
    """What a check says: the rule itself, one sentence per failing row (a template), and what to do."""

    rule: str
    row: str
    remedy: str


@dataclass(frozen=True)
class Check:
    """One expectation of one suite. With `sql` it looks at the rows that a query returns (their number or, with
    `figure`, the value of one named figure); without, at the table itself. `accepted` maps row keys to reasons."""

    suite: str
    table: str
    rule: str
    type: str
    kwargs: dict[str, Any]
    severity: str
    zh: Words
    en: Words
    sql: str | None = None
    figure: str | None = None
    accepted: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.suite}/{self.rule}"

    def concerns(self, names: Collection[str]) -> bool:
        """Whether the check looks at one of these tables, as its own or in its query."""
        return self.table in names or any(re.search(rf"\b{n}\b", self.sql or "") for n in names)

    @property
    def config(self) -> dict[str, Any]:
        """The expectation as Great Expectations reads it."""
        kwargs = {**self.kwargs, "column": self.name} if self.sql else self.kwargs
        return {"type": self.type, "kwargs": kwargs, "severity": self.severity, "meta": {"check": self.name}}


def zero_rows(table: str, rule: str, words: tuple[Words, Words], sql: str) -> Check:
    """A critical check of a table's own suite that holds when the query returns no row."""
    zh, en = words
    return Check(table, table, rule, MEASURES, {"min_value": 0, "max_value": 0}, "critical", zh, en, sql)


def tables() -> list[registry.Table]:
    """Every table that a candidate must hold."""
    return registry.in_layer("core", "reconcile", "mart")


def may_be_empty(suites: Path) -> set[str]:
    """Tables whose suite allows that they hold no row."""
    return {s["name"] for s in _files(suites) if s["meta"].get("may_be_empty")}


def hand_written(suites: Path) -> list[Check]:
    """Every check of the suite files. Raises KeyError or FileNotFoundError, naming the suite, when one is not whole."""
    return [_check(suites, suite, e) for suite in _files(suites) for e in suite["expectations"]]


def expected_rows(counted: Path) -> list[tuple[str, str, int]]:
    """(county, table, rows) as kept in a `row_counts.json`; none without one: then only the previous release is a measure."""
    counts = json.loads(counted.read_text(encoding="utf-8")) if counted.exists() else {}
    return [(county, table, rows) for county, of in counts.items() for table, rows in of.items()]


def _files(suites: Path) -> list[dict[str, Any]]:
    return [json.loads(p.read_text(encoding="utf-8")) for p in sorted(suites.glob("*.json")) if p.name != COUNTS]


def _check(suites: Path, suite: dict[str, Any], e: dict[str, Any]) -> Check:
    meta = e["meta"]
    sql = (suites / "rules" / meta["sql"]).read_text(encoding="utf-8") if "sql" in meta else None
    zh, en = (Words(meta[f"rule_{k}"], meta[f"message_{k}"], meta[f"remedy_{k}"]) for k in ("zh", "en"))
    return Check(suite["name"], meta.get("table", suite["name"]), meta["rule"], e["type"], e["kwargs"], e["severity"],
                 zh, en, sql, meta.get("figure"), meta.get("accepted", {}))  # fmt: skip
