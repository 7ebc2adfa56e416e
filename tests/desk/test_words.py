"""Numbers and words are written one way."""

from __future__ import annotations

import pytest

from pipelines.desk import words
from pipelines.desk.tables import quoted
from pipelines.desk.words import Words


@pytest.mark.parametrize(
    ("value", "text"),
    [(1136, "1,136"), (3.80, "3.8"), (0, "0"), (79576.0, "79,576"), (21.25, "21.25"), (None, "—"), (float("nan"), "—")],
)
def test_numbers_have_separators_and_no_idle_decimals(value: float | None, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(43876.2, "43,900"), (864.4, "864"), (0.757, "0.76"), (2249.8, "2,250"), (0, "0"), (None, "—")]
)
def test_estimates_have_three_significant_digits(value: float | None, text: str) -> None:
    assert words.estimate(value) == text


@pytest.mark.parametrize(("value", "text"), [(84.3, "84"), (0.4, "0"), (1136.2, "1,140"), (None, "—")])
def test_beds_have_no_fractions(value: float | None, text: str) -> None:
    assert words.whole(value) == text


def test_money_is_wan_in_chinese_and_millions_in_english() -> None:
    assert words.money(79576) == Words("79,576万元", "CNY 795.76 million")
    assert words.money(None) == Words("—", "—")


@pytest.mark.parametrize(
    ("args", "zh", "en"),
    [((">=", 55.0, "pct"), "≥55%", "≥55%"), (("=", 1136.0, "beds"), "1,136张", "1,136 beds"), ((">=", 40.0, "per_1000"), "≥40/千人", "≥40 per 1000"),
     (("~", 5.0, "wan_yuan"), "约5万元", "about CNY 0.05 million"), (("=", None, "pct"), "—", "—")],
)  # fmt: skip
def test_bounds_carry_their_sign_and_unit(args: tuple[str, float | None, str], zh: str, en: str) -> None:
    assert words.bound(*args) == Words(zh, en)


def test_lines_are_sorted_named_once_and_translated() -> None:
    assert words.lines([22, 20, 22]) == Words("第20、22行", "lines 20, 22")
    assert words.lines([]) == Words("", "")


def test_breakdowns_and_codes_are_said_in_words() -> None:
    assert words.breakdown("area=rural") == Words("（农村）", " (rural)")
    assert words.code("verdict", "awaiting_data") == Words("待数据", "awaiting data")
    assert words.code("verdict", "no_such_code") == Words("no_such_code", "no_such_code")


def test_printed_words_are_put_in_english_or_marked() -> None:
    said = {
        "2022年5月31日印发": "2022-05-31 issued", "2021年10月": "2021-10", "27738人": "27738 persons", "143063万元": "143063 × 10,000 CNY", "40张": "40 beds",
        "应保尽保": "all who are entitled", "16638人（2020年人口普查60岁及以上）": "16638 persons (2020 census, aged 60+)", "浦贝": f"{words.OPEN}浦贝{words.CLOSE}",
    }  # fmt: skip
    assert {zh: words.printed(zh).en for zh in said} == said
    assert all(words.printed(zh).zh == zh for zh in said)
    assert words.plain(words.printed("浦贝").en) == "浦贝"


@pytest.mark.parametrize(
    "quoted", ["7敬老院改造", "文件印发于2022年5月", "5年内建成40张", "全县60岁及以上老年人16638人，占比21%"]
)
def test_a_quotation_is_put_in_english_whole_or_not_at_all(quoted: str) -> None:
    assert words.plain(words.printed(quoted).en) == quoted
    assert words.OPEN in words.printed(quoted).en


@pytest.mark.parametrize("printed", [None, "", " "])
def test_an_empty_print_reports_nothing(printed: str | None) -> None:
    assert quoted(printed) == words.NOT_REPORTED
    assert quoted("浦贝").zh == "“浦贝”"
