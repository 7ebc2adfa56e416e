"""The main job by real processes: what a release holds, what a second run does, what bad input does, what readers see."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines import registry
from pipelines.publish import package, release
from pipelines.publish.hashes import table_hash
from pipelines.settings import PROJECT, Settings
from tests.e2e.conftest import minzheng


def current(root: Path) -> Path:
    folder = release.current_folder(Settings(data_root=root))
    assert folder is not None
    return folder


def scratch(published: Path, tmp_path: Path) -> Path:
    """A private copy of a published root."""
    root = tmp_path / "data"
    shutil.copytree(published, root, symlinks=True)
    return root


def test_release_is_whole_frozen_and_documented(published: Path) -> None:
    folder = current(published)
    assert package.verify(folder) == []
    assert not list(folder.rglob("*.wal"))
    assert not any(p.stat().st_mode & 0o222 for p in folder.rglob("*") if p.is_file())
    for wanted in (
        "marts.duckdb",
        "site/index.html",
        "site/index.en.html",
        "quality/index.html",
        "datapackage.json",
        "excel/all.xlsx",
    ):
        assert (folder / wanted).is_file(), wanted
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as con:
        uncommented = con.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL"
        ).fetchall()
        assert uncommented == []
        for table in registry.published():
            there = con.execute(f'SELECT * FROM "{table.name}" ORDER BY ALL').pl()
            parquet = pl.read_parquet(folder / "parquet" / f"{table.name}.parquet")
            assert there.height == parquet.height, table.name
        assert con.execute(
            "SELECT count(*) FROM mart_quality WHERE NOT passed AND severity = 'critical'"
        ).fetchone() == (0,)


def test_second_run_changes_nothing(published: Path) -> None:
    before = current(published)
    again = minzheng(published, "run")
    assert again.returncode == 0
    assert "nothing changed" in again.stdout
    assert current(published) == before


def test_commands_on_a_release(published: Path) -> None:
    status = minzheng(published, "status")
    assert status.returncode == 0
    assert current(published).name in status.stdout
    total = minzheng(
        published,
        "sql",
        "SELECT sum(total_investment_wan) AS t FROM fct_project WHERE county_code = '530425' AND in_annex",
        "--format",
        "csv",
    )
    assert total.stdout.split() == ["t", "79576.0"]
    refused = minzheng(published, "sql", "DELETE FROM fct_project")
    assert refused.returncode == 1
    assert minzheng(published, "release", "verify").returncode == 0


def damage(root: Path, file: str, old: str, new: str) -> None:
    path = root / "raw" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_bad_input_names_everything_and_leaves_the_release(published: Path, tmp_path: Path) -> None:
    root = scratch(published, tmp_path)
    before = current(root).name
    damage(root, "530425-yimen/statistics.csv", ",actual,", ",achieved,")
    damage(root, "530425-yimen/population.csv", "2020,resident,male,60,64,", "2020,resident,male,60,64,x")
    done = minzheng(root, "run")
    assert done.returncode == 1
    for word in ("statistics.csv", "population.csv", "unknown_code", "not_a_number", "To do:", "请"):
        assert word in done.stderr, done.stderr
    assert current(root).name == before
    assert package.verify(current(root)) == []


def test_critical_check_leaves_the_release_and_keeps_the_report(published: Path, tmp_path: Path) -> None:
    root = scratch(published, tmp_path)
    before = current(root).name
    path = root / "raw" / "530425-yimen" / "population.csv"
    rows = [
        line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("2020,resident,female,70")
    ]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    done = minzheng(root, "run")
    assert done.returncode == 1, done.stdout
    assert current(root).name == before
    assert list((root / "marts" / "rejected").glob("*/index.html"))
    assert not list((root / "marts" / "releases").glob(".candidate-*"))


READER = """
import sys, time
from pipelines import open_marts
con = open_marts()
print(con.execute("SELECT release_id FROM meta_release").fetchone()[0], flush=True)
for line in sys.stdin:
    print(con.execute("SELECT release_id FROM meta_release").fetchone()[0],
          con.execute("SELECT sum(total_investment_wan) FROM fct_project WHERE in_annex").fetchone()[0], flush=True)
"""


@pytest.mark.slow
def test_open_reader_keeps_its_release_through_a_refresh(published: Path, tmp_path: Path) -> None:
    root = scratch(published, tmp_path)
    before = current(root).name
    env = {**os.environ, "MINZHENG_DATA_ROOT": str(root)}
    with subprocess.Popen(
        [sys.executable, "-c", READER], cwd=PROJECT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert reader.stdout.readline().strip() == before
        done = minzheng(root, "run", "--force")
        assert done.returncode == 0, done.stderr
        reader.stdin.write("again\n")
        reader.stdin.flush()
        assert reader.stdout.readline().split()[0] == before
        reader.stdin.close()
    after = current(root).name
    assert after != before
    opened = subprocess.run(
        [sys.executable, "-c", READER], cwd=PROJECT, env=env, input="", capture_output=True, text=True, check=True
    )
    assert opened.stdout.strip() == after


@pytest.mark.slow
def test_same_inputs_give_the_same_content(published: Path, tmp_path: Path) -> None:
    root = scratch(published, tmp_path)
    assert minzheng(root, "run", "--force", "--county", "530425").returncode == 0
    for table in registry.published():
        if table.layer != "meta":
            a, b = (
                pl.read_parquet(f / "parquet" / f"{table.name}.parquet") for f in (current(published), current(root))
            )
            assert table_hash(a) == table_hash(b), table.name
