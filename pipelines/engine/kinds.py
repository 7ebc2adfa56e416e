"""Which kinds of values meet in a query: texts, numbers, dates, truth values. Where two kinds meet each engine casts one of them in
its own way ('10' < 9, county_code > 5), and nobody is told. Types come from the columns that are given and from sqlglot's inference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Final

from sqlglot import Dialect, exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

Types = Mapping[str, Mapping[str, str]]
"""Table → column → SQL type."""

KINDS: Final = {
    "text": exp.DataType.TEXT_TYPES,
    "number": exp.DataType.NUMERIC_TYPES,
    "date": exp.DataType.TEMPORAL_TYPES,
    "truth value": {exp.DType.BOOLEAN},
}
Parts = Callable[[exp.Expr], list[exp.Expr | None]]
ALIKE: Final[tuple[tuple[tuple[type[exp.Expr], ...], Parts], ...]] = (
    (
        (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Nullif, exp.DPipe),
        lambda node: [node.this, node.expression],
    ),
    ((exp.Between,), lambda node: [node.this, node.args["low"], node.args["high"]]),
    ((exp.In,), lambda node: [node.this, *node.expressions, node.args.get("query")]),
    ((exp.Coalesce,), lambda node: [node.this, *node.expressions]),
    ((exp.Case,), lambda node: [node.this, *(branch.this for branch in node.args["ifs"] if node.this)]),
    ((exp.Case,), lambda node: [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")]),
)
"""Expressions, and which of their parts must be of one kind: what is compared, chosen between, or written one after the other."""


def meetings(tree: exp.Expr, types: Types, dialect: str) -> Iterator[tuple[exp.Expr, list[str]]]:
    """Every expression in which values of different kinds meet, and these kinds. What comes from a column that is not in `types`
    is let pass."""
    for node, parts in together(tree, types, dialect):
        found = sorted({kind for kind in map(kind_of, parts) if kind is not None})
        if len(found) > 1:
            yield node, found


def together(tree: exp.Expr, types: Types, dialect: str) -> Iterator[tuple[exp.Expr, list[exp.Expr]]]:
    """Every expression of `ALIKE` with its parts, their types annotated."""
    schema = MappingSchema({table: dict(columns) for table, columns in types.items()}, dialect=dialect)
    named = tree.copy()
    with suppress(OptimizeError):  # nobody knows a column: what can be told without
        named = qualify(tree.copy(), schema=schema, dialect=dialect, quote_identifiers=False)
    told = {**Dialect.get_or_raise(dialect).EXPRESSION_METADATA, exp.Median: {"returns": exp.DType.DOUBLE}}
    for node in annotate_types(named, schema=schema, expression_metadata=told, dialect=dialect).walk():
        for of, parts in ALIKE:
            if isinstance(node, of):
                yield node, [part for part in parts(node) if part is not None]


def kind_of(node: exp.Expr) -> str | None:
    """The kind of an annotated expression; None where it is not known, and for NULL."""
    return next((kind for kind, types in KINDS.items() if node.is_type(*types)), None)
