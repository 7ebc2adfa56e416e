"""With the documents at hand: every numeral of every text is in the ledger, at its line, as printed."""

from pathlib import Path

import polars as pl
import pytest

from pipelines.ingest.audit import audit, numerals
from pipelines.settings import Settings


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


def test_every_value_stands_on_its_line(documents: Path, core: Path) -> None:
    sources = {
        r["source_id"]: r["file_name"]
        for r in pl.read_parquet(core / "dim_source.parquet").iter_rows(named=True)
        if r["file_name"]
    }
    lines = {
        s: (documents / f).read_text(encoding="utf-8").split("\n")
        for s, f in sources.items()
        if (documents / f).exists()
    }
    assert len(lines) == 5
    wrong = [
        (r["observation_id"], r["value_as_printed"])
        for r in pl.read_parquet(core / "fct_observation.parquet").iter_rows(named=True)
        if r["source_id"] in lines
        and r["value_as_printed"]
        and r["value_as_printed"].replace(" ", "") not in lines[r["source_id"]][r["source_line"] - 1].replace(" ", "")
    ]
    assert wrong == []
