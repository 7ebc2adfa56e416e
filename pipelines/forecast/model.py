"""The expectation of a county's cohort change ratios, learned from other counties.

A Gaussian process with a linear, a squared-exponential and a distance kernel, in weight space: the squared-exponential
part by orthogonal random Fourier features, the distance part exactly through prefecture centroids. The form that is
fitted, scored and shipped is this one form, weights and no rows. Noise is larger for urban districts and follows a
Student t, so that a boundary change counts for little. Methods: Rasmussen & Williams, Gaussian Processes for Machine
Learning (2006), ch. 2; Rahimi & Recht (2007) and Yu et al. (2016) for the Fourier features.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np

from pipelines.forecast.cohorts import Bools, Floats, Ints, Texts
from pipelines.forecast.ratios import winsorised

DEGREE_KM: Final = 111.2
MIDDLE_LATITUDE: Final = 35.0
CLIP: Final = 4.0
"""Standardised features are drawn in to ±4 so that no county is infinitely unlike all others."""
JITTER: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Hyper:
    """Prior variances in units of `unit`², lengths, and noise; chosen by cross-validation on the panel, flat optimum."""

    unit: float = 0.1
    constant: float = 0.1
    linear: float = 0.01
    squared_exponential: float = 1.5
    feature_length: float = 6.0
    distance: float = 0.2
    distance_km: float = 800.0
    noise_county: float = 0.3
    noise_district: float = 1.0
    t_degrees: float = 6.0
    rounds: int = 4
    frequencies: int = 2000
    prefecture_age_weight: float = 0.5
    seed: int = 1


HYPER: Final = Hyper()


@dataclass(frozen=True, slots=True)
class Expectation:
    """Learned parameters: nothing here is a row of the panel.

    mean, scale (d,), covariance (d, d) of the features; relevance (d,); feature_length and frequency_seed make the
    frequencies; cosine_weights, sine_weights (m, 16); linear_weights (d, 16); prefectures (p,) and
    prefecture_effects (p, 16); level (16,).
    """

    mean: Floats
    scale: Floats
    covariance: Floats
    relevance: Floats
    feature_length: float
    frequency_seed: int
    cosine_weights: Floats
    sine_weights: Floats
    linear_weights: Floats
    prefectures: Texts
    prefecture_effects: Floats
    level: Floats


@dataclass(frozen=True, slots=True)
class Design:
    """Base-year information of n counties prepared for fitting; no outcome in it. basis (n, p), kernel (n, n)."""

    blank: Expectation
    distance_root: Floats
    basis: Floats
    kernel: Floats
    noise: Floats
    hyper: Hyper


@dataclass(frozen=True, slots=True)
class Fit:
    """Posterior of one set of training counties: rows (k,) of the design, dual weights (k, 16), level (16,)."""

    rows: Ints
    dual: Floats
    level: Floats


def design(
    features: Floats,
    codes: Texts,
    districts: Bools,
    places: Mapping[str, tuple[float, float]],
    relevance: Floats,
    hyper: Hyper,
) -> Design:
    """Basis and kernel of counties with features (n, d), NaN allowed.

    places maps prefecture (four digits) and province (two digits) codes to degrees; relevance (d,) scales features.
    """
    mean, scale, covariance = _moments(features)
    x = _standardised(features, mean, scale, covariance) * relevance
    prefectures = np.array(sorted({str(c)[:4] for c in codes} | {p for p in places if len(p) == 4}), dtype=np.str_)
    root = _root(hyper.distance * np.exp(-_distances(prefectures, places) / hyper.distance_km))
    where = np.searchsorted(prefectures, [str(c)[:4] for c in codes])
    angle = x @ _frequencies(x.shape[1], hyper.frequencies, hyper.seed).T / hyper.feature_length
    amplitude = np.sqrt(hyper.squared_exponential / hyper.frequencies)
    basis = np.hstack(
        [
            np.sqrt(hyper.linear) * x,
            amplitude * np.cos(angle),
            amplitude * np.sin(angle),
            root[where],
            np.full((len(x), 1), np.sqrt(hyper.constant)),
        ]
    )
    empty = np.zeros((0, 0))
    blank = Expectation(
        mean,
        scale,
        covariance,
        relevance,
        hyper.feature_length,
        hyper.seed,
        empty,
        empty,
        empty,
        prefectures,
        empty,
        empty,
    )
    noise = np.where(districts, hyper.noise_district, hyper.noise_county)
    return Design(blank, root, basis, basis @ basis.T, noise, hyper)


def fit(made: Design, rows: Ints, deviations: Floats) -> Fit:
    """Posterior mean from the log deviations (k, 16) of the counties at `rows`, in the dual.

    Level = median over counties, deviations winsorised around it (FORECAST §2.3-2.4). Noise is shared by a county's
    cohorts and follows a Student t (iterated weights).
    """
    from scipy.linalg import cho_factor, cho_solve

    hyper = made.hyper
    level = np.median(deviations, axis=0)
    y = (winsorised(deviations, level) - level) / hyper.unit
    kernel, noise = made.kernel[np.ix_(rows, rows)], made.noise[rows]
    weight = np.ones(len(rows))
    dual = np.zeros_like(y)
    for _ in range(hyper.rounds):
        dual = cho_solve(cho_factor(kernel + np.diag(noise / weight), lower=True, overwrite_a=True), y)
        residual = (y - kernel @ dual)[:, y.shape[1] // 2 :]
        weight = (hyper.t_degrees + 1) / (hyper.t_degrees + (residual**2).mean(axis=1) / noise)
    return Fit(rows, dual, level)


def expect_rows(made: Design, fitted: Fit, rows: Ints) -> Floats:
    """Expected deviations (m, 16) of other counties of the same design."""
    return np.asarray(fitted.level + made.hyper.unit * (made.kernel[np.ix_(rows, fitted.rows)] @ fitted.dual))


def expectation(made: Design, fitted: Fit) -> Expectation:
    """The fit as weights, rounded to half precision as they ship."""
    hyper = made.hyper
    weights = hyper.unit * (made.basis[fitted.rows].T @ fitted.dual)
    d, m, p = len(made.blank.mean), hyper.frequencies, len(made.blank.prefectures)
    linear, cosine, sine, spatial, constant = np.split(weights, [d, d + m, d + 2 * m, d + 2 * m + p])
    amplitude = np.sqrt(hyper.squared_exponential / m)
    return replace(
        made.blank,
        cosine_weights=_half(amplitude * cosine),
        sine_weights=_half(amplitude * sine),
        linear_weights=_half(np.sqrt(hyper.linear) * linear),
        prefecture_effects=_half(made.distance_root @ spatial),
        level=fitted.level + np.sqrt(hyper.constant) * constant[0],
    )


def expect(model: Expectation, features: Floats, codes: Texts) -> Floats:
    """Expected deviations (n, 16) for features (n, d). Unknown features are filled with their expectation given the
    known ones; an unknown prefecture takes the mean effect of its province, an unknown province none."""
    x = _standardised(features, model.mean, model.scale, model.covariance) * model.relevance
    angle = x @ _frequencies(x.shape[1], len(model.cosine_weights), model.frequency_seed).T / model.feature_length
    smooth = np.cos(angle) @ model.cosine_weights + np.sin(angle) @ model.sine_weights
    return np.asarray(model.level + x @ model.linear_weights + smooth + _place_effects(model, codes))


def standardised(model: Expectation, features: Floats) -> Floats:
    """Features (n, d) in standard units, unknown ones filled."""
    return _standardised(features, model.mean, model.scale, model.covariance)


def _place_effects(model: Expectation, codes: Texts) -> Floats:
    by_place = dict(zip(model.prefectures.tolist(), model.prefecture_effects, strict=True))
    province = np.array([p[:2] for p in model.prefectures.tolist()])
    effects = np.zeros((len(codes), model.prefecture_effects.shape[1]))
    for row, code in enumerate(codes.tolist()):
        if code[:4] in by_place:
            effects[row] = by_place[code[:4]]
        elif (province == code[:2]).any():
            effects[row] = model.prefecture_effects[province == code[:2]].mean(axis=0)
    return effects


def _moments(features: Floats) -> tuple[Floats, Floats, Floats]:
    mean, scale = np.nanmean(features, axis=0), np.nanstd(features, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    z = np.nan_to_num(np.clip((features - mean) / scale, -CLIP, CLIP))
    covariance = z.T @ z / len(z) + 0.02 * np.eye(z.shape[1])
    return mean, scale, covariance.astype(np.float32).astype(np.float64)


def _standardised(features: Floats, mean: Floats, scale: Floats, covariance: Floats) -> Floats:
    """Standardised features with the unknown ones at their conditional mean (one solve per pattern of unknowns)."""
    z = np.clip((features - mean) / scale, -CLIP, CLIP)
    unknown = np.isnan(z)
    patterns, of_row = np.unique(unknown, axis=0, return_inverse=True)
    of_row = of_row.reshape(-1)
    for k, gaps in enumerate(patterns):
        if gaps.all():
            z[of_row == k] = 0.0
        elif gaps.any():
            rows = np.ix_(of_row == k, gaps)
            slope = np.linalg.solve(covariance[np.ix_(~gaps, ~gaps)], covariance[np.ix_(~gaps, gaps)])
            z[rows] = z[np.ix_(of_row == k, ~gaps)] @ slope
    return z


@cache
def _frequencies(dimensions: int, count: int, seed: int) -> Floats:
    """Orthogonal random frequencies (count, dimensions) of unit length scale, from NumPy's frozen legacy stream."""
    stream = np.random.RandomState(seed)
    blocks = []
    for _ in range(-(-count // dimensions)):
        directions, _ = np.linalg.qr(stream.standard_normal((dimensions, dimensions)))
        lengths = np.sqrt((stream.standard_normal((dimensions, dimensions)) ** 2).sum(axis=1))
        blocks.append(directions.T * lengths[:, None])
    return np.asarray(np.concatenate(blocks)[:count])


def _half(values: Floats) -> Floats:
    return values.astype(np.float16).astype(np.float64)


def _distances(prefectures: Texts, places: Mapping[str, tuple[float, float]]) -> Floats:
    """Kilometres between prefectures, flat projection; a missing prefecture stands at its province's mean."""
    middle = tuple(np.mean(list(places.values()), axis=0))
    degrees = np.array([places.get(p, places.get(p[:2], middle)) for p in prefectures.tolist()])
    km = degrees * DEGREE_KM * np.array([np.cos(np.radians(MIDDLE_LATITUDE)), 1.0])
    return np.asarray(np.sqrt(((km[:, None, :] - km[None, :, :]) ** 2).sum(axis=2)))


def _root(matrix: Floats) -> Floats:
    return np.asarray(np.linalg.cholesky(matrix + JITTER * np.trace(matrix) / len(matrix) * np.eye(len(matrix))))
