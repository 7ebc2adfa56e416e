"""How far the elderly of a county may come out from their forecast ten years on: learned from counties left out.

The expected size of a band's log error is log-linear in what is known in the base year (features and their absolute
values, the number of persons in each cohort, how unlike other counties the county is, smooth functions of features, and
place, apart for urban districts: boundaries move in some prefectures and not in others), fitted as a gamma regression
with ridge penalty. Left-out errors divided by their expected size (each predicted without its own row) give the
quantiles, by type of unit, drawn halfway to those of all units. A county in a province nobody was learned from carries
on top, as normal, the scatter with which four in five counties of provinces left out whole are covered. Methods:
location-scale intervals; McCullagh & Nelder, Generalized Linear Models (1989), ch. 8; leave-one-out residuals of ridge
regression in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.forecast.cohorts import Bools, Floats, Texts, cohort_base
from pipelines.forecast.model import Design, Expectation, half, place_effects, random_frequencies

LEVELS: Final = (0.025, 0.10, 0.50, 0.90, 0.975)
NORMAL: Final = np.array([-1.959964, -1.281552, 0.0, 1.281552, 1.959964])
ELDERLY_COHORTS: Final = slice(10, 16)
"""Cohorts that are 60 and older after ten years."""
LARGEST_ERROR: Final = 1.5
SMALLEST_ERROR: Final = 0.01
LARGEST_RATIO: Final = 6.0
"""An error counts for at most six times its expected size when that is fitted."""
ROUNDS: Final = 12
FREQUENCIES: Final = 256
LINEAR, PERSONS, SMOOTH = 0.0006, 0.02, 0.25
"""Prior variances of the log size; the place parts take the expectation's."""


@dataclass(frozen=True, slots=True)
class BandErrors:
    """level (3,); linear (2d + 7, 3) on `_traits`; trait_mean, trait_scale (2d + 7,); cosine, sine (m, 3); effects
    (p, 3) of prefectures, district_effects (p, 3) on top for their districts; quantiles (2 types, 3 bands, 5) per unit
    of size; new_province (3,) log spread of provinces not learned from; provinces (k,) learned from."""

    level: Floats
    linear: Floats
    trait_mean: Floats
    trait_scale: Floats
    cosine: Floats
    sine: Floats
    effects: Floats
    district_effects: Floats
    quantiles: Floats
    new_province: Floats
    provinces: Texts


def fit_band_errors(
    made: Design,
    known: Expectation,
    features: Floats,
    persons: Floats,
    codes: Texts,
    districts: Bools,
    errors: Floats,
    residuals: Floats,
    abroad: Floats | None,
) -> BandErrors:
    """Learn from left-out log errors of bands (n, 3) and cohorts (n, 16) of counties with standardised features (n, d)
    and persons (n, 2, 18). A band's size of error is the mean of its own and of the elderly cohorts' together: one
    error says little of a county's scale, and cohorts err together.

    abroad: log errors (n, 3) when the county's whole province is left out, for the spread of new provinces (none: 0).
    """
    raw = _traits(known, features, persons)
    mean, scale = raw.mean(axis=0), raw.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    place = made.place_root[np.searchsorted(made.blank.prefectures, [c[:4] for c in codes.tolist()])]
    traits, cosine, sine = _parts(known, features, (raw - mean) / scale)
    basis = np.hstack([traits, cosine, sine, place, place * districts[:, None]])
    capped, of_cohorts = (np.clip(e, -LARGEST_ERROR, LARGEST_ERROR) for e in (errors, residuals[:, ELDERLY_COHORTS]))
    together = np.sqrt((of_cohorts**2).mean(axis=1))[:, None]
    level, weights, left_out = _gamma_ridge(basis, (np.abs(capped) + together) / 2 + SMALLEST_ERROR)
    unit = np.exp(left_out)
    of_all, of_counties, of_districts = (
        np.stack([_weighted_quantiles(capped[rows, b] / unit[rows, b], unit[rows, b]) for b in range(errors.shape[1])])
        for rows in (np.ones_like(districts), ~districts, districts)
    )
    quantiles = (np.stack([of_counties, of_districts]) + of_all) / 2
    quantiles[..., 2] = 0.0
    t, m, p = traits.shape[1], FREQUENCIES, place.shape[1]
    linear, cos_weights, sin_weights, common, of_district = np.split(weights, [t, t + m, t + 2 * m, t + 2 * m + p])
    of_place = place @ common + (place @ of_district) * districts[:, None]
    ends = quantiles[districts.astype(np.int64)] * np.exp(left_out - of_place)[..., None]
    return BandErrors(
        level,
        half(_trait_prior(len(mean))[:, None] * linear),
        mean,
        scale,
        half(np.sqrt(SMOOTH / m) * cos_weights),
        half(np.sqrt(SMOOTH / m) * sin_weights),
        half(made.place_root @ common),
        half(made.place_root @ of_district),
        quantiles,
        np.zeros(errors.shape[1]) if abroad is None else _province_spread(abroad, ends),
        np.unique([c[:2] for c in codes.tolist()]),
    )


def ten_year_offsets(
    band: BandErrors,
    known: Expectation,
    features: Floats,
    persons: Floats,
    codes: Texts,
    districts: Bools,
    thin_factor: Floats,
) -> Floats:
    """Log distance of quantiles from the median after ten years (n, 3 bands, 5), both sexes, from standardised
    features (n, d); thin_factor (n,) widens."""
    raw = (_traits(known, features, persons) - band.trait_mean) / band.trait_scale
    angle = _angle(known, features)
    size = np.exp(
        band.level
        + raw @ band.linear
        + np.cos(angle) @ band.cosine
        + np.sin(angle) @ band.sine
        + place_effects(known.prefectures, band.effects, codes)
        + place_effects(known.prefectures, band.district_effects, codes) * districts[:, None]
    )
    offsets = band.quantiles[districts.astype(np.int64)] * (size * thin_factor[:, None])[..., None]
    new = ~np.isin([c[:2] for c in codes.tolist()], band.provinces)
    shock = np.where(new[:, None], band.new_province, 0.0)[..., None] * NORMAL
    return np.asarray(np.sign(NORMAL) * np.hypot(offsets, shock))


def _traits(known: Expectation, features: Floats, persons: Floats) -> Floats:
    """(n, 2d + 7): features, their absolute values, log persons of each elderly-to-be cohort, log unlikeness."""
    cohort = np.log(np.maximum(cohort_base(persons.sum(axis=1))[:, ELDERLY_COHORTS], 0.5))
    unlike = (features * np.linalg.solve(known.covariance, features.T).T).sum(axis=1)
    return np.column_stack([features, np.abs(features), cohort, np.log(np.maximum(unlike, 1e-3))])


def _trait_prior(count: int) -> Floats:
    cohorts = ELDERLY_COHORTS.stop - ELDERLY_COHORTS.start + 1
    variance = np.concatenate([np.full(count - cohorts, LINEAR), np.full(cohorts, PERSONS)])
    return np.asarray(np.sqrt(variance))


def _angle(known: Expectation, features: Floats) -> Floats:
    frequencies = random_frequencies(features.shape[1], FREQUENCIES, known.frequency_seed)
    return np.asarray((features * known.relevance) @ frequencies.T / known.feature_length)


def _parts(known: Expectation, features: Floats, traits: Floats) -> tuple[Floats, Floats, Floats]:
    angle, amplitude = _angle(known, features), np.sqrt(SMOOTH / FREQUENCIES)
    scaled: Floats = traits * _trait_prior(traits.shape[1])
    return scaled, amplitude * np.cos(angle), amplitude * np.sin(angle)


def _gamma_ridge(basis: Floats, sizes: Floats) -> tuple[Floats, Floats, Floats]:
    """Level (3,), weights (p, 3) and left-out log sizes (n, 3): Fisher scoring with unit penalty, halved steps."""
    level = np.log(sizes.mean(axis=0))
    inverse = np.linalg.inv(basis.T @ basis + np.eye(basis.shape[1]))
    leverage = ((basis @ inverse) * basis).sum(axis=1)[:, None]
    log_size = np.tile(level, (len(sizes), 1))
    for _ in range(ROUNDS):
        working = log_size + np.minimum(sizes / np.exp(log_size), LARGEST_RATIO) - 1
        weights = inverse @ (basis.T @ (working - level))
        fitted = level + basis @ weights
        log_size = (log_size + fitted) / 2
    left_out: Floats = working - (working - fitted) / (1 - leverage)
    return level, weights, left_out


def _weighted_quantiles(values: Floats, weights: Floats) -> Floats:
    """Quantiles at `LEVELS`, each value counting by its expected size: what minimises the Winkler score."""
    order = np.argsort(values)
    below = np.cumsum(weights[order]) - weights[order] / 2
    return np.asarray(np.interp(np.array(LEVELS) * weights.sum(), below, values[order]))


def _province_spread(errors: Floats, ends: Floats) -> Floats:
    """Log spread (3,) that, added as normal to the quantiles (n, 3, 5) of counties whose place is unknown, makes the 80 %
    interval cover 80 % of their errors (n, 3)."""
    low, high = LEVELS.index(0.10), LEVELS.index(0.90)
    end = np.where(errors < 0, ends[..., low], ends[..., high])
    needed = np.sqrt(np.maximum(errors**2 - end**2, 0.0)) / NORMAL[high]
    return np.asarray(np.quantile(needed, 0.80, axis=0))
