"""What the layers ask of an engine, as data and one protocol. No engine is here: `core.duck` runs on this machine,
`pipelines.engine` chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import polars as pl

from pipelines import registry

HORIZON = 2035

Tables = Mapping[str, pl.DataFrame]
"""Frames by table name."""


Saved = Callable[[str], object]
"""Hears the name of a table as soon as its file stands."""


def unheard(name: str) -> None:
    """Nobody waits for a table."""


@dataclass(frozen=True)
class Inputs:
    """What SQL may read, by name: Parquet files with the same columns (missing ones are NULL), and small frames."""

    files: Mapping[str, Sequence[Path]]
    frames: Tables = field(default_factory=dict)


class Engine(Protocol):
    """Runs a layer's SQL files and maps pure functions over slices. The same files and functions for every engine;
    whole numbers, texts, dates and decimals equal between engines, doubles to 1e-9 of their size."""

    def build(
        self, inputs: Inputs, package: str, names: Sequence[str], out: Path, saved: Saved = unheard
    ) -> dict[str, int]:
        """Build the registered tables `names` from ``<package>/<name>.sql``, each from `inputs` and the tables before
        it, check them against the registry, write ``out/<name>.parquet`` in key order, and say so to `saved` (from any thread). Returns rows per table.
        Raises BuildError naming the table."""

    def map(self, work: Callable[[Tables], Tables], slices: Sequence[Tables]) -> Iterator[Tables]:
        """`work` on each slice, in the order of the slices. `work` must be pure and importable where it runs."""


def registry_frames() -> dict[str, pl.DataFrame]:
    """Frames ``reg_indicators``, ``reg_comparisons``, ``reg_units``, ``reg_domains`` and ``reg_years``."""
    lists = {
        f"reg_{name}": pl.DataFrame(registry.rows(name)) for name in ("indicators", "comparisons", "units", "domains")
    }
    numbers = pl.col("factor", "minimum", "maximum").replace("", None).cast(pl.Float64)
    lists["reg_units"] = lists["reg_units"].with_columns(numbers)
    return {**lists, "reg_years": pl.DataFrame({"year": range(2020, HORIZON + 1)})}
