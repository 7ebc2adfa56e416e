"""The Monte Carlo kernel: cohorts of many counties through five-year steps under many draws, and their quantiles.

numba compiles it where it is installed (two threads, float32, cached on disk); the NumPy version gives the same
numbers and is used otherwise. Neither knows anything of models or files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipelines.forecast.cohorts import GROUPS

F32 = npt.NDArray[np.float32]
Kinds = npt.NDArray[np.int64]
QUANTILES: Final = (0.025, 0.10, 0.50, 0.90, 0.975)
BAND_STARTS: Final = (12, 13, 16)
THREADS: Final = 2
COMPILE_FROM: Final = 64
"""Counties from which compiling pays: a handful is done in NumPy before numba is even loaded."""
BLOCK: Final = 128
"""Counties whose draws are held at once."""
LARGEST_LOG: Final = 3.0
"""Log factors per step are drawn in to ±3 (a twentyfold change) before exponentiation."""


def band_quantiles(persons: F32, survival: F32, mean: F32, scale: F32, library: F32, shock: F32, kind: Kinds) -> F32:
    """Quantiles of elderly bands after each five-year step.

    persons (n, 2, 18); survival (steps, 2, 18) factor of a group to the next during a step; mean (n, steps, 18) log
    deviation by age group at the start of the step; scale (n, steps, 18); library (kinds, steps, 18, draws) log residuals per
    unit of scale; shock (steps, draws) common log factor; kind (n,) which library a county uses. Returns (n, steps, 3 bands, 3 sexes, 5): males, females,
    both. All float32, contiguous.
    """
    compiled = _compiled() if len(persons) >= COMPILE_FROM else None
    run = _numpy_quantiles if compiled is None else compiled[1]
    return run(persons, survival, mean, scale, library, shock, kind)


def draw_blocks(
    persons: F32, survival: F32, mean: F32, scale: F32, library: F32, shock: F32, kind: Kinds, size: int = BLOCK
) -> Iterator[tuple[slice, F32]]:
    """The draws themselves, `size` counties at a time: (rows, (rows, steps, 3 bands, 2 sexes, draws)).

    Shapes as `band_quantiles`. The array is a view of one buffer that the next block overwrites: all draws of the
    country would take 200 MB, a block takes 9.
    """
    compiled = _compiled()
    steps, draws = library.shape[1], library.shape[3]
    buffer = np.empty((min(size, len(persons)), steps, 3, 2, draws), dtype=np.float32)
    for first in range(0, len(persons), size):
        rows = slice(first, min(first + size, len(persons)))
        part = persons[rows], survival, mean[rows], scale[rows], library, shock, kind[rows]
        out = buffer[: rows.stop - first]
        if compiled is None:
            out[:] = numpy_draws(*part)
        else:
            compiled[0](*part, out)
        yield rows, out


def numpy_draws(persons: F32, survival: F32, mean: F32, scale: F32, library: F32, shock: F32, kind: Kinds) -> F32:
    """All draws (n, steps, 3 bands, 2 sexes, draws) in plain NumPy, county by county over whole arrays of draws."""
    steps, draws = library.shape[1], library.shape[3]
    out = np.empty((len(persons), steps, 3, 2, draws), dtype=np.float32)
    for i in range(len(persons)):
        now = np.repeat(persons[i][:, :, None], draws, axis=2)
        for step in range(steps):
            log_factor = mean[i, step][:, None] + scale[i, step][:, None] * library[kind[i], step] + shock[step]
            factor = np.exp(np.clip(log_factor, -LARGEST_LOG, LARGEST_LOG))
            moved = now * survival[step][:, :, None] * factor[None]
            now = np.empty_like(moved)
            now[:, 0] = 0.0
            now[:, 1:] = moved[:, :-1]
            now[:, -1] += moved[:, -1]
            for band, first in enumerate(BAND_STARTS):
                out[i, step, band] = now[:, first:].sum(axis=1)
    return out


def _numpy_quantiles(persons: F32, survival: F32, mean: F32, scale: F32, library: F32, shock: F32, kind: Kinds) -> F32:
    draws = numpy_draws(persons, survival, mean, scale, library, shock, kind)
    sexes = np.concatenate([draws, draws.sum(axis=3, keepdims=True)], axis=3)
    return np.ascontiguousarray(np.moveaxis(np.quantile(sexes, QUANTILES, axis=-1), 0, -1), dtype=np.float32)


@cache
def _compiled() -> tuple[Callable[..., None], Callable[..., F32]] | None:
    """The numba versions (draws, quantiles), or None where numba is absent or MINZHENG_NO_NUMBA is set."""
    if os.environ.get("MINZHENG_NO_NUMBA"):
        return None
    try:
        import numba
    except ImportError:
        return None
    from pipelines.forecast import kernel_numba

    threads = min(THREADS, int(numba.get_num_threads()))
    numba.set_num_threads(threads)
    return partial(kernel_numba.draws, blocks=threads), partial(kernel_numba.quantiles, blocks=threads)


def shape_library(residuals: npt.NDArray[Any], steps: int) -> F32:
    """Residual vectors (draws, steps, 18) → the library layout (steps, 18, draws)."""
    assert residuals.shape[1:] == (steps, GROUPS)
    return np.ascontiguousarray(np.moveaxis(residuals, 0, -1), dtype=np.float32)
