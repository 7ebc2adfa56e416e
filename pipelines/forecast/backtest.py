"""How wrong the method is: counties of 2010 forecast to 2020 without their own outcome, against the 2020 census.

Every prediction is made by a model learned from other counties; `predict` is given the base census only, so an
outcome planted in scored units cannot change a prediction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecast import panel
from pipelines.forecast.annual import FINE_GROUPS, coarse, national_single_ages, split_thin
from pipelines.forecast.bands import LEVELS, ten_year_offsets
from pipelines.forecast.baselines import Known, baselines
from pipelines.forecast.cohorts import (
    BANDS,
    COHORTS,
    DECADE,
    GROUPS,
    Bools,
    Floats,
    Texts,
    band_totals,
    cohort_base,
)
from pipelines.forecast.counties import BOOK_COVARIATES, COVARIATES, Counties, on_their_own
from pipelines.forecast.features import FEATURES, features, unknown_of_book, without_ages
from pipelines.forecast.gates import NOT_IN_BOOK
from pipelines.forecast.model import HYPER, Hyper, expect, standardised
from pipelines.forecast.mortality import Mortality, cohort_log_survival, cohort_of_age, hazards
from pipelines.forecast.ratios import deviations, log_ratios
from pipelines.forecast.shelf import SIZE_CLASSES, class_labels, shelf_life
from pipelines.forecast.split import split_offsets, with_split, without_ages_wider
from pipelines.forecast.training import BOOK_FACTOR, Learned, learn, prepare, to_eighteen

OWN_ROWS: Final = "k-fold, own rows only"
BROAD_AGES: Final = "k-fold, own rows, broad ages"
SETTINGS: Final = ("k-fold", NOT_IN_BOOK, OWN_ROWS, BROAD_AGES, "leave one province out", "ex-ante")
FOLDS: Final = 10
BOTH: Final = 2
"""Both sexes together, among male, female, both."""
OLDER: Final = slice(8, COHORTS)
EX_ANTE_PERSISTENCE: Final = 0.5
"""Provinces' deviations persisted with slope 0.4-0.7 in earlier decades; the middle, known before 2010."""
LAST_PERIOD: Final = 2005
"""First year of the last five-year period that lies before the census forecast from."""


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Ten-year forecasts of n counties: point (n, 3 bands), quantiles (n, 3, 5) at 2.5, 10, 50, 90, 97.5 %."""

    codes: Texts
    point: Floats
    quantiles: Floats


@dataclass(frozen=True, slots=True)
class Backtest:
    """Forecasts of all pairs with what came (n, 3), baselines by name (n, 3), size-class quantiles (n, 3, 5), labels."""

    forecasts: Forecasts
    observed: Floats
    baselines: dict[str, Floats]
    size_class_quantiles: Floats
    districts: Bools
    changed: Bools
    persons: Floats
    labels: Texts


def predict(learned: Learned, book: panel.Book, counties: Counties) -> Forecasts:
    """Forecast counties of a base census ten years ahead, with intervals for units not learned from."""
    known = features(counties.codes, counties.latest, book.nation, book.national_covariates)
    widen = BOOK_FACTOR ** unknown_of_book(known)
    known[counties.thin] = without_ages(known[counties.thin])
    deviation = expect(learned.expectation, known, counties.codes)
    persons = split_thin(counties.latest.persons, counties.thin, counties.unsexed, book.nation)
    ahead = np.zeros_like(persons)
    ahead[:, :, 2:] = cohort_base(persons) * np.exp(learned.reference + deviation[:, None, :])
    point = band_totals(ahead.sum(axis=1))
    offsets = ten_year_offsets(
        learned.band_errors,
        learned.expectation,
        standardised(learned.expectation, known),
        persons,
        counties.codes,
        counties.districts,
        widen,
    )
    split = split_offsets(book.year, counties.thin, counties.unsexed, DECADE)[:, DECADE, :, BOTH]
    offsets = with_split(without_ages_wider(offsets, counties.thin, known), split)
    return Forecasts(counties.codes, point, point[..., None] * np.exp(offsets))


def cross_validate(
    pairs: panel.Pairs,
    book: panel.Book,
    places: Mapping[str, tuple[float, float]],
    labels: Texts,
    known: Known,
    hyper: Hyper = HYPER,
    *,
    known_as: Callable[[Counties], Counties] = lambda counties: counties,
) -> Backtest:
    """Leave out the counties of one label after the other, learn from the rest, forecast the left-out.

    known_as: what is known of the left-out counties (see `KNOWN_AS`). Base-year features of all counties are standardised
    together once; outcomes of the left-out are never handed over.
    """
    n = len(labels)
    made_all = prepare(pairs.base, book, places, hyper)
    point, quantiles, by_class = np.zeros((n, 3)), np.zeros((n, 3, 5)), np.zeros((n, 3, 5))
    simple: dict[str, Floats] = {}
    for label in np.unique(labels):
        test = labels == label
        seen = pairs.take(~test)
        new = not set(province_labels(pairs.base.codes[test])) <= set(province_labels(seen.base.codes))
        learned = learn(seen, book, places, hyper, new_provinces=new, made=made_all.take(~test))
        left_out = pairs.base.take(test)
        made = predict(learned, book, known_as(left_out))
        point[test], quantiles[test] = made.point, made.quantiles
        by_class[test] = _size_class_quantiles(made.point, pairs.base.take(test), learned, seen)
        rest = baselines(
            pairs.base.latest.persons[test],
            pairs.base.codes[test],
            seen.base.latest.persons,
            seen.outcome,
            seen.base.codes,
            known,
        )
        for name, value in rest.items():
            simple.setdefault(name, np.zeros((n, 3)))[test] = value
    return Backtest(
        Forecasts(pairs.base.codes, point, quantiles),
        band_totals(pairs.outcome.sum(axis=1)),
        simple,
        by_class,
        pairs.base.districts,
        pairs.changed,
        pairs.base.latest.persons.sum(axis=(1, 2)),
        labels,
    )


def without_book_rows(counties: Counties) -> Counties:
    """The same counties without `BOOK_COVARIATES`: of their prefecture and province everything is known."""
    covariates = np.where(np.isin(COVARIATES, BOOK_COVARIATES), np.nan, counties.latest.covariates)
    return replace(counties, latest=replace(counties.latest, covariates=covariates))


def broad_ages(counties: Counties) -> Counties:
    """The same counties known by their own rows alone, of ages those of 0-14, 15-59, 60-64 and 65+."""
    alone = on_their_own(counties)
    ages = replace(alone.latest, persons=coarse(alone.latest.persons))
    return replace(alone, latest=ages, thin=np.ones(len(alone), dtype=bool))


KNOWN_AS: Final[dict[str, Callable[[Counties], Counties]]] = {
    NOT_IN_BOOK: without_book_rows,
    OWN_ROWS: on_their_own,
    BROAD_AGES: broad_ages,
}
"""Forms with fewer inputs, scored beside the whole: what is left of the left-out counties' base-year information."""


def run_setting(folder: Path, setting: str, mortality: Mortality) -> Backtest:
    """One of `SETTINGS` on a panel folder. ValueError otherwise."""
    book, _, pairs = panel.read_pairs(folder)
    if setting == "ex-ante":
        made = ex_ante(pairs.base, book, folder, mortality)
        return Backtest(
            made,
            band_totals(pairs.outcome.sum(axis=1)),
            {},
            made.quantiles,
            pairs.base.districts,
            pairs.changed,
            pairs.base.latest.persons.sum(axis=(1, 2)),
            fold_labels(len(pairs.base), 1),
        )
    if setting not in SETTINGS:
        raise ValueError(f"未知的回测方式 / unknown setting {setting}")
    by_province = setting == "leave one province out"
    labels = province_labels(pairs.base.codes) if by_province else fold_labels(len(pairs.base))
    known = baseline_knowledge(folder, mortality, book.year)
    places = panel.centroids(folder)
    if setting in KNOWN_AS:
        return cross_validate(pairs, book, places, labels, known, known_as=KNOWN_AS[setting])
    return cross_validate(pairs, book, places, labels, known)


def fold_labels(n: int, folds: int = FOLDS, seed: int = 0) -> Texts:
    """Random folds as labels."""
    return np.array([f"fold {k}" for k in np.random.default_rng(seed).permutation(n) % folds])


def province_labels(codes: Texts) -> Texts:
    """Two-digit province codes as labels."""
    return np.array([c[:2] for c in codes.tolist()])


def ex_ante(counties: Counties, book: panel.Book, folder: Path, mortality: Mortality) -> Forecasts:
    """Forecast from what was known at the 2010 census: survival by `rates_before`, half of the province's own deviation of 2000-10,
    and two county signals whose effect is learned from provinces of 2000-10: residents per registered person, and
    registered deaths against national rates (old-age survival). No 2010-20 change of any unit is used.
    """
    mortality = rates_before(mortality)
    series = panel.province_series(folder)
    reference = closed_ratios(series[2010][1][0], mortality, book.year)
    before, after = to_eighteen(series[2000][1]), to_eighteen(series[2010][1])
    change = deviations(before, after, log_ratios(before[0], after[0]))
    of_province = _province_rows(folder, series[2010][0])
    migration, death = _signals(counties, book, mortality)
    province_signal = _province_signals(folder, mortality)
    loss = np.minimum(-reference.mean(axis=0), 1.0)
    codes = sorted(set(of_province) & set(province_signal))
    target = np.array([change[of_province[c]] for c in codes])[:, OLDER]
    signal = np.array([province_signal[c] for c in codes])
    signal = signal - np.median(signal, axis=0)
    columns = np.stack([np.repeat(signal[:, :1], COHORTS, axis=1), -signal[:, 1:] * loss], axis=-1)[:, OLDER]
    effect = np.linalg.lstsq(columns.reshape(-1, 2), target.ravel(), rcond=None)[0]
    own = np.array([change[of_province[c[:2]]] for c in counties.codes.tolist()])
    home = np.array([province_signal[c[:2]] for c in counties.codes.tolist()])
    deviation = EX_ANTE_PERSISTENCE * (
        own + effect[0] * (migration - home[:, 0])[:, None] - effect[1] * (death - home[:, 1])[:, None] * loss
    )
    ahead = np.zeros_like(counties.latest.persons)
    ahead[:, :, 2:] = cohort_base(counties.latest.persons) * np.exp(reference + deviation[:, None, :])
    point = band_totals(ahead.sum(axis=1))
    return Forecasts(counties.codes, point, np.repeat(point[..., None], 5, axis=2))


def rates_before(mortality: Mortality, last: int = LAST_PERIOD) -> Mortality:
    """Death rates up to the period `last`, continued at the pace of its fall from the period before; later ones unread.
    (WPP's rates of that time are estimates of today.)"""
    end = int(np.searchsorted(mortality.periods, last))
    logs = np.log(mortality.rates)
    after = np.maximum(np.arange(len(logs)) - end, 0)[:, None, None]
    kept = np.minimum(np.arange(len(logs)), end)
    return replace(mortality, rates=np.exp(logs[kept] + after * (logs[end] - logs[end - 1])))


def closed_ratios(fine: Floats, mortality: Mortality, year: int) -> Floats:
    """Ten-year log ratios (2, 16) of WPP survival alone, for the nation's ages (2, 21) in a census year."""
    single = national_single_ages(fine, mortality, year)
    survival = np.exp(cohort_log_survival(mortality, year, DECADE)[DECADE])
    cohort = cohort_of_age()
    return np.stack(
        [
            np.log(np.bincount(cohort, weights=(single * survival)[sex]) / np.bincount(cohort, weights=single[sex]))
            for sex in range(2)
        ]
    )


def baseline_knowledge(folder: Path, mortality: Mortality, year: int) -> Known:
    """What the baselines use beside the base census."""
    series = panel.province_series(folder)
    rows = _province_rows(folder, series[2010][0])
    share = {
        y: band_totals(to_eighteen(series[y][1]).sum(axis=1)) / series[y][1].sum(axis=(1, 2))[:, None]
        for y in (2000, 2010)
    }
    change = {code: share[2010][row] - share[2000][row] for code, row in rows.items()}
    return Known(change, closed_ratios(series[2010][1][0], mortality, year))


def score(forecast: Floats, observed: Floats) -> dict[str, float]:
    """MdAPE, MAPE, P90 APE, share of errors ≥ 10 %, and MALPE (mean signed error), in per cent."""
    error = forecast / observed - 1
    size = np.abs(error)
    return {
        "MdAPE": 100 * float(np.median(size)),
        "MAPE": 100 * float(size.mean()),
        "P90": 100 * float(np.quantile(size, 0.9)),
        "share10": 100 * float((size >= 0.1).mean()),
        "MALPE": 100 * float(error.mean()),
    }


def winkler(quantiles: Floats, observed: Floats, level: float) -> float:
    """Mean Winkler score relative to the outcome: width plus 2/α times the miss (n, 2) → lower is better."""
    alpha = 1 - level
    low, high = quantiles[:, 0] / observed, quantiles[:, 1] / observed
    return float((high - low + 2 / alpha * (np.maximum(low - 1, 0) + np.maximum(1 - high, 0))).mean())


def groups(test: Backtest) -> dict[str, dict[str, Bools]]:
    """Rows of each class by which results are shown."""
    bounds = np.array(list(SIZE_CLASSES.values()))
    size = np.searchsorted(bounds, test.persons, side="right")
    province = province_labels(test.forecasts.codes)
    both = class_labels(test.districts, test.persons)
    return {
        "all": {"all": np.ones(len(size), dtype=bool)},
        "type": {
            "county or city": ~test.districts,
            "district": test.districts,
            "district, unit changed in prefecture": test.districts & test.changed,
            "district, prefecture unchanged": test.districts & ~test.changed,
        },
        "size": {name: size == k for k, name in enumerate(SIZE_CLASSES)},
        "type and size": {str(c): both == c for c in np.unique(both)},
        "province": {str(p): province == p for p in np.unique(province)},
    }


def score_frame(test: Backtest, setting: str) -> pl.DataFrame:
    """All scores: setting, method, age_band, by, group, n, MdAPE … MALPE, and for ours shelf life in years,
    coverage and Winkler."""
    rows: list[dict[str, object]] = []
    for by, members in groups(test).items():
        for group, inside in members.items():
            if not inside.any():
                continue
            for column, band in enumerate(BANDS):
                observed = test.observed[inside, column]
                head = {
                    "setting": setting,
                    "age_band": band,
                    "by": by,
                    "group": group,
                    "n": int(inside.sum()),
                }
                ours = score(test.forecasts.point[inside, column], observed)
                ours["shelf_life"] = shelf_life(test.forecasts.point[inside, column] / observed - 1)
                intervals = _interval_scores(test, inside, column) if test.baselines else {}
                rows.append(head | {"method": "cohort_ratios"} | ours | intervals)
                for name, value in test.baselines.items():
                    rows.append(head | {"method": name} | score(value[inside, column], observed))
    return pl.DataFrame(rows, infer_schema_length=None)


def forecast_frame(forecasts: Forecasts, year: int, method_version: str) -> pl.DataFrame:
    """county_code, age_band, year, p2_5, p10, p50, p90, p97_5, method_version (FORECAST §4)."""
    n = len(forecasts.codes)
    flat = forecasts.quantiles.reshape(n * 3, 5)
    names = ("p2_5", "p10", "p50", "p90", "p97_5")
    return pl.DataFrame(
        {
            "county_code": np.repeat(forecasts.codes, 3),
            "age_band": list(BANDS) * n,
            "year": np.full(n * 3, year, dtype=np.int64),
            **{name: flat[:, q] for q, name in enumerate(names)},
        }
    ).with_columns(pl.lit(method_version).alias("method_version"))


def _interval_scores(test: Backtest, inside: Bools, column: int) -> dict[str, float]:
    observed = test.observed[inside, column]
    ours, theirs = test.forecasts.quantiles[inside, column], test.size_class_quantiles[inside, column]
    result = {}
    for level, (low, high) in ((80, (1, 3)), (95, (0, 4))):
        hit = (ours[:, low] <= observed) & (observed <= ours[:, high])
        result[f"coverage{level}"] = 100 * float(hit.mean())
        score_ours = winkler(ours[:, [low, high]], observed, level / 100)
        score_theirs = winkler(theirs[:, [low, high]], observed, level / 100)
        result[f"winkler{level}"] = score_ours
        result[f"winkler{level}_gain"] = 100 * (1 - score_ours / score_theirs)
    return result


def _size_class_quantiles(point: Floats, counties: Counties, learned: Learned, seen: panel.Pairs) -> Floats:
    """Intervals of the same point forecast by size class alone: quantiles of left-out errors of that class."""
    base = seen.base.latest.persons
    error = learned.band_residuals
    bounds = np.array(list(SIZE_CLASSES.values()))
    of_seen = np.searchsorted(bounds, base.sum(axis=(1, 2)), side="right")
    of_scored = np.searchsorted(bounds, counties.latest.persons.sum(axis=(1, 2)), side="right")
    result = np.zeros((*point.shape, 5))
    for k in np.unique(of_scored):
        spread = np.quantile(error[of_seen == k], LEVELS, axis=0).T
        result[of_scored == k] = point[of_scored == k][..., None] * np.exp(spread)
    return result


def _signals(counties: Counties, book: panel.Book, mortality: Mortality) -> tuple[Floats, Floats]:
    known = features(counties.codes, counties.latest, book.nation, book.national_covariates)
    migration = np.nan_to_num(np.clip(known[:, FEATURES.index("resident_to_registered")], -0.5, 0.7))
    rate = counties.latest.covariates[:, COVARIATES.index("death_rate")]
    death = _relative_mortality(counties.latest.persons, rate, mortality, book.year)
    return migration, np.nan_to_num(np.clip(death - np.nanmedian(death), -0.8, 0.8))


def _relative_mortality(persons: Floats, rate: Floats, mortality: Mortality, year: int) -> Floats:
    hazard = hazards(mortality, year)
    of_group = np.stack([hazard[:, 5 * g : 5 * g + 5].mean(axis=1) for g in range(GROUPS)], axis=1)
    expected = (persons * of_group).sum(axis=(1, 2)) / persons.sum(axis=(1, 2))
    return np.asarray(np.log(rate / 1000 / expected))


def _province_signals(folder: Path, mortality: Mortality) -> dict[str, Floats]:
    """Two-digit code → (log residents per registered person, log relative mortality) of the 2010 book."""
    rows = panel.province_rows(folder, 2010)
    death = _relative_mortality(rows.persons, rows.covariates[:, COVARIATES.index("death_rate")], mortality, 2010)
    ratio = np.log(rows.covariates[:, 0] / rows.covariates[:, 1])
    signal = np.column_stack([ratio, death - np.median(death)])
    return dict(zip([c[:2] for c in rows.codes.tolist()], signal, strict=True))


def _province_rows(folder: Path, areas: list[str]) -> dict[str, int]:
    """Two-digit code → row in the province series, by the beginning of the printed name."""
    rows = panel.province_rows(folder, 2010)
    return {
        c[:2]: next(i for i, area in enumerate(areas) if name.startswith(area))
        for c, name in zip(rows.codes.tolist(), rows.names.tolist(), strict=True)
    }


assert len(panel.PROVINCE_AGES) - 1 == FINE_GROUPS
