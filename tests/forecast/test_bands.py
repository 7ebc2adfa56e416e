"""How wide an interval is: learned from left-out errors of invented counties whose scatter is known."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.forecast.bands import NORMAL, _province_spread, fit_band_errors, ten_year_offsets
from pipelines.forecast.model import HYPER, design, expectation, fit

PREFECTURES = [f"{province}{number:02d}" for province in (53, 62) for number in range(1, 9)]
PLACES = {code: (100.0 + 2 * i, 25.0 + i % 3) for i, code in enumerate(PREFECTURES)}
RESTLESS = "5303"
USUAL = 0.05


@pytest.fixture(scope="module")
def offsets_of():
    """Learned from counties and districts alike in all but place: districts of one prefecture err five times as far."""
    rng = np.random.default_rng(4)
    codes = np.array([f"{p}{unit:02d}" for p in PREFECTURES for unit in (*range(1, 10), *range(21, 41))])
    districts = np.array([c[4] == "0" for c in codes.tolist()])
    known, persons = rng.normal(size=(len(codes), 5)), np.full((len(codes), 2, 18), 5000.0)
    made = design(known, codes, districts, PLACES, np.ones(5), replace(HYPER, frequencies=50))
    model = expectation(made, fit(made, np.arange(len(codes)), rng.normal(0, 0.05, (len(codes), 16))))
    size = np.where(districts & np.char.startswith(codes, RESTLESS), 5 * USUAL, USUAL)[:, None]
    residuals = size * (0.8 * rng.normal(size=(len(codes), 1)) + 0.6 * rng.normal(size=(len(codes), 16)))
    band = fit_band_errors(made, model, known, persons, codes, districts, residuals[:, 13:], residuals, None)

    def offsets(units):
        n = len(units)
        given = np.zeros((n, 5)), persons[:n], np.array(units), np.array([u[4] == "0" for u in units]), np.ones(n)
        return ten_year_offsets(band, model, *given)

    return offsets


def test_districts_of_a_prefecture_where_districts_err_are_wide_and_its_counties_are_not(offsets_of):
    made = offsets_of([f"{RESTLESS}09", "620609", f"{RESTLESS}29", "620629"])
    width = made[:, 0, 3] - made[:, 0, 1]
    assert width[0] > 1.5 * width[1]
    assert width[2] < 0.7 * width[0]
    assert (np.diff(made, axis=2) > 0).all() and (made[..., 2] == 0).all()


def test_a_quiet_place_is_about_as_wide_as_its_errors(offsets_of):
    assert offsets_of(["620629"])[0, :, 3] == pytest.approx(USUAL * NORMAL[3], rel=0.35)


def test_a_new_province_gets_what_its_errors_lacked():
    rng = np.random.default_rng(1)
    errors = rng.normal(0, 0.10, (4000, 3))
    ends = np.tile(0.06 * NORMAL, (4000, 3, 1))
    spread = _province_spread(errors, ends)
    assert spread == pytest.approx(np.sqrt(0.10**2 - 0.06**2), rel=0.05)
    end = np.hypot(ends, spread[None, :, None] * NORMAL)[..., 3]
    assert (np.abs(errors) <= end).mean(axis=0) == pytest.approx(0.80, abs=0.005)


def test_a_new_province_already_covered_gets_nothing():
    errors = np.random.default_rng(1).normal(0, 0.05, (4000, 3))
    assert (_province_spread(errors, np.tile(0.10 * NORMAL, (4000, 3, 1))) == 0).all()
