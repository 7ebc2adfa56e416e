"""The compiled kernel gives the numbers of the NumPy one, and both do plain cohort arithmetic."""

from statistics import NormalDist

import numpy as np
import pytest

from pipelines.forecast import kernel
from pipelines.forecast.bands import LEVELS, NORMAL
from pipelines.forecast.project import QUANTILE_NAMES


def inputs(n=12, draws=300, steps=3, seed=0):
    rng = np.random.default_rng(seed)
    f = np.float32
    return (
        (rng.random((n, 2, 18)) * 9000 + 100).astype(f),
        (0.7 + 0.3 * rng.random((steps, 2, 18))).astype(f),
        (0.05 * rng.normal(size=(n, steps, 18))).astype(f),
        (0.03 + 0.05 * rng.random((n, steps, 18))).astype(f),
        rng.normal(size=(2, steps, 18, draws)).astype(f),
        (0.02 * rng.normal(size=(steps, draws))).astype(f),
        rng.integers(0, 2, n),
    )


def test_compiled_equals_numpy():
    pytest.importorskip("numba")
    given = inputs()
    blocks = [(rows, block.copy()) for rows, block in kernel.draw_blocks(*given, size=5)]
    assert [(rows.start, rows.stop) for rows, _ in blocks] == [(0, 5), (5, 10), (10, 12)]
    whole = np.concatenate([block for _, block in blocks])
    assert whole == pytest.approx(kernel.numpy_draws(*given), rel=1e-5)


def test_blocks_without_numba_equal_the_whole(monkeypatch):
    monkeypatch.setattr(kernel, "_compiled", lambda: None)
    given = inputs()
    whole = np.concatenate([block.copy() for _, block in kernel.draw_blocks(*given, size=7)])
    assert np.array_equal(whole, kernel.numpy_draws(*given))


def test_compiled_quantiles_equal_numpy_quantiles():
    pytest.importorskip("numba")
    given = inputs(n=kernel.COMPILE_FROM)
    draws = kernel.numpy_draws(*given)
    sexes = np.concatenate([draws, draws.sum(axis=3, keepdims=True)], axis=3)
    expected = np.moveaxis(np.quantile(sexes, kernel.QUANTILES, axis=-1), 0, -1)
    assert kernel.band_quantiles(*given) == pytest.approx(expected, rel=1e-5)


def test_without_error_a_step_is_survival():
    persons, survival, mean, scale, library, shock, kind = inputs(n=2, draws=5)
    still = kernel.numpy_draws(persons, survival, 0 * mean, 0 * scale, library, 0 * shock, kind)
    first = persons * survival[0]
    expected = np.stack(
        [first[:, :, 11:].sum(axis=2), first[:, :, 12:].sum(axis=2), first[:, :, 15:].sum(axis=2)], axis=1
    )
    assert still[:, 0, :, :, 0] == pytest.approx(expected, rel=1e-5)


def test_quantile_levels_are_said_alike():
    assert kernel.QUANTILES == LEVELS
    assert [NormalDist().inv_cdf(q) for q in LEVELS] == pytest.approx(NORMAL.tolist(), abs=1e-6)
    assert len(QUANTILE_NAMES) == len(LEVELS)
