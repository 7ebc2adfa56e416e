"""The schema part of every suite, generated from the registry: presence, columns and their order, types, no NaN, keys,
required values, code lists, references. Nothing of it is stored in `expectations/`."""

from __future__ import annotations

from typing import Any

from pipelines import registry
from pipelines.quality.checks import Check, Words, zero_rows

_DATA = (
    "请改正原始文件或生成该表的 SQL 后重新运行。",
    "Correct the raw file or the SQL that builds the table, then run again.",
)


def checks(table: registry.Table, *, may_be_empty: bool) -> list[Check]:
    """All generated checks of a table."""
    columns = [c for column in table.columns for c in (_required(column), _codes(column), _reference(table, column))]
    found = [_present(table, may_be_empty), _columns(table), _types(table), _finite(table), _key(table), *columns]
    return [c for c in found if c]


def row_key(table: registry.Table) -> str:
    """SQL text of a row's key as one string."""
    columns = table.key or tuple(c.name for c in table.columns[:2])
    return "concat_ws('/', " + ", ".join(f'"{c}"' for c in columns) + ")"


def _present(table: registry.Table, may_be_empty: bool) -> Check:
    sql = (f"SELECT '{table.name}' AS row_key, rows AS value FROM candidate_tables WHERE table_name = '{table.name}'"
           f" AND (rows IS NULL OR rows = 0 AND NOT {may_be_empty})")  # fmt: skip
    zh = Words("表存在且不为空", "表 {row_key} 缺失或没有行", "查看上游环节为何没有写出该表；发布保持上一版本。")
    en = Words("the table exists and is not empty", "table {row_key} is missing or has no row",
               "Find out why the step before wrote nothing; the last release stays.")  # fmt: skip
    return zero_rows(table.name, "present", (zh, en), sql)


def _columns(table: registry.Table) -> Check:
    zh = Words("字段齐全且次序与登记一致", "{difference_zh}", "按 registry/columns.csv 的字段与次序写出。")
    en = Words(
        "columns as registered, in order",
        "{difference_en}",
        "Write the columns of registry/columns.csv in their order.",
    )
    kwargs = {"column_list": [c.name for c in table.columns]}
    return _native(table, "columns", "expect_table_columns_to_match_ordered_list", kwargs, (zh, en))


def _types(table: registry.Table) -> Check:
    sql = f"SELECT column_name AS row_key, actual AS value, expected FROM candidate_columns WHERE table_name = '{table.name}' AND actual <> expected"
    zh = Words("字段类型与登记一致", "{row_key} 的类型是 {value}，应为 {expected}", "按登记的类型写出。")
    en = Words("column types as registered", "{row_key} is {value}, expected {expected}", "Write the registered type.")
    return zero_rows(table.name, "types", (zh, en), sql)


def _finite(table: registry.Table) -> Check | None:
    doubles = [c.name for c in table.columns if c.type == "DOUBLE"]
    parts = [_offenders(table, name, f'NOT isfinite("{name}")') for name in doubles]
    zh = Words("数值不是 NaN 或无穷大", "行 {row_key} 的 {column} 是 {value}", "缺失应写为空值并注明类型，除零应避免。")
    en = Words(
        "no NaN and no infinity",
        "row {row_key}: {column} is {value}",
        "Write typed absence instead of NaN; avoid division by zero.",
    )
    return zero_rows(table.name, "finite", (zh, en), " UNION ALL ".join(parts)) if doubles else None


def _key(table: registry.Table) -> Check | None:
    one = len(table.key) == 1
    kind = "expect_column_values_to_be_unique" if one else "expect_compound_columns_to_be_unique"
    kwargs: dict[str, Any] = (
        {"column": table.key[0]} if one else {"column_list": list(table.key), "ignore_row_if": "never"}
    )
    zh = Words(f"主键（{'、'.join(table.key)}）不重复", "主键 {row_key} 出现多次", _DATA[0])
    en = Words(f"the key ({', '.join(table.key)}) is unique", "key {row_key} occurs more than once", _DATA[1])
    return _native(table, "key", kind, kwargs, (zh, en)) if table.key else None


def _required(column: registry.Column) -> Check | None:
    zh = Words(f"{column.zh}（{column.name}）：必填", "行 {row_key} 的 {column} 为空", _DATA[0])
    en = Words(f"{column.name}: required", "row {row_key}: {column} is empty", _DATA[1])
    return _of(column, "not_null", "expect_column_values_to_not_be_null", {}, (zh, en)) if column.required else None


def _codes(column: registry.Column) -> Check | None:
    if not column.codelist:
        return None
    zh = Words(
        f"{column.zh}（{column.name}）：只取代码表 {column.codelist} 的值",
        "行 {row_key} 的 {column}“{value}”不在代码表内",
        _DATA[0],
    )
    en = Words(
        f"{column.name}: a code of {column.codelist}",
        "row {row_key}: {column} {value!r} is not in the code list",
        _DATA[1],
    )
    allowed = list(registry.codes()[column.codelist])
    return _of(column, "codes", "expect_column_values_to_be_in_set", {"value_set": allowed}, (zh, en))


def _reference(table: registry.Table, column: registry.Column) -> Check | None:
    if not column.foreign:
        return None
    parent, name = column.foreign
    sql = _offenders(
        table, column.name, f'"{column.name}" IS NOT NULL AND "{column.name}" NOT IN (SELECT "{name}" FROM "{parent}")'
    )
    zh = Words(
        f"{column.zh}（{column.name}）：指向 {parent} 中存在的行",
        f"行 {{row_key}} 的 {{column}}“{{value}}”在 {parent} 中没有",
        _DATA[0],
    )
    en = Words(
        f"{column.name}: refers to a row of {parent}",
        f"row {{row_key}}: {{column}} {{value!r}} is not in {parent}",
        _DATA[1],
    )
    return zero_rows(table.name, f"reference:{column.name}", (zh, en), sql)


def _offenders(table: registry.Table, column: str, condition: str) -> str:
    return f'SELECT {row_key(table)} AS row_key, \'{column}\' AS "column", "{column}" AS value FROM "{table.name}" WHERE {condition}'


def _of(
    column: registry.Column, kind: str, expectation: str, kwargs: dict[str, Any], words: tuple[Words, Words]
) -> Check:
    named = {"column": column.name, **kwargs}
    return Check(column.table, column.table, f"{kind}:{column.name}", expectation, named, "critical", *words)


def _native(
    table: registry.Table, rule: str, expectation: str, kwargs: dict[str, Any], words: tuple[Words, Words]
) -> Check:
    return Check(table.name, table.name, rule, expectation, kwargs, "critical", *words)
