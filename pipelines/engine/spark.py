"""Apache Spark: the same SQL, translated, and the same functions on slices, on one machine or a cluster. The only module
that imports pyspark. What Spark computes lands in DuckDB, whose DDL checks types, keys and references of code lists, so
that a release is made of the same files whoever computed them."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow as pa

from pipelines import registry
from pipelines.core import builder
from pipelines.core.engine import Inputs, Saved, Tables, unheard

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

JAVA: Final = 17
SAME_EVERYWHERE: Final = {
    "spark.sql.ansi.enabled": "true",  # a text that is no number stops the build, as in DuckDB, and does not become NULL
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.executorEnv.OPENBLAS_NUM_THREADS": "1",  # as in `pipelines`, wherever a worker loads NumPy first
}
ON_ONE_MACHINE: Final = {
    "spark.driver.bindAddress": "127.0.0.1",  # nothing listens on the network
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "4",  # 200 by default, made for clusters
}
TYPES: Final = {
    pl.String: "STRING", pl.Boolean: "BOOLEAN", pl.Date: "DATE", pl.Float64: "DOUBLE",
    pl.Int8: "BIGINT", pl.Int16: "BIGINT", pl.Int32: "BIGINT", pl.Int64: "BIGINT", pl.UInt32: "BIGINT",
}  # fmt: skip
"""Polars type of a Parquet column → type in Spark."""
LANDS: Final = re.compile(r"string|boolean|date|double|float|bigint|int|decimal\(.*\)|void")
"""Types of Spark whose values mean the same when they are read back."""
INSTALL: Final = "make run EXTRAS=pipeline,quality,notebooks,spark"
RESULT: Final = "slice INT, name STRING, data BINARY"


def missing() -> str | None:
    """What keeps Spark from running here, in words, or None."""
    absent = [name for name in ("pyspark", "sqlglot", "pandas") if find_spec(name) is None]
    if absent:
        return f"缺少 {', '.join(absent)}：{INSTALL} / missing {', '.join(absent)}: {INSTALL}"
    if (java_version() or 0) < JAVA:
        return f"需要 Java {JAVA} 或更新（JAVA_HOME） / needs Java {JAVA} or newer (JAVA_HOME)"
    return None


def java_version() -> int | None:
    """Major version of the Java that Spark would start, or None."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None:
        return None
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, check=True, timeout=30).stderr
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'version "(\d+)', told)
    return int(found[1]) if found else None


@cache
def session(master: str) -> SparkSession:
    """The process's Spark session; it ends with the process. Further settings: Spark's own spark-defaults.conf."""
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)  # errors are raised, not also logged
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
    from pyspark.sql import SparkSession

    local = master.startswith("local")
    if local:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    conf = SAME_EVERYWHERE | (ON_ONE_MACHINE if local else {})
    maker = SparkSession.builder.appName("minzheng-marts").master(master)
    for key, value in conf.items():
        maker = maker.config(key, value)
    return maker.getOrCreate()


class SparkEngine:
    """See `core.engine.Engine`. `master`: ``local[n]``, ``spark://host:7077``, ``yarn``, ``k8s://…``. Beyond one machine
    every worker must see the data root under the same path and have this package installed. `memory_limit`: of the DuckDB
    that tables land in."""

    def __init__(self, master: str, memory_limit: str = "2GB") -> None:
        if reason := missing():
            raise RuntimeError(reason)
        self.master, self.memory_limit = master, memory_limit

    def build(
        self, inputs: Inputs, package: str, names: Sequence[str], out: Path, saved: Saved = unheard
    ) -> dict[str, int]:
        from pipelines.engine.portable import to_spark

        spark = session(self.master)
        out.parent.mkdir(parents=True, exist_ok=True)
        with (
            _views(spark) as view,
            tempfile.TemporaryDirectory(dir=out.parent, prefix=".spark-") as scratch,
            builder.connect(self.memory_limit) as con,
        ):
            for name, paths in inputs.files.items():
                view(name, spark.read.schema(_schema(paths)).parquet(*map(_url, paths)))
            for name, frame in inputs.frames.items():
                view(name, _frame(spark, frame))
            rows, types = {}, input_types(inputs)
            for name in names:
                parts = Path(scratch) / name
                view(name, _computed(spark, name, to_spark(builder.query(package, name), types), parts))
                rows[name] = builder.fill(con, name, f"SELECT * FROM read_parquet('{parts.as_posix()}/*.parquet')")
            builder.save(con, names, out, saved)
        return rows

    def map(self, work: Callable[[Tables], Tables], slices: Sequence[Tables]) -> Iterator[Tables]:
        from pyspark import StorageLevel

        packed = [{name: _packed(frame) for name, frame in tables.items()} for tables in slices]
        given = pa.Table.from_pylist([{"slice": i, **tables} for i, tables in enumerate(packed)])
        frame = session(self.master).createDataFrame(given).mapInArrow(_worker(work), RESULT)
        done = frame.persist(StorageLevel.DISK_ONLY)
        try:
            done.count()  # all slices at once; the iterator below alone would ask for one partition after the other
            for _, rows in groupby(done.toLocalIterator(), key=lambda row: row["slice"]):
                yield {row["name"]: _unpacked(row["data"]) for row in rows}
        finally:
            done.unpersist()


def _worker(work: Callable[[Tables], Tables]) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """`work` for Spark: batches with a row per slice and a column per table in, a row per slice and table out."""

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for row in batch.to_pylist():
                number = row.pop("slice")
                for name, frame in work({n: _unpacked(data) for n, data in row.items()}).items():
                    yield pa.RecordBatch.from_pydict(
                        {"slice": pa.array([number], pa.int32()), "name": [name], "data": [_packed(frame)]}
                    )

    return run


@contextmanager
def _views(spark: SparkSession) -> Iterator[Callable[[str, DataFrame], None]]:
    """Names frames for SQL, and forgets them: the next build sees its own inputs only."""
    with ExitStack() as made:

        def view(name: str, frame: DataFrame) -> None:
            frame.createOrReplaceTempView(name)
            made.callback(spark.catalog.dropTempView, name)

        yield view


def _computed(spark: SparkSession, name: str, query: str, parts: Path) -> DataFrame:
    """The rows of one table by a query in Spark's words, computed and written to the folder `parts` by Spark's workers."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        frame = _typed(spark.sql(query))
        frame.write.parquet(_url(parts))
    except Py4JJavaError as error:  # PySpark knows no exception for it, such as that of a subquery
        cause = error.java_exception
        while cause.getCause() is not None:
            cause = cause.getCause()
        raise builder.BuildError(f"{name}: {str(cause.getMessage()).splitlines()[0]}") from error
    except (PySparkException, builder.BuildError) as error:
        raise builder.BuildError(f"{name}: {str(error).splitlines()[0]}") from error
    return spark.read.schema(frame.schema).parquet(_url(parts))


def _typed(frame: DataFrame) -> DataFrame:
    """Columns that are NULL throughout get a type that Parquet has. Raises BuildError for a type that would land as something
    else: the days between two dates are an interval here, which Parquet holds as microseconds."""
    strange = {name: kind for name, kind in frame.dtypes if not LANDS.fullmatch(kind)}
    if strange:
        raise builder.BuildError(f"cannot land: {strange}; date_diff('day', a, b)")
    nulls = [name for name, kind in frame.dtypes if kind == "void"]
    return frame.withColumns({name: frame[name].cast("string") for name in nulls}) if nulls else frame


def _frame(spark: SparkSession, frame: pl.DataFrame) -> DataFrame:
    floats = [c for c, t in frame.schema.items() if t.is_float()]
    return spark.createDataFrame(frame.with_columns(pl.col(floats).fill_nan(None)).to_arrow())


def input_types(inputs: Inputs) -> dict[str, dict[str, str]]:
    """Table → column → type of what SQL may read: the inputs, and the tables of the registry, which are built on the way."""
    built = {name: {c.name: c.type for c in table.columns} for name, table in registry.tables().items()}
    files = {name: _columns(paths) for name, paths in inputs.files.items()}
    frames = {name: _named(frame.schema, name) for name, frame in inputs.frames.items()}
    return {**built, **files, **frames}


def _schema(paths: Sequence[Path]) -> str:
    """The columns of all files, as Spark's DDL. Asking Spark for it would read every footer in a job of its own."""
    return ", ".join(f"`{name}` {kind}" for name, kind in _columns(paths).items())


def _columns(paths: Sequence[Path]) -> dict[str, str]:
    """The columns of all files with their types in Spark: a column that a file lacks is NULL there."""
    columns: dict[str, pl.DataType] = {}
    for path in paths:
        columns |= pl.read_parquet_schema(path)
    return _named(columns, ", ".join(path.name for path in paths))


def _named(columns: Mapping[str, pl.DataType], of: str) -> dict[str, str]:
    """Types in Spark. Raises BuildError for one that no input may have."""
    unknown = {name: str(kind) for name, kind in columns.items() if kind.base_type() not in TYPES}
    if unknown:
        raise builder.BuildError(f"{of}: {unknown}")
    return {name: TYPES[kind.base_type()] for name, kind in columns.items()}


def _url(path: Path) -> str:
    return f"file://{path.absolute().as_posix()}"


def _packed(frame: pl.DataFrame) -> bytes:
    buffer = BytesIO()
    frame.write_ipc_stream(buffer, compression="lz4")
    return buffer.getvalue()


def _unpacked(data: bytes) -> pl.DataFrame:
    return pl.read_ipc_stream(BytesIO(data))
