"""Simple forecasts printed beside ours, each from the base census and, where it says so, from other counties' growth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.forecast.cohorts import Floats, Texts, band_totals, cohort_base

TITLES: Final = {
    "no_change": ("人数不变", "no change"),
    "constant_share": ("占全国老人比重不变", "constant share of the nation's elderly"),
    "linear_share_trend": ("老年占比线性外推", "linear trend of the elderly share"),
    "province_growth": ("按本省老人增速", "growth of the province's elderly"),
    "closed_cohort": ("封闭队列（无迁移）", "closed cohort (no migration)"),
}


@dataclass(frozen=True, slots=True)
class Known:
    """What baselines may use: share changes of provinces 2000-10 by two-digit code (3,), closed-cohort log ratios
    (2, 16) from WPP survival alone."""

    share_change: dict[str, Floats]
    closed: Floats


def baselines(
    persons: Floats,
    codes: Texts,
    train_persons: Floats,
    train_outcome: Floats,
    train_codes: Texts,
    known: Known,
) -> dict[str, Floats]:
    """Elderly (m, 3 bands) ten years on for counties (m, 2, 18), growth learned from (n, 2, 18) other counties."""
    now, total = band_totals(persons.sum(axis=1)), persons.sum(axis=(1, 2))
    before, after = band_totals(train_persons.sum(axis=1)), band_totals(train_outcome.sum(axis=1))
    national = after.sum(axis=0) / before.sum(axis=0)
    province = np.array([c[:2] for c in train_codes.tolist()])
    growth = {p: after[province == p].sum(axis=0) / before[province == p].sum(axis=0) for p in np.unique(province)}
    own_province = np.array([growth.get(c[:2], national) for c in codes.tolist()])
    change = np.array([known.share_change.get(c[:2], np.zeros(3)) for c in codes.tolist()])
    closed = np.zeros_like(persons)
    closed[:, :, 2:] = cohort_base(persons) * np.exp(known.closed)
    return {
        "no_change": now,
        "constant_share": now * national,
        "linear_share_trend": np.maximum(now + change * total[:, None], 1.0),
        "province_growth": now * own_province,
        "closed_cohort": band_totals(closed.sum(axis=1)),
    }
