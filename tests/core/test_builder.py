"""Landing in DuckDB: types, required columns and keys are held, rows come out in key order."""

from __future__ import annotations

import polars as pl
import pytest

from pipelines import registry
from pipelines.core import builder
from pipelines.core.builder import BuildError, canonical


def parameters(*names: str | None) -> pl.DataFrame:
    """Rows of dim_unit by code, all else the same."""
    kinds = {"VARCHAR": "x", "DOUBLE": 1.0, "BOOLEAN": True, "INTEGER": 1}
    columns = registry.table("dim_unit").columns
    return pl.DataFrame([{c.name: n if c.key else kinds[c.type] for c in columns} for n in names])


def test_rows_come_in_key_order() -> None:
    assert canonical("dim_unit", parameters("b", "a", "c"))["code"].to_list() == ["a", "b", "c"]
    assert canonical("dim_unit", parameters("a"))["code"].to_list() == ["a"]


def test_a_key_twice_is_refused() -> None:
    with pytest.raises(BuildError, match=r"dim_unit: key occurs twice: \('b',\)"):
        canonical("dim_unit", parameters("b", "a", "b"))


def test_a_compound_key_is_twice_only_as_a_whole() -> None:
    keys = pl.DataFrame({"a": ["x", "x", "y", "y"], "b": [1, None, None, 1]})
    builder._no_key_twice("t", keys)
    with pytest.raises(BuildError, match="t: key occurs twice"):
        builder._no_key_twice("t", keys.vstack(pl.DataFrame({"a": ["y"], "b": [1]})))
    with pytest.raises(BuildError, match="None"):
        builder._no_key_twice("t", pl.DataFrame({"a": [None, None]}))


def test_a_required_cell_that_is_empty_is_refused() -> None:
    with pytest.raises(BuildError, match="dim_unit"):
        canonical("dim_unit", parameters("a", None))
