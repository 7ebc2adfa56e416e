"""DuckDB against Spark on this machine, whole process, on observations multiplied into a synthetic country of millions of rows.

    python -m benchmarks.engines [--rows 0.01 0.1 1] [--spark-master "local[2]"]

The job is `mart_county_comparison`, the heaviest table: joins, windows, medians, a rank, and the landing with its key check.
Both engines run it with `Engine.build` in a process of their own; equal results are asserted. The last lines fit
processor seconds = start + rows × slope to each engine: the crossing is an extrapolation and is called so. Needs a release."""

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


def one(engine: str, master: str, data: Path, out: Path) -> None:
    """What the measured process does."""
    settings = Settings(data_root=data, engine=engine, spark_master=master)
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


def measured(engine: str, master: str, data: Path, out: Path) -> Measured:
    """Run `one` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.engines", "--one", engine, str(data), str(out)]
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
    error = said[-1][:200] if process.returncode else ""
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


def main() -> None:
    """Measure, assert equal tables, print seconds, memory, ratios and the fitted crossing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=float, nargs="+", default=[0.01, 0.1, 0.3, 1.0], help="millions of observations")
    parser.add_argument("--spark-master", default="local[2]")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        engine, data, out = given.one
        one(engine, given.spark_master, Path(data), Path(out))
        return
    from pipelines.engine.spark import missing

    current = release.current_folder(load())
    if current is None or (reason := missing()):
        print(f"  {reason if current else 'no release yet: make run'}")
        return
    counts: list[int] = []
    cpu: dict[str, list[float]] = {"duckdb": [], "spark": []}
    print(f"{TABLE}, whole process: seconds / processor seconds / MB")
    for millions in given.rows:
        with tempfile.TemporaryDirectory() as scratch:
            data = Path(scratch) / "data"
            data.mkdir()
            rows = multiplied(current / "parquet", int(millions * MILLION), data)
            told = {e: measured(e, given.spark_master, data, Path(scratch) / e) for e in cpu}
            shown = "".join(f"{e:>10}{m.seconds:>8.1f}{m.cpu:>8.1f}{m.megabytes:>7.0f}" for e, m in told.items())
            if any(m.error for m in told.values()):
                print(
                    f"{rows:>12,}{shown}  " + "; ".join(f"{e} stopped: {m.error}" for e, m in told.items() if m.error)
                )
                continue
            tables = [pl.read_parquet(Path(scratch) / e / f"{TABLE}.parquet") for e in cpu]
            assert_frame_equal(*tables, rel_tol=1e-9, abs_tol=0.0)
        counts.append(rows)
        for engine, m in told.items():
            cpu[engine].append(m.cpu)
        print(f"{rows:>12,}{shown}{told['spark'].cpu / told['duckdb'].cpu:>7.1f}× (processor)", flush=True)
    (start_d, slope_d), (start_s, slope_s) = line(counts, cpu["duckdb"]), line(counts, cpu["spark"])
    print(
        f"fitted processor seconds: DuckDB {start_d:.1f} + {slope_d:.1f} per million, Spark {start_s:.1f} + {slope_s:.1f}"
    )
    crossing = (start_s - start_d) / (slope_d - slope_s) if slope_s < slope_d else float("inf")
    print(f"EXTRAPOLATED: on one core each, Spark costs as little from {crossing:,.0f} million observations")


if __name__ == "__main__":
    main()
