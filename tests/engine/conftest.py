"""Spark for the tests: two worker processes of a real local cluster, each with its own memory, or a skip with the reason."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from pipelines.core.engine import Engine
from pipelines.settings import PROJECT

CLUSTER = "local-cluster[2,1,1024]"
QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # seconds of compiling saved on tables of a few hundred rows


@pytest.fixture(scope="session")
def spark() -> Iterator[Engine]:
    """Spark on ``MINZHENG_SPARK_MASTER``, by default a local cluster of two workers."""
    from pipelines.engine.spark import SparkEngine, missing, session

    master = os.environ.get("MINZHENG_SPARK_MASTER", CLUSTER)
    if reason := missing():
        pytest.skip(reason)
    kept = {name: os.environ.get(name) for name in ("PYTHONPATH", "PYSPARK_SUBMIT_ARGS")}
    os.environ["PYTHONPATH"] = os.pathsep.join([str(PROJECT), *filter(None, [kept["PYTHONPATH"]])])
    os.environ["PYSPARK_SUBMIT_ARGS"] = (
        f'--driver-java-options "{QUICK_START}" --conf "spark.executor.extraJavaOptions={QUICK_START}" pyspark-shell'
    )
    yield SparkEngine(master)
    session(master).stop()
    for name, value in kept.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value
