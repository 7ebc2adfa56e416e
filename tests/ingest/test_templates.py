"""A template comes back as it was handed out: blank rows are no report, what is half filled in is refused, names of codes do."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.ingest.contract import typed
from pipelines.ingest.problems import InputError
from pipelines.ingest.reader import read_cells, read_table
from pipelines.ingest.templates import write_templates
from pipelines.settings import PROJECT

YIMEN = PROJECT / "data" / "raw" / "530425-yimen"


def _filled(folder: Path, name: str, rows: dict[int, dict[str, str]]) -> Path:
    """The template of one county as CSV, some rows filled in."""
    source = next(p for p in write_templates(folder, 2023, YIMEN) if p.stem.startswith(name))
    sheet = pl.read_excel(source, engine="openpyxl", infer_schema_length=0).fill_null("")
    cells = sheet.to_dicts()
    for n, given in rows.items():
        cells[n].update(given)
    path = folder / f"{source.stem}.csv"
    pl.DataFrame(cells).write_csv(path)
    return path


def test_only_what_was_filled_in_is_read(tmp_path: Path) -> None:
    report = {"数值": "35", "数据出处": "年报", "上报日期": "2024-03-01"}
    path = _filled(tmp_path, "actuals", {2: report})
    frame = typed(read_cells(path, "actuals"), "actuals", path.name)
    assert frame["value"].to_list() == [35.0] and frame["year"].to_list() == [2023]


def test_a_value_without_its_source_is_refused(tmp_path: Path) -> None:
    path = _filled(tmp_path, "actuals", {0: {"数值": "35"}})
    with pytest.raises(InputError) as refused:
        typed(read_cells(path, "actuals"), "actuals", path.name)
    assert {(p.column, p.rule) for p in refused.value.problems} == {
        ("source_note", "missing_value"),
        ("reported_on", "missing_value"),
    }


def test_a_template_handed_in_blank_says_so(tmp_path: Path) -> None:
    path = _filled(tmp_path, "actuals", {})
    with pytest.raises(InputError, match="empty_file"):
        read_table(path, "actuals")


@pytest.mark.parametrize(
    ("stage", "code"), [("在建", "under_construction"), ("completed", "completed"), ("快了", None)]
)
def test_a_stage_may_be_named_in_chinese(tmp_path: Path, stage: str, code: str | None) -> None:
    path = _filled(tmp_path, "progress", {0: {"截至日期": "2023-12-31", "阶段": stage, "数据出处": "台账"}})
    table = read_cells(path, "progress")
    if code:
        assert typed(table, "progress", path.name)["stage"].to_list() == [code]
        return
    with pytest.raises(InputError, match="unknown_code"):
        typed(table, "progress", path.name)


def test_a_county_is_asked_for_its_own_targets(tmp_path: Path) -> None:
    own, every = (
        {
            p.stem.split("_")[0]: pl.read_excel(p, engine="openpyxl", infer_schema_length=0)
            for p in write_templates(tmp_path / str(i), 2023, f)
        }
        for i, f in enumerate((YIMEN, None))
    )
    assert 20 < own["actuals"].height < every["actuals"].height / 3
    assert own["progress"].height > 20 and every["progress"].height == 0
    assert "年目标" in own["actuals"]["指标说明"][0]
