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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a defect stands: file and row where the input came from a file, column, the value found, and which group it is of."""

    column: str
    value: object
    group: tuple[str, str] = ("", "")
    file: str | None = None
    row: int | None = None

    @property
    def zh(self) -> str:
        at = f"{self.file}第{self.row}行，" if self.file else ""
        return f"{at}{self.column} 列，值 {self.value}" + (f"；{self.group[0]}" if self.group[0] else "")

    @property
    def en(self) -> str:
        at = f"{self.file} row {self.row}, " if self.file else ""
        return f"{at}column {self.column}, value {self.value}" + (f"; {self.group[1]}" if self.group[1] else "")


class ForecastInputError(ValueError):
    """The input cannot be forecast. `problems` names county, place, rule and remedy in both languages."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


MESSAGES: dict[str, tuple[str, str]] = {
    "negative_persons": (
        "年龄人数须为零或正数，请对照原表改正",
        "a count of persons must be zero or more: correct it from the source table",
    ),
    "not_a_number": (
        "年龄人数须为数字，请对照原表改正；原表没有的，删去该县",
        "a count of persons must be a number: correct it from the source table, or leave the county out where it prints none",
    ),
    "duplicated_county": (
        "同一县、年份、性别、年龄出现多次，请去重",
        "the same county, year, sex and age occurs more than once; remove the repetition",
    ),
    "missing_cohort": (
        "年龄组不连续或不完整：须为五岁组（0–4…85+），或 0–14/15–59/60+/65+ 四组",
        "age groups have gaps, overlaps or lack the open end: give five-year groups (0-4 to 85+), "
        "or the four groups 0-14/15-59/60+/65+",
    ),
    "absent_from_book": (
        "对照表中有此县，普查文件中没有：文件可能不完整，请核对",
        "the crosswalk lists this county and the census file does not: the file may have been cut short, check it",
    ),
    "elderly_exceed": (
        "65 岁及以上的人数多于 60 岁及以上的人数（后者须包含前者），请对照原表改正",
        "more persons aged 65+ than 60+, which must include them: correct both from the source table",
    ),
    "bad_code": (
        "区划代码须为六位数字（GB/T 2260），请改正",
        "a county code must be six digits (GB/T 2260): correct it",
    ),
    "unknown_province": (
        "区划代码的前两位不是普查文件中任何一省的（没有该省的行），请改正代码或补上该省",
        "the first two digits of the code belong to no province of the census file: correct the code or add the province's row",
    ),
    "empty_file": (
        "文件为空或只有表头，没有数据行，请换成完整的文件",
        "the file is empty or holds a header alone: put the whole file in its place",
    ),
    "no_counties": (
        "文件中没有县级行（level 列为 county），请换成完整的文件",
        "the file holds no row of a county (column level, value county): put the whole file in its place",
    ),
    "missing_column": ("缺少一列，请按参考面板的格式补上", "a column is missing: add it as the reference panel has it"),
    "missing_sex": (
        "须有男、女两个性别，或只给合计，请补齐",
        "both sexes must be given, or their total alone: complete them",
    ),
    "no_elderly": (
        "60 岁及以上人数为零，无法预测，请核对原表",
        "no persons aged 60 and over, nothing to project: check the source table",
    ),
    "no_base": (
        "该县没有作为预测起点的普查年龄，未作预测，请补上",
        "the county has no ages for the census that the forecast begins with and is not forecast: add them",
    ),
    "no_census": (
        "没有逢十年份的普查年龄，请补上",
        "no ages for any decennial census (a year that ends in 0): add them",
    ),
    "boundary_suspected": (
        "两次普查同批人变化与模型相差过大，疑为区划调整或统计口径变化，未采用该县自身趋势",
        "between the two censuses cohorts changed far more than the model expects: a boundary or counting change "
        "is suspected and the county's own trend is not used",
    ),
    "thin_input": (
        "只有大龄组数据，按全国年龄结构拆分：基年80岁及以上也是估计数，带区间，以后各年区间加宽",
        "broad age groups only, split by the national age pattern: those aged 80+ are estimated in the base year too, with an "
        "interval, and later intervals are wider",
    ),
    "sex_split": (
        "未分性别，按全国性别比拆分：基年分性别人数也是估计数，带区间",
        "no sexes given, split by the national sex ratio: males and females are estimated in the base year too, with an interval",
    ),
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


def problem(code: str, county_code: str, detail: str | Place = "") -> Problem:
    """The bilingual problem for a code of `MESSAGES`, with its place or another detail in brackets."""
    zh, en = MESSAGES[code]
    told = (detail.zh, detail.en) if isinstance(detail, Place) else (detail, detail)
    return Problem(
        code, county_code, zh + (f"（{told[0]}）" if told[0] else ""), en + (f" ({told[1]})" if told[1] else "")
    )
