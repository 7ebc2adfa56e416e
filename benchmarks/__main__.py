"""``make bench``: a full refresh split by stage, the price of imports, an unchanged refresh, the forecast ladder, the switch,
the same job by peers, DuckDB against Spark on little, and synthetic countries of 5 to 2,400 counties (about half an hour).
``make bench ARGS=--quick`` stops at 50 counties; ``ARGS="--country 500 2400"`` measures these countries alone."""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import scale
from pipelines.settings import PROJECT

IMPORTS = (
    "duckdb, polars",
    "dagster",
    "great_expectations",
    "nbclient, nbconvert",
    "plotly.graph_objects",
    "pipelines",
)


def seconds(command: list[str], env: dict[str, str]) -> tuple[float, str]:
    started = time.perf_counter()
    done = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return time.perf_counter() - started, done.stdout


SCRIPTS = (["forecast_kernel"], ["switch"], ["peers"], ["engines", "--rows", "0.01"])


def main() -> None:
    """Run every benchmark and print a table, or the synthetic country alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--country", nargs="+", type=int, metavar="N", help="numbers of counties; nothing else is measured"
    )
    parser.add_argument("--plot", type=Path, default=Path("bench.html"), metavar="FILE")
    parser.add_argument("--quick", action="store_true", help=f"countries of {scale.QUICK} counties only")
    given = parser.parse_args()
    if not given.country:
        everything()
    scale.main(given.country or (scale.QUICK if given.quick else scale.SIZES), given.plot)


def everything() -> None:
    """What is measured on the project's own counties."""
    plain = dict(os.environ)
    floor, _ = seconds([sys.executable, "-c", "pass"], plain)
    print("imports (whole process minus an empty Python)")
    for names in IMPORTS:
        took, _ = seconds([sys.executable, "-c", f"import {names}"], plain)
        print(f"  {max(took - floor, 0):6.2f} s  {names}")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copytree(PROJECT / "data" / "raw", root / "raw")
        env = {**plain, "MINZHENG_DATA_ROOT": folder, "DAGSTER_HOME": str(root / "dagster")}
        command = [sys.executable, "-m", "pipelines.cli", "run"]
        print("refresh of everything, by stage")
        total, out = seconds(command, env)
        stages = re.findall(r"^ +([0-9.]+) s +(\S.*)$", out, re.MULTILINE)
        for took, name in stages:
            print(f"  {float(took):6.1f} s  {name}")
        print(f"  {total:6.1f} s  whole process")
        print(f"  {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:6.0f} MB peak of the largest process")
        unchanged, _ = seconds(command, env)
        print(f"  {unchanged:6.1f} s  again, nothing changed (ratio {unchanged / total:.3f})")
    for script, *given in SCRIPTS:
        print(f"\n{script}", flush=True)
        _, out = seconds([sys.executable, "-m", f"benchmarks.{script}", *given], plain)
        print(out, flush=True)


if __name__ == "__main__":
    main()
