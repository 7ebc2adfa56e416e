"""Run the job by every means on the same synthetic country, compare the answers, print times, memory and ratios.
``python -m benchmarks.peers [--country 50]``; dbt is the one of $DBT or of the path, in whatever environment it lives."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from benchmarks import country
from benchmarks.scale import Watcher, children
from pipelines.settings import PROJECT

DBT = "dbt-duckdb"
ANSWERS = ("statements", "money", "short", "medians")
HERE = Path(__file__).parent
INDICATORS = PROJECT / "pipelines" / "registry" / "indicators.csv"


def run(command: list[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """(seconds, processor seconds, peak MB) of a command. Raises SystemExit with its output when it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    watcher, spent = Watcher(process.pid), children()
    watcher.start()
    said, _ = process.communicate()
    watcher.stop.set()
    watcher.join()
    if process.returncode:
        raise SystemExit(said)
    return time.perf_counter() - started, children() - spent, watcher.peak


def answers(folder: Path) -> dict[str, pl.DataFrame]:
    """The answers in one order and one type."""
    text = {"county_code": pl.String, "project": pl.String}
    read = {n: pl.read_csv(folder / f"{n}.csv", schema_overrides=text) for n in ANSWERS}
    return {n: f.with_columns(pl.col(pl.Int64).cast(pl.Float64)).sort(f.columns[:2]) for n, f in read.items()}


def agree(found: dict[str, dict[str, pl.DataFrame]]) -> None:
    """Raises AssertionError when one of them gives another answer than the first: numbers to 1e-9, everything else equal."""
    (first, expected), *others = found.items()
    for name, given in others:
        for answer in ANSWERS:
            try:
                assert_frame_equal(given[answer], expected[answer], check_dtypes=False, rel_tol=1e-9)
            except AssertionError as error:
                raise AssertionError(f"{answer}: {name} does not agree with {first}: {error}") from error


def dbt() -> str | None:
    """The program, if there is one."""
    return os.environ.get("DBT") or shutil.which("dbt")


def compared(counties: int, scratch: Path) -> dict[str, tuple[float, float, float]]:
    """By each means that is here (seconds, processor seconds, peak MB) of the job on so many synthetic counties, whose answers
    `agree`. Raises SystemExit with what a means that fails has said."""
    raw = scratch / "raw"
    country.write(raw, counties, panel=country.panel_folder())
    means: dict[str, list[str]] = {
        "ours (staging and core)": [sys.executable, "-m", "benchmarks.peers.ours", str(raw)],
        "pandas + SQLite": [sys.executable, str(HERE / "pandas_sqlite.py"), str(raw), str(INDICATORS)],
    }
    if program := dbt():
        means[DBT] = [program, "--quiet", "build", "--project-dir", str(HERE / "dbt"), "--profiles-dir", str(HERE / "dbt")]  # fmt: skip
    took, found = {}, {}
    for name, command in means.items():
        out = scratch / name.split()[0]
        out.mkdir()
        environment = {**os.environ, "PEER_RAW": str(raw), "PEER_OUT": str(out), "PEER_REGISTRY": str(INDICATORS),
                       "DBT_TARGET_PATH": str(out / "target"), "DBT_LOG_PATH": str(out / "logs"), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}  # fmt: skip
        took[name] = run(command if name == DBT else [*command, str(out)], environment)
        if name == DBT:
            _export(out)
        found[name] = answers(out)
    agree(found)
    return took


def main() -> None:
    """Measure and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--country", type=int, default=50, metavar="N")
    counties = parser.parse_args().country
    with tempfile.TemporaryDirectory(prefix="peers") as scratch:
        took = compared(counties, Path(scratch))
    (_, base, _), *_ = took.values()
    print(f"{counties} counties; equal answers asserted")
    for name, (seconds, cpu, peak) in took.items():
        print(
            f"  {name:<26}{seconds:>8.1f} s{cpu:>8.1f} cpu s{peak:>8.0f} MB   {cpu / base:>6.2f} × ours (processor time)"
        )
    if DBT not in took:
        print(
            f"  {DBT:<26}NOT MEASURED, NOT COMPARED: not installed (benchmarks/peers/requirements.txt, in an environment of its own)"
        )


def _export(out: Path) -> None:
    import duckdb

    with duckdb.connect(str(out / "country.duckdb"), read_only=True) as con:
        for name in ANSWERS:
            con.sql(f"FROM {name}").write_csv(str(out / f"{name}.csv"))


if __name__ == "__main__":
    main()
