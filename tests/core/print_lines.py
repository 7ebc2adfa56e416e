"""Does a printed quantity really stand on a line? Whole number tokens, never parts of other numbers; the unit right behind
the number where the unit is printed; the word that makes a bound (不低于, 余) in front or behind."""

from __future__ import annotations

import re
from collections.abc import Iterator

_BLANK = re.compile(r"[ \u3000\r]|\*\*|\$|\\text|[{}]")
_DIGITS = "0123456789"
_CHINESE = "零〇一二两三四五六七八九十百千"
_BEFORE, _BEHIND = 14, 12
_RANGE = re.compile(r"^(?:[-—–~至到]+|、)\d+(?:\.\d+)?")
_VAGUE = re.compile(r"[余多大]")
BOUNDS = {
    ">": r"[余多>]|大于|超过",
    ">=": r"≥|以上|不低于|不少于|至少|不小于|最低",
    "<=": r"≤|以下|不超过|不高于|至多|[-—–至]",
    "~": r"约|近|左右|基本|大约",
}
_BOUND_BEFORE = re.compile(r"(?:≥|≤|不低于|不少于|不超过|不高于|至少|不小于|大于|超过|约|约为|近)$")
_BOUND_BEHIND = re.compile(r"[万亿]?[余多]|(?:%|平方米|m\^?2|㎡|[个家名人张])*以上")


def plain(text: str) -> str:
    """Without blanks and marks of layout; tabs stay, because they part the cells of a table."""
    marks = text.replace("（", "(").replace("）", ")").replace("％", "%").replace("＞", ">")
    return _BLANK.sub("", marks)


def places(line: str, printed: str) -> Iterator[tuple[int, int]]:
    """Start and end of every place of a plain line where `printed` stands as a whole number (or as words)."""
    start = line.find(printed)
    while start >= 0:
        end = start + len(printed)
        if _whole(line, start, end):
            yield start, end
        start = line.find(printed, start + 1)


def stands(line: str, printed: str) -> bool:
    return any(places(line, printed))


def unit_follows(line: str, printed: str, unit: str) -> bool:
    """Is the unit (its part before a slash) printed right behind the number? 余, 多 and the rest of a range may be between;
    a table cell has its unit in another cell of the row or in the header, so a number that fills its cell passes."""
    bare = unit.split("/", maxsplit=1)[0].removesuffix("·人")
    if printed.endswith(bare):
        return True
    for start, end in places(line, printed):
        behind = _RANGE.sub("", line[end:])
        if bare in (behind[: len(bare)], _VAGUE.sub("", behind[: len(bare) + 1])[: len(bare)]):
            return True
        if _fills_cell(line, start, end):
            return True
    return False


def bound_fits(line: str, printed: str, qualifier: str) -> bool:
    """Does the print bear the qualifier: its word near the number for a bound, no such word for `=`?"""
    near = [_near(line, start, end) for start, end in places(line, printed)]
    if qualifier == "=":
        return any(not (_BOUND_BEFORE.search(before) or _BOUND_BEHIND.match(behind)) for before, behind in near)
    range_begins = qualifier == ">=" and any(_RANGE.match(behind) for _, behind in near)
    return range_begins or any(re.search(BOUNDS[qualifier], printed + before + behind) for before, behind in near)


def _near(line: str, start: int, end: int) -> tuple[str, str]:
    """What stands before and behind within the clause: not beyond a comma, a stop or the cell."""
    before = re.split(r"[,，。；;\t]", line[max(0, start - _BEFORE) : start])[-1]
    return before, re.split(r"[,，。；;\t]", line[end : end + _BEHIND])[0]


def _whole(line: str, start: int, end: int) -> bool:
    before, behind = line[max(0, start - 2) : start], line[end : end + 2]
    first, last = line[start], line[end - 1]
    if first in _DIGITS and (before[-1:] in (*_DIGITS,) or re.fullmatch(r"\d\.", before)):
        return False
    if last in _DIGITS and (behind[:1] in (*_DIGITS,) or re.fullmatch(r"\.\d", behind)):
        return False
    if line[start:end].strip(_CHINESE) == "":
        return before[-1:] not in (*_CHINESE,) and behind[:1] not in (*_CHINESE,)
    return True


def _fills_cell(line: str, start: int, end: int) -> bool:
    left, right = line[:start].rsplit("\t", 1)[-1], line[end:].split("\t", 1)[0]
    return ("\t" in line or line.strip() == line[start:end]) and left.strip("≥≤><~") == "" and right.strip() == ""
