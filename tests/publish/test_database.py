"""The database file of a candidate: filled at once or beside other work, it holds its Parquet files, as they are when it is finished."""

from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines import registry
from pipelines.core.builder import BuildError
from pipelines.core.hashes import table_hash
from pipelines.core.renamed import TYPES
from pipelines.publish import database
from pipelines.publish.database import FILE, Identity

TABLES = {t.name: t for t in registry.published() if t.layer != "meta"}
FILLED = "fct_mortality"  # the table that holds rows here
IDENTITY = Identity("r00001-20260101", "2026-01-01", "x", "unknown", "default", "test", 1)


def rows(name: str, count: int = 0) -> pl.DataFrame:
    """Invented rows of a registered table, each of whose columns counts up."""
    numbers = pl.Series(range(count), dtype=pl.Int64)
    return pl.DataFrame({c.name: numbers.cast(TYPES[c.type]) for c in TABLES[name].columns})


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    (tmp_path / "parquet").mkdir()
    for name in TABLES:
        save(tmp_path, name, rows(name, 3 if name == FILLED else 0))
    return tmp_path


def save(folder: Path, name: str, frame: pl.DataFrame) -> None:
    frame.write_parquet(folder / "parquet" / f"{name}.parquet")


def asked(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(folder / FILE), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_beside_or_at_once_the_database_is_the_same(candidate: Path) -> None:
    at_once = database.write(candidate, IDENTITY)
    told = asked(candidate, "SELECT * FROM meta_table ORDER BY ALL")
    columns = asked(candidate, "SELECT table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns() ORDER BY ALL")  # fmt: skip
    keys = asked(candidate, "SELECT table_name, constraint_text FROM duckdb_constraints() ORDER BY ALL")
    database.begin(candidate, list(TABLES)[:5])
    database.begin(candidate, list(TABLES)[5:20])
    assert database.write(candidate, IDENTITY) == at_once
    assert asked(candidate, "SELECT * FROM meta_table ORDER BY ALL") == told
    assert asked(candidate, "SELECT table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns() ORDER BY ALL") == columns  # fmt: skip
    assert asked(candidate, "SELECT table_name, constraint_text FROM duckdb_constraints() ORDER BY ALL") == keys
    assert at_once[FILLED] == table_hash(rows(FILLED, 3))
    assert asked(candidate, f"SELECT count(*) FROM {FILLED}") == [(3,)]


def test_a_file_that_changes_after_its_rows_were_taken_is_taken_anew(candidate: Path) -> None:
    database.begin(candidate, TABLES)
    database._begun[candidate]._beside.submit(lambda: None).result()  # the last one in the row: every table is filled
    save(candidate, FILLED, rows(FILLED, 4))
    assert database.write(candidate, IDENTITY)[FILLED] == table_hash(rows(FILLED, 4))
    assert asked(candidate, f"SELECT count(*) FROM {FILLED}") == [(4,)]
    assert asked(candidate, f"SELECT row_count FROM meta_table WHERE table_name = '{FILLED}'") == [(4,)]


def test_what_the_database_cannot_give_back_as_it_is_stops_the_release(candidate: Path) -> None:
    turned = rows(FILLED, 3).select(reversed(rows(FILLED).columns))
    save(candidate, FILLED, turned)
    database.begin(candidate, [FILLED])
    with pytest.raises(BuildError, match=FILLED):
        database.write(candidate, IDENTITY)
    with duckdb.connect(str(candidate / FILE), config={"threads": 2}):  # nobody holds it any more
        pass


def test_a_candidate_given_up_leaves_no_open_file(candidate: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    database.begin(candidate, TABLES)
    database.drop(candidate)
    assert not database._begun
    with duckdb.connect(str(candidate / FILE), config={"threads": 2}):  # refused while it is open with other settings
        pass
    other = tmp_path_factory.mktemp("other")
    (other / "parquet").mkdir()
    save(other, FILLED, rows(FILLED, 1))
    database.begin(candidate, [FILLED])
    database.begin(other, [FILLED])
    assert list(database._begun) == [other]
    database.drop(other)


def test_what_another_process_left_is_begun_anew(candidate: Path) -> None:
    with duckdb.connect(str(candidate / FILE)) as con:
        con.execute(f"CREATE TABLE {FILLED} AS SELECT 1 AS other")
    (candidate / f"{FILE}.wal").write_bytes(b"half")
    database.begin(candidate, [FILLED])
    database.write(candidate, IDENTITY)
    assert asked(candidate, f"SELECT count(*) FROM {FILLED}") == [(3,)]
