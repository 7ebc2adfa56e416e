"""Beds of the public profile where a plan's own figure on beds is left out, as it may be to protect a count of people."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines import registry
from pipelines.core.builder import canonical
from pipelines.publish import counts, projected, protect
from pipelines.publish.protect import SUPPRESSED, Rules
from pipelines.settings import Settings
from tests.conftest import Once
from tests.quality.good import PARQUET, build

COUNTY = "530425"
Tables = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def inside(once: Once) -> Tables:
    """The internal tables of the five counties."""
    folder = once("good", build) / PARQUET
    quality = canonical("mart_quality", pl.DataFrame({"suite": []}, schema={"suite": pl.String}))
    return {p.stem: pl.read_parquet(p) for p in folder.glob("*.parquet")} | {"mart_quality": quality}


def stated(tables: Tables, indicator: str) -> tuple[str, float]:
    """Id and value of what the plan reports for 2020."""
    own = tables["fct_observation"].filter(
        county_code=COUNTY, indicator_id=indicator, measure="actual", period_end=2020
    )
    found: tuple[str, float] = own.filter(pl.col("restates").is_null()).select("observation_id", "value").row(0)
    return found


def without(tables: Tables, indicator: str) -> Tables:
    """The public tables when a figure on beds is left out, as it was in an earlier release."""
    kept = frozenset({("fct_observation", (stated(tables, indicator)[0],))})
    made = protect.protect(tables, Rules(kept=kept, seed=Settings.seed))
    assert kept <= made.hidden
    assert not {key for name, key in made.hidden if name == "fct_population"}
    return made.tables


def of(tables: Tables, name: str) -> pl.DataFrame:
    return tables[name].filter(county_code=COUNTY)


def test_a_left_out_ratio_cannot_be_read_from_what_it_implies(inside: Tables) -> None:
    """Beds divided by beds per 1,000 elderly stood in words beside the beds."""
    (_, beds), (_, ratio) = (stated(inside, i) for i in ("elderly_care_beds", "beds_per_1000_elderly"))
    implied = f"{1000 * beds / ratio:,.0f}"
    messages = {n: of(t, "mart_plausibility")["message_zh"].str.contains(implied).any() for n, t in (("in", inside), ("out", without(inside, "beds_per_1000_elderly")))}  # fmt: skip
    assert messages == {"in": True, "out": False}


def test_left_out_beds_are_gone_from_what_was_made_of_them(inside: Tables) -> None:
    """Supply says that it is left out and on which line it stands; needs and persons are as before."""
    shown = without(inside, "elderly_care_beds")
    was, now = (of(t, "mart_bed_supply").filter(status="existing", bed_type="all", year=2025) for t in (inside, shown))
    assert was["beds"][0] == stated(inside, "elderly_care_beds")[1]
    assert now.select("beds", "beds_status", "per_1000_60plus").row(0) == (None, SUPPRESSED, None)
    assert now["basis"].equals(was["basis"])
    before, after = (of(t, "mart_bed_outlook").filter(bed_type="all", year=2025) for t in (inside, shown))
    had = before["supply"].is_not_null()
    assert had.any() and set(after.filter(had)["supply_status"]) == {SUPPRESSED}
    same = ["year", "scenario", "estimator", "definition", "demand_p50", "method_version"]
    assert_frame_equal(after.select(same), before.select(same))
    years = after.filter(had, pl.col("first_year_short_status").is_not_null())
    assert set(years["first_year_short_status"]) == {SUPPRESSED}
    assert_frame_equal(*(of(t, "mart_elderly_outlook").drop("status", strict=False) for t in (inside, shown)))
    others = pl.col("county_code") != COUNTY
    for name in projected.tables_of_forecast():
        assert shown[name].filter(others).drop("status", strict=False).equals(inside[name].filter(others).drop("status", strict=False)), name  # fmt: skip


def test_what_a_sum_of_projections_needs_is_not_left_out_for_others(inside: Tables) -> None:
    """Planned beds and graves; how many stations a project builds may go."""
    made = inside["fct_project_output"]
    own = counts.read(inside, inside["dim_county"].filter("has_plan")["county_code"].to_list(), 10)
    fixed = {c for read in own.values() for c in read.block.fixed}
    beds = set(made.filter(pl.col("output").is_in(["beds", "graves"]) & pl.col("quantity").is_not_null())["output_id"])
    assert beds and beds <= {
        m[1][0] for read in own.values() for c in read.block.fixed for m in read.members.get(c, ())
    }
    assert f"{COUNTY}-o006" not in fixed


def test_every_absence_of_the_projected_tables_stands_beside_its_value() -> None:
    """What `marked` finds by the names of columns."""
    for name in projected.tables_of_forecast():
        for status in (c.name for c in registry.table(name).columns if c.codelist == "absence" and c.name != "status"):
            of_value = status.removesuffix("_status")
            assert of_value == "used" or any(c.name.startswith(of_value) and c.name != status for c in registry.table(name).columns)  # fmt: skip
