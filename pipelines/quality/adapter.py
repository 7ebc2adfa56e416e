"""The one place where Great Expectations runs. It has no polars and no DuckDB engine, so it is given pandas frames: each
table for the expectations on its columns, and one row of measures (a column per SQL rule) for all rules together."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from pipelines import registry
from pipelines.core.renamed import TYPES
from pipelines.quality import candidate as data
from pipelines.quality import messages, schema
from pipelines.quality.checks import COUNTS, Check, hand_written, may_be_empty, tables
from pipelines.quality.messages import Outcome
from pipelines.quality.sound import Sound
from pipelines.quality.telling import telling

TABLE = "mart_quality"
AT_ONCE = 2  # queries
EXAMPLES = 3
_NOT_NEEDED = ("pyspark", "rfc3987_syntax")
"""What Great Expectations loads where it is installed, and nothing here uses: its Spark part costs seconds and ends a process whose
main module is no file; a grammar of internationalised addresses, for one format of JSON schemas, a third of all its loading."""
_COLUMNS = "expect_table_columns_to_match_ordered_list"


def check(
    candidate: Path,
    suites: Path,
    *,
    only: Collection[str] | None = None,
    counted: Path | None = None,
    sound: Sound | None = None,
) -> pl.DataFrame:
    """Every generated and hand-written expectation on a candidate → rows of `mart_quality`, worst first.

    `candidate` is a folder of Parquet files (or one with a `parquet/` folder); `suites` is `expectations/`; `only`
    leaves out what does not concern these tables; `counted`: the row counts that must be there, by default those of the suites;
    `sound`: what need not be asked again. A missing table fails as a whole; an expectation that could not be evaluated counts as
    failed and critical. Raises KeyError or FileNotFoundError only when a suite file is not whole.
    """
    known = sound or Sound()
    wanted = [c for c in every_check(suites) if only is None or c.concerns(only)]
    with data.open_candidate(candidate, counted or suites / COUNTS) as con, ThreadPoolExecutor(AT_ONCE) as threads:
        there = data.present(con)
        checks = [c for c in wanted if c.table in there or c.rule == "present" or c.suite != c.table]
        folder = data.folder(candidate)
        known.of(folder, data.relations(con))
        queries = {c.sql: None if c.figure else known.query(c.sql) for c in checks if c.sql}
        held = {sql for sql, name in queries.items() if known.holds(name)}
        asked = data.asked(con, queries.keys() - held, threads)
        gx = Engine()  # takes seconds, in which the queries run
        judged = [
            _on_table(
                gx, folder / f"{t.name}.parquet", t, [c for c in checks if c.table == t.name and not c.sql], known
            )
            for t in tables()
        ]
        outcomes = [outcome for of_table in judged for outcome in of_table]
        answers = {sql: found.result() for sql, found in asked.items()}
        for sql, answer in answers.items():
            if isinstance(answer, pl.DataFrame) and answer.is_empty():
                known.hold(queries[sql])
        outcomes += _by_query(gx, answers | dict.fromkeys(held, data.NOTHING), [c for c in checks if c.sql])
    return frame(outcomes)


def every_check(suites: Path) -> list[Check]:
    """The generated checks of every table, then the hand-written ones."""
    empty = may_be_empty(suites)
    return [c for t in tables() for c in schema.checks(t, may_be_empty=t.name in empty)] + hand_written(suites)


def frame(outcomes: Iterable[Outcome]) -> pl.DataFrame:
    """Outcomes as rows of `mart_quality`: failed first, critical first."""
    wanted = {c.name: TYPES[c.type] for c in registry.table(TABLE).columns}
    rows = pl.DataFrame([o.row for o in outcomes], schema=wanted, orient="row")
    return rows.sort(
        "passed", "severity", "failing_rows", "suite", "expectation", descending=[False, False, True, False, False]
    )


def library() -> ModuleType:
    """Great Expectations, told to send nothing, and without `_NOT_NEEDED`."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    hidden = [name for name in _NOT_NEEDED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: the import system's word for "not to be had"
    try:
        import great_expectations
    finally:
        for name in hidden:
            del sys.modules[name]
    return great_expectations


@contextmanager
def loaded_beside() -> Iterator[None]:
    """Import Great Expectations in a thread of its own while the body runs, which takes as long and should import nothing itself
    (two threads that import each other's modules may see half of one)."""
    with ThreadPoolExecutor(1) as beside:
        loaded = beside.submit(library)
        yield
        loaded.result()


class Engine:
    """Great Expectations with an ephemeral context: nothing stored, nothing sent. Importing it costs seconds."""

    def __init__(self) -> None:
        self._gx = library()
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = self._gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
        table = context.data_sources.add_pandas("candidate").add_dataframe_asset("table")
        # one for all tables: for each that is added, the context is written anew
        self._whole = table.add_batch_definition_whole_dataframe("all")

    def validate(self, name: str, pandas_frame: Any, checks: list[Check]) -> dict[str, Any]:
        """Run expectations on a pandas frame. Returns GX's result by name of the check; only failed ones, run a second
        time, say which rows failed (collecting those costs as much as the check itself)."""
        batch = self._whole.get_batch({"dataframe": pandas_frame})
        found = self._run(batch, name, checks, "BOOLEAN_ONLY")
        failed = [c for c in checks if not found[c.name].success and not raised(found[c.name])]
        found |= self._run(batch, f"{name} failed", failed, "COMPLETE")
        return found

    def _run(self, batch: Any, name: str, checks: list[Check], detail: str) -> dict[str, Any]:
        if not checks:
            return {}
        suite = self._gx.ExpectationSuite(name=name, expectations=[c.config for c in checks])
        results = batch.validate(suite, result_format={"result_format": detail})
        return {r.expectation_config.meta["check"]: r for r in results.results}


def raised(result: Any) -> str | None:
    """Why an expectation could not be evaluated. GX reports this beside, not instead of, an ordinary result."""
    info = result.exception_info or {}
    entries = [info] if "raised_exception" in info else [e for e in info.values() if isinstance(e, dict)]
    return next((str(e.get("exception_message")) for e in entries if e.get("raised_exception")), None)


def _by_query(gx: Engine, answers: dict[str, data.Answer], checks: list[Check]) -> list[Outcome]:
    """SQL rules: DuckDB finds the rows, GX judges their number (or the figure). A query that failed has no measure, so
    that its expectation raises. A figure of a county that is not in this release is not applicable."""
    found = {c.name: data.evaluate(c, answers[c.sql or ""]) for c in checks}
    judged = [c for c in checks if found[c.name].measure is not None or found[c.name].error]
    measures = pl.DataFrame({n: [f.measure] for n, f in found.items() if f.measure is not None})
    results = gx.validate("rules", measures.to_pandas(), judged)
    outcomes = []
    for c in checks:
        if c not in judged:
            outcomes.append(messages.not_applicable(c))
        elif error := found[c.name].error or raised(results[c.name]):
            outcomes.append(messages.unevaluated(c, error))
        else:
            rows, accepted = found[c.name].rows, found[c.name].accepted
            outcomes.append(
                messages.judged(c, bool(results[c.name].success), rows.height, rows.head(EXAMPLES).to_dicts(), accepted)
            )
    return outcomes


def _on_table(gx: Engine, file: Path, table: registry.Table, checks: list[Check], known: Sound) -> list[Outcome]:
    """Expectations on the columns of one table."""
    if not checks or known.holds(name := known.table(table, checks)):
        return [messages.judged(c, True, 0, []) for c in checks]
    rows = _looked_at(file, table, checks)
    shown = _telling(rows, checks)
    results = gx.validate(table.name, shown.to_pandas(), checks)
    failed = [c for c in checks if not results[c.name].success]
    if failed and shown.height < rows.height:
        results |= gx.validate(f"{table.name} whole", rows.to_pandas(), failed)
    outcomes = []
    for c in checks:
        result = results[c.name]
        if error := raised(result):
            outcomes.append(messages.unevaluated(c, error))
        else:
            failing = [] if result.success else _failing(table, rows, c, result.result)
            outcomes.append(messages.judged(c, bool(result.success), len(failing), failing[:EXAMPLES]))
    if all(outcome.passed for outcome in outcomes):
        known.hold(name)
    return outcomes


def _telling(rows: pl.DataFrame, checks: list[Check]) -> pl.DataFrame:
    """The telling rows; all of them when a column is missing or of another type, which Great Expectations then says."""
    try:
        return telling(rows, checks)
    except PolarsError:
        return rows


def _looked_at(file: Path, table: registry.Table, checks: list[Check]) -> pl.DataFrame:
    """The rows of a table; columns that no check looks at are there, but empty: millions of long texts need not be held."""
    named = {
        *table.key,
        *(str(v) for c in checks for k, v in c.kwargs.items() if k.startswith("column") and isinstance(v, str)),
    }
    named |= {v for c in checks if c.type != _COLUMNS for v in c.kwargs.get("column_list", [])}
    rows = pl.scan_parquet(file)
    kept = [
        pl.col(c) if c in named or i < 2 else pl.lit(None, pl.Int32).alias(c)
        for i, c in enumerate(rows.collect_schema().names())
    ]
    return rows.select(kept).collect()


def _failing(table: registry.Table, rows: pl.DataFrame, check: Check, result: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that GX names as unexpected, with key, column and value; one entry when it names no row."""
    places = result.get("unexpected_index_list")
    if places is None:
        return [messages.difference(check, result.get("observed_value"))]
    column = check.kwargs.get("column") or check.kwargs.get("column_A") or ""
    picked = rows[[p if isinstance(p, int) else int(p) for p in places]]
    names = [k for k in table.key if k in picked.columns] or picked.columns[:2]
    return [
        {**row, "row_key": "/".join(str(row[k]) for k in names), "column": column, "value": row.get(column)}
        for row in picked.to_dicts()
    ]
