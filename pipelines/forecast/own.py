"""A county's own record: how far it went its own way between the last two censuses, and how much of that to believe."""

from __future__ import annotations

from typing import Final

import numpy as np

from pipelines.forecast.cohorts import Bools, Floats

FULL_WITHIN: Final = 0.10
"""Mean |residual| up to which the own record has its full weight."""
NONE_FROM: Final = 0.25
"""Mean |residual| from which it is taken for a boundary change or a counting artefact and dropped."""
ELDERLY_COHORTS: Final = slice(8, 16)
"""Cohorts judged: 40-44 and older in the earlier census."""


def redescending(residuals: Floats) -> Floats:
    """Weight (n,) in 0…1 of residual vectors (n, 16): 1 within 0.10, falling linearly to 0 at 0.25; NaN counts as 0.

    An artefact is dropped, not clipped (Hampel's redescending idea; FORECAST §2.5).
    """
    mean = np.abs(residuals[:, ELDERLY_COHORTS].mean(axis=1))
    weight = (NONE_FROM - mean) / (NONE_FROM - FULL_WITHIN)
    return np.asarray(np.nan_to_num(np.clip(weight, 0.0, 1.0)))


def own_part(residuals: Floats, weight: float) -> Floats:
    """What to add to the expectation (n, 16): weight × redescending × residual, 0 where there is no earlier census."""
    return np.asarray(weight * redescending(residuals)[:, None] * np.nan_to_num(residuals))


def suspected_boundary(residuals: Floats) -> Bools:
    """Counties whose own record was dropped entirely."""
    known = ~np.isnan(residuals).any(axis=1)
    return np.asarray(known & (redescending(residuals) == 0.0))
