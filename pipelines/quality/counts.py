"""Keeps `expectations/row_counts.json`: the rows per county and table that git says there must be.
After a deliberate change: ``python -m pipelines.quality.counts CANDIDATE`` (a folder of Parquet files), then commit."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pipelines.quality.candidate import open_candidate
from pipelines.quality.checks import COUNTS
from pipelines.settings import PROJECT

Counts = dict[str, dict[str, int]]


def count(candidate: Path, suites: Path) -> Counts:
    """Rows per county and raw-derived table of a candidate, by the query of the rule that compares them."""
    with open_candidate(candidate, suites / COUNTS) as con:
        con.execute("DELETE FROM expected_rows")
        found = con.execute((suites / "rules" / "rows_more.sql").read_text(encoding="utf-8")).fetchall()
    counts: Counts = {}
    for place, rows, _ in sorted(found):
        county, _, table = place.partition("/")
        counts.setdefault(county, {})[table] = rows
    return counts


def update(candidate: Path, suites: Path) -> Counts:
    """Write the candidate's counts; counties that it does not hold keep theirs. Returns all of them."""
    kept: Counts = json.loads((suites / COUNTS).read_text(encoding="utf-8"))
    counts = dict(sorted({**kept, **count(candidate, suites)}.items()))
    (suites / COUNTS).write_text(json.dumps(counts, indent=2) + "\n", encoding="utf-8")
    return counts


if __name__ == "__main__":
    update(Path(sys.argv[1]), PROJECT / "expectations")
