"""One way to write numbers and names in both languages: separators, significant digits, 万元 and CNY, bounds, absences.
Chinese first. Nothing here reads a database; words for codes and units come from the registry."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from pipelines import registry
from pipelines.registry import phrases

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
DASH = "—"
CLOSE_UNITS = {"%", "‰"}


@dataclass(frozen=True)
class Words:
    """The same thing said in Chinese and in English."""

    zh: str
    en: str

    def to(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en

    def __add__(self, other: Words) -> Words:
        return Words(self.zh + other.zh, self.en + other.en)


def capital(text: str) -> str:
    """Its first letter large, for an English sentence or title."""
    return text[:1].upper() + text[1:]


def same(text: str) -> Words:
    """Words that do not change with the language."""
    return Words(text, text)


def joined(parts: list[Words], zh: str = "；", en: str = "; ") -> Words:
    return Words(zh.join(p.zh for p in parts), en.join(p.en for p in parts))


def number(value: float | int | None, decimals: int = 2) -> str:
    """A stated number with thousands separators and no more decimals than it has: 1136 → 1,136, 3.80 → 3.8."""
    if value is None or math.isnan(value):
        return DASH
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def several(n: int) -> str:
    """A small count in running Chinese: 5 → 五, 2 → 两, 24 → 24."""
    return "零一两三四五六七八九十"[n] if 0 <= n <= 10 else str(n)


def significant(value: float, digits: int = 3) -> float:
    """An estimate cut to the digits it deserves: 43876.2 → 43900."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def estimate(value: float | None, digits: int = 3) -> str:
    """An estimate in print, without false precision: 43876.2 → 43,900."""
    return DASH if value is None else number(significant(value, digits))


def whole(value: float | None) -> str:
    """An estimate of things that are counted, such as beds: three digits, no fractions: 84.3 → 84."""
    return DASH if value is None else number(significant(value), 0)


def money(wan: float | None) -> Words:
    """An amount in 万元, in English in millions of CNY: 79576 → 79,576万元, CNY 795.76 million."""
    if wan is None:
        return same(DASH)
    return Words(f"{number(wan)}万元", f"CNY {number(wan / 100)} million")


def quantity(value: float | None, unit: str) -> Words:
    """A number with its unit: 1,136张 / 1,136 beds, 3.8%."""
    if value is None:
        return same(DASH)
    if unit == "wan_yuan":
        return money(value)
    if unit == "text":
        return same(number(value))
    if unit == "count":  # English has no 个
        return Words(f"{number(value)}个", number(value))
    zh, en = unit_words(unit).zh, unit_words(unit).en
    if zh.startswith("每"):
        return Words(f"{number(value)}/{zh[1:]}", f"{number(value)} {en}")
    return Words(f"{number(value)}{zh}", f"{number(value)}{en if en in CLOSE_UNITS else ' ' + en}")


def sign(qualifier: str | None) -> Words:
    """What stands before a bounded number: ≥, or 约 / about; nothing for an exact one."""
    if qualifier in (None, "="):
        return same("")
    if qualifier == "~":
        return Words(code("qualifier", "~").zh, code("qualifier", "~").en + " ")
    return same(qualifier.replace(">=", "≥").replace("<=", "≤"))


def bound(qualifier: str | None, value: float | None, unit: str) -> Words:
    """A promise with its sign: ≥55%."""
    return sign(qualifier) + quantity(value, unit)


def unit_words(unit: str) -> Words:
    found = registry.units().get(unit)
    return Words(found.zh, found.en) if found else same(unit)


def code(codelist: str, value: str | None) -> Words:
    """Words for a code of the registry; an unknown one comes back as it is."""
    return Words(registry.label(codelist, value, "zh"), registry.label(codelist, value, "en"))


def line(value: int | None) -> Words:
    """A line of the document: 第151行 / line 151."""
    return same("") if value is None else Words(f"第{value}行", f"line {value}")


def lines(values: list[int]) -> Words:
    kept = sorted({v for v in values if v is not None})
    if not kept:
        return same("")
    return Words(
        "第" + "、".join(map(str, kept)) + "行", ("line " if len(kept) == 1 else "lines ") + ", ".join(map(str, kept))
    )


OPEN, CLOSE = "\u2068", "\u2069"  # around Chinese inside English text; pages turn them into an element that says so
_HAN = re.compile(r"[\u3400-\u9fff][\u3400-\u9fff·、，（）“”：；]*")


def printed(text: str) -> Words:
    """Words of a document: in English as the registry's phrases put them, units after numbers too. Text of which some words
    are known to no phrase is a quotation: it stays as it is, its Chinese between OPEN and CLOSE."""
    said = phrases.english(text)
    return Words(text, marked(text) if said is None else said)


def marked(text: str) -> str:
    """Text with every run of Chinese between OPEN and CLOSE."""
    return _HAN.sub(lambda m: f"{OPEN}{m.group()}{CLOSE}", text)


def plain(text: str) -> str:
    """Without the marks around Chinese, for files and scripts."""
    return text.replace(OPEN, "").replace(CLOSE, "")


def breakdown(text: str | None) -> Words:
    """A breakdown such as ``area=urban`` in words; what the registry does not know stays Chinese."""
    if not text:
        return same("")
    known = registry.codes()["breakdown"]
    values = [p.split("=", 1)[-1] for p in text.split(";")]
    parts = [code("breakdown", v) if v in known else printed(v) for v in values]
    return Words("（" + "、".join(p.zh for p in parts) + "）", " (" + ", ".join(p.en for p in parts) + ")")


NOT_REPORTED = code("absence", "not_reported")
