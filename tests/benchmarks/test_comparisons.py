"""What `make bench` compares, on little: peers and engines give equal results, and readers meet no error during a switch."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import polars as pl
import pytest

from benchmarks import engines, switch
from benchmarks.peers import __main__ as peers
from tests.engine.conftest import DEFAULTS

COUNTIES = 5
ROWS = 10_000
LOCAL = "local[2]"


@pytest.fixture(scope="module")
def took(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[float, float, float]]:
    """The job by every means that is installed; equal answers are asserted on the way."""
    return peers.compared(COUNTIES, tmp_path_factory.mktemp("peers"))


@pytest.mark.slow(seconds=10)
def test_pandas_and_sqlite_agree_with_us(took: dict[str, tuple[float, float, float]]) -> None:
    assert {"ours (staging and core)", "pandas + SQLite"} <= took.keys()
    assert all(seconds > 0 and cpu > 0 and peak > 0 for seconds, cpu, peak in took.values())


@pytest.mark.slow(seconds=10)
def test_dbt_agrees_with_us(took: dict[str, tuple[float, float, float]]) -> None:
    if peers.dbt() is None:
        pytest.skip(
            "dbt is not installed (benchmarks/peers/requirements.txt in an environment of its own, DBT=…/bin/dbt)"
        )
    assert peers.DBT in took


@pytest.mark.slow(seconds=5)
def test_a_peer_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(peers, "dbt", lambda: None)
    monkeypatch.setattr(sys, "argv", ["peers", "--country", "1"])
    peers.main()
    assert re.search(r"dbt-duckdb +NOT MEASURED", capsys.readouterr().out)


def test_another_answer_is_told() -> None:
    answer = pl.DataFrame({"county_code": ["530425", "620722"], "wan": [79_576.0, 16_530.0]})
    ours = dict.fromkeys(peers.ANSWERS, answer)
    peers.agree({"ours": ours, "peer": ours | {"money": answer.with_columns(pl.col("wan") * (1 + 1e-12))}})
    for wrong in (answer.with_columns(pl.col("wan") + 1), answer.head(1), answer.reverse()):
        with pytest.raises(AssertionError, match="money: peer does not agree with ours"):
            peers.agree({"ours": ours, "peer": ours | {"money": wrong}})


@pytest.mark.spark
def test_both_engines_of_the_benchmark_agree(core: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.engine.spark import missing

    if reason := missing():
        pytest.skip(reason)
    (tmp_path / "spark-defaults.conf").write_text(DEFAULTS, encoding="utf-8")
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    rows, told = engines.compared(ROWS, core, [("duckdb", "2GB"), ("spark", "2GB")], LOCAL)
    assert rows > ROWS / 2
    assert [m.error for m in told] == ["", ""], "one that fails is not compared"
    assert all(m.cpu > 0 and m.megabytes > 0 for m in told)


@pytest.mark.slow(seconds=5)
def test_an_engine_that_fails_says_why(core: Path) -> None:
    _, (enough, little) = engines.compared(ROWS, core, [("duckdb", "2GB"), ("duckdb", "1MB")], LOCAL)
    assert enough.error == "" and "Memory" in little.error


@pytest.mark.slow(seconds=10)
def test_readers_meet_no_error_during_a_switch(
    published: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MINZHENG_DATA_ROOT", str(published))
    monkeypatch.setattr(switch, "SWITCHES", 6)
    switch.main()
    told = capsys.readouterr().out
    found = re.search(r"(\d+) errors of ten readers in (\d+) rounds during 6 switches", told)
    assert found and int(found[1]) == 0 and int(found[2]) >= 10, told
