"""Which rows are left out where one county cannot be protected, and where only an estimate is small: on the real release, in which
five counties of three provinces stand side by side."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines import cli, registry
from pipelines.desk import headlines
from pipelines.publish import audit, counts, pattern, projected, protect, public
from pipelines.publish.disclosure import Block, DisclosureError, Relation, exposed, past_help, suppress
from pipelines.publish.pattern import Rules
from pipelines.publish.protect import SUPPRESSED, Protected
from pipelines.settings import Settings

Tables = dict[str, pl.DataFrame]
COUNTY = "530425"
ELDERLY = "530425-s0211"
"""People aged 60 and more as the plan prints them: the sum of the census, which is published in many places."""


@pytest.fixture(scope="module")
def inside(published: Path) -> Tables:
    return public._tables(published / "marts" / "current")


def kept(*ids: str) -> Rules:
    return Rules(kept=frozenset(("fct_observation", (i,)) for i in ids))


@pytest.fixture(scope="module")
def whole(inside: Tables) -> Protected:
    """One figure was left out once and cannot be protected, because the census gives it away."""
    return protect.protect(inside, kept(ELDERLY))


def test_a_county_that_cannot_be_protected_loses_its_persons(inside: Tables, whole: Protected) -> None:
    assert whole.whole == {COUNTY: (f"fct_observation {ELDERLY}",)}
    assert counts.of_persons(whole.tables, [COUNTY]) == set()
    assert len(counts.of_persons(inside, [COUNTY])) > 100
    ages = whole.tables["fct_population"].filter(county_code=COUNTY)
    assert ages.height > 0 and set(ages["status"]) == {SUPPRESSED}
    for name in projected.tables_of_forecast():
        assert COUNTY in set(inside[name]["county_code"]) and COUNTY not in set(whole.tables[name]["county_code"])
    money = whole.tables["mart_investment"].filter(county_code=COUNTY)
    assert money.select("per_resident_yuan", "per_60plus_yuan").null_count().row(0) == (money.height, money.height)
    assert money["amount_wan"].equals(inside["mart_investment"].filter(county_code=COUNTY)["amount_wan"])
    rates = whole.tables["mart_county_comparison"].filter(
        pl.col("normalised_by").str.starts_with("per_"), county_code=COUNTY
    )
    assert rates.height > 0 and rates["value_normalised"].null_count() == rates.height


def test_no_table_tells_a_census_that_is_left_out(inside: Tables, whole: Protected) -> None:
    """Residents and elderly stand in sums, checks and contradictions of the internal release, and nowhere in the public one."""
    own = inside["fct_population"].filter(county_code=COUNTY, basis="resident", year=2020)
    said = [own.filter(pl.col("age_from") >= age)["persons"].sum() for age in counts.KNOWN_FROM]
    men = own.filter(pl.col("age_from") >= 60, sex="male")["persons"].sum()
    words = re.compile("|".join(rf"(?<![\d.,]){n}(?![\d,])|(?<![\d.,]){n:,}(?![\d,])" for n in (*said, men)))

    def telling(tables: Tables) -> set[str]:
        texts = {n: json.dumps(f.cast(pl.String).to_dicts(), ensure_ascii=False) for n, f in tables.items()}
        return {n for n, text in texts.items() if words.search(text)}

    assert telling(inside) >= {"mart_quality", "fct_discrepancy"}
    assert telling(whole.tables) == set()


def test_the_other_counties_are_published_as_ever(inside: Tables, whole: Protected) -> None:
    ever = protect.protect(inside, Rules()).tables
    assert not ever["mart_elderly_outlook"].filter(county_code=COUNTY).is_empty()
    for name in ("fct_observation", "fct_population", "mart_target", "mart_elderly_outlook", "mart_investment"):
        others = [t[name].filter(pl.col("county_code") != COUNTY) for t in (ever, whole.tables)]
        if (
            name == "mart_elderly_outlook"
        ):  # the areas around it are left out, so its neighbours are projected without them
            others = [f.filter(~pl.col("county_code").str.starts_with("53")) for f in others]
        assert others[0].height > 0 and others[0].drop("status", strict=False).equals(
            others[1].drop("status", strict=False)
        ), name
    closed = whole.tables["fct_area_population"].filter(pl.col("persons").is_null())["area_code"]
    assert set(closed) == {COUNTY[:4] + "00", COUNTY[:2] + "0000"}


def test_readers_are_told_of_a_county_left_out_as_a_whole(inside: Tables, whole: Protected) -> None:
    """On the quality page, and on top of every page and workbook."""
    row = whole.tables["mart_quality"].filter(expectation=audit.WHOLE).row(0, named=True)
    assert (row["severity"], row["passed"], row["failing_rows"]) == ("warning", False, 1)
    assert "易门县" in row["message_zh"] and "Yimen County" in row["message_en"]
    calm = protect.protect(inside, Rules()).tables
    told = [said_on_top(t) for t in (whole.tables, calm)]
    assert (row["message_zh"], row["message_en"]) in told[0]
    assert len(told[1]) == len(told[0]) - 1
    assert calm["mart_quality"].filter(expectation=audit.WHOLE)["passed"].to_list() == [True]


def said_on_top(tables: Tables) -> list[tuple[str, str]]:
    with duckdb.connect() as con:
        for name, frame in tables.items():
            con.register("frame", frame.to_arrow())
            con.execute(f'CREATE TABLE "{name}" AS FROM frame')
        return [(text.zh, text.en) for text in headlines.caveats(con)]


def test_the_office_is_told_what_failed_and_what_to_do(
    whole: Protected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(public, "publish", lambda *_: (tmp_path, whole))
    assert cli._public(Settings(data_root=tmp_path), "r00001-20260101") == 0
    said = capsys.readouterr().out
    for words in ("易门县 / Yimen County", ELDERLY, "下一步", "what to do", "docs/publication.md"):
        assert words in said


def test_every_county_that_fails_is_named(inside: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, not only the first; the small counts of the others are left out as ever."""
    small = counts.counties_with_small(inside, 10)
    failing = [COUNTY, small[0]]
    blocks = {tuple(own.primary): code for code, own in pattern.read(inside, small, Rules())}

    def sometimes(block: Block, primary: frozenset[str], width: float) -> frozenset[str]:
        if blocks.get(tuple(primary)) in failing:
            raise DisclosureError("x", sorted(primary))
        return suppress(block, primary, width)

    monkeypatch.setattr(pattern, "suppress", sometimes)
    found = pattern.decide(inside, Rules())
    assert sorted(found.whole) == sorted(failing) and len(small) > 2
    assert len(found.whole[COUNTY]) > 5 and f"fct_observation {COUNTY}-s0057" in found.whole[COUNTY]
    assert {m for m in found.members if m[1] == ("620722-s0060",)}


def test_all_cells_of_a_block_that_fail_are_named() -> None:
    sums = [Relation(name, ((name, 1.0), (f"{name} all", -1.0)), 0.0, 0.0) for name in "abc"]
    values = {name: 5.0 for r in sums for name, _ in r.terms}
    block = Block(
        {**values, "d": 20.0},
        (*sums, Relation("c and d", (("c", 1.0), ("d", 1.0)), 25.0, 25.0)),
        fixed=frozenset({"a all", "b all"}),
    )
    with pytest.raises(DisclosureError, match="a, b: ") as raised:
        suppress(block, {"a", "b", "c"}, 4.0)
    assert raised.value.cells == ("a", "b")


def test_what_only_the_past_exposes_is_told_from_what_this_release_does() -> None:
    total = Relation("t", (("all", -1.0), ("a", 1.0), ("c", 1.0), ("d", 1.0)), 0.0, 0.0)
    values = {"all": 87.0, "a": 40.0, "c": 4.0, "d": 43.0}
    for told, past in (({"all", "a", "d"}, True), ({"all", "a"}, False), (set[str](), False)):
        block = Block(values, (total,), told=frozenset(told))
        assert exposed(block, {"c"}, 10.0) == {"c": 0.0}
        assert past_help(block, "c", 10.0) is past
    assert not past_help(Block(values, (total,), fixed=frozenset({"all", "a", "d"})), "c", 10.0)


def test_when_not_even_all_persons_are_enough_everything_is_named(
    inside: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(block: Block, primary: Collection[str], width: float) -> frozenset[str]:
        raise DisclosureError("x", sorted(primary)[:1])

    monkeypatch.setattr(pattern, "suppress", never)
    with pytest.raises(DisclosureError) as raised:
        protect.protect(inside, Rules())
    said = str(raised.value)
    codes = counts.counties_with_small(inside, 10)
    assert len(codes) > 1 and all(f"（{code}）：fct_" in said for code in codes)
    assert "下一步" in said and "what to do" in said


def test_ages_without_a_stand_in_stop_nobody_else(inside: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"county_code": COUNTY, "year": 2010, "age_from": 85, "sex": "male"}
    few = pl.all_horizontal(pl.col(k) == v for k, v in row.items())
    ages = inside["fct_population"].with_columns(persons=pl.when(few).then(5).otherwise("persons").cast(pl.Int32))

    def never(block: Block, guesses: Mapping[str, float | None]) -> dict[str, float]:
        if any(cell.startswith("population") for cell in guesses):
            raise DisclosureError("没有合适的替代值 / no stand-in fits")
        return {cell: guess or 100.0 for cell, guess in guesses.items()}

    monkeypatch.setattr(projected, "stand_in", never)
    made = protect.protect({**inside, "fct_population": ages}, Rules())
    assert made.whole.keys() == {COUNTY} and "no stand-in" in made.whole[COUNTY][0]
    assert COUNTY not in set(made.tables["mart_elderly_outlook"]["county_code"])


# estimates

FAR = {"county_code": "620722", "age_band": "80+", "year": 2030}


def with_estimates(inside: Tables, **persons: float) -> Tables:
    rows = inside["mart_elderly_outlook"]
    here = pl.all_horizontal(pl.col(k) == v for k, v in FAR.items())
    said = pl.col("sex").replace_strict(persons, default=None, return_dtype=pl.Float64)
    return {
        **inside,
        "mart_elderly_outlook": rows.with_columns(p50=pl.when(here).then(pl.coalesce(said, "p50")).otherwise("p50")),
    }


def lone_gaps(tables: Tables) -> pl.DataFrame:
    """Years and ages in which one sex alone is left out beside the sum of both."""
    wide = tables["mart_elderly_outlook"].pivot("sex", index=["county_code", "year", "age_band"], values="p50")
    return wide.filter(pl.col("both").is_not_null() & (pl.col("male").is_null() != pl.col("female").is_null()))


@pytest.mark.parametrize(("both", "shown"), [(1700.0, True), (15.0, False)])
def test_men_do_not_follow_from_both_less_women(inside: Tables, both: float, shown: bool) -> None:
    tables = with_estimates(inside, male=7.0, female=both - 7.0, both=both)
    after = protect.protect(tables, Rules()).tables
    here = after["mart_elderly_outlook"].filter(**FAR).sort("sex")
    assert here.select("sex", (pl.col("status") == SUPPRESSED).fill_null(False)).rows() == [
        ("both", not shown), ("female", True), ("male", True),
    ]  # fmt: skip
    assert (
        here.filter(pl.col("status") == SUPPRESSED).select("p2_5", "p10", "p50", "p90", "p97_5").null_count().row(0)[2]
        > 1
    )
    assert lone_gaps(after).is_empty()


def test_a_small_estimate_closes_no_area(inside: Tables) -> None:
    """It is no figure of a census: no area would tell it, and nobody is projected again."""
    tables = with_estimates(inside, male=7.0)
    after = protect.protect(tables, Rules()).tables
    assert after["mart_elderly_outlook"].filter(status=SUPPRESSED).height > 0
    for name, value in (("fct_area_population", "persons"), ("fct_area_covariate", "value")):
        assert after[name][value].null_count() == inside[name][value].null_count()
    assert set(after["mart_elderly_outlook"]["method_version"]) == set(inside["mart_elderly_outlook"]["method_version"])


def test_a_left_out_sum_of_the_census_year_still_closes_its_areas(inside: Tables) -> None:
    """The first year of the outlook repeats the census; later years do not."""
    key = registry.table("mart_elderly_outlook").key
    rows = inside["mart_elderly_outlook"].select(key).filter(county_code=COUNTY, age_band="80+", sex="male")
    assert counts.base_rows(inside, rows)["year"].to_list() == [2020]
    assert rows.height > 10
