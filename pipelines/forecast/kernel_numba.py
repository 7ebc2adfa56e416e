"""The compiled form of `kernel`: imported only where numba is installed."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

from pipelines.forecast.kernel import QUANTILES

F32 = npt.NDArray[np.float32]
Kinds = npt.NDArray[np.int64]
F = np.float32
BINS = 128
CHUNK = 128
"""Draws handled together: 2 × 18 × 128 floats are 18 kB."""


@nb.njit(cache=True, fastmath=True, inline="always")
def _exp(x: F) -> F:
    """e^x for |x| <= 3 to seven digits: a Taylor polynomial at x/16, squared four times (vectorises)."""
    r = x * F(0.0625)
    p = F(1) + r * (F(1) + r * (F(0.5) + r * (F(1 / 6) + r * (F(1 / 24) + r * F(1 / 120)))))
    p = p * p
    p = p * p
    p = p * p
    return p * p


@nb.njit(cache=True, fastmath=True)
def _chunk(  # noqa: PLR0912 - one flat loop nest is what the compiler vectorises
    persons: F32,
    survival: F32,
    mean: F32,
    scale: F32,
    library: F32,
    shock: F32,
    now: F32,
    factor: F32,
    out: F32,
    first: int,
    last: int,
) -> None:
    """One county, draws `first` to `last`: band totals (steps, 3, 2, draws); now (2, 18, CHUNK), factor (CHUNK,) scratch."""
    steps, groups = library.shape[:2]
    draws = last - first
    for sex in range(2):
        for group in range(groups):
            now[sex, group, :draws] = persons[sex, group]
    for step in range(steps):
        common = shock[step][first:last]
        for group in range(groups - 1, -1, -1):
            m = mean[step, group]
            size = scale[step, group]
            row = library[step, group][first:last]
            for d in range(draws):
                factor[d] = _exp(min(max(m + size * row[d] + common[d], F(-3)), F(3)))
            for sex in range(2):
                s = survival[step, sex, group]
                here = now[sex, group]
                if group == groups - 1:
                    for d in range(draws):
                        here[d] *= s * factor[d]
                else:
                    older = now[sex, group + 1]
                    if group == groups - 2:
                        for d in range(draws):
                            older[d] += here[d] * s * factor[d]
                    else:
                        for d in range(draws):
                            older[d] = here[d] * s * factor[d]
        for sex in range(2):
            now[sex, 0, :draws] = F(0)
            block = now[sex]
            sixty, sixtyfive = out[step, 0, sex][first:last], out[step, 1, sex][first:last]
            eighty = out[step, 2, sex][first:last]
            for d in range(draws):
                e = block[16, d] + block[17, d]
                v = e + block[13, d] + block[14, d] + block[15, d]
                eighty[d] = e
                sixtyfive[d] = v
                sixty[d] = v + block[12, d]


@nb.njit(cache=True, fastmath=True)
def _county(
    persons: F32,
    survival: F32,
    mean: F32,
    scale: F32,
    library: F32,
    shock: F32,
    now: F32,
    factor: F32,
    out: F32,
) -> None:
    """One county in chunks of draws that stay in the processor's first cache."""
    count = library.shape[2]
    for first in range(0, count, CHUNK):
        last = min(first + CHUNK, count)
        _chunk(persons, survival, mean, scale, library, shock, now, factor, out, first, last)


@nb.njit(cache=True, parallel=True, fastmath=True)
def draws(
    persons: F32,
    survival: F32,
    mean: F32,
    scale: F32,
    library: F32,
    shock: F32,
    kind: Kinds,
    out: F32,
    blocks: int,
) -> None:
    """Fill out (n, steps, 3 bands, 2 sexes, draws), see `kernel.draw_blocks`; blocks = number of threads."""
    n = len(persons)
    for block in nb.prange(blocks):
        now = np.empty((2, 18, CHUNK), dtype=np.float32)
        factor = np.empty(CHUNK, dtype=np.float32)
        for i in range(block * n // blocks, (block + 1) * n // blocks):
            _county(persons[i], survival, mean[i], scale[i], library[kind[i]], shock, now, factor, out[i])


@nb.njit(cache=True, fastmath=True)
def _select(values: F32, counts: npt.NDArray[np.int64], bin_of: npt.NDArray[np.int32], found: F32, out: F32) -> None:
    """The five quantiles of `values` by linear interpolation between order statistics, as NumPy's default."""
    n = len(values)
    low = values[0]
    high = values[0]
    for d in range(n):
        low = min(low, values[d])
        high = max(high, values[d])
    if high <= low:
        out[:] = low
        return
    width = F(BINS - 1) / (high - low)
    counts[:] = 0
    for d in range(n):
        bin_of[d] = np.int32((values[d] - low) * width)
    for d in range(n):
        counts[bin_of[d]] += 1
    last_bin = -1
    held = 0
    before = 0
    for q in range(len(QUANTILES)):
        position = QUANTILES[q] * (n - 1)
        rank = int(position)
        edge = np.empty(2, dtype=np.float32)
        for side in range(2):
            target = min(rank + side, n - 1)
            b = 0
            seen = 0
            while seen + counts[b] <= target:
                seen += counts[b]
                b += 1
            if b != last_bin:
                held = 0
                for d in range(n):
                    if bin_of[d] == b:
                        found[held] = values[d]
                        held += 1
                found[:held].sort()
                last_bin = b
                before = seen
            edge[side] = found[target - before]
        out[q] = edge[0] + F(position - rank) * (edge[1] - edge[0])


@nb.njit(cache=True, parallel=True, fastmath=True)
def quantiles(
    persons: F32, survival: F32, mean: F32, scale: F32, library: F32, shock: F32, kind: Kinds, blocks: int
) -> F32:
    """See `kernel.band_quantiles`; blocks = number of threads."""
    n, steps, count = len(persons), library.shape[1], library.shape[3]
    out = np.empty((n, steps, 3, 3, 5), dtype=np.float32)
    for block in nb.prange(blocks):
        now = np.empty((2, 18, CHUNK), dtype=np.float32)
        factor = np.empty(CHUNK, dtype=np.float32)
        bands = np.empty((steps, 3, 2, count), dtype=np.float32)
        both = np.empty(count, dtype=np.float32)
        found = np.empty(count, dtype=np.float32)
        counts = np.empty(BINS, dtype=np.int64)
        bin_of = np.empty(count, dtype=np.int32)
        for i in range(block * n // blocks, (block + 1) * n // blocks):
            _county(persons[i], survival, mean[i], scale[i], library[kind[i]], shock, now, factor, bands)
            for step in range(steps):
                for band in range(3):
                    for sex in range(2):
                        _select(bands[step, band, sex], counts, bin_of, found, out[i, step, band, sex])
                    for d in range(count):
                        both[d] = bands[step, band, 0, d] + bands[step, band, 1, d]
                    _select(both, counts, bin_of, found, out[i, step, band, 2])
    return out
