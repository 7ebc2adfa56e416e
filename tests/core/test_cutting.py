"""Cutting a country: at borders of prefectures, no slice too small, stable under a change elsewhere."""

from __future__ import annotations

import polars as pl
import pytest

from pipelines.core.slices import cut, groups, joined

COUNTRY = [
    f"{province}{prefecture:02d}{n:02d}"
    for province in range(11, 41)
    for prefecture in range(1, 13)
    for n in range(1, 8)
]


@pytest.mark.parametrize("size", [16, 40, 128])
def test_slices_are_whole_prefectures_and_neither_small_nor_large(size: int) -> None:
    parts = groups(COUNTRY, size)
    assert [c for part in parts for c in part] == COUNTRY
    at = {code[:4]: i for i, part in enumerate(parts) for code in part}
    assert all(at[code[:4]] == i for i, part in enumerate(parts) for code in part)
    assert min(map(len, parts)) >= size // 2
    assert max(map(len, parts)) < size + 7 + size // 2


def test_few_counties_are_one_slice() -> None:
    assert groups(COUNTRY[:128], 128) == [COUNTRY[:128]]
    assert len(groups(COUNTRY[:129], 128)) == 1  # the rest would be too small


def test_a_new_county_moves_the_slices_of_its_province_only() -> None:
    before, after = groups(COUNTRY), groups([*COUNTRY, "250199"])
    changed = [part for part in after if part not in before]
    assert {code[:2] for part in changed for code in part} == {"25"}


def test_rows_follow_their_county() -> None:
    tables = {
        "facts": pl.DataFrame({"county_code": ["110101", "120101", "110102", "990000"], "v": [1, 2, 3, 4]}),
        "outputs": pl.DataFrame({"project_id": ["120101-p1", "110102-p1"]}),
        "figures": pl.DataFrame({"fact_id": ["110101-s1"]}),
        "words": pl.DataFrame({"word": ["a"]}),
    }
    one, two = cut(tables, ["110101", "110102", "120101"], 2)
    assert one["facts"]["v"].to_list() == [1, 3] and two["facts"]["v"].to_list() == [2]
    assert one["outputs"]["project_id"].to_list() == ["110102-p1"] and two["outputs"]["project_id"].to_list() == [
        "120101-p1"
    ]
    assert one["figures"].height == 1 and two["figures"].height == 0
    assert one["words"].equals(tables["words"]) and two["words"].equals(tables["words"])
    assert joined([one, two])["facts"]["v"].to_list() == [1, 3, 2]
