"""The changes page: what diff.json says, in words. The page shows the first rows of each list; the CSV files beside it hold all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines import registry
from pipelines.desk import words
from pipelines.desk.style import Cell, Table
from pipelines.desk.words import Words, same
from pipelines.publish.pages.content import Page

SHOWN = 40
ROW, FIELD = Words("行", "row"), Words("字段", "column")
BEFORE, AFTER = Words("原为", "before"), Words("现为", "now")
STATES = {None: same(words.DASH), True: Words("通过", "passed"), False: Words("未通过", "not passed")}


@dataclass(frozen=True)
class Listed:
    """A list of changes: what the page shows of it, all of it (for the CSV), and how many there are."""

    id: str
    title: Words
    shown: Table
    all: Table
    total: int


def page(diff: dict[str, Any]) -> Page:
    """What changed against the previous release."""
    tables: dict[str, dict[str, Any]] = diff.get("tables", {})
    heads = (
        Words("表", "table"),
        Words("新增行", "rows added"),
        Words("减少行", "rows removed"),
        Words("改变行", "rows changed"),
        Words("改变值", "values changed"),
    )
    rows = tuple(
        (_table(n) + same(f" {n}"), d["added"], d["removed"], d["changed"], d.get("cells_total", len(d["cells"])))
        for n, d in tables.items()
    )
    show = {
        "previous": diff.get("previous"), "method": _method(diff.get("method")), "summary": Table(heads, rows), "gate": _gate(diff.get("gate", [])), "checks_changed": _checks(diff.get("checks", [])),
        "tables": [(_table(n), n, _columns(n, d), _lists(n, d)) for n, d in tables.items()],
    }  # fmt: skip
    title = Words("与上一版本相比的变化", "Changes since the previous release")
    return Page("changes", "changes.html", title, show, Words("变化", "Changes"), charts=False)


def _method(versions: dict[str, str] | None) -> Words | None:
    """The method's version before and after, where it changed."""
    if not versions or versions["before"] == versions["after"]:
        return None
    arrow = f"{versions['before']} → {versions['after']}"
    return Words(f"预测方法版本改变：{arrow}", f"The forecast method changed its version: {arrow}")


def _lists(name: str, found: dict[str, Any]) -> list[Listed]:
    cells = [(_key(c["key"]), _column(name, c["column"]), *_pair(c["before"], c["after"])) for c in found["cells"]]
    keys = {k: [(_key(key),) for key in found.get(f"{k}_keys", [])] for k in ("added", "removed")}
    lists = (
        _listed(
            f"{name}-cells",
            Words("改变的值", "Values changed"),
            (ROW, FIELD, BEFORE, AFTER),
            cells,
            found.get("cells_total"),
        ),
        _listed(f"{name}-added", Words("新增的行", "Rows added"), (ROW,), keys["added"], found["added"]),
        _listed(f"{name}-removed", Words("减少的行", "Rows removed"), (ROW,), keys["removed"], found["removed"]),
    )
    return [listed for listed in lists if listed.all.rows]


def _gate(changes: list[dict[str, Any]]) -> Listed:
    """Lost rows and moved figures, and by whose word they were accepted."""
    heads = (Words("表", "table"), ROW, FIELD, BEFORE, AFTER, Words("依据", "accepted by"))
    rows = [
        (same(c["table"]), same(c["key"]), _column(c["table"], c["column"]) if c["column"] else Words("（整行减少）", "(row gone)"),
         *_pair(c["before"], c["after"]), _word(c["accepted"]))
        for c in changes
    ]  # fmt: skip
    return _listed("gate", Words("须说明的变动", "Changes that needed a word"), heads, rows)


def _word(accepted: str) -> Words:
    if accepted == "mart_held_back":
        return Words("该县暂缓更新，本版本不含", "the county is held back and absent")
    return same(accepted) if accepted else Words("尚无（阻断发布）", "nobody's (blocks the release)")


def _checks(checks: list[dict[str, Any]]) -> Listed:
    heads = (
        Words("表", "table"),
        Words("检查", "check"),
        Words("级别", "severity"),
        BEFORE,
        AFTER,
        Words("说明", "what was found"),
    )
    rows = [
        (same(c["table_name"]), same(f"{c['suite']} / {c['expectation']}"), words.code("severity", c["severity"]), STATES[c["before"]],
         STATES[c["after"]], Words(c["message_zh"], c["message_en"]))
        for c in checks
    ]  # fmt: skip
    return _listed("checks", Words("状态改变的检查", "Checks that changed state"), heads, rows)


def _listed(
    id: str, title: Words, heads: tuple[Words, ...], rows: Sequence[tuple[Cell, ...]], total: int | None = None
) -> Listed:
    every = tuple(rows)
    return Listed(f"changes-{id}", title, Table(heads, every[:SHOWN]), Table(heads, every), total or len(every))


def _columns(name: str, found: dict[str, Any]) -> list[Words]:
    """Columns that came or went."""
    said = {"new_columns": Words("新增字段 ", "new column "), "lost_columns": Words("减少字段 ", "column gone: ")}
    return [text + _column(name, c) for kind, text in said.items() for c in found.get(kind, [])]


def _table(name: str) -> Words:
    known = registry.tables().get(name)
    return Words(known.title_zh, known.title_en) if known else same(name)


def _column(table: str, name: str) -> Words:
    known = registry.tables().get(table)
    found = next((c for c in known.columns if c.name == name), None) if known else None
    return Words(f"{found.zh} {name}", f"{found.en} {name}") if found else same(name)


def _key(key: list[object]) -> Words:
    return same(" / ".join(words.DASH if k is None else str(k) for k in key))


def _pair(before: object, after: object) -> tuple[Words, Words]:
    """Both values, with the usual decimals or as many as it takes to tell them apart."""
    said = ((_value(before, n), _value(after, n)) for n in range(2, 11))
    return next((pair for pair in said if pair[0] != pair[1]), (_value(before), _value(after)))


def _value(value: object, decimals: int = 2) -> Words:
    if isinstance(value, bool):
        return Words("是", "yes") if value else Words("否", "no")
    if isinstance(value, float):
        return same(words.number(value, decimals))
    return same(words.DASH if value is None or value == "" else str(value))
