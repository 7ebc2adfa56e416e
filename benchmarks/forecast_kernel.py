"""The forecast kernel against the same work in a pandas loop and in NumPy: equal results asserted, ratios printed,
and which of the limits asked for are met.

Whole country: 2,755 counties × 1,000 draws × 3 five-year steps × 2 sexes × 18 ages = 298 million cell updates. The
slower peers do a part of the same work and are scaled by its share, as printed. `python benchmarks/forecast_kernel.py
[--panel DIR]`; with a panel the command `forecast --panel` is timed from files to files, cold and warm.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")

import numpy as np

from pipelines.forecast import annual, kernel
from pipelines.forecast.project import national_log_path
from pipelines.forecast.shipped import load_model

COUNTIES, DRAWS, STEPS = 2755, 1000, 3
PANDAS_COUNTIES, PANDAS_DRAWS = 25, 2
NUMPY_COUNTIES = 100
MEMORY_MB = 350
LIMITS = {
    "kernel": 0.15,
    "kernel with quantiles": 0.8,
    "NumPy (scaled)": 2.0,
    "annual single ages": 1.2,
    "forecast --panel, warm": 10.0,
}
"""Seconds on two cores that were asked for, by what is timed."""


def inputs() -> tuple[np.ndarray, ...]:
    """Counties of invented size and error, national survival of the shipped model."""
    rng = np.random.default_rng(0)
    persons = (rng.random((COUNTIES, 2, 18)) * 9000 + 100).astype(np.float32)
    survival = (0.6 + 0.4 * rng.random((STEPS, 2, 18))).astype(np.float32)
    mean = (0.05 * rng.normal(size=(COUNTIES, STEPS, 18))).astype(np.float32)
    scale = (0.03 + 0.05 * rng.random((COUNTIES, STEPS, 18))).astype(np.float32)
    library = rng.normal(size=(2, STEPS, 18, DRAWS)).astype(np.float32)
    shock = (0.02 * rng.normal(size=(STEPS, DRAWS))).astype(np.float32)
    return persons, survival, mean, scale, library, shock, rng.integers(0, 2, COUNTIES)


def pandas_loop(
    persons: np.ndarray,
    survival: np.ndarray,
    mean: np.ndarray,
    scale: np.ndarray,
    library: np.ndarray,
    shock: np.ndarray,
    kind: np.ndarray,
) -> np.ndarray:
    """The work as county engines in pandas do it: one frame per draw, a row at a time."""
    import pandas as pd

    n, draws = len(persons), library.shape[3]
    out = np.zeros((n, STEPS, 3, 2, draws))
    for d in range(draws):
        frame = pd.DataFrame(
            [(i, s, g, float(persons[i, s, g])) for i in range(n) for s in range(2) for g in range(18)],
            columns=["county", "sex", "group", "persons"],
        )
        for step in range(STEPS):
            rows = []
            for _, row in frame.iterrows():
                i, s, g = int(row["county"]), int(row["sex"]), int(row["group"])
                log_factor = mean[i, step, g] + scale[i, step, g] * library[kind[i], step, g, d] + shock[step, d]
                moved = row["persons"] * survival[step, s, g] * np.exp(np.clip(log_factor, -3, 3))
                rows.append((i, s, min(g + 1, 17), moved))
            frame = pd.DataFrame(rows, columns=["county", "sex", "group", "persons"])
            frame = frame.groupby(["county", "sex", "group"], as_index=False)["persons"].sum()
            for band, first in enumerate(kernel.BAND_STARTS):
                total = frame[frame["group"] >= first].groupby(["county", "sex"])["persons"].sum()
                out[:, step, band, :, d] = total.to_numpy().reshape(n, 2)
    return out


def fastest(work: Callable[[], object], times: int) -> float:
    """Shortest of several runs, in seconds."""
    best = np.inf
    for _ in range(times):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def part(given: tuple[np.ndarray, ...], counties: int, draws: int) -> tuple[np.ndarray, ...]:
    """The first counties and draws of the inputs."""
    persons, survival, mean, scale, library, shock, kind = given
    return (
        persons[:counties],
        survival,
        mean[:counties],
        scale[:counties],
        np.ascontiguousarray(library[..., :draws]),
        np.ascontiguousarray(shock[:, :draws]),
        kind[:counties],
    )


def annual_ages() -> float:
    """All ages and deaths of every year to 2035, medians, for all counties."""
    model = load_model()
    persons = np.random.default_rng(1).random((COUNTIES, 2, 18)) * 9000 + 100
    deviation = 0.05 * np.random.default_rng(2).normal(size=(COUNTIES, 16))

    def work() -> None:
        path = national_log_path(model, model.mortality, 2020, 15)
        shares = annual.within_group_shares(model.nation(2020).single_ages)
        factor = persons[:, None] * np.exp(annual.deviation_path(deviation, 0.7, 15))[:, :, None, :]
        for weights in (annual.band_weights(shares, path), annual.group_weights(shares, path)):
            np.einsum("ntsg,tbsg->ntbs", factor, weights, optimize=True)
        deaths = annual.death_weights(shares, path, model.mortality, 2020)
        np.einsum("ntsg,tasg->nts", factor, deaths, optimize=True)

    return fastest(work, 3)


def command_times(panel: Path) -> list[tuple[str, float]]:
    """`forecast --panel` as a whole process with an empty and then a warm numba cache."""
    with tempfile.TemporaryDirectory() as scratch:
        environment = os.environ | {"NUMBA_CACHE_DIR": f"{scratch}/numba"}
        command = [
            sys.executable,
            "-m",
            "pipelines.forecast.commands",
            "forecast",
            "--panel",
            str(panel),
            "--out",
            scratch,
        ]

        def run() -> None:
            subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)

        return [("forecast --panel, cold", fastest(run, 1)), ("forecast --panel, warm", fastest(run, 2))]


def assert_equal(given: tuple[np.ndarray, ...]) -> None:
    """Draws and quantiles of the compiled kernel are those of NumPy."""
    draws = kernel.numpy_draws(*given)
    np.testing.assert_allclose(gathered(given), draws, rtol=1e-4)
    both = np.concatenate([draws, draws.sum(axis=3, keepdims=True)], axis=3)
    quantiles = np.moveaxis(np.quantile(both, kernel.QUANTILES, axis=-1), 0, -1)
    np.testing.assert_allclose(kernel.band_quantiles(*given), quantiles, rtol=1e-4)


def judged(value: float, limit: float, unit: str) -> str:
    """Whether a limit is met, in words."""
    return f"(asked ≤ {limit:g} {unit}: {'met' if value <= limit else 'missed'})"


def main() -> None:
    """Run, assert equality, print times, ratios and which limits are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panel", type=Path)
    panel = parser.parse_args().panel
    given = inputs()
    few, some = part(given, PANDAS_COUNTIES, PANDAS_DRAWS), part(given, NUMPY_COUNTIES, DRAWS)
    gathered(some), kernel.band_quantiles(*some)  # compiled
    rows = [
        ("kernel", fastest(lambda: streamed(given), 7)),
        ("kernel with quantiles", fastest(lambda: kernel.band_quantiles(*given), 5)),
        ("annual single ages", annual_ages()),
    ]
    ours = peak()
    assert_equal(some)
    loop = pandas_loop(*few)
    np.testing.assert_allclose(kernel.numpy_draws(*few), loop, rtol=1e-4)
    np.testing.assert_allclose(gathered(few), loop, rtol=1e-4)
    pandas_share = PANDAS_COUNTIES * PANDAS_DRAWS / (COUNTIES * DRAWS)
    rows += [
        ("NumPy (scaled)", fastest(lambda: kernel.numpy_draws(*some), 3) * COUNTIES / NUMPY_COUNTIES),
        ("pandas loop (scaled)", fastest(lambda: pandas_loop(*few), 1) / pandas_share),
        *(command_times(panel) if panel else []),
    ]
    base = rows[0][1]
    print(
        f"{COUNTIES} counties × {DRAWS} draws × {STEPS} steps × 2 sexes × 18 ages = "
        f"{COUNTIES * DRAWS * STEPS * 36 / 1e6:.0f} M cell updates; equal results asserted"
    )
    for name, seconds in rows:
        verdict = f"  {judged(seconds, LIMITS[name], 's')}" if name in LIMITS else ""
        print(f"{name:<26}{seconds:>12.3f} s{seconds / base:>14,.1f} × kernel{verdict}")
    print(
        f"peak memory of the process with ours alone {ours:.0f} MB {judged(ours, MEMORY_MB, 'MB')}, interpreter and "
        f"numba included; with the NumPy and pandas peers {peak():.0f} MB"
    )
    if panel:
        print(f"peak memory of forecast --panel {peak(resource.RUSAGE_CHILDREN):.0f} MB (all counties, files to files)")


def streamed(given: tuple[np.ndarray, ...]) -> None:
    """All draws of all counties, block after block through one buffer."""
    for _ in kernel.draw_blocks(*given):
        pass


def gathered(given: tuple[np.ndarray, ...]) -> np.ndarray:
    """The blocks put together."""
    return np.concatenate([block.copy() for _, block in kernel.draw_blocks(*given)])


def peak(of: int = resource.RUSAGE_SELF) -> float:
    """Largest resident memory of this process so far, or of those it has waited for, in MB."""
    return resource.getrusage(of).ru_maxrss / 1024


if __name__ == "__main__":
    main()
