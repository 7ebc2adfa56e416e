"""The forecast tables of the product: core facts and cited parameters in, the frames of registry layer `forecast` out.
No county is named; the shipped model needs no panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.forecast import DEFAULT_NAME, cemeteries
from pipelines.forecast.areas import surrounded
from pipelines.forecast.assumptions import AssumptionSet, Parameter, assumptions_from_frame
from pipelines.forecast.beds import bed_outlook, plausibility
from pipelines.forecast.cohorts import DECADE, GROUP_STARTS, Floats
from pipelines.forecast.counties import COVARIATES, Counties, counties_from_frames
from pipelines.forecast.graves import crude_rate_rises, grave_outlook, twenty_year_test
from pipelines.forecast.mortality import with_rates
from pipelines.forecast.pooled import DOUBTS
from pipelines.forecast.project import Projection, project_all
from pipelines.forecast.sensitivity import People, tornado
from pipelines.forecast.shipped import ForecastModel, load_model
from pipelines.forecast.supply import PLANNED_OUTPUTS, READ_FOR_BEDS, bed_supply, beds_per_1000_targets

NEEDED: Final = (
    "dim_parameter",
    "fct_population",
    "fct_census_covariate",
    "fct_area_population",
    "fct_area_covariate",
    "fct_mortality",
    "fct_observation",
    "fct_project",
    "fct_project_output",
    "dim_source",
)
PERSONS: Final = NEEDED[:6]
"""Those of them that persons are projected from."""
NATION: Final = "China"
PERSISTENCE, OWN_WEIGHT, DEATH_LEVEL = "deviation_persistence", "own_record_weight", "mortality_level"
"""Assumptions on persons: what stands in the model as learned and judged; as parameters they can be changed."""
MEDIANS: Final = 2
"""Draws where the median alone is wanted: it is the path without them."""
SHARES: Final = {
    "urban_share": ("urban_residents", "resident"),
    "migrants_same_county": ("migrants_within_county", "resident"),
    "migrants_same_province": ("migrants_within_province", "resident"),
    "migrants_other_province": ("migrants_from_other_provinces", "resident"),
    "one_person_households": ("single_person_households", "family_households"),
    "elderly_households": ("households_with_65plus", "family_households"),
    "single_elderly_households": ("households_with_one_65plus", "households_with_65plus"),
    "household_population": ("family_household_members", "resident"),
}
"""Covariate of the engine → what the census counts, of what."""
PERCENT: Final = ("minority_share",)
"""Shares that the census prints in per cent."""
OF_FORECAST: Final = ("death_rate_rises", "input_flag", "pooled_urban_area")
"""Checks that find something in the projection or its input; the others hold an assumption of the plan against it."""
FLAG_COLUMNS: Final = ("county_code", "check_id", "message_zh", "message_en")


def resting(core: Mapping[str, pl.DataFrame]) -> tuple[frozenset[str], frozenset[str]]:
    """Ids of the figures of plans that forecasts read, from fct_observation, fct_project and fct_project_output: those on what stands
    and is promised of beds, without which the rest can be forecast; and those on graves and planned beds, without which a sum
    would be wrong."""
    said, made = core["fct_observation"], core["fct_project_output"]
    funeral = core["fct_project"].filter(pl.col("domain") == "funeral")["project_id"]
    places = (pl.col("output") == "facilities") & pl.col("project_id").is_in(funeral.implode())
    beds, graves = (said.filter(pl.col("indicator_id").is_in(list(i))) for i in (READ_FOR_BEDS, cemeteries.READ))
    planned = made.filter(pl.col("output").is_in([*PLANNED_OUTPUTS, *cemeteries.READ_OUTPUTS]) | places)
    return frozenset(beds["observation_id"]), frozenset([*graves["observation_id"], *planned["output_id"]])


def read_core(folder: Path, names: Sequence[str] = NEEDED) -> dict[str, pl.DataFrame]:
    """The core tables that a forecast needs, from a folder of Parquet files."""
    return {name: pl.read_parquet(folder / f"{name}.parquet") for name in names}


def forecast_tables(
    core: Mapping[str, pl.DataFrame],
    *,
    seed: int,
    assumptions: AssumptionSet | None = None,
    draws: int | None = None,
) -> dict[str, pl.DataFrame]:
    """Every forecast table from the core tables `NEEDED`, by name.

    assumptions: the named set to use; by default the cited parameters of the release (dim_parameter). Persons of another set
    carry its version in `method_version`, as beds and graves always do. draws: of persons, beds and graves alike; by default
    each has as many as its function says.
    """
    drawn: dict[str, Any] = {} if draws is None else {"draws": draws}
    chosen = assumptions or assumptions_from_frame(core["dim_parameter"], DEFAULT_NAME)
    model = load_model()
    counties = residents(core, model)
    projection = elderly_projection(core, model, seed=seed, assumptions=chosen, counties=counties, **drawn)
    codes = sorted(projection.bands["county_code"].unique().to_list())
    years = sorted(projection.bands["year"].unique().to_list())
    national = national_elderly(model, min(years))
    stated = (core[n] for n in ("fct_observation", "fct_project", "fct_project_output", "dim_source"))
    supply = bed_supply(codes, years, *stated)
    targets = beds_per_1000_targets(core["fct_observation"], core["dim_source"])
    beds = bed_outlook(projection.bands, projection.ages, supply, targets, chosen, national, seed=seed, **drawn)
    capacity = cemeteries.cemetery_capacity(core)
    graves = [
        grave_outlook(projection.deaths, cemeteries.places_in_use(capacity, kind), chosen, seed=seed, **drawn)
        .with_columns(capacity_class=pl.lit(kind))
        .join(cemeteries.classes(capacity, kind), on="county_code", how="left", maintain_order="left")
        for kind in cemeteries.CLASSES
    ]
    year = middle_year(years)
    otherwise = _otherwise(core, model, counties, projection, chosen, year, seed)
    sensitivity = tornado(projection.bands, projection.ages, supply, year, chosen, national, otherwise)
    return {
        "forecast_elderly": _versioned(projection.bands, chosen),
        "forecast_supply": supply,
        "forecast_beds": beds,
        "forecast_graves": pl.concat(graves),
        "forecast_cemetery_capacity": capacity,
        "forecast_sensitivity": sensitivity.with_columns(year=pl.lit(year)),
        "forecast_plausibility": _plausibility(core, projection, beds, supply, targets),
    }


def residents(core: Mapping[str, pl.DataFrame], model: ForecastModel) -> Counties:
    """What the censuses say of the residents of every county of the core tables `PERSONS`, and of the areas around them; a county without
    the census `base_census` is absent, with a flag."""
    ages = (
        core["fct_population"]
        .filter(pl.col("basis") == "resident")
        .select(
            "county_code",
            pl.col("year").cast(pl.Int64),
            "sex",
            pl.col("age_from").cast(pl.Int64),
            pl.col("age_to").cast(pl.Int64),
            "persons",
        )
    )
    alone = counties_from_frames(ages, census_covariates(core["fct_census_covariate"]), base_census(model))
    return surrounded(alone, core["fct_area_population"], core["fct_area_covariate"])


def elderly_projection(
    core: Mapping[str, pl.DataFrame],
    model: ForecastModel,
    *,
    seed: int,
    assumptions: AssumptionSet | None = None,
    draws: int = 1000,
    to: int = 2035,
    counties: Counties | None = None,
) -> Projection:
    """Persons, ages and deaths of `counties` (by default the `residents` of the core tables), annually to `to` from the census
    `base_census`, whatever other years a county has. Under the death rates of fct_mortality for China and the set's assumptions on persons (those it lacks are as the model has them)."""
    held = (assumptions or assumptions_from_frame(core["dim_parameter"], DEFAULT_NAME)).parameters
    rates = with_rates(model.mortality, core["fct_mortality"].filter(pl.col("geography") == NATION))
    known = residents(core, model) if counties is None else counties
    shares = {name: held[name].share for name in (PERSISTENCE, OWN_WEIGHT, DEATH_LEVEL) if name in held}
    judged = replace(
        model,
        persistence=shares.get(PERSISTENCE, model.persistence),
        own_weight=shares.get(OWN_WEIGHT, model.own_weight),
    )
    ahead = replace(rates, level=shares.get(DEATH_LEVEL, 1.0), level_after=known.latest.year)
    return project_all(known, judged, to=to, draws=draws, seed=seed, mortality=ahead)


def _otherwise(
    core: Mapping[str, pl.DataFrame],
    model: ForecastModel,
    counties: Counties,
    made: Projection,
    chosen: AssumptionSet,
    year: int,
    seed: int,
) -> dict[str, tuple[People, People]]:
    """Each assumption on persons → the medians of the projection to `year` with it at its low and at its high end."""

    def at(p: Parameter, value: float) -> People:
        if value == p.value:
            return People(made.bands, made.ages)
        other = AssumptionSet(chosen.name, {**chosen.parameters, p.parameter_id: replace(p, value=value)})
        there = elderly_projection(core, model, seed=seed, assumptions=other, draws=MEDIANS, to=year, counties=counties)
        return People(there.bands, there.ages)

    held = [chosen.parameters[name] for name in (PERSISTENCE, OWN_WEIGHT, DEATH_LEVEL) if name in chosen.parameters]
    return {p.parameter_id: (at(p, p.low), at(p, p.high)) for p in held}


def base_census(model: ForecastModel) -> int:
    """The census that counties are forecast from: the latest that the model was learned from, the same for all of them
    whatever others have or lack."""
    return model.nations[-1].year


def middle_year(years: Sequence[int]) -> int:
    """The year that sensitivity and pooled areas are shown for: a decade, which is a census, after the first of `years`, or the
    last where they end before."""
    return min(min(years) + DECADE, max(years))


def _versioned(bands: pl.DataFrame, assumptions: AssumptionSet) -> pl.DataFrame:
    if assumptions.name == DEFAULT_NAME:
        return bands
    return bands.with_columns(pl.col("method_version") + f"|{assumptions.version}")


def census_covariates(long: pl.DataFrame) -> pl.DataFrame:
    """fct_census_covariate (long) → one row per county and year with the engine's covariates; `SHARES` derived."""
    if long.is_empty():
        return pl.DataFrame(schema={"county_code": pl.String, "year": pl.Int64})
    wide = long.pivot("variable", index=["county_code", "year"], values="value").with_columns(
        pl.col("year").cast(pl.Int64)
    )
    given = set(wide.columns)
    shares = {name: pl.col(part) / pl.col(of) for name, (part, of) in SHARES.items() if {part, of} <= given}
    for name in given & set(PERCENT):  # NumPy divides; polars multiplies by 0.01, and the last digit is another
        wide = wide.with_columns(pl.Series(name, wide[name].cast(pl.Float64).fill_null(np.nan).to_numpy() / 100))
    return wide.select("county_code", "year", *(c for c in COVARIATES if c in given - shares.keys()), **shares)


def national_elderly(model: ForecastModel, year: int) -> Floats:
    """The nation's persons 60-64, 65-69, 70-74 and 75+ (4,) in the census nearest to `year`."""
    persons = model.nation(year).persons.sum(axis=0)
    starts = np.asarray(GROUP_STARTS)
    return np.array([persons[starts == a].sum() for a in (60, 65, 70)] + [persons[starts >= 75].sum()])


def _plausibility(
    core: Mapping[str, pl.DataFrame],
    projection: Projection,
    beds: pl.DataFrame,
    supply: pl.DataFrame,
    targets: pl.DataFrame,
) -> pl.DataFrame:
    base = min(projection.bands["year"])
    stated = supply.filter((pl.col("status") == "existing") & (pl.col("year") == base) & pl.col("beds").is_not_null())
    all_beds = stated.filter(pl.col("bed_type") == "all").select("county_code", "beds")
    any_beds = stated.group_by("county_code").agg(pl.col("beds").max())
    ratio = (
        core["fct_observation"]
        .filter(
            (pl.col("indicator_id") == "beds_per_1000_elderly")
            & (pl.col("measure") == "actual")
            & (pl.col("period_end") == base)
            & pl.col("restates").is_null()
        )
        .group_by("county_code")
        .agg(pl.col("value").first().alias("ratio"))
    )
    implied = any_beds.join(ratio, on="county_code").select(
        "county_code", (pl.col("beds") * 1000 / pl.col("ratio")).alias("denominator")
    )
    baseline = all_beds.join(implied, on="county_code", how="full", coalesce=True)
    census = projection.bands.filter(
        (pl.col("age_band") == "60+") & (pl.col("sex") == "both") & (pl.col("year") == base)
    ).select("county_code", pl.col("p50").alias("elderly"))
    wanted = (
        pl.concat([targets.select("county_code"), implied.select("county_code")])
        .unique()
        .join(targets, on="county_code", how="left")
    )
    found = [
        plausibility(
            beds, baseline, wanted.with_columns(pl.col("beds_per_1000").fill_null(float("inf"))), census
        ).rename({"check": "check_id"})
    ]
    plans = cemeteries.lasting(core)
    plans = plans.join(census, on="county_code", how="semi")
    if plans.height:
        test = twenty_year_test(projection.deaths, plans).filter(~pl.col("plausible"))
        found.append(test.select("county_code", pl.lit("twenty_years").alias("check_id"), "message_zh", "message_en"))
    rising = crude_rate_rises(projection.deaths, projection.ages).filter(pl.col("rises"))
    found.append(
        rising.select(
            "county_code",
            pl.lit("death_rate_rises").alias("check_id"),
            pl.format("预测粗死亡率由 {}‰ 升至 {}‰", pl.col("rate_first").round(1), pl.col("rate_last").round(1)).alias(
                "message_zh"
            ),
            pl.format(
                "the forecast crude death rate rises from {} to {} per 1,000",
                pl.col("rate_first").round(1),
                pl.col("rate_last").round(1),
            ).alias("message_en"),
        )
    )
    found.append(_input_flags(projection))
    return numbered(pl.concat(found, how="vertical_relaxed"))


def numbered(found: pl.DataFrame) -> pl.DataFrame:
    """Findings with their `number` within county and check, which stays when only digits of a sentence move."""
    wording = pl.col("message_zh").str.replace_all(r"[0-9][0-9.,]*", "")
    ordered = found.sort("county_code", "check_id", wording, "message_zh")
    number = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("county_code", "check_id").alias("number")
    of_forecast = pl.col("check_id").is_in(list(OF_FORECAST))
    about = pl.when(of_forecast).then(pl.lit("forecast")).otherwise(pl.lit("plan")).alias("about")
    return ordered.select("county_code", "check_id", number, about, "message_zh", "message_en")


def _input_flags(projection: Projection) -> pl.DataFrame:
    """What a reader must be told of a county's input, and the pooled urban area beside a district in doubt."""
    rows = [(f.county_code, "input_flag", f.zh, f.en) for f in projection.flags]
    doubtful = {f.county_code for f in projection.flags if f.code in DOUBTS}
    year = middle_year(projection.bands["year"].unique().to_list())
    shown = projection.pooled.filter(age_band="60+", sex="both", year=year)
    for area in shown.iter_rows(named=True):
        low, middle, high = (f"{area[q]:,.0f}" for q in ("p10", "p50", "p90"))
        members = area["members"].split(";")
        rows += [
            (
                code,
                "pooled_urban_area",
                f"所在地级市{len(members)}个市辖区合计，{year}年60岁及以上{middle}人（80%区间{low}—{high}）",
                f"the {len(members)} districts of its prefecture together: {middle} people aged 60+ in {year} (80 %: {low}-{high})",
            )
            for code in members
            if code in doubtful
        ]
    return pl.DataFrame(rows, schema=dict.fromkeys(FLAG_COLUMNS, pl.String), orient="row")
