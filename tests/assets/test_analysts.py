"""The analysts' code location: it reads the current release, writes only below analysis/, and starts after every release."""

from __future__ import annotations

import shutil
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from analysts.definitions import QUERIES, after_release, defs
from pipelines.definitions import defs as refresh_defs
from pipelines.publish import release
from pipelines.settings import Settings
from tests.desk.tiny_release import build


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    s = Settings(data_root=tmp_path / "data")
    folder = s.releases / "r00001-tiny"
    shutil.copytree(build(tmp_path / "built"), folder)
    (folder / release.MANIFEST).touch()
    release.use(s, folder.name)
    monkeypatch.setenv("MINZHENG_DATA_ROOT", str(s.data_root))
    return s.data_root


def test_every_query_becomes_a_file_of_its_release_and_nothing_else_changes(root: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in (root / "marts").rglob("*")}
    with dg.DagsterInstance.ephemeral() as instance:
        assert defs.resolve_job_def("analysis").execute_in_process(instance=instance).success
    for name in QUERIES:
        file = root / "analysis" / name / "r00001-tiny.csv"
        assert file.read_bytes().startswith(b"\xef\xbb\xbf")
        assert pl.read_csv(file).width > 3
    assert {p: p.stat().st_mtime_ns for p in (root / "marts").rglob("*")} == before


def test_it_starts_after_every_release_of_the_other_location(root: Path) -> None:
    assert dg.AssetKey("release") in {spec.key for spec in refresh_defs.resolve_all_asset_specs()}
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance, definitions=defs)
        assert not after_release.evaluate_tick(context).run_requests
        instance.report_runless_asset_event(dg.AssetMaterialization("release"))
        assert len(after_release.evaluate_tick(context).run_requests or []) == 1


def test_one_refresh_writes_at_a_time_and_analysts_do_not_wait() -> None:
    assert refresh_defs.resolve_job_def("refresh").tags["minzheng/writer"] == "one"
    assert "minzheng/writer" not in defs.resolve_job_def("analysis").tags
