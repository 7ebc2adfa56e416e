"""The mid-term and final report of one county: sections, wording, formula, both languages."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
from evaluate_frames import actual, reported, table, target

from pipelines.evaluate.reports import Report, Section, final, midterm

Run = Callable[..., pl.DataFrame]
COUNTIES = pl.DataFrame({"county_code": ["990101"], "name_zh": ["某县"], "name_en": ["Some county"]})


def indicators(better: str = "higher") -> pl.DataFrame:
    names = [{"indicator_id": i, "name_zh": "甲", "name_en": "A", "better": better} for i in ("x", "y")]
    return table("dim_indicator", names)


def report(make: Callable[..., Report], rows: pl.DataFrame, better: str = "higher") -> Report:
    return make(rows, COUNTIES, indicators(better), "990101")


def section(found: Report, code: str) -> Section:
    return next(s for s in found.sections if s.code == code)


def first_formula(rows: pl.DataFrame, better: str = "higher") -> str:
    return section(report(midterm, rows, better), "unlabelled").rows[-1].formula


def test_binding_and_expected_are_counted_apart(run: Run) -> None:
    rows = run(
        actual(2020, 10.0), target(2025, 20.0, target_kind="binding"), reported(2023, 16.0),
        target(2025, 80.0, target_kind="expected", indicator_id="y"),
    )  # fmt: skip
    found = report(midterm, rows)
    assert (found.title.zh, found.plan_period, found.data_year) == ("某县民政事业规划实施中期评估", "2021-2025", 2023)
    summary = section(found, "summary").text
    assert summary.zh == "数据时点：2023年底。约束性指标 1 项：符合序时进度 1；预期性指标 1 项：待数据 1。"
    assert summary.en.startswith("Data date: end of 2023. Binding targets: 1 target(s): on schedule 1")
    assert [s.code for s in found.sections] == ["summary", "binding", "expected"]


def test_nothing_reported_yet(run: Run) -> None:
    found = report(midterm, run(actual(2020, 319.0), target(2025, 281.0)))
    assert found.data_year is None
    assert section(found, "summary").text.zh.startswith("尚无年度实绩")
    entry = section(found, "not_ambitious").rows[0]
    assert (entry.wording.zh, entry.wording.en, entry.actual) == ("待数据", "awaiting data", "—")
    assert [f.zh for f in entry.flags] == ["基期已达目标值", "目标未高于基期"]


def test_formula_of_a_pace(run: Run) -> None:
    text = first_formula(run(actual(2020, 20.0), target(2025, 10.0), reported(2023, 16.0), better="lower"), "lower")
    assert text == (
        "B=20（2020），T=10（2025），A=16（2023）；p=(A−B)/(T−B)=(16−20)/(10−20)=0.4；"
        "τ=(2023−2020)/(2025−2020)=0.6；r=p/τ=0.6667；(T−A)/(2025−2023)=-3"
    )


def test_formula_of_a_piecewise_path(run: Run) -> None:
    rows = run(actual(2020, 3.8), target(2022, 50.0), target(2025, 55.0, qualifier=">="), reported(2023, 30.0))
    text = first_formula(rows)
    assert "3.8（2020）→50（2022）→55（2025），E=51.6667（2023）" in text
    assert "r=(A−B)/(E−B)=(30−3.8)/(51.6667−3.8)=0.5474" in text


def test_formula_of_a_sum_a_range_and_words(run: Run) -> None:
    total = run(target(2025, 100.0, period_start=2021), reported(2021, 30.0), reported(2022, 10.0), nature="flow")
    assert "Σ=40（2022）；p=Σ/T=40/100=0.4；τ=(2022−2020)/(2025−2020)=0.4；r=p/τ=1" in first_formula(total)
    lower, upper = target(2025, 3.0, breakdown="bound=lower"), target(2025, 5.0, breakdown="bound=upper")
    assert "T=3–5（2025）" in first_formula(run(lower, upper, nature="stock"))
    assert "T：应保尽保" in first_formula(run(target(2025, None, value_as_printed="应保尽保")))


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (20.0, "完成（完成率 100%）", "completed (completion 100%)"),
        (18.0, "未完成（完成率 80%）", "not completed (completion 80%)"),
    ],
)
def test_final_report(run: Run, value: float, zh: str, en: str) -> None:
    rows = run(actual(2020, 10.0), target(2025, 20.0), reported(2025, value))
    entry = section(report(final, rows), "unlabelled").rows[0]
    assert (entry.wording.zh, entry.wording.en) == (zh, en)
    assert entry.formula.endswith(f"(A−B)/(T−B)={(value - 10) * 10:g}%")


def test_final_report_before_the_final_figures(run: Run) -> None:
    rows = run(actual(2020, 10.0), target(2025, 20.0), reported(2023, 12.0))
    assert section(report(final, rows), "unlabelled").rows[0].wording.zh == "期末数据未到（截至2023年：明显滞后）"


def test_attained_level_without_a_baseline(run: Run) -> None:
    entry = section(report(final, run(target(2025, 80.0), reported(2025, 60.0))), "unlabelled").rows[0]
    assert entry.wording.zh == "未完成（完成率 75%）"
    assert entry.formula.endswith("A/T=75%")


def test_higher_levels_conflicts_and_the_previous_plan_have_their_sections(run: Run) -> None:
    rows = run(
        actual(2020, 39.0), target(2020, 35.0), target(2025, 40.0), target(2025, 45.0),
        target(2025, 50.0, target_level="province", unit="per_1000"),
        target(2025, 9.0, target_level="city", unit="persons", indicator_id="y"), nature="stock",
    )  # fmt: skip
    codes = {s.code: len(s.rows) for s in report(midterm, rows).sections}
    assert codes == {"summary": 0, "unlabelled": 2, "conflict": 2, "previous_plan": 1, "higher_level": 1}


def test_a_county_without_targets_is_refused(run: Run) -> None:
    with pytest.raises(ValueError, match="990102"):
        midterm(run(target(2025, 1.0)), COUNTIES, indicators(), "990102")
