"""raw/reference: what must be there, what may be missing, and references between its files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.ingest.folder import REFERENCE_OPTIONAL, read_reference
from pipelines.ingest.problems import InputError
from pipelines.settings import PROJECT
from pipelines.staging.validate import validate

HEAD = "area_code,year,basis,sex,age_from,age_to,persons,source_id\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(PROJECT / "data" / "raw" / "reference", tmp_path / "reference")
    return tmp_path / "reference"


def test_every_area_has_ages_and_residents_of_both_censuses(folder: Path) -> None:
    tables = read_reference(folder)
    ages, told = (tables[name] for name in REFERENCE_OPTIONAL)
    areas = set(tables["areas"].filter(tables["areas"]["kind"] != "nation")["county_code"])
    assert set(ages["area_code"]) == set(told["area_code"]) == areas
    assert ages.group_by("area_code", "year").len()["len"].unique().to_list() == [2 * 19]
    assert set(told["variable"]) == {"resident", "registered", "urban_residents"}


def test_a_folder_without_areas_is_read(folder: Path) -> None:
    for name in REFERENCE_OPTIONAL:
        (folder / f"{name}.csv").unlink()
    tables = read_reference(folder)
    assert all(tables[name].is_empty() and tables[name].width > 1 for name in REFERENCE_OPTIONAL)
    (folder / "area_population.csv").write_text(HEAD, encoding="utf-8")
    assert read_reference(folder)["area_population"].is_empty()


def test_an_area_that_is_not_listed_is_named_by_row(folder: Path) -> None:
    rows = "530100,2020,resident,male,0,0,1,census-2020\n539900,2020,resident,male,0,0,1,census-2020\n"
    (folder / "area_population.csv").write_text(HEAD + rows, encoding="utf-8")
    (found,) = validate(folder)
    assert (found.file, found.row, found.column, found.value, found.rule) == (
        "area_population.csv", 3, "area_code", "539900", "unknown_reference"
    )  # fmt: skip


def test_areas_are_not_asked_for_where_their_list_is_broken(folder: Path) -> None:
    (folder / "areas.csv").unlink()
    with pytest.raises(InputError) as told:
        read_reference(folder)
    assert [p.rule for p in told.value.problems] == ["missing_file"]


def test_an_unknown_characteristic_is_refused(folder: Path) -> None:
    path = folder / "area_covariates.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("registered", "registred"), encoding="utf-8")
    assert {p.rule for p in validate(folder)} == {"unknown_code"}
