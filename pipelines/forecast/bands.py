"""How far the elderly of a county may come out from their forecast ten years on: learned from counties left out.

The expected size of a band's log error is log-linear in what is known in the base year (features and their absolute
values, the number of persons in each cohort, how unlike other counties the county is, smooth functions of features and
place), fitted as a gamma regression with ridge penalty. Left-out errors divided by their expected size (each predicted
without its own row) give the quantiles, by type of unit. A county in a province nobody was learned from carries the
scatter of such provinces on top, as normal. Methods: location-scale intervals; McCullagh & Nelder,
Generalized Linear Models (1989), ch. 8; leave-one-out residuals of ridge regression in closed form.
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
LINEAR, PERSONS, SMOOTH = 0.00125, 0.02, 0.25
"""Prior variances of the log size; the spatial part takes the expectation's."""


@dataclass(frozen=True, slots=True)
class BandErrors:
    """level (3,); linear (2d + 7, 3) on `_traits`; trait_mean, trait_scale (2d + 7,); cosine, sine (m, 3); effects
    (p, 3) of prefectures; quantiles (2 types, 3 bands, 5) per unit of size; new_province (3,) log spread of provinces
    not learned from; provinces (k,) learned from."""

    level: Floats
    linear: Floats
    trait_mean: Floats
    trait_scale: Floats
    cosine: Floats
    sine: Floats
    effects: Floats
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
    abroad: Floats | None,
) -> BandErrors:
    """Learn from left-out log errors (n, 3) of counties with standardised features (n, d) and persons (n, 2, 18).

    abroad: log errors (n, 3) when the county's whole province is left out, for the spread of new provinces (none: 0).
    """
    raw = _traits(known, features, persons)
    mean, scale = raw.mean(axis=0), raw.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    place = made.distance_root[np.searchsorted(made.blank.prefectures, [c[:4] for c in codes.tolist()])]
    traits, cosine, sine = _parts(known, features, (raw - mean) / scale)
    basis = np.hstack([traits, cosine, sine, place])
    capped = np.clip(errors, -LARGEST_ERROR, LARGEST_ERROR)
    level, weights, left_out = _gamma_ridge(basis, np.abs(capped) + SMALLEST_ERROR)
    unit = np.exp(left_out)
    quantiles = np.zeros((2, errors.shape[1], len(LEVELS)))
    for kind in range(2):
        rows = districts == bool(kind)
        for band in range(errors.shape[1]):
            quantiles[kind, band] = _weighted_quantiles(capped[rows, band] / unit[rows, band], unit[rows, band])
    quantiles[..., 2] = 0.0
    t, m = traits.shape[1], FREQUENCIES
    linear, cos_weights, sin_weights, spatial = np.split(weights, [t, t + m, t + 2 * m])
    province = np.array([c[:2] for c in codes.tolist()])
    return BandErrors(
        level,
        half(_trait_prior(len(mean))[:, None] * linear),
        mean,
        scale,
        half(np.sqrt(SMOOTH / m) * cos_weights),
        half(np.sqrt(SMOOTH / m) * sin_weights),
        half(made.distance_root @ spatial),
        quantiles,
        np.zeros(errors.shape[1]) if abroad is None else _province_spread(abroad, province),
        np.unique(province),
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


def _province_spread(errors: Floats, province: Texts) -> Floats:
    middle = np.array([np.median(errors[province == p], axis=0) for p in np.unique(province)])
    return np.asarray(1.4826 * np.median(np.abs(middle - np.median(middle, axis=0)), axis=0))
