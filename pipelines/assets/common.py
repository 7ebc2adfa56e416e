"""What every asset shares: partitions, owners, paths of the running candidate, and metadata of a table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from pipelines import engine, registry, settings
from pipelines.core.reuse import Remembered, Store
from pipelines.staging import store

OWNERS = ["team:minzheng-marts"]
COUNTIES = dg.DynamicPartitionsDefinition(name="county")
MANY = 200  # more counties than this are partitioned by province: Dagster writes several events for every partition
ALL_COUNTIES = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
ROWS_SHOWN = 5
CODE = store.code_hash()  # that this process begins with: the steps import theirs later
RETRIES, RETRY_AFTER = 2, 1.0  # seconds


def partition(code: str, existing: int) -> str:
    """The partition of a county when so many exist: its code, or the first two digits, those of its province."""
    return code if existing <= MANY else code[:2]


def counties_of(keys: Sequence[str], codes: Iterable[str]) -> list[str]:
    """The counties in partitions: those whose codes begin with one of the keys."""
    return [code for code in codes if code.startswith(tuple(keys))]


def candidate(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Path:
    """The folder in which this run builds its release."""
    return settings.load().candidate(context.run.run_id[:8])


def remembering() -> Remembered:
    """The engine's map over slices of counties, which takes from earlier refreshes what was made from the same;
    it keeps nothing once the code on disk is not that which this process began with."""
    s = settings.load()
    return reuse_of(s).around(engine.of(s).map, f"{CODE} {s.engine}", store.code_stands)


def reuse_of(s: settings.Settings) -> Store:
    """Where results of slices are kept."""
    return Store(s.staging / "reuse", s.reuse_megabytes * 2**20)


@contextmanager
def io_retried() -> Iterator[None]:
    """Around steps that read or write files and may be done again from their start: an error of the file system has the step
    tried again, any other, and that of the last trial, stays what it is."""
    try:
        yield
    except OSError as error:
        if dg.AssetExecutionContext.get().retry_number >= RETRIES:
            raise
        raise dg.RetryRequested(RETRIES, RETRY_AFTER) from error


def described(table: registry.Table) -> str:
    """Bilingual description of a table for the asset page."""
    return f"{table.title_zh}：{table.grain_zh}\n\n{table.title_en}: {table.grain_en}"


def of_table(path: Path) -> Mapping[str, Any]:
    """Rows, columns and a preview of a Parquet file, of which no more is read."""
    file = pl.scan_parquet(path)
    table = registry.table(path.stem)
    schema = dg.TableSchema(
        columns=[dg.TableColumn(c.name, c.type.lower(), description=f"{c.zh} / {c.en}") for c in table.columns]
    )
    return {
        "dagster/row_count": int(file.select(pl.len()).collect().item()),
        "dagster/column_schema": schema,
        "preview": dg.MetadataValue.md(preview(file.head(ROWS_SHOWN).collect())),
    }


def preview(head: pl.DataFrame) -> str:
    """Rows as a Markdown table."""
    lines = ["| " + " | ".join(head.columns) + " |", "|" + "---|" * head.width]
    lines += ["| " + " | ".join("" if v is None else str(v) for v in row) + " |" for row in head.rows()]
    return "\n".join(lines)
