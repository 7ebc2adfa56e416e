"""Spark against DuckDB: the meaning of SQL expression by expression, then every table of the real counties that the command
publishes and the forecast of the national panel, row for row: doubles to 1e-9 of their size, everything else equal."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from math import isclose, isnan
from pathlib import Path

import polars as pl
import psutil
import pytest
from polars.testing import assert_frame_equal

from pipelines import cli, registry
from pipelines.core import builder
from pipelines.core.duck import DUCKDB
from pipelines.core.engine import Engine, Inputs, Tables, registry_frames
from pipelines.engine import ENGINES
from pipelines.engine.portable import NOT_A_NUMBER, to_spark
from pipelines.forecast import panel as book
from pipelines.forecast.cohorts import GROUP_STARTS, SEXES
from pipelines.forecast.commands import run_forecast
from pipelines.forecast.counties import Census
from pipelines.forecast.product import NEEDED
from pipelines.forecast.slices import forecast_in_slices
from pipelines.publish import release
from pipelines.settings import Settings
from tests.commands import fresh_root, minzheng
from tests.engine.conftest import LOOPBACK, WORKERS, Cluster
from tests.engine.pairs import DIFFERENCES, MANY, ODD, ONE, PAIRS, QUERIES, STOPS

pytestmark = pytest.mark.spark
SEED = 20211231
DRAWS = 200  # of the national panel: a tenth of those of a release, so that the country takes seconds
FORECAST_MARTS = ("mart_elderly_outlook", "mart_bed_outlook", "mart_bed_supply", "mart_cemetery_outlook")


def assert_same(left: Path, right: Path, names: list[str]) -> None:
    """Two folders hold the same tables: same rows in the same order of keys."""
    for name in names:
        ours, theirs = (pl.read_parquet(folder / f"{name}.parquet") for folder in (left, right))
        assert_frame_equal(ours, theirs, rel_tol=1e-9, abs_tol=0.0)


def same(value: object, expected: object) -> bool:
    """Numbers to 1e-9 of their size, everything else equal; NaN is NaN, true is not 1."""
    if isinstance(expected, float) and isinstance(value, float):
        return isclose(value, expected, rel_tol=1e-9) or (isnan(value) and isnan(expected))
    return value == expected and isinstance(value, bool) == isinstance(expected, bool)


@pytest.fixture(scope="module")
def ask(spark: Engine, tmp_path_factory: pytest.TempPathFactory):
    """Rows of a portable query over the tables one, many and odd."""
    from pipelines.engine.spark import _frame, _schema, _url, session

    own = session(spark.master)
    for name, frame in (("one", ONE), ("many", MANY)):
        _frame(own, frame).createOrReplaceTempView(name)
    file = tmp_path_factory.mktemp("odd") / "odd.parquet"
    ODD.write_parquet(file)
    own.read.schema(_schema([file])).parquet(_url(file)).createOrReplaceTempView("odd")
    return lambda query: [tuple(row) for row in own.sql(to_spark(query)).collect()]


def test_known_differences_are_gone(ask) -> None:
    """One query for all, so that Spark starts one job: the portable forms of pairs.py give what DuckDB gives."""
    forms = [portable for _, portable, _ in DIFFERENCES.values()]
    (got,) = ask("SELECT " + ", ".join(f"{form} AS c{i}" for i, form in enumerate(forms)) + " FROM one")
    expected = [value for _, _, value in DIFFERENCES.values()]
    assert [(f, a) for f, a, b in zip(forms, got, expected, strict=True) if not same(a, b)] == []


def test_expressions(ask) -> None:
    (got,) = ask("SELECT " + ", ".join(f"{form} AS c{i}" for i, form in enumerate(PAIRS)) + " FROM one")
    assert {e: value for e, value in zip(PAIRS, got, strict=True) if not same(value, PAIRS[e])} == {}


@pytest.mark.parametrize("query", QUERIES)
def test_queries(ask, query: str) -> None:
    got = ask(query)
    assert len(got) == len(QUERIES[query])
    assert all(
        same(a, b) for row, wanted in zip(got, QUERIES[query], strict=True) for a, b in zip(row, wanted, strict=True)
    )


@pytest.mark.parametrize("query", STOPS)
def test_what_cannot_be_computed_stops(ask, query: str) -> None:
    from pyspark.errors import PySparkException

    with pytest.raises(PySparkException, match=rf"OVERFLOW|OUT_OF_RANGE|CAST_INVALID_INPUT|{NOT_A_NUMBER}"):
        ask(query)


def test_a_worker_that_stops_is_told_in_one_line(ask, spark: Engine, tmp_path: Path) -> None:
    """Also where Spark wraps what its worker says, as it does within a subquery."""
    from pipelines.engine.spark import _computed, session

    for i, query in enumerate((STOPS[-1], f"SELECT ({STOPS[-1]}) AS a FROM one")):
        with pytest.raises(builder.BuildError, match=f"^mart_a: .*{NOT_A_NUMBER}") as told:
            _computed(session(spark.master), "mart_a", to_spark(query), tmp_path / str(i))
        assert "\n" not in str(told.value)


def test_days_between_dates_do_not_land_as_microseconds(spark: Engine) -> None:
    """`later - day` is 307 in DuckDB and an interval in Spark, which Parquet keeps as a whole number."""
    from pipelines.engine.spark import _frame, _typed, session

    frame = _frame(session(spark.master), ONE)
    assert _typed(frame).columns == ONE.columns
    with pytest.raises(builder.BuildError, match=r"interval.*date_diff"):
        _typed(frame.selectExpr("later - day AS days"))


def test_a_moment_is_no_input(spark: Engine, tmp_path: Path) -> None:
    file = tmp_path / "stg_mortality.parquet"
    pl.DataFrame({"at": [datetime(2024, 2, 29, 23, 30)]}).write_parquet(file)
    with pytest.raises(builder.BuildError, match=r"stg_mortality.*'at': .*Datetime"):
        spark.build(Inputs({"stg_mortality": [file]}), "pipelines.core", ["fct_mortality"], tmp_path / "out")


def test_untranslated_words_would_differ(spark: Engine) -> None:
    """Why the translation is needed: Spark itself gives other values, or stops, for words that DuckDB takes too."""
    from pipelines.engine.spark import session

    with builder.connect() as con:
        naive = "CAST(2.5 AS INTEGER), CAST(1e7 AS VARCHAR), CAST(7 AS DECIMAL(9, 0)) / CAST(3 AS DECIMAL(9, 0)), substr('ab', 0, 2)"
        here = con.execute(f"SELECT {naive}").fetchone()
    there = session(spark.master).sql(f"SELECT {naive.replace('VARCHAR', 'STRING').replace('1e7', '1e7D')}").first()
    assert [a == b for a, b in zip(here, there, strict=True)] == [False] * 4


def test_the_command_publishes_the_same_release(cluster: Cluster, spark: Engine, tmp_path: Path) -> None:
    """`minzheng run --engine …` of the five counties, a process and a data root for each engine, side by side: core, contradictions,
    forecast, verdicts and marts as they are published. Then Spark again from what it published: the same content."""
    roots = {engine: fresh_root(tmp_path / engine) for engine in ("duckdb", "spark")}
    settings = {**cluster.settings, "MINZHENG_SPARK_MASTER": cluster.master, "MINZHENG_NOTEBOOKS": "0"}
    before = cluster.programs()
    with ThreadPoolExecutor() as at_once:
        runs = [at_once.submit(minzheng, root, "run", "--engine", name, **settings) for name, root in roots.items()]
    for run in runs:
        assert run.result().returncode == 0, run.result().stdout + run.result().stderr
    assert cluster.programs() == before + (cluster.log is not None), "Spark computed there, DuckDB did not"
    here, there = (_published(root) for root in roots.values())
    assert_same(here, there, [t.name for t in registry.published() if t.layer != "meta"])
    assert not list(roots["spark"].rglob(".spark-*"))
    rows = [pl.read_parquet(folder / "meta_table.parquet")["table_name", "row_count"] for folder in (here, there)]
    assert_frame_equal(*rows)
    names = ["mart_investment", "mart_county_comparison"]
    core = Inputs({t.name: [there / f"{t.name}.parquet"] for t in registry.in_layer("core")}, registry_frames())
    spark.build(core, "pipelines.marts", names, tmp_path / "again")
    for name in names:
        assert_frame_equal(
            *(pl.read_parquet(d / f"{name}.parquet") for d in (tmp_path / "again", there)), check_exact=True
        )


def _published(root: Path) -> Path:
    """The Parquet of the release that the root points to."""
    folder = release.current_folder(Settings(data_root=root))
    assert folder is not None
    return folder / "parquet"


def test_the_national_panel(panel: Path, core: Path, spark: Engine, tmp_path: Path) -> None:
    """Every county: census ages through SQL, then the forecast of the country in slices on workers, then its marts through
    SQL."""
    census = tmp_path / "census.parquet"
    _census(panel).write_parquet(census)
    for engine, out in ((DUCKDB, tmp_path / "duckdb"), (spark, tmp_path / "spark")):
        engine.build(Inputs({"stg_population": [census]}), "pipelines.core", ["fct_population"], out)
        forecast = forecast_in_slices(_country(out, core), seed=SEED, run=engine.map, draws=DRAWS)
        _save(forecast, out)
        made = Inputs({name: [out / f"{name}.parquet"] for name in forecast})
        engine.build(made, "pipelines.marts", FORECAST_MARTS, out)
    outlook = pl.scan_parquet(tmp_path / "spark" / "mart_elderly_outlook.parquet")
    assert outlook.select(pl.col("county_code").n_unique()).collect().item() == len(book.latest_counties(panel)) > 2400
    assert_same(tmp_path / "duckdb", tmp_path / "spark", ["fct_population", *FORECAST_MARTS])


def test_the_forecast_of_a_panel(panel: Path, spark: Engine, tmp_path: Path) -> None:
    """`minzheng forecast --panel DIR`, every file."""
    here, there = (
        run_forecast(panel, 100, 2035, tmp_path / n, run=r) for n, r in (("here", map), ("there", spark.map))
    )
    assert pl.read_parquet(there["elderly"])["county_code"].n_unique() > 2400
    same_files(here, there)


def test_minzheng_forecast_runs_on_the_engine_it_is_given(
    cluster: Cluster, spark: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The five counties, every file, in this process; Spark on the cluster of the setting."""
    monkeypatch.setenv("MINZHENG_SPARK_MASTER", cluster.master)
    monkeypatch.setenv("MINZHENG_ENGINE", "duckdb")  # restored afterwards
    for engine in ("duckdb", "spark"):
        assert cli.main(["forecast", "--draws", "50", "--engine", engine, "--out", str(tmp_path / engine)]) == 0
    same_files(*({p.stem: p for p in (tmp_path / engine).iterdir()} for engine in ("duckdb", "spark")))


def test_the_command_says_what_spark_lacks(tmp_path: Path) -> None:
    refused = minzheng(tmp_path, "forecast", "--engine", "spark", "--out", str(tmp_path), JAVA_HOME=str(tmp_path))
    assert refused.returncode == 1 and "Java 17" in refused.stderr
    assert not list(tmp_path.iterdir())


def test_slices_are_worked_on_by_the_cluster(cluster: Cluster, spark: Engine) -> None:
    """In processes of its workers, not in this one."""
    got = pl.concat(part["t"] for part in spark.map(_where, [{"t": pl.DataFrame({"n": [i]})} for i in range(8)]))
    assert got["n"].to_list() == list(range(8))
    assert os.getpid() not in got["process"]
    assert str(Path.cwd()) not in got["executor"]
    assert got["executor"].n_unique() == WORKERS or not cluster.processes


def test_nothing_listens_beyond_this_machine(cluster: Cluster, spark: Engine) -> None:
    """Master, workers, their pages, executors, and the driver of this process."""
    if not cluster.processes:
        pytest.skip("the cluster of MINZHENG_SPARK_MASTER listens where its office wants")
    processes = [psutil.Process(p.pid) for p in cluster.processes] + [psutil.Process()]
    family = {p for process in processes for p in (process, *process.children(recursive=True))}
    open_at = [c.laddr for p in family for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert len(open_at) >= 2 * len(cluster.processes)
    assert {address.ip.removeprefix("::ffff:") for address in open_at} == {LOOPBACK}


def test_slices_come_back_in_order(spark: Engine) -> None:
    got = spark.map(partial(_shifted, by=1), [{"t": pl.DataFrame({"n": [i, None]})} for i in range(7)])
    assert [part["t"]["n"].to_list() for part in got] == [[i + 1, None] for i in range(7)]


def test_missing_columns_are_null(spark: Engine, tmp_path: Path) -> None:
    """As in DuckDB's union by name; and a broken key is told, with its table."""
    old, new = tmp_path / "old.parquet", tmp_path / "new.parquet"
    rows = {"county_code": ["530425"], "year": [2020], "basis": ["resident"], "sex": ["male"], "age_from": [85],
            "persons": [10], "source_id": ["s"]}  # fmt: skip
    pl.DataFrame(rows).write_parquet(old)
    pl.DataFrame({**rows, "year": [2010], "age_to": [89]}).write_parquet(new)
    built = spark.build(Inputs({"stg_population": [old, new]}), "pipelines.core", ["fct_population"], tmp_path / "a")
    frame = pl.read_parquet(tmp_path / "a" / "fct_population.parquet")
    assert built == {"fct_population": 2}
    assert dict(frame.select("year", "age_to").iter_rows()) == {2010: 89, 2020: None}
    with pytest.raises(builder.BuildError, match="fct_population"):
        spark.build(Inputs({"stg_population": [old, old]}), "pipelines.core", ["fct_population"], tmp_path / "b")


def test_a_missing_input_is_told(spark: Engine, tmp_path: Path) -> None:
    with pytest.raises(builder.BuildError, match=r"fct_mortality: .*stg_mortality") as told:
        spark.build(Inputs({}), "pipelines.core", ["fct_mortality"], tmp_path)
    assert "\n" not in str(told.value)


def test_the_setting_gives_spark(spark: Engine, tmp_path: Path) -> None:
    made = ENGINES["spark"](Settings(data_root=tmp_path, engine="spark", spark_master="spark://host:7077"))
    assert made.master == "spark://host:7077"


def _shifted(tables: Tables, by: int) -> Tables:
    return {"t": tables["t"].with_columns(pl.col("n") + by)}


def _where(tables: Tables) -> Tables:
    """The process that works on a slice, and the folder of its executor."""
    return {"t": tables["t"].with_columns(process=os.getpid(), executor=pl.lit(str(Path.cwd())))}


def same_files(left: dict[str, Path], right: dict[str, Path]) -> None:
    """Two forecasts from files to files are the same."""
    assert left.keys() == right.keys() == {"elderly", "ages", "deaths", "pooled", "flags"}
    assert left["flags"].read_bytes() == right["flags"].read_bytes()
    for name in left.keys() - {"flags"}:
        assert_frame_equal(pl.read_parquet(left[name]), pl.read_parquet(right[name]), rel_tol=1e-9, abs_tol=0.0)


def _save(frames: Tables, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet")


def _country(out: Path, core: Path) -> dict[str, pl.DataFrame]:
    """The panel's counties under the parameters of the real core, and the five real plans."""
    return {**{n: pl.read_parquet(core / f"{n}.parquet") for n in NEEDED if n != "fct_census_covariate"},
            "fct_census_covariate": pl.read_parquet(core / "fct_census_covariate.parquet").clear(),
            "fct_population": pl.read_parquet(out / "fct_population.parquet")}  # fmt: skip


def _census(panel: Path) -> pl.DataFrame:
    """The counties of the panel as staged census ages."""
    counties = book.latest_counties(panel)
    return pl.concat(_ages(counties.codes.tolist(), census) for census in (counties.earlier, counties.latest) if census)


def _ages(codes: list[str], census: Census) -> pl.DataFrame:
    rows = [
        (code, census.year, "resident", sex, start, None if start == GROUP_STARTS[-1] else start + 4, persons, "panel")
        for i, code in enumerate(codes)
        for s, sex in enumerate(SEXES)
        for start, persons in zip(GROUP_STARTS, census.persons[i, s].tolist(), strict=True)
        if not isnan(persons)
    ]
    names = ("county_code", "year", "basis", "sex", "age_from", "age_to", "persons", "source_id")
    return pl.DataFrame(rows, schema=list(names), orient="row", infer_schema_length=None)
