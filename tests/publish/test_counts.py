"""What one line of a document tells about a count that is left out, declared as a relation or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines import registry
from pipelines.core.builder import canonical
from pipelines.publish import counts
from pipelines.publish.disclosure import exposed, suppress

COUNTY, LINE, WIDTH = "530425", 9999, 10.0
Tables = dict[str, pl.DataFrame]
_NAMES = (
    "fct_observation",
    "fct_project_output",
    "fct_population",
    "fct_census_covariate",
    "fct_figure_fact",
    "fct_project",
    "dim_indicator",
)


@pytest.fixture(scope="module")
def tables(core: Path) -> Tables:
    empty = {
        "mart_elderly_outlook": canonical(
            "mart_elderly_outlook", pl.DataFrame({"county_code": []}, schema={"county_code": pl.String})
        )
    }
    return {n: pl.read_parquet(core / f"{n}.parquet") for n in _NAMES} | empty


def said(tables: Tables, *rows: tuple[str, float, str, str]) -> Tables:
    """The tables with statements of one more line: indicator, value, unit, as printed."""
    like = tables["fct_observation"].filter(pl.col("county_code") == COUNTY).row(0, named=True)
    own: list[dict[str, Any]] = [
        {**like, "observation_id": f"{COUNTY}-x{n}", "indicator_id": indicator, "value": value, "unit": unit, "value_as_printed": printed,
         "measure": "actual", "period_start": 2019, "period_end": 2019, "target_level": "county", "breakdown": None, "restates": None,
         "project_id": None, "status": None, "source_line": LINE}
        for n, (indicator, value, unit, printed) in enumerate(rows)
    ]  # fmt: skip
    more = pl.DataFrame(own, schema=tables["fct_observation"].schema)
    return {**tables, "fct_observation": pl.concat([tables["fct_observation"], more])}


def secret(tables: Tables, *rows: tuple[str, float, str, str]) -> tuple[float, frozenset[str]]:
    """(how uncertain the count of the first row is when it alone is left out, what goes with it); infinite when nothing tells it."""
    cell = f"{COUNTY}-x0"
    own = counts.read(said(tables, *rows), [COUNTY], 10)[COUNTY]
    assert cell in own.primary
    return exposed(own.block, {cell}, WIDTH).get(cell, float("inf")), suppress(own.block, {cell}, WIDTH) - {cell}


@pytest.fixture(scope="module")
def people(tables: Tables) -> str:
    """An indicator that counts people, as a stock."""
    stocks = tables["dim_indicator"].filter((pl.col("unit") == "persons") & (pl.col("nature") == "stock"))
    return str(stocks["indicator_id"].sort()[0])


@pytest.fixture(scope="module")
def others(tables: Tables) -> str:
    stocks = tables["dim_indicator"].filter((pl.col("unit") == "persons") & (pl.col("nature") == "stock"))
    return str(stocks["indicator_id"].sort()[1])


def test_money_at_a_printed_rate(tables: Tables, people: str) -> None:
    """8.93 万元 a year at 1,240 yuan a month are six people; without the rate or the amount they are not."""
    paid, rate = (
        ("dibao_spending", 8.93, "wan_yuan", "8.93"),
        ("dibao_standard_month", 1240.0, "yuan_per_person_month", "1240"),
    )
    count = (people, 6.0, "persons", "6")
    width, gone = secret(tables, count, paid, rate)
    assert width < 1
    assert gone & {f"{COUNTY}-x1", f"{COUNTY}-x2"}
    assert secret(tables, count, paid) == (float("inf"), frozenset())
    assert secret(tables, count, ("dibao_spending", 80.0, "wan_yuan", "80"), rate) == (float("inf"), frozenset())


@pytest.mark.parametrize(
    ("value", "rate"),
    [
        (6.0, 5.0),  # 5 % of 120
        (6.0, 95.0),  # the rest of 95 %
        (132.0, 10.0),  # growth by 10 %
    ],
)
def test_a_share_its_rest_and_growth(tables: Tables, people: str, others: str, value: float, rate: float) -> None:
    small = 6.0 if value == 6.0 else 9.0
    whole = 120.0 if value == 6.0 else small * 1.1
    share = ("nursing_bed_share", rate, "pct", f"{rate:.1f}")
    first = (people, small, "persons", f"{small:g}")
    width, gone = secret(tables, first, (others, whole, "persons", f"{whole:g}"), share)
    assert width < WIDTH
    assert f"{COUNTY}-x2" in gone
    assert secret(tables, first, (others, 777.0, "persons", "777"), share)[0] == float("inf")


def resident(tables: Tables, county: str, year: int, age: int = 0) -> float:
    own = tables["fct_population"].filter(
        (pl.col("county_code") == county)
        & (pl.col("year") == year)
        & (pl.col("sex") != "both")
        & (pl.col("age_from") >= age)
    )
    return float(own["persons"].sum())


@pytest.mark.parametrize("year", [2010, 2020])
@pytest.mark.parametrize("age", [0, 60])
def test_a_rate_of_the_residents(tables: Tables, people: str, year: int, age: int) -> None:
    """0.6 per 10,000 residents, whose number is published, of whatever census."""
    rate = round(8e4 / resident(tables, COUNTY, year, age), 2)
    width, gone = secret(
        tables, (people, 8.0, "persons", "8"), ("social_organizations_per_10000", rate, "per_10000", f"{rate:.2f}")
    )
    assert width < 1
    assert gone == {f"{COUNTY}-x1"}
    off = ("social_organizations_per_10000", round(rate * 1.4, 2), "per_10000", f"{rate * 1.4:.2f}")
    assert secret(tables, (people, 8.0, "persons", "8"), off) == (float("inf"), frozenset())


def test_a_rate_of_another_number_of_the_census(tables: Tables, people: str) -> None:
    """Registered people, households or urban residents are published beside the residents."""
    like = tables["fct_census_covariate"].filter(county_code=COUNTY, year=2020).row(0, named=True)
    own = pl.DataFrame(
        [{**like, "variable": "registered", "value": 161_803.0, "unit": "persons"}],
        schema=tables["fct_census_covariate"].schema,
    )
    rate = round(8e4 / 161_803, 2)
    count, told = (people, 8.0, "persons", "8"), ("social_organizations_per_10000", rate, "per_10000", f"{rate:.2f}")
    others = tables["fct_census_covariate"].filter(pl.col("variable") != "registered")
    assert secret({**tables, "fct_census_covariate": pl.concat([others, own])}, count, told)[1] == {f"{COUNTY}-x1"}
    assert secret({**tables, "fct_census_covariate": others}, count, told)[1] == frozenset()


@pytest.mark.parametrize("kept", [2010, 2020])
def test_counties_of_different_census_years_are_protected_by_their_own(tables: Tables, people: str, kept: int) -> None:
    """One county with another census than the rest: its own people count, and those of a census that it has not do not."""
    own = (pl.col("county_code") != COUNTY) | (pl.col("year") == kept)
    census = {name: tables[name].filter(own) for name in ("fct_population", "fct_census_covariate")}
    rates = {y: round(8e4 / resident(tables, COUNTY, y), 2) for y in (2010, 2020)}
    for year, rate in rates.items():
        told = ("social_organizations_per_10000", rate, "per_10000", f"{rate:.2f}")
        _, gone = secret({**tables, **census}, (people, 8.0, "persons", "8"), told)
        assert gone == (frozenset({f"{COUNTY}-x1"}) if year == kept else frozenset()), year


def test_what_was_shown_before_is_told(tables: Tables, people: str, others: str) -> None:
    rows = said(tables, (people, 6.0, "persons", "6"), (others, 60.0, "persons", "60"))
    told = frozenset({("fct_observation", (f"{COUNTY}-x1",))})
    assert counts.read(rows, [COUNTY], 10, (), told)[COUNTY].block.told == {f"{COUNTY}-x1"}


@pytest.mark.parametrize("printed", ["件", "例", "起"])
def test_cases_that_are_people_are_counted_as_people(tables: Tables, printed: str) -> None:
    """Two adoptions are two children, whatever unit is printed; two homes are nobody."""
    rows = said(tables, ("adoptions_registered", 2.0, "count", "2"), ("childrens_homes", 2.0, "count", "2"))
    unit = pl.when(pl.col("observation_id").str.contains("-x")).then(pl.lit(printed)).otherwise("unit_as_printed")
    stated = rows["fct_observation"].with_columns(unit_as_printed=unit)
    counted = stated.filter(counts.protected_observations(rows))["observation_id"]
    assert [i for i in counted if "-x" in i] == [f"{COUNTY}-x0"]
    assert COUNTY in counts.counties_with_small(
        {**rows, "fct_observation": stated.filter(pl.col("observation_id").str.contains("-x"))}, 10
    )


def test_what_is_listed_as_people_is_an_indicator_and_says_why() -> None:
    known = {r["indicator_id"] for r in registry.rows("indicators")}
    assert registry.people().keys() <= known
    assert all(r["reason_zh"] and r["reason_en"] for r in registry.rows("people"))
