"""No table is computed by holding every row against every row: a country would take the square of a county's time. An equality
joins by hash; a condition on one side alone in a LEFT JOIN, or an OR, makes DuckDB compare all pairs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import registry
from pipelines.core import builder
from pipelines.core.tables import staged_inputs
from pipelines.settings import Settings
from pipelines.staging import held, store

EVERY_PAIR = ("BLOCKWISE_NL_JOIN", "NESTED_LOOP_JOIN", "CROSS_PRODUCT")
TABLES = [(f"pipelines.{package}", t.name) for package, layer in (("core", "core"), ("marts", "mart"))
          for t in registry.in_layer(layer)]  # fmt: skip


@pytest.fixture(scope="module")
def con(staged: Settings, core: Path) -> Iterator[builder.Connection]:
    """Everything that SQL may read: the real staged and core tables, and what comes after them without rows."""
    with builder.connect() as made:
        builder.attach_inputs(made, staged_inputs(store.tables(staged), store.current(staged, "reference").folder))
        for path in core.glob("*.parquet"):
            builder.attach(made, path.stem, [path])
        for table in registry.in_layer("forecast", "evaluate"):
            made.execute(registry.ddl(table.name))
        builder.load(made, held.FILE, held.frame([]))
        yield made


def every_pair(con: builder.Connection, query: str) -> list[str]:
    """The operators of a query's plan that compare all pairs of rows."""
    plan = "".join(text for _, text in con.execute(f"EXPLAIN {query}").fetchall())
    return [operator for operator in EVERY_PAIR if operator in plan]


@pytest.mark.parametrize(("package", "name"), TABLES)
def test_no_table_compares_all_pairs(con: builder.Connection, package: str, name: str) -> None:
    assert every_pair(con, builder.query(package, name)) == []


@pytest.mark.parametrize(
    "condition", ["o.domain = p.domain AND o.measure = 'target'", "o.domain = p.domain OR o.project_id = p.project_id"]
)
def test_a_join_of_all_pairs_is_seen(con: builder.Connection, condition: str) -> None:
    assert every_pair(con, f"SELECT count(*) FROM fct_observation AS o LEFT JOIN fct_project AS p ON {condition}")
