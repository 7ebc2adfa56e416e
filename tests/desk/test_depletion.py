"""A year inside the forecast is named; one after it is called what it is; one far after it is not named at all."""

import pytest

from pipelines.desk.depletion import full
from pipelines.desk.words import Words


@pytest.mark.parametrize(
    ("medians", "low", "high", "zh", "en"),
    [
        ([2033], 2031, 2035, "约2033年（80%区间2031—2035年）", "in about 2033 (80 % interval 2031–2035)"),
        ([2036], 2036, 2036, "2035年以后（按2035年用量推算约2036年，80%区间2036年）",
         "after 2035 (about 2036 at the use of 2035; 80 % interval 2036)"),
        ([2093, 2057], 2048, 2165, "2035年以后（按2035年用量推算约2057年至2065年以后，80%区间2048年至2065年以后）",
         "after 2035 (about 2057 to after 2065 at the use of 2035; 80 % interval 2048 to after 2065)"),
        ([2066], 2060, 2165, "2065年以后（按2035年用量推算，80%区间2060年至2065年以后）",
         "after 2065 (at the use of 2035; 80 % interval 2060 to after 2065)"),
        ([2035], 2033, 2040, "约2035年（80%区间2033—2040年，2035年以后的按2035年用量推算）",
         "in about 2035 (80 % interval 2033–2040; years after 2035 at the use of 2035)"),
        ([2033, 2057], 2031, 2065, "约2033—2057年（80%区间2031—2065年，2035年以后的按2035年用量推算）",
         "in about 2033–2057 (80 % interval 2031–2065; years after 2035 at the use of 2035)"),
    ],
)  # fmt: skip
def test_the_year_in_which_places_are_full(medians: list[int], low: int, high: int, zh: str, en: str) -> None:
    assert full(medians, low, high) == Words(zh, en)
