"""Every assumption can be changed in a named set, moves what hangs on it through the whole chain, and nothing else."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs
import pytest

from pipelines import registry
from pipelines.forecast import DEFAULT_NAME
from pipelines.forecast.assumptions import DISTRIBUTIONS, AssumptionSet, assumptions_from_frame
from pipelines.forecast.product import forecast_tables, read_core
from pipelines.forecast.slices import slices
from pipelines.settings import PROJECT

PARAMETERS = pl.read_csv(PROJECT / "data" / "raw" / "reference" / "parameters.csv")
COUNTY = "530425"
"""One that states its beds, plans more, and has two censuses."""
EVERYTHING = {"elderly", "beds", "graves"}
CHAINS = {
    "elderly": ("deviation_persistence", "own_record_weight", "mortality_level"),
    "graves": ("interment_share", "cremation_rate", "second_interment_share", "reuse_share"),
}
MOVED = {name: {chain} if chain == "graves" else EVERYTHING for chain, names in CHAINS.items() for name in names}
"""Parameter → what it moves; all others move beds."""

Run = Callable[[AssumptionSet | None], dict[str, pl.DataFrame]]


@pytest.fixture(scope="module")
def run(core: Path) -> Run:
    parts = slices(read_core(core), size=1)
    (part,) = [p for p in parts if set(p["fct_population"]["county_code"]) == {COUNTY}]
    return lambda chosen: forecast_tables(part, seed=5, assumptions=chosen)


@pytest.fixture(scope="module")
def published(run: Run) -> dict[str, pl.DataFrame]:
    return run(None)


def default() -> AssumptionSet:
    return assumptions_from_frame(PARAMETERS, DEFAULT_NAME)


def other(name: str) -> float:
    """Another value of a parameter: an end of its range, or half of it where it has none."""
    p = default()[name]
    return next((end for end in (p.low, p.high) if end != p.value), p.value / 2 or 10.0)


def numbers(tables: dict[str, pl.DataFrame], chain: str) -> pl.DataFrame:
    return tables[f"forecast_{chain}"].drop("method_version")


@pytest.mark.parametrize("name", PARAMETERS["parameter_id"])
def test_a_changed_parameter_moves_its_chain_and_nothing_else(
    name: str, run: Run, published: dict[str, pl.DataFrame]
) -> None:
    mine = default().changed("mine", {name: other(name)})
    tables = run(mine)
    moved = {chain for chain in EVERYTHING if not numbers(tables, chain).equals(numbers(published, chain))}
    assert moved == MOVED.get(name, {"beds"})
    for chain in EVERYTHING:
        (version,) = tables[f"forecast_{chain}"]["method_version"].unique()
        assert version.endswith(mine.version) and mine.version.startswith("mine@")
        assert version not in set(published[f"forecast_{chain}"]["method_version"])


def test_going_back_gives_the_published_numbers(run: Run, published: dict[str, pl.DataFrame]) -> None:
    again = run(default())
    assert all(again[name].equals(frame) for name, frame in published.items())


def test_the_default_set_says_what_the_shipped_model_does(model) -> None:
    said = default()
    assert said["deviation_persistence"].share == model.persistence
    assert said["own_record_weight"].share == model.own_weight
    assert said["mortality_level"].share == 1
    for judged in ("deviation_persistence", "own_record_weight"):  # the backtest forecasts one decade without either
        assert "not tested by the backtest" in said[judged].citation
        assert "scored" not in said[judged].citation


def test_a_raw_folder_without_assumptions_on_persons_runs_on_the_model_s(
    run: Run, published: dict[str, pl.DataFrame]
) -> None:
    fewer = {k: p for k, p in default().parameters.items() if k not in CHAINS["elderly"]}
    assert numbers(run(AssumptionSet("fewer", fewer)), "elderly").equals(numbers(published, "elderly"))


@pytest.mark.parametrize("name", CHAINS["elderly"])
def test_the_bar_of_an_assumption_on_persons_ends_where_the_changed_set_has_its_centre(
    name: str, run: Run, published: dict[str, pl.DataFrame]
) -> None:
    (bar,) = published["forecast_sensitivity"].filter(parameter_id=name).iter_rows(named=True)
    p = default()[name]
    assert (bar["low"], bar["high"]) == (p.low, p.high)
    there = [
        run(default().changed("mine", {name: end}))["forecast_sensitivity"]["demand_central"][0]
        for end in (p.low, p.high)
    ]
    assert sorted(there) == pytest.approx([bar["demand_low"], bar["demand_high"]])
    assert bar["demand_low"] < bar["demand_central"] < bar["demand_high"]


@pytest.mark.parametrize(("level", "sign"), [(90.0, 1), (110.0, -1)])
def test_lower_death_rates_leave_more_elderly_and_fewer_dead(
    level: float, sign: int, run: Run, published: dict[str, pl.DataFrame]
) -> None:
    tables = run(default().changed("mine", {"mortality_level": level}))
    at = {"year": 2035, "age_band": "80+", "sex": "both"}
    people = [t["forecast_elderly"].filter(**at)["p50"].item() for t in (tables, published)]
    first = {"year": 2021, "scenario": "policy", "capacity_class": "all"}
    deaths = [t["forecast_graves"].filter(**first)["deaths_p50"].item() for t in (tables, published)]
    assert np.sign(people[0] - people[1]) == sign
    assert deaths[0] / deaths[1] == pytest.approx(level / 100, rel=0.01)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("occupancy", 0),
        ("occupancy", 0.5),
        ("occupancy", 150),
        ("occupancy", float("nan")),
        ("occupancy", "45"),
        ("occupancy", True),
        ("disability_adl", 200),
        ("completion_probability", -100),
        ("deviation_persistence", -50),
        ("own_record_weight", 1000),
        ("second_interment_share", 100),
        ("mortality_level", 0),
        ("planning_norm_beds", 1001),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_with_its_bounds(name: str, value: object) -> None:
    given: Any = {name: value}
    with pytest.raises(ValueError, match=r"不能是.*cannot be") as refused:
        default().changed("mine", given)
    smallest, largest = default()[name].bounds
    for told in (name, str(value), f"{smallest:g}–{largest:g}", f"from {smallest:g} to {largest:g}"):
        assert told in str(refused.value)


def test_the_bounds_themselves_are_computed(run: Run) -> None:
    """Every parameter at either end of what makes sense gives finite numbers and all rows."""
    rows = {name: frame.height for name, frame in run(None).items() if name != "forecast_plausibility"}
    for end in (0, 1):
        values = {name: p.bounds[end] for name, p in default().parameters.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tables = run(default().changed("end", values))
        assert {name: tables[name].height for name in rows} == rows
        numbers = [c for name in rows for c in tables[name].select(cs.float()).iter_columns()]
        assert all(c.drop_nulls().is_finite().all() for c in numbers)


def test_a_whole_number_is_as_good_as_a_decimal_one(run: Run) -> None:
    whole, decimal = (run(default().changed("mine", {"occupancy": value})) for value in (45, 45.0))
    assert all(whole[name].equals(frame) for name, frame in decimal.items())


def test_a_value_outside_what_sources_say_is_told() -> None:
    with pytest.warns(UserWarning, match=r"有出处的范围 45–55.*cited range 45-55"):
        default().changed("mine", {"occupancy": 80})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        default().changed("mine", {"occupancy": 50, "nursing_share_target": 60})


def test_a_registry_whose_range_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be 120"):
        assumptions_from_frame(PARAMETERS.with_columns(high=pl.lit(120.0)), DEFAULT_NAME)


def test_the_registry_of_a_release_without_bounds_is_read() -> None:
    older = assumptions_from_frame(PARAMETERS.drop("minimum", "maximum"), DEFAULT_NAME)
    assert older.version == default().version and older["mortality_level"].bounds == (0, 110)
    with pytest.raises(ValueError, match="cannot be 150"):
        older.changed("mine", {"occupancy": 150})


def test_fixing_one_parameter_leaves_the_draws_of_the_others() -> None:
    before, after = default().draw(500, 3), default().changed("mine", {"dependent_share": 20.0}).draw(500, 3)
    assert (after["dependent_share"] == 0.2).all() and before["dependent_share"].std() > 0
    assert all((before[k] == after[k]).all() for k in before if k != "dependent_share")
    pairs = np.corrcoef([v for v in before.values() if v.std() > 1e-9])
    assert np.abs(pairs - np.eye(len(pairs))).max() < 0.2, "draws of two parameters go together"


def test_the_code_list_offers_the_distributions_that_are_drawn():
    assert tuple(registry.codes()["distribution"]) == DISTRIBUTIONS
