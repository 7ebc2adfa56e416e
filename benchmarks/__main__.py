"""``make bench``: a full refresh split by stage, the price of imports, an unchanged refresh, and the forecast ladder."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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


def main() -> None:
    """Run every benchmark and print a table."""
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
    for script in sorted((PROJECT / "benchmarks").glob("[a-z]*.py")):
        print(f"\n{script.stem}")
        _, out = seconds([sys.executable, "-m", f"benchmarks.{script.stem}"], plain)
        print(out)


if __name__ == "__main__":
    main()
