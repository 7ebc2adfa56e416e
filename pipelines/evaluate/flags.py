"""The flags of `evaluation_target.flags`, each with its words. A flag states a fact about a target beside its verdict;
here belongs their list and nothing that decides when one is set."""

from __future__ import annotations

from pipelines.registry import Code

MISSED = "missed_"


def _codes(*rows: tuple[str, str, str]) -> dict[str, Code]:
    return {code: Code(code, zh, en) for code, zh, en in rows}


FLAGS = _codes(
    ("met_at_baseline", "基期已达目标值", "the baseline already meets the target"),
    ("not_ambitious", "目标未高于基期", "the target is not better than the baseline"),
    ("met_on_census_basis", "以普查老年人口为分母，基期已达目标值", "met at baseline on the census denominator"),
    ("pace_not_assessable", "无基期，只能判断是否达标", "no baseline: level only"),
    ("old_baseline", "基期早于规划前一年", "the baseline is older than the year before the plan"),
    ("milestones", "有阶段目标，按分段进度计算", "dated milestones: the path is piecewise"),
    ("milestone_ignored", "阶段目标不在基期与目标之间，未采用", "a milestone outside the way was left out"),
    ("is_milestone", "系阶段目标", "is itself a milestone of a later target"),
    ("holds_every_year", "逐年有效，逐年判断", "holds every year: judged year by year"),
    ("years_missing", "有年份未上报", "years without a report"),
    ("judged_after_deadline", "目标年无实绩，按其后第一年判断", "no actual of the target year: the next one was used"),
    ("deadline_inferred", "目标年系推定", "the target year is inferred"),
    ("previous_plan", "上一规划期目标", "target of the previous plan"),
    ("worded_target", "文字目标，无数值", "stated in words, without a number"),
    ("target_not_printed", "原文缺目标值", "the document leaves the value out"),
    ("tolerance_not_stated", "“约”未写明允许偏差", "‘about’ without a stated tolerance"),
    ("comparator_missing", "缺比较数据", "the series to compare with was not supplied"),
    ("other_area", "上级总量目标，不与本县数比较", "a larger area's count: not compared with the county's"),
    ("direction_assumed", "指标无方向，按“达到”理解", "no direction registered: read as a level to reach"),
    ("overshot", "越过目标", "went past the target"),
    ("outlook_existing_beds", "达成概率按现有床位", "probability with the beds that exist"),
    ("outlook_with_planned_beds", "达成概率含规划新增床位", "probability with the planned beds"),
)


def describe(flag: str) -> Code:
    """A flag with its words; `missed_2023` is a condition missed in 2023. Raises KeyError for an unknown flag."""
    if flag.startswith(MISSED):
        year = flag.removeprefix(MISSED)
        return Code(flag, f"{year}年未达到", f"missed in {year}")
    return FLAGS[flag]
