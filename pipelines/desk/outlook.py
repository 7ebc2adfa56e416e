"""What is coming in one county: the elderly and the beds, as the release computed them. Recomputing under other
assumptions is the forecast package's work and is plugged in here, not imitated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import duckdb
import polars as pl

from pipelines.desk.marts import ask, counties, reading

Assumptions = Mapping[str, float]


@dataclass(frozen=True)
class Outlook:
    """`elderly`: year × age_band × sex; `beds`: year × scenario × estimator × bed_type × definition; columns as in
    mart_elderly_outlook and mart_bed_outlook. `assumptions` is empty for the outlook of the release itself."""

    county_code: str
    elderly: pl.DataFrame
    beds: pl.DataFrame
    assumptions: Assumptions


Engine = Callable[[duckdb.DuckDBPyConnection, str, Assumptions], Outlook]
_engines: list[Engine] = []  # the last one plugged in is used


class AssumptionsNotAvailableError(NotImplementedError):
    """Assumptions were given, but nothing that can recompute the chain is plugged in."""


def plug(engine: Engine) -> Engine:
    """The seam: hand in what recomputes the chain elderly → disabled → beds → gap under other assumptions."""
    _engines.append(engine)
    return engine


def outlook(
    county: str, assumptions: Assumptions | None = None, con: duckdb.DuckDBPyConnection | None = None
) -> Outlook:
    """The outlook of one county from the marts; with assumptions, recomputed by the plugged-in engine.

    Raises ValueError for an unknown county, AssumptionsNotAvailableError when no engine is plugged in.
    """
    with reading(con) as db:
        counties(db, [county])
        if not assumptions:
            return Outlook(county, _mart(db, "mart_elderly_outlook", county), _mart(db, "mart_bed_outlook", county), {})
        if not _engines:
            raise AssumptionsNotAvailableError(
                "本版本的桌面尚不能按新假设重算；不带 assumptions 可取发布的展望 / "
                "this version cannot recompute under other assumptions yet; call without assumptions for the published outlook"
            )
        return _engines[-1](db, county, assumptions)


def _mart(con: duckdb.DuckDBPyConnection, table: str, county: str) -> pl.DataFrame:
    return ask(
        con, f"SELECT * EXCLUDE (county_code) FROM {table} WHERE county_code = $county ORDER BY ALL", county=county
    )
