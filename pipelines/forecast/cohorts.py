"""The age grid shared by the whole package: five-year groups, cohorts and the elderly bands."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.str_]

GROUPS: Final = 18
"""Five-year age groups 0-4, 5-9 … 80-84, 85+."""
GROUP_STARTS: Final = tuple(range(0, 90, 5))
COHORTS: Final = 16
"""Cohorts followed for ten years: 0-4 → 10-14 … 70-74 → 80-84, and the open 75+ → 85+."""
SEXES: Final = ("male", "female")
BANDS: Final = {"60+": 12, "65+": 13, "80+": 16}
"""Elderly band → index of its first five-year group."""
DECADE: Final = 10


def cohort_base(persons: Floats) -> Floats:
    """Persons of the 16 cohorts in the base year: (…, 18) → (…, 16), the last one being 75+."""
    base = persons[..., :COHORTS].copy()
    base[..., -1] = persons[..., COHORTS - 1 :].sum(axis=-1)
    return base


def cohort_target(persons: Floats) -> Floats:
    """Persons of the same 16 cohorts ten years on: (…, 18) → (…, 16), groups 10-14 … 85+."""
    return persons[..., 2:]


def band_totals(persons: Floats) -> Floats:
    """Persons 60+, 65+ and 80+: (…, 18) → (…, 3)."""
    return np.stack([persons[..., first:].sum(axis=-1) for first in BANDS.values()], axis=-1)
