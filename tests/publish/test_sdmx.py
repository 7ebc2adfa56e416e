"""The SDMX files are valid for one library and read back by another as exactly the observations they were made from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines import registry
from pipelines.publish import sdmx as export

pysdmx = pytest.importorskip("pysdmx.io", reason="pysdmx is not installed (extra dev)")


@pytest.fixture(scope="module")
def tables(core: Path) -> dict[str, pl.DataFrame]:
    """Core tables with two changed rows: a value that was left out, and a period without a year."""
    names = ("fct_observation", "dim_county", "dim_indicator", "dim_source")
    found = {n: pl.read_parquet(core / f"{n}.parquet") for n in names}
    first, second = found["fct_observation"]["observation_id"][:2]
    here, there = (pl.col("observation_id") == i for i in (first, second))
    found["fct_observation"] = found["fct_observation"].with_columns(
        value=pl.when(here).then(None).otherwise("value"), status=pl.when(here).then(pl.lit("suppressed")).otherwise("status"),
        note=pl.when(here).then(pl.lit("一行\n又一行，“引号”")).otherwise("note"),
        period_start=pl.when(there).then(None).otherwise("period_start"), period_end=pl.when(there).then(None).otherwise("period_end"),
    )  # fmt: skip
    return found


@pytest.fixture(scope="module")
def files(tables: dict[str, pl.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with both files."""
    parquet, out = tmp_path_factory.mktemp("parquet"), tmp_path_factory.mktemp("sdmx")
    for name, frame in tables.items():
        frame.write_parquet(parquet / f"{name}.parquet")
    pl.DataFrame({"built_at": ["2026-01-01T00:00:00+00:00"]}).write_parquet(parquet / "meta_release.parquet")
    export.write(parquet, out)
    return out


@pytest.fixture(scope="module")
def read_back(files: Path) -> list[dict[str, Any]]:
    """Every observation as sdmx1 reads it with the structure beside it."""
    import sdmx

    structure = sdmx.read_sdmx(files / export.STRUCTURE).structure[export.FLOW]
    (found,) = sdmx.read_sdmx(files / export.DATA, structure=structure).data
    return [
        {
            **{k: v.value for k, v in o.key.values.items()},
            **{k: v.value for k, v in o.attached_attribute.items()},
            "OBS_VALUE": o.value,
        }
        for o in found.obs
    ]


def test_the_structure_is_valid_against_the_official_schemas(files: Path) -> None:
    message = pysdmx.read_sdmx(files / export.STRUCTURE, validate=True)
    (structure,) = message.get_data_structure_definitions()
    assert [c.id for c in structure.components.dimensions] == [
        c.id for c in export.components() if c.role in ("dimension", "time")
    ]
    assert {c.id for c in message.get_codelists()} == {
        f"CL_{c.codelist.upper()}" for c in export.components() if c.codelist
    }


def test_a_broken_structure_is_refused(files: Path, tmp_path: Path) -> None:
    text = (files / export.STRUCTURE).read_text(encoding="utf-8").replace('id="CL_UNIT"', 'id="单位"')
    (tmp_path / "broken.xml").write_text(text, encoding="utf-8")
    with pytest.raises(pysdmx.read_sdmx.__globals__["Invalid"]):
        pysdmx.read_sdmx(tmp_path / "broken.xml", validate=True)


def test_the_data_fit_the_structure(files: Path, tables: dict[str, pl.DataFrame]) -> None:
    (data,) = pysdmx.get_datasets(files / export.DATA, files / export.STRUCTURE)
    assert data.data.shape == (tables["fct_observation"].height, len(export.components()))
    assert data.data["OBS_VALUE"].sum() == pytest.approx(tables["fct_observation"]["value"].sum())


def test_reading_back_gives_the_same_observations(
    read_back: list[dict[str, Any]], tables: dict[str, pl.DataFrame]
) -> None:
    signs = {v: k for k, v in export.written("qualifier").items()}
    observed = {r["observation_id"]: r for r in tables["fct_observation"].iter_rows(named=True)}
    assert len(read_back) == len(observed)
    for row in read_back:
        own = observed[row["STATEMENT"]]
        assert (float(row["OBS_VALUE"]) if row["OBS_VALUE"] not in (None, "") else None) == own["value"]
        assert signs[row["QUALIFIER"]] == own["qualifier"]
        for component in export.components():
            if component.id in (
                "FREQ",
                "OBS_VALUE",
                "OBS_STATUS",
                "QUALIFIER",
                "TIME_PERIOD",
                "PERIOD_INFERRED",
                "COMMENT_OBS",
            ):
                continue
            expected = own[component.column]
            assert (row[component.id] or None) == (None if expected is None else str(expected)), (
                own["observation_id"],
                component.id,
            )
        if own["period_end"] is not None:
            assert (int(row["TIME_PERIOD"]), row["PERIOD_INFERRED"] == "true") == (
                own["period_end"],
                own["period_inferred"],
            )


def test_absence_is_told_in_sdmx_codes(read_back: list[dict[str, Any]], tables: dict[str, pl.DataFrame]) -> None:
    rows = {r["STATEMENT"]: r for r in read_back}
    first, second = tables["fct_observation"]["observation_id"][:2]
    assert (rows[first]["OBS_STATUS"], rows[first]["ABSENCE"], rows[first]["OBS_VALUE"] or None) == (
        "Q",
        "suppressed",
        None,
    )
    assert rows[first]["COMMENT_OBS"] == "一行 又一行，“引号”"
    assert (rows[second]["TIME_PERIOD"], rows[second]["PERIOD_INFERRED"]) == ("2025", "true")
    said = {r["ABSENCE"] or None: r["OBS_STATUS"] for r in read_back}
    assert {said[None], said["not_reported"], said["not_applicable"]} == {"A", "O", "M"}


def test_every_code_of_ours_has_one_of_theirs() -> None:
    assert {k for k in export.written(export.OBS_STATUS) if k} == registry.codes()["absence"].keys()
    assert export.written("qualifier").keys() == registry.codes()["qualifier"].keys()
    assert set(export.written(export.OBS_STATUS).values()) == registry.codes()["obs_status"].keys()


def test_repeated_statements_are_kept_and_marked(
    read_back: list[dict[str, Any]], tables: dict[str, pl.DataFrame]
) -> None:
    assert sum(bool(r["RESTATES"]) for r in read_back) == tables["fct_observation"]["restates"].count() > 0


def test_a_code_outside_its_list_stops_the_export(tables: dict[str, pl.DataFrame], files: Path, tmp_path: Path) -> None:
    broken = {**tables, "fct_observation": tables["fct_observation"].with_columns(unit=pl.lit("furlongs"))}
    for name, frame in broken.items():
        frame.write_parquet(tmp_path / f"{name}.parquet")
    pl.DataFrame({"built_at": ["2026-01-01T00:00:00+00:00"]}).write_parquet(tmp_path / "meta_release.parquet")
    with pytest.raises(export.SdmxError, match=r"UNIT_MEASURE.*furlongs"):
        export.write(tmp_path, tmp_path / "sdmx")
