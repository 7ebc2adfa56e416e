"""The projection in cases whose answer is known, its seed, and its shape."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pipelines.forecast import annual
from pipelines.forecast.cohorts import band_totals
from pipelines.forecast.counties import counties_from_frames
from pipelines.forecast.mortality import (
    AGES,
    Mortality,
    cohort_births,
    cohort_log_survival,
    consistency,
    hazards,
    smooth_hazards,
)
from pipelines.forecast.project import NORMAL, QUANTILE_NAMES, project, project_all

RATE = 0.02


def constant(mortality: Mortality, rate: float) -> Mortality:
    """Everyone dies at the same rate at every age and time."""
    return replace(mortality, rates=np.full_like(mortality.rates, rate))


def closed(shares, years, mortality, base=2020):
    """Path without consistency factor: a closed population under WPP-like rates alone."""
    return annual.national_path(shares, cohort_log_survival(mortality, base, years), np.zeros((2, 16)))


def test_closed_population_with_constant_mortality(model):
    shares = annual.within_group_shares(model.nation(2020).single_ages)
    path = closed(shares, 15, constant(model.mortality, RATE))
    weights = annual.group_weights(shares, path)
    persons = model.nation(2020).persons
    total = np.einsum("sg,tasg->t", persons, weights)
    assert total == pytest.approx(persons.sum() * np.exp(-RATE * np.arange(16)), rel=1e-9)


def test_nobody_dies_nobody_moves_persons_are_conserved(model):
    shares = annual.within_group_shares(model.nation(2020).single_ages)
    path = closed(shares, 15, constant(model.mortality, 1e-15))
    persons = model.nation(2020).persons
    by_age = np.einsum("sg,tasg->tsa", persons, annual.group_weights(shares, path))
    assert by_age.sum(axis=2) == pytest.approx(np.repeat(persons.sum(axis=1)[None], 16, axis=0), rel=1e-9)
    assert by_age[10, :, 2:17] == pytest.approx(persons[:, :15], rel=1e-9)
    assert by_age[10, :, 17] == pytest.approx(persons[:, 15:].sum(axis=1), rel=1e-9)


def survivors_and_dead(model, mortality):
    """Persons of the closed nation on each 1 November, and its deaths in each year before one."""
    shares = annual.within_group_shares(model.nation(2020).single_ages)
    path = closed(shares, 15, mortality)
    persons = model.nation(2020).persons
    alive = np.einsum("sg,tasg->t", persons, annual.group_weights(shares, path))
    return alive, np.einsum("sg,tasg->t", persons, annual.death_weights(shares, path, mortality, 2020))


def test_zero_migration_survivors_and_dead_add_up(model):
    """Each year where rates stand still; over the horizon where they fall, as survival keeps the steps of the periods."""
    still = replace(model.mortality, rates=np.broadcast_to(model.mortality.rates[-1], model.mortality.rates.shape))
    alive, dead = survivors_and_dead(model, still)
    assert alive[:-1] - alive[1:] == pytest.approx(dead[1:], rel=1e-9)
    alive, dead = survivors_and_dead(model, model.mortality)
    assert alive[0] - alive[-1] == pytest.approx(dead.sum(), rel=2e-3)


def test_each_birth_is_counted_once(model):
    """Everyone alive or dead since: persons grow by births less deaths, and the births are those of WPP for this nation."""
    still = replace(model.mortality, rates=np.broadcast_to(model.mortality.rates[-1], model.mortality.rates.shape))
    shares = annual.within_group_shares(model.nation(2020).single_ages)
    persons = model.nation(2020).persons
    factors = np.repeat(persons[None, None], 16, axis=1)
    ages, deaths = annual.ages_and_deaths(factors, shares, closed(shares, 15, still), still, 2020)
    alive, dead = ages[0].sum(axis=(1, 2)), deaths[0].sum(axis=1)
    births = np.array([cohort_births(still, year) for year in range(2016, 2036)])
    per_birth = persons[:, 0].sum() / births[:5].sum()
    assert np.diff(alive) + dead[1:] == pytest.approx(births[5:] * per_birth, rel=1e-9)


def test_fewer_births_leave_fewer_children_in_the_countys_own_sex_ratio(county, model):
    """Births of 2021-25 are six in ten of those of 2016-20, and so are the children under five."""
    births = [cohort_births(model.mortality, year) for year in range(2016, 2026)]
    youngest = project_all(counties_from_frames(county()), model).ages.filter(age_from=0).sort("year", "sex")
    of_sex = youngest.pivot("sex", index="year", values="p50").filter(pl.col("year").is_in([2020, 2025]))
    total = (of_sex["male"] + of_sex["female"]).to_numpy()
    assert total[1] / total[0] == pytest.approx(sum(births[5:]) / sum(births[:5]), rel=0.02)
    ratio = (of_sex["male"] / of_sex["female"]).to_numpy()
    assert ratio[1] == pytest.approx(ratio[0], rel=0.002)


def test_deaths_of_a_constant_population_do_not_jump_between_periods(model):
    people = model.nation(2020).single_ages
    changes = {
        name: np.diff(np.log([(people * rates(model.mortality, year)).sum() for year in range(2022, 2036)]))
        for name, rates in (("smooth", smooth_hazards), ("steps", hazards))
    }
    assert np.abs(np.diff(changes["smooth"])).max() < 0.005
    assert np.abs(np.diff(changes["steps"])).max() > 0.05


def test_deaths_of_an_ageing_county_rise_every_year(county, model):
    deaths = project_all(counties_from_frames(county()), model).deaths
    path = deaths.filter(pl.col("sex") == "both").sort("year")["p50"].to_numpy()
    assert (np.diff(path) > 0).all()


def test_smooth_rates_pass_through_the_middles_of_periods(model):
    """At 62, the middle of 60-64, and around 2027, the middle year of 2025-2029, whose rate is printed."""
    printed = model.mortality.rates[model.mortality.periods.tolist().index(2025), 0, 13]
    assert smooth_hazards(model.mortality, 2028)[0, 62] < printed < smooth_hazards(model.mortality, 2027)[0, 62]


def test_bands_equal_the_sum_of_their_ages(county, model):
    projection = project_all(counties_from_frames(county()), model)
    ages = projection.ages.filter(pl.col("age_from") >= 65).group_by("year").agg(pl.col("p50").sum()).sort("year")
    band = projection.bands.filter((pl.col("age_band") == "65+") & (pl.col("sex") == "both")).sort("year")
    assert ages["p50"].to_numpy() == pytest.approx(band["p50"].to_numpy(), rel=1e-9)


def test_base_year_is_the_census(county, model):
    counties = counties_from_frames(county())
    base = project(counties, model).filter((pl.col("year") == 2020) & (pl.col("sex") == "both")).sort("age_band")
    expected = band_totals(counties.latest.persons.sum(axis=1))[0]
    for name in QUANTILE_NAMES:
        assert base[name].to_numpy() == pytest.approx(expected, rel=1e-9)


def test_single_ages_keep_the_famine_notch(model):
    """Births of 1959-61 are few, those of 1963 many; in 2020 they are 59-61 and 57."""
    single = model.nation(2020).single_ages.sum(axis=0)
    assert single[57] > 1.6 * single[59]
    groups = np.bincount(np.minimum(np.arange(AGES) // 5, 17), weights=single)
    assert groups == pytest.approx(model.nation(2020).persons.sum(axis=0), rel=2e-3)


def test_consistency_closes_the_gap_to_the_census(model):
    first = model.nations[0]
    factor = consistency(model.national, first.single_ages, model.mortality, first.year)
    survival = cohort_log_survival(model.mortality, first.year, 10)
    path = annual.national_path(annual.within_group_shares(first.single_ages), survival, factor)
    cohort = np.minimum(np.arange(AGES) // 5, 15)
    for sex in range(2):
        after = np.bincount(cohort, weights=first.single_ages[sex] * np.exp(path[10, sex]))
        before = np.bincount(cohort, weights=first.single_ages[sex])
        assert np.log(after / before) == pytest.approx(model.national[sex], abs=1e-6)


def test_quantiles_are_ordered_and_widen(county, model):
    frame = project(counties_from_frames(county()), model).filter(pl.col("year") > 2020)
    values = frame.select(QUANTILE_NAMES).to_numpy()
    assert (np.diff(values, axis=1) > 0).all()
    band = frame.filter((pl.col("age_band") == "60+") & (pl.col("sex") == "both")).sort("year")
    width = (band["p90"] / band["p10"]).to_numpy()
    assert (np.diff(width) > 0).all()
    assert width[9] >= (1.025**2) * 0.999


def test_intervals_of_deaths_grow_with_those_of_the_elderly(county, model):
    """Each year's own: the scatter of death rates and the 60+ of that year, together as independent errors."""
    made = project_all(counties_from_frames(county()), model)
    both = pl.col("sex") == "both"
    dying = made.deaths.filter(both).sort("year").select(QUANTILE_NAMES).to_numpy()
    elderly = made.bands.filter(both, age_band="60+").filter(pl.col("year") > 2020).sort("year")
    log, of_elderly = (np.log(q / q[:, 2:3]) for q in (dying, elderly.select(QUANTILE_NAMES).to_numpy()))
    assert (np.diff(log[:, 3]) > 0).all() and (np.diff(log[:, 1]) < 0).all()
    assert log**2 == pytest.approx(of_elderly**2 + (model.death_spread * NORMAL) ** 2, rel=1e-6)


def test_same_seed_same_numbers_other_seed_other_intervals(county, model):
    counties = counties_from_frames(county())
    a, b, c = (project(counties, model, seed=s) for s in (7, 7, 8))
    assert a.equals(b)
    assert a["p50"].equals(c["p50"]) and not a["p10"].equals(c["p10"])


def test_a_batch_equals_its_counties_alone(county, model):
    two = counties_from_frames(pl.concat([county("530498", size=1e5), county("530499", size=3e5)]))
    alone = project(counties_from_frames(county("530499", size=3e5)), model)
    assert project(two, model).filter(pl.col("county_code") == "530499")["p90"].to_numpy() == pytest.approx(
        alone["p90"].to_numpy(), rel=1e-5
    )


def test_horizon_is_checked(county, model):
    counties = counties_from_frames(county())
    for to in (2020, 2060):
        with pytest.raises(ValueError, match="horizon"):
            project(counties, model, to=to)
    assert project(counties, model, to=2032)["year"].max() == 2032


def test_dearer_death_rates_leave_fewer_elderly(county, model):
    counties = counties_from_frames(county())
    harsh = replace(model.mortality, rates=model.mortality.rates * 1.2)
    usual, fewer = project_all(counties, model), project_all(counties, model, mortality=harsh)
    at = (pl.col("year") == 2021) & (pl.col("sex") == "both")
    assert fewer.deaths.filter(at)["p50"][0] > 1.15 * usual.deaths.filter(at)["p50"][0]
