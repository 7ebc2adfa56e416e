"""DuckDB against Spark on this machine, whole process, on observations multiplied into a synthetic country of millions of rows.

    python -m benchmarks.engines [--rows 0.01 0.1 1] [--alone 3] [--memory-limit 2GB 512MB] [--spark-master "local[2]"]

The job is `mart_county_comparison`, the heaviest table: joins, windows, medians, a rank, and the landing with its key check.
Both engines run it with `Engine.build` in a process of their own, DuckDB once for every memory limit (what it may hold before it
writes to disk); equal results are asserted. `--alone`: further sizes for DuckDB only. The last lines fit processor seconds =
start + rows × slope to each engine: the crossing is an extrapolation and is called so. Needs a release."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import psutil
from polars.testing import assert_frame_equal

from pipelines.core.engine import Inputs, registry_frames
from pipelines.engine import ENGINES
from pipelines.publish import release
from pipelines.settings import Settings, load

TABLE = "mart_county_comparison"
MILLION = 1_000_000
ALONE = ("dim_indicator", "dim_source")  # the same for every copy of a county
COPIED = {"fct_observation": ("observation_id", "county_code"), "fct_population": ("county_code",),
          "dim_county": ("county_code", "prefecture_zh")}  # fmt: skip


def multiplied(core: Path, rows: int, out: Path) -> int:
    """Copies of the release's counties, each under codes of its own, until there are so many observations."""
    times = max(1, rows // pl.read_parquet(core / "fct_observation.parquet").height)
    copies = pl.DataFrame({"copy": range(times)}, schema={"copy": pl.String})
    for name in ALONE:
        pl.scan_parquet(core / f"{name}.parquet").sink_parquet(out / f"{name}.parquet")
    for name, keys in COPIED.items():
        table = pl.scan_parquet(core / f"{name}.parquet").join(copies.lazy(), how="cross")
        named = table.with_columns(pl.concat_str(k, pl.lit("."), "copy").alias(k) for k in keys).drop("copy")
        named.sink_parquet(out / f"{name}.parquet")
    return pl.scan_parquet(out / "fct_observation.parquet").select(pl.len()).collect().item()


def one(engine: str, master: str, limit: str, data: Path, out: Path) -> None:
    """What the measured process does."""
    settings = Settings(data_root=data, engine=engine, spark_master=master, memory_limit=limit)
    inputs = Inputs({p.stem: [p] for p in data.glob("*.parquet")}, registry_frames())
    ENGINES[engine](settings).build(inputs, "pipelines.marts", [TABLE], out)


@dataclass
class Measured:
    """A whole process with its children, Java among them: seconds, processor seconds, and most memory (MB) held together.
    Processor seconds hardly depend on what else the machine does."""

    seconds: float
    cpu: float
    megabytes: float
    error: str = ""


def measured(engine: str, master: str, limit: str, data: Path, out: Path) -> Measured:
    """Run `one` in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.engines",
        "--one",
        engine,
        str(data),
        str(out),
        "--memory-limit",
        limit,
    ]
    busy: dict[int, float] = {}
    with tempfile.TemporaryFile("w+") as told:
        before, most = time.perf_counter(), 0.0
        with psutil.Popen([*command, "--spark-master", master], stdout=told, stderr=told) as process:
            while process.poll() is None:
                most = max(most, observed(process, busy))
                time.sleep(0.1)
        took = time.perf_counter() - before
        told.seek(0)
        said = told.read().strip().splitlines() or [f"exit code {process.returncode}"]
    why = next((words for words in reversed(said) if "Error" in words or "Exception" in words), said[-1])
    error = why[:200] if process.returncode else ""
    return Measured(took, sum(busy.values()), most, error)


def observed(process: psutil.Process, busy: dict[int, float]) -> float:
    """MB of a process and its children now; notes the processor seconds of each so far."""
    total = 0
    with suppress(psutil.NoSuchProcess):
        for each in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += each.memory_info().rss
                busy[each.pid] = each.cpu_times().user + each.cpu_times().system
    return total / 2**20


def line(rows: list[int], seconds: list[float]) -> tuple[float, float]:
    """(start, seconds per million rows), least squares on relative errors."""
    slope, start = np.polyfit(np.array(rows) / MILLION, seconds, 1, w=1 / np.array(seconds))
    return float(start), float(slope)


def compared(rows: int, core: Path, means: list[tuple[str, str]], master: str) -> tuple[int, list[Measured]]:
    """Observations there really are, and what each (engine, memory limit) took; equal tables of all that got through."""
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "data"
        data.mkdir()
        found = multiplied(core, rows, data)
        outs = [Path(scratch) / f"out{i}" for i in range(len(means))]
        told = [measured(e, master, limit, data, out) for (e, limit), out in zip(means, outs, strict=True)]
        made = [pl.read_parquet(out / f"{TABLE}.parquet") for out, m in zip(outs, told, strict=True) if not m.error]
        for other in made[1:]:
            assert_frame_equal(made[0], other, rel_tol=1e-9, abs_tol=0.0)
    return found, told


def main() -> None:
    """Measure, assert equal tables, print seconds, memory, ratios and the fitted crossing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=float, nargs="*", default=[0.01, 0.1, 0.3, 1.0], help="millions of observations")
    parser.add_argument("--alone", type=float, nargs="*", default=[], help="millions of observations for DuckDB only")
    parser.add_argument("--memory-limit", nargs="+", default=["2GB"], help="of DuckDB")
    parser.add_argument("--spark-master", default="local[2]")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        engine, data, out = given.one
        one(engine, given.spark_master, given.memory_limit[0], Path(data), Path(out))
        return
    from pipelines.engine.spark import missing

    current = release.current_folder(load())
    if current is None or (reason := missing()):
        print(f"  {reason if current else 'no release yet: make run'}")
        return
    here = [("duckdb", limit) for limit in given.memory_limit]
    cpu: dict[str, dict[int, float]] = {"duckdb": {}, "spark": {}}
    print(f"{TABLE}, whole process: seconds / processor seconds / MB held at most")
    for millions in [*given.rows, *given.alone]:
        means = [*here, ("spark", given.memory_limit[0])] if millions in given.rows else here
        rows, told = compared(int(millions * MILLION), current / "parquet", means, given.spark_master)
        for (engine, limit), m in zip(means, told, strict=True):
            name = engine if engine == "spark" else f"{engine} {limit}"
            print(f"{rows:>12,}  {name:<14}{m.seconds:>8.1f}{m.cpu:>8.1f}{m.megabytes:>8.0f}  {m.error}", flush=True)
            if not m.error:
                cpu[engine].setdefault(rows, m.cpu)
    both = sorted(cpu["duckdb"].keys() & cpu["spark"].keys())
    for rows in both:
        print(f"{rows:>12,}  Spark takes {cpu['spark'][rows] / cpu['duckdb'][rows]:.1f} × the processor time of DuckDB")
    if len(both) > 1:
        (start_d, slope_d), (start_s, slope_s) = (line(both, [cpu[e][n] for n in both]) for e in cpu)
        print(
            f"fitted processor seconds: DuckDB {start_d:.1f} + {slope_d:.1f} per million, Spark {start_s:.1f} + {slope_s:.1f}"
        )
        crossing = (start_s - start_d) / (slope_d - slope_s) if slope_s < slope_d else float("inf")
        print(f"EXTRAPOLATED: on one core each, Spark costs as little from {crossing:,.0f} million observations")


if __name__ == "__main__":
    main()
