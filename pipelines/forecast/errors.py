"""What can be wrong with a county's input, said in Chinese and English. Errors stop; flags travel with the result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One defect of one county's input."""

    code: str
    county_code: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"[{self.code}] {self.county_code}: {self.zh} / {self.en}"


class ForecastInputError(ValueError):
    """The input cannot be forecast. `problems` names county, defect and remedy in both languages."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


MESSAGES: dict[str, tuple[str, str]] = {
    "negative_persons": (
        "年龄人数为负，请核对原表",
        "a count of persons is negative; check the source table",
    ),
    "not_a_number": ("年龄人数不是有限数值", "a count of persons is not a finite number"),
    "duplicated_county": (
        "同一县、年份、性别、年龄出现多次，请去重",
        "the same county, year, sex and age occurs more than once; remove the repetition",
    ),
    "missing_cohort": (
        "年龄组不连续或不完整：须为五岁组（0–4…85+），或 0–14/15–59/60+/65+ 四组",
        "age groups have gaps, overlaps or lack the open end: give five-year groups (0-4 to 85+), "
        "or the four groups 0-14/15-59/60+/65+",
    ),
    "missing_sex": ("只有一个性别的数据", "only one sex is given"),
    "no_elderly": ("60 岁及以上人数为零，无法预测", "no persons aged 60 and over: nothing to project"),
    "no_base": ("该县没有最近一次普查的年龄", "the county has no ages for the latest census"),
    "boundary_suspected": (
        "两次普查同批人变化与模型相差过大，疑为区划调整或统计口径变化，未采用该县自身趋势",
        "between the two censuses cohorts changed far more than the model expects: a boundary or counting change "
        "is suspected and the county's own trend is not used",
    ),
    "thin_input": (
        "只有大龄组数据，按全国年龄结构拆分，区间加宽",
        "broad age groups only: split by the national age pattern, wider intervals",
    ),
    "sex_split": ("未分性别，按全国性别比拆分", "no sexes given: split by the national sex ratio"),
    "ages_exceed_total": ("分年龄合计与总人口不符", "ages do not add up to the printed total"),
    "prefecture_changed": (
        "所在地级市有县级单位新设或撤并，建议同时参看全市合并市区的预测",
        "a county-level unit of this prefecture appeared or vanished; read the pooled urban area as well",
    ),
    "pooled_unavailable": (
        "所在地级市在本批数据中没有其他市辖区，无法给出合并市区的预测",
        "no other district of its prefecture is in this batch: the pooled urban area cannot be forecast",
    ),
}


def problem(code: str, county_code: str, detail: str = "") -> Problem:
    """The bilingual problem for a code of `MESSAGES`."""
    zh, en = MESSAGES[code]
    tail = f"（{detail}）" if detail else ""
    return Problem(code, county_code, zh + tail, en + (f" ({detail})" if detail else ""))
