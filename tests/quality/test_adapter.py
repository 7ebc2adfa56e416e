"""The adapter: good data passes, what cannot be evaluated fails, messages say what to do, and GX is loaded late."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines import registry
from pipelines.quality.adapter import Engine, check, every_check, library, raised
from pipelines.quality.checks import MEASURES, Check, Words, hand_written, tables
from pipelines.quality.counts import count
from pipelines.quality.telling import telling
from tests.quality.catch_rate import SUITES

WORDS = Words("rule", "row {row_key}", "do this.")


def test_good_data_passes_every_critical_check(results: pl.DataFrame) -> None:
    failed = results.filter(~pl.col("passed") & (pl.col("severity") == "critical"))
    assert failed.is_empty(), "\n".join(failed["message_en"])


def test_results_have_the_registered_columns_and_a_unique_key(results: pl.DataFrame) -> None:
    table = registry.table("mart_quality")
    assert results.columns == [c.name for c in table.columns]
    assert results.select(table.key).is_unique().all()
    assert not results.null_count().sum_horizontal().item()


def test_warnings_of_the_documents_own_contradictions_are_shown(results: pl.DataFrame) -> None:
    row = results.filter(pl.col("expectation") == "funding_parts_to_total").row(0, named=True)
    assert not row["passed"] and row["severity"] == "warning"
    assert "532301-p06" in row["message_zh"] and "12800" in row["message_zh"] and "11800" in row["message_en"]


def test_every_published_table_has_a_suite() -> None:
    assert {t.name for t in tables()} <= {p.stem for p in SUITES.glob("*.json")}


@pytest.mark.parametrize(
    "path", sorted(p for p in SUITES.glob("*.json") if p.name != "row_counts.json"), ids=lambda p: p.stem
)
def test_suite_files_load_in_great_expectations(path: Path) -> None:
    gx = library()
    suite = json.loads(path.read_text(encoding="utf-8"))
    loaded = gx.ExpectationSuite(**suite)
    assert [e.severity.value for e in loaded.expectations] == [e["severity"] for e in suite["expectations"]]
    assert path.stem == suite["name"]
    for e in suite["expectations"]:
        meta = e["meta"]
        assert all(meta.get(f"{part}_{k}") for part in ("rule", "message", "remedy") for k in ("zh", "en")), meta[
            "rule"
        ]


def test_every_rule_file_is_used_and_says_what_it_is() -> None:
    used = {e["meta"]["sql"] for p in SUITES.glob("*.json") if p.name != "row_counts.json"
            for e in json.loads(p.read_text(encoding="utf-8"))["expectations"] if "sql" in e["meta"]}  # fmt: skip
    assert used == {p.name for p in (SUITES / "rules").glob("*.sql")}
    assert all(p.read_text(encoding="utf-8").startswith("-- ") for p in (SUITES / "rules").glob("*.sql"))


def test_nothing_at_all_is_critical_for_every_table(tmp_path: Path) -> None:
    found = check(tmp_path, SUITES)
    missing = found.filter(
        (pl.col("expectation") == "present") & ~pl.col("passed") & (pl.col("severity") == "critical")
    )
    assert set(missing["table_name"]) == {t.name for t in tables()}


def test_an_expectation_that_raises_counts_as_failed_and_critical(good: Path, tmp_path: Path) -> None:
    for path in good.glob("*.parquet"):
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "fct_project_mention.parquet").unlink()
    frame = pl.read_parquet(good / "fct_project_mention.parquet").drop("total_investment_wan_as_printed")
    frame.write_parquet(tmp_path / "fct_project_mention.parquet")
    found = (
        check(tmp_path, SUITES, only=["fct_project_mention"])
        .filter(pl.col("expectation") == "mentions_agree")
        .row(0, named=True)
    )
    assert (found["passed"], found["severity"]) == (False, "critical")
    assert "could not be evaluated" in found["message_en"]


def test_exception_information_is_read_in_both_shapes() -> None:
    class Result:
        exception_info: dict[str, Any]

    result = Result()
    result.exception_info = {"raised_exception": False, "exception_message": None}
    assert raised(result) is None
    result.exception_info = {"raised_exception": True, "exception_message": "boom"}
    assert raised(result) == "boom"
    result.exception_info = {"('metric', 'id')": {"raised_exception": True, "exception_message": "no column"}}
    assert raised(result) == "no column"


def test_accepted_rows_do_not_fail_and_are_told(good: Path, tmp_path: Path) -> None:
    accepted = {c.name: c.accepted for c in hand_written(SUITES) if c.accepted}
    assert "530425-p06" in accepted["fct_project/project_share_of_county"]
    row = (
        check(good, SUITES, only=["fct_project"])
        .filter(pl.col("expectation") == "project_share_of_county")
        .row(0, named=True)
    )
    assert row["passed"] and "530425-p06" in row["message_zh"] and "530425-p06" in row["message_en"]


def test_row_counts_in_git_are_those_of_the_raw_data(good: Path) -> None:
    assert count(good, SUITES) == json.loads((SUITES / "row_counts.json").read_text(encoding="utf-8"))


NATIVE = [c for c in every_check(SUITES) if not c.sql and c.rule != "columns"]


@pytest.mark.parametrize("table", sorted({c.table for c in NATIVE}))
def test_expectations_on_columns_pass_good_and_fail_bad_values(good: Path, engine: Engine, table: str) -> None:
    frame = pl.read_parquet(good / f"{table}.parquet").to_pandas()
    for one in (c for c in NATIVE if c.table == table):
        columns = [v for k, v in one.kwargs.items() if k in ("column", "column_A", "column_B")] + one.kwargs.get(
            "column_list", []
        )
        sample = frame[columns].dropna(how="any" if one.rule.startswith(("order", "not_null")) else "all").head(1)
        bad = pd_concat(sample, bad_row(one, columns))
        assert not engine.validate(f"bad {one.name}", bad, [one])[one.name].success, one.name
        if len(sample):
            assert engine.validate(f"good {one.name}", sample, [one])[one.name].success, one.name


ONE_OF_A_TYPE = {c.type: c for c in NATIVE}


@pytest.mark.parametrize("kind", sorted(ONE_OF_A_TYPE))
@pytest.mark.parametrize("at", ["first", "last"])
def test_telling_rows_hold_what_is_wrong(
    good: Path, engine: Engine, kind: str, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.quality.telling.MANY", 2)
    one = ONE_OF_A_TYPE[kind]
    columns = [v for k, v in one.kwargs.items() if k in ("column", "column_A", "column_B")] + one.kwargs.get(
        "column_list", []
    )
    frame = pl.read_parquet(good / f"{one.table}.parquet").select(columns).drop_nulls().head(50)
    wrong = pl.DataFrame(bad_row(one, columns), strict=False)
    values = frame.cast({c: t for c, t in wrong.schema.items() if t != pl.Null})
    both = pl.concat([wrong, values] if at == "first" else [values, wrong], how="vertical_relaxed")
    good_few, bad_few = telling(values, [one]), telling(both, [one])
    assert engine.validate(f"good {one.name}", good_few.to_pandas(), [one])[one.name].success
    assert not engine.validate(f"bad {one.name}", bad_few.to_pandas(), [one])[one.name].success


def test_large_tables_fail_with_all_their_rows(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether judged by telling rows first or not: the same outcomes, the same number of failing rows, the same words."""
    frame = pl.read_parquet(good / "fct_project_funding.parquet")
    bad = frame.with_columns(position=pl.lit(0, dtype=frame.schema["position"]), certainty=pl.lit("no such code"))
    for path in good.glob("*.parquet"):
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "fct_project_funding.parquet").unlink()
    bad.write_parquet(tmp_path / "fct_project_funding.parquet")
    whole = check(tmp_path, SUITES, only=["fct_project_funding"])
    monkeypatch.setattr("pipelines.quality.telling.MANY", 2)
    assert check(tmp_path, SUITES, only=["fct_project_funding"]).equals(whole)
    assert frame.height in whole.filter(expectation="codes:certainty")["failing_rows"].to_list()


def test_an_unknown_expectation_looks_at_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.quality.telling.MANY", 1)
    rows = pl.DataFrame({"a": [1, 1, 1]})
    known, unknown = (
        Check("s", "t", "r", f"expect_column_{kind}", {"column": "a"}, "critical", WORDS, WORDS)
        for kind in ("values_to_not_be_null", "median_to_be_between")
    )
    assert (telling(rows, [known]).height, telling(rows, [known, unknown]).height) == (1, 3)


def bad_row(check: Check, columns: list[str]) -> dict[str, list[Any]]:
    """Rows that break an expectation: out of range, empty, twice, unknown, swapped, of another alphabet."""
    k = check.kwargs
    match check.type.removeprefix("expect_"):
        case "column_values_to_be_between":
            value: Any = k["min_value"] - 1 if "min_value" in k else k["max_value"] + 1
        case "column_values_to_not_be_null":
            value = None
        case "column_pair_values_a_to_be_greater_than_b":
            return {k["column_A"]: [2020], k["column_B"]: [2021]}
        case "column_values_to_be_unique" | "compound_columns_to_be_unique":
            return {c: ["same", "same"] for c in columns}
        case "column_values_to_not_match_regex":
            value = "汉字"
        case "column_values_to_match_regex":
            value = "？"
        case _:
            value = "no such code"
    return {columns[0]: [value]}


def pd_concat(sample: Any, rows: dict[str, list[Any]]) -> Any:
    import pandas as pd

    return pd.concat([sample.astype(object), pd.DataFrame(rows, dtype=object)], ignore_index=True)


def test_a_query_that_finds_rows_names_them_in_both_languages(engine: Engine) -> None:
    from pipelines.quality.messages import judged

    one = Check("s", "fct_x", "r", MEASURES, {"min_value": 0, "max_value": 0}, "warning", WORDS, WORDS, "SELECT 1")
    outcome = judged(one, False, 5, [{"row_key": "a"}, {"row_key": "b"}])
    assert outcome.zh == "fct_x：row a；row b……共 5 处。do this.（规则：rule）"
    assert outcome.en == "fct_x: row a; row b … 5 in all. do this. (Rule: rule)"


def test_an_empty_cell_is_said_to_be_empty() -> None:
    from pipelines.quality.messages import judged

    one = Check("s", "fct_x", "r", MEASURES, {}, "warning", WORDS, WORDS, "SELECT 1")
    outcome = judged(one, False, 1, [{"row_key": None}])
    assert (outcome.zh[:13], outcome.en[:18]) == ("fct_x：row （空）", "fct_x: row (empty)")


def test_same_candidate_same_results(good: Path) -> None:
    first, second = (check(good, SUITES, only=["fct_project_mention", "fct_observation"]) for _ in range(2))
    assert first.equals(second)


def test_importing_the_package_does_not_import_great_expectations() -> None:
    code = (
        "import sys, pipelines.quality.adapter, pipelines.quality.report; sys.exit('great_expectations' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
