"""Staged tables: many counties at once say what each says alone, and repairs keep the type of their column."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from pipelines.ingest.folder import read_county
from pipelines.staging.county import frames, stage, staged
from pipelines.staging.validate import validate

HEAD = "correction_id,table,row_key,column,printed,corrected,reason_code,reason_zh,reason_en,evidence,status\n"


@pytest.fixture
def county(raw: Path, tmp_path: Path) -> Path:
    """A scratch copy of a real county folder."""
    return Path(shutil.copytree(raw / "530425-yimen", tmp_path / "530425-yimen"))


def repaired(county: Path, column: str, printed: str, corrected: str) -> None:
    row = f"c01,projects,m01,{column},{printed},{corrected},ocr_character,测试,test,line 1,applied\n"
    (county / "corrections.csv").write_text(HEAD + row, encoding="utf-8")


def test_many_counties_at_once_are_each_alone(raw: Path) -> None:
    folders = sorted(raw.glob("[0-9]*-*"))
    together = frames([staged(read_county(f)) for f in folders])
    alone = [stage(read_county(f)) for f in folders]
    assert len(folders) > 1 and together.keys() == alone[0].keys()
    for name, frame in together.items():
        assert frame.schema == alone[0][name].schema, "also where a county has no row"
        assert frame.equals(pl.concat([one[name] for one in alone])), name
    assert frames([]) == {}


def test_a_repair_keeps_the_type_of_its_column(county: Path) -> None:
    before = read_county(county).tables["projects"]
    at = before["key"].index("m01")
    repaired(county, "line", str(before["line"][at]), "7")
    after = stage(read_county(county))["projects"]
    assert after.schema["line"] == pl.Int64 and after["line"][at] == 7
    repaired(county, "line", str(before["line"][at]), "seven")
    with pytest.raises(pl.exceptions.InvalidOperationError):
        stage(read_county(county))
    repaired(county, "line", "999999", "7")
    assert [p.rule for p in validate(county)] == ["guard_mismatch"]
    repaired(county, "no_such_column", "", "7")
    assert [p.rule for p in validate(county)] == ["bad_correction"]
