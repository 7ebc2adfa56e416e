"""The ledger of contradictions: findings of rules and of readers in one shape, with stable ids and their reviews."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from typing import Any

import polars as pl

from pipelines import registry
from pipelines.ingest.contract import POLARS

COLUMNS = {c.name: POLARS[c.type] for c in registry.table("fct_discrepancy").columns}
FOUND = {n: t for n, t in COLUMNS.items() if n != "discrepancy_id" and not n.startswith("review")}
_PLACE = ("county_code", "rule_id", "left_line", "left_value", "right_line", "right_value", "lines")
_NUMERAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def ledger(findings: pl.DataFrame, notes: pl.DataFrame, reviews: pl.DataFrame) -> pl.DataFrame:
    """Findings (columns of fct_discrepancy without id and review) and the readers' notes that no finding covers, worst
    first, with ids and reviews. `notes`, `reviews`: the staged tables."""
    found = findings.select(*FOUND)
    notes = _as_found(notes)
    seen = _seen(found)
    fresh = notes.filter(pl.Series([not _covered(r, seen) for r in notes.iter_rows(named=True)], dtype=pl.Boolean))
    listed = pl.concat([found, fresh.select(*FOUND)], how="diagonal_relaxed")
    identified = listed.with_columns(discrepancy_id=pl.struct(_PLACE).map_elements(_identity, return_dtype=pl.String))
    identified = identified.unique("discrepancy_id", keep="first", maintain_order=True)
    reviewed = identified.join(_by_id(reviews), on="discrepancy_id", how="left")
    worst = pl.col("severity").replace_strict({"high": 0, "medium": 1, "low": 2}, return_dtype=pl.Int8)
    return (
        reviewed.with_columns(pl.col("review_status").fill_null("open"))
        .sort("county_code", worst, "left_line", "discrepancy_id")
        .select(pl.col(name).cast(kind) for name, kind in COLUMNS.items())
    )


def _identity(row: dict[str, object]) -> str:
    """Stable over releases: county, rule, and the places with their values."""
    parts = "|".join(str(row[k]) for k in _PLACE)
    return f"{row['county_code']}-{row['rule_id']}-{hashlib.sha256(parts.encode()).hexdigest()[:8]}"


def _seen(found: pl.DataFrame) -> dict[str, list[tuple[set[int], set[str]]]]:
    """Lines and numerals of every finding, by county."""
    seen: dict[str, list[tuple[set[int], set[str]]]] = defaultdict(list)
    for r in found.iter_rows(named=True):
        numerals = _numerals(r, "left_value", "right_value", "computation", "description_zh")
        seen[r["county_code"]].append((_lines(r), numerals))
    return seen


def _covered(note: dict[str, Any], seen: dict[str, list[tuple[set[int], set[str]]]]) -> bool:
    """Whether a rule reports the same places with the same numbers as a reader's note."""
    lines = {n for n in (note["left_line"], note["right_line"]) if n}
    numerals = _numerals(note, "left_value", "right_value")
    mine = seen.get(note["county_code"], [])
    return bool(numerals) and any(lines <= at and numerals <= shown for at, shown in mine)


def _lines(row: dict[str, Any]) -> set[int]:
    further = (int(n) for n in _NUMERAL.findall(row["lines"] or ""))
    return {n for n in (row["left_line"], row["right_line"], *further) if n}


def _numerals(row: dict[str, Any], *columns: str) -> set[str]:
    return {n for c in columns for n in _NUMERAL.findall(row[c] or "")}


def _as_found(notes: pl.DataFrame) -> pl.DataFrame:
    said = notes.rename({"resolution_zh": "resolution"}).with_columns(rule_id=pl.lit("reader_note"))
    return said.select(pl.col(n).cast(t) for n, t in FOUND.items())


def _by_id(reviews: pl.DataFrame) -> pl.DataFrame:
    return reviews.drop("county_code").with_columns(pl.col("discrepancy_id").cast(pl.String))
