"""Rules on projects: each with a case that must be found and one that must not."""

from __future__ import annotations

import pytest
from reconcile_frames import facts

from pipelines.reconcile import projects as rules
from pipelines.reconcile.finding import quoted


def _money(amounts: list[float], total: float = 11800.0):  # type: ignore[no-untyped-def]
    funding = [{"amount_wan": a, "position": i, "source_line": 493 + 2 * i} for i, a in enumerate(amounts)]
    return facts(projects=[{"total_investment_wan": total, "source_line": 491}], funding=funding)


def test_funding_to_total() -> None:
    (found,) = rules.funding_to_total(_money([9000.0, 2000.0, 1800.0]))
    row = found.row()
    assert (row["left_value"], row["right_value"], row["lines"]) == ("11800万元", "9000+2000+1800=12800", "495;497")
    assert row["computation"] == "9000+2000+1800=12800；12800-11800=1000"
    assert row["severity"] == "high"
    assert not list(rules.funding_to_total(_money([9000.0, 2000.0, 800.0])))


def test_mention_investment() -> None:
    table = {"key": "m2", "line": 945, "investment_wan": 2967.0, "investment_printed": "2967"}
    prose = {"mention": "prose", "line": 295, "investment_wan": 2697.0, "investment_printed": "2697"}
    (found,) = rules.mention_investment(facts(projects=[{}], mentions=[prose, table]))
    assert (found.left.text, found.right.text, found.computation) == ("2697万元", "2967万元", "2697-2967=-270")
    assert not list(
        rules.mention_investment(facts(projects=[{}], mentions=[{**prose, "investment_wan": 2967.0}, table]))
    )


def test_mention_outputs() -> None:
    box, prose = (
        {"mention": "box", "quantity": 8.0, "source_line": 189},
        {"mention": "prose", "quantity": 14.0, "source_line": 291},
    )
    table = {"quantity": 14.0, "source_line": 445}
    (found,) = rules.mention_outputs(facts(projects=[{}], outputs=[box, prose, table]))
    row = found.row()
    assert (row["left_line"], row["left_value"], row["right_line"], row["right_value"], row["lines"]) == (
        189,
        "8个",
        445,
        "14个",
        "291",
    )
    assert not list(rules.mention_outputs(facts(projects=[{}], outputs=[prose, table])))


def test_unlike_labels_are_not_matched_when_there_are_several() -> None:
    outputs = [{"mention": "box", "label": "区域性养老服务中心", "quantity": 1.0}, {"mention": "box", "label": "居家中心", "quantity": 30.0},
               {"label": "敬老院", "quantity": 2.0}, {"label": "居家中心", "quantity": 30.0}]  # fmt: skip
    assert not list(rules.mention_outputs(facts(projects=[{}], outputs=outputs)))


def test_box_to_annex() -> None:
    outside = {"project_id": "p2", "in_annex": False}
    box = {"project_id": "p2", "mention": "box", "label": "老年活动室", "quantity": 110.0}
    inside = {"label": "老年活动室（新建）", "quantity": 16.0}
    (found,) = rules.box_to_annex(facts(projects=[{}, outside], outputs=[box, inside]))
    assert found.computation == "110-16=94"
    assert not list(rules.box_to_annex(facts(projects=[{}, outside], outputs=[box, {**inside, "label": "敬老院"}])))


@pytest.mark.parametrize(("total", "parts", "found"), [
    (150.0, [120.0, 10.0, 10.0], True),
    (150.0, [120.0, 20.0, 10.0], False),
    (3000.0, [200.0, 1200.0, 1600.0, 200.0, 20.0, 60.0, 120.0], False),  # the parts of a part follow
])  # fmt: skip
def test_output_parts(total: float, parts: list[float], found: bool) -> None:
    area = {"output": "land_area_mu", "unit": "mu", "source_line": 753}
    rows = [{**area, "quantity": total}] + [{**area, "quantity": p, "counted": False} for p in parts]
    assert bool(list(rules.output_parts(facts(projects=[{}], outputs=rows)))) is found


def test_a_sentence_names_outputs_by_their_label() -> None:
    rows = [{"output": "land_area_mu", "quantity": q, "counted": q == 150, "label": "占地"} for q in (150, 120, 10, 10)]
    (found,) = rules.output_parts(facts(projects=[{}], outputs=rows))
    assert found.en == "the parts of the land area (mu) do not add up"


def test_vague_parts_may_stay_below() -> None:
    area = {"output": "land_area_mu", "unit": "mu", "counted": False}
    parts = [
        {**area, "quantity": 90.0, "value_as_printed": "90余"},
        {**area, "quantity": 20.0, "value_as_printed": "20余"},
    ]
    total = {**area, "quantity": 112.0, "counted": True}
    assert not list(rules.output_parts(facts(projects=[{}], outputs=[total, *parts])))


def test_breakdown_parts() -> None:
    parts = [{"value": 7.0, "breakdown": "level=township"}, {"value": 28.0, "breakdown": "level=village"}]
    assert not list(rules.breakdown_parts(facts([{"value": 35.0}, *parts])))
    (found,) = rules.breakdown_parts(facts([{"value": 36.0}, *parts]))
    assert found.computation == "7+28=35；36-35=1"
    bounds = [{"value": 3.0, "breakdown": "bound=lower"}, {"value": 5.0, "breakdown": "bound=upper"}]
    assert not list(rules.breakdown_parts(facts([{"value": 36.0}, *bounds])))


def _budget(count: float, yearly: float):  # type: ignore[no-untyped-def]
    money = {"project_id": "p1", "unit": "wan_yuan", "measure": "planned", "period_start": 2021, "period_end": 2025}
    price = {**money, "indicator_id": "price", "value": 20.0, "unit_as_printed": "万元/个"}
    budget = {**money, "indicator_id": "budget", "value": yearly, "unit_as_printed": "万元/年"}
    return facts([price, budget], projects=[{}], outputs=[{"output": "projects_per_year", "quantity": count}])


def test_project_unit_cost() -> None:
    (found,) = rules.project_unit_cost(_budget(20.0, 500.0))
    assert found.computation == "20×20=400 ≠ 500"
    assert not list(rules.project_unit_cost(_budget(25.0, 500.0)))


def test_implausible_ratio() -> None:
    home = [
        {"output": "beds", "unit": "beds", "quantity": 200.0},
        {"output": "floor_area_m2", "unit": "m2", "quantity": 800.0},
    ]
    (found,) = rules.implausible_ratio(facts(projects=[{"total_investment_wan": 300.0}], outputs=home))
    assert found.computation == "800÷200=4 m²/床 ∉ [10, 120]", (
        "one finding per project, though 1.5 万元 a bed fails too"
    )
    roomy = [home[0], {**home[1], "quantity": 8000.0}]
    assert not list(rules.implausible_ratio(facts(projects=[{"total_investment_wan": 2400.0}], outputs=roomy)))
    assert found.severity == "medium"
    equipment = {"total_investment_wan": 300.0, "spend_kind": "mixed"}
    (less,) = rules.implausible_ratio(facts(projects=[equipment], outputs=home))
    assert less.severity == "low", "money that also buys equipment says less about floor area"


def test_mention_years() -> None:
    table = {"line": 759, "years_printed": "2023年—2024年", "start_year": 2023, "end_year": 2024}
    prose = {
        "key": "m2",
        "mention": "prose",
        "line": 760,
        "years_printed": "2022年启动，2025年投入使用",
        "start_year": 2022,
        "end_year": 2025,
    }
    (found,) = rules.mention_years(facts(projects=[{}], mentions=[table, prose]))
    assert found.computation == "2022年启动，2025年投入使用 ≠ 2023年—2024年"
    done = {**prose, "years_printed": "2024年", "start_year": 2024, "end_year": 2024}
    assert not list(rules.mention_years(facts(projects=[{}], mentions=[table, done])))


def test_start_and_finish() -> None:
    table = {"progress_printed": "2022年办理前期手续；2023年开工建设"}
    prose = {
        "key": "m2",
        "mention": "prose",
        "line": 93,
        "years_printed": "2023年",
        "start_year": 2023,
        "end_year": 2023,
    }
    assert len(list(rules.start_and_finish(facts(projects=[{}], mentions=[table, prose])))) == 1
    assert not list(rules.start_and_finish(facts(projects=[{}], mentions=[table, {**prose, "end_year": 2025}])))


def test_years_before_issue() -> None:
    past, future = {"start_year": 2021, "end_year": 2021}, {"project_id": "p2"}
    (found,) = rules.years_before_issue(facts(projects=[past, future], issued="2023-05-16"))
    assert (found.severity, found.computation) == ("low", "2021 < 2023")
    assert not list(rules.years_before_issue(facts(projects=[past, future], issued="2021年10月")))
    assert not list(rules.years_before_issue(facts(projects=[past, future])))


def test_span_beyond_plan() -> None:
    span = {"output": "years", "unit": "years", "quantity": 70.0}
    assert len(list(rules.span_beyond_plan(facts(projects=[{}], outputs=[span])))) == 1
    assert not list(rules.span_beyond_plan(facts(projects=[{}], outputs=[{**span, "quantity": 2.0}])))


def test_numbers_that_may_both_hold_come_one_step_lower() -> None:
    """532301: 20 canteens or more in the box, 40 in the table; 530425: 33 new and rebuilt, 18 new."""
    table = {"quantity": 40.0, "source_line": 603}
    box = {"mention": "box", "quantity": 20.0, "source_line": 189}
    (exact,) = rules.mention_outputs(facts(projects=[{}], outputs=[box, table]))
    assert exact.severity == "high"
    (bound,) = rules.mention_outputs(facts(projects=[{}], outputs=[{**box, "qualifier": ">="}, table]))
    assert (bound.severity, bound.left.text) == ("medium", "≥20个")
    assert "下限" in bound.zh
    assert "lower bound" in bound.en
    (missed,) = rules.mention_outputs(
        facts(projects=[{}], outputs=[{**box, "quantity": 90.0, "qualifier": ">="}, table])
    )
    assert missed.severity == "high"  # the table stays below the bound: no excuse
    (scope,) = rules.mention_outputs(facts(projects=[{}], outputs=[{**box, "increment": "unknown"}, table]))
    assert scope.severity == "medium"
    assert "改扩建" in scope.zh


@pytest.mark.parametrize(
    ("printed", "english"),
    [("161条", "161"), ("150亩", "150 mu"), ("28742.50小时", "28742.50 hours"), ("老年活动室", "activity rooms for the elderly"), ("浦贝40张", "“浦贝40张”")],
)  # fmt: skip
def test_printed_values_in_an_english_sentence_have_english_units_or_are_quoted(printed: str, english: str) -> None:
    assert quoted(printed) == english
