"""Projections of counties with left-out ages, made again from what is published. The model, its parameters and its seed are open:
whoever ran it on every possible value of a gap would find the one that gives the published projections, however they are
rounded. So a gap gets a stand-in that is worked out from published figures alone, and the forecast never sees the left-out count."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl

from pipelines import registry
from pipelines.core import builder
from pipelines.forecast.product import NEEDED, forecast_tables, resting
from pipelines.publish import memory
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


def resting_on(tables: Mapping[str, pl.DataFrame], hidden: pl.DataFrame) -> set[str]:
    """Counties whose beds rest on a left-out statement. hidden: keys of the left-out ones."""
    beds, _ = resting(tables)
    gone = tables["fct_observation"].join(hidden, on="observation_id", how="semi")
    return set(gone.filter(pl.col("observation_id").is_in(list(beds)))["county_code"])


def marked(
    before: Mapping[str, pl.DataFrame], again: Mapping[str, pl.DataFrame], same_people: Collection[str]
) -> dict[str, pl.DataFrame]:
    """Tables of `again` that say `suppressed` of what they had before a figure was left out. same_people: counties of which persons
    are projected as before."""
    return {name: _gone(name, before[name], rows, same_people) for name, rows in again.items()}


def _gone(name: str, before: pl.DataFrame, rows: pl.DataFrame, same_people: Collection[str]) -> pl.DataFrame:
    table = registry.table(name)
    absent = {c.name: c.name.removesuffix("_status") for c in table.columns if c.codelist == "absence"}
    value = {s: next((c for c in rows.columns if c.startswith(of) and c != s), None) for s, of in absent.items()}
    told = {s: v for s, v in value.items() if v is not None and s != "status"}
    kept = [c for c in ("basis",) if c in rows.columns]
    old = before.select(*table.key, *(pl.col(c).alias(f"__{c}") for c in {*told, *told.values(), *kept}))
    found = rows.join(old, on=table.key, how="left", maintain_order="left", nulls_equal=True)
    other = {s: pl.col(f"__{v}").is_not_null() | pl.col(s).ne_missing(pl.col(f"__{s}")) for s, v in told.items()}
    lost = {s: pl.col(v).is_null() & (pl.col(s) == "not_reported") & other[s] for s, v in told.items()}
    marks = [pl.when(gone).then(pl.lit(memory.SUPPRESSED)).otherwise(pl.col(s)).alias(s) for s, gone in lost.items()]
    lines = [pl.when(pl.any_horizontal(list(lost.values()))).then(f"__{c}").otherwise(c).alias(c) for c in kept]
    if "method_version" in rows.columns:
        version, here = pl.col("method_version"), pl.col("county_code").is_in(list(same_people))
        marks.append(pl.when(here).then(version.str.strip_suffix(AREA_NOTE)).otherwise(version).alias("method_version"))
    return found.with_columns(*marks, *lines).select(rows.columns)


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
