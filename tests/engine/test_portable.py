"""The portable subset: every SQL file is in it, what is refused is refused, and DuckDB gives the values of pairs.py."""

from importlib.resources import files

import pytest
import sqlglot
from duckdb import Error
from sqlglot import exp

from pipelines import registry
from pipelines.core import builder
from pipelines.core.engine import Inputs, registry_frames
from pipelines.engine.kinds import Types, kind_of, together
from pipelines.engine.portable import DIALECT, SUBSET, NotPortableError, parse, to_spark
from pipelines.engine.spark import input_types
from pipelines.settings import Settings
from pipelines.staging import held, store
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


@pytest.fixture(scope="module")
def known(staged: Settings) -> Types:
    """The columns of every table that SQL reads: the registry's, its frames, and what is staged."""
    files = {f"stg_{p.stem}": [p] for p in store.current(staged, "reference").folder.glob("*.parquet")}
    for folder in store.tables(staged):
        for p in folder.glob("*.parquet"):
            files.setdefault(f"stg_{p.stem}", []).append(p)
    return input_types(Inputs(files, {**registry_frames(), held.FILE: held.frame([])}))


@pytest.mark.parametrize(("package", "name"), TABLES)
def test_every_table_is_portable(package: str, name: str, known: Types) -> None:
    query = builder.query(package, name)
    assert "SELECT" in to_spark(query, known)
    assert not unknown(query, known), "each part of each comparison has a kind, so that none is let pass"


def unknown(query: str, types: Types) -> list[str]:
    """What a query compares, joins or chooses between without anybody knowing of which kind it is; NULL is of none."""
    return [part.sql() for _, parts in together(sqlglot.parse_one(query, read=DIALECT), types, DIALECT) for part in parts
            if kind_of(part) is None and not isinstance(part, exp.Null)]  # fmt: skip


COLUMNS = {"dim_county": {"county_code": "VARCHAR", "name_zh": "VARCHAR", "valid_from": "DATE", "has_plan": "BOOLEAN"},
           "fct_population": {"county_code": "VARCHAR", "year": "INTEGER", "persons": "DOUBLE"}}  # fmt: skip


@pytest.mark.parametrize(
    ("mixed", "kinds"),
    [
        ("SELECT 1 AS a FROM dim_county WHERE county_code > 5", "number and text"),
        ("SELECT 1 AS a FROM dim_county WHERE '10' < 9", "number and text"),
        ("SELECT 1 AS a FROM dim_county WHERE county_code IN ('530425', 620722)", "number and text"),
        ("SELECT 1 AS a FROM dim_county WHERE county_code IN (SELECT year FROM fct_population)", "number and text"),
        ("SELECT 1 AS a FROM fct_population WHERE year BETWEEN '2020' AND '2035'", "number and text"),
        ("SELECT 1 AS a FROM dim_county AS c JOIN fct_population AS p ON p.year = c.county_code", "number and text"),
        ("WITH p AS (SELECT substr(county_code, 1, 2) AS code FROM dim_county) SELECT 1 AS a FROM p WHERE code = 53", "number and text"),
        ("SELECT CASE county_code WHEN 5 THEN 1 END AS a FROM dim_county", "number and text"),
        ("SELECT CASE WHEN has_plan THEN 1 ELSE '-' END AS a FROM dim_county", "number and text"),
        ("SELECT NULLIF(persons, '') AS a FROM fct_population", "number and text"),
        ("SELECT coalesce(persons, '-') AS a FROM fct_population", "number and text"),
        ("SELECT county_code || persons AS a FROM fct_population", "number and text"),
        ("SELECT 1 AS a FROM dim_county WHERE valid_from > '2020-01-01'", "date and text"),
        ("SELECT 1 AS a FROM dim_county WHERE has_plan = 1", "number and truth value"),
    ],
)  # fmt: skip
def test_a_text_that_meets_a_number_is_refused(mixed: str, kinds: str) -> None:
    with pytest.raises(NotPortableError, match=f"{kinds} meet"):
        parse(mixed, COLUMNS)


@pytest.mark.parametrize(
    "alike",
    [
        "SELECT 1 AS a FROM dim_county WHERE county_code > '5' AND valid_from > CAST('2020-01-01' AS DATE)",
        "SELECT 1 AS a FROM fct_population WHERE year BETWEEN 2020 AND 2035.5 AND persons > year",
        "SELECT 1 AS a FROM dim_county AS c JOIN fct_population AS p USING (county_code) WHERE NULLIF(c.name_zh, NULL) = ''",
        "SELECT CASE WHEN has_plan THEN persons END AS a FROM dim_county AS c JOIN fct_population AS p ON p.county_code = c.county_code",
        "SELECT county_code || CAST(CAST(year AS DECIMAL(4, 0)) AS VARCHAR) AS a FROM fct_population",
        "SELECT 1 AS a FROM elsewhere WHERE county_code > 5",
    ],
)
def test_like_with_like_is_not(alike: str) -> None:
    parse(alike, COLUMNS)


def test_what_has_no_kind_is_told() -> None:
    assert unknown("SELECT 1 AS a FROM elsewhere WHERE county_code > 5", COLUMNS) == ["county_code"]
    assert unknown("SELECT 1 AS a FROM dim_county WHERE county_code > '5'", COLUMNS) == []


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
        ("TRY_CAST(v AS DECIMAL(9, 0))", "nobody is told"),
        ("TRY_CAST('1' AS INTEGER)", "nobody is told"),
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


@pytest.mark.parametrize("query", STOPS)
def test_what_cannot_be_computed_stops_duckdb(duckdb, query: str) -> None:
    parse(query)
    with pytest.raises(Error, match=r"Conversion|Range|convert|cast"):
        duckdb.execute(query).fetchall()


def test_sums_are_exact_and_division_is_of_doubles() -> None:
    told = to_spark("SELECT sum(v / 3) AS a FROM many")
    third = "CAST(v AS DOUBLE) / 3"
    exact = f"CAST({third} AS DECIMAL(38, 12))"
    assert told == (
        f"SELECT CASE WHEN COUNT({exact}) = COUNT({third}) THEN CAST(SUM({exact}) AS DOUBLE) "
        f"ELSE SUM(CAST({third} AS DOUBLE)) END AS a FROM many"
    )
