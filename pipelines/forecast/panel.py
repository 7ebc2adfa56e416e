"""Reading the national panel: two census books by county, the pairs between them, and what is known to be wrong in them.

Cleaning (FORECAST §2.1) uses the declared corrections of `panel_corrections.csv` and nothing of the outcome.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.forecast.cohorts import Bools, Floats, Ints, Texts
from pipelines.forecast.counties import AREA_COVARIATES, COVARIATES, Census, Counties, is_code, unit_kind
from pipelines.forecast.errors import ForecastInputError, Place, Problem, problem

CENSUS_FILE: Final = "census{year}_county_age_sex.csv"
CROSSWALK_FILE: Final = "crosswalk_2010_2020.csv"
CENTROID_FILE: Final = "prefecture_centroids.csv"
PROVINCE_FILE: Final = "province_age_sex_pop_deaths_2000_2010_2020.csv"
LEARNED_FROM: Final = (CROSSWALK_FILE, CENTROID_FILE)
OTHER_FILES: Final = (*LEARNED_FROM, PROVINCE_FILE)
PRINTED_AGES: Final = ("0", "1_4", *(f"{a}_{a + 4}" for a in range(5, 85, 5)), "85p")
PROVINCE_AGES: Final = ("0", "1-4", *(f"{a}-{a + 4}" for a in range(5, 100, 5)), "100+")


@dataclass(frozen=True, slots=True)
class Book:
    """One census book: county rows, and the rows of prefectures, provinces and the nation they stand in.

    persons (n, 2, 18); nation (2, 18); prefectures maps four digits, provinces two digits to (2, 18).
    """

    year: int
    counties: Counties
    nation: Floats
    national_covariates: Floats
    prefectures: dict[str, Floats]
    provinces: dict[str, Floats]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Counties present in both books: base (2010) and what they became. rows_base, rows_outcome index the books."""

    base: Counties
    outcome: Floats
    outcome_codes: Texts
    changed: Bools

    def take(self, rows: Bools | Ints) -> Pairs:
        """Some of the pairs."""
        return Pairs(self.base.take(rows), self.outcome[rows], self.outcome_codes[rows], self.changed[rows])


def must_hold(folder: Path, *years: int, others: tuple[str, ...] = ()) -> None:
    """Raises FileNotFoundError, in both languages, unless the folder is there with the census files of these years and the
    other files named."""
    if not folder.is_dir():
        raise FileNotFoundError(f"没有这个文件夹 / no such folder: {folder}")
    files = [*(CENSUS_FILE.format(year=year) for year in years), *others]
    missing = [name for name in files if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"文件夹 {folder} 缺少 {'、'.join(missing)} / the folder {folder} lacks {', '.join(missing)}"
        )


def read_book(folder: Path, year: int, context: Path | None = None) -> Book:
    """Read one census book. `context` is the folder whose prefecture and province rows are used when `folder`
    has county rows only (its 2010 county rows also complete the declared swaps of rows)."""
    rows = _rows(folder, year)
    around = rows if context is None else _rows(context, year)
    if context is not None:
        rows = _swap_across(rows, around, year)
    county = rows.filter(pl.col("level") == "county").sort("code")
    file = folder / CENSUS_FILE.format(year=year)
    if county.is_empty():
        raise ForecastInputError([problem("no_counties", "*", file.name)])
    upper = around.filter(pl.col("level").is_in(["prefecture", "province"]))
    area = {str(code): row for row, code in enumerate(upper["code"].to_list())}
    _placed(file, county["code"].to_list(), set(area))
    area_persons, area_values = _persons(upper), _covariates(upper)
    prefectures = {c[:4]: area_persons[i] for c, i in area.items() if not c.endswith("0000")}
    provinces = {c[:2]: area_persons[i] for c, i in area.items() if c.endswith("0000")}
    province_rows = np.array([i for c, i in area.items() if c.endswith("0000")])
    codes = county["code"].to_numpy().astype(np.str_)
    persons, covariates = _persons(county), _covariates(county)
    of_prefecture = np.array([area.get(c[:4] + "00", area[c[:2] + "0000"]) for c in codes], dtype=np.int64)
    of_province = np.array([area[c[:2] + "0000"] for c in codes], dtype=np.int64)
    context_values = _area_covariates(covariates, area_values, of_prefecture, of_province)
    census = Census(year, persons, covariates, area_persons[of_prefecture].sum(axis=1), context_values)
    counties = Counties(
        codes,
        census,
        None,
        np.zeros(len(codes), dtype=bool),
        np.zeros(len(codes), dtype=bool),
        county["name"].to_numpy().astype(np.str_),
        _total_flags(codes, county, persons),
    )
    nation = area_persons[province_rows].sum(axis=0)
    return Book(year, counties, nation, _national_covariates(area_values[province_rows]), prefectures, provinces)


def read_pairs(folder: Path) -> tuple[Book, Book, Pairs]:
    """Both books of a panel folder and the counties that can be followed from one to the other."""
    base, outcome = read_book(folder, 2010), read_book(folder, 2020)
    walk = _walk(folder)
    from_row = {c: i for i, c in enumerate(base.counties.codes.tolist())}
    to_row = {c: i for i, c in enumerate(outcome.counties.codes.tolist())}
    pairs = [
        (from_row[a], to_row[b])
        for a, b in walk.select("code_2010", "code_2020").iter_rows()
        if a in from_row and b in to_row
    ]
    rows_a, rows_b = np.array(pairs, dtype=np.int64).T
    changed = _changed_prefectures(base.counties.codes, outcome.counties.codes, rows_a, rows_b)
    prefecture = np.array([c[:4] for c in base.counties.codes[rows_a]])
    return (
        base,
        outcome,
        Pairs(
            base.counties.take(rows_a),
            outcome.counties.latest.persons[rows_b],
            outcome.counties.codes[rows_b],
            np.isin(prefecture, list(changed)),
        ),
    )


def _walk(folder: Path) -> pl.DataFrame:
    """The crosswalk with corrections applied: code_2010, code_2020 and what it says of them."""
    walk = _printed(folder / CROSSWALK_FILE, "code_2010", "code_2020")
    walk = walk.filter(~pl.col("code_2010").is_in(list(_codes_with("code_reuse", 2010))))
    return walk.with_columns(pl.col("code_2020").replace(dict(_typos(2020))))


def absent_flags(folder: Path, *books: Book) -> tuple[Problem, ...]:
    """A flag for every county of the crosswalk that a census book lacks: the file may have been cut short."""
    walk = _walk(folder)
    flags = []
    for book in books:
        codes = set(book.counties.codes.tolist())
        moved = {a for pair in _swaps("swapped_rows", book.year) for a, b in (pair, pair[::-1]) if b in codes}
        lacking = set(walk[f"code_{book.year}"].drop_nulls().to_list()) - codes - moved
        flags += [problem("absent_from_book", code, CENSUS_FILE.format(year=book.year)) for code in sorted(lacking)]
    return tuple(flags)


def latest_counties(folder: Path) -> Counties:
    """Every county of the folder's latest census, with its own earlier census where a pair exists."""
    base, outcome, pairs = read_pairs(folder)
    counties = outcome.counties
    row = {c: i for i, c in enumerate(base.counties.codes.tolist())}
    before = dict(zip(pairs.outcome_codes.tolist(), pairs.base.codes.tolist(), strict=True))
    source = np.array([row[before[c]] if c in before else -1 for c in counties.codes.tolist()])
    earlier = base.counties.latest.take(np.maximum(source, 0))
    missing = source < 0
    for values in (earlier.persons, earlier.covariates, earlier.area_persons, earlier.area_covariates):
        values[missing] = np.nan
    changed = dict(zip(pairs.outcome_codes.tolist(), pairs.changed.tolist(), strict=True))
    flags = [
        problem("prefecture_changed", c)
        for c in counties.codes.tolist()
        if unit_kind(c) == "district" and changed.get(c, True)
    ]
    return Counties(
        counties.codes,
        counties.latest,
        earlier,
        counties.thin,
        counties.unsexed,
        counties.names,
        counties.flags + tuple(flags) + absent_flags(folder, base, outcome),
    )


def centroids(folder: Path) -> dict[str, tuple[float, float]]:
    """Prefecture code → (longitude, latitude) in degrees; a two-digit key is the mean of the province."""
    table = _printed(folder / CENTROID_FILE, "prefecture_code")
    places = {str(c): (float(x), float(y)) for c, x, y in table.iter_rows()}
    by_province: dict[str, list[tuple[float, float]]] = {}
    for code, place in places.items():
        by_province.setdefault(code[:2], []).append(place)
    means = {p: (float(np.mean([x for x, _ in v])), float(np.mean([y for _, y in v]))) for p, v in by_province.items()}
    return places | means


@dataclass(frozen=True, slots=True)
class ProvinceRows:
    """The provinces of one book: codes, names, persons (31, 2, 18), covariates (31, 14)."""

    codes: Texts
    names: Texts
    persons: Floats
    covariates: Floats


def province_rows(folder: Path, year: int) -> ProvinceRows:
    """Province rows of a census book."""
    rows = _rows(folder, year).filter(pl.col("level") == "province").sort("code")
    return ProvinceRows(
        rows["code"].to_numpy().astype(np.str_),
        rows["name"].to_numpy().astype(np.str_),
        _persons(rows),
        _covariates(rows),
    )


def province_series(folder: Path) -> dict[int, tuple[list[str], Floats, Floats]]:
    """Census year → (area names, persons (n, 2, 21 groups 0-4 … 100+), registered deaths alike); the first area is the nation."""
    table = pl.read_csv(folder / PROVINCE_FILE).filter(pl.col("sex").is_in(["m", "f"]) & (pl.col("age") != "all"))
    group = {age: max(i - 1, 0) for i, age in enumerate(PROVINCE_AGES)}
    series: dict[int, tuple[list[str], Floats, Floats]] = {}
    for (year,), part in table.group_by(["census"]):
        areas = sorted(part["area"].unique().to_list(), key=lambda name: (name != "全国", name))
        persons, deaths = np.zeros((2, len(areas), 2, len(PROVINCE_AGES) - 1))
        where = {name: i for i, name in enumerate(areas)}
        for _, area, sex, age, pop, dead in part.iter_rows():
            cell = where[area], "mf".index(sex), group[age]
            persons[cell] += pop
            deaths[cell] += dead or 0.0
        series[int(str(year))] = areas, persons, deaths
    return series


def folder_hash(folder: Path) -> str:
    """SHA-256 over the panel's files, for the training record."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.csv")):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


@cache
def corrections() -> pl.DataFrame:
    """The declared corrections of the panel, as data."""
    return pl.read_csv(Path(__file__).with_name("panel_corrections.csv"), infer_schema=False)


def _printed(file: Path, *needed: str) -> pl.DataFrame:
    """A file of the panel as texts. Raises ForecastInputError where it has no rows or lacks a column needed."""
    table = pl.read_csv(file, infer_schema=False, raise_if_empty=False)
    if table.is_empty():
        raise ForecastInputError([problem("empty_file", "*", file.name)])
    lacking = [c for c in needed if c not in table.columns]
    if lacking:
        raise ForecastInputError([problem("missing_column", "*", Place(c, "", file=file.name, row=1)) for c in lacking])
    return table


def _placed(file: Path, codes: list[str], areas: set[str]) -> None:
    """Raises ForecastInputError for counties whose code is no code or lies in no province that is known, by row."""
    wrong = {c: "unknown_province" if is_code(c) else "bad_code" for c in codes if f"{c[:2]}0000" not in areas}
    wrong |= {c: "bad_code" for c in codes if not is_code(c)}
    if not wrong:
        return
    rows = {c: row for row, c in enumerate(_printed(file)["code"].to_list(), start=2)}
    raise ForecastInputError(
        problem(kind, c, Place("code", c, file=file.name if c in rows else None, row=rows.get(c)))
        for c, kind in wrong.items()
    )


def _codes_with(kind: str, year: int) -> list[str]:
    rows = corrections().filter((pl.col("kind") == kind) & (pl.col("year") == str(year)))
    return [str(code) for code in rows["code"].to_list()]


def _typos(year: int) -> list[tuple[str, str]]:
    rows = corrections().filter((pl.col("kind") == "code_typo") & (pl.col("year") == str(year)))
    return [(str(a), str(b)) for a, b in rows.select("code", "other_code").iter_rows()]


def _swaps(kind: str, year: int) -> list[tuple[str, str]]:
    rows = corrections().filter((pl.col("kind") == kind) & (pl.col("year") == str(year)))
    return [(str(a), str(b)) for a, b in rows.select("code", "other_code").iter_rows()]


def _rows(folder: Path, year: int) -> pl.DataFrame:
    """Rows of one book with corrections that need no other file applied; figures as floats."""
    printed = _printed(folder / CENSUS_FILE.format(year=year), "code", "level", "name", "pop")
    texts = {"code", "level", "province", "prefecture", "name"}
    table = printed.with_columns(pl.exclude(texts).cast(pl.Float64, strict=False))
    _refuse(CENSUS_FILE.format(year=year), printed, table)
    table = table.with_columns(pl.col("code").replace(dict(_typos(year))), pl.col("name").str.replace("巿", "市"))
    for code, column, value in (
        corrections()
        .filter((pl.col("kind") == "misprint") & (pl.col("year") == str(year)))
        .select("code", "column", "value")
        .iter_rows()
    ):
        table = table.with_columns(
            pl.when(pl.col("code") == code).then(pl.col(column) + float(value)).otherwise(pl.col(column)).alias(column)
        )
    for a, b in _swaps("swapped_names", year):
        table = _renamed(table, a, b, "name")
    present = set(table["code"].drop_nulls().to_list())
    for a, b in _swaps("swapped_rows", year):
        # The figures printed at one code belong to the other: exchange the codes (a lone row takes its true code).
        if {a, b} & present:
            table = table.with_columns(pl.col("code").replace({a: b, b: a}))
    return table


USED: Final = ("county", "prefecture", "province")
"""Levels of the rows that are read."""
EMPTY: Final = (
    "单元格为空，而本行其余年龄之和不等于总人口，不能当作零",
    "the cell is empty and the other ages of its row do not add up to its total, so it is not zero",
)
AGE_COLUMNS: Final = tuple(f"{sex}_{age}" for sex in "mf" for age in PRINTED_AGES)


def _refuse(file: str, printed: pl.DataFrame, table: pl.DataFrame) -> None:
    """Raises ForecastInputError for cells of ages that are negative, no number or empty, a code that occurs twice among
    counties, and columns of ages that are missing, by file, row, column and value. An empty cell is nobody, as the books
    print it, where the other ages of its row add up to the printed total; otherwise it is a count that is missing."""
    lacking = [c for c in AGE_COLUMNS if c not in table.columns]
    if lacking:
        raise ForecastInputError([problem("missing_cohort", "*", Place(c, "", file=file, row=1)) for c in lacking])
    complete = (
        (pl.sum_horizontal(AGE_COLUMNS) == pl.col("pop")).fill_null(False) if "pop" in table.columns else pl.lit(False)
    )
    counted = ~pl.col("level").is_in(USED) | complete
    rows = table.select("code", "level", *AGE_COLUMNS, counted=counted).with_row_index("row", offset=2)
    cells = rows.drop("level").unpivot(index=["row", "code", "counted"], variable_name="column", value_name="persons")
    texts = printed.select(AGE_COLUMNS).unpivot(variable_name="column", value_name="text")
    cells = cells.with_columns(texts["text"].str.strip_chars().replace("", None))
    wrong = {
        "negative_persons": cells.filter(pl.col("persons") < 0),
        "not_a_number": cells.filter(pl.col("text").is_not_null() & ~pl.col("persons").is_finite().fill_null(False)),
        "missing_cohort": cells.filter(pl.col("text").is_null() & ~pl.col("counted")),
    }
    twice = rows.filter(pl.col("level") == "county").filter(pl.col("code").is_duplicated()).sort("code", "row")
    problems = [
        problem(kind, str(r["code"]), _cell(file, r))
        for kind, found in wrong.items()
        for r in found.sort("row").iter_rows(named=True)
    ]
    problems += [
        problem("duplicated_county", str(code), Place("code", code, file=file, row=row))
        for row, code in twice.select("row", "code").iter_rows()
    ]
    if problems:
        raise ForecastInputError(problems)


def _cell(file: str, r: dict[str, Any]) -> Place:
    empty = r["text"] is None
    return Place(r["column"], '""' if empty else r["text"], EMPTY if empty else ("", ""), file, r["row"])


def _renamed(table: pl.DataFrame, a: str, b: str, column: str) -> pl.DataFrame:
    names = dict(table.filter(pl.col("code").is_in([a, b])).select("code", column).iter_rows())
    exchanged = pl.col("code").replace_strict({a: names.get(b), b: names.get(a)}, default=None, return_dtype=pl.String)
    return table.with_columns(pl.coalesce(exchanged, pl.col(column)).alias(column))


def _swap_across(rows: pl.DataFrame, around: pl.DataFrame, year: int) -> pl.DataFrame:
    """Where only one of two swapped rows is in this folder, its true figures stand in the other folder."""
    present = set(rows["code"].drop_nulls().to_list())
    for pair in _swaps("swapped_rows", year):
        for ours, theirs in (pair, pair[::-1]):
            true_row = around.filter((pl.col("code") == ours) & (pl.col("level") == "county"))
            if theirs not in present or ours in present:
                continue
            if true_row.height:
                shared = [c for c in rows.columns if c in true_row.columns]
                rows = pl.concat([rows.filter(pl.col("code") != theirs), true_row.select(shared)], how="diagonal")
            else:
                rows = rows.with_columns(pl.col("code").replace({theirs: ours}))
    return rows


def _persons(rows: pl.DataFrame) -> Floats:
    printed = np.stack(
        [np.column_stack([rows[f"{sex}_{age}"].fill_null(0.0).to_numpy() for age in PRINTED_AGES]) for sex in "mf"],
        axis=1,
    )
    return np.concatenate([printed[:, :, :1] + printed[:, :, 1:2], printed[:, :, 2:]], axis=2)


def _covariates(rows: pl.DataFrame) -> Floats:
    """`COVARIATES` from the columns a book prints; NaN for those it does not."""

    def column(name: str) -> Floats:
        if name not in rows.columns:
            return np.full(rows.height, np.nan)
        return rows[name].fill_null(np.nan).to_numpy().astype(np.float64)

    pop, households = column("pop"), column("fam_households")
    with np.errstate(divide="ignore", invalid="ignore"):
        values = {
            "resident": pop,
            "registered": column("hukou_pop"),
            "urban_share": column("urban") / pop,
            "migrants_same_county": column("mig_in_same_county") / pop,
            "migrants_same_province": column("mig_in_other_county_same_prov") / pop,
            "migrants_other_province": column("mig_in_other_prov") / pop,
            "household_size": column("hh_size"),
            "one_person_households": column("hh_1person") / households,
            "elderly_households": column("hh_with65") / households,
            "single_elderly_households": column("hh_with65_1") / column("hh_with65"),
            "household_population": column("fam_household_pop") / pop,
            "minority_share": column("minority_pct") / 100,
            "birth_rate": column("cbr_permille"),
            "death_rate": column("cdr_permille"),
        }
    stacked = np.column_stack([values[name] for name in COVARIATES])
    return np.where(np.isfinite(stacked), stacked, np.nan)


def _area_covariates(own: Floats, area: Floats, prefecture: Ints, province: Ints) -> Floats:
    ratio = area[:, 0] / area[:, 1]
    columns = (ratio[prefecture], ratio[province], area[prefecture, 2], own[:, 0] / area[prefecture, 0])
    assert len(columns) == len(AREA_COVARIATES)
    return np.column_stack(columns)


def _national_covariates(provinces: Floats) -> Floats:
    """The nation's covariates as the provinces' mean weighted by residents, totals summed."""
    weight = provinces[:, :1] / provinces[:, 0].sum()
    nation: Floats = np.where(np.isnan(provinces), 0.0, provinces * weight).sum(axis=0)
    nation = nation / np.where(np.isnan(provinces), 0.0, weight).sum(axis=0).clip(1e-12)
    nation[:2] = provinces[:, :2].sum(axis=0)
    nation[np.isnan(provinces).all(axis=0)] = np.nan
    return nation


def _total_flags(codes: Texts, county: pl.DataFrame, persons: Floats) -> tuple[Problem, ...]:
    difference = persons.sum(axis=(1, 2)) - county["pop"].to_numpy()
    return tuple(
        problem("ages_exceed_total", str(c), f"{d:+.0f}") for c, d in zip(codes, difference, strict=True) if abs(d) > 1
    )


def _changed_prefectures(codes_a: Texts, codes_b: Texts, rows_a: Ints, rows_b: Ints) -> set[str]:
    """Prefectures (four digits) in which a unit of one book has no partner in the other."""
    vanished = np.delete(codes_a, rows_a)
    appeared = np.delete(codes_b, rows_b)
    return {str(c[:4]) for c in np.concatenate([vanished, appeared])}
