"""Reads a printed quantity (20余, 8.39 万人次, ≥55, 一家, 全覆盖) into a number, a qualifier and the indicator's unit.
Only what is printed is read. Words that state a share in full (全覆盖, 每个, 应保尽保) are listed in registry/wordings.csv;
other words without a number give None."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

from pipelines import registry

_DIGITS = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_POWERS = {"十": 10, "百": 100, "千": 1000}
_SCALES = {"万": 1e4, "亿": 1e8}
_NUMBER = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?")
_CHINESE = re.compile(r"[零〇一二两三四五六七八九十百千]+")
_PEOPLE = r"(?=\s*[余多]?(?:名|人|户|位|对|例|个人|persons?\b|people\b|children\b|households?\b))"
_OF_ANYTHING = re.compile(
    f"({_CHINESE.pattern})(?:{_PEOPLE}|(?<!^一)(?<![^零〇一二两三四五六七八九十百千]一)(?=\\s*[余多]?[个所处家座张间套栋辆项支]))"
)
_OF_PEOPLE, _DIGITS_OF_PEOPLE = (re.compile(f"({p.pattern}){_PEOPLE}") for p in (_CHINESE, _NUMBER))
_PLAN_PERIODS: dict[str, tuple[int | None, int | None]] = {"十三五": (2016, 2020), "十四五": (2021, 2025)}
_SPACE = re.compile(r"\s|，")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


class UnitMismatchError(ValueError):
    """The printed unit cannot be brought to the indicator's unit."""


@dataclass(frozen=True)
class Quantity:
    """`value` in the printed unit with 万 and 亿 multiplied out (None for words); `unit`: what stood behind it."""

    value: float | None
    unit: str


def read(printed: str) -> Quantity:
    """Read one printed value: numerals first, then the wordings of the registry (全覆盖 → 100 %), then Chinese numerals."""
    text = _SPACE.sub("", printed)
    found = _NUMBER.search(text)
    if found:
        value, rest = float(found.group().replace(",", "")), text[found.end() :]
    elif text in _wordings():
        return _wordings()[text]
    else:
        chinese = _CHINESE.match(text)
        if not chinese or len(text) - chinese.end() > 4:
            return Quantity(None, "")
        value, rest = float(chinese_number(chinese.group())), text[chinese.end() :]
    rest = rest.lstrip("余多")
    if rest[:1] in _SCALES and rest[:2] != "万元":
        return Quantity(value * _SCALES[rest[0]], rest[1:])
    return Quantity(value, rest)


def chinese_number(text: str) -> int:
    """一百二十 → 120; 两 → 2; 十五 → 15; 二〇二五 → 2025."""
    if not any(c in _POWERS for c in text):
        return int("".join(str(_DIGITS[c]) for c in text))
    total = digit = 0
    for c in text:
        if c in _POWERS:
            total += (digit or 1) * _POWERS[c]
            digit = 0
        else:
            digit = _DIGITS[c]
    return total + digit


def numbers_named(text: str | None) -> frozenset[str]:
    """Every number that a text names, as plain digits: numerals of any width (１,２３４ → 1234) and Chinese ones that count people
    or things (三名, 三所 → 3; 一处 is “somewhere”)."""
    plain = unicodedata.normalize("NFKC", text or "")
    digits = {f"{float(n.replace(',', '')):.15g}" for n in _NUMBER.findall(plain)}
    return frozenset(digits | {str(chinese_number(n)) for n in _OF_ANYTHING.findall(plain)})


def people_named(text: str | None) -> frozenset[float]:
    """Every number of people that a text names: 5名, 三户, 1,200 persons."""
    plain = unicodedata.normalize("NFKC", text or "")
    digits = {float(n.replace(",", "")) for n in _DIGITS_OF_PEOPLE.findall(plain)}
    return frozenset(digits | {float(chinese_number(n)) for n in _OF_PEOPLE.findall(plain)})


@cache
def _wordings() -> dict[str, Quantity]:
    return {r["printed"]: Quantity(float(r["value"]), r["unit"]) for r in registry.rows("wordings")}


@cache
def _spellings() -> dict[str, str]:
    return {spelling: unit.code for unit in registry.units().values() for spelling in (unit.code, *unit.printed)}


@cache
def _factors() -> dict[tuple[str, str], float]:
    return {(r["printed"], r["indicator"]): float(r["factor"]) for r in registry.rows("conversions")}


@lru_cache(maxsize=1024)
def unit_code(printed: str) -> tuple[str, float] | None:
    """(unit code, scale) of a printed unit: 万人次 → (person_times, 1e4); 亿元 → (wan_yuan, 1e4). None if unknown."""
    text = "".join(printed.split()).strip("（）()").lstrip("余多")
    if text in _spellings():
        return _spellings()[text], 1.0
    if text == "亿元":
        return "wan_yuan", 1e4
    if text[:1] in _SCALES and text[1:] in _spellings():
        return _spellings()[text[1:]], _SCALES[text[0]]
    return None


def in_unit(printed_value: str, printed_unit: str, unit: str) -> float | None:
    """The printed quantity in `unit`, or None for words and for the unit `text`, which holds no number (1:4:5).

    Raises UnitMismatchError when the printed unit is unknown or means another thing (人 for 人次, 户 for 人).
    """
    quantity = read(printed_value)
    if quantity.value is None or unit == "text":
        return None
    source = unit_code(printed_unit) if printed_unit else None
    behind = unit_code(quantity.unit) if quantity.unit else None
    found = source or behind or (("pct", 1.0) if quantity.unit == "%" else None)
    if found is None:
        if printed_unit:
            raise UnitMismatchError(f"{printed_unit} → {unit}")
        return quantity.value
    code, scale = found
    if code == unit:
        return _exact(quantity.value * scale)
    if code == "wan_yuan" and source and source[0] == "wan_yuan" and printed_unit.strip("（）()") == "万":
        return _exact(quantity.value * 1e4)
    factor = _factors().get((code, unit))
    if factor is None:
        raise UnitMismatchError(f"{printed_unit or quantity.unit} → {unit}")
    return _exact(quantity.value * scale * factor)


def _exact(value: float) -> float:
    """Drop binary dust of a decimal conversion (8.39 × 10⁴ = 83 900)."""
    return round(value, 8)


def years(printed: str | None) -> tuple[int | None, int | None]:
    """First and last year of a printed period: 2022年—2024年 → (2022, 2024); 2021 → (2021, 2021); “十四五”时期 → (2021, 2025)."""
    named = next((span for name, span in _PLAN_PERIODS.items() if name in (printed or "")), None)
    if named:
        return named
    found = [int(y) for y in _YEAR.findall(printed or "")]
    return (min(found), max(found)) if found else (None, None)
