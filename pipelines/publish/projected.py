"""Projections of counties with left-out ages, made again from what is published. The model, its parameters and its seed are open:
whoever ran it on every possible value of a gap would find the one that gives the published projections, however they are
rounded. So a gap gets a stand-in that is worked out from published figures alone, and the forecast never sees the left-out count."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl

from pipelines import registry
from pipelines.core import builder
from pipelines.forecast.product import NEEDED, forecast_tables
from pipelines.publish.counts import Counts, Member
from pipelines.publish.disclosure import DisclosureError, stand_in

NOTE = " (left-out ages estimated)"
AREA_NOTE = " (left-out area not used)"
_AGES = {"fct_population": "persons", "fct_census_covariate": "value"}


def tables_of_forecast() -> list[str]:
    """The marts that are made of forecast tables and nothing else."""
    return [t.name for t in registry.in_layer("mart") if "forecast_" in builder.query("pipelines.marts", t.name)]


def again(
    tables: Mapping[str, pl.DataFrame], counts: Mapping[str, Counts], hidden: Collection[Member], *, seed: int
) -> dict[str, pl.DataFrame]:
    """Every table of `tables_of_forecast` for the counties of `counts`, from `tables` (facts already masked) with stand-ins for the
    left-out ages of those counties. Areas that are left out stay unknown."""
    codes = list(counts)
    core = {name: _of(tables[name], tables["fct_project"], codes) for name in NEEDED}
    values = _stand_ins(core["fct_population"], counts, hidden)
    for name, column in _AGES.items():
        core[name] = _filled(name, column, core[name], values)
    with builder.connect() as con:
        builder.attach_registry(con)
        for name, frame in forecast_tables(core, seed=seed).items():
            builder.load(con, name, frame)
        names = tables_of_forecast()
        builder.build(con, "pipelines.marts", names)
        aged = {key[0] for name, key in hidden if name in _AGES}
        return {name: _noted(builder.ordered(con, name), aged) for name in names}


def _of(rows: pl.DataFrame, projects: pl.DataFrame, codes: list[str]) -> pl.DataFrame:
    if "county_code" in rows.columns:
        return rows.filter(pl.col("county_code").is_in(codes))
    if "project_id" in rows.columns:
        return rows.join(projects.filter(pl.col("county_code").is_in(codes)), on="project_id", how="semi")
    return rows


def _stand_ins(ages: pl.DataFrame, counts: Mapping[str, Counts], hidden: Collection[Member]) -> dict[Member, float]:
    """Left-out rows with a value for each; ages near the mean of the neighbouring ones."""
    key = registry.table("fct_population").key
    series = [k for k in key if k != "age_from"]
    before, after = (getattr(pl.col("persons").cast(pl.Float64), fill)() for fill in ("forward_fill", "backward_fill"))
    near = pl.coalesce((before + after) / 2, before, after).over(series, order_by="age_from")
    guesses = {tuple(row[:-1]): row[-1] for row in ages.select(*key, near.alias("near")).iter_rows()}
    values: dict[Member, float] = {}
    for code, own in counts.items():
        gaps = {c: m for c, rows in own.members.items() for m in rows if m in hidden and c in own.block.values}
        wanted = {c: guesses.get(k) if name == "fct_population" else None for c, (name, k) in gaps.items()}
        rests = {c: None for c, rows in own.members.items() if not rows}  # printed nowhere
        try:
            found = stand_in(own.block, wanted | rests)
        except DisclosureError as error:
            raise DisclosureError(str(error), error.cells, code) from error
        values |= {gaps[c]: value for c, value in found.items() if c in gaps}
    return values


def _filled(name: str, column: str, rows: pl.DataFrame, values: Mapping[Member, float]) -> pl.DataFrame:
    key = registry.table(name).key
    left_out = [values.get((name, tuple(k))) for k in rows.select(key).iter_rows()]
    return rows.with_columns(
        pl.coalesce(pl.col(column).cast(pl.Float64), pl.Series(left_out, dtype=pl.Float64)).alias(column)
    )


def _noted(rows: pl.DataFrame, aged: Collection[object]) -> pl.DataFrame:
    """Which projections are not those of the internal release, and why."""
    if "method_version" not in rows.columns:
        return rows
    note = pl.when(pl.col("county_code").is_in(list(aged))).then(pl.lit(NOTE)).otherwise(pl.lit(AREA_NOTE))
    return rows.with_columns(pl.col("method_version") + note)
