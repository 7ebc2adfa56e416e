"""With the documents at hand: every numeral of every text is in the ledger, at its line, as printed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from print_lines import bound_fits, plain, stands, unit_follows

from pipelines.ingest.audit import audit, numerals
from pipelines.settings import Settings
from pipelines.staging import store


@pytest.mark.parametrize("county", ["530425", "530129", "620722", "532301", "530112"])
def test_ledger_equals_document(documents: Path, core: Path, county: str) -> None:
    source = pl.read_parquet(core / "dim_source.parquet").filter(pl.col("county_code") == county).row(0, named=True)
    text = (documents / source["file_name"]).read_text(encoding="utf-8")
    ledger = pl.read_parquet(core / "fct_source_figure.parquet").filter(pl.col("county_code") == county)
    kept = {(r["source_line"], r["occurrence"]): r["printed"] for r in ledger.iter_rows(named=True)}
    assert kept == {place: value for place, (value, _) in numerals(text).items()}


def test_audit_says_complete(documents: Path, staged: Settings, core: Path) -> None:
    name = pl.read_parquet(core / "dim_source.parquet").filter(pl.col("county_code") == "530425")["file_name"][0]
    report, complete = audit(staged, "530425", documents / name)
    assert complete, report


def test_audit_of_a_new_document_is_a_worklist(staged: Settings, tmp_path: Path) -> None:
    text = tmp_path / "plan.txt"
    text.write_text("到2025年建成养老床位1200张\n占比55.5%", encoding="utf-8")
    report, complete = audit(staged, "530425", text)
    assert not complete
    assert "1200" in report
    assert "55.5" in report


@pytest.fixture(scope="module")
def lines(documents: Path, core: Path) -> dict[str, list[str]]:
    """Plain lines of each document by county code."""
    sources = pl.read_parquet(core / "dim_source.parquet").filter(pl.col("sha256").is_not_null())
    return {
        r["county_code"]: [plain(n) for n in (documents / r["file_name"]).read_text(encoding="utf-8").split("\n")]
        for r in sources.iter_rows(named=True)
    }


def printed(core: Path, table: str) -> list[dict[str, Any]]:
    """Rows of a fact table that print a value, with county, plain value and plain unit."""
    rows = pl.read_parquet(core / f"{table}.parquet")
    if "county_code" not in rows.columns:
        owners = pl.read_parquet(core / "fct_project.parquet").select("project_id", "county_code")
        rows = rows.join(owners, on="project_id")
    if "place" in rows.columns:
        rows = rows.filter(pl.col("place") != "actuals")
    shown = rows.filter(pl.col("value_as_printed").is_not_null()).to_dicts()
    units = ({**r, "unit_as_printed": r.get("unit_as_printed") or ""} for r in shown)
    return [{**r, "said": plain(r["value_as_printed"]), "unit_said": plain(r["unit_as_printed"])} for r in units]


def wrong(rows: list[dict[str, Any]], lines: dict[str, list[str]], fits: Callable[..., bool]) -> list[tuple[Any, ...]]:
    found = ((r, lines[r["county_code"]][r["source_line"] - 1]) for r in rows)
    return [
        (*list(r.values())[:2], r["source_line"], r["said"], r["unit_said"]) for r, line in found if not fits(line, r)
    ]


FACTS = ("fct_observation", "fct_project_output", "fct_project_funding")


@pytest.mark.parametrize("table", FACTS)
def test_every_value_stands_on_its_line(lines: dict[str, list[str]], core: Path, table: str) -> None:
    """As a whole number, not as a part of another one."""
    rows = printed(core, table)
    assert len(rows) > 90
    assert wrong(rows, lines, lambda line, r: stands(line, r["said"])) == []


@pytest.mark.parametrize("table", FACTS[:2])
def test_every_printed_unit_stands_behind_its_number(lines: dict[str, list[str]], core: Path, table: str) -> None:
    """A unit in brackets is ours: the document prints none there."""
    rows = [r for r in printed(core, table) if r["said"][0].isdigit() and r["unit_said"] and r["unit_said"][0] != "("]
    assert len(rows) > 200
    assert wrong(rows, lines, lambda line, r: unit_follows(line, r["said"], r["unit_said"])) == []


@pytest.mark.parametrize(
    ("table", "kinds"),
    [("fct_observation", {"=", ">=", "<=", ">", "~"}), ("fct_project_output", {"=", ">=", ">", "~"})],
)
def test_every_bound_is_printed(lines: dict[str, list[str]], core: Path, table: str, kinds: set[str]) -> None:
    """不低于, 余, 约 stand beside the number where the row says so, and nowhere else."""
    rows = [r for r in printed(core, table) if r["said"][0].isdigit()]
    assert {r["qualifier"] for r in rows} == kinds
    assert wrong(rows, lines, lambda line, r: bound_fits(line, r["said"], r["qualifier"])) == []


def test_every_project_name_stands_on_its_line(lines: dict[str, list[str]], staged: Settings) -> None:
    mentions = pl.concat(
        [pl.read_parquet(c.folder / "projects.parquet") for c in store.staged_counties(staged)], how="diagonal_relaxed"
    )
    assert mentions.height > 130
    rows = mentions.select("key", "county_code", "line", "name_printed").iter_rows()
    assert [r for r in rows if plain(r[3]) not in lines[r[1]][r[2] - 1].replace("\t", "")] == []


KINDS = {"binding": "约束性", "expected": "预期"}


def test_binding_or_expected_is_printed_in_the_row(lines: dict[str, list[str]], core: Path) -> None:
    """On the line of the value, or on the next one where a cell is a line."""
    targets = [r for r in printed(core, "fct_observation") if r["target_kind"]]
    assert len(targets) == 24 + 13 * 4 + 19
    for r in targets:
        here = lines[r["county_code"]][r["source_line"] - 1 : r["source_line"] + 1]
        row = here[0] if "\t" in here[0].strip() else here[1]
        assert KINDS[r["target_kind"]] in row, r["observation_id"]


LEVELS = {"市上": "city", "省上": "province", "国家": "national"}


def test_values_of_indicator_tables_stand_in_their_columns(lines: dict[str, list[str]], core: Path) -> None:
    """Tables with tabs: the header of the value's own column says year, baseline or target, and whose target."""
    rows = [r for r in printed(core, "fct_observation") if r["place"] == "indicator_table"]
    seen = 0
    for r in rows:
        text = lines[r["county_code"]]
        if "\t" not in text[r["source_line"] - 1].strip():
            continue
        cells = text[r["source_line"] - 1].split("\t")
        header = next(n for n in reversed(text[: r["source_line"]]) if n.startswith(("序号", "类别"))).split("\t")
        column = header[-len(cells) :].index(next(h for h in header if fits(h, r)))
        sign = {">=": "≥", ">": ">"}.get(r["qualifier"], "")
        scale = "万人" if r["unit_said"] == "万人" else ""
        assert cells[column] in (r["said"], sign + r["said"], r["said"] + scale), r["observation_id"]
        seen += 1
    assert seen == 13 * 5 + 19 * 2


def fits(header: str, row: dict[str, Any]) -> bool:
    """Is this the column of the row's year, measure and level?"""
    level = next((code for word, code in LEVELS.items() if header.startswith(word)), "county")
    aim = "target" if "目标值" in header else "actual"
    return f"{row['period_end']}年" in header and (aim, level) == (row["measure"], row["target_level"])
