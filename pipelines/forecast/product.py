"""The forecast tables of the product from core Parquet and reference data: elderly by cohort survival, beds by planning
ratio and observed use, graves by deaths. Intervals stay empty: nothing here is calibrated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

METHOD_VERSION = "cohort-survival-1"
BASE, LAST = 2020, 2035
_AGES = 101
_BANDS = {"60+": 60, "65+": 65, "80+": 80}


def forecast_tables(core: Path, reference: Path, seed: int) -> dict[str, pl.DataFrame]:
    people = pl.read_parquet(core / "fct_population.parquet").filter((pl.col("year") == BASE) & (pl.col("basis") == "resident"))
    mortality = pl.read_parquet(reference / "mortality.parquet").filter(pl.col("geography") == "China")
    parameters = dict(pl.read_parquet(reference / "parameters.parquet").select("parameter_id", "value").iter_rows())
    codes = people["county_code"].unique().sort().to_list()
    persons = np.stack([[_single(people, c, s) for s in ("male", "female")] for c in codes])
    rates = {year: np.stack([_rates(mortality, year, s) for s in ("male", "female")]) for year in range(BASE, LAST + 1)}
    path, deaths = [persons], []
    for year in range(BASE, LAST):
        survived = path[-1] * np.exp(-rates[year])
        deaths.append((path[-1] - survived).sum(axis=(1, 2)))
        older = np.zeros_like(survived)
        older[..., 1:] = survived[..., :-1]
        older[..., -1] += survived[..., -1]
        path.append(older)
    deaths.append((path[-1] * (1 - np.exp(-rates[LAST]))).sum(axis=(1, 2)))
    years = range(BASE, LAST + 1)
    elderly = pl.DataFrame(
        [{"county_code": c, "year": y, "age_band": b, "sex": s, "p2_5": None, "p10": None, "p50": float(v), "p90": None, "p97_5": None, "method_version": METHOD_VERSION}
         for i, c in enumerate(codes) for y, grid in zip(years, path, strict=True) for b, a in _BANDS.items()
         for s, v in (("male", grid[i, 0, a:].sum()), ("female", grid[i, 1, a:].sum()), ("both", grid[i, :, a:].sum()))],
        schema_overrides=dict.fromkeys(("p2_5", "p10", "p90", "p97_5"), pl.Float64),
    )  # fmt: skip
    return {"forecast_elderly": elderly, "forecast_beds": _beds(core, elderly, parameters), "forecast_graves": _graves(core, codes, years, deaths)}


def _single(people: pl.DataFrame, code: str, sex: str) -> np.ndarray:
    ages = np.zeros(_AGES)
    for r in people.filter((pl.col("county_code") == code) & (pl.col("sex") == sex)).iter_rows(named=True):
        last = min(r["age_to"] if r["age_to"] is not None else 94, _AGES - 1)
        ages[r["age_from"] : last + 1] += r["persons"] / (last - r["age_from"] + 1)
    return ages


def _rates(mortality: pl.DataFrame, year: int, sex: str) -> np.ndarray:
    start = year // 5 * 5
    rows = mortality.filter((pl.col("period") == f"{start}-{start + 5}") & (pl.col("sex") == sex)).sort("age_from")
    index = np.searchsorted(rows["age_from"].to_numpy(), np.arange(_AGES), side="right") - 1
    return rows["death_rate"].to_numpy()[index]


def _beds(core: Path, elderly: pl.DataFrame, parameters: dict[str, float]) -> pl.DataFrame:
    observations = pl.read_parquet(core / "fct_observation.parquet").filter(pl.col("restates").is_null() & pl.col("value").is_not_null())
    targets = observations.filter((pl.col("indicator_id") == "beds_per_1000_elderly") & (pl.col("measure") == "target") & (pl.col("target_level") == "county"))
    planned = dict(targets.group_by("county_code").agg(pl.col("value").max()).iter_rows())
    base = observations.filter((pl.col("indicator_id") == "elderly_care_beds") & (pl.col("measure") == "actual") & (pl.col("period_end") == BASE))
    beds = dict(base.group_by("county_code").agg(pl.col("value").first()).iter_rows())
    projects = pl.read_parquet(core / "fct_project.parquet")
    new = pl.read_parquet(core / "fct_project_output.parquet").filter(
        (pl.col("output") == "beds") & (pl.col("increment") == "new") & (pl.col("bed_class") == "elderly") & pl.col("counted")
    ).join(projects.select("project_id", "county_code", "end_year"), on="project_id")
    rows = []
    use = parameters["institution_use_rate"] / parameters["occupancy"]
    for r in elderly.filter((pl.col("age_band") == "60+") & (pl.col("sex") == "both")).iter_rows(named=True):
        code, year = r["county_code"], r["year"]
        added = new.filter((pl.col("county_code") == code) & (pl.col("end_year").fill_null(2025) <= year))["quantity"].sum()
        for scenario, extra in (("natural", 0.0), ("policy", added)):
            supply = beds[code] + extra if code in beds else None
            for estimator, per_person in (("planning_ratio", planned.get(code, np.nan) / 1000), ("planning_norm", parameters["planning_norm_beds"] / 1000), ("observed_use", use)):
                if np.isnan(per_person):
                    continue
                need = r["p50"] * per_person
                rows.append({"county_code": code, "year": year, "scenario": scenario, "estimator": estimator, "bed_type": "all", "definition": "none",
                             "demand_p10": None, "demand_p50": need, "demand_p90": None, "supply": supply, "supply_status": None if supply is not None else "not_reported",
                             "shortage_p50": max(need - supply, 0.0) if supply is not None else None, "idle_p50": max(supply - need, 0.0) if supply is not None else None,
                             "probability_short": None, "method_version": METHOD_VERSION})
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(pl.col("demand_p10", "demand_p90", "supply", "shortage_p50", "idle_p50", "probability_short").cast(pl.Float64), pl.col("supply_status").cast(pl.String))


def _graves(core: Path, codes: list[str], years: range, deaths: list[np.ndarray]) -> pl.DataFrame:
    projects = pl.read_parquet(core / "fct_project.parquet").select("project_id", "county_code", "end_year")
    outputs = pl.read_parquet(core / "fct_project_output.parquet").filter(pl.col("output").is_in(["graves", "eco_graves", "niches"]) & (pl.col("increment") == "new") & pl.col("counted")).join(projects, on="project_id")
    rows = []
    for i, code in enumerate(codes):
        mine = outputs.filter(pl.col("county_code") == code)
        used = 0.0
        for year, died in zip(years, deaths, strict=True):
            capacity = mine.filter(pl.col("end_year").fill_null(2025) <= year)["quantity"].sum() if mine.height else None
            used += float(died[i])
            rows.append({"county_code": code, "year": year, "scenario": "natural", "deaths_p50": float(died[i]), "interments_p50": float(died[i]), "capacity": capacity,
                         "capacity_status": None if capacity is not None else "not_reported", "remaining_p10": None, "remaining_p50": capacity - used if capacity is not None else None,
                         "remaining_p90": None, "depletion_year_p10": None, "depletion_year_p50": None, "depletion_year_p90": None, "method_version": METHOD_VERSION})
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(pl.col("capacity", "remaining_p10", "remaining_p50", "remaining_p90").cast(pl.Float64), pl.col("capacity_status").cast(pl.String), pl.col("depletion_year_p10", "depletion_year_p50", "depletion_year_p90").cast(pl.Int64))
