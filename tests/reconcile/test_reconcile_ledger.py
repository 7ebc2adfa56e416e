"""The ledger: findings and readers' notes in one shape, ids that stay, reviews, severity and dedupe."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from reconcile_frames import COUNTY, facts

from pipelines import registry
from pipelines.reconcile import rules
from pipelines.reconcile.facts import Figure
from pipelines.reconcile.finding import Side, plain, severity
from pipelines.reconcile.ledger import FOUND, ledger

NOTE: dict[str, Any] = {
    "county_code": COUNTY, "note_id": "n01", "severity": "low", "domain": "other", "left_line": 7, "left_value": "六中全会",
    "right_line": 44, "right_value": "五中全会", "lines": None, "computation": None, "description_zh": "两处不一",
    "description_en": "differ", "resolution_zh": None, "resolution_en": None,
}  # fmt: skip
TWICE = [{"value": 519.0, "source_line": 18}, {"value": 498.0, "source_line": 70}]


def _staged(notes: list[dict[str, Any]], reviews: list[dict[str, Any]]) -> list[pl.DataFrame]:
    kinds = {"INTEGER": pl.Int64, "DATE": pl.Date}
    return [
        pl.DataFrame(rows, schema={"county_code": pl.String, **{c.name: kinds.get(c.type, pl.String) for c in registry.table(name).columns}})
        for name, rows in (("notes", notes), ("reviews", reviews))
    ]  # fmt: skip


def _found() -> pl.DataFrame:
    return rules.frame(rules.findings(facts(TWICE)))


def test_columns_and_ids() -> None:
    table = ledger(_found(), *_staged([NOTE], []))
    assert table.columns == [c.name for c in registry.table("fct_discrepancy").columns]
    assert table["rule_id"].to_list() == ["same_quantity", "reader_note"]
    assert table["review_status"].to_list() == ["open", "open"]
    assert table["discrepancy_id"].is_unique().all()
    assert table["discrepancy_id"][0].startswith(f"{COUNTY}-same_quantity-")


def test_a_review_follows_its_id() -> None:
    known = ledger(_found(), *_staged([], []))["discrepancy_id"][0]
    review = {
        "county_code": COUNTY,
        "discrepancy_id": known,
        "review_status": "confirmed",
        "reviewed_by": "x",
        "review_note": "y",
    }
    table = ledger(_found(), *_staged([], [review]))
    assert (table["review_status"][0], table["reviewed_by"][0]) == ("confirmed", "x")


def test_a_note_that_a_rule_covers_is_not_repeated() -> None:
    same = NOTE | {"left_line": 18, "left_value": "519个", "right_line": 70, "right_value": "498个"}
    assert ledger(_found(), *_staged([same], [])).height == 1
    other = same | {"right_value": "499个"}
    assert ledger(_found(), *_staged([other], [])).height == 2


def test_the_more_specific_rule_reports() -> None:
    def again(book: Any) -> Any:
        return rules.statements.same_quantity(book)

    assert len(rules.findings(facts(TWICE), [rules.statements.same_quantity, again])) == 1


def test_frame_without_findings() -> None:
    assert rules.frame([]).schema == pl.Schema(FOUND)


@pytest.mark.parametrize(("unit", "values", "headline", "promise", "expected"), [
    ("wan_yuan", (11800, 12800), True, True, "high"), ("wan_yuan", (2697, 2967), True, True, "high"),
    ("wan_yuan", (1000, 1060), True, True, "medium"), ("wan_yuan", (100, 110), True, True, "low"),
    ("beds", (670, 900), False, True, "high"), ("beds", (670, 690), True, True, "medium"),
    ("pct", (80, 100), True, True, "high"), ("pct", (80, 100), False, True, "medium"), ("pct", (90, 100), True, True, "medium"),
    ("count", (33, 32), True, False, "medium"), ("count", (519, 498), False, False, "high"), ("persons", (100, 150), True, True, "high"),
])  # fmt: skip
def test_severity(unit: str, values: tuple[float, float], headline: bool, promise: bool, expected: str) -> None:
    assert severity([Figure("x", 1, "", v, unit) for v in values], headline=headline, promise=promise) == expected


def test_plain_numbers() -> None:
    assert [plain(v) for v in (164063.0, 1005.42, 42.1, 0.00475, 0.0)] == ["164063", "1005.42", "42.1", "0.00475", "0"]


def test_many_parts_are_counted_not_listed() -> None:
    assert Side.of(*[Figure(str(i), i, "1", 1.0) for i in range(27)]).text == "27项之和=27"
