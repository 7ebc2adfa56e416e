"""The checks that a public release carries: worked out from its own tables, and failing when these tell too much."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from pipelines.publish import audit, pattern, protect, public
from pipelines.publish.disclosure import Block, DisclosureError
from pipelines.publish.pattern import Rules
from pipelines.publish.protect import SUPPRESSED, Protected
from pipelines.settings import Settings

Tables = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def inside(published: Path) -> Tables:
    return public._tables(published / "marts" / "current")


@pytest.fixture(scope="module")
def outside(inside: Tables) -> Protected:
    return protect.protect(inside, Rules())


def shown_again(inside: Tables, outside: Tables, table: str, column: str, key: str) -> Tables:
    """The public tables with the value of one row put back."""
    name = "observation_id" if table == "fct_observation" else "output_id"
    value = inside[table].filter(pl.col(name) == key)[column][0]
    here = pl.col(name) == key
    back = outside[table].with_columns(
        pl.when(here).then(pl.lit(value)).otherwise(column).alias(column),
        status=pl.when(here).then(None).otherwise("status"),
    )
    return {**outside, table: back}


def critical(found: pl.DataFrame) -> dict[str, bool]:
    return dict(found.filter(severity="critical").select("table_name", "passed").iter_rows())


def test_the_published_checks_are_worked_out_from_the_public_tables(inside: Tables, outside: Protected) -> None:
    found = audit.checks(inside, outside.tables, Rules(), {})
    assert critical(found) == dict.fromkeys(critical(found), True)
    carried = outside.tables["mart_quality"].filter(suite=audit.SUITE)
    assert carried.sort("expectation")["message_zh"].equals(found.sort("expectation")["message_zh"])
    gaps = outside.tables["fct_observation"].filter(pl.col("status") == SUPPRESSED)
    assert gaps.height > 5
    said = found.filter(table_name="fct_observation")["message_zh"][0]
    assert int("".join(c for c in said.partition("隐去的")[2].partition("个数")[0] if c.isdigit())) > 5


@pytest.mark.parametrize(
    ("table", "column", "key", "words"),
    [
        ("fct_observation", "value", "530425-s0057", "530425-s0057"),  # a small count
        ("fct_project_output", "quantity", "530425-o006", "530425-s0057"),  # what protects it
    ],
)
def test_a_count_that_the_tables_give_away_fails(
    inside: Tables, outside: Protected, table: str, column: str, key: str, words: str
) -> None:
    told = shown_again(inside, outside.tables, table, column, key)
    found = audit.checks(inside, told, Rules(), {})
    row = found.filter(~pl.col("passed"), severity="critical")
    assert row.height > 0 and row["failing_rows"].min() > 0
    assert any(words in said for said in row["message_zh"]) and any(words in said for said in row["message_en"])


def test_nothing_is_published_when_a_check_fails(inside: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small counts alone are left out, without those that protect them."""

    def alone(block: Block, primary: frozenset[str], width: float) -> frozenset[str]:
        return frozenset(primary)

    monkeypatch.setattr(pattern, "suppress", alone)
    with pytest.raises(DisclosureError, match="可以推算"):
        protect.protect(inside, Rules())


def test_a_census_that_should_be_left_out_as_a_whole_fails_when_it_is_shown(inside: Tables) -> None:
    rules = Rules(kept=frozenset({("fct_observation", ("530425-s0211",))}))
    made = protect.protect(inside, rules)
    told = {**made.tables, "fct_population": inside["fct_population"]}
    assert critical(audit.checks(inside, made.tables, rules, made.whole))["fct_population"]
    assert not critical(audit.checks(inside, told, rules, made.whole))["fct_population"]


def test_verify_tries_the_left_out_counts_again(
    inside: Tables, outside: Protected, published: Path, tmp_path: Path
) -> None:
    """Against the internal release that the public one was made of; without it, it says nothing of them."""
    settings = Settings(data_root=tmp_path / "data")
    internal = (published / "marts" / "current").resolve().name
    settings.releases.mkdir(parents=True)
    (settings.releases / internal).symlink_to((published / "marts" / "current").resolve())
    who = pl.DataFrame({"profile": ["public"], "threshold": [10], "made_from": [internal]})

    def written(name: str, tables: Tables, **more: object) -> Path:
        folder = settings.public.releases / name  # among the releases: what one tells itself cannot excuse it
        (folder / "parquet").mkdir(parents=True)
        for table, frame in {**tables, "meta_release": who}.items():
            frame.write_parquet(folder / "parquet" / f"{table}.parquet")
        (folder / "datapackage.json").write_text(
            json.dumps({"protection": {"threshold": 10, "width": 10, **more}}), encoding="utf-8"
        )
        return folder

    told = shown_again(inside, outside.tables, "fct_project_output", "quantity", "530425-o006")
    whole, broken = written("r00001-20260101", outside.tables), written("r00002-20260101", told, whole=[])
    assert public.made_of(whole, settings) == settings.releases / internal
    assert public.verify(whole, settings) == []
    assert "530425-s0057" in public.verify(broken, settings)[0]
    assert public.verify(broken, Settings(data_root=tmp_path)) == []
    assert public.made_of(broken, Settings(data_root=tmp_path)) is None


# checks of the internal release


def test_the_number_of_failing_rows_of_another_table_is_not_told(inside: Tables, outside: Protected) -> None:
    """Whoever counts the failing rows of the public table would know how many of the left-out ones fail."""
    before, after = (
        t["mart_quality"].filter(~pl.col("passed"), pl.col("suite") != audit.SUITE).sort("suite", "expectation")
        for t in (inside, outside.tables)
    )
    assert before["expectation"].equals(after["expectation"])
    other = after.filter(table_name="fct_observation")
    assert other.height > 0 and other["failing_rows"].null_count() == other.height
    assert not other["message_zh"].str.contains("[0-9]").any() and not other["message_en"].str.contains("[0-9]").any()
    same = pl.col("table_name") == "fct_figure_fact"
    assert before.filter(same).height > 0
    assert before.filter(same)["failing_rows"].equals(after.filter(same)["failing_rows"])


def test_a_passed_check_does_not_print_the_figure_that_it_expects(inside: Tables, outside: Protected) -> None:
    """Expected figures of a table that leaves something out: one of them may be the one left out, or a sum that gives it away."""

    def printed(tables: Tables, table: str) -> list[str]:
        rows = tables["mart_quality"].filter(pl.col("passed"), table_name=table, suite="golden")
        return [said for c in ("message_zh", "message_en") for said in rows[c] if "= " in said]

    assert printed(inside, "fct_observation") and printed(inside, "fct_project")
    assert printed(outside.tables, "fct_observation") == []
    assert printed(outside.tables, "fct_population") == printed(inside, "fct_population")
