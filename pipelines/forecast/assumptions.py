"""Named, versioned sets of assumptions: parameter → value, range, distribution, source, grade.

Results change only through a set with a name of its own; the default set is the release's dim_parameter, and going back
is one call. Uncertainty of all parameters runs through the Monte Carlo of beds and graves.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf, nan, sqrt
from typing import Final
from zlib import crc32

import numpy as np
import polars as pl

from pipelines.forecast import DEFAULT_NAME
from pipelines.forecast.cohorts import Floats

DISTRIBUTIONS: Final = ("fixed", "uniform", "triangular")
UNIT_BOUNDS: Final = {"pct": (0.0, 100.0), "per_1000": (0.0, 1000.0)}
"""What makes sense in a unit, where the parameter itself does not say otherwise."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One assumption, in the unit named (`pct`, `per_1000`). low to high is what sources say; minimum to maximum what makes
    sense at all (empty: the bounds of the unit)."""

    parameter_id: str
    value: float
    low: float
    high: float
    distribution: str
    unit: str
    name_zh: str
    name_en: str
    citation: str
    grade: str
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        if self.distribution not in DISTRIBUTIONS:
            raise ValueError(f"{self.parameter_id}: 未知分布 / unknown distribution {self.distribution}")
        if not self.low <= self.value <= self.high:
            raise ValueError(f"{self.parameter_id}: 须满足 下限≤取值≤上限 / needs low <= value <= high")
        for number in (self.low, self.value, self.high):
            if not self.makes_sense(number):
                raise ValueError(self._impossible(number))

    @property
    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest value that make sense, in the printed unit."""
        smallest, largest = UNIT_BOUNDS.get(self.unit, (0.0, inf))
        return (
            smallest if self.minimum is None else self.minimum,
            largest if self.maximum is None else self.maximum,
        )

    def makes_sense(self, value: float) -> bool:
        """Whether a value lies within the bounds; one that is no number does not."""
        smallest, largest = self.bounds
        return smallest <= value <= largest

    def fixed(self, value: object, set_name: str) -> Parameter:
        """The same parameter held at a value by the user of a named set. Raises ValueError, with parameter, value, bounds and
        remedy, for one that makes no sense; warns of one outside the range that sources give."""
        number = float(value) if isinstance(value, (int, float, np.number)) and not isinstance(value, bool) else nan
        if not self.makes_sense(number):
            raise ValueError(self._impossible(value))
        if self.low < self.high and not self.low <= number <= self.high:
            zh = f"{self.parameter_id}（{self.name_zh}）＝{number:g} 在有出处的范围 {self.low:g}–{self.high:g} 之外，仍按此计算"
            en = f"{self.parameter_id} = {number:g} is outside the cited range {self.low:g}-{self.high:g}; computed with it all the same"
            warnings.warn(f"{zh} / {en}", stacklevel=4)
        told = f"set by the user in “{set_name}”; default: {self.citation}"
        return replace(self, value=number, low=number, high=number, distribution="fixed", citation=told)

    def _impossible(self, value: object) -> str:
        smallest, largest = self.bounds
        zh = f"{self.parameter_id}（{self.name_zh}）不能是 {value}：须为 {smallest:g}–{largest:g} 之间的数，单位 {self.unit}"
        zh += "（百分数写 45，不写 0.45）" if self.unit == "pct" else ""
        en = f"{self.parameter_id} ({self.name_en}) cannot be {value}: give a number from {smallest:g} to {largest:g} in {self.unit}"
        en += " (per cent: 45, not 0.45)" if self.unit == "pct" else ""
        return f"{zh} / {en}"

    @property
    def share(self) -> float:
        """The value as a fraction (percentages and per-thousands divided out)."""
        return self.value / self.divisor

    @property
    def divisor(self) -> float:
        """What turns the printed unit into a fraction."""
        return {"pct": 100.0, "per_1000": 1000.0}.get(self.unit, 1.0)

    @property
    def median(self) -> float:
        """Half of the draws lie below it; in the printed unit. Of a skewed triangle it is not the value (the mode)."""
        if self.distribution == "uniform":
            return (self.low + self.high) / 2
        if self.distribution == "triangular":
            width, rise, fall = self.high - self.low, self.value - self.low, self.high - self.value
            return self.low + sqrt(width * rise / 2) if rise >= fall else self.high - sqrt(width * fall / 2)
        return self.value

    def draw(self, rng: np.random.Generator, draws: int) -> Floats:
        """Draws (draws,) as fractions."""
        if self.distribution == "uniform" and self.low < self.high:
            return np.asarray(rng.uniform(self.low, self.high, draws) / self.divisor)
        if self.distribution == "triangular" and self.low < self.high:
            return np.asarray(rng.triangular(self.low, self.value, self.high, draws) / self.divisor)
        return np.full(draws, self.share)


@dataclass(frozen=True, slots=True)
class AssumptionSet:
    """A named set. `version` is a fingerprint of the values, so that an old forecast stays answerable."""

    name: str
    parameters: Mapping[str, Parameter]

    def __getitem__(self, parameter_id: str) -> Parameter:
        return self.parameters[parameter_id]

    @property
    def version(self) -> str:
        """`name@fingerprint`."""
        text = ";".join(
            f"{p.parameter_id}={p.value},{p.low},{p.high},{p.distribution}"
            for p in sorted(self.parameters.values(), key=lambda p: p.parameter_id)
        )
        return f"{self.name}@{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    def changed(self, name: str, values: Mapping[str, float]) -> AssumptionSet:
        """A new named set with some values fixed at what the analyst gives (in the parameter's printed unit).

        Raises ValueError for the default's name and for a value that makes no sense, KeyError for an unknown parameter; warns
        of a value outside the range that sources give.
        """
        if name == DEFAULT_NAME:
            raise ValueError("更改假设须另起名称 / a changed set needs a name of its own")
        unknown = sorted(set(values) - set(self.parameters))
        if unknown:
            raise KeyError(f"没有这些参数 / no such parameters: {', '.join(unknown)}")
        fixed = {key: self.parameters[key].fixed(value, name) for key, value in values.items()}
        return AssumptionSet(name, {**self.parameters, **fixed})

    def draw(self, draws: int, seed: int) -> dict[str, Floats]:
        """Independent draws of every parameter as fractions, the same for the same seed. A parameter's stream belongs to its
        name: fixing one of them leaves the draws of all others as they are."""
        return {
            key: parameter.draw(np.random.default_rng([seed, crc32(key.encode())]), draws)
            for key, parameter in self.parameters.items()
        }


def assumptions_from_frame(frame: pl.DataFrame, name: str, onto: AssumptionSet | None = None) -> AssumptionSet:
    """A set from rows `parameter_id, value, low, high, distribution, unit, name_zh, name_en, citation, grade` and, in releases
    that have them, `minimum, maximum` (empty low or high = value), on top of another set where given."""
    rows = {
        str(r["parameter_id"]): Parameter(
            str(r["parameter_id"]),
            float(r["value"]),
            float(r["value"] if r["low"] is None else r["low"]),
            float(r["value"] if r["high"] is None else r["high"]),
            str(r["distribution"] or "fixed"),
            str(r["unit"]),
            str(r["name_zh"]),
            str(r["name_en"]),
            str(r["citation"]),
            str(r["grade"]),
            r.get("minimum"),
            r["maximum"] if "maximum" in r else _largest(r["unit"], r["high"]),
        )
        for r in frame.iter_rows(named=True)
    }
    return AssumptionSet(name, {**(onto.parameters if onto else {}), **rows})


def _largest(unit: str, high: float | None) -> float:
    """The largest value that makes sense in a release that does not say: the unit's, or what the release itself goes up to."""
    largest = UNIT_BOUNDS.get(unit, (0.0, inf))[1]
    return largest if high is None else max(largest, high)
