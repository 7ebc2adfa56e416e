"""How wrong a forecast may be: whole residual vectors of counties predicted from others, drawn again.

A residual vector holds a county's 16 cohort errors, so that ages move together; it is divided by the county's expected
size of error (urban district or not, population, migration), kept by type of unit, and drawn with replacement.
The draws give the path in time and the sexes; how wide a band is after ten years is calibrated on left-out counties
(`bands`). Forecasts beyond the learned decade add province and national shocks that grow with time, and a floor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.forecast.cohorts import COHORTS, DECADE, GROUPS, Bools, Floats, Ints
from pipelines.forecast.kernel import F32, band_quantiles, shape_library

STEP: Final = 5
FLOOR: Final = 0.025
"""Half-width of the 80 % interval at ten years is at least 2.5 % of the median (FORECAST §2.9)."""
LARGEST_RESIDUAL: Final = 1.5
SMALLEST_SIZE: Final = 0.005
SMALLEST_OFFSET: Final = 1e-6
LARGEST_RESCALING: Final = 5.0
LIBRARY: Final = 200
"""Residual vectors kept per type of unit, an unordered random sample without codes."""
PARTS: Final = (slice(COHORTS // 2, 13), slice(13, COHORTS))
"""Cohorts whose size of error is learned together: 40-64 in the base year, and 65+ (old-age survival)."""
RIDGE: Final = 400.0


@dataclass(frozen=True, slots=True)
class Spread:
    """Learned error structure. terms (1 + 2d, 2): log size of error, by part of life (`PARTS`), on standardised
    features and their absolute values; counties, districts (L, 16) residual vectors per unit of size; shock sizes
    per decade (log)."""

    terms: Floats
    counties: Floats
    districts: Floats
    province_shock: float
    national_shock: float


def fit_spread(features: Floats, residuals: Floats, districts: Bools, shocks: tuple[float, float], seed: int) -> Spread:
    """Learn the error structure from out-of-fold residuals (n, 16) and standardised features (n, d)."""
    capped = np.clip(residuals, -LARGEST_RESIDUAL, LARGEST_RESIDUAL)
    design = _design(features)
    size = np.column_stack([np.log(np.sqrt((capped[:, part] ** 2).mean(axis=1)) + SMALLEST_SIZE) for part in PARTS])
    penalty = RIDGE * np.eye(design.shape[1])
    penalty[0, 0] = 0.0
    terms = np.linalg.solve(design.T @ design + penalty, design.T @ size)
    unit = capped / np.exp(design @ terms)[:, _part_of_cohort()]
    rng = np.random.default_rng(seed)
    kept = []
    for kind in (False, True):
        vectors = unit[districts == kind]
        vectors = vectors - np.median(vectors, axis=0)
        order = rng.permutation(len(vectors))[:LIBRARY]
        kept.append(vectors[order].astype(np.float16).astype(np.float64))
    return Spread(terms, kept[0], kept[1], *shocks)


def error_size(spread: Spread, features: Floats) -> Floats:
    """Expected size (n, 16) of a county's ten-year log errors by cohort, from standardised features (n, d)."""
    return np.asarray(np.exp(_design(features) @ spread.terms)[:, _part_of_cohort()])


def log_offsets(
    spread: Spread,
    persons: Floats,
    survival: Floats,
    mean: Floats,
    size: Floats,
    districts: Bools,
    draws: int,
    seed: int,
    *,
    shocks: bool = True,
) -> Floats:
    """Log distance of quantiles from the median after each five-year step: (n, steps, 3 bands, 3 sexes, 5).

    persons (n, 2, 18); survival (steps, 2, 18); mean (n, steps, 18) log deviations per step; size (n, 16).
    With `shocks` the province and national shocks of a new decade are added.
    """
    steps = len(survival)
    rng = np.random.default_rng(seed)
    library = _library(spread, steps, draws, rng)
    yearly = np.array([spread.province_shock, spread.national_shock]) * (STEP / DECADE if shocks else 0.0)
    shock = np.tile(rng.normal(size=(draws, 2)) @ yearly, (steps, 1))
    order = np.float32
    values = band_quantiles(
        np.ascontiguousarray(persons, dtype=order),
        np.ascontiguousarray(survival, dtype=order),
        np.ascontiguousarray(mean, dtype=order),
        np.ascontiguousarray(size[:, cohort_of_group(steps)], dtype=order),
        library,
        np.ascontiguousarray(shock, dtype=order),
        districts.astype(np.int64),
    ).astype(np.float64)
    offsets = np.log(np.maximum(values, 1e-6)) - np.log(np.maximum(values[..., 2:3], 1e-6))
    return offsets


def calibrated(offsets: Floats, plain: Floats, wanted: Floats) -> Floats:
    """Offsets (n, steps, 3, 3, 5) rescaled so that those of the learned decade, without shocks and for both sexes
    (plain, (n, 3, 5)), become what left-out counties showed (wanted, alike); at least the floor."""
    ratio = np.where(np.abs(plain) > SMALLEST_OFFSET, wanted / np.where(plain == 0, 1.0, plain), 1.0)
    scaled = offsets * np.clip(ratio, 1 / LARGEST_RESCALING, LARGEST_RESCALING)[:, None, :, None, :]
    return _floored(scaled, np.arange(1.0, offsets.shape[1] + 1) * STEP)


def annual_offsets(offsets: Floats, years: int) -> Floats:
    """Offsets at each year 0 … years (n, years + 1, 3, 3, 5), linear between the five-year steps."""
    knots = np.concatenate([np.zeros_like(offsets[:, :1]), offsets], axis=1)
    position = np.minimum(np.arange(years + 1) / STEP, knots.shape[1] - 1)
    low = np.minimum(position.astype(int), knots.shape[1] - 2)
    share = (position - low)[None, :, None, None, None]
    return np.asarray(knots[:, low] * (1 - share) + knots[:, low + 1] * share)


def cohort_of_group(steps: int) -> Ints:
    """Cohort (steps, 18) whose error an age group at the start of a step carries: that of its own base-year cohort in
    the first decade, that of the cohort then at its age in the next."""
    behind = np.array([step % 2 if step * STEP >= DECADE else step for step in range(steps)])
    return np.asarray(np.clip(np.arange(GROUPS)[None, :] - behind[:, None], 0, COHORTS - 1))


def _library(spread: Spread, steps: int, draws: int, rng: np.random.Generator) -> F32:
    """(2 types, steps, 18, draws): one residual vector per draw, spread evenly over a decade."""
    cohort = cohort_of_group(steps)
    kinds = []
    for vectors in (spread.counties, spread.districts):
        drawn = vectors[rng.integers(0, len(vectors), draws)]
        path = drawn[:, cohort] * STEP / DECADE
        kinds.append(shape_library(path, steps))
    return np.stack(kinds)


def _floored(offsets: Floats, elapsed: Floats) -> Floats:
    half = (offsets[..., 3] - offsets[..., 1]) / 2
    least = np.log1p(FLOOR) * (elapsed / DECADE)[None, :, None, None]
    widen = np.maximum(least / np.maximum(half, 1e-9), 1.0)
    return np.asarray(offsets * widen[..., None])


def _design(features: Floats) -> Floats:
    return np.hstack([np.ones((len(features), 1)), features, np.abs(features)])


def _part_of_cohort() -> Ints:
    return (np.arange(COHORTS) >= PARTS[1].start).astype(np.int64)
