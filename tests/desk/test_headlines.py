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


def test_a_reserve_list_is_not_a_promise_and_its_total_leaves_two_out(con: Con) -> None:
    said = _by_topic(con, RIVER)["money"].text
    assert (
        said.zh
        == "储备项目164,063万元，其中143,063万元在一个未写床位数的养老服务项目，表列合计漏两项（14,000＋7,000万元，待核实）"
    )
    assert said.en.startswith("reserve list (not a promise)")
    assert "规划投资" not in said.zh


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


def test_nothing_to_say_is_not_said(tmp_path: Path) -> None:
    empty = {name: [] for name in rows() if name.startswith(("mart_", "fct_")) and name != "mart_quality"}
    with open_marts(path=build(tmp_path, empty) / "marts.duckdb") as con:
        assert headlines.headlines(con, HILL) == []
        assert headlines.sentence(con, []).zh == ""


def test_a_sentence_begins_with_the_county(con: Con) -> None:
    assert headlines.sentence(con, headlines.headlines(con, HILL)).zh.startswith("丘县2项指标中1项")


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
