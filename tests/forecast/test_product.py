"""The forecast tables of the product on the real core: golden medians, consistency, typed absence, net-new beds."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from orientation import ORIENTATION

from pipelines.forecast.areas import surrounded
from pipelines.forecast.counties import BOOK_COVARIATES, counties_from_frames
from pipelines.forecast.features import FEATURES, OF_BOOK, features
from pipelines.forecast.product import census_covariates, forecast_tables, numbered, read_core, resting
from pipelines.forecast.shipped import load_model


@pytest.fixture(scope="module")
def tables(core: Path) -> dict[str, pl.DataFrame]:
    return forecast_tables(read_core(core), seed=20211231)


@pytest.mark.parametrize(("county", "persons"), ORIENTATION.items())
def test_medians_of_2030(tables: dict[str, pl.DataFrame], county: str, persons: int) -> None:
    row = tables["forecast_elderly"].filter(county_code=county, year=2030, age_band="60+", sex="both")
    assert row["p50"].item() == pytest.approx(persons, rel=0.02)
    assert row["p10"].item() < row["p50"].item() < row["p90"].item()


def unknown_features(held: dict[str, pl.DataFrame]) -> dict[str, set[str]]:
    """County → features of the earlier census that are unknown, from which a county that is followed is forecast."""
    ages = held["fct_population"].filter(basis="resident")
    alone = counties_from_frames(ages, census_covariates(held["fct_census_covariate"]))
    counties = surrounded(alone, held["fct_area_population"], held["fct_area_covariate"])
    first, nation = counties.earlier, load_model().nations[0]
    assert first is not None
    gaps = np.isnan(features(counties.codes, first, nation.persons, nation.covariates))
    return {
        str(code): {FEATURES[i] for i in np.flatnonzero(row)} for code, row in zip(counties.codes, gaps, strict=True)
    }


def test_beds_and_graves_rest_on_the_figures_that_are_listed(core: Path, tables: dict[str, pl.DataFrame]) -> None:
    """Nothing changes when every other number of the plans is gone, and something when theirs is."""
    held = read_core(core)
    read = frozenset[str]().union(*resting(held))

    def without(gone: bool) -> dict[str, pl.DataFrame]:
        less = dict(held)
        for name, key, value in (
            ("fct_observation", "observation_id", "value"),
            ("fct_project_output", "output_id", "quantity"),
        ):
            here = pl.col(key).is_in(list(read))
            less[name] = held[name].with_columns(pl.when(here != gone).then(value).alias(value))
        return forecast_tables(less, seed=20211231)

    assert 50 < len(read) < (held["fct_observation"].height + held["fct_project_output"].height) / 4
    kept, lost = without(False), without(True)
    for name in (
        "forecast_supply",
        "forecast_beds",
        "forecast_graves",
        "forecast_cemetery_capacity",
        "forecast_plausibility",
    ):
        assert kept[name].equals(tables[name]), name
        assert not lost[name].equals(tables[name]), name


def test_every_feature_is_known_where_the_book_is(core: Path, tables: dict[str, pl.DataFrame]) -> None:
    """The county that the book at hand leaves out lacks what only the book prints of it, and says so; nobody else does."""
    unknown = unknown_features(read_core(core))
    lacking = {code for code, names in unknown.items() if names}
    assert lacking == {"530425"} and unknown["530425"] == set(BOOK_COVARIATES)
    said = tables["forecast_plausibility"].filter(check_id="input_flag")
    assert said["county_code"].to_list() == ["530425"] and "9 of 60" in said["message_en"].item()


def test_without_rows_of_the_book_the_backtest_hides_what_is_not_known(core: Path) -> None:
    """A sixth county that hands in its own ages, residents and vital rates only: `own rows only`."""
    held = read_core(core)
    own = pl.col("variable").is_in(["resident", "registered", "urban_residents", "birth_rate", "death_rate"])
    bare = {name: held[name].clear() for name in ("fct_area_population", "fct_area_covariate")}
    unknown = unknown_features(held | bare | {"fct_census_covariate": held["fct_census_covariate"].filter(own)})
    expected = {name for name, book in zip(FEATURES, OF_BOOK, strict=True) if book}
    assert all(names == expected for names in unknown.values())


def test_same_seed_same_numbers(core: Path, tables: dict[str, pl.DataFrame]) -> None:
    again = forecast_tables(read_core(core), seed=20211231)
    assert all(again[name].equals(frame) for name, frame in tables.items())


def test_the_base_year_is_the_census(core: Path, tables: dict[str, pl.DataFrame]) -> None:
    ages = read_core(core)["fct_population"].filter(pl.col("basis") == "resident", pl.col("year") == 2020)
    shown = tables["forecast_elderly"].filter(pl.col("year") == 2020)
    assert shown.height == 5 * 9
    for row in shown.iter_rows(named=True):
        sexes = ["male", "female"] if row["sex"] == "both" else [row["sex"]]
        own = ages.filter(pl.col("sex").is_in(sexes), pl.col("age_from") >= int(row["age_band"][:2]))
        assert row["p50"] == own.filter(county_code=row["county_code"])["persons"].sum()


def test_fewer_draws_give_the_same_tables_less_finely(core: Path, tables: dict[str, pl.DataFrame]) -> None:
    rough = forecast_tables(read_core(core), seed=20211231, draws=100)
    assert {name: frame.height for name, frame in rough.items()} == {
        name: frame.height for name, frame in tables.items()
    }
    for name, columns in {"beds": ["demand_p90"], "graves": ["remaining_p90"], "elderly": ["p10"]}.items():
        fine, coarse = (made[f"forecast_{name}"].select(columns).drop_nulls() for made in (tables, rough))
        assert not fine.equals(coarse)
        assert coarse.sum().item() == pytest.approx(fine.sum().item(), rel=0.1)


def test_supply_counts_net_new_elderly_beds_only(tables: dict[str, pl.DataFrame]) -> None:
    supply = tables["forecast_supply"].filter(pl.col("year") == 2035)
    planned = dict(supply.filter(status="planned", bed_type="all").select("county_code", "beds").iter_rows())
    assert planned["530425"] == 100  # one new building; the relocation and the purchase of nursing beds do not count
    assert planned["532301"] == 5_620  # without the 380 psychiatric and 40 children's beds


def test_new_homes_that_state_no_beds_leave_the_planned_ones_open(tables: dict[str, pl.DataFrame]) -> None:
    supply = tables["forecast_supply"].filter(status="planned", bed_type="all", year=2035)
    lines = dict(supply.filter(pl.col("beds").is_null()).select("county_code", "unstated_lines").iter_rows())
    assert lines == {"530112": "257", "530129": "30", "620722": "360;362;363"}
    day_care = tables["forecast_supply"].filter(status="planned", bed_type="community", year=2035, county_code="530129")
    assert day_care.select("beds", "unstated_lines").row(0) == (None, "30"), "targets of its centres, no project"
    minle = tables["forecast_beds"].filter(
        pl.col("bed_type").is_in(["institution", "nursing"]), county_code="620722", scenario="policy"
    )
    assert set(minle["supply_status"]) == {"not_reported"}


def test_a_new_home_adds_institution_beds_to_the_policy(core: Path) -> None:
    given = read_core(core)
    (home,) = given["fct_project"].filter(project_id="620722-p01").to_dicts()
    (floor,) = given["fct_project_output"].filter(project_id="620722-p01", label="总建筑面积").to_dicts()
    beds = {"output": "beds", "label": "床位", "quantity": 500.0, "unit": "beds", "bed_class": "elderly"}
    outputs = pl.DataFrame([{**floor, **beds}], schema=given["fct_project_output"].schema)
    more = {**given, "fct_project_output": pl.concat([given["fct_project_output"], outputs])}
    made = forecast_tables(more, seed=20211231, draws=100)["forecast_beds"]
    at = {"county_code": "620722", "year": 2035, "scenario": "policy", "bed_type": "institution"}
    supply = made.filter(**at, estimator="observed_use")["supply"].item()
    assert home["name_zh"].endswith("敬老院建设项目") and 2_072 < supply <= 2_572


def test_baselines_keep_their_kind(tables: dict[str, pl.DataFrame]) -> None:
    standing = tables["forecast_supply"].filter(status="existing", year=2020)
    known = {
        (r["county_code"], r["bed_type"]): r["beds"] for r in standing.iter_rows(named=True) if r["beds"] is not None
    }
    assert known == {("530425", "all"): 1136, ("620722", "institution"): 2072, ("620722", "nursing"): 79}


def test_beds_without_a_baseline_are_typed(tables: dict[str, pl.DataFrame]) -> None:
    beds = tables["forecast_beds"].filter(pl.col("county_code") == "530129")
    assert beds["supply"].null_count() == beds.height
    assert beds["supply_status"].unique().to_list() == ["not_reported"]
    assert beds["demand_p50"].min() > 0


def test_counties_without_a_ratio_of_their_own_say_so(tables: dict[str, pl.DataFrame]) -> None:
    ratio = tables["forecast_beds"].filter(estimator="planning_ratio", year=2030, scenario="natural")
    said = dict(ratio.select("county_code", "demand_status").iter_rows())
    assert said == {"530425": None, **dict.fromkeys(("530112", "530129", "532301", "620722"), "not_reported")}


def test_graves_built_have_unknown_use(tables: dict[str, pl.DataFrame]) -> None:
    graves = tables["forecast_graves"].filter(county_code="530425", capacity_class="all")
    assert graves["capacity"].unique().to_list() == [28_009 + 1_762]
    assert graves["capacity_status"].unique().to_list() == ["not_reported"]
    assert graves["remaining_p50"].null_count() == graves.height
    assert graves["break_even_p50"].is_not_null().all()


def test_planned_graves_count_from_their_opening(tables: dict[str, pl.DataFrame]) -> None:
    graves = (
        tables["forecast_graves"].filter(county_code="532301", scenario="policy", capacity_class="all").sort("year")
    )
    assert graves.filter(pl.col("year") < 2025)["capacity"].is_null().all()
    assert graves.filter(year=2025)["capacity"].item() == 30_000 + 118_000 + 15_000 + 5_000 + 15_000


def test_twenty_year_claim_is_flagged(tables: dict[str, pl.DataFrame]) -> None:
    found = tables["forecast_plausibility"].filter(check_id="twenty_years")
    assert found["county_code"].to_list() == ["532301"]
    assert (
        found["message_zh"]
        .item()
        .startswith("规划第843行：30,000穴可葬60,000余具，用20年，即每年至少3,000具；预测2025—2035年")
    )
    assert found["about"].item() == "plan"


def test_a_rising_death_rate_is_no_assumption_of_a_plan(tables: dict[str, pl.DataFrame]) -> None:
    about = tables["forecast_plausibility"].select("check_id", "about").unique()
    found = {key: set(part["about"]) for (key,), part in about.group_by("check_id")}
    assert found["death_rate_rises"] == {"forecast"} and found["met_at_baseline"] == {"plan"}


@pytest.mark.parametrize("moved", ["高值900", "高值1,234.5"])
def test_a_moved_digit_keeps_the_number_of_a_finding(moved: str) -> None:
    def numbers(high: str) -> dict[int, int]:
        said = [high, "低值1000", "高值更大"]
        frame = pl.DataFrame(
            {"county_code": "530425", "check_id": "input_flag", "message_zh": said, "message_en": said}
        )
        found = {said.index(zh): n for zh, n in numbered(frame).select("message_zh", "number").rows()}
        assert sorted(found.values()) == [1, 2, 3]
        return found

    assert numbers(moved) == numbers("高值1200")


def test_first_years_short_of_the_real_counties(tables: dict[str, pl.DataFrame]) -> None:
    """Yimen's 1,136 beds meet 40 per 1,000 of the census's elderly and no longer those of 2022; used beds last beyond 2035."""
    rows = tables["forecast_beds"].filter(scenario="natural", bed_type="all", year=2035)
    found = {
        (r["county_code"], r["estimator"]): (r["first_year_short"], r["first_year_short_status"])
        for r in rows.filter(pl.col("estimator") != "prevalence").iter_rows(named=True)
    }
    assert found["530425", "planning_ratio"] == (2022, None)
    assert found["530425", "observed_use"] == (None, "none_to_horizon")
    assert found["530129", "observed_use"] == found["620722", "observed_use"] == (None, "not_reported")
