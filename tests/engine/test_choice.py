"""Which engine runs, and what is said when it cannot."""

from pathlib import Path

import pytest

from pipelines import cli, engine
from pipelines.core.duck import DUCKDB, DuckEngine
from pipelines.engine import spark
from pipelines.settings import Settings
from pipelines.staging import store


def test_duckdb_is_the_default(tmp_path: Path) -> None:
    assert engine.of(Settings(data_root=tmp_path)) == DUCKDB
    assert engine.of(Settings(data_root=tmp_path, memory_limit="8GB")) == DuckEngine("8GB")


def test_an_unknown_engine_is_told_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="duckdb, spark: 'sprak'"):
        engine.of(Settings(data_root=tmp_path, engine="sprak"))


def test_missing_packages_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda name: None if name == "pyspark" else name)
    with pytest.raises(RuntimeError, match=r"missing pyspark: make run EXTRAS=.*spark"):
        engine.of(Settings(data_root=tmp_path, engine="spark"))


@pytest.mark.parametrize(
    ("told", "found"), [('openjdk version "17.0.15" 2025-04-15', 17), ('java version "1.8.0_1"', 1)]
)
def test_the_version_of_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, found: int) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho '{told}' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setattr(spark, "find_spec", lambda name: name)
    assert spark.java_version() == found
    assert (spark.missing() is None) == (found >= spark.JAVA)


def test_no_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setattr(spark, "find_spec", lambda name: name)
    assert "Java 17" in (spark.missing() or "")


def test_the_command_refuses_before_it_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MINZHENG_ENGINE", "duckdb")  # restored afterwards
    assert cli.main(["run", "--engine", "sprak"]) == cli.REFUSED
    assert "sprak" in capsys.readouterr().err


def test_another_engine_is_another_input(staged: Settings) -> None:
    """Last digits may differ between engines: the gate must not take that for a change without a cause."""
    inputs = store.inputs_now(staged)
    other = Settings(data_root=staged.data_root, engine="spark")
    assert store.inputs_hash(staged, inputs) != store.inputs_hash(other, inputs)
