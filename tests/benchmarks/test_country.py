"""The synthetic country obeys the contracts of real counties, is the same each time, and is refreshed county by county."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from benchmarks import country, scale
from pipelines.core.slices import groups
from pipelines.core.tables import build_core
from pipelines.evaluate.outlook import GRAVES
from pipelines.settings import Settings
from pipelines.staging import store
from pipelines.staging.held import HeldBack
from pipelines.staging.validate import validate
from tests.commands import minzheng, refresh

COUNTIES = 12


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("country") / "raw"
    country.write(folder, COUNTIES, panel=country.panel_folder())
    return folder


def of(root: Path, raw: Path) -> Settings:
    return Settings(data_root=root, raw_folder=str(raw))


def core(settings: Settings, out: Path) -> dict[str, bytes]:
    """Everything staged, core built: file name → bytes."""
    assert not [h for h in store.stage_counties(settings, settings.county_folders()) if isinstance(h, HeldBack)]
    store.stage_reference(settings)
    build_core(store.tables(settings), store.current(settings, "reference").folder, out)
    return {p.name: p.read_bytes() for p in sorted(out.glob("*.parquet"))}


def test_every_county_is_valid_and_says_that_it_is_synthetic(raw: Path) -> None:
    folders = Settings(data_root=raw.parent).county_folders()
    assert len(folders) == COUNTIES
    for code, folder in folders.items():
        assert validate(folder) == []
        assert int(code[-2:]) >= country.FIRST
        assert "合成" in (folder / "county.toml").read_text(encoding="utf-8")
        assert "不是真实文件" in (folder / "source.toml").read_text(encoding="utf-8")


def test_a_damaged_synthetic_county_is_not_valid(raw: Path, tmp_path: Path) -> None:
    folder = country.write(tmp_path, 1, panel=country.panel_folder())[0]
    path = folder / "figures.csv"
    path.write_text(re.sub(r"s0001\.", "s9999.", path.read_text(encoding="utf-8"), count=1), encoding="utf-8")
    assert [p.rule for p in validate(folder)] == ["unknown_reference"]


def test_same_seed_same_country_same_core(raw: Path, tmp_path: Path) -> None:
    country.write(tmp_path / "again", COUNTIES, panel=country.panel_folder())
    one, two = (
        core(of(tmp_path / "a", raw), tmp_path / "one"),
        core(of(tmp_path / "b", tmp_path / "again"), tmp_path / "two"),
    )
    assert one == two
    other = country.write(tmp_path / "other", 1, seed=8, panel=country.panel_folder())[0]
    assert (other / "statistics.csv").read_bytes() != next(raw.glob("*-0001/statistics.csv")).read_bytes()


def test_a_larger_country_holds_the_smaller_one(raw: Path, tmp_path: Path) -> None:
    country.write(tmp_path, COUNTIES + 1, panel=country.panel_folder())
    for folder in (p for p in raw.iterdir() if p.name != "reference"):
        assert (tmp_path / folder.name / "statistics.csv").read_bytes() == (folder / "statistics.csv").read_bytes()


def test_only_a_changed_county_is_read_again(raw: Path, tmp_path: Path) -> None:
    folders = country.write(tmp_path / "raw", 3, panel=country.panel_folder())
    settings = of(tmp_path, tmp_path / "raw")
    before = core(settings, tmp_path / "before")
    country.change(folders[1])
    staged = {s.name: s for s in store.stage_counties(settings, settings.county_folders())}
    assert [code for code, s in staged.items() if isinstance(s, store.Staged) and not s.unchanged] == [
        folders[1].name[:6]
    ]
    after = core(settings, tmp_path / "after")
    assert {name.removesuffix(".parquet") for name in before if before[name] != after[name]} == {
        "dim_source", "fct_observation", "fct_population"
    }  # fmt: skip


@pytest.mark.slow(seconds=50)
def test_a_country_is_published_and_again_after_one_change() -> None:
    found = scale.measure(COUNTIES, notebooks=False)
    assert found.again is not None
    assert [s.name for s in found.stages] == [s.name for s in found.again.stages]
    assert found.release_mb > 0


@pytest.mark.slow
def test_a_country_has_a_public_release(raw: Path, tmp_path: Path) -> None:
    """Targets of beds and graves, small counts in most counties: all of it is protected by a real process."""
    refreshed(tmp_path, raw)
    done = minzheng(tmp_path, "release", "public", MINZHENG_NOTEBOOKS="0", MINZHENG_PROTECTION_THRESHOLD="200")
    assert done.returncode == 0, done.stdout + done.stderr
    shown = tmp_path / "marts" / "public" / "current" / "parquet"
    targets, stated = (pl.read_parquet(shown / f"{name}.parquet") for name in ("mart_target", "fct_observation"))
    assert targets.filter(pl.col("indicator_id").is_in(GRAVES)).height > 0
    assert "suppressed" in set(stated["status"])


OF_THE_RUN = {"mart_quality", "meta_release", "meta_table"}  # they name the release, or speak of the one before
MANY = 26  # more than a site shows in full, and under `LIMITS` as in a country: several slices, provinces, processes that read
LIMITS = {"pipelines.core.slices.SLICE": 8, "pipelines.assets.common.MANY": 24, "pipelines.staging.store._CHUNK": 10}


def refreshed(root: Path, raw: Path) -> dict[str, bytes]:
    """Refresh a data root from these raw folders: table → bytes of its published Parquet file."""
    done = refresh(root, constants=LIMITS, MINZHENG_RAW_FOLDER=str(raw), MINZHENG_NOTEBOOKS="0")
    assert done.returncode == 0, done.stdout + done.stderr
    tables = (root / "marts" / "current" / "parquet").glob("*.parquet")
    return {p.stem: p.read_bytes() for p in tables if p.stem not in OF_THE_RUN}


@pytest.mark.slow(seconds=60)
def test_reuse_gives_byte_for_byte_what_a_clean_build_gives(tmp_path: Path) -> None:
    """Of many counties one changes: one slice a layer is computed again, and every table is that of a build from nothing."""
    raw = tmp_path / "raw"
    folders = country.write(raw, MANY, panel=country.panel_folder())
    root, clean = tmp_path / "root", tmp_path / "clean"
    before = refreshed(root, raw)
    entries = {p.name for p in (root / "staging" / "reuse").iterdir()}
    slices = groups((f.name[:6] for f in folders), LIMITS["pipelines.core.slices.SLICE"])
    assert len(entries) == 3 * len(slices) > 3
    country.change(folders[MANY // 2])
    after = refreshed(root, raw)
    assert len({p.name for p in (root / "staging" / "reuse").iterdir()} - entries) == 3
    assert after == refreshed(clean, raw)
    assert {"fct_population", "mart_elderly_outlook", "mart_target"} <= {
        name for name in after if after[name] != before[name]
    }
    assert after["fct_source_figure"] == before["fct_source_figure"]
