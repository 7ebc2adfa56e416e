"""The public release of a root with planted small counts: nothing of them is left in any file, nothing can be worked out, and
everything else is as in the internal release."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from pipelines import registry
from pipelines.publish import package, protect, public, release
from pipelines.publish.protect import MASK, SUPPRESSED, Rules
from tests.publish.planted import COUNTY, THRESHOLD, WIDTH, YEAR, Planted, plant, texts, tokens

Tables = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return plant(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="module")
def folder(planted: Planted) -> Path:
    """The public release."""
    return public.publish(planted.settings)[0]


def read(folder: Path) -> Tables:
    return {p.stem: pl.read_parquet(p) for p in (folder / "parquet").glob("*.parquet")}


@pytest.fixture(scope="module")
def inside(planted: Planted) -> Tables:
    found = release.current_folder(planted.settings)
    assert found is not None
    return read(found)


@pytest.fixture(scope="module")
def outside(folder: Path) -> Tables:
    return read(folder)


def test_the_internal_release_keeps_what_was_planted(planted: Planted) -> None:
    found = release.current_folder(planted.settings)
    assert found is not None
    shown = set().union(*(tokens(t) for _, t in texts(found)))
    assert {str(n) for n in planted.small.values()} <= shown


def test_no_file_of_the_public_release_holds_a_planted_count(planted: Planted, folder: Path) -> None:
    secret = {str(n): what for what, n in planted.small.items()}
    leaks = [
        (name, secret[n], around) for name, text in texts(folder) for n, around in tokens(text).items() if n in secret
    ]
    assert not leaks


def test_left_out_values_say_so(planted: Planted, outside: Tables) -> None:
    said = outside["fct_observation"].filter(pl.col("observation_id").str.contains("-s90(03|04|05|07|09|12|16|17|21)$"))
    assert said.height == 9
    assert said["value"].null_count() == 9
    assert set(said["status"]) == {SUPPRESSED}
    assert set(said["value_as_printed"]) == {MASK}
    assert registry.label("absence", SUPPRESSED) != SUPPRESSED
    trained = outside["fct_project_output"].filter(pl.col("output_id") == f"{COUNTY}-o901")
    assert trained.select("quantity", "status", "value_as_printed").row(0) == (None, SUPPRESSED, MASK)


def test_no_small_count_is_left_in_any_table(outside: Tables) -> None:
    people = {u.code for u in registry.units().values() if u.counts_people}
    stated = outside["fct_observation"].join(
        outside["dim_indicator"].select("indicator_id", "nature"), on="indicator_id"
    )
    counted = stated.filter(
        pl.col("unit").is_in(people) & pl.col("nature").is_in(["stock", "flow"]) & (pl.col("measure") != "standard")
    )
    assert counted.filter((pl.col("value") > 0) & (pl.col("value") < THRESHOLD)).is_empty()
    assert outside["fct_population"].filter(pl.col("persons") < THRESHOLD).is_empty()


def value(tables: Tables, key: str) -> float | None:
    found: float | None = tables["fct_observation"].filter(pl.col("observation_id") == f"{COUNTY}-{key}")["value"][0]
    return found


@pytest.mark.parametrize(
    "sum_",
    [
        ("s9001", "s9002", "s9003", "s9004"),  # a declared sum with two small parts
        ("s9013", "s9014", "s9015", "s9016"),  # the same with one
        ("s9006", "s9007", "s9008"),  # a breakdown
        ("s9009", "s9010", "s9011"),  # a count, its base and its share
    ],
)
def test_subtraction_and_shares_do_not_help(inside: Tables, outside: Tables, sum_: tuple[str, ...]) -> None:
    assert all(value(inside, key) is not None for key in sum_)
    assert sum(value(outside, key) is None for key in sum_) >= 2


def test_ages_cannot_be_taken_from_the_totals(inside: Tables, outside: Tables) -> None:
    """Every published total less every published age of 2020 leaves the sum of two gaps or more, as wide as asked for."""

    def ages(tables: Tables, sex: str, age: int) -> pl.DataFrame:
        own = pl.col("county_code") == COUNTY
        return tables["fct_population"].filter(
            own & (pl.col("year") == 2020) & (pl.col("sex") == sex) & (pl.col("age_from") >= age)
        )

    assert ages(outside, "male", 85)["persons"].to_list() == [None]
    for band, age in (("80+", 80), ("65+", 65), ("60+", 60)):
        for sex in ("male", "female"):
            shown = outside["mart_elderly_outlook"].filter(
                (pl.col("county_code") == COUNTY)
                & (pl.col("year") == 2020)
                & (pl.col("age_band") == band)
                & (pl.col("sex") == sex)
            )["p50"][0]
            gaps = ages(outside, sex, age)["persons"].null_count()
            rest = ages(inside, sex, age)["persons"].sum() - ages(outside, sex, age)["persons"].sum()
            assert gaps == 0 or shown is None or (gaps > 1 and rest > WIDTH)
    everybody = ages(outside, "male", 0)["persons"].null_count() + ages(outside, "female", 0)["persons"].null_count()
    assert everybody > 1


def test_words_about_left_out_counts_are_gone(planted: Planted, inside: Tables, outside: Tables) -> None:
    repair = outside["fct_correction"].filter(pl.col("correction_id") == f"{COUNTY}-c901")
    assert repair.select("printed", "corrected", "evidence").row(0) == (MASK, MASK, MASK)
    target = outside["mart_target"].filter(pl.col("target_id") == f"{COUNTY}-s9020").row(0, named=True)
    assert (
        target["baseline"],
        target["baseline_status"],
        target["latest_actual"],
        target["required_yearly_change"],
    ) == (None, SUPPRESSED, None, None)
    assert inside["mart_target"].filter(pl.col("target_id") == f"{COUNTY}-s9020")["baseline"][0] is not None
    hidden = outside["fct_discrepancy"].filter(pl.col("left_value") == MASK)
    assert 0 < hidden.height < outside["fct_discrepancy"].height
    assert outside["fct_discrepancy"].height == inside["fct_discrepancy"].height
    assert f"{COUNTY}-s9003" not in set(outside["mart_county_comparison"]["row_id"])


def test_counties_without_ages_left_out_keep_their_projections(inside: Tables, outside: Tables) -> None:
    calm = sorted(
        set(inside["fct_population"]["county_code"])
        - set(outside["fct_population"].filter(pl.col("persons").is_null())["county_code"])
    )
    rough = outside["mart_elderly_outlook"].filter(pl.col("county_code") == COUNTY)
    assert rough["method_version"].str.ends_with("(rounded to 10)").all()
    assert (rough["p50"].drop_nulls() % 10 == 0).all()
    for code in calm:
        for table in ("mart_elderly_outlook", "mart_bed_outlook", "mart_bed_supply"):
            mine = [
                t[table].filter(pl.col("county_code") == code).drop("status", strict=False) for t in (inside, outside)
            ]
            assert mine[0].equals(mine[1])


def test_every_projection_is_registered_as_one() -> None:
    """A table of the forecast says of each number of persons, beds or graves whether it comes from the ages."""
    given = {"supply", "capacity"}
    for table in registry.in_layer("mart"):
        if "method_version" in {c.name for c in table.columns}:
            numbers = [
                c for c in table.columns if c.type == "DOUBLE" and c.unit in ("persons", "beds", "graves", "count")
            ]
            assert [c.name for c in numbers if not c.projected and c.name not in given] == [], table.name
            assert any(c.projected for c in numbers), table.name


def test_the_package_is_whole_and_gives_no_hash_of_raw_files(planted: Planted, folder: Path) -> None:
    assert package.verify(folder) == []
    manifest = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert manifest["protection"] == {"profile": "public", "threshold": THRESHOLD, "width": WIDTH}
    assert manifest["release"]["made_from"] == "r00001-20260101"
    assert not {"inputs", "held_back"} & manifest.keys()
    assert release.current_id(planted.settings) == "r00001-20260101"
    assert planted.settings.public.marts.parent == planted.settings.marts


def test_what_was_left_out_once_stays_left_out(inside: Tables, outside: Tables) -> None:
    """With a lower threshold the next release must not tell what the last one left out."""
    kept = protect.hidden_in(outside)
    again = protect.hidden_rows(inside, Rules(2, 2, kept))
    assert again >= kept
    assert not protect.hidden_rows(inside, Rules(2, 2)) >= kept


def test_without_an_internal_release_nothing_is_made(planted: Planted, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="r09999"):
        public.publish(replace(planted.settings, data_root=tmp_path), "r09999")
    assert not list(tmp_path.iterdir())


def test_tables_without_small_counts_come_back_as_they_are(inside: Tables) -> None:
    """At a threshold of 1 nothing is small; only columns of absence may be new."""
    same = protect.protect({n: f for n, f in inside.items() if not n.startswith("meta_")}, Rules(1, 1))
    assert same.hidden == frozenset()
    for name, frame in same.tables.items():
        if name not in ("mart_quality", "mart_target"):
            assert frame.select(c for c in inside[name].columns if c in frame.columns).equals(inside[name]), name


def test_the_year_of_the_planted_statements_is_told(outside: Tables) -> None:
    assert outside["fct_observation"].filter(pl.col("observation_id") == f"{COUNTY}-s9003")["period_end"][0] == YEAR
