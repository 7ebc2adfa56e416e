"""Opening a release for reading, and the few questions every other module of the desk asks of it. Nothing here writes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import settings

if TYPE_CHECKING:
    import duckdb
    import polars as pl

FILE = "marts.duckdb"
ENVIRONMENT = "MINZHENG_MARTS_FILE"  # set for the kernels that publish a release not yet current
_LOCK = "SET enable_external_access = false; SET python_enable_replacements = false; SET lock_configuration = true"


class NoReleaseError(FileNotFoundError):
    """There is no such release to read; the message says what to do, in Chinese and English."""


def open_marts(
    release: str | None = None,
    *,
    profile: str | None = None,
    path: Path | None = None,
    locked: bool = False,
    counties: Sequence[str] | None = None,
) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the current release, to the release named, or to the DuckDB file at `path`. `profile` says
    whose releases: ``internal`` or ``public``, by default those of the setting of that name. With `counties` it shows the rows of those
    counties only, and of no county; every county that is held back stays in sight.

    CURRENT is read at each call, so a new call after a refresh sees the new release while connections already open keep
    the old one. A `locked` connection (the SQL shell's) neither reads nor writes any other file, and its settings cannot be
    changed; this holds for every connection of this process to the same file. What does not fit into memory is put aside
    in the system's temporary folder, never beside the release. Raises NoReleaseError, and
    ValueError for an unknown profile.
    """
    import duckdb  # here, so that importing the desk costs nothing

    file = path or _file(release, profile)
    if not file.is_file():
        raise NoReleaseError(
            f"没有可读的数据版本：{file}；有哪些版本见 minzheng release list / nothing to read at {file}: `minzheng release list` "
            "shows what there is"
        )
    con = duckdb.connect(
        str(file),
        read_only=True,
        config={
            "memory_limit": settings.load().reader_memory_limit,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": str(Path(tempfile.gettempdir(), f"minzheng-{os.getpid()}")),
        },
    )
    if counties:
        _show_only(con, list(counties))
    if locked:
        con.execute(_LOCK)
    return con


def _show_only(con: duckdb.DuckDBPyConnection, codes: list[str]) -> None:
    """Temporary views in front of the tables: rows of other counties are out of sight for this connection."""
    listed = ", ".join(f"'{int(code):06d}'" for code in codes)
    columns: dict[str, set[str]] = {}
    for table, column in con.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal"
    ).fetchall():
        columns.setdefault(table, set()).add(column)
    for table, names in columns.items():
        everything = f'SELECT * FROM "{FILE.partition(".")[0]}".main."{table}"'
        if table == "mart_held_back":
            continue
        if table == "dim_indicator":
            mine = f"list_filter(string_split(comparable_counties, ';'), lambda code: code IN ({listed}))"
            query = everything.replace(
                "*", f"* REPLACE (NULLIF(array_to_string({mine}, ';'), '') AS comparable_counties)"
            )
        elif "county_code" in names:
            more = " OR NOT has_plan" if "has_plan" in names else " OR county_code IS NULL"
            query = f"{everything} WHERE county_code IN ({listed}){more}"
        elif "project_id" in names:
            query = f"{everything} WHERE split_part(project_id, '-', 1) IN ({listed})"
        else:
            continue
        con.execute(f'CREATE TEMP VIEW "{table}" AS {query}')


def _file(release: str | None, profile: str | None) -> Path:
    given = os.environ.get(ENVIRONMENT)
    if release is None and profile is None and given:
        return Path(given)
    s = settings.load().of(profile)
    return s.releases / (release or current(s.marts)) / FILE


def current(marts: Path) -> str:
    """The id in CURRENT. Raises NoReleaseError before the first release."""
    pointer = marts / "CURRENT"
    if not pointer.is_file():
        how = "minzheng release public" if marts.name == "public" else "make run"
        raise NoReleaseError(
            f"还没有发布任何数据版本（缺 {pointer}）。请先运行 {how} / no release yet ({pointer} is missing): run `{how}` first"
        )
    return pointer.read_text(encoding="utf-8").strip()


@contextmanager
def reading(con: duckdb.DuckDBPyConnection | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """The connection given, left open; or one to the current release, closed at the end."""
    if con is not None:
        yield con
        return
    with open_marts() as own:
        yield own


def ask(con: duckdb.DuckDBPyConnection, query: str, **values: object) -> pl.DataFrame:
    """Rows of a query with named parameters: ``ask(con, "… WHERE county_code = $county", county="530425")``."""
    return con.execute(query, values or None).pl()


def counties(con: duckdb.DuckDBPyConnection, codes: list[str] | None = None) -> pl.DataFrame:
    """Counties with a plan, side by side: those of one prefecture together, otherwise by code. Never a ranking.

    Raises ValueError naming the codes that have no plan in this release.
    """
    frame = ask(con, "SELECT * FROM dim_county WHERE has_plan ORDER BY left(county_code, 4), county_code")
    unknown = sorted(set(codes or []) - set(frame["county_code"]))
    if unknown:
        known = "、".join(f"{c} {n}" for c, n in frame.select("county_code", "name_zh").iter_rows())
        raise ValueError(f"本版本没有这些县的规划：{unknown}；有：{known} / no plan in this release for {unknown}")
    return frame if not codes else frame.filter(frame["county_code"].is_in(codes))
