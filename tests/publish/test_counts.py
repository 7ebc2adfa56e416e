"""What one line of a document tells about a count that is left out, declared as a relation or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

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


def test_a_rate_of_the_residents(tables: Tables, people: str) -> None:
    """0.6 per 10,000 residents, whose number is published."""
    own = tables["fct_population"].filter(
        (pl.col("county_code") == COUNTY) & (pl.col("year") == 2020) & (pl.col("sex") != "both")
    )
    rate = round(8e4 / float(own["persons"].sum()), 2)
    width, gone = secret(
        tables, (people, 8.0, "persons", "8"), ("social_organizations_per_10000", rate, "per_10000", f"{rate:.2f}")
    )
    assert width < 1
    assert gone == {f"{COUNTY}-x1"}


def test_what_was_shown_before_is_told(tables: Tables, people: str, others: str) -> None:
    rows = said(tables, (people, 6.0, "persons", "6"), (others, 60.0, "persons", "60"))
    told = frozenset({("fct_observation", (f"{COUNTY}-x1",))})
    assert counts.read(rows, [COUNTY], 10, (), told)[COUNTY].block.told == {f"{COUNTY}-x1"}
