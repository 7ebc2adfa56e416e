"""Drawing persons and deaths back from their published quantiles, so that a chain can carry the whole uncertainty."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from pipelines.forecast.bands import NORMAL
from pipelines.forecast.cohorts import Floats, Texts

COLUMNS: Final = ("p2_5", "p10", "p50", "p90", "p97_5")


def normal_draws(codes: Texts, draws: int, seed: int) -> Floats:
    """One standard normal per county and draw (n, draws): a county high in one year is high in all. A county's stream
    belongs to its code: other counties in the batch do not change its numbers."""
    return np.stack([np.random.default_rng([seed, int(code)]).normal(size=draws) for code in codes])


def from_quantiles(quantiles: Floats, normal: Floats) -> Floats:
    """Values (n, years, draws) whose quantiles are (n, years, 5), by normal scores (n, draws).

    Linear in the normal score between quantiles on the log scale, and beyond the outer ones along the last slope.
    """
    log_q = np.log(np.maximum(quantiles, 1e-9))
    piece = np.clip(np.searchsorted(NORMAL, normal) - 1, 0, len(NORMAL) - 2)
    part = ((normal - NORMAL[piece]) / (NORMAL[piece + 1] - NORMAL[piece]))[:, None, :]
    at = np.broadcast_to(piece[:, None, :], (*quantiles.shape[:2], normal.shape[1]))
    left = np.take_along_axis(log_q, at, axis=2)
    right = np.take_along_axis(log_q, at + 1, axis=2)
    return np.asarray(np.exp(left + part * (right - left)))


def quantiles_of_sorted(ordered: Floats, levels: tuple[float, ...]) -> Floats:
    """`np.quantile` (linear) along the last axis of draws that are in order already: (levels, …)."""
    last = ordered.shape[-1] - 1
    found = []
    for level in levels:
        at = level * last
        low = int(at)
        share, a, b = at - low, ordered[..., low], ordered[..., min(low + 1, last)]
        found.append(b - (b - a) * (1 - share) if share >= 0.5 else a + (b - a) * share)
    return np.stack(found)


def middle(ordered: Floats) -> Floats:
    """The two middle values of ordered draws (…, 2); twice the same one when their number is odd."""
    draws = ordered.shape[-1]
    return ordered[..., [(draws - 1) // 2, draws // 2]]


def quantile_cube(frame: pl.DataFrame, codes: Texts, years: Texts | list[int]) -> Floats:
    """Quantiles (n, years, 5) of a long frame with one row per county and year; rows sorted here. Missing rows raise."""
    wide = frame.filter(pl.col("year").is_in(list(years))).sort("county_code", "year")
    expected = len(codes) * len(years)
    if wide.height != expected:
        raise ValueError(f"应有 {expected} 行，实有 {wide.height} 行 / expected {expected} rows, got {wide.height}")
    return wide.select(COLUMNS).to_numpy().reshape(len(codes), len(years), 5)
