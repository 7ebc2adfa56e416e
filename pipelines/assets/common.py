"""What every asset shares: partitions, owners, paths of the running candidate, and metadata of a table."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from pipelines import registry, settings

OWNERS = ["team:minzheng-marts"]
COUNTIES = dg.DynamicPartitionsDefinition(name="county")
ALL_COUNTIES = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
RETRY_IO = dg.RetryPolicy(max_retries=2, delay=1)


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
