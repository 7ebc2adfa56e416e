"""How far off the split of broad ages and of unsexed counts is: what counties of a census book would have lost by it.

Ages of a book are put together to the groups of a thin input, split again by the national pattern (`annual.split_thin`)
and carried on by the nation's ratios. The log distance of the true ages carried on alike is the error of the split: at 80+
of the base year it is largest, and it moves on with the cohorts (the 60+ of fifteen years later are inside 15-59 today).
Uses base-year ages alone, no outcome. The table is measured when the model is trained (`record`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecast.annual import coarse, split_thin
from pipelines.forecast.cohorts import BANDS, SEXES, Bools, Floats
from pipelines.forecast.features import FEATURES

SPLIT_FILE: Final = Path(__file__).parent / "model" / "split_errors.csv"
FORMS: Final = ("broad ages", "no sexes", "broad ages, no sexes")
"""Of an input, in the order of thin + 2 × unsexed, from 1."""
LAGS: Final = (0, 5, 10, 15, 20)
"""Years after the census; between them the error is interpolated."""
QUANTILES: Final = {"p2_5": 0.025, "p10": 0.10, "p90": 0.90, "p97_5": 0.975}
ENDS: Final = (0, 1, 3, 4)
"""Where they stand among the five of a forecast, whose middle is the split itself."""
WITHOUT_AGES: Final = np.array([1.3, 1.4, 1.6])
"""How many times wider the interval of each band is where the ages are split and the features of ages therefore unknown,
before the error of the split is added: the coverage of left-out counties is restored (factors from 1 to 2 were looked at)."""
AGES_ALONE: Final = np.array([1.05, 1.1, 1.4])
"""The same on top where vital rates are unknown as well: nothing then tells how old the old are or how they survive."""
KEYS: Final = ("census", "form", "lag", "age_band", "sex")


def measured(census: int, persons: Floats, nation: Floats, weights: Floats) -> pl.DataFrame:
    """Quantiles of the log error of the split over counties: columns `KEYS` and `QUANTILES`.

    persons (n, 2, 18) of the counties and nation (2, 18) of one census; weights (T+1, 3, 2, 18) of the nation's path
    (`annual.band_weights`) to at least the last of `LAGS`.
    """
    everyone, unsexed = np.ones(len(persons), dtype=bool), np.repeat(persons.sum(axis=1, keepdims=True) / 2, 2, axis=1)
    given = (
        split_thin(coarse(persons), everyone, ~everyone, nation),
        split_thin(unsexed, ~everyone, everyone, nation),
        split_thin(coarse(unsexed), everyone, everyone, nation),
    )
    at = weights[list(LAGS)]
    true = _log_bands(persons, at)
    rows = []
    for form, split in zip(FORMS, given, strict=True):
        ends = np.quantile(true - _log_bands(split, at), list(QUANTILES.values()), axis=0)
        rows += [
            (census, form, lag, band, sex, *(float(v) for v in ends[:, t, b, s]))
            for t, lag in enumerate(LAGS)
            for b, band in enumerate(BANDS)
            for s, sex in enumerate((*SEXES, "both"))
        ]
    return pl.DataFrame(rows, schema=[*KEYS, *QUANTILES], orient="row")


def split_offsets(census: int, thin: Bools, unsexed: Bools, years: int) -> Floats:
    """Log distance of quantiles from the split's median, each year from the census on: (n, years + 1, 3 bands, 3 sexes,
    5), zero for counties whose ages and sexes were given. The nearest census of the table is taken."""
    table = _table(SPLIT_FILE)
    nearest = min(table, key=lambda known: abs(known - census))
    form = thin.astype(np.int64) + 2 * unsexed.astype(np.int64)
    year = np.arange(years + 1)
    low = np.minimum(np.searchsorted(LAGS, year, side="right") - 1, len(LAGS) - 2)
    part = (year - np.array(LAGS)[low]) / np.diff(LAGS)[low]
    of_lag = table[nearest]
    part = np.minimum(part, 1.0)[None, :, None, None, None]
    return np.asarray((of_lag[:, low] * (1 - part) + of_lag[:, low + 1] * part)[form])


def without_ages_wider(offsets: Floats, thin: Bools, known: Floats) -> Floats:
    """Ten-year offsets (n, 3 bands, 5), times `WITHOUT_AGES` for counties that gave broad ages, and times `AGES_ALONE` too
    where their features (n, len(FEATURES)) lack the death rate."""
    alone = thin & np.isnan(known[:, FEATURES.index("death_rate")])
    wider = np.where(thin[:, None], WITHOUT_AGES, 1.0) * np.where(alone[:, None], AGES_ALONE, 1.0)
    return np.asarray(offsets * wider[..., None])


def with_split(offsets: Floats, split: Floats) -> Floats:
    """Offsets (…, 5) of the forecast and of the split as independent errors, end by end; as they were where nothing was split."""
    side = np.array([-1.0, -1.0, 0.0, 1.0, 1.0])
    return np.asarray(np.where(split == 0, offsets, side * np.hypot(offsets, split)))


@cache
def _table(file: Path) -> dict[int, Floats]:
    """Census → (1 + forms, lags, 3 bands, 3 sexes, 5) log offsets; the first form is that of ages given in full."""
    frame = pl.read_csv(file)
    tables = {}
    for census in frame["census"].unique().to_list():
        ends = frame.filter(pl.col("census") == census).select(list(QUANTILES)).to_numpy()
        of_form = np.zeros((1 + len(FORMS), len(LAGS), len(BANDS), len(SEXES) + 1, 5))
        of_form[1:][..., ENDS] = ends.reshape(len(FORMS), len(LAGS), len(BANDS), len(SEXES) + 1, len(ENDS))
        tables[int(census)] = of_form
    return tables


def _log_bands(persons: Floats, weights: Floats) -> Floats:
    by_sex = np.einsum("nsg,tbsg->ntbs", persons, weights)
    return np.asarray(np.log(np.maximum(np.concatenate([by_sex, by_sex.sum(axis=-1, keepdims=True)], axis=-1), 0.5)))
