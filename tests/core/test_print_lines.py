"""The reader of lines finds a wrong line, unit or bound: one good and one bad case of each kind."""

import pytest
from print_lines import bound_fits, plain, stands, unit_follows


@pytest.mark.parametrize(
    ("line", "printed", "found"),
    [
        ("建成养老床位1136张", "1136", True),
        ("建成养老床位11360张", "1136", False),  # part of a longer number
        ("占比3.8%", "8", False),  # behind a decimal point
        ("占比3.8%", "3", False),
        ("目标为2025年", "202", False),
        ("2020. 5", "5", False),  # blanks are taken out first: 2020.5
        ("三十个", "三", False),  # part of a longer Chinese numeral
        ("建成三个县级公墓", "三", True),
        ("%\t100\t100\t约束性", "100", True),  # cells of a table are apart
        ("实现全覆盖", "全覆盖", True),
        ("实现覆盖", "全覆盖", False),
    ],
)
def test_number_tokens(line: str, printed: str, found: bool) -> None:
    assert stands(plain(line), printed) is found


@pytest.mark.parametrize(
    ("line", "printed", "unit", "follows"),
    [
        ("救助90人次", "90", "人次", True),
        ("救助90户", "90", "人次", False),
        ("发放1538万余元", "1538", "万元", True),
        ("发放1538余元", "1538", "万元", False),
        ("达3亿多元", "3", "亿元", True),
        ("配备3-5名", "3", "名", True),
        ("人\t362\t1000", "362", "人", True),  # the unit stands in another cell
        ("共362，人", "362", "人", False),
        ("431元/月·人", "431", "元/月·人", True),
        ("431平方米", "431", "元/月·人", False),
    ],
)
def test_units(line: str, printed: str, unit: str, follows: bool) -> None:
    assert unit_follows(plain(line), printed, unit) is follows


@pytest.mark.parametrize(
    ("line", "printed", "qualifier", "fits"),
    [
        ("覆盖率不低于70%", "70", ">=", True),
        ("覆盖率达到70%", "70", ">=", False),
        ("覆盖率不低于70%", "70", "=", False),
        ("达到85%以上", "85", "=", False),
        ("规范性文件20余项", "20", ">", True),
        ("规范性文件20项", "20", ">", False),
        ("用地约20亩", "20", "~", True),
        ("用地约20亩", "20", "=", False),
        ("规范性文件20余项", "20", "=", False),
        ("比例不超过50%", "50", "<=", True),
        ("比例达到50%", "50", "<=", False),
        ("配备3-5名", "3", ">=", True),
        ("不少于4个，另有9个", "9", "=", True),  # the word belongs to the other number
    ],
)
def test_bounds(line: str, printed: str, qualifier: str, fits: bool) -> None:
    assert bound_fits(plain(line), printed, qualifier) is fits
