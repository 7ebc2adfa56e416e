"""What changed against the previous release: rows added, removed and changed by key and column, checks that changed their
state, and what the gate asked about with the word that was given. Written as diff.json; the changes page shows it."""

from __future__ import annotations

import filecmp
import json
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import registry

FILE = "diff.json"
MOST = 50_000  # keys and cells listed for one table; the counts are always those of all
_DUST = 1e-12
_SHOWN = 5
_NO_CHANGE = {
    "added": 0, "removed": 0, "changed": 0, "added_keys": [], "removed_keys": [], "cells": [], "cells_total": 0,
    "new_columns": [], "lost_columns": [],
}  # fmt: skip
_CHECK = ["suite", "table_name", "expectation"]


def tables(previous: Path | None, candidate: Path, *, left_out: tuple[str, ...] = ()) -> dict[str, dict[str, Any]]:
    """Every published table of two folders compared, by name; none without a release before. `left_out`: the words that stand
    for protected values; a row that has one now does not tell what it said before."""
    known = previous if previous and previous.exists() else None
    compared = [t for t in registry.published() if t.layer not in ("quality", "meta")] if known else []
    return {t.name: _untold(between(known, candidate, t), left_out) for t in compared if known}


def write(
    previous: Path | None,
    candidate: Path,
    results: pl.DataFrame,
    changes: list[dict[str, Any]],
    tables: dict[str, dict[str, Any]],
) -> None:
    """Write ``candidate/diff.json``: the `tables` of two folders compared, the checks whose state differs in `results`, and
    the `changes` that the gate asked about. The first release says that there is none before it."""
    known = previous if previous and previous.exists() else None
    diff = {
        "previous": known.name if known else None,
        "tables": {
            n: d for n, d in tables.items() if any(d[k] for k in ("added", "removed", "changed", "lost_columns"))
        },
        "method": _told_apart(methods(known), methods(candidate)) if known else None,
        "checks": checks(_read(known, "mart_quality") if known else None, results),
        "gate": changes,
    }
    (candidate / FILE).write_text(json.dumps(diff, ensure_ascii=False, indent=1, default=str), encoding="utf-8")


def _untold(compared: dict[str, Any], left_out: tuple[str, ...]) -> dict[str, Any]:
    def gone(value: object) -> bool:
        return value is None or any(mark in str(value) for mark in left_out)

    if left_out:
        rows = {json.dumps(c["key"], default=str) for c in compared["cells"] if gone(c["after"])}
        for cell in compared["cells"]:
            if json.dumps(cell["key"], default=str) in rows and cell["before"] is not None:
                cell["before"] = left_out[0]
    return compared


def method(folder: Path) -> str:
    """The method versions of the forecast of persons that a folder holds, by which a release is known."""
    return "; ".join(sorted(_versions(folder, registry.table("mart_elderly_outlook")))) or "none"


def methods(folder: Path) -> frozenset[str]:
    """Every method version that a folder holds: of persons, beds and graves, each with its assumptions."""
    return frozenset(v for table in registry.published() for v in _versions(folder, table))


def _versions(folder: Path, table: registry.Table) -> set[str]:
    """The method versions in one table; none where it has no such column or is not there."""
    if "method_version" not in (c.name for c in table.columns) or table.layer == "meta":
        return set()
    path = _path(folder, table.name)
    if not path.exists():
        return set()
    return set(pl.scan_parquet(path).select(pl.col("method_version").drop_nulls().unique()).collect().to_series())


def _told_apart(before: frozenset[str], after: frozenset[str]) -> dict[str, str]:
    """Versions that went and that came; equal where none did."""
    gone, come = before - after, after - before
    return {"before": "; ".join(sorted(gone)), "after": "; ".join(sorted(come))}


def between(previous: Path, candidate: Path, table: registry.Table) -> dict[str, Any]:
    """One table of two releases compared; not read when both files hold the same bytes."""
    if same(previous, candidate, table.name):
        return dict(_NO_CHANGE)
    one, two = (_path(folder, table.name) for folder in (previous, candidate))
    if not one.exists():
        new = pl.read_parquet(two)
        return compare(new.clear(), new, table.key)
    places = _differing(one, two, table.key)
    return compare(_rows(one, places), _rows(two, places), table.key)


def _differing(one: Path, two: Path, key: tuple[str, ...]) -> pl.Series | None:
    """The places of the rows that differ in two files with the same keys in the same order, seen column by column: all of a table of
    millions of rows would take gigabytes. None when keys or types are others."""
    old, new = pl.read_parquet_schema(one), pl.read_parquet_schema(two)
    shared = [c for c in new if c in old]
    if not set(key) <= set(shared) or any(old[c] != new[c] for c in shared):
        return None
    if not all(_column(one, k).equals(_column(two, k)) for k in key):
        return None
    differs = (_column(two, c).ne_missing(_column(one, c)) for c in shared if c not in key)
    return reduce(or_, differs, pl.Series([False], dtype=pl.Boolean)).arg_true()


def _rows(path: Path, places: pl.Series | None) -> pl.DataFrame:
    """The rows of a file at some places; all of them without any."""
    if places is None:
        return pl.read_parquet(path)
    return pl.DataFrame([_column(path, c).gather(places) for c in pl.read_parquet_schema(path)])


def _column(path: Path, name: str) -> pl.Series:
    return pl.read_parquet(path, columns=[name]).to_series()


def same(previous: Path, candidate: Path, table: str) -> bool:
    """Whether both folders hold the same bytes for a table: equal rows in key order give equal files."""
    one, two = (_path(folder, table) for folder in (previous, candidate))
    return one.exists() and two.exists() and filecmp.cmp(one, two, shallow=False)


def compare(old: pl.DataFrame, new: pl.DataFrame, key: tuple[str, ...]) -> dict[str, Any]:
    """Counts of added, removed and changed rows, the keys of the former and every changed cell (column, before, after); lists
    end after MOST entries, `cells_total` counts on. Without a column of the key in `old` no row is the same row."""
    known, missing = old.columns, [k for k in key if k not in old.columns]
    old = old.with_columns(pl.lit(None, dtype=new.schema[k]).alias(k) for k in missing)
    shared = [c for c in new.columns if c in old.columns and c not in key]
    added, removed, both = _paired(old, new, key, shared)
    cells: list[dict[str, object]] = []
    changed_rows, total = pl.Series([False] * both.height, dtype=pl.Boolean), 0
    for column in shared:
        moved = _moved(both[column], both[f"{column}__before"])
        changed_rows, total = changed_rows | moved, total + int(moved.sum())
        for row in both.filter(moved).head(MOST - len(cells)).iter_rows(named=True):
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
        "added_keys": added.select(key).head(MOST).rows(),
        "removed_keys": removed.select(key).head(MOST).rows(),
        "cells": cells,
        "cells_total": total,
        "new_columns": [c for c in new.columns if c not in known],
        "lost_columns": [c for c in old.columns if c not in new.columns],
    }


def _paired(
    old: pl.DataFrame, new: pl.DataFrame, key: tuple[str, ...], shared: list[str]
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """(rows only in `new`, rows only in `old`, rows of both beside each other). Two tables with the same keys in the same order
    need no join."""
    before = old.select(*key, *(pl.col(c).alias(f"{c}__before") for c in shared))
    if key and old.select(key).equals(new.select(key)):
        return new.clear(), old.clear(), pl.concat([new.select(*key, *shared), before.drop(key)], how="horizontal")
    added = new.join(old, on=key, how="anti", nulls_equal=True)
    removed = old.join(new, on=key, how="anti", nulls_equal=True)
    return added, removed, new.select(*key, *shared).join(before, on=key, how="inner", nulls_equal=True)


def _moved(now: pl.Series, before: pl.Series) -> pl.Series:
    """Whether values differ; figures by more than the last digits, in which two builds of a library may differ."""
    differs = now.ne_missing(before)
    if not (now.dtype.is_float() and before.dtype.is_float()):
        return differs
    near = (now - before).abs() <= _DUST * pl.select(pl.max_horizontal(now.abs(), before.abs())).to_series()
    return differs & ~near.fill_null(False)


def in_words(diff: dict[str, Any]) -> str:
    """A diff for the terminal: counts by table, the first changed values, what needed a word, checks that changed state."""
    if not diff["previous"]:
        return "第一个版本，没有可比的上一版本 / the first release, none before it"
    lines = [f"与 {diff['previous']} 相比 / against {diff['previous']}"]
    for name, d in diff["tables"].items():
        lines.append(f"{name}: +{d['added']} −{d['removed']} ~{d['changed']}")
        lines += [f"    {_joined(c['key'])} {c['column']}: {c['before']} → {c['after']}" for c in d["cells"][:_SHOWN]]
        for sign, kind in (("+", "added"), ("−", "removed")):
            lines += [f"    {sign} {_joined(key)}" for key in d[f"{kind}_keys"][:_SHOWN]]
    for c in diff["gate"][: _SHOWN * 4]:
        what = f"{c['column']}: {c['before']} → {c['after']}" if c["column"] else "减少 / gone"
        lines.append(f"须说明 / needed a word  {c['table']} {c['key']} {what}  [{c['accepted'] or '尚无 / nobody'}]")
    for c in diff["checks"]:
        lines.append(
            f"检查 / check  {c['suite']}.{c['expectation']}: {c['before']} → {c['after']}  {c['message_zh']} / {c['message_en']}"
        )
    same = "各表与上一版本相同 / every table is the same"
    return "\n".join(lines if diff["tables"] else [*lines, same])


def _joined(key: list[Any]) -> str:
    return "/".join("—" if k is None else str(k) for k in key)


def checks(old: pl.DataFrame | None, new: pl.DataFrame) -> list[dict[str, Any]]:
    """Checks that passed and now fail, or the other way, or came or went failing; with the message of the newer state."""
    if old is None:
        return []
    state = [*_CHECK, "severity", "passed", "message_zh", "message_en"]
    both = new.select(state).join(old.select(state), on=_CHECK, how="full", suffix="_before", coalesce=True)
    moved = both.filter(pl.col("passed").fill_null(True) != pl.col("passed_before").fill_null(True))
    return [
        {
            **{k: row[k] for k in _CHECK},
            "severity": row["severity"] or row["severity_before"],
            "before": row["passed_before"],
            "after": row["passed"],
            "message_zh": row["message_zh"] or row["message_zh_before"],
            "message_en": row["message_en"] or row["message_en_before"],
        }
        for row in moved.sort(_CHECK).iter_rows(named=True)
    ]


def _read(release: Path, table: str) -> pl.DataFrame | None:
    path = _path(release, table)
    return pl.read_parquet(path) if path.exists() else None


def _path(release: Path, table: str) -> Path:
    return release / "parquet" / f"{table}.parquet"
