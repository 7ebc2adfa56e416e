"""The main job by real processes: what a release holds, what a second run does, what bad input does, what readers see."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines import registry
from pipelines.core.hashes import table_hash
from pipelines.publish import package, release
from pipelines.settings import PROJECT, Settings
from tests.commands import minzheng, refresh


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
        "sdmx/observations.csv",
        "sdmx/structure.xml",
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


def test_data_package_is_valid_and_notices_damage(published: Path, tmp_path: Path) -> None:
    frictionless = pytest.importorskip("frictionless")
    folder = Path(shutil.copytree(current(published), tmp_path / "release"))
    assert frictionless.validate(str(folder / "datapackage.json")).valid
    page = folder / "site" / "index.html"
    page.chmod(0o644)
    page.write_text("x", encoding="utf-8")
    assert not frictionless.validate(str(folder / "datapackage.json")).valid
    assert package.verify(folder) == ["site/index.html"]


def _library_says(folder: Path, table: str, rows: pl.DataFrame) -> set[str]:
    """The kinds of errors that Frictionless finds in rows under the schema that the package gives for a table."""
    frictionless = pytest.importorskip("frictionless")
    package_file = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    (schema,) = (r["schema"] for r in package_file["resources"] if r["path"] == f"parquet/{table}.parquet")
    data = [rows.columns, *(list(row) for row in rows.iter_rows())]
    resource = frictionless.Resource(data=data, schema=frictionless.Schema.from_descriptor(schema))
    return {error.type for task in resource.validate().tasks for error in task.errors}


@pytest.mark.parametrize("table", [t.name for t in registry.published()])
def test_rows_hold_the_schema_of_the_package_by_its_own_library(published: Path, table: str) -> None:
    folder = current(published)
    rows = pl.read_parquet(folder / "parquet" / f"{table}.parquet")
    assert _library_says(folder, table, rows.head(1000)) == set()


def test_the_library_notices_rows_that_break_the_schema(published: Path) -> None:
    folder = current(published)
    rows = pl.read_parquet(folder / "parquet" / "fct_population.parquet").head(20)
    assert _library_says(folder, "fct_population", pl.concat([rows, rows.head(1)])) == {"primary-key"}
    assert "missing-label" in _library_says(folder, "fct_population", rows.drop("persons"))
    words = rows.with_columns(persons=pl.lit("many"))
    assert "type-error" in _library_says(folder, "fct_population", words)


def test_second_run_changes_nothing(published: Path, tmp_path: Path) -> None:
    root = scratch(published, tmp_path)
    before = current(root)
    left = Settings(data_root=root).candidate("killed")
    (left / "parquet").mkdir(parents=True)
    again = minzheng(root, "run")
    assert again.returncode == 0
    assert f"cleaned leftovers: {left.name}" in again.stdout
    assert not left.exists()
    assert "nothing changed, every county skipped" in again.stdout
    assert current(root) == before


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
    for statement in ("DELETE FROM fct_project", "COPY (SELECT 1) TO '/tmp/x.csv'", "FROM read_text('/etc/hostname')"):
        assert minzheng(published, "sql", statement).returncode == 1, statement
    formula = minzheng(published, "sql", "SELECT '=1+1' AS a, -5 AS b", "--format", "csv")
    assert formula.stdout.split() == ["a,b", "'=1+1,-5"]
    assert minzheng(published, "release", "verify").returncode == 0


def damage(root: Path, file: str, old: str, new: str) -> None:
    path = root / "raw" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def table(root: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(current(root) / "parquet" / f"{name}.parquet")


def test_damaged_county_is_held_back_and_the_others_refresh(published: Path, tmp_path: Path) -> None:
    root = scratch(published, tmp_path)
    before = current(root)
    damage(root, "530425-yimen/statistics.csv", ",actual,", ",achieved,")
    damage(root, "530425-yimen/population.csv", "2020,resident,male,60,64,", "2020,resident,male,60,64,x")
    done = refresh(root, MINZHENG_NOTEBOOKS="0")
    assert done.returncode == 3, done.stderr
    for word in ("statistics.csv", "population.csv", "unknown_code", "not_a_number", "To do:", "请", "quarantine"):
        assert word in done.stderr, done.stderr
    after = current(root)
    assert after.name > before.name
    assert package.verify(after) == []
    held = table(root, "mart_held_back").row(0, named=True)
    assert (held["county_code"], held["problems"], held["files"]) == ("530425", 2, "population.csv; statistics.csv")
    for name in ("fct_observation", "fct_population", "mart_target"):
        old = pl.read_parquet(before / "parquet" / f"{name}.parquet")
        assert table_hash(table(root, name)) == table_hash(old), name
    manifest = json.loads((after / "datapackage.json").read_text(encoding="utf-8"))
    files = manifest["held_back"][0]["quarantine"]
    assert {Path(f["path"]).name for f in files} == {"problems.json", "statistics.xlsx", "population.xlsx"}
    assert all((root / f["path"]).stat().st_size == f["bytes"] for f in files)
    assert manifest["inputs"]["530425-yimen"] == held["used_input_hash"]
    again = refresh(root, MINZHENG_NOTEBOOKS="0")
    assert (again.returncode, current(root).name) == (3, after.name)


@pytest.mark.slow(seconds=50)
def test_a_damaged_county_asked_for_by_name(published: Path, tmp_path: Path) -> None:
    """With good data of before they stay; without any the county is absent and every page says so; mended, it comes back."""
    root = scratch(published, tmp_path)
    good = (root / "raw" / "530425-yimen" / "statistics.csv").read_bytes()
    damage(root, "530425-yimen/statistics.csv", ",actual,", ",achieved,")
    for staged in (True, False):
        if not staged:
            shutil.rmtree(root / "staging" / "counties")  # the others are read again without being asked for
        done = refresh(root, "--county", "530425", MINZHENG_NOTEBOOKS="0")
        assert done.returncode == 3, done.stdout + done.stderr
        assert "unknown_code" in done.stderr
        held = table(root, "mart_held_back").row(0, named=True)
        assert (held["county_code"], held["used_input_hash"] is not None) == ("530425", staged)
        assert ("530425" in table(root, "fct_project")["county_code"]) == staged
        said = "沿用上一份合格数据" if staged else "本版本不含该县"
        for page in (current(root) / "site").glob("*.html"):
            if not page.name.endswith(".en.html"):
                assert said in page.read_text(encoding="utf-8"), page.name
        assert (current(root) / "site" / "county-yimen.html").exists() == staged
    diff = json.loads((current(root) / "diff.json").read_text(encoding="utf-8"))
    assert {c["accepted"] for c in diff["gate"]} == {"mart_held_back"}
    assert "该县暂缓更新，本版本不含" in (current(root) / "site" / "changes.html").read_text(encoding="utf-8")
    (root / "raw" / "530425-yimen" / "statistics.csv").write_bytes(good)
    mended = refresh(root, "--county", "530425", MINZHENG_NOTEBOOKS="0")
    assert mended.returncode == 0, mended.stderr
    assert table_hash(table(root, "fct_project")) == table_hash(
        pl.read_parquet(current(published) / "parquet" / "fct_project.parquet")
    )


def test_damaged_reference_publishes_nothing(published: Path, tmp_path: Path) -> None:
    root = scratch(published, tmp_path)
    before = current(root).name
    (root / "raw" / "reference" / "parameters.csv").unlink()
    done = refresh(root)
    assert done.returncode == 1
    assert "parameters.csv" in done.stderr
    assert current(root).name == before


def test_critical_check_leaves_the_release_and_keeps_the_report(published: Path, tmp_path: Path) -> None:
    root = scratch(published, tmp_path)
    before = current(root).name
    damage(root, "530425-yimen/population.csv", "2020,resident,female,70,74,", "2020,resident,female,70,74,9")
    done = refresh(root)
    assert done.returncode == 1, done.stdout
    assert current(root).name == before
    report = next((root / "marts" / "rejected").glob("*/index.html"))
    assert "accepted_changes.csv" in report.read_text(encoding="utf-8")
    assert json.loads((report.parent / "diff.json").read_text(encoding="utf-8"))["gate"]
    assert "✗" in done.stderr and "accepted_changes.csv" in done.stderr and str(report) in done.stderr
    assert (report.parent / "row_counts.json").is_file()
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


@pytest.mark.slow(seconds=20)
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
        done = refresh(root, "--force", MINZHENG_NOTEBOOKS="0")
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


@pytest.mark.slow(seconds=15)
def test_same_inputs_give_the_same_content(published: Path, tmp_path: Path) -> None:
    root = scratch(published, tmp_path)
    assert refresh(root, "--force", "--county", "530425", MINZHENG_NOTEBOOKS="0").returncode == 0
    for table in registry.published():
        if table.layer != "meta":
            a, b = (
                pl.read_parquet(f / "parquet" / f"{table.name}.parquet") for f in (current(published), current(root))
            )
            assert table_hash(a) == table_hash(b), table.name
