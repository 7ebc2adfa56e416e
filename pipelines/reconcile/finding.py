"""One contradiction: its two places, its arithmetic and its words. How severe a difference is, is decided here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.reconcile.facts import RATES, Figure, Subject
from pipelines.registry import phrases

_MANY = 6
CHECK = (
    "两处均照印保留，由县级民政部门核定以哪一数为准",
    "Both kept as printed; the county civil-affairs bureau decides which one holds",
)
_ENGLISH = {
    r"(\d+)项之和=": r"sum of \1 = ", r"(\d+)人（2020年人口普查(\d+)岁及以上）": r"\1 (2020 census, aged \2+)",
    r"(\d+)人（2020年人口普查常住人口）": r"\1 (2020 census, residents)", r"(\d{4})年发文": r"issued \1",
    "/万": "/10 000", "元×12": " yuan×12",
    r"(\d{4})年开工": r"start of works \1", r"^(\d{4})年(?=[0-9全])": r"\1: ", r"人 / 人次": "persons or person-times?",
    r"(?<=[0-9])万元(?=[+=])": "", r"^约(?=[0-9])": "about ",
}  # fmt: skip
_HEADING_ZH, _HEADING_EN = "前后不一致（待核实）：", "Inconsistent (to be verified): "


@dataclass(frozen=True)
class Side:
    """One side of a contradiction: one printed number, or several that are added up. `label`: whose it is, in Chinese and
    English, for the sentence only."""

    figures: tuple[Figure, ...]
    text: str
    label: tuple[str, str] = ("", "")

    @classmethod
    def of(cls, *figures: Figure) -> Side:
        """``2400万元``, ``9000+2000+1800=12800``, or ``27项之和=164063`` when there are many."""
        if len(figures) == 1:
            return cls(figures, figures[0].printed)
        total = plain(sum(f.value for f in figures))
        terms = "+".join(plain(f.value) for f in figures)
        return cls(figures, f"{terms}={total}" if len(figures) <= _MANY else f"{len(figures)}项之和={total}")

    @property
    def line(self) -> int | None:
        return self.figures[0].line

    @property
    def places(self) -> list[int]:
        return sorted({f.line for f in self.figures if f.line is not None})

    def words(self, zh: bool) -> str:
        """Line and value, for a sentence."""
        said = self._said(zh)
        return f"{self.label[not zh]}{'' if zh else ' '}{said}" if self.label[0] else said

    def _said(self, zh: bool) -> str:
        lines = self.places
        if not lines:
            return self.text if zh else _english(self.text)
        shown = ("、" if zh else ", ").join(str(n) for n in lines[:_MANY]) + ("…" if len(lines) > _MANY else "")
        return f"第{shown}行“{self.text}”" if zh else f"line{'s' * (len(lines) > 1)} {shown}: {_english(self.text)}"


@dataclass(frozen=True)
class Finding:
    """A contradiction before it gets its id. `zh` and `en` say behind the subject what disagrees; places and values are
    added to them. `resolution`: what we propose, in Chinese and English."""

    subject: Subject
    rule_id: str
    severity: str
    left: Side
    right: Side
    zh: str
    en: str
    computation: str
    resolution: tuple[str, str]
    others: tuple[Figure | Side, ...] = ()

    @property
    def facts(self) -> frozenset[str]:
        """Ids of the rows that disagree: two findings about the same rows are one contradiction."""
        return frozenset(f.fact for side in self._sides for f in side.figures)

    def row(self) -> dict[str, object]:
        """As a row of fct_discrepancy without id and review."""
        places = [f.line for side in self._sides for f in side.figures if f.line is not None]
        lines = sorted({n for n in places if n not in (self.left.line, self.right.line)})
        zh = "；".join(s.words(True) for s in self._sides)
        en = "; ".join(s.words(False) for s in self._sides)
        return {
            "county_code": self.subject.county_code, "rule_id": self.rule_id, "severity": self.severity,
            "domain": self.subject.domain,
            "description_zh": f"{_HEADING_ZH}{self.subject.zh}{self.zh}。{zh}。",
            "description_en": f"{_HEADING_EN}{self.subject.en}{': ' if self.subject.en else ''}{self.en}. {en}.",
            "left_line": self.left.line, "left_value": self.left.text,
            "right_line": self.right.line, "right_value": self.right.text,
            "lines": ";".join(str(n) for n in lines) or None, "computation": self.computation,
            "resolution": self.resolution[0], "resolution_en": self.resolution[1],
        }  # fmt: skip

    @property
    def _sides(self) -> list[Side]:
        return [self.left, self.right, *(f if isinstance(f, Side) else Side.of(f) for f in self.others)]


def _english(text: str) -> str:
    """The words that rules put around printed values, and units, in English; a value of other words is quoted as printed."""
    for pattern, words in _ENGLISH.items():
        text = re.sub(pattern, words, text)
    return quoted(text)


def quoted(text: str) -> str:
    """Printed words for an English sentence: in English where the registry has all of them, else in quotation marks."""
    said = phrases.english(text)
    return f"“{text}”" if said is None else said


def plain(value: float) -> str:
    """A number without noise: 164063, 1005.42, 42.1, 0.00475."""
    if value == round(value) or abs(value) < 1:
        return f"{value:.4g}" if abs(value) < 1 else f"{value:.0f}"
    return f"{value:.2f}".rstrip("0").rstrip(".")


def severity(values: Sequence[Figure], *, headline: bool, promise: bool) -> str:
    """How much hangs on a difference.

    - money: high from 1,000 万元, or from 200 万元 when it is 5 % of the larger amount; medium from 50 万元; else low
    - beds and graves: high from 50 beds or 5 %, whichever is more; else medium
    - rates: high when the smaller is at most five sixths of the larger; else medium
    - counts: high from a difference of 10 that is a fifth of the larger, or of 20 in a stock; else medium
    - a promise that is not a headline (neither in the indicator table nor binding) of a plan that has headlines
      comes one step lower, unless it is money or beds
    """
    low, high = min(f.value for f in values), max(f.value for f in values)
    gap, share = high - low, (high - low) / abs(high) if high else 0.0
    unit = values[0].unit
    if unit in ("wan_yuan", "yuan"):
        wan = gap * (1.0 if unit == "wan_yuan" else 1e-4)
        return "high" if wan >= 1000 or (wan >= 200 and share >= 0.05) else "medium" if wan >= 50 else "low"
    if unit in ("beds", "graves"):
        return "high" if gap >= max(50, 0.05 * high) else "medium"
    large = share >= 1 / 6 if unit in RATES else (gap >= 10 and share >= 0.2) or (gap >= 20 and not promise)
    return "high" if large and (headline or not promise) else "medium"
