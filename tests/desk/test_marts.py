"""Opening releases: current at the time of the call, read-only, and clear when there is nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines import open_marts
from pipelines.desk import NoReleaseError, counties
from tests.desk.tiny_release import HILL, RIVER, build


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MINZHENG_DATA_ROOT", str(tmp_path))
    monkeypatch.delenv("MINZHENG_MARTS_FILE", raising=False)
    return tmp_path


def _release(root: Path, id: str, release_id: str) -> None:
    meta = [{"release_id": release_id, "built_at": "x", "content_hash": "x", "inputs_hash": "x", "git_commit": "x", "contract_version": 1,
             "assumption_set": "x", "method_version": "x", "seed": 1}]  # fmt: skip
    build(root / "marts" / "releases" / id, {"meta_release": meta})


def _id(con: duckdb.DuckDBPyConnection) -> str:
    return str(con.sql("SELECT release_id FROM meta_release").fetchall()[0][0])


def test_no_release_says_what_to_do_in_both_languages(root: Path) -> None:
    with pytest.raises(NoReleaseError, match=r"还没有发布.*make run.*no release yet"):
        open_marts()


def test_current_is_read_at_each_call_and_old_connections_keep_their_release(root: Path) -> None:
    _release(root, "a", "first")
    _release(root, "b", "second")
    pointer = root / "marts" / "CURRENT"
    pointer.write_text("a\n", encoding="utf-8")
    before = open_marts()
    pointer.write_text("b\n", encoding="utf-8")
    with before, open_marts() as after, open_marts("a") as named:
        assert (_id(before), _id(after), _id(named)) == ("first", "second", "first")


def test_a_release_that_is_not_there_is_named(root: Path) -> None:
    with pytest.raises(NoReleaseError, match=r"nothing to read at .*nowhere"):
        open_marts("nowhere")


def test_public_releases_are_opened_by_profile_or_setting(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _release(root, "a", "internal one")
    with pytest.raises(NoReleaseError, match="minzheng release public"):
        open_marts(profile="public")
    _release(root, "../public/releases/a", "public one")
    for marts in (root / "marts", root / "marts" / "public"):
        (marts / "CURRENT").write_text("a\n", encoding="utf-8")
    with open_marts() as inside, open_marts(profile="public") as outside, open_marts("a", profile="public") as named:
        assert (_id(inside), _id(outside), _id(named)) == ("internal one", "public one", "public one")
    monkeypatch.setenv("MINZHENG_PROFILE", "public")
    with open_marts() as chosen, open_marts(profile="internal") as inside:
        assert (_id(chosen), _id(inside)) == ("public one", "internal one")
    with pytest.raises(ValueError, match="not 'secret'"):
        open_marts(profile="secret")


def test_readers_cannot_write(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error):
        con.execute("DELETE FROM fct_project")


def test_a_kernel_can_be_pointed_at_a_candidate(root: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINZHENG_MARTS_FILE", str(tiny / "marts.duckdb"))
    with open_marts() as con:
        assert _id(con) == "r00001-tiny"


def test_counties_stand_in_the_order_of_their_codes(con: duckdb.DuckDBPyConnection) -> None:
    assert counties(con)["county_code"].to_list() == [HILL, RIVER]
    with pytest.raises(ValueError, match="111111"):
        counties(con, ["111111"])


def test_the_desk_loads_no_pipeline_machinery() -> None:
    heavy = (
        "dagster great_expectations nbconvert nbclient plotly.graph_objects pandas pipelines.assets pipelines.publish"
    )
    code = f"import sys, pipelines.desk; print([m for m in {heavy.split()!r} if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_importing_the_desk_loads_nothing_large() -> None:
    """Opening, comparing and the engine load when used; the names stay functions whatever was imported before."""
    code = """
import sys
import pipelines.desk
large = {"duckdb", "polars", "numpy", "plotly", "dagster", "great_expectations", "pipelines.forecast.product"} & set(sys.modules)
from pipelines.desk import plot, compare, outlook, trace
print(sorted(large), callable(compare), callable(outlook), callable(trace), plot.__name__)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "[] True True True pipelines.desk.plot"
