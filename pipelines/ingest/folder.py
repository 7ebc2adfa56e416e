"""A county's raw folder (and raw/reference) as typed frames, with the hash of what was read. Nothing is repaired here."""

from __future__ import annotations

import hashlib
import os
import re
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import registry
from pipelines.ingest.contract import IDENTITY, Columns, allowed, checked, converter, types
from pipelines.ingest.problems import InputError, Problem
from pipelines.ingest.reader import ROW, SUFFIXES, read_cells

REQUIRED = ("figures", "statistics", "projects", "project_outputs", "indicator_map", "population")
OPTIONAL = (
    "covariates",
    "project_funding",
    "funding_assignment",
    "corrections",
    "notes",
    "reviews",
    "total_coverage",
    "progress",
)
REFERENCE = ("areas", "datasets", "parameters", "mortality")
REFERENCE_OPTIONAL = ("area_population", "area_covariates")
COUNTY_FACTS = (
    "code",
    "name_zh",
    "name_en",
    "prefecture_zh",
    "prefecture_en",
    "province_zh",
    "province_en",
    "kind",
    "valid_from",
    "slug",
)
SOURCE_FACTS = (
    "source_id",
    "title_zh",
    "title_en",
    "issuer_zh",
    "file_name",
    "sha256",
    "line_count",
    "period_start",
    "period_end",
    "licence",
    "quality_grade",
    "accessed",
)
ACTUALS = re.compile(r"actuals_(\d{4})")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class RawCounty:
    """One county's raw data: `county` and `source` as read from TOML, `tables` checked against the registry."""

    code: str
    county: dict[str, object]
    source: dict[str, object]
    tables: dict[str, Columns]


def content_hash(folder: Path) -> str:
    """sha256 over the names and bytes of every file of a folder (hidden files and lock files of Office left out). A link
    that leads out of the folder counts by its name; what it leads to is not read."""
    digest = hashlib.sha256()
    inside, outside = len(str(folder)) + 1, {str(p) for p in _links_out(folder)}
    paths = (e.path for e in _entries(folder) if e.is_file() and not e.name.startswith((".", "~$")))
    named = {path[inside:].replace(os.sep, "/"): path for path in paths}
    for name in sorted(named, key=lambda n: n.split("/")):
        digest.update(name.encode())
        digest.update(b"link" if named[name] in outside else hashlib.sha256(_bytes(named[name])).digest())
    return digest.hexdigest()


def _bytes(path: str) -> bytes:
    with Path(path).open("rb", buffering=0) as file:
        return file.read()


@dataclass(frozen=True)
class Seen:
    """A folder as it was when every byte of it was read: what the system said of its files (a digest), their content hash, and whether they
    had rested by then (else a change a moment later may have left size and times as they were)."""

    touched: str
    content: str
    rested: bool


_SEEN: dict[Path, Seen] = {}
_REST = 2_000_000_000  # nanoseconds: coarser than the clock of any file system


def known_hash(folder: Path) -> str:
    """`content_hash`; a folder that is known, to this process or by `recall_folders`, is not read again while sizes, times and places on disk
    of all its files are the same, if they had rested when it was read."""
    now, files = time.time_ns(), sorted(_touched(folder))
    touched = hashlib.sha256(repr(files).encode()).hexdigest()
    seen = _SEEN.get(folder)
    if seen is None or seen.touched != touched or not seen.rested:
        newest = max((t for _, _, _, *times in files for t in times), default=0)
        seen = _SEEN[folder] = Seen(touched, content_hash(folder), newest + _REST < now)
    return seen.content


def seen_folders() -> dict[str, tuple[str, str]]:
    """What `recall_folders` may be told another time, by folder: of folders whose files had rested when they were read."""
    return {str(folder): (seen.touched, seen.content) for folder, seen in _SEEN.items() if seen.rested}


def recall_folders(folders: Mapping[str, Sequence[str]]) -> None:
    """Know folders as another process knew them."""
    for folder, (touched, content) in folders.items():
        _SEEN.setdefault(Path(folder), Seen(touched, content, rested=True))


def _touched(folder: Path) -> Iterator[tuple[str, int, int, int, int]]:
    """What the system says of each file, and of what a link leads to."""
    for entry in _entries(folder):
        for status in (entry.stat(follow_symlinks=False), _led_to(entry) if entry.is_symlink() else None):
            if status:
                yield entry.path, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _led_to(link: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return link.stat()
    except OSError:
        return None


def _entries(folder: Path | str) -> Iterator[os.DirEntry[str]]:
    """Everything below a folder, as the system lists it; links are not followed. A folder that cannot be listed is empty."""
    try:
        found = os.scandir(folder)
    except OSError:
        return
    with found:
        for entry in found:
            yield entry
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(entry.path)


def _links_out(folder: Path) -> list[Path]:
    """Links in a folder that lead out of it."""
    links = [Path(e.path) for e in _entries(folder) if e.is_symlink()]
    return sorted(p for p in links if not p.resolve().is_relative_to(folder.resolve()))


def _refuse_links(folder: Path) -> None:
    """Raises InputError (outside_folder) before anything is read through a link that leads out of the raw folder."""
    own = [] if folder.resolve().is_relative_to(folder.parent.resolve()) else [folder]
    problems = [Problem(p.name, 0, "", str(p.readlink()), "outside_folder") for p in (*own, *_links_out(folder))]
    if problems:
        raise InputError(problems)


def read_county(folder: Path) -> RawCounty:
    """Read and check a county folder. Raises InputError with every problem of every file."""
    _refuse_links(folder)
    problems: list[Problem] = []
    county = _facts(folder / "county.toml", COUNTY_FACTS, problems)
    source = _facts(folder / "source.toml", SOURCE_FACTS, problems)
    code = folder.name.split("-")[0]
    problems += _bad_names(code, county, source)
    if county and str(county.get("code")) != code:
        problems.append(
            Problem(
                "county.toml",
                0,
                "code",
                str(county.get("code")),
                "unknown_county",
                f"文件夹为 {code}",
                f"the folder says {code}",
            )
        )
    tables: dict[str, Columns] = {}
    for name in (*REQUIRED, *OPTIONAL):
        found = find(folder, name)
        if found is None:
            if name in REQUIRED:
                problems.append(Problem(f"{name}.csv", 0, "", "", "missing_file"))
            tables[name] = _nothing(name)
            continue
        tables[name] = _read(found, name, problems)
    tables["actuals"] = _actuals(folder, problems)
    broken = {p.file.rsplit(".", 1)[0] for p in problems}
    problems += _references(tables, broken)
    if problems:
        raise InputError(problems)
    return RawCounty(code, county, source, tables)


def read_reference(folder: Path) -> dict[str, pl.DataFrame]:
    """Read raw/reference: areas, data sets, parameters, mortality, and the censuses of areas where they are there. Raises InputError."""
    _refuse_links(folder)
    problems: list[Problem] = []
    tables = {}
    for name in (*REFERENCE, *REFERENCE_OPTIONAL):
        found = find(folder, name)
        if found is None and name in REFERENCE:
            problems.append(Problem(f"reference/{name}.csv", 0, "", "", "missing_file"))
        tables[name] = _nothing(name) if found is None else _read(found, name, problems)
    problems += _foreign(tables, {p.file.removeprefix("reference/").rsplit(".", 1)[0] for p in problems})
    if problems:
        raise InputError(problems)
    return {name: pl.DataFrame(table, schema=types(name)) for name, table in tables.items()}


def empty(name: str) -> pl.DataFrame:
    """A frame of no rows with the columns of a raw table."""
    return pl.DataFrame(schema=types(name))


def _nothing(name: str) -> Columns:
    return {column: [] for column in types(name)}


def table_of(path: Path) -> str | None:
    """The raw table that a file name means: ``statistics.csv`` → statistics, ``actuals_2023.xlsx`` → actuals."""
    stem = "actuals" if ACTUALS.fullmatch(path.stem) else path.stem
    known = registry.tables().get(stem)
    return stem if known and known.layer == "raw" and path.suffix.lower() in SUFFIXES else None


def find(folder: Path, name: str) -> Path | None:
    return next((path for s in SUFFIXES if (path := folder / f"{name}{s}").exists()), None)


def _read(path: Path, name: str, problems: list[Problem]) -> Columns:
    try:
        return checked(read_cells(path, name), name, path.name)
    except InputError as error:
        optional_and_empty = name in (*OPTIONAL, *REFERENCE_OPTIONAL) and [p.rule for p in error.problems] == [
            "empty_file"
        ]
        if not optional_and_empty:
            problems += error.problems
        return _nothing(name)


def _actuals(folder: Path, problems: list[Problem]) -> Columns:
    """The yearly reports, one below the other."""
    every = _nothing("actuals")
    for path in sorted(p for p in folder.iterdir() if table_of(p) == "actuals"):
        read = _read(path, "actuals", problems)
        year = int(path.stem.split("_")[1])
        words = f"文件名写 {year} 年", f"the file name says {year}"
        problems += [
            Problem(path.name, row, "year", str(stated), "out_of_range", *words)
            for row, stated in zip(read[ROW], read["year"], strict=True)
            if stated not in (None, year)
        ]
        for column, cells in read.items():
            every[column] += cells
    return every


def _facts(path: Path, wanted: tuple[str, ...], problems: list[Problem]) -> dict[str, object]:
    """What county.toml or source.toml says, held against the columns of the dimension that it fills (dim_county, dim_source)."""
    if not path.exists():
        problems.append(Problem(path.name, 0, "", "", "missing_file"))
        return {}
    try:
        facts: dict[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(Problem(path.name, 0, "", str(error), "unreadable"))
        return {}
    problems += [Problem(path.name, 0, k, "", "missing_value") for k in wanted if facts.get(k) in (None, "")]
    for column in registry.table(f"dim_{path.stem}").columns:
        cell = str(facts.get(column.name, ""))
        facts[column.name], rule = converter(column)(cell) if cell else (cell, "")
        if rule:
            problems.append(
                Problem(path.name, 0, column.name, IDENTITY.sub("＊＊＊", cell), rule, *2 * (allowed(column, rule),))
            )
    return facts


def _bad_names(code: str, county: dict[str, object], source: dict[str, object]) -> list[Problem]:
    """Names that become parts of paths or pages must not be able to leave them; that of the source must be the county's own."""
    slug, file = str(county.get("slug") or "x"), str(source.get("file_name") or "x")
    problems = [] if _SLUG.fullmatch(slug) else [Problem("county.toml", 0, "slug", slug, "bad_name")]
    if Path(file).name != file or "\\" in file:
        problems.append(Problem("source.toml", 0, "file_name", file, "bad_name"))
    if code not in str(source.get("source_id") or code):
        problems.append(Problem("source.toml", 0, "source_id", str(source["source_id"]), "not_its_own", code, code))
    return problems


def _references(tables: dict[str, Columns], broken: set[str]) -> list[Problem]:
    """References inside the folder of a county: project keys, restated rows, printed indicator names."""
    problems = _foreign(tables, broken)
    if "indicator_map" in broken:
        return problems
    expected = "indicator_map.csv 中没有该指标", "not in indicator_map.csv"
    mapped = tables["indicator_map"]["indicator_printed"]
    return problems + _unknown(tables["statistics"], "statistics", "indicator_printed", mapped, expected)


def _foreign(tables: dict[str, Columns], broken: set[str]) -> list[Problem]:
    """References between the files of a folder. Those to a file that could not be read are not reported: they would only
    repeat its problem."""
    problems: list[Problem] = []
    for name, table in tables.items():
        for column in registry.table(name).columns:
            if not column.foreign or column.foreign[0] not in tables or column.foreign[0] in broken:
                continue
            target, target_column = column.foreign
            expected = f"应见于 {target}.csv", f"expected in {target}.csv"
            problems += _unknown(table, name, column.name, tables[target][target_column], expected)
    return problems


def _unknown(table: Columns, name: str, column: str, known: list[Any], expected: tuple[str, str]) -> list[Problem]:
    """A problem for every cell of a column that refers to nothing known."""
    cells, there = table[column], {None, *known}
    if there.issuperset(cells):
        return []
    return [
        Problem(f"{name}.csv", row, column, str(cell), "unknown_reference", *expected)
        for row, cell in zip(table[ROW], cells, strict=True)
        if cell not in there
    ]
