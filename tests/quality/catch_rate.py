"""Applies every damage, notes which checks catch it, and writes docs/catch-rate.md:
``python -m tests.quality.catch_rate``."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.quality.adapter import check
from pipelines.settings import PROJECT
from tests.quality.damages import DAMAGES, Damage, Tables
from tests.quality.good import build

SUITES = PROJECT / "expectations"
Failures = dict[str, str]


@dataclass(frozen=True)
class Catch:
    """What a damage set off beyond what the good data sets off already: check → severity."""

    damage: Damage
    failures: Failures

    @property
    def blocked(self) -> bool:
        return "critical" in self.failures.values()


def failures(results: pl.DataFrame) -> Failures:
    """Failed checks as suite/expectation → severity."""
    failed = results.filter(~pl.col("passed"))
    return {
        f"{suite}/{name}": severity
        for suite, name, severity in failed.select("suite", "expectation", "severity").iter_rows()
    }


def damaged(good: Path, damage: Damage, out: Path) -> list[str]:
    """A copy of the candidate with the damage (untouched tables are links). Returns the tables it touched."""
    tables = Tables(good)
    damage.change(tables)
    for path in good.glob("*.parquet"):
        frame = tables.changed.get(path.stem)
        if frame is not None:
            frame.write_parquet(out / path.name)
        elif path.stem not in tables.changed:
            (out / path.name).symlink_to(path)
    return list(tables.changed)


def catch(good: Path, damage: Damage, known: dict[str, int]) -> Catch:
    """Check a damaged copy. A check that already failed on good data counts when it fails on more rows."""
    with tempfile.TemporaryDirectory() as scratch:
        touched = damaged(good, damage, Path(scratch))
        results = check(Path(scratch), SUITES, only=touched)
    rows = {f"{r['suite']}/{r['expectation']}": r["failing_rows"] for r in results.iter_rows(named=True)}
    return Catch(damage, {k: v for k, v in failures(results).items() if rows[k] > known.get(k, 0)})


def known_rows(results: pl.DataFrame) -> dict[str, int]:
    """Failing rows of the warnings that good data already carries."""
    failed = results.filter(~pl.col("passed"))
    return {f"{r['suite']}/{r['expectation']}": r["failing_rows"] for r in failed.iter_rows(named=True)}


def table(catches: list[Catch]) -> str:
    """The page docs/catch-rate.md."""
    caught = [x for x in catches if x.damage.caught in x.failures]
    must, may = ([x for x in catches if x.damage.blocks is kind] for kind in (True, False))
    stopped, told = ([x for x in may if x.blocked is kind] for kind in (True, False))
    blocked = sum(x.blocked for x in must)
    head = f"""# 检出率 / Catch rate

对五县真实数据逐一制造 {len(catches)} 种损坏，看哪条检查发现。由 `python -m tests.quality.catch_rate` 生成。
{len(catches)} kinds of damage done to the real data of the five counties, one at a time, and the checks that catch them.

| | |
|---|---|
| 损坏种类 / kinds of damage | {len(catches)} |
| 被预期的检查发现 / caught by the check meant for it | {len(caught)} |
| 必须阻断 / must block | {len(must)} |
| — 已阻断 / blocked | {blocked} |
| — 应阻断而漏过 / meant to block, slipped through | {len(must) - blocked} |
| 可能属实，只须提示 / could be true, need only warn | {len(may)} |
| — 只提示 / warned only | {len(told)} |
| — 另有检查阻断 / blocked by other checks | {len(stopped)} |

必须阻断的，发布出去就是错的、空的或无从追溯的。可能属实的，由人判断：发布，并向读者注明。
What must block would be published false, empty or untraceable. What could be true is for a person to judge: it is published, and readers are told.

## 只提示的 {len(told)} 种 / The {len(told)} that are only warned of

| 损坏 | damage | 为何不阻断 | why it does not block |
|---|---|---|---|
{_reasons(told)}
## 可能属实而仍被阻断的 {len(stopped)} 种 / The {len(stopped)} that could be true and are blocked all the same

检查本身只提示；这样造出的损坏同时违反了别的严重检查。
The check itself only warns; made like this, the damage also breaks critical checks.

| 损坏 | damage | 为何该检查只提示 | why that check only warns | 阻断它的检查 / blocked by |
|---|---|---|---|---|
{_reasons(stopped, critical=True)}
## 全部 / All of them

| 损坏 | damage | 发现它的检查 / caught by | 阻断 / blocks | 共几条检查报警 / checks set off |
|---|---|---|---|---|
"""
    rows = [
        f"| {x.damage.zh} | {x.damage.en} | `{x.damage.caught}` | {'是 yes' if x.blocked else '提示 warning'} | {len(x.failures)} |"
        for x in catches
    ]
    return head + "\n".join(rows) + "\n"


def _reasons(catches: list[Catch], *, critical: bool = False) -> str:
    """Rows of damages that could be true, with the reason; with `critical` also the checks that block them."""
    lines = []
    for x in catches:
        cells = [x.damage.zh, x.damage.en, *(x.damage.may_be_true or ("", ""))]
        by = ", ".join(f"`{name}`" for name, severity in sorted(x.failures.items()) if severity == "critical")
        lines.append(f"| {' | '.join([*cells, by] if critical else cells)} |\n")
    return "".join(lines)


def main() -> None:
    with tempfile.TemporaryDirectory() as work:
        good = build(Path(work))
        known = known_rows(check(good, SUITES))
        catches = [catch(good, damage, known) for damage in DAMAGES]
    (PROJECT / "docs" / "catch-rate.md").write_text(table(catches), encoding="utf-8")
    for x in catches:
        if x.damage.caught not in x.failures or (x.damage.blocks and not x.blocked):
            print(x.damage.en, "→", x.damage.caught, "but", x.failures)


if __name__ == "__main__":
    main()
