"""The model the product carries: learned parameters in one small file, with its training record. No panel rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from pipelines.forecast.bands import BandErrors
from pipelines.forecast.cohorts import Floats
from pipelines.forecast.intervals import Spread
from pipelines.forecast.model import Expectation, rounding_step
from pipelines.forecast.mortality import Mortality

MODEL_FILE: Final = Path(__file__).parent / "model" / "cohort_ratios.npz"
LARGEST_FILE: Final = 200_000
"""Bytes; the model is small enough to read in a review."""
HALF: Final = (
    "linear_weights",
    "prefecture_effects",
    "counties",
    "districts",
    "linear",
    "cosine",
    "sine",
    "effects",
    "district_effects",
)
BYTES: Final = ("cosine_weights", "sine_weights")
"""Weights rounded to 127 steps per column when fitted; kept as steps and their size."""
STEPS: Final = "_step"


@dataclass(frozen=True, slots=True)
class Nation:
    """The nation in one census: persons (2, 18), single ages (2, 111), covariates (14,) by which counties are compared."""

    year: int
    persons: Floats
    single_ages: Floats
    covariates: Floats


@dataclass(frozen=True, slots=True)
class ForecastModel:
    """All that `project` needs.

    reference (2, 16): log ratios by sex to which the expectation's deviations are added; national (2, 16): the
    nation's own; nations: the censuses learned from, oldest first; persistence per decade and own_weight of FORECAST
    §2.5-2.6; death_spread: log spread of counties' mortality around the age-specific national rates; thin_factor:
    how much larger errors are when only broad age groups are given; book_factor: how much wider intervals are when no
    feature of the census book is known; record: training record (hashes, versions, scores).
    """

    expectation: Expectation
    spread: Spread
    band_errors: BandErrors
    mortality: Mortality
    reference: Floats
    national: Floats
    nations: tuple[Nation, ...]
    persistence: float
    own_weight: float
    death_spread: float
    thin_factor: float
    book_factor: float
    record: dict[str, Any]

    @property
    def method_version(self) -> str:
        """Name of method, version and fingerprint of the learned parameters."""
        return str(self.record["method_version"])

    def nation(self, year: int) -> Nation:
        """The nation in the census nearest to `year`."""
        return min(self.nations, key=lambda nation: abs(nation.year - year))


def save_model(model: ForecastModel, file: Path = MODEL_FILE) -> int:
    """Write the model; returns its size in bytes. Raises ValueError above 200 kB."""
    record = np.asarray(json.dumps(model.record, ensure_ascii=False, sort_keys=True))
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, allow_pickle=False, **saved_arrays(model), record=record)
    size = file.stat().st_size
    if size > LARGEST_FILE:
        raise ValueError(f"模型文件过大 / model file of {size} bytes exceeds {LARGEST_FILE}")
    return size


def fingerprint(arrays: Mapping[str, Any]) -> str:
    """Eight digits over every array of a model file but its record (which holds them)."""
    digest = hashlib.sha256()
    for name in sorted(set(arrays) - {"record"}):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype} {array.shape} ".encode() + array.tobytes())
    return digest.hexdigest()[:8]


def saved_arrays(model: ForecastModel) -> dict[str, Any]:
    """The arrays of the model file by name, as they are written; without the record."""
    arrays: dict[str, Any] = {}
    for part, value in (
        ("expectation", model.expectation),
        ("spread", model.spread),
        ("band_errors", model.band_errors),
        ("mortality", model.mortality),
    ):
        for f in fields(value):
            array = getattr(value, f.name)
            if f.name in BYTES:
                step = rounding_step(array)
                arrays[f"{part}.{f.name}{STEPS}"], array = step, np.rint(array / step).astype(np.int8)
            arrays[f"{part}.{f.name}"] = _compact(array, f.name)
    for nation in model.nations:
        for f in fields(nation):
            arrays[f"nation.{nation.year}.{f.name}"] = np.asarray(getattr(nation, f.name))
    for name in ("reference", "national", "persistence", "own_weight", "death_spread", "thin_factor", "book_factor"):
        arrays[name] = np.asarray(getattr(model, name))
    return arrays


@cache
def load_model(file: Path = MODEL_FILE) -> ForecastModel:
    """Read the shipped model (cached)."""
    with np.load(file, allow_pickle=False) as arrays:

        def part(name: str) -> dict[str, Any]:
            own = {key.split(".", 1)[1]: _plain(arrays[key]) for key in arrays.files if key.startswith(name + ".")}
            steps = {key.removesuffix(STEPS): own.pop(key) for key in list(own) if key.endswith(STEPS)}
            return own | {key: own[key] * step for key, step in steps.items()}

        years = sorted({int(key.split(".")[1]) for key in arrays.files if key.startswith("nation.")})
        nations = tuple(
            Nation(
                year,
                *(_plain(arrays[f"nation.{year}.{name}"]) for name in ("persons", "single_ages", "covariates")),
            )
            for year in years
        )

        def number(name: str) -> float:
            return float(arrays[name])

        return ForecastModel(
            Expectation(**part("expectation")),
            Spread(**part("spread")),
            BandErrors(**part("band_errors")),
            Mortality(**part("mortality")),
            _plain(arrays["reference"]),
            _plain(arrays["national"]),
            nations,
            number("persistence"),
            number("own_weight"),
            number("death_spread"),
            number("thin_factor"),
            number("book_factor"),
            json.loads(str(arrays["record"])),
        )


def _compact(value: Any, name: str) -> Any:
    """Half precision for what was rounded to it when fitted, single for other tables."""
    array = np.asarray(value)
    if array.dtype != np.float64 or array.ndim < 2:
        return array
    return array.astype(np.float16 if name in HALF else np.float32)


def _plain(array: Any) -> Any:
    if array.dtype.kind == "f":
        return float(array) if array.ndim == 0 else array.astype(np.float64)
    return int(array) if array.ndim == 0 else array
