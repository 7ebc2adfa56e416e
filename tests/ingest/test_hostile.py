"""Files that mean harm: links and paths out of the folder, zip bombs, formulas."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import polars as pl
import pytest

from pipelines import cells
from pipelines.ingest import reader
from pipelines.ingest.folder import content_hash, read_reference
from pipelines.ingest.problems import InputError
from pipelines.staging.validate import validate


@pytest.fixture
def county(raw: Path, tmp_path: Path) -> Path:
    first = sorted(raw.glob("[0-9]*-*"))[0]
    return Path(shutil.copytree(first, tmp_path / "raw" / first.name))


def test_links_out_of_the_folder_are_not_read(county: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("secret\n", encoding="utf-8")
    (county / "notes.csv").unlink()
    (county / "notes.csv").symlink_to(secret)
    before = content_hash(county)
    problems = validate(county)
    assert [(p.file, p.rule) for p in problems] == [("notes.csv", "outside_folder")]
    secret.write_text("another\n", encoding="utf-8")
    assert content_hash(county) == before


def test_a_county_folder_that_is_a_link_elsewhere_is_refused(county: Path, tmp_path: Path) -> None:
    link = tmp_path / "other" / county.name
    link.parent.mkdir()
    link.symlink_to(county, target_is_directory=True)
    assert [p.rule for p in validate(link)] == ["outside_folder"]


def test_links_inside_the_folder_are_fine(county: Path) -> None:
    (county / "notes.csv").rename(county / "mine.txt")
    (county / "notes.csv").symlink_to("mine.txt")
    assert validate(county) == []


def test_reference_is_guarded_too(raw: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(raw / "reference", tmp_path / "raw" / "reference"))
    (folder / "extra.csv").symlink_to("/etc/hostname")
    with pytest.raises(InputError, match="outside_folder"):
        read_reference(folder)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("county.toml", 'slug = "', 'slug = "../../'),
        ("county.toml", 'slug = "', 'slug = "<script>'),
        ("source.toml", 'file_name = "', 'file_name = "../'),
        ("source.toml", 'file_name = "', 'file_name = "C:\\\\\\\\'),
    ],
)
def test_names_cannot_become_paths(county: Path, file: str, old: str, new: str) -> None:
    path = county / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    assert "bad_name" in {p.rule for p in validate(county)}


def bomb(path: Path, size: int, declared: int | None = None) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", b"0" * size)
    if declared is not None:
        data = path.read_bytes().replace(size.to_bytes(4, "little"), declared.to_bytes(4, "little"))
        path.write_bytes(data)


@pytest.mark.parametrize("declared", [None, 10])
def test_zip_bombs_are_refused_before_they_are_read(
    county: Path, monkeypatch: pytest.MonkeyPatch, declared: int | None
) -> None:
    monkeypatch.setattr(reader, "MAX_BYTES", 1_000_000)
    (county / "projects.csv").unlink()
    bomb(county / "projects.xlsx", 20_000_000, declared)
    assert (county / "projects.xlsx").stat().st_size < 100_000
    assert ("projects.xlsx", "too_large") in {(p.file, p.rule) for p in validate(county)}


def test_member_names_of_a_workbook_are_no_paths(county: Path, tmp_path: Path) -> None:
    pl.read_csv(county / "projects.csv", infer_schema=False).write_excel(county / "projects.xlsx")
    (county / "projects.csv").unlink()
    with zipfile.ZipFile(county / "projects.xlsx", "a") as book:
        book.writestr("../../evil.csv", "evil")
        book.writestr("/tmp/minzheng-evil.csv", "evil")
    before = set(tmp_path.rglob("*"))
    assert validate(county) == []
    assert set(tmp_path.rglob("*")) == before
    assert not Path("/tmp/minzheng-evil.csv").exists()


def test_large_and_broken_files_are_refused_in_words(county: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_BYTES", 100)
    assert {p.rule for p in validate(county)} == {"too_large"}
    monkeypatch.undo()
    (county / "projects.csv").rename(county / "projects.xlsx")
    assert ("projects.xlsx", "unreadable") in {(p.file, p.rule) for p in validate(county)}


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("@x", "'@x"),
        ("+x", "'+x"),
        ("-x", "'-x"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\nx", "'\nx"),
        ("＝1", "'＝1"),
        ("-2+3", "'-2+3"),
        ("-5.2", "-5.2"),
        ("+3e4", "+3e4"),
        ("民政", "民政"),
    ],
)
def test_formulas_stay_words(cell: str, shown: str) -> None:
    assert cells.neutral(cell) == shown


def test_a_frame_is_neutral_cell_by_cell() -> None:
    frame = cells.neutral_frame(pl.DataFrame({"=a": ["=1,2", None], "b": [-3, 4]}))
    assert frame.to_dict(as_series=False) == {"'=a": ["'=1,2", None], "b": [-3, 4]}
