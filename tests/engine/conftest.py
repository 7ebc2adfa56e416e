"""Spark for the tests: a standalone cluster of a master and two workers, each a process of its own on loopback, started from the
programs inside PySpark as docs/when-to-move.md says; or a skip with the reason."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.core.engine import Engine
from pipelines.settings import PROJECT

LOOPBACK = "127.0.0.1"
QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # seconds of compiling saved on tables of a few hundred rows
WORKERS = 2
DEFAULTS = f"""spark.driver.host {LOOPBACK}
spark.driver.bindAddress {LOOPBACK}
spark.driver.extraJavaOptions {QUICK_START}
spark.executor.extraJavaOptions {QUICK_START}
spark.executor.memory 1g
spark.cores.max {WORKERS}
spark.sql.shuffle.partitions {2 * WORKERS}
"""
"""What an office writes into spark-defaults.conf. A program takes every core of a standalone cluster unless told otherwise."""


@dataclass(frozen=True)
class Cluster:
    """Its address, the settings of programs that use it, and its processes."""

    master: str
    settings: dict[str, str]
    processes: list[subprocess.Popen[bytes]]
    log: Path | None = None

    def programs(self) -> int:
        """How many programs its master has let in so far; 0 where nobody can read what it says."""
        return self.log.read_text(encoding="utf-8").count("Registered app minzheng-marts") if self.log else 0


@contextmanager
def started(home: Path) -> Iterator[Cluster]:
    """A cluster that keeps what it writes in `home`, ended by process id."""
    from pyspark.find_spark_home import _find_spark_home

    (home / "spark-defaults.conf").write_text(DEFAULTS, encoding="utf-8")
    settings = {"SPARK_CONF_DIR": str(home), "SPARK_LOCAL_IP": LOOPBACK, "PYSPARK_PYTHON": sys.executable}
    env = {
        **os.environ,
        **settings,
        "PYTHONPATH": str(PROJECT),
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": QUICK_START,
    }
    at = ["--host", LOOPBACK, "--port", "0", "--webui-port", "0"]
    processes: list[subprocess.Popen[bytes]] = []

    def start(name: str, what: str, *given: str) -> Path:
        log = home / f"{name}.log"
        command = [f"{_find_spark_home()}/bin/spark-class", f"org.apache.spark.deploy.{what}", *at, *given]
        with log.open("wb") as out:
            processes.append(subprocess.Popen(command, env=env, cwd=home, stdout=out, stderr=out))
        return log

    def said(log: Path, words: str) -> str:
        end = time.monotonic() + 60
        while not (found := re.search(words, log.read_text(encoding="utf-8"))):
            assert all(p.poll() is None for p in processes) and time.monotonic() < end, log.read_text(encoding="utf-8")[
                -3000:
            ]
            time.sleep(0.1)
        return found[1]

    try:
        master = said(start("master", "master.Master"), rf"Starting Spark master at (spark://{LOOPBACK}:[1-9][0-9]*)")
        size = ["--cores", "4", "--memory", "4g"]
        logs = [start(f"worker{i}", "worker.Worker", *size, "--work-dir", str(home), master) for i in range(WORKERS)]
        for log in logs:
            said(log, "(Successfully registered with master)")
        yield Cluster(master, settings, processes, home / "master.log")
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster of ``MINZHENG_SPARK_MASTER``, whose settings are its own business, or one that lives as long as the tests."""
    from pipelines.engine.spark import missing

    if reason := missing():
        pytest.skip(reason)
    if given := os.environ.get("MINZHENG_SPARK_MASTER"):
        yield Cluster(given, {}, [])
        return
    with started(tmp_path_factory.mktemp("cluster")) as made:
        yield made


@pytest.fixture(scope="session")
def spark(cluster: Cluster) -> Iterator[Engine]:
    """The engine of this process on that cluster."""
    from pipelines.engine.spark import SparkEngine, session

    with pytest.MonkeyPatch.context() as patch:
        for name, value in cluster.settings.items():
            patch.setenv(name, value)
        yield SparkEngine(cluster.master)
        session(cluster.master).stop()
