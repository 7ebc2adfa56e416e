"""Single years of age and single calendar years: from five-year groups on census day to every 1 November after it.

Single ages within a group follow the nation's births by census year (November to October) and their survival, so that
the notch of 1959-61 and the wave of 1962-75 arrive in the right year. The nation's printed single ages, a mean over
the year, would smear that edge. Ages born before the birth series are interpolated log-linearly.
"""

from __future__ import annotations

import numpy as np

from pipelines.forecast.cohorts import BANDS, COHORTS, DECADE, GROUP_STARTS, GROUPS, Bools, Floats, Ints
from pipelines.forecast.mortality import AGES, Mortality, cohort_births, cohort_of_age, hazards, smooth_hazards

FINE_GROUPS = 21
"""National groups 0-4 … 95-99, 100+."""
BROAD = ((0, 3), (3, 12), (12, 13), (13, GROUPS))
"""The five-year groups in 0-14, 15-59, 60-64 and 65+: what a thin input gives."""


def national_single_ages(fine: Floats, mortality: Mortality, year: int) -> Floats:
    """The nation at single ages (2, 111) from its 21 five-year groups (2, 21) on 1 November of a census year."""
    group = np.minimum(np.arange(AGES) // 5, FINE_GROUPS - 1)
    survival = _survival_since_birth(mortality, year)
    known = np.arange(AGES) < year - int(mortality.birth_years[0])
    born = np.array([cohort_births(mortality, year - age) if k else 1.0 for age, k in enumerate(known)])
    middle = np.arange(FINE_GROUPS) * 5 + 2.0
    single = np.empty((2, AGES))
    for sex in range(2):
        smooth = np.exp(np.interp(np.arange(AGES), middle, np.log(fine[sex])))
        tail = np.exp(-np.cumsum(hazards(mortality, year)[sex]))
        smooth[100:] = tail[100:]
        whole_group_known = np.array([known[group == g].all() for g in range(FINE_GROUPS)])
        shape = np.where(whole_group_known[group], born * survival[sex], smooth)
        total = np.bincount(group, weights=shape, minlength=FINE_GROUPS)
        single[sex] = shape * (fine[sex] / total)[group]
    return single


def within_group_shares(single: Floats) -> Floats:
    """Share (2, 111) of each single age in its five-year group of the 18, from national single ages."""
    group = group_of_age()
    total = np.stack([np.bincount(group, weights=single[sex], minlength=GROUPS) for sex in range(2)])
    return np.asarray(single / total[:, group])


def group_of_age() -> Ints:
    """Index (111,) of the five-year group (of 18) of each single age."""
    return np.minimum(np.arange(AGES) // 5, GROUPS - 1)


def national_path(shares: Floats, survival: Floats, consistency: Floats) -> Floats:
    """National log change (T+1, 2, 111) of each cohort since the base year: WPP survival plus consistency factor.

    The factor (2, 16) is per decade and belongs to the cohort's age at the start of each decade. shares are taken
    for their shape only (2, 111).
    """
    assert shares.shape == survival.shape[1:]
    cohort = cohort_of_age()
    later = np.minimum(cohort + 2, COHORTS - 1)
    elapsed = np.arange(len(survival))[:, None, None]
    first, second = np.minimum(elapsed, DECADE) / DECADE, np.maximum(elapsed - DECADE, 0) / DECADE
    return np.asarray(survival + first * consistency[:, cohort] + second * consistency[:, later])


def deviation_path(deviation: Floats, persistence: float, years: int) -> Floats:
    """County log deviations (n, T+1, 18) of each base-year group, from ten-year deviations (n, 16).

    A county's distance from the nation shrinks by `persistence` per decade (FORECAST §2.6).
    """
    of_group = np.minimum(np.arange(GROUPS), COHORTS - 1)
    later = np.minimum(of_group + 2, COHORTS - 1)
    elapsed = np.arange(years + 1)[None, :, None]
    first, second = np.minimum(elapsed, DECADE) / DECADE, np.maximum(elapsed - DECADE, 0) / DECADE
    return np.asarray(
        persistence * first * deviation[:, None, of_group] + persistence**2 * second * deviation[:, None, later]
    )


def band_weights(shares: Floats, path: Floats) -> Floats:
    """Weights (T+1, 3, 2, 18): how many persons 60+, 65+, 80+ one person of a base-year group becomes, nationally."""
    return np.stack([_weights(shares, path, first * 5, AGES + len(path)) for first in BANDS.values()], axis=1)


def group_weights(shares: Floats, path: Floats) -> Floats:
    """Weights (T+1, 18, 2, 18): as `band_weights` for each five-year group of the later year."""
    ends = [*GROUP_STARTS[1:], AGES + len(path)]
    return np.stack([_weights(shares, path, a, b) for a, b in zip(GROUP_STARTS, ends, strict=True)], axis=1)


def death_weights(shares: Floats, path: Floats, mortality: Mortality, base_year: int) -> Floats:
    """Weights (T+1, 18, 2, 18): deaths in the year up to each 1 November per person of a base-year group, by the
    five-year age group at the start of that year. Deaths follow WPP rates alone, without a step between its periods:
    the consistency factor corrects counting, not dying. Year 0 is zero."""
    weights = np.zeros((len(path), GROUPS, 2, GROUPS))
    group, age = group_of_age(), np.arange(AGES)
    for step in range(1, len(path)):
        rate = smooth_hazards(mortality, base_year + step)
        now = np.minimum(age + step - 1, AGES - 1)
        then = np.minimum(age + step, AGES - 1)
        dying = 1 - np.exp(-0.5 * (rate[:, now] + rate[:, then]))
        died = shares * np.exp(path[step - 1]) * dying
        for sex in range(2):
            np.add.at(weights[step, :, sex], (np.minimum(now // 5, GROUPS - 1), group), died[sex])
    return weights


def newborn_deaths(mortality: Mortality, base_year: int, years: int) -> tuple[Floats, Floats]:
    """Per person of the same sex aged 0-4 in the base year: persons (T+1, 2, 18 groups) and deaths (T+1, 2, 18) of
    those born later.

    A county keeps its share of the nation's births, and their sexes those of its youngest group; they matter little for
    deaths and not at all for the elderly.
    """
    recent = sum(cohort_births(mortality, base_year - k) for k in range(5))
    persons, deaths = np.zeros((2, years + 1, 2, GROUPS))
    for born in range(1, years + 1):
        alive = np.full(2, cohort_births(mortality, base_year + born) / recent)
        for step in range(born, years + 1):
            age = step - born
            risk = smooth_hazards(mortality, base_year + step)[:, age] * (0.5 if age == 0 else 1.0)
            dying = alive * (1 - np.exp(-risk))
            alive = alive - dying
            persons[step, :, age // 5] += alive
            deaths[step, :, age // 5] += dying
    return persons, deaths


def ages_and_deaths(
    factors: Floats, shares: Floats, path: Floats, mortality: Mortality, base_year: int
) -> tuple[Floats, Floats]:
    """Persons (n, T+1, 2, 18) by age on each 1 November and deaths (n, T+1, 2) in the year before it, those born since
    among them, from base-year groups times county deviations (n, T+1, 2, 18)."""
    ages = np.einsum("ntsg,tasg->ntsa", factors, group_weights(shares, path), optimize=True)
    deaths = np.einsum("ntsg,tasg->nts", factors, death_weights(shares, path, mortality, base_year), optimize=True)
    youngest = factors[:, :1, :, :1]
    newborn, newborn_dead = newborn_deaths(mortality, base_year, len(path) - 1)
    return ages + youngest * newborn, deaths + (youngest * newborn_dead).sum(axis=3)


def split_thin(persons: Floats, thin: Bools, unsexed: Bools, nation: Floats) -> Floats:
    """Split broad age groups by the national pattern (2, 18) within `BROAD`, and unsexed counts by the national sex ratio.
    Totals of the given groups are kept."""
    split = persons.copy()
    for first, last in BROAD:
        pattern = nation[:, first:last] / nation[:, first:last].sum(axis=1, keepdims=True)
        split[thin, :, first:last] = persons[thin, :, first, None] * pattern
    share = nation / nation.sum(axis=0)
    split[unsexed] = split[unsexed].sum(axis=1, keepdims=True) * share
    return split


def coarse(persons: Floats) -> Floats:
    """Five-year groups (n, 2, 18) summed to `BROAD`, each on the first group of its span: what `split_thin` splits."""
    broad = np.zeros_like(persons)
    for first, last in BROAD:
        broad[:, :, first] = persons[:, :, first:last].sum(axis=2)
    return broad


def _weights(shares: Floats, path: Floats, age_from: int, age_to: int) -> Floats:
    weights = np.zeros((len(path), 2, GROUPS))
    group, age = group_of_age(), np.arange(AGES)
    for step in range(len(path)):
        later = age + step
        inside = (later >= age_from) & (later < age_to)
        for sex in range(2):
            value = np.where(inside, shares[sex] * np.exp(path[step, sex]), 0.0)
            weights[step, sex] = np.bincount(group, weights=value, minlength=GROUPS)
    return weights


def _survival_since_birth(mortality: Mortality, year: int) -> Floats:
    """Survival (2, 111) to the census day of those born in the census year `age` years before it."""
    log_survival = np.zeros((2, AGES))
    first = int(mortality.periods[0])
    by_year = {y: hazards(mortality, y) for y in range(first, year + 1)}
    for age in range(AGES):
        for lived in range(age + 1):
            rate = by_year[max(first, year - age + lived)][:, lived]
            log_survival[:, age] -= rate * (0.5 if lived == 0 else 1.0)
    return np.asarray(np.exp(log_survival))
