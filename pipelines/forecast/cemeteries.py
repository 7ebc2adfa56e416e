"""Places for the dead as the plans state them, class by class: whose cemetery (public-benefit, commercial), which form
(grave 穴, eco grave, niche), built or planned, and the document line. A grave is not an urn: a double plot holds two, so
urns (具) stand in a column of their own and are never added to graves. Cemeteries without stated graves are listed too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from pipelines.forecast.supply import with_term

NOT_REPORTED: Final = "not_reported"
NOT_STATED: Final = "not_stated"
CLASSES: Final = ("all", "public_benefit")
"""Capacity classes of the outlook: every stated class together, and public-benefit cemeteries alone."""

_FORMS: Final = {"graves": "grave", "eco_graves": "eco_grave", "niches": "niche"}
_BUILT: Final = {
    "graves_built": ("public_benefit", "grave", True),
    "commercial_graves_built": ("commercial", "grave", True),
    "commercial_wall_niches_built": ("commercial", "niche", False),
    "commercial_lawn_graves_built": ("commercial", "eco_grave", False),
}
"""Indicator → owner, form, counted. Walls and lawns are not counted: the print does not say whether the built graves of
the commercial cemetery include them."""
_CEMETERIES: Final = "public_cemeteries_rural"
_IS_CEMETERY: Final = "公墓|骨灰堂"
READ: Final = frozenset({*_BUILT, _CEMETERIES})
READ_OUTPUTS: Final = frozenset({*_FORMS, "urns", "years", "share_pct"})
"""Indicators and outputs whose numbers are read for graves; facilities of funeral projects, too."""
_COLUMNS: Final = (
    "capacity_id", "county_code", "ownership", "form", "status", "places", "places_status", "urns",
    "urns_qualifier", "cemeteries",
    "eco_share_pct", "available_from", "used_status", "in_capacity", "indicator_id", "project_id", "commitment",
    "source_line",
)  # fmt: skip


def cemetery_capacity(core: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The registry table `forecast_cemetery_capacity`: one statement of capacity per row, ordered by county and line.

    core: fct_observation, fct_project, fct_project_output, dim_source. `places` are graves or niches, null with `places_status` where
    a cemetery is stated without them. Built places count from the year they are stated for, their use is not reported;
    planned ones from the end year of their project (the plan's last year where none is printed), empty.
    """
    observations = core["fct_observation"].filter(
        (pl.col("measure") == "actual") & pl.col("restates").is_null() & pl.col("value").is_not_null()
    )
    built = _built(observations)
    projects = with_term(core["fct_project"], core["dim_source"])
    parts = [built, _unstated_built(observations, built), *_planned(projects, core["fct_project_output"])]
    return pl.concat([p.select(_typed(p)) for p in parts]).sort("county_code", "source_line", "capacity_id")


def places_in_use(capacity: pl.DataFrame, capacity_class: str = "all") -> pl.DataFrame:
    """What `grave_outlook` counts: `county_code, year, places, used` of one of `CLASSES` (used null = not reported)."""
    counted = capacity.filter(pl.col("in_capacity"))
    if capacity_class != "all":
        counted = counted.filter(pl.col("ownership") == capacity_class)
    unused = pl.when(pl.col("used_status").is_null()).then(0.0)
    return counted.select("county_code", pl.col("available_from").alias("year"), "places", used=unused)


def classes(capacity: pl.DataFrame, capacity_class: str = "all") -> pl.DataFrame:
    """The classes behind a capacity, in codes: `county_code, capacity_classes`, such as
    ``public_benefit/grave/built=28009;commercial/grave/built=1762``."""
    counted = capacity.filter(pl.col("in_capacity"))
    if capacity_class != "all":
        counted = counted.filter(pl.col("ownership") == capacity_class)
    kinds = ("ownership", "form", "status")
    sums = counted.group_by("county_code", *kinds).agg(pl.col("places").sum()).sort("county_code", *kinds)
    shown = pl.format("{}/{}/{}={}", *kinds, pl.col("places").cast(pl.Int64))
    return sums.group_by("county_code", maintain_order=True).agg(capacity_classes=shown.str.join(";"))


def lasting(core: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Cemeteries said to last so many years, what `twenty_year_test` needs: `county_code, urns, qualifier, graves, years,
    opening, source_line`, from outputs urns and years of one project; graves where it states them once."""
    counted = core["fct_project_output"].filter("counted")
    urns = counted.filter(pl.col("output") == "urns").select("project_id", "qualifier", "source_line", urns="quantity")
    lasts = (pl.col("output") == "years") & pl.col("label").str.contains("需求|使用|满足")
    years = core["fct_project_output"].filter(lasts)  # one span of several that a plan prints: not counted
    built = with_term(core["fct_project"], core["dim_source"])
    projects = built.select("project_id", "county_code", opening=pl.coalesce("end_year", "plan_end"))
    return (
        urns.join(years.select("project_id", years="quantity"), on="project_id")
        .join(_only(counted, "graves", "graves"), on="project_id", how="left")
        .join(projects, on="project_id")
        .select("county_code", "urns", "qualifier", "graves", "years", "opening", "source_line")
        .drop_nulls(["urns", "years"])
    )


def _built(observations: pl.DataFrame) -> pl.DataFrame:
    """Graves stated as built; how many are used is not reported."""
    rows = observations.filter(pl.col("indicator_id").is_in(list(_BUILT)))
    kind = {i: pl.col("indicator_id").replace_strict({k: v[i] for k, v in _BUILT.items()}) for i in range(3)}
    return rows.select(
        "county_code", "indicator_id", "source_line", capacity_id="observation_id", ownership=kind[0], form=kind[1],
        in_capacity=kind[2], status=pl.lit("built"), places="value", used_status=pl.lit(NOT_REPORTED),
        available_from="period_end",
    )  # fmt: skip


def _unstated_built(observations: pl.DataFrame, built: pl.DataFrame) -> pl.DataFrame:
    """Public-benefit cemeteries that stand, of counties that state their number but no graves."""
    rows = observations.filter(pl.col("indicator_id") == _CEMETERIES).join(
        built.filter(pl.col("ownership") == "public_benefit"), on="county_code", how="anti"
    )
    return rows.select(
        "county_code", "indicator_id", "source_line", capacity_id="observation_id", ownership=pl.lit("public_benefit"),
        form=pl.lit(NOT_STATED), in_capacity=pl.lit(False), status=pl.lit("built"),
        places_status=pl.lit(NOT_REPORTED), cemeteries="value", used_status=pl.lit(NOT_REPORTED),
        available_from="period_end",
    )  # fmt: skip


def _planned(projects: pl.DataFrame, outputs: pl.DataFrame) -> list[pl.DataFrame]:
    """New places of projects, and new cemeteries whose places are not printed."""
    counted = outputs.filter(pl.col("counted"))
    owner = (
        pl.when(pl.col("name_zh").str.contains("公益性"))
        .then(pl.lit("public_benefit"))
        .when(pl.col("name_zh").str.contains("经营性"))
        .then(pl.lit("commercial"))
        .otherwise(pl.lit(NOT_STATED))
    )
    funeral = projects.filter(pl.col("domain") == "funeral").select(
        "project_id", "county_code", "commitment", "name_zh", ownership=owner, project_line="source_line",
        available_from=pl.col("end_year").fill_null(pl.col("plan_end")),
    )  # fmt: skip
    new = counted.filter(pl.col("output").is_in(list(_FORMS)) & (pl.col("increment") == "new"))
    stated = (
        new.join(funeral, on="project_id")
        .join(_only(counted, "urns", "urns"), on="project_id", how="left")
        .join(_only(counted, "share_pct", "eco_share_pct"), on="project_id", how="left")
    )
    one = pl.len().over("project_id") == 1
    places = stated.select(
        "county_code", "ownership", "project_id", "commitment", "available_from", "source_line",
        capacity_id="output_id", form=pl.col("output").replace_strict(_FORMS), in_capacity=pl.lit(True),
        status=pl.lit("planned"), places="quantity", urns=pl.when(one).then("urns"), urns_qualifier=pl.when(one).then("urns_qualifier"),
        eco_share_pct=pl.when(one).then("eco_share_pct"),
    )  # fmt: skip
    touched = counted.filter(pl.col("increment") == "conversion")
    silent = (
        funeral.filter(pl.col("name_zh").str.contains(_IS_CEMETERY))
        .join(new, on="project_id", how="anti")
        .join(touched, on="project_id", how="anti")
        .join(_only(counted, "facilities", "cemeteries"), on="project_id", how="left")
    )
    niche = pl.when(pl.col("name_zh").str.contains("骨灰堂")).then(pl.lit("niche")).otherwise(pl.lit(NOT_STATED))
    unstated = silent.select(
        "county_code", "ownership", "project_id", "commitment", "available_from", "cemeteries",
        source_line="project_line", capacity_id="project_id", form=niche, in_capacity=pl.lit(False),
        status=pl.lit("planned"), places_status=pl.lit(NOT_REPORTED),
    )  # fmt: skip
    return [places, unstated]


def _only(outputs: pl.DataFrame, output: str, name: str) -> pl.DataFrame:
    """`project_id`, the quantity and the qualifier of one kind of output, of projects that state it once."""
    once = outputs.filter(pl.col("output") == output).filter(pl.len().over("project_id") == 1)
    return once.select("project_id", pl.col("quantity").alias(name), pl.col("qualifier").alias(f"{name}_qualifier"))


_NUMBERS: Final = ("places", "urns", "cemeteries", "eco_share_pct")


def _typed(part: pl.DataFrame) -> list[pl.Expr]:
    """Every column in order and type; what a part does not have is null."""
    types = {**dict.fromkeys(_COLUMNS, pl.String), **dict.fromkeys(_NUMBERS, pl.Float64)}
    types |= {"available_from": pl.Int64, "source_line": pl.Int64, "in_capacity": pl.Boolean}
    have = set(part.columns)
    return [(pl.col(c) if c in have else pl.lit(None)).cast(types[c]).alias(c) for c in _COLUMNS]
