"""The five plans: the contradictions that must be found, by their lines and values, and by a rule rather than a reader."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from pipelines.reconcile.rules import find
from pipelines.registry.phrases import HAN
from pipelines.settings import Settings
from pipelines.staging import store

NUMERAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")
# county, first line and value, second line and value: the two sides in either order, or a further line
NAMED = [
    ("530425", 18, "519", 70, "498"), ("530425", 18, "33", 70, "32"), ("530425", 449, "33", 636, "18"),
    ("530425", 449, "110", 636, "16"), ("530425", 21, "10", 681, "58"), ("530425", 11, "3002", 11, "41"),
    ("530425", 18, "39", 151, "27738"), ("530425", 753, "150", 753, "140"), ("530425", 18, "1005.42", 18, "3877"),
    ("530425", 36, "1020.95", 36, "2105"), ("530425", 667, "51600", 665, "2.8"), ("530425", 217, "58", 15, "4500"),
    ("530425", 760, "2025", 761, "2024"), ("530425", 93, "58", 28, "39"), ("530425", 18, "1136", 274, "40"),
    ("620722", 116, "60", 87, "30"), ("620722", 116, "60", 159, "50"), ("620722", 99, "100", 108, "150"),
    ("620722", 45, "319", 95, "281"), ("620722", 47, "12.9", 95, "11"), ("620722", 108, "103", 99, "100"),
    ("620722", 159, "10", 362, "55"), ("620722", 159, "30", 361, "117"), ("620722", 91, "90", 196, "100"),
    ("620722", 91, "80", 196, "100"), ("620722", 279, "4", 293, "15"), ("620722", 190, "30", 212, "30"),
    ("620722", 159, "2022", 87, "2025"), ("620722", 112, "50", 112, "90"), ("620722", 49, "103", 49, "0.42"),
    ("620722", 33, "920", 33, "2072"), ("620722", 157, "2", 116, "60"), ("620722", 99, "50", 194, "100"),
    ("620722", 373, "2021", 248, "2022"), ("532301", 959, "143063", 627, "164063"), ("532301", 491, "11800", 493, "12800"),
    ("532301", 959, "143063", 961, "144063"), ("532301", 295, "2400", 765, "5400"), ("532301", 295, "2697", 945, "2967"),
    ("532301", 173, "100", 189, "35"), ("532301", 189, "8", 445, "14"), ("532301", 189, "20", 603, "40"),
    ("532301", 211, "1.8", 211, "800"), ("532301", 29, "63.9", 29, "96"), ("532301", 559, "800", 559, "200"),
    ("532301", 25, "60", 25, "675"), ("532301", 291, "36000", 465, "36800"), ("532301", 25, "427.7", 25, "10207"),
    ("530112", 148, "80", 218, "100"), ("530112", 71, "101", 73, "161"), ("530112", 47, "7108", 47, "4727"),
    ("530112", 57, "10", 57, "108"), ("530112", 61, "28", 148, "50"), ("530112", 257, "10", 232, "2"),
    ("530112", 61, "64919", 61, "23628"), ("530112", 49, "1538", 49, "24062"),
]  # fmt: skip


@pytest.fixture(scope="module")
def discrepancies(core: Path, staged: Settings) -> pl.DataFrame:
    return find(core, store.tables(staged))


@pytest.fixture(scope="module")
def by_rule(discrepancies: pl.DataFrame) -> list[dict[str, object]]:
    return discrepancies.filter(pl.col("rule_id") != "reader_note").to_dicts()


def _lines(row: dict[str, object]) -> set[int]:
    further = str(row["lines"] or "").split(";")
    return {int(str(n)) for n in (row["left_line"], row["right_line"], *further) if n}


def _values(row: dict[str, object]) -> set[str]:
    text = " ".join(str(row[c] or "") for c in ("left_value", "right_value", "computation", "description_zh"))
    return set(NUMERAL.findall(text))


@pytest.mark.parametrize("example", NAMED, ids=str)
def test_named_examples_are_found(by_rule: list[dict[str, object]], example: tuple[str, int, str, int, str]) -> None:
    county, line, value, other_line, other_value = example

    def shows(row: dict[str, object]) -> bool:
        return (
            row["county_code"] == county and {line, other_line} <= _lines(row) and {value, other_value} <= _values(row)
        )

    assert any(shows(r) for r in by_rule)


def test_enough_of_high_and_medium_severity(by_rule: list[dict[str, object]]) -> None:
    counts = pl.DataFrame(by_rule, infer_schema_length=None)["severity"].value_counts()
    found = dict(counts.iter_rows())
    assert found["high"] >= 20
    assert found["medium"] >= 30


def test_no_contradiction_twice(discrepancies: pl.DataFrame) -> None:
    places = ("county_code", "left_line", "left_value", "right_line", "right_value", "description_zh")
    assert discrepancies.select(places).is_duplicated().sum() == 0
    assert discrepancies["discrepancy_id"].is_unique().all()


def test_every_row_has_both_languages_and_the_arithmetic(by_rule: list[dict[str, object]]) -> None:
    for row in by_rule:
        assert str(row["description_zh"]).startswith("前后不一致（待核实）：")
        assert row["description_en"], row["discrepancy_id"]
        assert row["computation"]
        assert row["resolution"]
        assert row["resolution_en"]
        assert row["left_line"], row["discrepancy_id"]
        assert not HAN.search(re.sub("“[^”]*”", "", str(row["description_en"]))), row["description_en"]


def test_the_plan_without_figures_in_conflict_has_only_notes(discrepancies: pl.DataFrame) -> None:
    assert set(discrepancies.filter(pl.col("county_code") == "530129")["rule_id"]) == {"reader_note"}


def test_printed_values_stand_on_their_lines(by_rule: list[dict[str, object]], core: Path, documents: Path) -> None:
    """Guards against contradictions of our own making: what a finding quotes is printed where it says."""
    sources = pl.read_parquet(core / "dim_source.parquet").drop_nulls("county_code")
    text = {
        c: (documents / f).read_text(encoding="utf-8").split("\n")
        for c, f in sources.select("county_code", "file_name").iter_rows()
    }
    for row in by_rule:
        for side in ("left", "right"):
            line, value = row[f"{side}_line"], re.sub(r"^20\d\d年(?=.)", "", str(row[f"{side}_value"]))
            if line and re.fullmatch(r"[≥≤><]?[0-9.]+[^0-9=×÷+]*", value):
                (numeral,) = NUMERAL.findall(value)
                assert numeral in NUMERAL.findall(text[str(row["county_code"])][int(str(line)) - 1]), row
