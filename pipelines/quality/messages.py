"""The words of a result: what a check found, in Chinese and English, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.quality.checks import Check


@dataclass(frozen=True)
class Outcome:
    """What became of one check."""

    check: Check
    severity: str
    passed: bool
    failing_rows: int
    zh: str
    en: str

    @property
    def row(self) -> tuple[str, str, str, str, bool, int, str, str]:
        """The outcome as a row of `mart_quality`."""
        c = self.check
        return c.suite, c.table, c.rule, self.severity, self.passed, self.failing_rows, self.zh, self.en


NOTHING = {"zh": "（空）", "en": "(empty)"}


@dataclass(frozen=True)
class _Values:
    """Values for a template: numbers without binary dust, an empty cell said to be one."""

    row: Mapping[str, Any]
    language: str

    def __getitem__(self, key: str) -> str:
        value = self.row.get(key)
        if isinstance(value, float):
            return f"{value:.10g}"
        return NOTHING[self.language] if value is None else str(value)


def judged(
    check: Check, passed: bool, count: int, examples: list[dict[str, Any]], accepted: tuple[str, ...] = ()
) -> Outcome:
    """The outcome of a check that could be evaluated, with the first failing rows (and accepted ones) in words."""
    if passed:
        zh, en = (f"（已接受：{', '.join(accepted)}）", f" (accepted: {', '.join(accepted)})") if accepted else ("", "")
        return _outcome(check, True, 0, f"通过：{check.zh.rule}{zh}", f"Passed: {check.en.rule}{en}")
    zh = f"{check.table}：{_sentences(check, 'zh', examples, '；')}{f'……共 {count} 处' if count > len(examples) else ''}。{check.zh.remedy}（规则：{check.zh.rule}）"
    en = f"{check.table}: {_sentences(check, 'en', examples, '; ')}{f' … {count} in all' if count > len(examples) else ''}. {check.en.remedy} (Rule: {check.en.rule})"
    return _outcome(check, False, max(count, 1), zh, en)


def unevaluated(check: Check, error: str) -> Outcome:
    """A check that could not be evaluated: as bad as a failed one, whatever its severity."""
    why = " ".join(error.split())[:300]
    zh = f"{check.table}：规则“{check.zh.rule}”未能执行（{why}），按不通过处理。先解决该表缺失或字段问题。"
    en = f"{check.table}: the rule “{check.en.rule}” could not be evaluated ({why}) and counts as failed. First mend the missing table or column."
    return Outcome(check, "critical", False, 1, zh, en)


def not_applicable(check: Check) -> Outcome:
    """A figure of a county that this release does not hold."""
    return _outcome(
        check,
        True,
        0,
        f"不适用（本版本没有该县）：{check.zh.rule}",
        f"Not applicable (county not in this release): {check.en.rule}",
    )


def difference(check: Check, observed: Any) -> dict[str, Any]:
    """What a table-level expectation saw against what it wanted."""
    if not isinstance(observed, list):
        return {"row_key": check.table, "value": observed}
    wanted = check.kwargs["column_list"]
    missing, extra = [c for c in wanted if c not in observed], [c for c in observed if c not in wanted]
    zh = [f"缺少字段 {', '.join(missing)}"] * bool(missing) + [f"多出字段 {', '.join(extra)}"] * bool(extra)
    en = [f"missing {', '.join(missing)}"] * bool(missing) + [f"not registered {', '.join(extra)}"] * bool(extra)
    return {
        "difference_zh": "，".join(zh) or f"次序为 {', '.join(observed)}",
        "difference_en": ", ".join(en) or f"order is {', '.join(observed)}",
    }


def _sentences(check: Check, language: str, examples: list[dict[str, Any]], joint: str) -> str:
    words = check.zh if language == "zh" else check.en
    return joint.join(words.row.format_map(_Values(row, language)) for row in examples)


def _outcome(check: Check, passed: bool, count: int, zh: str, en: str) -> Outcome:
    return Outcome(check, check.severity, passed, count, zh, en)
