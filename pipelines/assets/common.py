"""What every asset shares: partitions, owners, paths of the running candidate, and metadata of a table."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from pipelines import registry, settings

OWNERS = ["team:minzheng-marts"]
COUNTIES = dg.DynamicPartitionsDefinition(name="county")
MANY = 200  # more counties than this are partitioned by province: Dagster writes several events for every partition
ALL_COUNTIES = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
RETRY_IO = dg.RetryPolicy(max_retries=2, delay=1)


def partition(code: str, existing: int) -> str:
    """The partition of a county when so many exist: its code, or the first two digits, those of its province."""
    return code if existing <= MANY else code[:2]


def counties_of(keys: Sequence[str], codes: Iterable[str]) -> list[str]:
    """The counties in partitions: those whose codes begin with one of the keys."""
    return [code for code in codes if code.startswith(tuple(keys))]


def candidate(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Path:
    """The folder in which this run builds its release."""
    return settings.load().candidate(context.run.run_id[:8])


def described(table: registry.Table) -> str:
    """Bilingual description of a table for the asset page."""
    return f"{table.title_zh}：{table.grain_zh}\n\n{table.title_en}: {table.grain_en}"


def of_table(path: Path) -> Mapping[str, Any]:
    """Rows, columns and a preview of a Parquet file."""
    frame = pl.read_parquet(path)
    table = registry.table(path.stem)
    schema = dg.TableSchema(
        columns=[dg.TableColumn(c.name, c.type.lower(), description=f"{c.zh} / {c.en}") for c in table.columns]
    )
    return {
        "dagster/row_count": frame.height,
        "dagster/column_schema": schema,
        "preview": dg.MetadataValue.md(preview(frame)),
    }


def preview(frame: pl.DataFrame, rows: int = 5) -> str:
    """The first rows as a Markdown table."""
    head = frame.head(rows)
    lines = ["| " + " | ".join(head.columns) + " |", "|" + "---|" * head.width]
    lines += ["| " + " | ".join("" if v is None else str(v) for v in row) + " |" for row in head.rows()]
    return "\n".join(lines)
