"""A batch of counties as arrays, and its reading from frames of census ages and covariates."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.forecast.cohorts import DECADE, GROUP_STARTS, GROUPS, SEXES, Bools, Floats, Texts
from pipelines.forecast.errors import ForecastInputError, Place, Problem, problem

COVARIATES: Final = (
    "resident",  # persons living here on the census day
    "registered",  # persons registered here (户籍)
    "urban_share",
    "migrants_same_county",  # shares of residents registered in another township …
    "migrants_same_province",
    "migrants_other_province",
    "household_size",
    "one_person_households",  # share of family households
    "elderly_households",  # share of family households with a member 65+
    "single_elderly_households",  # share of those with exactly one member 65+
    "household_population",  # share of residents living in family households
    "minority_share",
    "birth_rate",  # per 1,000, as registered in the census
    "death_rate",
)
AREA_COVARIATES: Final = (
    "prefecture_registered_ratio",
    "province_registered_ratio",
    "prefecture_urban_share",
    "share_of_prefecture",
)
BOOK_COVARIATES: Final = COVARIATES[3:12]
"""Printed in a census book of all counties, not among what a county is known by on its own."""
THIN: Final = ((0, 14), (15, 59), (60, None), (65, None))
OPEN_AGE: Final = 999


@dataclass(frozen=True, slots=True)
class Census:
    """One census of n counties.

    persons (n, 2, 18) males and females in five-year groups, NaN where the county has no such census;
    covariates (n, 14) in the order of `COVARIATES`; area_persons (n, 18) the prefecture's persons;
    area_covariates (n, 4). NaN means unknown, everywhere.
    """

    year: int
    persons: Floats
    covariates: Floats
    area_persons: Floats
    area_covariates: Floats

    def take(self, rows: Bools | np.typing.NDArray[np.int64]) -> Census:
        """The same census for some of the counties."""
        return Census(
            self.year,
            self.persons[rows],
            self.covariates[rows],
            self.area_persons[rows],
            self.area_covariates[rows],
        )


@dataclass(frozen=True, slots=True)
class Counties:
    """n counties: their latest census, the one before (if any), and what to know about their input.

    codes (n,) six digits of GB/T 2260; names (n,) or empty texts; thin (n,) broad age groups only;
    unsexed (n,) sexes not given (each row then holds half of both); flags: problems that do not stop the forecast.
    """

    codes: Texts
    latest: Census
    earlier: Census | None
    thin: Bools
    unsexed: Bools
    names: Texts
    flags: tuple[Problem, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def districts(self) -> Bools:
        """True for urban districts (市辖区), by code."""
        return np.array([unit_kind(code) == "district" for code in self.codes], dtype=bool)

    @property
    def flags_of_others(self) -> tuple[Problem, ...]:
        """Flags of counties that should be in this batch and are not: no slice of it carries them."""
        batch = set(self.codes.tolist())
        return tuple(f for f in self.flags if f.county_code not in batch)

    def take(self, rows: Bools | np.typing.NDArray[np.int64]) -> Counties:
        """A slice of the batch."""
        codes = self.codes[rows]
        kept = set(codes.tolist())
        return replace(
            self,
            codes=codes,
            latest=self.latest.take(rows),
            earlier=None if self.earlier is None else self.earlier.take(rows),
            thin=self.thin[rows],
            unsexed=self.unsexed[rows],
            names=self.names[rows],
            flags=tuple(f for f in self.flags if f.county_code in kept),
        )


def on_their_own(counties: Counties) -> Counties:
    """The same counties known by their own ages, residents and vital rates alone: without prefecture, province and
    `BOOK_COVARIATES`."""
    now = counties.latest
    book = np.isin(COVARIATES, BOOK_COVARIATES)
    known = replace(
        now,
        covariates=np.where(book, np.nan, now.covariates),
        area_persons=np.full_like(now.area_persons, np.nan),
        area_covariates=np.full_like(now.area_covariates, np.nan),
    )
    return replace(counties, latest=known)


def is_code(code: str) -> bool:
    """Whether a text has the form of a county's code: six digits of GB/T 2260."""
    return len(code) == 6 and code.isascii() and code.isdigit()


def unit_kind(code: str) -> str:
    """`district`, `county` or `city` from a GB/T 2260 code (digits 5-6; 地区, 州 and 盟 have 21-50 in digits 3-4)."""
    area, unit = int(code[2:4]), int(code[4:6])
    if unit > 80:
        return "city"
    if unit > 20:
        return "county"
    return "city" if 21 <= area <= 50 or area == 90 else "district"


def counties_from_frames(
    ages: pl.DataFrame, covariates: pl.DataFrame | None = None, base: int | None = None
) -> Counties:
    """Read counties from long census ages and an optional covariate frame.

    ages: `county_code, year, sex ('male'/'female', or 'both'), age_from, age_to (null = open), persons`, of any years.
    covariates: `county_code, year` and any of `COVARIATES` (others ignored, missing = unknown).
    base: the census forecast from, by default the latest decennial one (of a year that ends in 0) in the frame; the earlier
    census is that ten years before. Ages of other years are not looked at. A county without the base census is left out
    with a flag `no_base`; one without the earlier census is forecast without its own trend.
    Raises ForecastInputError naming every county with negative, repeated, missing or inconsistent ages, by file and row
    where the ages bring columns `file` and `row`; and where none has the base census.
    """
    ages = ages.with_columns(pl.col("county_code").cast(pl.String), pl.col("year").cast(pl.Int64))
    if bad := [c for c in ages["county_code"].unique(maintain_order=True) if not is_code(c or "")]:
        first = {r["county_code"]: r for r in ages.unique("county_code", keep="first").iter_rows(named=True)}
        raise ForecastInputError(
            problem("bad_code", str(c), Place("county_code", c, file=first[c].get("file"), row=first[c].get("row")))
            for c in bad
        )
    base = _latest_decennial(ages) if base is None else base
    has_base = (pl.col("year") == base).any().over("county_code")
    without = ages.filter(~has_base)["county_code"].unique().sort()
    ages = _checked(ages.filter(has_base & pl.col("year").is_in([base - DECADE, base])))
    codes = np.array(sorted(ages["county_code"].unique().to_list()), dtype=np.str_)
    problems: list[Problem] = []
    flags = [problem("no_base", code, str(base)) for code in without]
    persons, thin = _persons(ages.filter(pl.col("year") == base), base, codes, problems, flags)
    latest = _census(base, codes, persons, covariates)
    before = ages.filter(pl.col("year") == base - DECADE)
    earlier = None
    if before.height:
        persons, _ = _persons(before, base - DECADE, codes, problems, flags)
        earlier = _census(base - DECADE, codes, persons, covariates)
    elderly = latest.persons[:, :, 12:].sum(axis=(1, 2))
    problems += [problem("no_elderly", str(c)) for c in codes[elderly <= 0]]
    if problems or not len(codes):
        raise ForecastInputError(problems or flags)
    flags += [problem("thin_input", str(c)) for c in codes[thin]]
    unsexed = np.isin(codes, [f.county_code for f in flags if f.code == "sex_split"])
    return Counties(codes, latest, earlier, thin, unsexed, np.full(len(codes), "", dtype=np.str_), tuple(flags))


def _latest_decennial(ages: pl.DataFrame) -> int:
    censuses = ages.filter(pl.col("year") % DECADE == 0)["year"]
    if censuses.is_empty():
        raise ForecastInputError(problem("no_census", code) for code in ages["county_code"].unique().sort())
    return int(str(censuses.max()))


def _checked(ages: pl.DataFrame) -> pl.DataFrame:
    ages = ages.select(
        pl.col("county_code").cast(pl.String),
        pl.col("year").cast(pl.Int64),
        pl.col("sex").cast(pl.String),
        pl.col("age_from").cast(pl.Int64),
        pl.col("age_to").cast(pl.Int64).fill_null(OPEN_AGE),
        pl.col("persons").cast(pl.Float64),
        *(pl.col(c) if c in ages.columns else pl.lit(None).alias(c) for c in ("file", "row")),
    )
    what = ages.drop("persons", "file", "row")
    bad: list[Problem] = []
    for code, rows in (
        ("not_a_number", ages.filter(pl.col("persons").is_null() | ~pl.col("persons").is_finite())),
        ("negative_persons", ages.filter(pl.col("persons") < 0)),
        ("duplicated_county", ages.filter(what.is_duplicated())),
    ):
        bad += [
            problem(code, r["county_code"], _place(r))
            for r in rows.unique("county_code", maintain_order=True).iter_rows(named=True)
        ]
    if bad:
        raise ForecastInputError(bad)
    return ages.drop("file", "row")


_SEX_ZH: Final = {"male": "男", "female": "女", "both": "男女合计"}


def _place(r: dict[str, Any]) -> Place:
    """Where one row of ages stands; its year, sex and age in words."""
    sex, first = r["sex"], r["age_from"]
    group = (f"{r['year']}年{_SEX_ZH.get(sex, sex)}{first}岁起", f"{r['year']} {sex} from age {first}")
    return Place("persons", f"{r['persons']:g}" if r["persons"] is not None else "", group, r["file"], r["row"])


def _gap(code: str, year: int, sex: str, ages: pl.DataFrame) -> Problem:
    """The ages of one county and sex that do not make whole groups, with those that are missing."""
    found = sorted(ages["age_from"].to_list())
    lacking = sorted(set(GROUP_STARTS) - set(found))
    told = ", ".join(map(str, lacking)) or "-"
    group = (f"{year}年{_SEX_ZH[sex]}缺起始年龄 {told}", f"{year} {sex}, no group that begins at {told}")
    return problem("missing_cohort", code, Place("age_from", " ".join(map(str, found)), group))


def _exceeds(code: str, year: int, sex: str, ages: pl.DataFrame) -> Problem:
    """Broad groups of one county and sex in which fewer are 60+ than 65+."""
    sixty, older = (ages.filter(pl.col("age_from") == age)["persons"].item(-1) for age in (60, 65))
    told = f"60+ {sixty:g}, 65+ {older:g}"
    return problem("elderly_exceed", code, Place("persons", told, (f"{year}年{_SEX_ZH[sex]}", f"{year} {sex}")))


def _persons(
    ages: pl.DataFrame, year: int, codes: Texts, problems: list[Problem], flags: list[Problem]
) -> tuple[Floats, Bools]:
    """Five-year ages (n, 2, 18) of one census, NaN where absent, and which counties gave broad groups only."""
    persons = np.full((len(codes), 2, GROUPS), np.nan)
    thin = np.zeros(len(codes), dtype=bool)
    row_of = {str(code): row for row, code in enumerate(codes)}
    for (code,), county in ages.group_by(["county_code"], maintain_order=True):
        row = row_of[str(code)]
        by_sex = {str(sex): part for (sex,), part in county.group_by(["sex"])}
        if "both" in by_sex and not (set(SEXES) & set(by_sex)):
            flags.append(problem("sex_split", str(code)))
            split = [_grouped(by_sex["both"])] * 2
            factor = 0.5
        elif set(SEXES) <= set(by_sex):
            split = [_grouped(by_sex[sex]) for sex in SEXES]
            factor = 1.0
        else:
            problems.append(problem("missing_sex", str(code)))
            continue
        for sex, (groups, is_thin) in enumerate(split):
            if groups is None:
                of_sex = by_sex.get("both", by_sex.get(SEXES[sex]))
                assert of_sex is not None
                wrong = _exceeds if is_thin else _gap
                problems.append(wrong(str(code), year, str(of_sex["sex"][0]), of_sex))
                break
            persons[row, sex] = groups * factor
            thin[row] |= is_thin
    return persons, thin


def _grouped(ages: pl.DataFrame) -> tuple[Floats | None, bool]:
    """Five-year groups of one county and sex. Broad groups are put on the first group of their span, to be split
    by `annual.split_thin`; returns None when the ages have gaps or overlaps, and for broad groups with more 65+ than 60+."""
    ages = ages.sort("age_from", "age_to")
    start, end = ages["age_from"].to_numpy(), ages["age_to"].to_numpy()
    count = ages["persons"].to_numpy()
    spans = tuple(zip(start.tolist(), [None if e == OPEN_AGE else e for e in end.tolist()], strict=True))
    groups = np.zeros(GROUPS)
    if spans == THIN:
        if count[3] > count[2]:
            return None, True
        groups[[0, 3, 12, 13]] = count[0], count[1], count[2] - count[3], count[3]
        return groups, True
    first, last = start // 5, np.minimum(end // 5, GROUPS - 1)
    contiguous = start[0] == 0 and end[-1] == OPEN_AGE and bool((start[1:] == end[:-1] + 1).all())
    if not contiguous or bool((np.minimum(first, GROUPS - 1) != last).any()):
        return None, False
    np.add.at(groups, last, count)
    return groups, False


def _census(year: int, codes: Texts, persons: Floats, covariates: pl.DataFrame | None) -> Census:
    n = len(codes)
    values = np.full((n, len(COVARIATES)), np.nan)
    if covariates is not None:
        keyed = pl.DataFrame({"county_code": codes}).join(
            covariates.filter(pl.col("year") == year).with_columns(pl.col("county_code").cast(pl.String)),
            on="county_code",
            how="left",
            maintain_order="left",
        )
        for column, name in enumerate(COVARIATES):
            if name in keyed.columns:
                values[:, column] = keyed[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
    resident = np.where(np.isnan(values[:, 0]), persons.sum(axis=(1, 2)), values[:, 0])
    values[:, 0] = resident
    return Census(year, persons, values, np.full((n, GROUPS), np.nan), np.full((n, len(AREA_COVARIATES)), np.nan))
