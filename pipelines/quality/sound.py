"""What was found sound is not asked again of the same rows: a rule that no row broke, and the expectations on the columns of a table
that all held, are known again by the bytes of the tables they look at, the rule itself and the code. What failed is always asked."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from pipelines import registry
from pipelines.core.hashes import file_hash
from pipelines.core.reuse import environment
from pipelines.quality.checks import Check

OF_THE_CODE: Final = re.compile(r"reg_\w+|printed_units")
"""Tables beside the candidate's that follow from the code alone."""

JUDGES: Final = ("duckdb", "great_expectations", "pandas", "polars")


class Sound:
    """Rules known to hold. `file` keeps their names from refresh to refresh (None: nothing is kept); `made_by` names the code."""

    def __init__(self, file: Path | None = None, made_by: str = "") -> None:
        self.file, self.made_by = file, repr((made_by, environment(JUDGES)))
        self.known = _read(file) if file else frozenset()
        self.held: set[str] = set()
        self.bytes: dict[str, str] = {}
        self.relations: frozenset[str] = frozenset()

    def of(self, folder: Path, relations: Collection[str]) -> None:
        """Look at a candidate: the Parquet files of a folder, and the names of everything that a query may read."""
        if self.file:
            self.bytes = {p.stem: file_hash(p) for p in sorted(folder.glob("*.parquet"))}
            self.relations = frozenset(relations)

    def query(self, sql: str) -> str | None:
        """The name of a query on this candidate; None when it reads what is neither the candidate's nor of the code."""
        read = self.relations & set(re.findall(r"\w+", sql))
        if not self.file or any(n not in self.bytes and not OF_THE_CODE.fullmatch(n) for n in read):
            return None
        return self._name(sql, *(f"{n} {self.bytes.get(n, '')}" for n in sorted(read)))

    def table(self, table: registry.Table, checks: Sequence[Check]) -> str | None:
        """The name of the expectations on the columns of a table."""
        found = self.bytes.get(table.name)
        return self._name(table.name, found, *(repr(c) for c in checks)) if found else None

    def holds(self, name: str | None) -> bool:
        """Whether it held when last asked; it then counts as held in this refresh, too."""
        if name is None or name not in self.known:
            return False
        self.held.add(name)
        return True

    def hold(self, name: str | None) -> None:
        """It was asked, and held."""
        if name:
            self.held.add(name)

    def keep(self) -> None:
        """Write what held in this refresh, and nothing older."""
        if self.file:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            scratch = self.file.with_name(f".{self.file.name}")
            scratch.write_text(json.dumps(sorted(self.held)), encoding="utf-8")
            scratch.replace(self.file)

    def _name(self, *parts: str) -> str:
        return hashlib.sha256(repr((self.made_by, *parts)).encode()).hexdigest()


def _read(file: Path) -> frozenset[str]:
    try:
        return frozenset(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return frozenset()
