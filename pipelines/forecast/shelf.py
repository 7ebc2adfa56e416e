"""Shelf life of a forecast: the horizon at which 80 % of such units were within 10 % (FORECAST §2.11).

Learned from the backtest by type of unit, population and elderly band. One decade was observed: within it and beyond, the
error that four in five units stay under is taken to grow in proportion to time, as deviations do in the method.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from pipelines.forecast.cohorts import DECADE, Bools, Floats, Texts
from pipelines.forecast.counties import BOOK_COVARIATES
from pipelines.forecast.features import FEATURES, OF_BOOK

WITHIN: Final = 0.10
SHARE: Final = 0.80
LONGEST: Final = 20.0
"""Years; no forecast goes further."""
SIZE_CLASSES: Final = {"<200k": 2e5, "200-400k": 4e5, "400-700k": 7e5, ">=700k": np.inf}
TYPES: Final = ("county or city", "district")

FORMS: Final = {
    "shelf_life": 0.0,
    "shelf_life_not_in_book": float(np.isin(FEATURES, BOOK_COVARIATES).sum() / OF_BOOK.sum()),
    "shelf_life_own_rows": 1.0,
}
"""Key of the training record → the largest share of the features `OF_BOOK` that is unknown where it holds, rising."""

ShelfLives = Mapping[str, list[float]]
"""Class (`class_labels`) → years for 60+, 65+, 80+."""


def shelf_life(errors: Floats) -> float:
    """Years, from signed or absolute relative errors (n,) of comparable units after ten years."""
    return min(LONGEST, DECADE * WITHIN / max(float(np.quantile(np.abs(errors), SHARE)), 1e-9))


def class_labels(districts: Bools, residents: Floats) -> Texts:
    """Type and size class (n,) of units with so many residents in the base census."""
    size = np.searchsorted(np.array(list(SIZE_CLASSES.values())), residents, side="right")
    return np.array([f"{TYPES[int(d)]} {list(SIZE_CLASSES)[s]}" for d, s in zip(districts, size, strict=True)])


def shelf_lives(learned: ShelfLives, districts: Bools, residents: Floats, widen: Floats) -> Floats:
    """Years (n, 3 bands) of units; widen (n,) is how many times larger a unit's errors are (thin input). NaN where the
    class was not in the backtest."""
    unknown = [float("nan")] * 3
    years = np.array([learned.get(label, unknown) for label in class_labels(districts, residents).tolist()])
    return np.asarray(years.reshape(len(districts), 3) / widen[:, None])
