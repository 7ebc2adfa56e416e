"""The benchmark of the kernel asserts what it says, and says which limits are met."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import forecast_kernel as benchmark
from pipelines.forecast import kernel

pytest.importorskip("numba", reason="NumPy alone would be compared with itself")


@pytest.fixture(scope="module")
def given() -> tuple[np.ndarray, ...]:
    return benchmark.part(benchmark.inputs(), kernel.COMPILE_FROM, 50)


def test_equal_results_are_asserted(given: tuple[np.ndarray, ...]) -> None:
    benchmark.assert_equal(given)


@pytest.mark.parametrize("what", ["band_quantiles", "numpy_draws"])
def test_other_results_stop_the_benchmark(
    given: tuple[np.ndarray, ...], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    right = getattr(kernel, what)
    monkeypatch.setattr(kernel, what, lambda *arrays: right(*arrays) * 1.001)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        benchmark.assert_equal(given)


def test_a_limit_is_met_or_missed() -> None:
    assert [benchmark.judged(v, 10, "s") for v in (10, 10.1)] == ["(asked ≤ 10 s: met)", "(asked ≤ 10 s: missed)"]
