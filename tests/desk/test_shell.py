"""The SQL shell, one query and the prompt: it answers, exports what no spreadsheet runs, and touches no other file."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from pipelines.desk import shell
from pipelines.desk.marts import ENVIRONMENT, open_marts
from pipelines.settings import PROJECT
from tests.desk.tiny_release import build

REFUSED = (
    "FROM read_csv('/etc/passwd')",
    "FROM '/etc/passwd'",
    "FROM read_text('/etc/hostname')",
    "FROM glob('/etc/*')",
    "COPY (SELECT 1) TO '{out}/x.csv'",
    "EXPORT DATABASE '{out}/all'",
    "ATTACH '{out}/x.db'",
    "ATTACH ':memory:' AS m",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET memory_limit = '99GB'",
    "RESET memory_limit",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "SET temp_directory = '{out}'",
    "PRAGMA threads = 8",
    "PRAGMA profiling_output = '{out}/p.json'",
    "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "CREATE TABLE x AS SELECT 1",
    "DELETE FROM fct_project",
    "FROM sql",  # a variable of this program
)
NASTY = ("=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", "\r=1", "＝1+1")
SELECT_NASTY = (
    "SELECT * FROM (VALUES "
    + ", ".join(f"('{n.replace(chr(39), chr(39) * 2)}', -5)" for n in NASTY)
    + ') AS v("=a", n)'
)


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("release")) / "marts.duckdb"


@pytest.fixture(autouse=True)
def current(marts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, str(marts))
    monkeypatch.chdir(tmp_path)


def asked(sql: str, form: str = "table") -> str:
    out = io.StringIO()
    shell.query(sql, form, out=out)
    return out.getvalue()


def prompt(typed: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines.cli", "sql"]
    return subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("statement", REFUSED)
def test_one_query_touches_nothing_else(statement: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="查询失败 / the query failed"):
        asked(statement.format(out=tmp_path))
    assert not list(tmp_path.iterdir())


def test_the_prompt_touches_nothing_else(tmp_path: Path) -> None:
    typed = ";\n".join(s.format(out=tmp_path) for s in REFUSED)
    done = prompt(f"{typed};\nSELECT 40 +\n 2 AS answer;\n.shell id\n.output {tmp_path}/o.txt\nSELECT 43")
    assert done.returncode == 0
    assert done.stderr.count("the query failed") == len(REFUSED), done.stderr
    assert "42" in done.stdout and "43" in done.stdout and "uid=" not in done.stdout
    assert not list(tmp_path.iterdir())


def test_the_prompt_of_a_terminal() -> None:
    lead, follow = pty.openpty()
    command = [sys.executable, "-m", "pipelines.cli", "sql"]
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "TERM": "dumb"},
        stdin=follow,
        stdout=follow,
        stderr=follow,
    ) as process:
        os.close(follow)
        said = b""
        for line in (b".tables\n", b"SELECT 40 +\n", b"2 AS answer;\n", b".quit\n"):
            while not said.rstrip().endswith((b"minzheng>", b"...>")) and (chunk := _read(lead)):
                said += chunk
            said += b"\n"
            os.write(lead, line)
        while chunk := _read(lead):
            said += chunk
        assert process.wait(timeout=60) == 0, said.decode()
    assert b"title_zh" in said and b"42" in said
    os.close(lead)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # Linux says so when the other end is closed
        return b""


def test_memory_is_limited_and_nothing_is_put_beside_the_release(marts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINZHENG_MEMORY_LIMIT", "1GB")  # the builds'
    monkeypatch.setenv("MINZHENG_READER_MEMORY_LIMIT", "30MB")
    with open_marts(path=marts, locked=True) as con:
        con.execute("CREATE TEMP TABLE big AS SELECT range AS r, hash(range) AS h FROM range(2500000) ORDER BY h")
        put_aside = con.execute("SELECT path FROM duckdb_temporary_files()").fetchall()
        assert put_aside and not any(str(marts.parent) in str(p) for p in put_aside)
        assert [p.name for p in marts.parent.glob("marts.duckdb*")] == ["marts.duckdb"]
        assert con.execute("SELECT current_setting('memory_limit')").fetchone() == ("28.6 MiB",)


def test_an_open_connection_keeps_its_rights(marts: Path, tmp_path: Path) -> None:
    """Only the shell is locked: an analyst's own files are the analyst's."""
    (tmp_path / "own.csv").write_text("a\n1\n", encoding="utf-8")
    with open_marts(path=marts) as con:
        assert con.execute(f"SELECT a FROM read_csv('{tmp_path}/own.csv')").fetchall() == [(1,)]


def test_csv_is_neutral_and_numbers_stay_numbers() -> None:
    back = pl.read_csv(io.StringIO(asked(SELECT_NASTY, "csv")))
    assert back.columns == ["'=a", "n"]
    assert back["'=a"].to_list() == [f"'{n}" for n in NASTY]
    assert back["n"].to_list() == [-5] * len(NASTY)


def test_xlsx_holds_texts_and_numbers_only(tmp_path: Path) -> None:
    assert asked(SELECT_NASTY, "xlsx").strip() == str(tmp_path / "query.xlsx")
    cells = list(openpyxl.load_workbook(tmp_path / "query.xlsx").active.iter_rows())
    assert {c.data_type for row in cells for c in row} == {"s", "n"}
    assert [(row[0].value, row[1].value) for row in cells[1:]] == [(n.replace("\r", "_x000D_"), -5) for n in NASTY]
    assert all(row[0].quotePrefix for row in cells)


def test_a_workbook_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "query.xlsx").write_bytes(b"mine")
    with pytest.raises(ValueError, match=r"已存在，未覆盖.*exists and is not overwritten"):
        asked("SELECT 1", "xlsx")
    assert (tmp_path / "query.xlsx").read_bytes() == b"mine"


def test_long_answers_are_cut_with_a_word_and_csv_has_all() -> None:
    assert "the first 200 rows" in asked("SELECT * FROM range(201)")
    assert "the first" not in asked("SELECT * FROM range(200)")
    assert len(asked("SELECT * FROM range(120000)", "csv").splitlines()) == 120_001


def test_odd_answers() -> None:
    assert asked("SELECT 1 AS a WHERE false", "csv") == "a\n"
    assert asked("SELECT [1, 2] AS a, {'b': 3} AS s", "csv") == "a,s\n\"[1, 2]\",{'b': 3}\n"
    assert len(asked("SELECT 1 AS a, 2 AS a", "csv").splitlines()) == 2
    assert "Count" in asked("CREATE TEMP TABLE x AS SELECT 1")
