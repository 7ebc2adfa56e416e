"""The comparison of the real plans is like for like: conversions share a group, unknown denominators have no median."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest


@pytest.fixture(scope="module")
def rows(good: Path) -> pl.DataFrame:
    return pl.read_parquet(good / "mart_county_comparison.parquet")


def of(rows: pl.DataFrame, *indicators: str, **where: object) -> pl.DataFrame:
    return rows.filter(pl.col("indicator_id").is_in(indicators), **where).sort("county_code")


def test_monthly_and_yearly_dibao_are_compared_by_the_year(rows: pl.DataFrame) -> None:
    """530112 630 and 530425 640 yuan a month, 620722 6,934 a year (lines 47, 15, 31)."""
    urban = of(rows, "dibao_standard_month", "dibao_standard_year", breakdown="area=urban", year=2020)
    assert urban["value"].to_list() == [630.0, 640.0, 6934.0]
    assert urban["value_normalised"].to_list() == [7560.0, 7680.0, 6934.0]
    assert urban["comparable_group"].n_unique() == urban["unit_normalised"].n_unique() == 1
    assert urban["peers_median"].unique().to_list() == [7560.0]


def test_complements_are_turned_round_with_their_sign(rows: pl.DataFrame) -> None:
    """530425: 50 % run by others; 532301: at most 50 % run by the government, so at least 50 % by others."""
    shares = of(rows, "social_operated_bed_share", "government_operated_bed_share", measure="target", year=2025)
    assert shares.select(
        "county_code", "qualifier", "qualifier_normalised", "value_normalised", "normalised_by"
    ).rows() == [
        ("530425", "=", "=", 50.0, "none"),
        ("532301", "<=", ">=", 50.0, "complement"),
    ]
    assert shares["comparable_group"].n_unique() == 1


def test_beds_per_1000_are_set_side_by_side_only(rows: pl.DataFrame) -> None:
    """39 and 43 stand on unknown numbers of elderly (TERMS): no median, no rank; on the census they are 41.0 and 60.5."""
    ratios = of(rows, "beds_per_1000_elderly", measure="actual", year=2020)
    assert ratios["value"].to_list() == [39.0, 43.0]
    assert ratios["basis"].unique().to_list() == ["not_stated"]
    assert ratios["peers_median"].null_count() == ratios["rank"].null_count() == 2
    stocks = of(rows, "elderly_care_beds", "institution_beds", measure="actual", year=2020)
    assert [round(v, 1) for v in stocks["value_normalised"]] == [41.0, 60.5]
    assert stocks["comparable_group"].n_unique() == 2  # all beds and institution beds are never one group


def test_a_county_with_several_printed_values_counts_once(rows: pl.DataFrame) -> None:
    """620722 prints 30, 50 and 60 %; the indicator table's 60 speaks in the median of 50, 100, 60, 60."""
    coverage = of(rows, "township_care_centre_coverage", measure="target", year=2025)
    assert (coverage.height, coverage["peers"].unique().to_list()) == (6, [4])
    assert coverage["peers_median"].unique().to_list() == [60.0]


def test_absolute_amounts_have_no_median(rows: pl.DataFrame) -> None:
    spending = of(rows, "disability_subsidy_spending")
    assert spending.height == 4
    assert spending["peers_median"].null_count() == 4
