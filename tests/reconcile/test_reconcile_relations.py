"""Rules whose arithmetic is in relations.csv: the language, each of its rules, and the rows themselves."""

from __future__ import annotations

import re
from typing import Any

import pytest
from reconcile_frames import facts

from pipelines import registry
from pipelines.reconcile.facts import Facts
from pipelines.reconcile.finding import Finding
from pipelines.reconcile.relations import Relation, related, relations


def found(book: Facts, relation_id: str) -> list[Finding]:
    return list(related(book, tuple(r for r in relations() if r.relation_id == relation_id)))


def stated(indicator: str, value: float, **given: Any) -> dict[str, Any]:
    return {"indicator_id": indicator, "value": value, **given}


def pct(indicator: str, value: float, **given: Any) -> dict[str, Any]:
    return stated(indicator, value, unit="pct", unit_as_printed="%", **given)


def test_share_to_counts() -> None:
    counts = [stated("poverty_dibao_persons", 3002.0), stated("dibao_persons", 7131.0)]
    (wrong,) = found(facts([*counts, pct("poverty_share_of_dibao", 41.0)]), "poverty_share_of_dibao")
    assert wrong.computation == "3002÷7131=42.1%；41%；①÷②=1.03"
    assert not found(facts([*counts, pct("poverty_share_of_dibao", 42.0)]), "poverty_share_of_dibao"), (
        "42.1 rounds to 42"
    )


def _beds(per_1000: float) -> list[dict[str, Any]]:
    rate = stated("beds_per_1000_elderly", per_1000, unit="per_1000", unit_as_printed="张")
    return [stated("elderly_care_beds", 1136.0, unit="beds"), rate]


def test_a_missing_base_is_taken_from_the_census_and_reported_as_such() -> None:
    (own,) = found(facts([*_beds(39.0), stated("elderly_60plus", 27738.0)]), "beds_per_1000")
    assert (own.rule_id, own.left.text) == ("share_to_counts", "1136÷39‰=29128")
    (census,) = found(facts(_beds(39.0), residents={60: 27000, 80: 738}), "beds_per_1000")
    assert (census.rule_id, census.right.line, census.right.text) == (
        "census_to_plan",
        None,
        "27738人（2020年人口普查60岁及以上）",
    )
    assert not found(facts(_beds(41.0), residents={60: 27738}), "beds_per_1000")


def test_a_factor_of_ten_is_a_conflict_of_units() -> None:
    book = [stated("social_workers_certified", 103.0), stated("social_organizations", 319.0),
            stated("social_work_professionals_per_10000", 42.0, unit="per_10000", value_as_printed="0.42", unit_as_printed="%"),
            stated("social_organizations_per_10000", 12.9, unit="per_10000")]  # fmt: skip
    (slip,) = found(facts(book), "social_workers")
    assert (slip.rule_id, slip.severity, slip.left.text) == ("unit_conflict", "high", "103÷0.42%=24524")
    book[2] |= {"value": 4.2, "value_as_printed": "0.42", "unit_as_printed": "‰"}
    assert not found(facts(book), "social_workers")


def test_growth_rate() -> None:
    rate = {"breakdown": "area=rural"}
    series = [
        stated("dibao_standard_year", v, unit="yuan_per_person_year", period_end=y, **rate)
        for y, v in ((2015, 3420.0), (2020, 4428.0))
    ]
    assert not found(facts([*series, pct("dibao_standard_five_year_growth", 29.5, **rate)]), "dibao_growth_rural")
    (wrong,) = found(facts([*series, pct("dibao_standard_five_year_growth", 35.0, **rate)]), "dibao_growth_rural")
    assert wrong.rule_id == "growth_rate"
    assert "4428÷3420=1.29；1+35%" in wrong.computation


def test_unit_cost() -> None:
    standard = {"unit": "yuan_per_person_month", "measure": "standard", "unit_as_printed": "元/人·月"}
    book = [stated("disability_subsidy_spending", 1020.95, unit="wan_yuan", unit_as_printed="万元", measure="cumulative", period_start=2016),
            stated("disability_hardship_recipients", 3638.0), stated("disability_severe_recipients", 1374.0),
            stated("disability_hardship_subsidy_standard", 70.0, **standard),
            stated("disability_severe_subsidy_standard", 70.0, breakdown="group=二级", **standard)]  # fmt: skip
    (low,) = found(facts(book), "disability_subsidies")
    assert low.right.text == "3638×70元×12×5+1374×70元×12×5=2105万元"
    book[0] |= {"value": 2105.0}
    assert not found(facts(book), "disability_subsidies")


def test_coverage_to_count() -> None:
    stations = [stated("double_support_stations", 10.0, source_line=57), pct("double_support_station_coverage", 100.0)]
    (low,) = found(facts([*stations, stated("soldiers_home_communities", 108.0)]), "double_support")
    assert (low.left.text, low.right.text) == ("10个", "100%×108=108")
    assert not found(facts([*stations, stated("soldiers_home_communities", 10.0)]), "double_support")


def test_implausible_average() -> None:
    book = [stated("old_age_allowance_spending", 1005.42, unit="wan_yuan", unit_as_printed="万元"),
            stated("old_age_allowance_person_times", 3877.0, unit_as_printed="人次")]  # fmt: skip
    (high,) = found(facts(book), "old_age_allowance")
    assert (high.left.text, high.right.text, high.computation) == (
        "1005.42万元",
        "3877人次",
        "1005.42万元÷3877=2593 ∉ [20, 1200)",
    )
    book[1] |= {"value": 38770.0}
    assert not found(facts(book), "old_age_allowance")


def test_census_to_plan() -> None:
    served = [stated("old_age_allowance_persons", 64919.0)]
    (many,) = found(facts(served, residents={60: 100000, 80: 23628}), "people_80plus")
    assert many.right.text == "23628人（2020年人口普查80岁及以上）"
    assert not found(facts(served, residents={60: 0, 80: 70000}), "people_80plus")


def test_deaths_of_the_years_claimed() -> None:
    outputs = [{"output": "urns", "label": "安葬骨灰", "quantity": 60000.0, "unit": "count"},
               {"output": "years", "label": "可满足死亡人口安葬需求年数", "quantity": 20.0, "unit": "years"}]  # fmt: skip
    (short,) = found(facts(projects=[{}], outputs=outputs, residents={0: 631530}), "burial_years")
    assert short.right.text == "631530×0.006×20=75784"
    assert not found(facts(projects=[{}], outputs=outputs, residents={0: 300000}), "burial_years")


def _annex(total: float) -> Facts:
    projects = [
        {"project_id": f"p{i}", "total_investment_wan": a, "source_line": 100 + i}
        for i, a in enumerate((5920.0, 7000.0, 14000.0, 300.0))
    ]
    return facts(
        [stated("project_table_total", total, unit="wan_yuan", unit_as_printed="万元", source_line=959)],
        projects=projects,
    )


def test_parts_to_total_names_what_a_total_leaves_out() -> None:
    (short,) = found(_annex(6220.0), "annex_total")
    assert short.computation == "6220万元；5920+7000+14000+300=27220；Δ=21000=7000(L101)+14000(L102)"
    assert not found(_annex(27220.0), "annex_total")


def test_prose_to_table_and_items_to_list() -> None:
    points = [
        {"project_id": f"p{i}", "name_zh": f"片区{i}火化服务点", "total_investment_wan": 1800.0, "source_line": 765 + i}
        for i in range(3)
    ]
    money = {"unit": "wan_yuan", "unit_as_printed": "万元", "measure": "planned", "source_line": 295}
    prose = [stated("cremation_points_investment", 2400.0, **money), stated("cremation_service_points", 3.0)]
    (less,) = found(facts(prose, projects=points), "cremation_points_investment")
    assert (less.left.text, less.right.text) == ("2400万元", "1800+1800+1800=5400")
    assert not found(facts(prose, projects=points), "cremation_points_listed")
    (missing,) = found(facts(prose, projects=points[:2]), "cremation_points_listed")
    assert missing.rule_id == "items_to_list"


def test_a_computed_baseline_that_meets_the_target() -> None:
    target = stated(
        "beds_per_1000_elderly", 40.0, unit="per_1000", unit_as_printed="张", measure="target", period_end=2025
    )
    beds = stated("elderly_care_beds", 1136.0, unit="beds")
    (met,) = found(facts([target, beds, stated("elderly_60plus", 27738.0)]), "beds_target_met")
    assert met.left.text == "1136÷27738=40.95‰"
    assert not found(facts([target, beds, stated("elderly_60plus", 30000.0)]), "beds_target_met")


def test_a_county_that_reports_nothing_yields_nothing() -> None:
    assert not list(related(facts([stated("homes", 1.0)])))


def test_an_unreadable_term_is_named() -> None:
    broken = Relation("x", "same_quantity", "homes", "homes!", "", "", "low", "other", "", "", "", "")
    with pytest.raises(ValueError, match="homes!"):
        list(related(facts([stated("homes", 1.0)]), (broken,)))


@pytest.mark.parametrize("relation", relations(), ids=lambda r: r.relation_id)
def test_rows_use_known_codes_and_indicators(relation: Relation) -> None:
    codes = registry.codes()
    assert relation.rule in codes["rule"]
    assert relation.severity in codes["discrepancy_severity"]
    assert relation.domain in codes["domain"]
    known = {r["indicator_id"] for r in registry.rows("indicators")}
    terms = [
        t
        for side in (relation.left, relation.right)
        for token in re.split(r" [-+*/] ", side)
        for t in token.split("??")
    ]
    named = {re.match(r"\w+", t)[0] for t in terms if ":" not in t and not re.fullmatch(r"[0-9.]+|years", t)}  # type: ignore[index]
    assert named <= known
