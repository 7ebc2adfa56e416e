"""The expectation of a county's cohort change ratios, learned from other counties.

A Gaussian process with a linear, a squared-exponential and a place kernel, in weight space: the squared-exponential
part by orthogonal random Fourier features, the place part (distance between prefectures, and what each prefecture has
of its own) exactly. The form that is fitted, scored and shipped is this one form, weights and no rows. Noise is larger
for urban districts and follows a Student t, so that a boundary change counts for little. Methods: Rasmussen & Williams, Gaussian Processes for Machine
Learning (2006), ch. 2; Rahimi & Recht (2007) and Yu et al. (2016) for the Fourier features.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipelines.forecast.cohorts import Bools, Floats, Ints, Texts
from pipelines.forecast.ratios import winsorised

DEGREE_KM: Final = 111.2
MIDDLE_LATITUDE: Final = 35.0
CLIP: Final = 4.0
"""Standardised features are drawn in to ±4 so that no county is infinitely unlike all others."""
JITTER: Final = 1e-6
ROUNDED_LEVELS: Final = 127


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
    prefecture: float = 0.05
    noise_county: float = 0.3
    noise_district: float = 1.0
    t_degrees: float = 6.0
    rounds: int = 4
    frequencies: int = 4000
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
    """Base-year information of n counties prepared for fitting; no outcome in it. basis (n, p), kernel (n, n) in single
    precision: noise on its diagonal keeps the systems well conditioned."""

    blank: Expectation
    place_root: Floats
    basis: Floats
    kernel: npt.NDArray[np.float32]
    noise: Floats
    hyper: Hyper

    def take(self, rows: Bools | Ints) -> Design:
        """The same preparation for some of the counties."""
        where = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        part = self.kernel[np.ix_(where, where)]
        return replace(self, basis=self.basis[where], kernel=part, noise=self.noise[where])


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
    near = np.exp(-_distances(prefectures, places) / hyper.distance_km)
    root = _root(hyper.distance * near + hyper.prefecture * np.eye(len(prefectures)))
    where = np.searchsorted(prefectures, [str(c)[:4] for c in codes])
    angle = x @ random_frequencies(x.shape[1], hyper.frequencies, hyper.seed).T / hyper.feature_length
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
    single = basis.astype(np.float32)
    return Design(blank, root, basis, single @ single.T, noise, hyper)


def fit(made: Design, rows: Ints, deviations: Floats, precision: type[np.floating[Any]] = np.float64) -> Fit:
    """Posterior mean from the log deviations (k, 16) of the counties at `rows`, in the dual.

    Level = median over counties. Deviations are winsorised around the level first and around the fit of the round
    before later (FORECAST §2.3-2.4), so that regions far from the nation are not mistaken for artefacts. Noise is
    shared by a county's cohorts and follows a Student t (iterated weights). Single precision (1e-4 of a deviation) is
    twice as fast.
    """
    from scipy.linalg import cho_factor, cho_solve

    hyper = made.hyper
    level = np.median(deviations, axis=0)
    kernel, noise = made.kernel[np.ix_(rows, rows)].astype(precision), made.noise[rows]
    weight = np.ones(len(rows))
    dual = np.zeros_like(deviations)
    fitted = np.zeros_like(deviations)
    for _ in range(hyper.rounds):
        y = winsorised(deviations - level, hyper.unit * fitted) / hyper.unit
        system = kernel + np.diag(noise / weight).astype(precision)
        dual = cho_solve(cho_factor(system, lower=True, overwrite_a=True), y.astype(precision)).astype(np.float64)
        fitted = kernel @ dual
        residual = (y - fitted)[:, y.shape[1] // 2 :]
        weight = (hyper.t_degrees + 1) / (hyper.t_degrees + (residual**2).mean(axis=1) / noise)
    return Fit(rows, dual, level)


def expect_rows(made: Design, fitted: Fit, rows: Ints) -> Floats:
    """Expected deviations (m, 16) of other counties of the same design."""
    return np.asarray(fitted.level + made.hyper.unit * (made.kernel[np.ix_(rows, fitted.rows)] @ fitted.dual))


def expectation(made: Design, fitted: Fit) -> Expectation:
    """The fit as weights, rounded as they ship."""
    hyper = made.hyper
    weights = hyper.unit * (made.basis[fitted.rows].T @ fitted.dual)
    d, m, p = len(made.blank.mean), hyper.frequencies, len(made.blank.prefectures)
    linear, cosine, sine, spatial, constant = np.split(weights, [d, d + m, d + 2 * m, d + 2 * m + p])
    amplitude = np.sqrt(hyper.squared_exponential / m)
    return replace(
        made.blank,
        cosine_weights=rounded(amplitude * cosine),
        sine_weights=rounded(amplitude * sine),
        linear_weights=half(np.sqrt(hyper.linear) * linear),
        prefecture_effects=half(made.place_root @ spatial),
        level=fitted.level + np.sqrt(hyper.constant) * constant[0],
    )


def expect(model: Expectation, features: Floats, codes: Texts) -> Floats:
    """Expected deviations (n, 16) for features (n, d). Unknown features are filled with their expectation given the
    known ones; an unknown prefecture takes the mean effect of its province, an unknown province none."""
    x = _standardised(features, model.mean, model.scale, model.covariance) * model.relevance
    angle = x @ random_frequencies(x.shape[1], len(model.cosine_weights), model.frequency_seed).T / model.feature_length
    smooth = np.cos(angle) @ model.cosine_weights + np.sin(angle) @ model.sine_weights
    return np.asarray(
        model.level
        + x @ model.linear_weights
        + smooth
        + place_effects(model.prefectures, model.prefecture_effects, codes)
    )


def standardised(model: Expectation, features: Floats) -> Floats:
    """Features (n, d) in standard units, unknown ones filled."""
    return _standardised(features, model.mean, model.scale, model.covariance)


def place_effects(prefectures: Texts, of_prefecture: Floats, codes: Texts) -> Floats:
    """Effects (n, k) of counties' places from those of prefectures (p, k): an unknown prefecture takes its province's
    mean, an unknown province none."""
    by_place = dict(zip(prefectures.tolist(), of_prefecture, strict=True))
    province = np.array([p[:2] for p in prefectures.tolist()])
    by_province = {p: of_prefecture[province == p].mean(axis=0) for p in np.unique(province).tolist()}
    none = np.zeros(of_prefecture.shape[1])
    effects = [by_place.get(code[:4], by_province.get(code[:2], none)) for code in codes.tolist()]
    return np.array(effects).reshape(len(codes), -1)


def rounded(values: Floats) -> Floats:
    """Rounded to `ROUNDED_LEVELS` steps per column (one byte each), far finer than the weights are known."""
    step = rounding_step(values)
    return np.asarray(np.rint(values / step) * step)


def rounding_step(values: Floats) -> Floats:
    """Step (k,) of a column's byte: its largest value is 127 steps."""
    return np.asarray(np.maximum(np.abs(values).max(axis=0), 1e-12) / ROUNDED_LEVELS)


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
def random_frequencies(dimensions: int, count: int, seed: int) -> Floats:
    """Orthogonal random frequencies (count, dimensions) of unit length scale, from NumPy's frozen legacy stream."""
    stream = np.random.RandomState(seed)
    blocks = []
    for _ in range(-(-count // dimensions)):
        directions, _ = np.linalg.qr(stream.standard_normal((dimensions, dimensions)))
        lengths = np.sqrt((stream.standard_normal((dimensions, dimensions)) ** 2).sum(axis=1))
        blocks.append(directions.T * lengths[:, None])
    return np.asarray(np.concatenate(blocks)[:count])


def half(values: Floats) -> Floats:
    """Rounded to half precision, as tables ship."""
    return values.astype(np.float16).astype(np.float64)


def _distances(prefectures: Texts, places: Mapping[str, tuple[float, float]]) -> Floats:
    """Kilometres between prefectures, flat projection; a missing prefecture stands at its province's mean."""
    middle = tuple(np.mean(list(places.values()), axis=0))
    degrees = np.array([places.get(p, places.get(p[:2], middle)) for p in prefectures.tolist()])
    km = degrees * DEGREE_KM * np.array([np.cos(np.radians(MIDDLE_LATITUDE)), 1.0])
    return np.asarray(np.sqrt(((km[:, None, :] - km[None, :, :]) ** 2).sum(axis=2)))


def _root(matrix: Floats) -> Floats:
    return np.asarray(np.linalg.cholesky(matrix + JITTER * np.trace(matrix) / len(matrix) * np.eye(len(matrix))))
