"""The engine of one machine: DuckDB in memory, slices one after the other in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.core import builder
from pipelines.core.engine import Inputs, Saved, Tables, unheard


@dataclass(frozen=True)
class DuckEngine:
    """See `core.engine.Engine`. `memory_limit`: what DuckDB may hold before it writes to disk."""

    memory_limit: str = "2GB"

    def build(
        self, inputs: Inputs, package: str, names: Sequence[str], out: Path, saved: Saved = unheard
    ) -> dict[str, int]:
        with builder.connect(self.memory_limit) as con:
            builder.attach_inputs(con, inputs)
            return builder.build_and_save(con, package, names, out, inputs.files, saved)

    def map(self, work: Callable[[Tables], Tables], slices: Sequence[Tables]) -> Iterator[Tables]:
        return map(work, slices)


DUCKDB = DuckEngine()
