"""From which year beds are short or idle: followed by hand, and why there is no such year."""

import numpy as np
import polars as pl
import pytest

from pipelines.forecast.balance import Balance, block, turns
from pipelines.forecast.chain import quantiles_of_sorted

YEARS = [2020, 2021, 2022, 2023]
NAMES = {"scenario": "natural", "estimator": "planning_norm", "bed_type": "all", "definition": "none"}
CODES = np.array(["530498", "530499"])


def demand(middle: list[float], spread: float = 10.0) -> np.ndarray:
    """Ordered draws (1, years, 101) around the middles, evenly over ± spread."""
    return np.array(middle)[None, :, None] + np.linspace(-spread, spread, 101)[None, None, :]


def rows(middle: list[float], supply: list[float]) -> pl.DataFrame:
    """The block of one county whose beds are known, and of one whose are not."""
    ordered = np.repeat(demand(middle), 2, axis=0)
    beds = np.array([supply, [np.nan] * len(YEARS)])
    quantiles = quantiles_of_sorted(ordered, (0.1, 0.5, 0.9))
    return block(CODES, YEARS, NAMES, quantiles, Balance.of_constant(ordered, beds))


def years_of(frame: pl.DataFrame) -> dict[str, object]:
    columns = [c for c in frame.columns if "_year_" in c]
    (only,) = frame.filter(county_code=CODES[0]).select(columns).unique().to_dicts()
    return only


def test_a_growing_demand_passes_the_beds_that_stand() -> None:
    """Medians 95, 99, 103, 120 ± 10 against 100: a shortage is 10 % probable from a median of 92 on, 90 % from 108."""
    assert years_of(rows([90, 99, 103, 120], [100] * 4)) == {
        "first_year_short": 2022,
        "first_year_short_p10": 2021,
        "first_year_short_p50": 2022,
        "first_year_short_p90": 2023,
        "first_year_short_status": None,
        "first_year_idle": 2020,
        "last_year_idle": 2021,
        "first_year_idle_status": None,
    }


def test_beds_that_suffice_say_that_no_year_comes() -> None:
    found = years_of(rows([50, 60, 70, 80], [100] * 4))
    assert found["first_year_short"] is found["first_year_short_p10"] is None
    assert found["first_year_short_status"] == "none_to_horizon"
    assert (found["first_year_idle"], found["last_year_idle"]) == (2020, 2023)


def test_beds_that_are_too_few_from_the_start_never_stand_idle() -> None:
    found = years_of(rows([150] * 4, [100] * 4))
    assert found["first_year_short"] == found["first_year_short_p90"] == 2020
    assert found["first_year_idle"] is None and found["first_year_idle_status"] == "none_to_horizon"


def test_a_shortage_that_planned_beds_end_shows_in_the_last_idle_year() -> None:
    found = years_of(rows([90, 105, 110, 130], [100, 100, 120, 120]))
    assert (found["first_year_short"], found["last_year_idle"]) == (2021, 2022)


def test_without_beds_reported_no_year_is_claimed() -> None:
    silent = rows([90, 99, 103, 120], [100] * 4).filter(county_code=CODES[1])
    years = [c for c in silent.columns if "_year_" in c and not c.endswith("status")]
    assert silent.select(pl.col(years).is_null().all()).row(0) == (True,) * len(years)
    assert set(silent["first_year_short_status"]) == set(silent["first_year_idle_status"]) == {"not_reported"}
    assert set(silent["supply_status"]) == {"not_reported"}


def test_without_a_target_the_demand_is_typed_and_nothing_is_claimed() -> None:
    """Also where the supply is known, and planned beds are added to it."""
    draws = np.full((2, 4, 101), np.nan)
    beds, planned = np.full((2, 4), 100.0), np.full((2, 4), 40.0)
    natural = Balance.of_constant(draws, beds)
    for balance in (natural, natural.with_planned(draws, beds, planned, np.ones(101))):
        frame = block(CODES, YEARS, NAMES, quantiles_of_sorted(draws, (0.1, 0.5, 0.9)), balance)
        assert frame.height == 2 * len(YEARS) and set(frame["demand_status"]) == {"not_reported"}
        assert frame["supply_status"].null_count() == frame.height and frame["supply"].null_count() == 0
        gaps = frame.select("demand_p50", "shortage_p50", "idle_p50", "probability_short", "first_year_short_p10")
        assert set(gaps.null_count().row(0)) == {frame.height}
        assert set(frame["first_year_short_status"]) == set(frame["first_year_idle_status"]) == {"not_reported"}
    assert rows([90, 99, 103, 120], [100] * 4)["demand_status"].null_count() == 2 * len(YEARS)


def test_planned_beds_that_may_fail_move_the_probable_year() -> None:
    """100 stand, 40 planned, half of the draws without them: short with probability ½ where the median need lies between."""
    draws = demand([90, 120, 120, 160])
    completion = np.tile([0.0, 1.0], 51)[:101]
    planned = np.array([[0.0, 40.0, 40.0, 40.0]])
    balance = Balance.of_constant(draws, np.full((1, 4), 100.0)).with_planned(
        draws, np.full((1, 4), 100.0), planned, completion
    )
    found = {
        name: values[0, 0] for name, values in turns(YEARS, np.array([[90.0, 120.0, 120.0, 160.0]]), balance).items()
    }
    assert found["first_year_short_p10"] == found["first_year_short_p50"] == 2021
    assert found["first_year_short_p90"] == 2023
    assert balance.short[0, 1] == pytest.approx(51 / 101)
