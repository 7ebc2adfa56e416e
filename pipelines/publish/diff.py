"""What changed against the previous release: rows added, removed and changed by key and column, and checks that changed
their state. Written as diff.json; the site renders it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from pipelines import registry

FILE = "diff.json"
_EXAMPLES = 200


def write(previous: Path | None, candidate: Path) -> dict[str, object]:
    """Compare the Parquet of two folders and write ``candidate/diff.json``. Without a previous release nothing is written."""
    if previous is None or not previous.exists():
        return {}
    tables = {}
    for table in (t for t in registry.published() if t.layer != "meta"):
        before, after = (f / "parquet" / f"{table.name}.parquet" for f in (previous, candidate))
        old = pl.read_parquet(before) if before.exists() else None
        new = pl.read_parquet(after)
        tables[table.name] = compare(new.clear() if old is None else old, new, table.key)
    diff: dict[str, object] = {
        "previous": previous.name,
        "tables": {n: d for n, d in tables.items() if any(d[k] for k in ("added", "removed", "changed"))},
    }
    (candidate / FILE).write_text(json.dumps(diff, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
    return diff


def compare(old: pl.DataFrame, new: pl.DataFrame, key: tuple[str, ...]) -> dict[str, object]:
    """Counts of added, removed and changed rows and up to 200 examples of changed cells (column, from, to)."""
    shared = [c for c in new.columns if c in old.columns and c not in key]
    added = new.join(old, on=key, how="anti", nulls_equal=True)
    removed = old.join(new, on=key, how="anti", nulls_equal=True)
    both = new.select(*key, *shared).join(
        old.select(*key, *shared), on=key, how="inner", suffix="__before", nulls_equal=True
    )
    cells: list[dict[str, object]] = []
    changed_rows = pl.Series([False] * both.height)
    for column in shared:
        moved = both[column].ne_missing(both[f"{column}__before"])
        changed_rows = changed_rows | moved
        for row in both.filter(moved).head(_EXAMPLES - len(cells)).iter_rows(named=True):
            cells.append(
                {
                    "key": [row[k] for k in key],
                    "column": column,
                    "before": row[f"{column}__before"],
                    "after": row[column],
                }
            )
    return {
        "added": added.height,
        "removed": removed.height,
        "changed": int(changed_rows.sum()),
        "added_keys": added.select(key).head(_EXAMPLES).rows(),
        "removed_keys": removed.select(key).head(_EXAMPLES).rows(),
        "cells": cells,
        "new_columns": [c for c in new.columns if c not in old.columns],
    }
