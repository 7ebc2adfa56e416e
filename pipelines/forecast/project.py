"""The entry of the engine: counties and a model in, elderly, ages and deaths for every year out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecast import annual
from pipelines.forecast.bands import NORMAL, ten_year_offsets
from pipelines.forecast.cohorts import (
    BANDS,
    COHORTS,
    DECADE,
    GROUP_STARTS,
    GROUPS,
    SEXES,
    Floats,
    Ints,
    Texts,
    band_totals,
)
from pipelines.forecast.counties import Census, Counties
from pipelines.forecast.errors import Problem, problem
from pipelines.forecast.features import carried_forward, features, unknown_of_book, without_ages
from pipelines.forecast.inputs import unknown_flags
from pipelines.forecast.intervals import STEP, annual_offsets, calibrated, error_size, log_offsets
from pipelines.forecast.model import expect, standardised
from pipelines.forecast.mortality import Mortality, cohort_log_survival, consistency
from pipelines.forecast.own import own_part, suspected_boundary
from pipelines.forecast.pooled import doubtful_districts, pooled_areas, without_pool
from pipelines.forecast.ratios import deviations
from pipelines.forecast.shelf import FORMS, shelf_lives
from pipelines.forecast.shipped import ForecastModel
from pipelines.forecast.split import WITHOUT_AGES, split_offsets, with_split, without_ages_wider

QUANTILE_NAMES: Final = ("p2_5", "p10", "p50", "p90", "p97_5")
LONGEST: Final = 20
ROUNDING: Final = 1e-9
DEFAULT_SEED: Final = 20201101
Axis = Sequence[str] | Texts | Ints


@dataclass(frozen=True, slots=True)
class Projection:
    """Everything projected for a batch, as long frames; `flags` are what a reader must be told.

    bands: county_code, year, age_band, sex, p2_5 … p97_5, method_version, shelf_life_years (see `shelf`).
    pooled: as bands for the urban area (`pooled`) of each prefecture with a district whose boundary is in doubt; members
    are its districts' codes joined by ";".
    ages: county_code, year, sex, age_from, age_to (null = 85+), p50: persons in five-year groups.
    deaths: county_code, year, sex, p2_5 … p97_5: deaths in the twelve months up to 1 November of the year, all ages.
    Persons on 1 November of each year.
    """

    bands: pl.DataFrame
    ages: pl.DataFrame
    deaths: pl.DataFrame
    pooled: pl.DataFrame
    flags: tuple[Problem, ...]


def project(
    counties: Counties,
    model: ForecastModel,
    *,
    to: int = 2035,
    draws: int = 1000,
    seed: int = DEFAULT_SEED,
    mortality: Mortality | None = None,
) -> pl.DataFrame:
    """Elderly of every county, every year from the latest census to `to`.

    Returns county_code, year, age_band ('60+', '65+', '80+'), sex ('male', 'female', 'both'), p2_5, p10, p50, p90,
    p97_5 (persons on 1 November), method_version. Same inputs and seed give the same numbers. mortality overrides
    the WPP 2024 rates in the model. Raises ValueError for a horizon before the census or beyond 20 years.
    """
    return project_all(counties, model, to=to, draws=draws, seed=seed, mortality=mortality).bands


def project_all(
    counties: Counties,
    model: ForecastModel,
    *,
    to: int = 2035,
    draws: int = 1000,
    seed: int = DEFAULT_SEED,
    mortality: Mortality | None = None,
) -> Projection:
    """As `project`, with five-year age groups and deaths per year, and the flags of the batch."""
    base_year = counties.latest.year
    years = to - base_year
    if not 1 <= years <= LONGEST:
        raise ValueError(
            f"预测年份须在 {base_year + 1}–{base_year + LONGEST} / "
            f"the horizon must lie in {base_year + 1}-{base_year + LONGEST}, not {to}"
        )
    rates = model.mortality if mortality is None else mortality
    made = _projected(counties, model, rates, years, draws, seed)
    doubtful = doubtful_districts(counties.codes, counties.districts, made.flags)
    areas, members = pooled_areas(counties, doubtful)
    around = made.bands.clear() if areas is None else _projected(areas, model, rates, years, draws, seed).bands
    joined = pl.col("county_code").replace_strict({a: ";".join(m) for a, m in members.items()}, default="")
    return replace(
        made,
        pooled=around.with_columns(joined.cast(pl.String).alias("members")),
        flags=made.flags + without_pool(doubtful, members),
    )


def _projected(
    counties: Counties, model: ForecastModel, rates: Mortality, years: int, draws: int, seed: int
) -> Projection:
    base_year = counties.latest.year
    nation = model.nation(base_year)
    persons = annual.split_thin(counties.latest.persons, counties.thin, counties.unsexed, nation.persons)
    county = ten_year_deviations(counties, persons, model)
    shares = annual.within_group_shares(nation.single_ages)
    path = national_log_path(model, rates, base_year, years)
    log_deviation = annual.deviation_path(county.deviation, model.persistence, years)
    factors = persons[:, None, :, :] * np.exp(log_deviation)[:, :, None, :]
    bands = _both(np.einsum("ntsg,tbsg->ntbs", factors, annual.band_weights(shares, path), optimize=True))
    ages, deaths = annual.ages_and_deaths(factors, shares, path, rates, base_year)
    # The census itself as it was counted: the shares of single ages in a group add up to 1 up to the last digits only.
    bands[:, 0], ages[:, 0] = _both(np.moveaxis(band_totals(persons), -1, 1)), persons
    offsets = _band_offsets(counties, model, persons, county, path, shares, draws, seed)
    of_split = split_offsets(base_year, counties.thin, counties.unsexed, years)
    of_year = with_split(annual_offsets(offsets, years), of_split)
    quantiles = bands[..., None] * np.exp(of_year)
    dying = deaths_quantiles(_both(deaths), of_year, model.death_spread)
    return Projection(
        _band_frame(
            counties, quantiles, base_year, model.method_version, _shelf_lives(counties, persons, county.unknown, model)
        ),
        _age_frame(counties, ages, base_year),
        _death_frame(counties, dying, base_year, model.method_version),
        pl.DataFrame(),
        counties.flags + county.flags,
    )


def deaths_quantiles(deaths: Floats, offsets: Floats, death_spread: float) -> Floats:
    """Quantiles (n, T+1, 3 sexes, 5) of deaths (n, T+1, 3) whose rate scatters by `death_spread` (log) and whose elderly are
    as uncertain as those 60+ of the year: offsets (n, T+1, 3 bands, 3 sexes, 5). The two are independent."""
    log = np.sign(NORMAL) * np.hypot(death_spread * NORMAL, offsets[:, :, 0, 2])
    return np.asarray(deaths[..., None] * np.exp(log)[:, :, None])


def _shelf_lives(counties: Counties, persons: Floats, unknown: Floats, model: ForecastModel) -> Floats:
    """Years (n, 3): those of the backtest's form that a county is forecast in, all features known or not."""
    widen = np.where(counties.thin, model.thin_factor, 1.0)
    form = np.searchsorted(list(FORMS.values()), unknown - ROUNDING)
    residents = persons.sum(axis=(1, 2))
    years = [shelf_lives(model.record.get(key, {}), counties.districts, residents, widen) for key in FORMS]
    return np.stack(years)[form, np.arange(len(counties))]


@dataclass(frozen=True, slots=True)
class CountyDeviations:
    """Ten-year log deviations (n, 16) from the nation before shrinkage, size of error (n, 16), log distance of quantiles from
    the median after ten years (n, 3 bands, 5) without the error of a split, share (n,) of the book's features that is unknown, and flags."""

    deviation: Floats
    size: Floats
    offsets: Floats
    unknown: Floats
    flags: tuple[Problem, ...]


def ten_year_deviations(counties: Counties, persons: Floats, model: ForecastModel) -> CountyDeviations:
    """Expectation plus the believed part of the county's own record (FORECAST §2.4-2.5).

    A county followed from an earlier census takes the expectation of its decade just observed (features of the earlier
    census, which is what the model learned from); one that is not takes that of its latest census, with registered
    population and vital rates carried forward or, unknown, at their conditional mean.
    """
    known = _known(counties, counties.latest, model)
    residual = np.full((len(counties), COHORTS), np.nan)
    if counties.earlier is not None:
        earlier = _known(counties, counties.earlier, model)
        known = carried_forward(known, earlier)
        followed = ~np.isnan(counties.earlier.persons).any(axis=(1, 2)) & ~counties.thin
        known[followed] = earlier[followed]
        residual[followed] = deviations(counties.earlier.persons[followed], persons[followed], model.reference)
    unknown, flags = unknown_of_book(known), unknown_flags(counties.codes, known)
    widen = model.book_factor**unknown
    known[counties.thin] = without_ages(known[counties.thin])
    expected = expect(model.expectation, known, counties.codes)
    residual -= expected
    offset = (model.reference - model.national).mean(axis=0)
    z = standardised(model.expectation, known)
    size = error_size(model.spread, z) * (widen * np.where(counties.thin, WITHOUT_AGES.mean(), 1.0))[:, None]
    of_bands = ten_year_offsets(
        model.band_errors, model.expectation, z, persons, counties.codes, counties.districts, widen
    )
    offsets = without_ages_wider(of_bands, counties.thin, known)
    suspects = counties.codes[suspected_boundary(residual)]
    return CountyDeviations(
        expected + own_part(residual, model.own_weight) + offset,
        size,
        offsets,
        unknown,
        tuple(problem("boundary_suspected", str(code)) for code in suspects) + flags,
    )


def _known(counties: Counties, census: Census, model: ForecastModel) -> Floats:
    nation = model.nation(census.year)
    return features(counties.codes, census, nation.persons, nation.covariates)


def national_log_path(model: ForecastModel, rates: Mortality, base_year: int, years: int) -> Floats:
    """National log change (years + 1, 2, 111) of cohorts: WPP survival and the census-consistency factor."""
    first = model.nations[0]
    factor = consistency(model.national, first.single_ages, rates, first.year)
    survival = cohort_log_survival(rates, base_year, years)
    return annual.national_path(annual.within_group_shares(model.nation(base_year).single_ages), survival, factor)


def _band_offsets(
    counties: Counties,
    model: ForecastModel,
    persons: Floats,
    county: CountyDeviations,
    path: Floats,
    shares: Floats,
    draws: int,
    seed: int,
) -> Floats:
    """Quantile offsets (n, steps, 3, 3, 5) from the Monte Carlo kernel in five-year steps."""
    steps = max(-(-(len(path) - 1) // STEP), DECADE // STEP)
    full = _extended(path, steps * STEP)
    survival = step_survival(model, shares, full, counties.latest.year)
    log_deviation = annual.deviation_path(county.deviation, model.persistence, steps * STEP)[:, ::STEP]
    moved = np.diff(log_deviation, axis=1)
    mean = np.zeros((len(counties), steps, GROUPS))
    for step in range(steps):
        source = np.maximum(np.arange(GROUPS) - step, 0)
        mean[:, step] = moved[:, step, source]
    decade = slice(0, DECADE // STEP)
    given = persons, survival, mean, county.size, counties.districts, draws, seed
    ten = persons, survival[decade], mean[:, decade], county.size, counties.districts, draws, seed
    plain = log_offsets(model.spread, *ten, shocks=False)[:, -1, :, 2]
    return calibrated(log_offsets(model.spread, *given), plain, county.offsets)


def step_survival(model: ForecastModel, shares: Floats, path: Floats, base_year: int) -> Floats:
    """National factor (steps, 2, 18) of each age group to the next in each five-year step, from the annual path."""
    weights = annual.group_weights(shares, path)[::STEP]
    nation = model.nation(base_year).persons
    stock = np.einsum("sg,tasg->tsga", nation, weights)
    survival = np.ones((len(weights) - 1, 2, GROUPS))
    for step in range(len(survival)):
        for group in range(GROUPS):
            before = stock[step, :, :, group]
            origin = before.sum(axis=0) > 0
            after = stock[step + 1][:, origin, :].sum(axis=(1, 2))
            total = before[:, origin].sum(axis=1)
            survival[step, :, group] = np.where(total > 0, after / np.maximum(total, 1e-9), 1.0)
    return survival


def _extended(path: Floats, years: int) -> Floats:
    """The path carried on at its last year's change where the horizon is not a whole number of steps."""
    missing = years + 1 - len(path)
    if missing <= 0:
        return path
    last = path[-1] - path[-2]
    return np.concatenate([path, path[-1] + last * np.arange(1, missing + 1)[:, None, None]])


def _both(by_sex: Floats) -> Floats:
    return np.concatenate([by_sex, by_sex.sum(axis=-1, keepdims=True)], axis=-1)


def _band_frame(counties: Counties, quantiles: Floats, base_year: int, version: str, shelf: Floats) -> pl.DataFrame:
    n, times, bands, sexes, _ = quantiles.shape
    axes: dict[str, Axis] = {
        "county_code": counties.codes,
        "year": base_year + np.arange(times),
        "age_band": list(BANDS),
        "sex": [*SEXES, "both"],
    }
    return _grid(axes).with_columns(
        *(pl.Series(name, quantiles[..., q].ravel()) for q, name in enumerate(QUANTILE_NAMES)),
        pl.lit(version).alias("method_version"),
        pl.Series(
            "shelf_life_years", np.broadcast_to(shelf[:, None, :, None], (n, times, bands, sexes)).ravel()
        ).fill_nan(None),
    )


def _age_frame(counties: Counties, ages: Floats, base_year: int) -> pl.DataFrame:
    axes: dict[str, Axis] = {
        "county_code": counties.codes,
        "year": base_year + np.arange(ages.shape[1]),
        "sex": list(SEXES),
        "age_from": np.array(GROUP_STARTS),
    }
    last = pl.when(pl.col("age_from") < GROUP_STARTS[-1]).then(pl.col("age_from") + 4)
    return _grid(axes).with_columns(last.alias("age_to"), pl.Series("p50", ages.ravel()))


def _death_frame(counties: Counties, deaths: Floats, base_year: int, version: str) -> pl.DataFrame:
    deaths = deaths[:, 1:]
    axes: dict[str, Axis] = {
        "county_code": counties.codes,
        "year": base_year + 1 + np.arange(deaths.shape[1]),
        "sex": [*SEXES, "both"],
    }
    return _grid(axes).with_columns(
        *(pl.Series(name, deaths[..., q].ravel()) for q, name in enumerate(QUANTILE_NAMES)),
        pl.lit(version).alias("method_version"),
    )


def _grid(axes: Mapping[str, Axis]) -> pl.DataFrame:
    """Every combination of the values of the axes, the first slowest: the order in which an array of these axes ravels."""
    sizes = [len(values) for values in axes.values()]
    columns = []
    for place, (name, values) in enumerate(axes.items()):
        inner, outer = prod(sizes[place + 1 :]), prod(sizes[:place])
        index = np.tile(np.repeat(np.arange(len(values), dtype=np.uint32), inner), outer)
        columns.append(pl.Series(name, values).gather(index))
    return pl.DataFrame(columns)
