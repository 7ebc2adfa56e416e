"""Beds by year from core facts: what a plan reports as standing at the base, and the net-new elderly beds of its projects
cumulated by year of completion (TERMS: purchases, relocations, conversions and psychiatric or children's beds are not net-new).
Existing and planned are never added here. Nursing beds are a nursing share × institution beds, never × all beds."""

from __future__ import annotations

from typing import Final

import polars as pl

BED_TYPES: Final = {
    "all": "elderly_care_beds",
    "institution": "institution_beds",
    "nursing": "nursing_beds",
    "community": "community_care_beds",
}
PLANNED_OUTPUTS: Final = {"beds": "all", "nursing_beds": "nursing"}
NOT_REPORTED: Final = "not_reported"
NONE_PLANNED: Final = "no net-new elderly beds in the plan"


def bed_supply(
    counties: list[str],
    years: list[int],
    observations: pl.DataFrame,
    projects: pl.DataFrame,
    outputs: pl.DataFrame,
    sources: pl.DataFrame,
) -> pl.DataFrame:
    """Supply of every county, year, status and bed type: `county_code, year, status, bed_type, beds, basis`.

    observations, projects, outputs, sources: core frames. The baseline is what a plan reports for the year before it begins (the
    latest plan counts) and stands from then on; beds is null before it and where it is not reported; basis names the line, the
    projects, or `not_reported`. A project without an end year counts from the last year of its plan.
    """
    calendar = pl.DataFrame({"year": years}, schema={"year": pl.Int64})
    grid = pl.DataFrame({"county_code": counties}).join(calendar, how="cross")
    existing = _existing(with_term(observations, sources))
    types = pl.DataFrame({"bed_type": list(BED_TYPES)})
    standing = grid.join(types, how="cross").join(existing, on=["county_code", "bed_type"], how="left")
    reported = pl.col("since") <= pl.col("year")
    standing = standing.with_columns(pl.when(reported).then(pl.col(c)) for c in ("beds", "basis"))
    standing = standing.with_columns(pl.col("basis").fill_null(NOT_REPORTED), pl.lit("existing").alias("status"))
    coming = _planned(grid, with_term(projects, sources), outputs)
    columns = ("county_code", "year", "status", "bed_type", "beds", "basis")
    return pl.concat([standing.select(columns), coming.select(columns)])


def with_term(rows: pl.DataFrame, sources: pl.DataFrame) -> pl.DataFrame:
    """Rows of core with the first and last year of the plan that states them: `plan_start`, `plan_end`, from dim_source."""
    terms = sources.select("source_id", plan_start="period_start", plan_end="period_end").cast({"^plan_.*$": pl.Int64})
    return rows.join(terms, on="source_id", how="left", maintain_order="left")


def beds_per_1000_targets(observations: pl.DataFrame, sources: pl.DataFrame) -> pl.DataFrame:
    """The county's own target of beds per 1,000 elderly, in the term of its plan: `county_code, beds_per_1000` (the highest when
    several are printed)."""
    mine = _stated(with_term(observations, sources)).filter(
        (pl.col("indicator_id") == "beds_per_1000_elderly")
        & (pl.col("measure") == "target")
        & (pl.col("target_level") == "county")
        & (pl.col("period_end") >= pl.col("plan_start"))
    )
    return mine.group_by("county_code").agg(pl.col("value").max().alias("beds_per_1000"))


def _stated(observations: pl.DataFrame) -> pl.DataFrame:
    return observations.filter(pl.col("restates").is_null() & pl.col("value").is_not_null())


def _existing(observations: pl.DataFrame) -> pl.DataFrame:
    baseline = _stated(observations).filter(
        (pl.col("measure") == "actual")
        & (pl.col("period_end") == pl.col("plan_start") - 1)
        & (pl.col("place") != "actuals")
    )
    baseline = baseline.filter(pl.col("plan_start") == pl.col("plan_start").max().over("county_code"))
    names = {indicator: bed_type for bed_type, indicator in BED_TYPES.items()}
    counted = (
        baseline.filter(pl.col("indicator_id").is_in(list(names)) & pl.col("breakdown").is_null())
        .sort("source_line", "observation_id")
        .unique(["county_code", "indicator_id"], keep="first", maintain_order=True)
        .select(
            "county_code",
            pl.col("indicator_id").replace_strict(names).alias("bed_type"),
            pl.col("value").alias("beds"),
            pl.format("line {}", "source_line").alias("basis"),
            pl.col("period_end").cast(pl.Int64).alias("since"),
        )
    )
    share = (
        baseline.filter(pl.col("indicator_id") == "nursing_bed_share")
        .sort("source_line")
        .unique("county_code", keep="first", maintain_order=True)
        .select("county_code", pl.col("value").alias("share"), pl.col("source_line").alias("share_line"))
    )
    derived = (
        counted.filter(pl.col("bed_type") == "institution")
        .join(share, on="county_code")
        .join(counted.filter(pl.col("bed_type") == "nursing"), on="county_code", how="anti")
        .select(
            "county_code",
            pl.lit("nursing").alias("bed_type"),
            (pl.col("share") * pl.col("beds") / 100).round().alias("beds"),
            pl.format("line {} x {}", "share_line", "basis").alias("basis"),
            "since",
        )
    )
    return pl.concat([counted, derived])


def _planned(grid: pl.DataFrame, projects: pl.DataFrame, outputs: pl.DataFrame) -> pl.DataFrame:
    added = (
        outputs.filter(
            pl.col("output").is_in(list(PLANNED_OUTPUTS))
            & (pl.col("increment") == "new")
            & (pl.col("bed_class") == "elderly")
            & pl.col("counted")
        )
        .join(projects.select("project_id", "county_code", "end_year", "plan_end", "commitment"), on="project_id")
        .select(
            "county_code",
            pl.col("output").replace_strict(PLANNED_OUTPUTS).alias("bed_type"),
            pl.col("end_year").fill_null(pl.col("plan_end")).cast(pl.Int64),
            "quantity",
            "commitment",
        )
    )
    kinds = added.group_by("county_code", "bed_type").agg(
        pl.when((pl.col("commitment") == "reserve").any())
        .then(pl.lit("reserve list"))
        .otherwise(pl.lit("projects"))
        .alias("basis")
    )
    types = pl.DataFrame({"bed_type": list(PLANNED_OUTPUTS.values())})
    cells = grid.join(types, how="cross")
    built = (
        cells.join(added, on=["county_code", "bed_type"], how="inner")
        .filter(pl.col("end_year") <= pl.col("year"))
        .group_by("county_code", "year", "bed_type")
        .agg(pl.col("quantity").sum().alias("beds"))
    )
    return (
        cells.join(built, on=["county_code", "year", "bed_type"], how="left")
        .join(kinds, on=["county_code", "bed_type"], how="left")
        .with_columns(
            pl.col("beds").fill_null(0.0),
            pl.col("basis").fill_null(NONE_PLANNED),
            pl.lit("planned").alias("status"),
        )
    )
