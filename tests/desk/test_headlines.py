"""Headlines are true to the rows behind them, in both languages, and silent where there is nothing to say."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.desk import headlines, open_marts
from pipelines.desk.headlines import Headline
from tests.desk.tiny_release import HILL, RIVER, build, contradiction, rows

Con = duckdb.DuckDBPyConnection


def _by_topic(con: Con, code: str) -> dict[str, Headline]:
    return {h.topic: h for h in headlines.headlines(con, code)}


def test_baselines_are_counted_in_the_table_only(con: Con) -> None:
    assert _by_topic(con, HILL)["baselines"].text.zh == "2项指标中1项表内无2020年基数"
    assert _by_topic(con, RIVER)["baselines"].text.zh == "没有指标表，正文提出1项目标，均未写基数"


def test_a_dominant_project_without_beds_is_named(con: Con) -> None:
    said = _by_topic(con, HILL)["money"].text
    assert said.zh == "规划投资79,576万元，其中51,600万元在一个未写床位数的康养项目"
    assert (
        said.en
        == "planned investment: CNY 795.76 million, of which CNY 516 million in one wellness-and-care project that states no beds"
    )


def test_a_reserve_list_is_not_a_promise(con: Con) -> None:
    said = _by_topic(con, RIVER)["money"]
    assert said.text.zh == "储备项目164,063万元，其中143,063万元在一个未写床位数的养老服务项目" and said.front
    assert said.text.en.startswith("reserve list (not a promise)")
    assert "规划投资" not in said.text.zh


def test_what_a_printed_total_leaves_out_is_doubtful(con: Con) -> None:
    said = _by_topic(con, RIVER)["money_left_out"]
    assert said.text.zh == "储备项目164,063万元，表列合计漏两项（14,000＋7,000万元）"
    assert said.doubtful and not said.front


def test_money_applied_for_is_never_hidden_in_the_plan(tmp_path: Path) -> None:
    projects = [
        {**p, "commitment": "applied_for"} if p["project_id"] == f"{HILL}-p02" else p for p in rows()["fct_project"]
    ]
    with open_marts(path=build(tmp_path, {"fct_project": projects}) / "marts.duckdb") as con:
        said = _by_topic(con, HILL)["money"].text
    assert said.zh.startswith("规划投资79,576万元（含拟申请27,976万元），其中51,600万元")
    assert "CNY 279.76 million applied for" in said.en


def test_a_figure_of_an_open_grave_contradiction_makes_no_headline(tmp_path: Path) -> None:
    line = next(h for h in _real(tmp_path / "a", []) if h.topic == "nursing_bed_share")
    assert line.front and line.figures
    at, value = line.figures[0]
    touched = [contradiction("d1", HILL, at, at, left_value=f"{value:g}%", severity="high")]
    assert not next(h for h in _real(tmp_path / "b", touched) if h.topic == "nursing_bed_share").front
    other = [contradiction("d1", HILL, at, at, left_value="99.9%", right_value="1", computation="", severity="high")]
    assert next(h for h in _real(tmp_path / "c", other) if h.topic == "nursing_bed_share").front
    done = [{**touched[0], "review_status": "explained", "reviewed_by": "某人", "reviewed_on": "2026-01-01"}]
    assert next(h for h in _real(tmp_path / "d", done) if h.topic == "nursing_bed_share").front


def _real(folder: Path, doubts: list[dict[str, object]]) -> list[Headline]:
    folder.mkdir()
    with open_marts(path=build(folder, {"fct_discrepancy": doubts}) / "marts.duckdb") as con:
        return headlines.headlines(con, HILL)


def test_progress_is_said_once_it_is_reported(con: Con, tmp_path: Path) -> None:
    assert "progress" not in _by_topic(con, HILL)
    report = {"project_id": f"{HILL}-p01", "as_of": "2023-12-31", "stage": "under_construction", "funds_arrived_wan": 20000.0,
              "invested_wan": 12900.0, "outputs_completed": "beds=60", "source_id": f"plan-{HILL}"}  # fmt: skip
    earlier = {**report, "as_of": "2022-12-31", "invested_wan": 1.0}
    with open_marts(path=build(tmp_path, {"fct_project_progress": [earlier, report]}) / "marts.duckdb") as later:
        said = _by_topic(later, HILL)["progress"].text
    assert said.zh == "截至2023-12-31，1个项目到位资金20,000万元，完成投资12,900万元（总投资的25%）"


def test_rates_stand_beside_their_targets(con: Con) -> None:
    assert _by_topic(con, HILL)["nursing_bed_share"].text.zh == "护理型床位占比3.8%，目标≥55%"
    assert _by_topic(con, RIVER)["nursing_bed_share"].text.zh == "护理型床位占比目标≥50%，未报告基数"


def test_a_conflict_asks_for_a_definition_and_stays_off_the_front_page(con: Con) -> None:
    found = _by_topic(con, HILL)["conflict"]
    assert found.text.zh == "乡镇综合养老服务中心覆盖率正文30%、50%，指标表60%，请先定口径"
    assert found.lines == (20, 21, 22)
    assert found.doubtful and not found.reviewed and not found.front


def test_a_reviewed_conflict_may_stand_on_the_front_page(tmp_path: Path) -> None:
    reviewed = [
        contradiction("d1", HILL, 20, 22, review_status="confirmed", reviewed_by="某人", reviewed_on="2026-01-01")
    ]
    with open_marts(path=build(tmp_path, {"fct_discrepancy": reviewed}) / "marts.duckdb") as con:
        assert _by_topic(con, HILL)["conflict"].front


def test_projections_are_rounded_and_called_so(con: Con) -> None:
    assert _by_topic(con, HILL)["elderly"].text.zh == "60岁及以上2020年30,000人，预测2035年约54,000人（1.8倍）"
    assert "现有1,136张" in _by_topic(con, HILL)["beds"].text.zh
    assert "未报告2020年全部养老床位" in _by_topic(con, RIVER)["beds"].text.zh


def _banded(tmp_path: Path, shelf: float | None) -> dict[str, Headline]:
    """HILL with an 80 % interval of ± 10 % of its persons from 2021 on, and of ± 20 % of its beds."""
    wide = {
        "mart_elderly_outlook": [
            {**r, "shelf_life_years": shelf, "p10": r["p50"] * (0.9 if r["year"] > 2020 else 1), "p90": r["p50"] * (1.1 if r["year"] > 2020 else 1)}
            for r in rows()["mart_elderly_outlook"]
        ],
        "mart_bed_outlook": [
            {**r, "demand_p10": r["demand_p50"] * 0.8, "demand_p90": r["demand_p50"] * 1.2} for r in rows()["mart_bed_outlook"]
        ],
    }  # fmt: skip
    with open_marts(path=build(tmp_path, wide) / "marts.duckdb") as con:
        return _by_topic(con, HILL)


def test_the_last_year_that_can_be_relied_on_comes_first_and_with_its_band(tmp_path: Path) -> None:
    (short := tmp_path / "short").mkdir()
    said = _banded(short, 5.8)
    assert said["elderly"].text.zh == (
        "60岁及以上2020年30,000人，预测2025年约32,800—40,100人，2035年约48,600—59,400人，已超过有效年限（1.6—2.0倍，80%区间）"
    )
    assert said["elderly"].text.en == (
        "aged 60+: 30,000 in 2020, projected about 32,800–40,100 in 2025, about 48,600–59,400 in 2035, beyond the shelf life (1.6–2.0 times, 80 % intervals)"
    )
    assert "640—1,800张（因方法而异，含各方法的80%区间，已超过人口预测的有效年限）" in said["beds"].text.zh


@pytest.mark.parametrize("shelf", [15.0, 20.0, None])
def test_a_forecast_that_keeps_to_the_end_has_one_year(tmp_path: Path, shelf: float | None) -> None:
    said = _banded(tmp_path, shelf)
    assert "预测2035年约48,600—59,400人（1.6—2.0倍，80%区间）" in said["elderly"].text.zh
    assert "有效年限" not in said["beds"].text.zh


def test_a_forecast_that_keeps_less_than_a_year_says_so_of_the_last(tmp_path: Path) -> None:
    assert "预测2035年约48,600—59,400人，已超过有效年限" in _banded(tmp_path, 0.4)["elderly"].text.zh


def test_nothing_to_say_is_not_said(tmp_path: Path) -> None:
    empty = {name: [] for name in rows() if name.startswith(("mart_", "fct_")) and name != "mart_quality"}
    with open_marts(path=build(tmp_path, empty) / "marts.duckdb") as con:
        assert headlines.headlines(con, HILL) == []


def test_beds_that_stand_run_short_by_one_reading_and_not_by_another(con: Con) -> None:
    said = _by_topic(con, HILL)["beds_turn"].text
    assert said.zh == "现有养老床位1,136张：按9073/9064 标准（每千人30–40张）2020年起不够，按实际入住到2035年够用"
    assert said.en.startswith("the 1,136 elderly-care beds that stand: by 9073/9064 norm")
    assert "beds_turn" not in _by_topic(con, RIVER), "beds are not reported: nothing is claimed"


@pytest.mark.parametrize(
    ("chance", "short", "risk", "said"),
    [
        (0.4975, None, 2029, "按实际入住说不准（2035年短缺的概率50%，2029年起超过一成）"),
        (0.55, 2034, 2030, "按实际入住说不准（2035年短缺的概率55%，2030年起超过一成）"),
        (0.09, None, None, "按实际入住到2035年够用"),
        (0.95, 2025, 2022, "按实际入住2025年起不够"),
    ],
)
def test_enough_is_said_only_of_an_unlikely_shortage(
    tmp_path: Path, chance: float, short: int | None, risk: int | None, said: str
) -> None:
    years = {"first_year_short": short, "first_year_short_p10": risk, "probability_short": chance}
    given = [{**r, **(years if r["estimator"] == "observed_use" else {})} for r in rows()["mart_bed_outlook"]]
    with open_marts(path=build(tmp_path, {"mart_bed_outlook": given}) / "marts.duckdb") as con:
        assert _by_topic(con, HILL)["beds_turn"].text.zh.endswith(said)


@pytest.mark.parametrize(
    ("chances", "said"),
    [
        ([(0.99, 1.0)] * 3, "三种算法都表明2020年已短缺"),
        (
            [(0.99, 1.0), (0.2, 0.95), (0.0, 0.05)],
            "三种算法中1种表明2020年已短缺，2种表明2035年短缺，1种表明到2035年够用",
        ),
        ([(0.0, 0.5), (0.0, 0.5)], "两种算法中2种说不准"),
    ],
)
def test_nursing_beds_have_a_line_of_their_own(tmp_path: Path, chances: list[tuple[float, float]], said: str) -> None:
    row = {"county_code": HILL, "scenario": "natural", "bed_type": "nursing", "definition": "none", "demand_p50": 90.0, "supply": 79.0, "method_version": "tiny-1"}  # fmt: skip
    needs = [
        {**row, "year": year, "estimator": f"e{i}", "probability_short": pair[k]}
        for i, pair in enumerate(chances)
        for k, year in enumerate((2020, 2035))
    ]
    beds = {"county_code": HILL, "year": 2020, "status": "existing", "bed_type": "nursing", "beds": 79.0, "basis": "line 20 x line 13"}  # fmt: skip
    given = {"mart_bed_outlook": needs, "mart_bed_supply": [beds]}
    with open_marts(path=build(tmp_path, given) / "marts.duckdb") as con:
        found = _by_topic(con, HILL)["nursing_turn"]
    assert found.text.zh == f"现有护理型床位约79张（由占比推算）：{said}"
    assert found.text.en.startswith("about 79 nursing-type beds") and found.lines == (20, 13)


def test_nothing_is_said_of_nursing_beds_that_are_not_reported(con: Con) -> None:
    assert "nursing_turn" not in _by_topic(con, HILL)


def test_caveats_hold_for_the_data(con: Con) -> None:
    said = "\n".join(c.zh for c in headlines.caveats(con))
    assert all(
        part in said
        for part in (
            "区间尚未校准",
            "尚未收到规划期年度实绩",
            "前后不一致2处，其中2处待核实",
            "河市的项目表是储备项目",
            "143,063万元的出资方待核实",
        )
    )


@pytest.mark.parametrize("code", [HILL, RIVER])
def test_both_languages_say_something(con: Con, code: str) -> None:
    assert all(h.text.zh and h.text.en and h.text.zh != h.text.en for h in headlines.headlines(con, code))
