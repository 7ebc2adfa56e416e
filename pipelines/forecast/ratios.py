"""Log cohort change ratios: how many of a cohort are still, or newly, in a county ten years later."""

from __future__ import annotations

from typing import Final

import numpy as np

from pipelines.forecast.cohorts import Floats, cohort_base, cohort_target

WINSOR: Final = 0.35
"""Deviations beyond ±0.35 (a gain or loss of about a third) are boundary changes far more often than lives."""


def log_ratios(base: Floats, outcome: Floats) -> Floats:
    """Log cohort change ratios by sex, (…, 18) and (…, 18) → (…, 16); empty cells count as half a person."""
    return np.log(np.maximum(cohort_target(outcome), 0.5)) - np.log(np.maximum(cohort_base(base), 0.5))


def national_ratios(base: Floats, outcome: Floats) -> Floats:
    """Log ratios of the sum over units: (n, 2, 18) twice → (2, 16)."""
    return log_ratios(base.sum(axis=0), outcome.sum(axis=0))


def deviations(base: Floats, outcome: Floats, reference: Floats) -> Floats:
    """Log of both sexes' outcome over what the reference ratios by sex would give: (n, 2, 18) → (n, 16).

    Sex matters for mortality, hardly for migration: so the reference carries the sexes and a county's deviation
    is one number per cohort.
    """
    expected = (np.maximum(cohort_base(base), 0.5) * np.exp(reference)).sum(axis=1)
    observed = np.maximum(cohort_target(outcome).sum(axis=1), 0.5)
    return np.asarray(np.log(observed) - np.log(expected))


def winsorised(values: Floats, centre: Floats) -> Floats:
    """Deviations drawn in to `centre` ± WINSOR."""
    return np.asarray(centre + np.clip(values - centre, -WINSOR, WINSOR))
