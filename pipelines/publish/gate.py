"""The gate between two releases. Facts from raw that were lost, or that moved by more than a stated factor, need a new entry
in the county's corrections.csv or in raw/accepted_changes.csv; derived tables may not move while raw data and method version
stand still, unless a line there says so. Results are rows of mart_quality (suite `release_diff`); critical ones stop the release."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import registry
from pipelines.ingest.contract import typed
from pipelines.ingest.folder import empty
from pipelines.ingest.problems import InputError
from pipelines.ingest.reader import ROW, read_cells
from pipelines.publish import diff
from pipelines.quality.messages import NOTHING
from pipelines.settings import Settings
from pipelines.staging.store import ACCEPTED

SUITE = "release_diff"
REMEMBERED = "accepted_changes.json"
FROM_REGISTRY = ("dim_indicator", "dim_unit", "dim_domain")
_SHOWN = 5


@dataclass(frozen=True)
class Change:
    """A lost row (`column` empty) or a moved figure, by the joined key of its table; `accepted` says by whose word."""

    table: str
    key: str
    column: str
    before: float | None = None
    after: float | None = None
    accepted: str = ""
    county: str = ""

    def words(self, language: str) -> str:
        if language == "zh":
            return (
                f"{self.key} 的 {self.column} 由 {_figure(self.before, language)} 变为 {_figure(self.after, language)}"
                if self.column
                else f"少了行 {self.key}"
            )
        return (
            f"{self.column} of {self.key} went from {_figure(self.before, language)} to {_figure(self.after, language)}"
            if self.column
            else f"row {self.key} is gone"
        )


@dataclass(frozen=True)
class Inputs:
    """What two releases were made from: `same` in everything (code, settings, raw), or in raw data, seed and method versions
    (of persons, beds and graves) only (`same_raw_and_method`; an acceptance given is no change of raw data)."""

    same: bool
    same_raw_and_method: bool


def judge(
    settings: Settings, previous: Path | None, candidate: Path, inputs: Inputs, compared: dict[str, dict[str, Any]]
) -> tuple[pl.DataFrame, list[Change]]:
    """(rows of mart_quality, every lost row and moved figure of facts from raw). `compared`: what `diff.tables` found. Remembers the acceptance file in
    ``candidate/quality/``. Raises InputError when that file is damaged."""
    remembered = acceptances(settings)
    _remember(candidate, remembered)
    changes = (
        _accepted(previous, candidate, _changes(previous, candidate, settings.change_factor), remembered)
        if previous
        else []
    )
    rows = [row for t in _tables("core") if t.name not in FROM_REGISTRY for row in _of_facts(settings, t.name, changes)]
    for table in (t for t in _tables("reconcile", "mart") if t.name != "mart_held_back"):
        rows += _of_derived(table, compared.get(table.name, {}), previous, inputs, _fresh(previous, remembered))
    return pl.DataFrame(rows, schema_overrides={"failing_rows": pl.Int32}), changes


def acceptances(settings: Settings) -> list[dict[str, str]]:
    """The rows of ``raw/accepted_changes.csv`` as text; none without the file. Raises InputError."""
    path = settings.raw / ACCEPTED
    if not path.is_file():
        return []
    try:
        frame = typed(read_cells(path, path.stem), path.stem, path.name)
    except InputError as error:
        if {p.rule for p in error.problems} != {"empty_file"}:
            raise
        frame = empty(path.stem)
    return [{k: "" if v is None else str(v) for k, v in row.items()} for row in frame.drop(ROW).iter_rows(named=True)]


def moved(before: float | None, after: float | None, factor: float) -> bool:
    """Whether a figure vanished, changed sign, left or became zero, or changed by more than `factor` times."""
    if before is None or before == after:
        return False
    if after is None or before * after <= 0:
        return True
    return max(before / after, after / before) > factor


def _tables(*layers: str) -> list[registry.Table]:
    return registry.in_layer(*layers)


def _changes(previous: Path, candidate: Path, factor: float) -> list[Change]:
    found: list[Change] = []
    for table in (t for t in _tables("core") if t.name not in FROM_REGISTRY):
        if diff.same(previous, candidate, table.name):
            continue
        old, new = (_frame(folder, table.name) for folder in (previous, candidate))
        if old is not None and new is not None:
            found += [*_lost(table, old, new), *_moved(table, old, new, factor)]
    return found


def _lost(table: registry.Table, old: pl.DataFrame, new: pl.DataFrame) -> list[Change]:
    gone = old.join(new, on=table.key, how="anti", nulls_equal=True)
    return [
        Change(table.name, _joined(table, row), "", county=_county(table, row)) for row in gone.iter_rows(named=True)
    ]


def _moved(table: registry.Table, old: pl.DataFrame, new: pl.DataFrame, factor: float) -> list[Change]:
    figures = [c.name for c in table.columns if not c.key and (c.type == "DOUBLE" or c.unit) and c.name in old.columns]
    both = new.join(old.select(*table.key, *figures), on=table.key, how="inner", suffix="__before", nulls_equal=True)
    return [
        Change(table.name, _joined(table, row), c, row[f"{c}__before"], row[c], county=_county(table, row))
        for c in figures
        for row in both.filter(pl.col(c).ne_missing(pl.col(f"{c}__before"))).iter_rows(named=True)
        if moved(row[f"{c}__before"], row[c], factor)
    ]


def _joined(table: registry.Table, row: dict[str, Any]) -> str:
    return "/".join("" if row[k] is None else str(row[k]) for k in table.key)


def _county(table: registry.Table, row: dict[str, Any]) -> str:
    """Whose row it is: what its column says, else what its key begins with (a project's funding, outputs, mentions)."""
    return str(row["county_code"] or "") if "county_code" in row else _joined(table, row)[:6]


def _accepted(previous: Path, candidate: Path, changes: list[Change], remembered: list[dict[str, str]]) -> list[Change]:
    """The changes with the word that somebody gave for them since the previous release, if any. A county that is held back
    without any data is told of in mart_held_back; its rows are not lost by mistake."""
    lines = _fresh(previous, remembered)
    repaired = _repaired(previous, candidate)
    held = _frame(candidate, "mart_held_back")
    absent = set() if held is None else set(held.filter(pl.col("used_input_hash").is_null())["county_code"])

    def word(change: Change) -> str:
        line = next((a for a in lines if _covers(a, change.table, change.key, change.column)), None)
        if line:
            return f"{ACCEPTED}: {line['accepted_by']} {line['accepted_on']} {line['reason']}"
        if change.key in repaired:
            return f"corrections.csv: {repaired[change.key]}"
        return "mart_held_back" if change.county in absent else ""

    return [Change(**{**asdict(c), "accepted": word(c)}) for c in changes]


def _covers(line: dict[str, str], table: str, key: str, column: str) -> bool:
    return fnmatchcase(table, line["table"]) and fnmatchcase(key, line["key"]) and fnmatchcase(column, line["column"])


def _fresh(previous: Path | None, remembered: list[dict[str, str]]) -> list[dict[str, str]]:
    """Lines that the previous release did not know: a word given once does not cover what happens later."""
    path = previous / "quality" / REMEMBERED if previous else None
    known = json.loads(path.read_text(encoding="utf-8")) if path and path.exists() else []
    return [line for line in remembered if line not in known]


def _remember(candidate: Path, lines: list[dict[str, str]]) -> None:
    folder = candidate / "quality"
    folder.mkdir(exist_ok=True)
    (folder / REMEMBERED).write_text(json.dumps(lines, ensure_ascii=False, indent=1), encoding="utf-8")


def _repaired(previous: Path, candidate: Path) -> dict[str, str]:
    """Published key → correction, for declared repairs that the previous release did not have."""
    new, old = (_frame(folder, "fct_correction") for folder in (candidate, previous))
    if new is None:
        return {}
    shared = [c for c in new.columns if old is not None and c in old.columns]
    fresh = new if old is None else new.join(old, on=shared, how="anti", nulls_equal=True)
    rows = {f"{r['county_code']}-{r['row_key']}": str(r["correction_id"]) for r in fresh.iter_rows(named=True)}
    mentions = _frame(candidate, "fct_project_mention")
    projects = {} if mentions is None else dict(mentions.select("mention_id", "project_id").iter_rows())
    return rows | {projects[key]: word for key, word in rows.items() if key in projects}


def _of_facts(settings: Settings, table: str, changes: list[Change]) -> list[dict[str, object]]:
    rules: list[tuple[str, str, str, Callable[[Change], bool]]] = [
        ("rows_kept", "上一版本的行都还在", "every row of the previous release is still there", lambda c: not c.column),
        ("figures_near", f"数值与上一版本相差不超过 {settings.change_factor:g} 倍",
         f"no figure moved by more than {settings.change_factor:g} times", lambda c: bool(c.column)),
    ]  # fmt: skip
    open_ones = [c for c in changes if c.table == table and not c.accepted]
    return [
        _of_rule(settings, table, rule, (zh, en), [c for c in open_ones if mine(c)]) for rule, zh, en, mine in rules
    ]


def _of_rule(
    settings: Settings, table: str, rule: str, said: tuple[str, str], failing: list[Change]
) -> dict[str, object]:
    zh, en = said
    if not failing:
        return _result(table, rule, "critical", 0, (f"通过：{zh}", f"Passed: {en}"))
    first, more = failing[0], len(failing) - _SHOWN
    listed = {k: [c.words(k) for c in failing[:_SHOWN]] for k in ("zh", "en")}
    folder = settings.county_folders().get(first.county)
    line = f"{table},{first.key},{first.column},"
    local = first.key.removeprefix(f"{first.county}-")
    repair_zh = (
        f"在 raw/{folder.name}/corrections.csv 登记该行（row_key {local}），或" if folder and local != first.key else ""
    )
    repair_en = (
        f"declare the row in raw/{folder.name}/corrections.csv (row_key {local}) or "
        if folder and local != first.key
        else ""
    )
    return _result(
        table, rule, "critical", len(failing),
        (f"{table}：{'；'.join(listed['zh'])}{f'……共 {len(failing)} 处' if more > 0 else ''}。先核对原始文件；若属实，{repair_zh}"
        f"在 raw/{ACCEPTED} 为每处写一行：{line}<理由>,<确认人>,<日期>。（规则：{zh}）",
        f"{table}: {'; '.join(listed['en'])}{f' … {len(failing)} in all' if more > 0 else ''}. Check the raw file first; if it is "
        f"right, {repair_en}write a line in raw/{ACCEPTED} for each: {line}<reason>,<who>,<date>. (Rule: {en})"),
    )  # fmt: skip


def _of_derived(
    table: registry.Table, found: dict[str, Any], previous: Path | None, inputs: Inputs, lines: list[dict[str, str]]
) -> list[dict[str, object]]:
    known = previous is not None and (previous / "parquet" / f"{table.name}.parquet").exists()
    counts = found if known else {}
    rows = sum(int(counts.get(k, 0)) for k in ("added", "removed", "changed"))
    accepted = any(_covers(line, table.name, "*", "*") for line in lines)
    alone = rows if inputs.same_raw_and_method and not accepted else 0
    return [_result(table.name, "derived_stable", "critical", alone, _alone_words(table.name, alone, inputs))]


def _alone_words(table: str, rows: int, inputs: Inputs) -> tuple[str, str]:
    zh, en = (
        "原始数据、种子与方法版本未变时结果不变",
        "nothing changes while raw data, seed and method version stand still",
    )
    if not rows:
        return f"通过：{zh}", f"Passed: {en}"
    line = f"{table},*,*,"
    if inputs.same:
        why_zh, do_zh = "输入、代码与设置都没有变", "请查找不能重现的计算"
        why_en, do_en = "although inputs, code and settings are the same", "Find what is not reproducible"
    else:
        why_zh, do_zh = "只有程序变了，原始数据与方法版本仍是原来的", "请核对程序的改动，或给方法新的版本号"
        why_en, do_en = (
            "through a change of program alone, under the same raw data and method version",
            "Check that change, or give the method a new version",
        )
    return (
        f"{table}：{why_zh}，却有 {rows} 行不同。{do_zh}；若确认无误，在 raw/{ACCEPTED} 写一行：{line}<理由>,<确认人>,<日期>。（规则：{zh}）",
        f"{table}: {rows} rows differ {why_en}. {do_en}; if it is right, write a line in raw/{ACCEPTED}: "
        f"{line}<reason>,<who>,<date>. (Rule: {en})",
    )


def _result(table: str, rule: str, severity: str, failing: int, said: tuple[str, str]) -> dict[str, object]:
    return {
        "suite": SUITE,
        "table_name": table,
        "expectation": f"{table}.{rule}",
        "severity": severity,
        "passed": failing == 0,
        "failing_rows": failing,
        "message_zh": said[0],
        "message_en": said[1],
    }


def _frame(folder: Path, table: str) -> pl.DataFrame | None:
    path = folder / "parquet" / f"{table}.parquet"
    return pl.read_parquet(path) if path.exists() else None


def _figure(value: float | None, language: str) -> str:
    return NOTHING[language] if value is None else f"{value:.10g}"
