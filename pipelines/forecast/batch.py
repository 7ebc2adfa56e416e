"""A batch of counties as frames and back, so that an engine can carry it to a worker, and its projection as the frames that
the command line writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecast.cohorts import GROUPS, Floats
from pipelines.forecast.counties import Census, Counties
from pipelines.forecast.errors import Problem
from pipelines.forecast.product import elderly_projection
from pipelines.forecast.project import Projection, project_all
from pipelines.forecast.shipped import load_model

Frames = Mapping[str, pl.DataFrame]
FLAG_COLUMNS: Final = ("county_code", "flag", "message_zh", "message_en")


def to_frames(counties: Counties) -> Frames:
    """``counties`` (a row per county), ``latest`` and ``earlier`` (a row per county in the same order, none without a census
    before; arrays of fixed width) and ``flags``."""
    listed = {
        "county_code": counties.codes,
        "name": counties.names,
        "thin": counties.thin,
        "unsexed": counties.unsexed,
    }
    earlier = _census_frame(counties.latest).clear() if counties.earlier is None else _census_frame(counties.earlier)
    return {
        "counties": pl.DataFrame(listed),
        "latest": _census_frame(counties.latest),
        "earlier": earlier,
        "flags": flag_frame(counties.flags),
    }


def from_frames(frames: Frames) -> Counties:
    """What `to_frames` was made from."""
    listed, earlier = frames["counties"], frames["earlier"]
    return Counties(
        listed["county_code"].to_numpy().astype(np.str_),
        _census(frames["latest"]),
        _census(earlier) if earlier.height else None,
        listed["thin"].to_numpy(),
        listed["unsexed"].to_numpy(),
        listed["name"].to_numpy().astype(np.str_),
        tuple(Problem(flag, code, zh, en) for code, flag, zh, en in frames["flags"].iter_rows()),
    )


def flag_frame(flags: tuple[Problem, ...]) -> pl.DataFrame:
    """What a reader must be told, a row each: county_code, flag, message_zh, message_en."""
    rows = [(f.county_code, f.code, f.zh, f.en) for f in flags]
    return pl.DataFrame(rows, schema=dict.fromkeys(FLAG_COLUMNS, pl.String), orient="row")


def projected(frames: Frames, *, to: int, draws: int, seed: int) -> Frames:
    """`project_all` of a batch with the shipped model: frames ``elderly``, ``ages``, ``deaths``, ``pooled``, ``flags``."""
    return _as_frames(project_all(from_frames(frames), load_model(), to=to, draws=draws, seed=seed))


def projected_core(core: Frames, *, to: int, draws: int, seed: int) -> Frames:
    """The same of core tables, as the product projects them."""
    return _as_frames(elderly_projection(core, load_model(), to=to, draws=draws, seed=seed))


def _as_frames(made: Projection) -> Frames:
    return {
        "elderly": made.bands,
        "ages": made.ages,
        "deaths": made.deaths,
        "pooled": made.pooled,
        "flags": flag_frame(made.flags),
    }


def _census_frame(census: Census) -> pl.DataFrame:
    wide = {
        "persons": census.persons.reshape(len(census.persons), -1),
        "covariates": census.covariates,
        "area_persons": census.area_persons,
        "area_covariates": census.area_covariates,
    }
    return pl.DataFrame({"year": np.full(len(census.persons), census.year), **wide})


def _census(frame: pl.DataFrame) -> Census:
    return Census(
        int(frame["year"][0]),
        _array(frame, "persons").reshape(-1, 2, GROUPS),
        _array(frame, "covariates"),
        _array(frame, "area_persons"),
        _array(frame, "area_covariates"),
    )


def _array(frame: pl.DataFrame, column: str) -> Floats:
    return np.ascontiguousarray(frame[column].to_numpy())
