"""Learning the model from pairs of censuses. Only this module and `backtest` see outcomes, and only those of counties
handed to it for learning."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.forecast import panel
from pipelines.forecast.annual import coarse, national_single_ages, split_thin
from pipelines.forecast.bands import BandErrors, fit_band_errors
from pipelines.forecast.cohorts import COHORTS, Floats, Ints, band_totals, cohort_base
from pipelines.forecast.counties import COVARIATES, Counties
from pipelines.forecast.features import FEATURES, features, without_ages
from pipelines.forecast.intervals import Spread, fit_spread
from pipelines.forecast.model import (
    HYPER,
    Design,
    Expectation,
    Hyper,
    design,
    expect,
    expect_rows,
    expectation,
    fit,
    standardised,
)
from pipelines.forecast.mortality import Mortality, consistency, hazards, mortality_from_frames
from pipelines.forecast.ratios import deviations, log_ratios, national_ratios
from pipelines.forecast.shipped import ForecastModel, Nation, fingerprint, saved_arrays

METHOD: Final = "ccr-gp-3"
PERSISTENCE: Final = 0.7
OWN_WEIGHT: Final = 0.5
BOOK_FACTOR: Final = 1.3
"""Restores the coverage of left-out counties when the features of the book are taken from them: of 2,420 counties in
k-fold, the 80 % intervals of 60+, 65+ and 80+ cover 73, 72 and 69 % without it, 83, 82 and 79 % with it, and 82, 82 and
80 % where those features are known (factors from 1.15 to 1.4 were looked at)."""
INNER_FOLDS: Final = 10
IMPORTED: Final = re.compile(r"^from pipelines\.forecast(?:\.(\w+))? import ([\w, ]*)", re.MULTILINE)
PROVINCE_FOLDS: Final = 4


@dataclass(frozen=True, slots=True)
class Learned:
    """What is learned from pairs: expectation, error structure and the reference ratios (2, 16) they refer to;
    band_residuals (n, 3): log errors of the elderly of counties left out in inner folds."""

    expectation: Expectation
    spread: Spread
    band_errors: BandErrors
    reference: Floats
    band_residuals: Floats


def learn(
    pairs: panel.Pairs,
    book: panel.Book,
    places: Mapping[str, tuple[float, float]],
    hyper: Hyper = HYPER,
    shocks: tuple[float, float] = (0.0, 0.0),
    *,
    new_provinces: bool = True,
    made: Design | None = None,
) -> Learned:
    """Fit expectation and error structure on pairs. Errors are those of counties left out in inner folds.

    made: what `prepare` gives for these counties, where it is at hand (it holds base-year information only).
    new_provinces: learn also how far whole provinces err that nobody was learned from (a second set of inner folds),
    for forecasting such provinces.
    """
    base = pairs.base.latest
    known = features(pairs.base.codes, base, book.nation, book.national_covariates)
    made = prepare(pairs.base, book, places, hyper) if made is None else made
    rng = np.random.default_rng(hyper.seed)
    residuals, band_residuals = _left_out(made, pairs, rng.permutation(len(known)) % INNER_FOLDS)
    abroad = None
    if new_provinces:
        _, province = np.unique([c[:2] for c in pairs.base.codes.tolist()], return_inverse=True)
        fold = rng.permutation(province.max() + 1) % PROVINCE_FOLDS
        abroad = _left_out(made, pairs, fold[province])[1]
    reference = national_ratios(base.persons, pairs.outcome)
    whole = fit(made, np.arange(len(known)), deviations(base.persons, pairs.outcome, reference))
    learned = expectation(made, whole)
    z = standardised(learned, known)
    spread = fit_spread(z, residuals, pairs.base.districts, shocks, hyper.seed)
    bands = fit_band_errors(
        made, learned, z, base.persons, pairs.base.codes, pairs.base.districts, band_residuals, residuals, abroad
    )
    return Learned(learned, spread, bands, reference, band_residuals)


def prepare(counties: Counties, book: panel.Book, places: Mapping[str, tuple[float, float]], hyper: Hyper) -> Design:
    """Base-year information of counties ready for fitting."""
    known = features(counties.codes, counties.latest, book.nation, book.national_covariates)
    relevance = np.array(
        [hyper.prefecture_age_weight if n.startswith("age_") and n.endswith("_prefecture") else 1.0 for n in FEATURES]
    )
    return design(known, counties.codes, counties.districts, places, relevance, hyper)


def _left_out(made: Design, pairs: panel.Pairs, fold: Ints) -> tuple[Floats, Floats]:
    """Errors of counties predicted from the other folds: log cohort residuals (n, 16), log errors of bands (n, 3)."""
    persons = pairs.base.latest.persons
    residuals, ahead = np.empty((len(fold), COHORTS)), np.zeros_like(persons)
    for left_out in range(fold.max() + 1):
        seen, test = np.flatnonzero(fold != left_out), np.flatnonzero(fold == left_out)
        reference = national_ratios(persons[seen], pairs.outcome[seen])
        inner = fit(made, seen, deviations(persons[seen], pairs.outcome[seen], reference), np.float32)
        expected = expect_rows(made, inner, test)
        residuals[test] = deviations(persons[test], pairs.outcome[test], reference) - expected
        ahead[test, :, 2:] = cohort_base(persons[test]) * np.exp(reference + expected[:, None, :])
    observed, made_bands = band_totals(pairs.outcome.sum(axis=1)), band_totals(ahead.sum(axis=1))
    return residuals, np.log(np.maximum(observed, 0.5)) - np.log(np.maximum(made_bands, 0.5))


def train(folder: Path, mortality: Mortality, hyper: Hyper = HYPER) -> ForecastModel:
    """The model of the product from a panel folder (format of the reference panel) and WPP mortality."""
    base, outcome, pairs = panel.read_pairs(folder)
    series = panel.province_series(folder)
    nations = tuple(
        Nation(
            year,
            book.nation,
            national_single_ages(series[year][1][0], mortality, year),
            book.national_covariates,
        )
        for year, book in ((base.year, base), (outcome.year, outcome))
    )
    learned = learn(pairs, base, panel.centroids(folder), hyper, _shocks(series, mortality))
    model = ForecastModel(
        learned.expectation,
        learned.spread,
        learned.band_errors,
        mortality,
        learned.reference,
        log_ratios(nations[0].persons, nations[1].persons),
        nations,
        PERSISTENCE,
        OWN_WEIGHT,
        _death_spread(base, mortality),
        thin_factor(pairs, base, panel.centroids(folder), hyper),
        BOOK_FACTOR,
        {},
    )
    return replace(model, record=_record(model, folder, len(pairs.base)))


def thin_factor(pairs: panel.Pairs, book: panel.Book, places: Mapping[str, tuple[float, float]], hyper: Hyper) -> float:
    """How many times larger the median error of 60+ is, for counties not learned from, when only 0-14/15-59/60+/65+
    are known. At least 1."""
    rng = np.random.default_rng(hyper.seed)
    order = rng.permutation(len(pairs.base))
    scored, seen = pairs.take(order[: len(order) // 4]), pairs.take(order[len(order) // 4 :])
    learned = learn(seen, book, places, hyper, new_provinces=False)
    counties = scored.base
    known = features(counties.codes, counties.latest, book.nation, book.national_covariates)
    everyone = np.ones(len(counties), dtype=bool)
    persons = counties.latest.persons
    split = split_thin(coarse(persons), everyone, ~everyone, book.nation)
    errors = []
    for people, given in ((persons, known), (split, without_ages(known))):
        deviation = expect(learned.expectation, given, counties.codes)
        made = (cohort_base(people) * np.exp(learned.reference + deviation[:, None, :]))[:, :, 10:].sum(axis=(1, 2))
        errors.append(np.median(np.abs(made / scored.outcome[:, :, 12:].sum(axis=(1, 2)) - 1)))
    return max(1.0, float(errors[1] / errors[0]))


def read_mortality(folder: Path) -> Mortality:
    """WPP 2024 mortality from the two CSV files of the reference folder `demography`."""
    return mortality_from_frames(
        pl.read_csv(folder / "wpp2024_china_mx_5x5.csv", schema_overrides={"age": pl.String}),
        pl.read_csv(folder / "wpp2024_china_annual_indicators.csv"),
    )


def _shocks(series: dict[int, tuple[list[str], Floats, Floats]], mortality: Mortality) -> tuple[float, float]:
    """Log size per decade of what a new decade brings, from two past decades (2000-10, 2010-20): to provinces, whose
    deviations from the nation only partly persist; and to the nation, in elderly survival that WPP does not explain."""
    deviation, factor = [], []
    for start, end in ((2000, 2010), (2010, 2020)):
        before, after = to_eighteen(series[start][1]), to_eighteen(series[end][1])
        deviation.append(deviations(before, after, log_ratios(before[0], after[0]))[1:, 8:].mean(axis=1))
        single = national_single_ages(series[start][1][0], mortality, start)
        weight = cohort_base(before[0])[:, 8:]
        factor.append(
            (consistency(log_ratios(before[0], after[0]), single, mortality, start)[:, 8:] * weight).sum()
            / weight.sum()
        )
    slope = float(deviation[0] @ deviation[1] / (deviation[0] @ deviation[0]))
    unexplained = deviation[1] - slope * deviation[0]
    return float(1.4826 * np.median(np.abs(unexplained))), float(abs(factor[1] - factor[0]) / np.sqrt(2))


def to_eighteen(fine: Floats) -> Floats:
    """21 national groups 0-4 … 100+ → 18 groups with 85+."""
    return np.concatenate([fine[..., :17], fine[..., 17:].sum(axis=-1, keepdims=True)], axis=-1)


def _death_spread(book: panel.Book, mortality: Mortality) -> float:
    """Robust log spread over counties of registered deaths against national rates at the county's ages (2010)."""
    rate = hazards(mortality, book.year)
    of_group = np.stack([rate[:, 5 * g : 5 * g + 5].mean(axis=1) for g in range(18)], axis=1)
    persons = book.counties.latest.persons
    expected = (persons * of_group).sum(axis=(1, 2)) / persons.sum(axis=(1, 2))
    ratio = np.log(book.counties.latest.covariates[:, COVARIATES.index("death_rate")] / 1000 / expected)
    ratio = ratio[np.isfinite(ratio)]
    return float(1.4826 * np.median(np.abs(ratio - np.median(ratio))))


def method_version() -> str:
    """Name of the method with the version of the code, for forecasts by a model learned on the spot."""
    return f"{METHOD}+code.{code_version('backtest')[:8]}"


@cache
def code_version(module: str = "training") -> str:
    """SHA-256 (12 digits) over the source of a module and of all it imports from this package."""
    digest = hashlib.sha256()
    for name in sorted(sources(module)):
        digest.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    return digest.hexdigest()[:12]


def sources(module: str) -> set[str]:
    """A module of this package and those it imports, directly or through others."""
    found, new = set[str](), {module}
    while new:
        found |= new
        texts = [Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8") for name in new]
        lines = [line for text in texts for line in IMPORTED.findall(text)]
        new = {name for own, names in lines for name in ([own] if own else names.split(", "))} - found
    return found


def _record(model: ForecastModel, folder: Path, pairs: int) -> dict[str, Any]:
    """code_sha256 is that of the code which made the arrays: `code_version` of the commit that put them in the file."""
    return {
        "method_version": f"{METHOD}+{fingerprint(saved_arrays(model))}",
        "panel_sha256": panel.folder_hash(folder),
        "code_sha256": code_version(),
        "pairs": pairs,
        "censuses": [nation.year for nation in model.nations],
        "mortality": "UN DESA, World Population Prospects 2024, China (CC BY 3.0 IGO)",
        "scores": {},
    }
