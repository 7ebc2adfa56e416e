"""`minzheng release public` by a real process, on the release of the real raw data."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from pipelines.publish import package, release
from pipelines.settings import Settings
from tests.commands import minzheng

SMALL = "530425-s0057"  # five children


def value(folder: Path) -> tuple[object, ...] | None:
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as con:
        return con.execute("SELECT value, status FROM fct_observation WHERE observation_id = ?", [SMALL]).fetchone()


@pytest.mark.slow(seconds=20)
def test_a_public_release_stands_beside_the_internal_one(published: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(published, root, symlinks=True)
    settings = Settings(data_root=root)
    inside = release.current_folder(settings)
    done = minzheng(root, "release", "public", MINZHENG_NOTEBOOKS="0")
    assert done.returncode == 0, done.stderr
    assert "公开版" in done.stdout
    outside = release.current_folder(settings.public)
    assert inside is not None and outside is not None
    assert release.current_folder(settings) == inside
    assert package.verify(outside) == []
    assert (value(inside), value(outside)) == ((5.0, None), (None, "suppressed"))
    frictionless = pytest.importorskip("frictionless")
    assert frictionless.validate(str(outside / "datapackage.json")).valid
    listed = {r["path"] for r in json.loads((outside / "datapackage.json").read_text(encoding="utf-8"))["resources"]}
    assert {"sdmx/observations.csv", "sdmx/structure.xml"} <= listed
    assert "已隐去" in (outside / "site" / "county-yimen.html").read_text(encoding="utf-8")
    refused = minzheng(root, "release", "public", "r09999-20260101")
    assert refused.returncode == 1
    assert release.current_folder(settings.public) == outside
