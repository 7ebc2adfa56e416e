"""Words and units of the documents in English, by phrases.csv: the whole text or nothing, so that no quotation is altered."""

from __future__ import annotations

import functools
import re

from pipelines import registry

HAN = re.compile(r"[\u3400-\u9fff]")
_DATE = re.compile(r"([0-9]{4})年([0-9]{1,2})月(?:([0-9]{1,2})日)?")
_SIGNS = str.maketrans({"；": "; ", "：": ": ", "，": ", ", "、": ", ", "（": " (", "）": ")", "＝": "=", "＋": "+"})


@functools.cache
def _phrases() -> tuple[dict[str, str], dict[str, str], re.Pattern[str]]:
    rows = registry.rows("phrases")
    phrases, units = ({r["zh"]: r["en"] for r in rows if r["kind"] == kind} for kind in ("words", "unit"))
    ordered = sorted(units, key=len, reverse=True)
    return phrases, units, re.compile(r"(?<=[0-9%‰+)])(" + "|".join(map(re.escape, ordered)) + ")")


def english(text: str) -> str | None:
    """Printed words in English: phrases, dates, units after numbers; None when some of it is known to no phrase."""
    phrases, units, after_number = _phrases()
    if text in phrases:
        return phrases[text]
    said = _DATE.sub(lambda m: "-".join(p.zfill(2) for p in m.groups() if p) + " ", text)
    said = after_number.sub(lambda m: units[m.group()], said)
    for zh in (z for z in phrases if z in said):
        said = said.replace(zh, phrases[zh])
    return None if HAN.search(said) else re.sub(r"  +", " ", said.translate(_SIGNS)).strip()
