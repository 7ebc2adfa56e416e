"""The portable subset of SQL: core/ and marts/ are written once, in DuckDB's dialect, and translated.

sqlglot changes the spelling. Where an engine means something else by the same words there are three ways, all of them
short lists here: a rewrite with its reason (`REWRITES`), a form that must be written otherwise (`REFUSED`), and refusal
of everything nobody has tried (`SUBSET`: what tests/engine/pairs.py shows to be equal on every engine). A text that meets a
number is refused where types are known (`kinds`)."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

import sqlglot
from sqlglot import exp

from pipelines.engine.kinds import Types, meetings

DIALECT: Final = "duckdb"
SUBSET: Final[tuple[type[exp.Expr], ...]] = (
    exp.Abs, exp.Coalesce, exp.Nullif, exp.Case, exp.If, exp.Cast, exp.DPipe,
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In, exp.Between,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Paren, exp.Floor, exp.Ceil,
    exp.Sum, exp.Count, exp.Min, exp.Max, exp.Median, exp.GroupConcat, exp.LogicalOr,
    exp.FirstValue, exp.IgnoreNulls, exp.RowNumber, exp.Rank,
    exp.Contains, exp.StartsWith, exp.Substring, exp.Year, exp.DateDiff, exp.DayOfWeekIso,
    exp.Qualify,
)  # fmt: skip
"""Functions, operators and clauses that give the same on every engine."""

NOT_A_NUMBER: Final = "不是数 / not a finite number"
_INTEGERS: Final = (*exp.DataType.INTEGER_TYPES,)
_TEXTS: Final = (*exp.DataType.TEXT_TYPES,)
_READ: Final = (exp.DType.DOUBLE, exp.DType.FLOAT, exp.DType.DATE)
_MOMENTS: Final = (*(exp.DataType.TEMPORAL_TYPES - {exp.DType.DATE}), exp.DType.INTERVAL)


class NotPortableError(ValueError):
    """SQL outside the portable subset; the message says what, why, and how to write it instead."""


def _cast_to(node: exp.Expr, kinds: tuple[exp.DType, ...]) -> bool:
    """Whether a node casts to one of these types from anything but a DECIMAL, a literal or an integer division."""
    if not isinstance(node, exp.Cast) or node.to.this not in kinds:
        return False
    inner = node.this
    return not (isinstance(inner, exp.Literal) or (isinstance(inner, exp.Cast) and inner.is_type("decimal")))


def _decimal_places(node: exp.Expr) -> bool:
    """Whether a node casts something to a DECIMAL with places, other than a literal as it is printed."""
    if not (isinstance(node, exp.Cast) and node.is_type("decimal")) or isinstance(node.this, exp.Literal):
        return False
    places = [part.this for part in node.to.expressions[1:]]
    return any(int(place.this) for place in places)


def _divides_by_what_may_be_zero(node: exp.Expr) -> bool:
    if not isinstance(node, exp.Div):
        return False
    by = node.expression.unnest()
    return not (isinstance(by, exp.Nullif) or (isinstance(by, exp.Literal) and float(by.this) != 0))


def _starts_before_one(node: exp.Expr) -> bool:
    if not isinstance(node, exp.Substring):
        return False
    start = node.args.get("start")
    return not (isinstance(start, exp.Literal) and int(start.this) >= 1)


REFUSED: Final[tuple[tuple[Callable[[exp.Expr], bool], str], ...]] = (
    (
        lambda node: _cast_to(node, _INTEGERS),
        "2.5 becomes 2, 3 or an error by engine: CAST(CAST(x AS DECIMAL(18, 0)) AS INTEGER) rounds halves away from zero everywhere",
    ),
    (
        lambda node: _cast_to(node, _TEXTS),
        "10000000.0 or 1.0E7 by engine: CAST(CAST(x AS DECIMAL(p, s)) AS VARCHAR) prints the same everywhere",
    ),
    (
        _decimal_places,
        "1.005 becomes 1.00 or 1.01 by engine: CAST(x * 100 AS DECIMAL(18, 0)) rounds the same everywhere",
    ),
    (
        lambda node: isinstance(node, exp.Interval) or (isinstance(node, exp.Cast) and node.to.this in _MOMENTS),
        "a moment is read in the session's time zone, or not, and a day plus an interval is one, or a day, by engine: DATE",
    ),
    (
        lambda node: isinstance(node, exp.Median) and isinstance(node.this, exp.Cast) and node.this.is_type("decimal"),
        "the middle of two decimals is rounded to their places, or not, by engine: median of a double",
    ),
    (
        lambda node: isinstance(node, exp.TryCast),
        "what cannot be read becomes NULL, and nobody is told: a typed column from staging/",
    ),
    (_divides_by_what_may_be_zero, "infinity, NULL or an error by engine: x / NULLIF(y, 0)"),
    (
        lambda node: isinstance(node, exp.IntDiv),
        "rounds towards zero or down by engine: floor(x / NULLIF(y, 0))",
    ),
    (
        lambda node: isinstance(node, exp.DateDiff) and str(node.args.get("unit") or "DAY").upper() != "DAY",
        "counts boundaries, or whole units, by engine: year(b) - year(a), or date_diff('day', a, b)",
    ),
    (
        lambda node: isinstance(node, exp.DayOfWeek),
        "Sunday is 0 or 1 by engine: isodow(x), Monday 1 to Sunday 7",
    ),
    (_starts_before_one, "position 0 is a character, or none, by engine: count from 1"),
    (
        lambda node: isinstance(node, (exp.RegexpLike, exp.RegexpExtract, exp.RegexpReplace)),
        "RE2 and Java do not read the same expressions: contains(x, y), starts_with(x, y), or match in staging/",
    ),
    (
        lambda node: isinstance(node, (exp.PercentileCont, exp.PercentileDisc, exp.Quantile)),
        "interpolates, or picks, by engine: median(x), or quantiles in forecast/",
    ),
    (
        lambda node: (
            isinstance(node, (exp.Limit, exp.Fetch, exp.Offset, exp.TableSample))
            or (isinstance(node, exp.Distinct) and node.args.get("on") is not None)
        ),
        "which rows are left depends on the engine: row_number() over the key",
    ),
    (
        lambda node: isinstance(node, exp.GroupConcat) and not isinstance(node.this, exp.Order),
        "texts are joined in the order in which rows arrive: string_agg(x, ';' ORDER BY x)",
    ),
    (
        lambda node: _cast_to(node, _READ),
        "'1d' and '2020' are a number and a day, or an error, by engine: give columns their types in staging/ or registry frames",
    ),
    (
        lambda node: (
            isinstance(node, exp.Sum)
            and (isinstance(node.parent, (exp.Window, exp.Filter)) or isinstance(node.this, exp.Distinct))
        ),
        "the sum of exact decimals has no such form: sum(CASE WHEN … THEN x END) by group, joined where it is needed",
    ),
)
"""Forms with a silently different meaning: (found, why and what instead)."""


def told_decimal(node: exp.Cast) -> exp.Expr:
    """A cast to DECIMAL of NaN or infinity stops, as in DuckDB: Spark makes it NULL, and nobody is told."""
    if not node.is_type("decimal") or isinstance(node.this, exp.Literal):
        return node
    lost = exp.and_(node.is_(exp.null()), node.this.is_(exp.null()).not_())
    error = exp.func("RAISE_ERROR", exp.Literal.string(f"{NOT_A_NUMBER}: {node.sql(dialect=DIALECT)}"))
    return exp.Case().when(lost, error).else_(node.copy())


def exact_sum(node: exp.Sum) -> exp.Expr:
    """SUM adds exact decimals: a cluster adds doubles in the order in which parts arrive, and their last digit would
    differ from run to run. Twelve places: persons and 万元 need six. NaN and infinity have no decimal and would be left out:
    with them the sum is of doubles, of which it matters no more in which order."""
    exact = exp.cast(node.this.copy(), "DECIMAL(38, 12)")
    every = exp.EQ(this=exp.Count(this=exact), expression=exp.Count(this=node.this.copy()))
    added = exp.cast(exp.Sum(this=exact.copy()), "DOUBLE")
    return exp.Case().when(every, added).else_(exp.Sum(this=exp.cast(node.this.copy(), "DOUBLE")))


def whole(node: exp.Floor | exp.Ceil) -> exp.Expr:
    """Spark's whole numbers have 64 bits, and that of NaN is 0. What is larger has no fraction: a double, or a decimal as wide as the
    registry's."""
    within = exp.and_(
        exp.GT(this=node.this.copy(), expression=exp.Literal.number("-9.2E18")),
        exp.LT(this=node.this.copy(), expression=exp.Literal.number("9.2E18")),
    )
    return exp.Case().when(within, node.copy()).else_(node.this.copy())


def double_division(node: exp.Div) -> exp.Expr:
    """Division is of doubles, as in DuckDB: Spark divides decimals as decimals and cuts them to six places."""
    return exp.Div(this=exp.cast(node.this.copy(), "DOUBLE"), expression=node.expression.copy())


def iso_weekday(node: exp.DayOfWeekIso) -> exp.Expr:
    """isodow(x) is Monday 1 to Sunday 7; sqlglot's own spelling for Spark makes Sunday a 2."""
    return exp.Paren(this=exp.Add(this=exp.func("WEEKDAY", node.this.copy()), expression=exp.Literal.number(1)))


REWRITES: Final[tuple[tuple[type[exp.Expr], Callable[..., exp.Expr]], ...]] = (
    (exp.Cast, told_decimal),
    (exp.Floor, whole),
    (exp.Ceil, whole),
    (exp.Sum, exact_sum),
    (exp.Div, double_division),
    (exp.DayOfWeekIso, iso_weekday),
)
"""What sqlglot cannot know; the reasons are the functions' docstrings. In this order: the decimals of a sum are not told."""


def parse(sql: str, types: Types = MappingProxyType({})) -> exp.Expr:
    """The tree of a query in the portable subset; `types` of the tables that it reads. Raises NotPortableError."""
    tree = sqlglot.parse_one(sql, read=DIALECT)
    for node in tree.walk():
        why = next((reason for found, reason in REFUSED if found(node)), None)
        if why is None and _computes(node) and not isinstance(node, SUBSET):
            why = "nobody has shown that engines agree: add it to SUBSET and to tests/engine/pairs.py"
        if why is not None:
            raise _refusal(node, why)
    for node, kinds in meetings(tree, types, DIALECT):
        raise _refusal(
            node, f"{' and '.join(kinds)} meet, and each engine casts another of them: compare like with like"
        )
    return tree


def _refusal(node: exp.Expr, why: str) -> NotPortableError:
    return NotPortableError(f"不可移植 / not portable: {node.sql(dialect=DIALECT)}: {why}")


def to_spark(sql: str, types: Types = MappingProxyType({})) -> str:
    """A query of the portable subset for Spark, see `parse`. Raises NotPortableError."""
    tree = parse(sql, types)
    for kind, rewrite in REWRITES:
        for node in reversed(list(tree.find_all(kind))):
            node.replace(rewrite(node))
    return tree.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE, comments=False)


def _computes(node: exp.Expr) -> bool:
    return isinstance(node, (exp.Func, exp.Binary, exp.Unary, exp.Predicate, exp.Qualify, exp.Pivot, exp.Unnest))
