"""What a public release still tells, worked out from its finished tables: which rows they leave empty, and how near a reader comes to
them. Of the choice of rows it knows only which counties were left out as a whole; its results are published as checks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

import polars as pl

from pipelines.publish import counts, memory, pattern
from pipelines.publish.counts import Counts, Member, Tables
from pipelines.publish.disclosure import DisclosureError, exposed, past_help
from pipelines.publish.memory import VALUES
from pipelines.publish.pattern import Rules

SUITE = "small_numbers"
WHOLE = f"{SUITE}.every_county"


def checks(tables: Tables, shown: Tables, rules: Rules, whole: Mapping[str, object]) -> pl.DataFrame:
    """Rows of mart_quality: one for each table with counts of persons (critical), one for the counties of which all are left out
    (warning). tables: the internal ones; shown: the public ones; whole: those counties."""
    gaps = memory.kept(memory.gaps(shown))
    checked, open_ = _examined(tables, shown, gaps, rules, whole)
    apart = Counter(n for n, key in gaps if n in pattern.CENSUS and key[0] in whole)
    rows = [_row(name, checked[name], apart[name], open_[name], rules.width) for name in VALUES]
    return pl.DataFrame([*rows, _of_counties(tables, whole)], schema_overrides={"failing_rows": pl.Int32})


def _examined(
    tables: Tables, shown: Tables, gaps: frozenset[Member], rules: Rules, whole: Collection[str]
) -> tuple[Mapping[str, int], Mapping[str, list[str]]]:
    """By table: how many left-out quantities were examined, and the rows of those that stay too near."""
    open_: dict[str, list[str]] = defaultdict(list)
    checked: dict[str, int] = defaultdict(int)
    small = counts.of_persons(shown, whole) | counts.of_persons(shown, below=rules.threshold)
    for table, key in sorted(small, key=str):
        open_[table].append("/".join(map(str, key)))
    for _, own in pattern.examined(tables, rules, whole):
        unknown = {c for c, rows in own.members.items() if gaps.issuperset(rows)}
        for cell in unknown & own.block.values.keys():
            checked[_table(own, cell)] += 1
        for cell in _near(own, unknown, float(rules.width)):
            open_[_table(own, cell)].append(cell)
    return checked, open_


def _near(own: Counts, unknown: Collection[str], width: float) -> list[str]:
    """Cells that should be left out and are shown, and cells that are left out and can be worked out."""
    shown = own.primary - own.block.told - set(unknown)
    try:
        near = {c for c in exposed(own.block, unknown, width) if not past_help(own.block, c, width)}
    except DisclosureError as error:
        near = set(error.cells)
    return sorted(shown | near)


def _table(own: Counts, cell: str) -> str:
    """Where a cell is stated; what no row states is the rest of a statement."""
    rows: tuple[Member, ...] = own.members[cell]
    return rows[0][0] if rows else "fct_observation"


def _row(table: str, checked: int, apart: int, near: list[str], width: int) -> dict[str, object]:
    if near:
        zh = f"{table}：{len(near)} 个人数低于门槛或可以推算到 {width} 以内：{'、'.join(near)}"
        en = f"{table}: {len(near)} counts of persons are below the threshold or can be worked out to within {width}: {', '.join(near)}"
    else:
        zh = f"通过：没有低于门槛的人数；隐去的 {checked} 个数逐一推算，所得区间都不窄于 {width}（因以前的公开版而可推知的除外）"
        en = (
            f"Passed: no count of persons is below the threshold; for each of the {checked} that are left out, the interval in which "
            f"it must lie was worked out, and none is narrower than {width} (those that earlier public releases give away excepted)"
        )
        if apart:
            zh += f"；另有整县隐去的 {apart} 行，其合计也不公开"
            en += f"; {apart} more rows are those of counties left out as a whole, with their sums"
    return _result(table, f"{table}.no_small_count", "critical", near, zh, en)


def _of_counties(tables: Tables, whole: Collection[str]) -> dict[str, object]:
    named = pattern.names(tables, whole)
    if named:
        zh, en = "、".join(zh for zh, _ in named.values()), ", ".join(en for _, en in named.values())
        zh = f"{zh}有人数不能逐个保护，其全部人数隐去，不作预测，不列人均数；其余数字照常"
        en = f"some counts of persons of {en} cannot be protected one by one: all of them are left out, nothing is projected or set against heads; other figures stay"
    else:
        zh = "通过：各县人数都能逐个保护，没有整县隐去的"
        en = "Passed: the counts of persons of every county can be protected one by one, none had to be left out as a whole"
    return _result("dim_county", WHOLE, "warning", list(named), zh, en)


def _result(table: str, rule: str, severity: str, failing: list[str], zh: str, en: str) -> dict[str, object]:
    return {
        "suite": SUITE, "table_name": table, "expectation": rule, "severity": severity, "passed": not failing,
        "failing_rows": len(failing), "message_zh": zh, "message_en": en,
    }  # fmt: skip
