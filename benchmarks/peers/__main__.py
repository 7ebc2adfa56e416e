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


def main() -> None:
    """Measure and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--country", type=int, default=50, metavar="N")
    counties = parser.parse_args().country
    with tempfile.TemporaryDirectory(prefix="peers") as scratch:
        raw = Path(scratch, "raw")
        country.write(raw, counties, panel=country.panel_folder())
        means: dict[str, list[str]] = {
            "ours (staging and core)": [sys.executable, "-m", "benchmarks.peers.ours", str(raw)],
            "pandas + SQLite": [sys.executable, str(HERE / "pandas_sqlite.py"), str(raw), str(INDICATORS)],
        }
        dbt = os.environ.get("DBT") or shutil.which("dbt")
        if dbt:
            means["dbt-duckdb"] = [
                dbt,
                "--quiet",
                "build",
                "--project-dir",
                str(HERE / "dbt"),
                "--profiles-dir",
                str(HERE / "dbt"),
            ]
        else:
            print(
                "dbt-duckdb is not installed (benchmarks/peers/requirements.txt, in an environment of its own): left out"
            )
        found: dict[str, tuple[tuple[float, float, float], dict[str, pl.DataFrame]]] = {}
        for name, command in means.items():
            out = Path(scratch, name.split()[0])
            out.mkdir()
            environment = {**os.environ, "PEER_RAW": str(raw), "PEER_OUT": str(out), "PEER_REGISTRY": str(INDICATORS),
                           "DBT_TARGET_PATH": str(out / "target"), "DBT_LOG_PATH": str(out / "logs"), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}  # fmt: skip
            took = run(command if name == "dbt-duckdb" else [*command, str(out)], environment)
            if name == "dbt-duckdb":
                _export(out)
            found[name] = took, answers(out)
        (base, expected), *_ = found.values()
        print(f"{counties} counties; equal answers asserted")
        for name, ((seconds, cpu, peak), given) in found.items():
            for answer in ANSWERS:
                assert_frame_equal(given[answer], expected[answer], check_dtypes=False, rel_tol=1e-9)
            print(
                f"  {name:<26}{seconds:>8.1f} s{cpu:>8.1f} cpu s{peak:>8.0f} MB   {cpu / base[1]:>6.2f} × ours (processor time)"
            )


def _export(out: Path) -> None:
    import duckdb

    with duckdb.connect(str(out / "country.duckdb"), read_only=True) as con:
        for name in ANSWERS:
            con.sql(f"FROM {name}").write_csv(str(out / f"{name}.csv"))


if __name__ == "__main__":
    main()
