"""Beds by year from core facts: what a plan reports as standing at the base, and the net-new elderly beds of its projects
cumulated by year of completion (TERMS: purchases, relocations, conversions and psychiatric or children's beds are not net-new).
Existing and planned are never added here. Nursing beds are a nursing share × institution beds, never × all beds. A project that
builds for the elderly without saying how many beds leaves the planned beds `not_reported`, not nought; so does a target of more
facilities where no project speaks of such beds."""

from __future__ import annotations

from typing import Final

import polars as pl

from pipelines import registry

BED_TYPES: Final = {
    "all": "elderly_care_beds",
    "institution": "institution_beds",
    "nursing": "nursing_beds",
    "community": "community_care_beds",
}
PLANNED_OUTPUTS: Final = {"beds": "all", "nursing_beds": "nursing"}
READ_FOR_BEDS: Final = frozenset(
    {*BED_TYPES.values(), "nursing_bed_share", "beds_per_1000_elderly"}
    | {r["indicator_id"] for r in registry.rows("facility_targets")}
)
"""Indicators whose numbers are read for beds."""
KINDS: Final = ("institution", "community")
"""Kinds of facility, each a bed type of its own."""
NOT_REPORTED: Final = "not_reported"
NEW_BUILDING: Final = "新建"
BUILDS: Final = ("construction", "mixed")
"""Kinds of spending that may put up beds."""
COLUMNS: Final = ("county_code", "year", "status", "bed_type", "beds", "beds_status", "basis", "unstated_lines")
NONE_PLANNED: Final = "no project of the plan builds such beds"


def bed_supply(
    counties: list[str],
    years: list[int],
    observations: pl.DataFrame,
    projects: pl.DataFrame,
    outputs: pl.DataFrame,
    sources: pl.DataFrame,
) -> pl.DataFrame:
    """Supply of every county, year, status and bed type: `COLUMNS`.

    observations, projects, outputs, sources: core frames. The baseline is what a plan reports for the year before it begins (the
    latest plan counts) and stands from then on. beds is null, `beds_status` not_reported, before it and where it is not reported,
    and where new projects, or targets of facilities, say of no such beds how many; basis names the line, the projects, or
    `not_reported`. `unstated_lines`: the lines (`;`) that leave out how many: beds, where there are any, are at least so many. A
    project without an end year counts from the last year of its plan.
    """
    calendar = pl.DataFrame({"year": years}, schema={"year": pl.Int64})
    grid = pl.DataFrame({"county_code": counties}).join(calendar, how="cross")
    dated = with_term(observations, sources)
    existing = _existing(dated)
    types = pl.DataFrame({"bed_type": list(BED_TYPES)})
    standing = grid.join(types, how="cross").join(existing, on=["county_code", "bed_type"], how="left")
    reported = pl.col("since") <= pl.col("year")
    standing = standing.with_columns(pl.when(reported).then(pl.col(c)) for c in ("beds", "basis"))
    standing = standing.with_columns(
        pl.col("basis").fill_null(NOT_REPORTED),
        pl.lit("existing").alias("status"),
        pl.lit(None, pl.String).alias("unstated_lines"),
    )
    coming = _planned(grid, with_term(projects, sources), outputs, _promised(dated))
    return pl.concat([f.with_columns(_missing()).select(COLUMNS) for f in (standing, coming)])


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


def _planned(grid: pl.DataFrame, projects: pl.DataFrame, outputs: pl.DataFrame, promised: pl.DataFrame) -> pl.DataFrame:
    """Beds that projects add, by type; null where projects build such beds but none says how many, and where facilities of which
    no project speaks are `promised`; what is known of the others is then the least that all together may be."""
    kind = _kinds(projects, outputs)
    stated = _added(projects, outputs)
    unstated = _unstated(_silent(projects, outputs).join(kind, on="project_id", how="left"), stated, kind)
    sorted_ = stated.filter(pl.col("bed_type") == "all").join(kind, on="project_id")
    added = pl.concat([stated, sorted_.with_columns(bed_type="kind").select(stated.columns)])
    told = pl.concat([f.select("county_code", "bed_type") for f in (added, unstated)])
    targets = _unstated(promised, stated.clear(), kind)
    left = targets.join(told, on=["county_code", "bed_type"], how="anti")
    places = left.filter(pl.col("bed_type").is_in(list(KINDS)))
    whole = targets.filter(pl.col("bed_type") == "all").join(places, on=["county_code", "source_line"], how="semi")
    unstated = pl.concat([unstated, left, whole])
    kinds = added.group_by("county_code", "bed_type").agg(
        pl.when((pl.col("commitment") == "reserve").any())
        .then(pl.lit("reserve list"))
        .when((pl.col("commitment") == "applied_for").any())
        .then(pl.lit("applied for"))
        .otherwise(pl.lit("projects"))
        .alias("named")
    )
    lines = (
        unstated.unique(["county_code", "bed_type", "source_line"])
        .sort("source_line")
        .group_by("county_code", "bed_type", maintain_order=True)
        .agg(pl.col("source_line").cast(pl.String).str.join(";").alias("unstated_lines"))
    )
    types = pl.DataFrame({"bed_type": list(BED_TYPES)})
    cells = grid.join(types, how="cross")
    built = (
        cells.join(added, on=["county_code", "bed_type"], how="inner")
        .filter(pl.col("end_year") <= pl.col("year"))
        .group_by("county_code", "year", "bed_type")
        .agg(pl.col("quantity").sum().alias("beds"))
    )
    silent = pl.col("unstated_lines").is_not_null() & pl.col("named").is_null()
    return (
        cells.join(built, on=["county_code", "year", "bed_type"], how="left")
        .join(kinds, on=["county_code", "bed_type"], how="left")
        .join(lines, on=["county_code", "bed_type"], how="left")
        .with_columns(
            pl.when(~silent).then(pl.col("beds").fill_null(0.0)).alias("beds"),
            pl.when(silent)
            .then(pl.lit(NOT_REPORTED))
            .otherwise(pl.col("named").fill_null(NONE_PLANNED))
            .alias("basis"),
            pl.lit("planned").alias("status"),
        )
    )


def _added(projects: pl.DataFrame, outputs: pl.DataFrame) -> pl.DataFrame:
    """Net-new elderly beds that projects state, once each: `project_id, county_code, bed_type, end_year, quantity, commitment,
    source_line`."""
    return (
        outputs.filter(
            pl.col("output").is_in(list(PLANNED_OUTPUTS))
            & (pl.col("increment") == "new")
            & (pl.col("bed_class") == "elderly")
            & pl.col("counted")
            & pl.col("quantity").is_not_null()
        )
        .join(projects.select("project_id", "county_code", "end_year", "plan_end", "commitment"), on="project_id")
        .select(
            "project_id",
            "county_code",
            pl.col("output").replace_strict(PLANNED_OUTPUTS).alias("bed_type"),
            pl.col("end_year").fill_null(pl.col("plan_end")).cast(pl.Int64),
            "quantity",
            "commitment",
            "source_line",
        )
    )


def _unstated(silent: pl.DataFrame, stated: pl.DataFrame, kind: pl.DataFrame) -> pl.DataFrame:
    """Where it is not said how many beds of a type are built: `county_code, bed_type, source_line`. silent: `county_code,
    source_line, kind`. A new building without beds
    leaves open all of them and those of its kind, of either kind where that is not said; beds of a facility whose kind is not said
    leave both kinds open. Nursing-type beds are open where an institution, or what may be one, does not say them."""
    beds = stated.filter(pl.col("bed_type") == "all").join(kind, on="project_id", how="left")
    nursing = stated.filter(pl.col("bed_type") == "nursing").select("project_id")
    mute, unsaid = pl.col("kind").is_null(), beds.join(nursing, on="project_id", how="anti")
    home = (mute | (pl.col("kind") == "institution")).fill_null(True)
    parts = {
        "all": [silent],
        **{k: [silent.filter(mute | (pl.col("kind") == k)), beds.filter(mute)] for k in KINDS},
        "nursing": [silent.filter(home), unsaid.filter(home)],
    }
    columns = ("county_code", pl.col("source_line").cast(pl.Int64))
    return pl.concat([f.select(*columns, bed_type=pl.lit(kind)) for kind, frames in parts.items() for f in frames])


def _kinds(projects: pl.DataFrame, outputs: pl.DataFrame) -> pl.DataFrame:
    """Projects whose name and facilities are of one kind: `project_id, kind` (of `KINDS`), by the registry's wordings."""
    wordings = registry.rows("facilities")
    names = pl.concat(
        [
            projects.select("project_id", text="name_zh"),
            outputs.filter(pl.col("counted") & (pl.col("output") == "facilities")).select("project_id", text="label"),
        ]
    )
    found = [
        names.filter(pl.col("text").str.contains_any([r["wording"] for r in wordings if r["kind"] == kind])).select(
            "project_id", kind=pl.lit(kind)
        )
        for kind in KINDS
    ]
    return pl.concat(found).unique().filter(pl.len().over("project_id") == 1).sort("project_id")


def _silent(projects: pl.DataFrame, outputs: pl.DataFrame) -> pl.DataFrame:
    """Projects that put up a new building for the elderly and name no bed: by domain, kind of spending, what their outputs say is
    new (where these do not tell, what the construction is printed as), and no wording of a facility without beds."""
    counted = outputs.filter("counted").group_by("project_id")
    told = counted.agg(
        (pl.col("increment") == "new").any().alias("new"),
        pl.col("increment").is_in(["conversion", "replacement"]).any().alias("rebuilt"),
        pl.col("output").is_in(list(PLANNED_OUTPUTS)).any().alias("beds_named"),
    )
    printed_new = pl.col("construction_type").str.contains(NEW_BUILDING).fill_null(False)
    bedless = [r["wording"] for r in registry.rows("facilities") if r["kind"] == "no_beds"]
    return (
        projects.filter((pl.col("domain") == "elderly_care") & pl.col("spend_kind").is_in(list(BUILDS)))
        .filter(~pl.col("name_zh").str.contains_any(bedless))
        .join(told, on="project_id", how="left")
        .filter(pl.col("new").fill_null(False) | (printed_new & ~pl.col("rebuilt").fill_null(False)))
        .filter(~pl.col("beds_named").fill_null(False))
    )


def _promised(observations: pl.DataFrame) -> pl.DataFrame:
    """The county's own targets of more facilities that may hold beds (`facility_targets.csv` of the registry), those that its
    baseline already meets left out (what is built in a period is new, whatever was built before): `county_code, source_line, kind`."""
    flows = [r["indicator_id"] for r in registry.rows("indicators") if r["nature"] == "flow"]
    known = {r["indicator_id"]: r["kind"] or None for r in registry.rows("facility_targets")}
    mine = observations.filter(pl.col("indicator_id").is_in(list(known)) & pl.col("restates").is_null())
    keys = ["county_code", "indicator_id", "breakdown"]
    base = mine.filter((pl.col("measure") == "actual") & (pl.col("period_end") == pl.col("plan_start") - 1))
    standing = (
        base.filter(~pl.col("indicator_id").is_in(flows)).group_by(keys).agg(pl.col("value").max().alias("standing"))
    )
    return (
        mine.filter(
            pl.col("measure").is_in(["target", "planned"])
            & (pl.col("target_level") == "county")
            & (pl.col("period_end") >= pl.col("plan_start"))
        )
        .join(standing, on=keys, how="left", nulls_equal=True)
        .filter((pl.col("value") > pl.col("standing").fill_null(0.0)).fill_null(True))
        .select(
            "county_code",
            "source_line",
            pl.col("indicator_id").replace_strict(known, return_dtype=pl.String).alias("kind"),
        )
    )


def _missing() -> pl.Expr:
    return pl.when(pl.col("beds").is_null()).then(pl.lit(NOT_REPORTED)).otherwise(None).alias("beds_status")
