"""The portable subset: every SQL file is in it, what is refused is refused, and DuckDB gives the values of pairs.py."""

from importlib.resources import files

import pytest
import sqlglot
from duckdb import Error

from pipelines import registry
from pipelines.core import builder
from pipelines.engine.portable import DIALECT, SUBSET, NotPortableError, parse, to_spark
from tests.engine.pairs import DIFFERENCES, MANY, ODD, ONE, PAIRS, QUERIES, STOPS

TABLES = [(f"pipelines.{package}", t.name) for package, layer in (("core", "core"), ("marts", "mart"))
          for t in registry.in_layer(layer)]  # fmt: skip
SHOWN = [*QUERIES, *(f"SELECT {e} AS value FROM one" for e in [*PAIRS, *(p for _, p, _ in DIFFERENCES.values())])]


@pytest.fixture(scope="module")
def duckdb(tmp_path_factory: pytest.TempPathFactory):
    file = tmp_path_factory.mktemp("odd") / "odd.parquet"
    ODD.write_parquet(file)
    with builder.connect() as con:
        builder.load(con, "one", ONE)
        builder.load(con, "many", MANY)
        builder.attach(con, "odd", [file])
        yield con


@pytest.mark.parametrize(("package", "name"), TABLES)
def test_every_table_is_portable(package: str, name: str) -> None:
    assert "SELECT" in to_spark(builder.query(package, name))


def test_no_sql_file_is_left_out() -> None:
    there = {(p, f.name.removesuffix(".sql")) for p in ("pipelines.core", "pipelines.marts")
             for f in files(p).iterdir() if f.name.endswith(".sql")}  # fmt: skip
    assert there == set(TABLES)


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_the_naive_form_is_refused(difference: str) -> None:
    naive, _, _ = DIFFERENCES[difference]
    with pytest.raises(NotPortableError):
        parse(f"SELECT {naive} FROM one")


@pytest.mark.parametrize(
    "naive",
    ["current_date", "now()", "made_up(half)", "seven % three", "avg(half)", "name LIKE '易%'", "unnest([1, 2])"],
)
def test_what_nobody_tried_is_refused(naive: str) -> None:
    with pytest.raises(NotPortableError, match="nobody has shown"):
        parse(f"SELECT {naive} FROM one")


@pytest.mark.parametrize(
    "cut",
    [
        "SELECT n FROM many ORDER BY v LIMIT 3",
        "SELECT n FROM many ORDER BY v FETCH FIRST 3 ROWS ONLY",
        "SELECT n FROM many ORDER BY v OFFSET 3",
        "SELECT n FROM many USING SAMPLE 3",
        "SELECT DISTINCT ON (k) n FROM many",
    ],
)
def test_a_cut_off_result_is_refused(cut: str) -> None:
    with pytest.raises(NotPortableError, match="row_number"):
        parse(cut)


@pytest.mark.parametrize(
    ("naive", "instead"),
    [
        ("string_agg(s, ';')", "ORDER BY"),
        ("string_agg(DISTINCT s, ';')", "ORDER BY"),
        ("sum(v) OVER (PARTITION BY k)", "by group"),
        ("sum(v) FILTER (WHERE v > 1)", "by group"),
        ("sum(DISTINCT v)", "by group"),
        ("CAST(s AS DOUBLE)", "staging"),
        ("CAST(s AS DATE)", "staging"),
    ],
)
def test_what_engines_read_or_add_differently_is_refused(naive: str, instead: str) -> None:
    with pytest.raises(NotPortableError, match=instead):
        parse(f"SELECT {naive} FROM many")


@pytest.mark.parametrize("kind", SUBSET, ids=lambda kind: kind.__name__)
def test_everything_in_the_subset_is_shown(kind: type) -> None:
    assert any(sqlglot.parse_one(q, read=DIALECT).find(kind) for q in SHOWN)


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_the_portable_form_on_duckdb(duckdb, difference: str) -> None:
    _, portable, expected = DIFFERENCES[difference]
    assert duckdb.execute(f"SELECT {portable} FROM one").fetchone() == (expected,)


@pytest.mark.parametrize("expression", PAIRS)
def test_an_expression_on_duckdb(duckdb, expression: str) -> None:
    assert duckdb.execute(f"SELECT {expression} FROM one").fetchone() == (PAIRS[expression],)


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_on_duckdb(duckdb, query: str) -> None:
    assert duckdb.execute(query).fetchall() == [pytest.approx(row, nan_ok=True) for row in QUERIES[query]]


@pytest.mark.parametrize("expression", STOPS)
def test_what_cannot_be_computed_stops_duckdb(duckdb, expression: str) -> None:
    parse(f"SELECT {expression} FROM one")
    with pytest.raises(Error, match=r"Conversion|Range|convert|cast"):
        duckdb.execute(f"SELECT {expression} FROM one").fetchone()


def test_sums_are_exact_and_division_is_of_doubles() -> None:
    told = to_spark("SELECT sum(v / 3) AS a FROM many")
    assert told == "SELECT CAST(SUM(CAST(CAST(v AS DOUBLE) / 3 AS DECIMAL(38, 12))) AS DOUBLE) AS a FROM many"
