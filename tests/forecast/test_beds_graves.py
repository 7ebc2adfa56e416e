"""Beds and graves: chains that can be followed by hand, typed absence, and assumptions that have names."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from pipelines.forecast import DEFAULT_NAME
from pipelines.forecast.assumptions import AssumptionSet, assumptions_from_frame
from pipelines.forecast.bands import NORMAL
from pipelines.forecast.beds import GRADIENT, bed_outlook, plausibility
from pipelines.forecast.chain import from_quantiles
from pipelines.forecast.counties import counties_from_frames
from pipelines.forecast.graves import crude_rate_rises, grave_outlook, twenty_year_test
from pipelines.forecast.project import project_all
from pipelines.forecast.sensitivity import People, tornado
from pipelines.settings import PROJECT

CODES = ("530498", "530499")
PARAMETERS = PROJECT / "data" / "raw" / "reference" / "parameters.csv"


def default_assumptions() -> AssumptionSet:
    """The project's cited parameters."""
    return assumptions_from_frame(pl.read_csv(PARAMETERS), DEFAULT_NAME)


@pytest.fixture
def projection(county, model):
    return project_all(counties_from_frames(pl.concat([county(code) for code in CODES])), model)


@pytest.fixture
def national_elderly(model):
    nation = model.nation(2020).persons.sum(axis=0)
    return np.array([nation[12], nation[13], nation[14], nation[15:].sum()])


def supply(code=CODES[0], beds=1000.0, planned=300.0):
    years = range(2020, 2036)
    return pl.DataFrame(
        [(code, y, "existing", "all", beds) for y in years]
        + [(code, y, "planned", "all", planned if y >= 2025 else 0.0) for y in years],
        schema=["county_code", "year", "status", "bed_type", "beds"],
        orient="row",
    )


TARGETS = pl.DataFrame({"county_code": list(CODES), "beds_per_1000": [40.0, 40.0]})


@pytest.fixture
def outlook(projection, national_elderly):
    return bed_outlook(projection.bands, projection.ages, supply(), TARGETS, default_assumptions(), national_elderly)


def pick(frame, **where):
    for column, value in where.items():
        frame = frame.filter(pl.col(column) == value)
    return frame


def test_planning_ratio_is_the_target_times_the_forecast(outlook, projection):
    got = pick(outlook, county_code=CODES[0], year=2030, scenario="natural", estimator="planning_ratio")["demand_p50"][
        0
    ]
    sixty = pick(projection.bands, county_code=CODES[0], year=2030, age_band="60+", sex="both")["p50"][0]
    assert got == pytest.approx(0.040 * sixty, rel=0.01)


@pytest.mark.parametrize(("target", "need"), [(None, None), (0.0, 0.0)])
def test_a_plan_without_a_target_keeps_its_rows_and_a_target_of_nought_is_one(
    projection, national_elderly, target, need
):
    targets = pl.DataFrame(
        {"county_code": CODES[:1], "beds_per_1000": [target]}, schema_overrides={"beds_per_1000": pl.Float64}
    )
    out = bed_outlook(projection.bands, projection.ages, supply(), targets, default_assumptions(), national_elderly)
    ratio = pick(out, estimator="planning_ratio", scenario="natural")
    assert pick(ratio, county_code=CODES[0])["demand_p50"].to_list() == [need] * 16
    assert set(pick(ratio, county_code=CODES[1])["demand_status"]) == {"not_reported"}
    assert pick(out, demand_status="not_reported")["estimator"].unique().to_list() == ["planning_ratio"]


def test_three_estimators_and_four_definitions_stand_side_by_side(outlook):
    assert set(outlook["estimator"]) == {"prevalence", "planning_ratio", "planning_norm", "observed_use"}
    assert set(pick(outlook, estimator="prevalence")["definition"]) == {"census", "adl", "survey", "pooled"}


def test_in_the_nation_of_2020_adl_and_observed_use_agree(outlook):
    """The share of the dependent who live in institutions is derived so; a county alike the nation shows it."""
    at = {"county_code": CODES[0], "year": 2020, "scenario": "natural", "bed_type": "all"}
    use = pick(outlook, estimator="observed_use", **at)["demand_p50"][0]
    adl = pick(outlook, estimator="prevalence", definition="adl", **at)["demand_p50"][0]
    assert adl < use < 1.6 * adl


def test_supply_existing_and_planned_are_not_mixed(outlook):
    at = {"county_code": CODES[0], "year": 2030, "estimator": "planning_ratio"}
    assert pick(outlook, scenario="natural", **at)["supply"][0] == 1000
    assert pick(outlook, scenario="policy", **at)["supply"][0] == 1300


def test_shortage_and_idle_balance(outlook):
    known = outlook.filter(pl.col("supply").is_not_null())
    assert (known["shortage_p50"] * known["idle_p50"]).max() == 0
    certain = pick(known, county_code=CODES[0], year=2035, scenario="natural", estimator="planning_ratio")
    assert certain["probability_short"][0] > 0.95 and certain["shortage_p50"][0] > 0


def test_a_county_without_baseline_is_not_reported(outlook):
    absent = pick(outlook, county_code=CODES[1])
    assert absent["supply"].null_count() == absent.height
    assert set(absent["supply_status"]) == {"not_reported"}
    assert absent["probability_short"].null_count() == absent.height
    assert absent["demand_p50"].null_count() == 0


def test_beds_planned_without_a_number_leave_the_policy_open(projection, national_elderly):
    silent = supply().with_columns(beds=pl.when(pl.col("status") == "existing").then("beds"))
    out = bed_outlook(projection.bands, projection.ages, silent, TARGETS, default_assumptions(), national_elderly)
    own = pick(out, county_code=CODES[0], estimator="planning_ratio")
    policy = pick(own, scenario="policy")
    assert set(policy["supply_status"]) == set(policy["first_year_short_status"]) == {"not_reported"}
    open_ = policy.select("supply", "shortage_p50", "idle_p50", "probability_short", "first_year_short")
    assert set(open_.null_count().row(0)) == {policy.height}
    assert pick(own, scenario="natural")["supply"].to_list() == [1000.0] * policy.height


def test_the_tornado_begins_with_the_definition(projection, national_elderly):
    bars = tornado(projection.bands, projection.ages, supply(), 2030, default_assumptions(), national_elderly)
    assert set(bars.filter(pl.col("rank") == 1)["parameter_id"]) == {"disability_definition"}
    one = pick(bars, county_code=CODES[0])
    assert (one["demand_low"] <= one["demand_high"]).all()


def test_the_tornado_s_centre_is_the_outlook_s_median(projection, outlook, national_elderly):
    """Within the error of 2,000 draws (0.6 % standard error) and of a median of products (1 %)."""
    assumptions = default_assumptions()
    bars = tornado(projection.bands, projection.ages, supply(), 2030, assumptions, national_elderly)
    central = dict(bars.select("county_code", "demand_central").unique().iter_rows())
    at = {"year": 2030, "scenario": "natural", "estimator": "prevalence", "definition": "adl", "bed_type": "all"}
    assert central == pytest.approx(
        dict(pick(outlook, **at).select("county_code", "demand_p50").iter_rows()), rel=0.025
    )
    by_modes = assumptions["dependent_share"].value / assumptions["dependent_share"].median
    assert by_modes > 1.15, "modes in place of medians would be seen"
    bars = pick(bars, moves="demand")
    inside = pl.col("demand_central").is_between(pl.col("demand_low"), pl.col("demand_high"))
    assert bars.select(inside.all()).item()


def test_the_age_gradient_is_a_bar_that_ends_where_all_ages_are_alike(projection, national_elderly):
    """Without a gradient only the number of persons 60+ counts; with all of it the need is the central one."""
    bars = tornado(projection.bands, projection.ages, supply(), 2030, default_assumptions(), national_elderly)
    flat, ranges = [], []
    for bar in pick(bars, parameter_id="disability_gradient").sort("county_code").iter_rows(named=True):
        ends = {bar["demand_low"], bar["demand_high"]}
        assert bar["demand_central"] in ends and len(ends) == 2
        flat.append((ends - {bar["demand_central"]}).pop())
        ranges.append((bar["low"], bar["high"]))
    sixty = pick(projection.bands, year=2030, age_band="60+", sex="both").sort("county_code")["p50"]
    assert flat[0] / flat[1] == pytest.approx(sixty[0] / sixty[1]) and set(ranges) == {(0, 100)}


def test_other_persons_at_the_ends_of_an_assumption_are_a_bar(projection, national_elderly):
    twice = projection.bands.with_columns(pl.col("p50") * 2)
    ends = (People(projection.bands, projection.ages), People(twice, projection.ages))
    args = (projection.bands, projection.ages, supply(), 2030, default_assumptions(), national_elderly)
    bars = pick(tornado(*args, {"mortality_level": ends}), parameter_id="mortality_level")
    assert (bars["demand_low"] == bars["demand_central"]).all()
    assert bars["demand_high"].to_list() == pytest.approx((bars["demand_central"] * 2).to_list())


def test_the_gradient_has_the_range_of_its_few_cases():
    for name in GRADIENT.values():
        p = default_assumptions()[name]
        assert p.low < p.value < p.high and p.distribution == "triangular" and p.grade in {"C", "d"}


def test_planned_beds_that_may_not_be_built_are_a_bar_of_those_who_plan(projection, national_elderly):
    """At 0 % nothing is taken from the need of existing beds, at 100 % all of the 300 planned ones."""
    bars = tornado(
        projection.bands, projection.ages, supply(planned=300.0), 2030, default_assumptions(), national_elderly
    )
    (bar,) = pick(bars, moves="supply").to_dicts()
    assert (bar["county_code"], bar["parameter_id"]) == (CODES[0], "completion_probability")
    assert (bar["low"], bar["high"]) == (0, 100)
    assert bar["demand_high"] == bar["demand_central"]
    assert bar["demand_low"] == pytest.approx(bar["demand_central"] - 300)
    many = tornado(
        projection.bands, projection.ages, supply(planned=1e5), 2030, default_assumptions(), national_elderly
    )
    ranks = dict(pick(many, county_code=CODES[0]).select("parameter_id", "rank").iter_rows())
    assert (ranks["disability_definition"], ranks["completion_probability"]) == (1, 2)
    none = tornado(
        projection.bands, projection.ages, supply(planned=0.0), 2030, default_assumptions(), national_elderly
    )
    assert set(none["moves"]) == {"demand"}


@pytest.mark.parametrize("name", ["dependent_share", "interment_share", "planning_norm_beds", "nursing_share_target"])
def test_half_of_the_draws_lie_below_the_median(name):
    parameter = default_assumptions()[name]
    drawn = parameter.draw(np.random.default_rng(3), 100_001)
    assert np.median(drawn) == pytest.approx(parameter.median / parameter.divisor, rel=0.01)


def test_plausibility_names_a_target_met_at_baseline(outlook, projection):
    sixty = pick(projection.bands, county_code=CODES[0], year=2020, age_band="60+", sex="both")["p50"][0]
    baseline = pl.DataFrame({"county_code": [CODES[0]], "beds": [0.05 * sixty], "denominator": [1.3 * sixty]})
    census = pl.DataFrame({"county_code": [CODES[0]], "elderly": [sixty]})
    found = plausibility(outlook, baseline, TARGETS.head(1), census)
    said = dict(found.select("check", "message_zh").iter_rows())
    assert {"met_at_baseline", "denominator_not_census"} <= set(said)
    assert said["denominator_not_census"] == f"规划隐含老年人口 {1.3 * sixty:,.0f} 人，普查为 {sixty:,.0f} 人"
    assert "," in said["denominator_not_census"]


def test_changed_assumptions_need_a_name_and_change_the_version():
    base = default_assumptions()
    with pytest.raises(ValueError, match="name"):
        base.changed("default", {"occupancy": 55})
    with pytest.raises(KeyError):
        base.changed("mine", {"no_such": 1})
    mine = base.changed("mine", {"occupancy": 55})
    assert mine["occupancy"].share == 0.55 and base["occupancy"].share == pytest.approx(0.501)
    assert mine.version.startswith("mine@") and mine.version != base.version


def test_every_assumption_is_cited_and_graded():
    for p in default_assumptions().parameters.values():
        assert p.citation and p.grade in {"A", "B", "C", "d"}


def test_quantiles_come_back():
    q = np.array([[[80.0, 90.0, 100.0, 115.0, 130.0]]])
    assert from_quantiles(q, NORMAL[None])[0, 0] == pytest.approx(q[0, 0])


def capacity(places, used, year=2021, code=CODES[0]):
    return pl.DataFrame(
        {"county_code": [code], "year": [year], "places": [places], "used": [used]},
        schema_overrides={"used": pl.Float64, "places": pl.Float64},
    )


def test_new_graves_run_out_when_deaths_have_filled_them(projection):
    frame = grave_outlook(projection.deaths, capacity(10_000.0, 0.0), default_assumptions())
    policy = pick(frame, county_code=CODES[0], scenario="policy").sort("year")
    filled = policy.filter(pl.col("deaths_p50").cum_sum() >= 10_000)["year"][0]
    assert abs(policy["depletion_year_p50"][0] - filled) <= 1
    assert policy["depletion_year_p10"][0] <= policy["depletion_year_p50"][0]
    natural = pick(frame, county_code=CODES[0], scenario="natural")
    assert natural["interments_p50"].sum() < policy["interments_p50"].sum()
    assert policy["depletion_status"].null_count() == policy.height
    assert (natural["ashes_p50"] < natural["interments_p50"]).all()
    assert policy["ashes_p50"].to_list() == policy["interments_p50"].to_list()


def test_graves_that_last_beyond_the_forecast_say_so(projection):
    frame = grave_outlook(projection.deaths, capacity(1e6, 0.0), default_assumptions())
    one = pick(frame, county_code=CODES[0])
    assert set(one["depletion_status"]) == {"extrapolated"}
    assert set(pick(frame, county_code=CODES[1])["depletion_status"]) == {"not_reported"}
    policy = pick(one, scenario="policy").sort("year")
    left = policy["remaining_p50"] / policy["interments_p50"]
    assert policy["years_of_supply_p50"].to_list() == pytest.approx(left.to_list(), rel=0.01)
    assert (policy["years_of_supply_p10"] < policy["years_of_supply_p50"]).all()
    last = policy.row(-1, named=True)
    for q in ("p10", "p50", "p90"):
        assert last[f"depletion_year_{q}"] == pytest.approx(last["year"] + last[f"years_of_supply_{q}"], abs=1)


def test_graves_that_nobody_uses_are_never_full(projection):
    with pytest.warns(UserWarning, match="outside the cited range"):
        nobody = default_assumptions().changed("nobody", {"interment_share": 0})
    frame = grave_outlook(projection.deaths, capacity(1e6, 0.0), nobody)
    one = pick(frame, county_code=CODES[0], scenario="natural")
    assert one["depletion_year_p50"].null_count() == one.height and set(one["depletion_status"]) == {"none_to_horizon"}


def test_a_depletion_year_beyond_the_forecast_follows_the_one_within(projection):
    """More places, later years: the step over the end of the forecast is no jump."""
    ends = [
        pick(grave_outlook(projection.deaths, capacity(float(n), 0.0), default_assumptions()), county_code=CODES[0], scenario="policy")
        for n in range(4_000, 30_000, 2_000)
    ]  # fmt: skip
    years = [e["depletion_year_p50"][0] for e in ends]
    status = [e["depletion_status"][0] for e in ends]
    assert years[0] < 2035 < years[-1] and set(status) == {None, "extrapolated"}
    assert all(0 <= b - a <= 8 for a, b in pairwise(years))
    assert [s == "extrapolated" for s in status] == [y > 2035 for y in years]


def test_unreported_use_claims_no_remaining_years(projection):
    frame = grave_outlook(projection.deaths, capacity(28_009.0, None), default_assumptions())
    one = pick(frame, county_code=CODES[0])
    assert one["capacity"].null_count() == 0
    assert one["remaining_p50"].null_count() == one["depletion_year_p50"].null_count() == one.height
    assert one["years_of_supply_p50"].null_count() == one.height
    assert set(one["capacity_status"]) == set(one["depletion_status"]) == {"not_reported"}
    assert (one["break_even_p50"] > 0).all()
    assert (one["break_even_p10"] < one["break_even_p50"]).all() and (
        one["break_even_p50"] < one["break_even_p90"]
    ).all()
    absent = pick(frame, county_code=CODES[1])
    assert absent["capacity"].null_count() == absent.height


def test_twenty_years_on_the_wrong_death_rate(projection):
    plans = pl.DataFrame({"county_code": [CODES[0]], "urns": [5_000.0], "years": [20]})
    row = twenty_year_test(projection.deaths, plans).row(0, named=True)
    assert row["implied_deaths"] == 250 and not row["plausible"]
    assert row["years_at_forecast"] < 20
    opened = twenty_year_test(projection.deaths, plans.with_columns(opening=2025)).row(0, named=True)
    own = pick(projection.deaths, county_code=CODES[0], sex="both").filter(pl.col("year") >= 2025)["p50"]
    assert opened["forecast_deaths"] == pytest.approx(own.mean()) and opened["forecast_deaths"] > row["forecast_deaths"]
    brief = twenty_year_test(projection.deaths, plans.with_columns(opening=2025, years=2)).row(0, named=True)
    assert brief["forecast_deaths"] == pytest.approx(own[:2].mean()) and "2025—2026年" in brief["message_zh"]


def test_urns_are_not_called_places_and_a_bound_stays_one(projection):
    plan = {"county_code": CODES[0], "urns": 5_000.0, "years": 20.0, "qualifier": ">", "graves": 2_500.0, "opening": 2025, "source_line": 8}  # fmt: skip
    row = twenty_year_test(projection.deaths, pl.DataFrame([plan])).row(0, named=True)
    assert row["message_zh"].startswith("规划第8行：2,500穴可葬5,000余具，用20年，即每年至少250具；预测2025—2035年")
    assert row["message_en"].startswith(
        "line 8 of the plan: more than 5,000 urns in 2,500 graves to last 20 years, at least 250 a year"
    )
    exact = twenty_year_test(projection.deaths, pl.DataFrame([{**plan, "qualifier": "=", "graves": None}])).row(
        0, named=True
    )
    assert (
        "可葬5,000具" in exact["message_zh"]
        and "more than" not in exact["message_en"]
        and "graves" not in exact["message_en"]
    )


def test_death_rates_rise_with_ageing(projection):
    assert crude_rate_rises(projection.deaths, projection.ages)["rises"].all()
