"""A refresh of a synthetic country of N counties: time, processor time and peak memory by stage, the release's size, a second
refresh with one county changed, queries, the growth exponent. A table on the terminal and a page with charts.

Memory is the resident memory of the whole tree of processes, sampled; processor time is what counts on a busy machine."""

from __future__ import annotations

import math
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

from benchmarks import country
from pipelines.settings import PROJECT

SAMPLE, RESTS = 0.2, 30
"""Seconds between two samples at least, and how many times longer than a sample: the system walks every page of a process to tell
its share, and holds it up meanwhile."""
SIZES, QUICK = (5, 50, 500, 2400), (5, 50)
UPPER = 50  # counties from which a size counts for the plain slope: smaller ones are all start-up
STAGE = re.compile(r"^ +([0-9.]+) s +(\S.*)$")
QUERIES = (
    "SELECT * FROM fct_observation WHERE county_code = $c AND measure = 'target'",
    "SELECT year, p50 FROM mart_elderly_outlook WHERE county_code = $c AND age_band = '60+' AND sex = 'both' ORDER BY year",
    "SELECT * FROM mart_bed_outlook WHERE county_code = $c AND year = 2030",
    "SELECT * FROM fct_discrepancy WHERE county_code = $c ORDER BY severity",
    "SELECT f.*, s.printed FROM fct_figure_fact f JOIN fct_source_figure s USING (county_code, source_line, occurrence) "
    "WHERE f.county_code = $c AND f.fact_id = $c || '-s0001'",
    "SELECT c.province_zh, sum(i.amount_wan) FROM mart_investment i JOIN dim_county c USING (county_code) GROUP BY 1 ORDER BY 1",
    "SELECT verdict, target_kind, count(*) FROM mart_target GROUP BY ALL ORDER BY ALL",
    "SELECT median(value) FROM fct_observation WHERE indicator_id = 'elderly_care_beds' AND measure = 'actual'",
    "SELECT c.name_zh, m.value_normalised, m.rank FROM mart_county_comparison m JOIN dim_county c USING (county_code) "
    "WHERE m.indicator_id = 'elderly_care_beds' AND m.measure = 'actual' AND left(m.county_code, 2) = left($c, 2) ORDER BY 2 DESC",
    "SELECT c.province_zh, e.year, sum(e.p50) FROM mart_elderly_outlook e JOIN dim_county c USING (county_code) "
    "WHERE e.age_band = '60+' AND e.sex = 'both' GROUP BY ALL ORDER BY ALL",
)
"""Ten that people ask: of one county, of a province, of the country."""


@dataclass
class Stage:
    name: str
    seconds: float
    cpu: float
    peak_mb: float


@dataclass
class Refresh:
    """One run of `minzheng run`: its stages and the whole process."""

    counties: int
    seconds: float
    cpu: float
    peak_mb: float
    stages: list[Stage] = field(default_factory=list)
    release_mb: float = 0.0
    again: Refresh | None = None
    query_ms: tuple[float, float] = (0.0, 0.0)
    page_s: float = 0.0


def measure(counties: int, *, notebooks: bool) -> Refresh:
    """Generate a country, refresh it, change one county, refresh again, ask the queries."""
    with tempfile.TemporaryDirectory(prefix="country") as folder:
        raw = Path(folder, "raw")
        written = country.write(raw, counties, panel=country.panel_folder())
        environment = {**os.environ, "DAGSTER_HOME": f"{folder}/dagster", "MINZHENG_NOTEBOOKS": str(int(notebooks))}
        environment.pop("MINZHENG_DATA_ROOT", None)
        command = [sys.executable, "-m", "pipelines.cli", "run", "--raw", str(raw)]
        first = refresh(command, environment, counties)
        country.change(written[len(written) // 2])
        first.again = refresh(command, environment, counties)
        release = next(p for p in Path(folder, "marts", "releases").glob("r*") if p.name.startswith("r00002"))
        first.release_mb = sum(p.stat().st_size for p in release.rglob("*") if p.is_file()) / 2**20
        first.query_ms = queries(release / "marts.duckdb", [p.name[:6] for p in written])
        pages = [*command[:3], "page", written[-1].name[:6], "--out", f"{folder}/pages"]
        first.page_s = timed(pages, {**environment, "MINZHENG_RAW_FOLDER": str(raw)})
        return first


def timed(command: list[str], environment: dict[str, str]) -> float:
    """Seconds that a command takes. Raises SystemExit with what it said when it fails."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return time.perf_counter() - started


def refresh(command: list[str], environment: dict[str, str], counties: int) -> Refresh:
    """Run the command; sample its tree of processes while its lines say which stage has ended. Raises SystemExit."""
    process = subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    watcher, spent = Watcher(process.pid), children()
    watcher.start()
    found, said = Refresh(counties, 0.0, 0.0, 0.0), []
    started = time.perf_counter()
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if stage := STAGE.match(line):
            cpu, peak = watcher.since()
            found.stages.append(Stage(stage[2].partition(" / ")[2] or "start", float(stage[1]), cpu, peak))
    code = process.wait()
    watcher.stop.set()
    watcher.join()
    if code:
        raise SystemExit("".join(said))
    found.seconds, found.cpu, found.peak_mb = time.perf_counter() - started, children() - spent, watcher.peak
    return found


def children() -> float:
    """Processor seconds of every process that has ended below this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Watcher(threading.Thread):
    """Samples resident memory and processor time of a process and its descendants."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.stop = pid, threading.Event()
        self.peak = self.cpu = self._peak = self._before = 0.0
        self._ticks: dict[int, float] = {}

    def run(self) -> None:
        pause = SAMPLE
        while not self.stop.wait(pause):
            memory, began = 0.0, time.perf_counter()
            for pid in _tree(self.pid):
                memory += _memory(pid)
                self._ticks[pid] = max(_ticks(pid), self._ticks.get(pid, 0.0))
            self.cpu = sum(self._ticks.values())
            self.peak, self._peak = max(self.peak, memory), max(self._peak, memory)
            pause = max(SAMPLE, RESTS * (time.perf_counter() - began))

    def since(self) -> tuple[float, float]:
        """Processor seconds and peak MB since the last call."""
        spent, peak = self.cpu - self._before, self._peak
        self._before, self._peak = self.cpu, 0.0
        return spent, peak


def _tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [pid, *(p for child in children for p in _tree(int(child)))]


def _memory(pid: int) -> float:
    """Proportional share of memory in MB, so that pages which processes share count once."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0.0
    found = re.search(r"^Pss:\s+([0-9]+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def _ticks(pid: int) -> float:
    try:
        cells = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(cells[11]) + int(cells[12])) / os.sysconf("SC_CLK_TCK")


def queries(database: Path, codes: list[str], times: int = 200) -> tuple[float, float]:
    """Median and 95th percentile of ad hoc queries in milliseconds."""
    from pipelines import open_marts

    took = []
    with open_marts(path=database) as con:
        for i in range(times):
            query, code = QUERIES[i % len(QUERIES)], codes[(i * 37) % len(codes)]
            started = time.perf_counter()
            con.execute(query, {"c": code} if "$c" in query else None).fetchall()
            took.append((time.perf_counter() - started) * 1000)
    took.sort()
    return took[times // 2], took[int(times * 0.95)]


def slope(counties: list[int], costs: list[float]) -> float:
    """The exponent k of cost ~ N^k: slope of log cost over log counties by least squares over the sizes given, no constant."""
    return float(np.polyfit(np.log(counties), np.log(costs), 1)[0])


def power(counties: list[int], costs: list[float]) -> tuple[float, float, float]:
    """a, b and k of cost = a + b·N^k, a not negative: least squares of relative errors, k to a hundredth between 0.5 and 1.5."""
    n, y = np.array(counties, float), np.array(costs)
    best = (math.inf, 0.0, 0.0, 1.0)
    for k in np.arange(0.5, 1.505, 0.01):
        columns = np.column_stack([np.ones_like(n), n**k])
        (a, b), miss = nnls(columns / y[:, None], np.ones_like(y))
        best = min(best, (float(miss), float(a), float(b), float(k)))
    return best[1:]


def growth(runs: list[Refresh]) -> list[str]:
    """How cost grows with counties, in words: once by the plain slope, in which the start-up hides part of the growth, and once
    with the start-up as a constant of its own."""
    told = []
    upper = [r for r in runs if r.counties > UPPER]
    for name, cost in (("seconds", lambda r: r.seconds), ("processor s", lambda r: r.cpu)):
        if len(upper) > 1:
            n = [r.counties for r in upper]
            told.append(
                f"{name}: plain log-log slope over N = {', '.join(map(str, n))}: {slope(n, [cost(r) for r in upper]):.2f}"
            )
        if len(runs) > 3:
            a, b, k = power([r.counties for r in runs], [cost(r) for r in runs])
            told.append(f"{name}: a + b·N^k over all sizes: a = {a:.1f}, b = {b:.3g}, k = {k:.2f}")
    return told


def show(runs: list[Refresh]) -> None:
    """The table on the terminal."""
    for r in runs:
        again = r.again or r
        print(
            f"\n{r.counties} counties: {r.seconds:.1f} s, processor {r.cpu:.1f} s, peak {r.peak_mb:.0f} MB, release {r.release_mb:.0f} MB"
        )
        print(f"  one county changed: {again.seconds:.1f} s, processor {again.cpu:.1f} s, peak {again.peak_mb:.0f} MB")
        print(
            f"  ten queries: median {r.query_ms[0]:.1f} ms, p95 {r.query_ms[1]:.1f} ms; pages of one county: {r.page_s:.1f} s"
        )
        print(f"  {'stage':<26}{'s':>8}{'cpu s':>8}{'peak MB':>9}{'again s':>9}{'again cpu':>10}")
        for i, s in enumerate(r.stages):
            second = again.stages[i] if i < len(again.stages) else s
            print(
                f"  {s.name:<26}{s.seconds:>8.1f}{s.cpu:>8.1f}{s.peak_mb:>9.0f}{second.seconds:>9.1f}{second.cpu:>10.1f}"
            )


def plot(runs: list[Refresh], path: Path) -> None:
    """Processor time and peak memory by stage over the number of counties, as one page that works offline."""
    import plotly.graph_objects as go
    from plotly.colors import qualitative
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=2, subplot_titles=("processor seconds by stage", "peak memory by stage (MB)"))
    names = list(dict.fromkeys(s.name for r in runs for s in r.stages))
    for name, colour in zip(names, qualitative.Dark24, strict=False):
        points = [(r.counties, s) for r in runs for s in r.stages if s.name == name and s.cpu]
        shown = {"name": name, "legendgroup": name, "mode": "lines+markers", "line_color": colour}
        for column, y in enumerate(([s.cpu for _, s in points], [s.peak_mb for _, s in points]), start=1):
            figure.add_scatter(x=[n for n, _ in points], y=y, showlegend=column == 1, row=1, col=column, **shown)
    figure.update_xaxes(type="log", title="counties")
    figure.update_yaxes(type="log", row=1, col=1)
    figure.update_layout(title="Refresh of a synthetic country", height=560, template=go.layout.Template())
    figure.write_html(path, include_plotlyjs=True, config={"showSendToCloud": False})


def main(sizes: Sequence[int], out: Path, *, notebooks: bool = True) -> None:
    """Measure every size, print the table, write the page."""
    runs = []
    for counties in sizes:
        runs.append(measure(counties, notebooks=notebooks))
        show(runs[-1:])
        sys.stdout.flush()
    print("\n" + "\n".join(growth(runs)))
    plot(runs, out)
    print(f"plot: {out}")
