"""How many people aged 60+ are said to come: the last year inside the forecast's shelf life first, then the last year of the
forecast, each as its 80 % interval. What headlines, key figures and titles print; the charts draw the whole path."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from pipelines.desk import words
from pipelines.desk.marts import ask
from pipelines.desk.words import Words, same

LAST_YEAR = 2035
BASE_YEAR = 2020


@dataclass(frozen=True)
class Point:
    """Persons of one year; low and high are None where no interval is published. Of several counties: the sums of theirs."""

    year: int
    middle: float
    low: float | None
    high: float | None

    @property
    def range(self) -> Words:
        """276,000—370,000 / 276,000–370,000; the median alone where there is no interval."""
        if self.low is None or self.high is None:
            return same(words.estimate(self.middle))
        low, high = words.estimate(self.low), words.estimate(self.high)
        return Words(f"{low}—{high}", f"{low}–{high}")


@dataclass(frozen=True)
class Ahead:
    """`now`: the census; `reliable`: the last year in which the forecast of every county is inside its shelf life, None where that
    is not known, not even a year, or the last year itself; `late`: whether the last year lies beyond it."""

    now: float
    reliable: Point | None
    last: Point
    late: bool

    @property
    def said(self) -> Words:
        """2025年约176,000—201,000人，2035年约276,000—370,000人，已超过有效年限; `last` alone where nothing comes before it."""
        first = _in_year(self.reliable) + Words("，", ", ") if self.reliable else same("")
        beyond = Words("，已超过有效年限", ", beyond the shelf life") if self.late else same("")
        return first + _in_year(self.last) + beyond

    @property
    def times(self) -> Words:
        """How many times the census of 2020 the last year is."""
        ends = [self.last.low, self.last.high] if self.last.low is not None else [self.last.middle]
        shown = list(dict.fromkeys(f"{(e or 0.0) / self.now:.1f}" for e in ends))
        return Words("—".join(shown) + "倍", "–".join(shown) + " times")


def ahead(con: duckdb.DuckDBPyConnection, codes: list[str]) -> Ahead | None:
    """Persons 60+ of some counties together; None where the census or the last year is missing."""
    rows = ask(
        con,
        "SELECT * FROM mart_elderly_outlook WHERE list_contains($codes, county_code) AND age_band = '60+' AND sex = 'both'",
        codes=codes,
    )
    years = {int(year): part for (year,), part in rows.group_by("year")}
    if BASE_YEAR not in years or LAST_YEAR not in years:
        return None
    kept = _kept(years[LAST_YEAR])
    reliable = _point(kept, years[kept]) if kept in years and BASE_YEAR < kept < LAST_YEAR else None
    now = _point(BASE_YEAR, years[BASE_YEAR]).middle
    return Ahead(now, reliable, _point(LAST_YEAR, years[LAST_YEAR]), kept < LAST_YEAR) if now else None


def _kept(rows: pl.DataFrame) -> int:
    """The last year inside the shortest shelf life of the counties; the last of the forecast where none is known."""
    known = rows.get_column("shelf_life_years", default=pl.Series([], dtype=pl.Float64)).drop_nulls()
    return min([LAST_YEAR, *(BASE_YEAR + int(life) for life in known)])


def _point(year: int, rows: pl.DataFrame) -> Point:
    banded = not (rows["p10"].null_count() or rows["p90"].null_count()) and (rows["p10"] < rows["p90"]).all()
    ends = [float(rows[q].sum()) if banded else None for q in ("p10", "p90")]
    return Point(year, float(rows["p50"].sum()), ends[0], ends[1])


def _in_year(point: Point) -> Words:
    said = point.range
    return Words(f"{point.year}年约{said.zh}人", f"about {said.en} in {point.year}")
