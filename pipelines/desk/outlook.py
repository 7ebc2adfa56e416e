"""What is coming in one county: the elderly, the beds and the graves, as the release computed them or under other assumptions.
A change runs through the whole chain (elderly → disabled → beds → gap; deaths → graves) with the engine and the seed of the
release."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import registry
from pipelines.desk.marts import ask, counties, reading
from pipelines.forecast import DEFAULT_NAME

if TYPE_CHECKING:
    import duckdb
    import polars as pl

Assumptions = Mapping[str, float]
PARTS = {
    "mart_elderly_outlook": "forecast_elderly",
    "mart_bed_outlook": "forecast_beds",
    "mart_cemetery_class_outlook": "forecast_graves",
    "mart_bed_sensitivity": "forecast_sensitivity",
}  # the mart of the release → the frame of the engine


@dataclass(frozen=True)
class Outlook:
    """`elderly`: year × age_band × sex; `beds`: year × scenario × estimator × bed_type × definition; `graves`: year × scenario ×
    capacity_class; `sensitivity`: one row an assumption; columns as in mart_elderly_outlook, mart_bed_outlook,
    mart_cemetery_class_outlook and mart_bed_sensitivity. `assumptions` is empty for the outlook of the release itself."""

    county_code: str
    elderly: pl.DataFrame
    beds: pl.DataFrame
    graves: pl.DataFrame
    sensitivity: pl.DataFrame
    assumptions: Assumptions
    name: str = DEFAULT_NAME

    @classmethod
    def of(cls, county: str, parts: Iterable[pl.DataFrame], assumptions: Assumptions, name: str) -> Outlook:
        """From the frames in the order of `PARTS`."""
        elderly, beds, graves, sensitivity = parts
        return cls(county, elderly, beds, graves, sensitivity, assumptions, name)

    @property
    def turning(self) -> pl.DataFrame:
        """When beds run short and stand idle: scenario × estimator × bed_type × definition, with `first_year_short` (the median
        need first exceeds the supply), the years in which a shortage is 10, 50 and 90 % probable, first and last idle year,
        and the reason where there is none."""
        from polars import selectors

        keys = ("scenario", "estimator", "bed_type", "definition")
        return self.beds.select(*keys, selectors.contains("_year_")).unique().sort(keys)


def outlook(
    county: str,
    assumptions: Assumptions | None = None,
    con: duckdb.DuckDBPyConnection | None = None,
    *,
    name: str = "what-if",
) -> Outlook:
    """The outlook of one county from the marts; with assumptions (parameter_id → value in its printed unit, see
    `parameters()`), recomputed under a set of that name. Without them it is the natural projection of the release: the reset.

    Raises ValueError for an unknown county, for one whose ages a public release leaves out and for a value that makes no sense,
    KeyError for an unknown parameter; warns of a value outside the range that sources give.
    """
    with reading(con) as db:
        counties(db, [county])
        if not assumptions:
            return Outlook.of(county, (_mart(db, mart, county) for mart in PARTS), {}, DEFAULT_NAME)
        from pipelines.forecast.assumptions import assumptions_from_frame
        from pipelines.forecast.product import NEEDED, forecast_tables  # the engine loads only when something changes

        core = _whole({table: _table(db, table) for table in NEEDED}, county)
        row = db.execute("SELECT seed FROM meta_release").fetchone()
    chosen = assumptions_from_frame(core["dim_parameter"], DEFAULT_NAME).changed(name, assumptions)
    tables = forecast_tables(core, seed=int(row[0]) if row else 0, assumptions=chosen)
    return Outlook.of(county, (_of(tables[t], county) for t in PARTS.values()), dict(assumptions), name)


def parameters(con: duckdb.DuckDBPyConnection | None = None) -> pl.DataFrame:
    """Every assumption that can be changed: id, names, value, range, unit, source, grade."""
    with reading(con) as db:
        return db.execute("SELECT * FROM dim_parameter ORDER BY topic, parameter_id").pl()


def side_by_side(
    county: str,
    scenarios: Mapping[str, Assumptions],
    con: duckdb.DuckDBPyConnection | None = None,
    *,
    part: str = "beds",
) -> pl.DataFrame:
    """One part of the outlook (`elderly`, `beds`, `graves`, `turning`, `sensitivity`) under several named scenarios in one frame,
    `assumption_set` first; the release itself is always in it. Raises AttributeError for another part."""
    import polars as pl

    with reading(con) as db:
        found = [
            outlook(county, con=db),
            *(outlook(county, values, db, name=name) for name, values in scenarios.items()),
        ]
    frames: list[tuple[str, pl.DataFrame]] = [(o.name, getattr(o, part)) for o in found]
    named = [frame.select(pl.lit(name).alias("assumption_set"), pl.all()) for name, frame in frames]
    return pl.concat(named, how="vertical_relaxed")


def save_scenario(path: Path, assumptions: Assumptions) -> Path:
    """Write a scenario file: the set is named after the file, one `parameter = value` a line."""
    if path.stem == DEFAULT_NAME:
        raise ValueError(
            f"更改假设须另起名称，不能叫 {DEFAULT_NAME} / a changed set needs a name of its own, not {DEFAULT_NAME}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{key} = {value!r}\n" for key, value in sorted(assumptions.items())), encoding="utf-8")
    return path


def load_scenario(path: Path) -> dict[str, float]:
    """Read a scenario file. Raises ValueError naming a line whose value is not a number."""
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    wrong = [k for k, v in values.items() if isinstance(v, bool) or not isinstance(v, (int, float))]
    if wrong:
        raise ValueError(f"{path.name}: 应为数字 / must be numbers: {', '.join(wrong)}")
    return {key: float(value) for key, value in values.items()}


def _table(con: duckdb.DuckDBPyConnection, name: str) -> pl.DataFrame:
    """A core table; without rows in a release that is older than it."""
    if con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = $name", {"name": name}).fetchone():
        return con.execute(f"SELECT * FROM {name}").pl()
    import duckdb

    with duckdb.connect() as empty:
        empty.execute(registry.ddl(name))
        return empty.execute(f"SELECT * FROM {name}").pl()


def _whole(core: Mapping[str, pl.DataFrame], county: str) -> dict[str, pl.DataFrame]:
    """The tables without the counties of whose ages something is left out."""
    ages = {"fct_population": "persons", "fct_census_covariate": "value"}
    gaps = {c for table, value in ages.items() for c in core[table].filter(core[table][value].is_null())["county_code"]}
    if county in gaps:
        raise ValueError(
            f"{county} 有年龄数在公开版中隐去，不能由此重算；请用内部版 / ages of {county} are left out of this public release, nothing "
            "can be computed again from them: use an internal one"
        )
    return {**core, **{t: core[t].filter(~core[t]["county_code"].is_in(list(gaps))) for t in ages}}


def _of(frame: pl.DataFrame, county: str) -> pl.DataFrame:
    return frame.filter(frame["county_code"] == county).drop("county_code")


def _mart(con: duckdb.DuckDBPyConnection, table: str, county: str) -> pl.DataFrame:
    return ask(
        con, f"SELECT * EXCLUDE (county_code) FROM {table} WHERE county_code = $county ORDER BY ALL", county=county
    )
