"""Printed quantities are read as printed."""

import pytest

from pipelines.staging.quantities import (
    UnitMismatchError,
    chinese_number,
    in_unit,
    numbers_named,
    people_named,
    read,
    years,
)


@pytest.mark.parametrize(
    ("printed", "unit_printed", "unit", "value"),
    [
        ("1136", "张", "beds", 1136),
        ("8.39", "万人次", "person_times", 83900),
        ("48094.55", "万元", "wan_yuan", 48094.55),
        ("2.11", "亿元", "wan_yuan", 21100),
        ("20余", "项", "count", 20),
        ("≥55", "%", "pct", 55),
        ("一家", "", "count", 1),
        ("全覆盖", "", "pct", 100),
        ("1.8", "‰", "permille", 1.8),
        ("1,450", "万元", "wan_yuan", 1450),
        ("30 万人", "", "persons", 300000),
        ("34.4 %", "", "pct", 34.4),
        ("5000", "元", "wan_yuan", 0.5),
        ("不低于居民上年度人均消费支出增速", "%", "pct", None),
        ("—", "%", "pct", None),
        ("39", "张", "per_1000", 39),
        ("三", "个", "count", 3),
    ],
)
def test_value_in_unit(printed: str, unit_printed: str, unit: str, value: float | None) -> None:
    assert in_unit(printed, unit_printed, unit) == value


@pytest.mark.parametrize(
    ("printed", "unit"), [("人次", "persons"), ("户", "persons"), ("人", "person_times"), ("亩", "beds")]
)
def test_different_things_do_not_convert(printed: str, unit: str) -> None:
    with pytest.raises(UnitMismatchError):
        in_unit("5", printed, unit)


@pytest.mark.parametrize(
    ("text", "value"), [("一百二十", 120), ("两", 2), ("十五", 15), ("二十", 20), ("三千零五", 3005)]
)
def test_chinese_numbers(text: str, value: int) -> None:
    assert chinese_number(text) == value


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2022年—2024年", (2022, 2024)),
        ("2021", (2021, 2021)),
        ("5年", (None, None)),
        (None, (None, None)),
        ("2021-2025", (2021, 2025)),
        ("“十四五”时期", (2021, 2025)),
    ],
)
def test_years(text: str | None, span: tuple[int | None, int | None]) -> None:
    assert years(text) == span


@pytest.mark.parametrize(
    "printed", ["普遍覆盖", "杜绝", "基本无", "每年", "全省平均水平", "全国一流", "应保尽保以外", "不低于上年"]
)
def test_words_have_no_value(printed: str) -> None:
    """Only the wordings of the registry state a share; a word that merely begins like one does not."""
    assert read(printed).value is None


@pytest.mark.parametrize("printed", ["全覆盖", "全部", "每个", "应保尽保", "应补尽补"])
def test_words_that_state_a_share_in_full(printed: str) -> None:
    assert in_unit(printed, "（%）", "pct") == 100
    with pytest.raises(UnitMismatchError):
        in_unit(printed, "", "beds")


def test_a_ratio_of_three_is_not_one_number() -> None:
    assert in_unit("1:4:5", "（高:中:初）", "text") is None


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("5人", {"5"}), ("共１２名", {"12"}), ("1,234人，3.50%", {"1234", "3.5"}), ("三名儿童、两户", {"3", "2"}), ("十余人", {"10"}),
        ("七个乡镇、十二所敬老院", {"7", "12"}), ("第七小学、三街镇", set()), ("一处，另一处", set()), ("二十一处、一名", {"21", "1"}),
        ("统一一线部署", set()), ("十三五", set()), ("", set()), (None, set()),
    ],
)  # fmt: skip
def test_numbers_that_a_text_names(text: str | None, numbers: set[str]) -> None:
    assert numbers_named(text) == numbers


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("另有5名儿童，床位7张", {5}),
        ("三户", {3}),
        ("２人、1,200 persons", {2, 1200}),
        ("3所敬老院", set()),
        ("第7行", set()),
        (None, set()),
    ],
)
def test_people_that_a_text_names(text: str | None, people: set[float]) -> None:
    assert people_named(text) == people
