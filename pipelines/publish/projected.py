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
from pipelines.publish.disclosure import stand_in

NOTE = " (left-out ages estimated)"
_AGES = {"fct_population": "persons", "fct_census_covariate": "value"}


def tables_of_forecast() -> list[str]:
    """The marts that are made of forecast tables and nothing else."""
    return [t.name for t in registry.in_layer("mart") if "forecast_" in builder.query("pipelines.marts", t.name)]


def again(
    tables: Mapping[str, pl.DataFrame], counts: Mapping[str, Counts], hidden: Collection[Member], *, seed: int
) -> dict[str, pl.DataFrame]:
    """Every table of `tables_of_forecast` for the counties of `counts`, from `tables` (facts already masked) with stand-ins for the
    left-out ages of those counties."""
    codes = list(counts)
    core = {name: _of(tables[name], tables["fct_project"], codes) for name in NEEDED}
    for name, column in _AGES.items():
        core[name] = _filled(name, column, core[name], counts, hidden)
    with builder.connect() as con:
        builder.attach_registry(con)
        for name, frame in forecast_tables(core, seed=seed).items():
            builder.load(con, name, frame)
        names = tables_of_forecast()
        builder.build(con, "pipelines.marts", names)
        return {name: _noted(builder.ordered(con, name)) for name in names}


def _of(rows: pl.DataFrame, projects: pl.DataFrame, codes: list[str]) -> pl.DataFrame:
    if "county_code" in rows.columns:
        return rows.filter(pl.col("county_code").is_in(codes))
    if "project_id" in rows.columns:
        return rows.join(projects.filter(pl.col("county_code").is_in(codes)), on="project_id", how="semi")
    return rows


def _filled(
    name: str, column: str, rows: pl.DataFrame, counts: Mapping[str, Counts], hidden: Collection[Member]
) -> pl.DataFrame:
    """Rows with a stand-in where the value is left out."""
    key = registry.table(name).key
    ordered = rows.sort(*[k for k in key if k != "age_from"], *[k for k in key if k == "age_from"]).with_columns(
        pl.col(column).cast(pl.Float64)
    )
    group = [k for k in key if k not in ("age_from", "variable")]
    near = (pl.col(column).forward_fill() + pl.col(column).backward_fill()) / 2
    one_side = pl.coalesce(near, pl.col(column).forward_fill(), pl.col(column).backward_fill()).over(group)
    guessed = ordered.with_columns(__near=one_side)
    guesses = {(name, tuple(r[k] for k in key)): r["__near"] for r in guessed.iter_rows(named=True)}
    values: dict[Member, float] = {}
    for own in counts.values():
        gaps = {c: m for c, rows_ in own.members.items() for m in rows_ if m in hidden and c in own.block.values}
        first = {c: guesses.get(m) or 1.0 for c, m in gaps.items()}
        found = stand_in(own.block, first)
        values |= {m: found[c] for c, m in gaps.items()}
    new = [
        values.get((name, tuple(r[k] for k in key))) if r[column] is None else r[column]
        for r in ordered.iter_rows(named=True)
    ]
    return ordered.with_columns(pl.Series(column, new, dtype=pl.Float64))


def _noted(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("method_version") + NOTE) if "method_version" in rows.columns else rows
