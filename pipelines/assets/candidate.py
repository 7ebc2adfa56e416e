"""The candidate: every published table as Parquet in one step, then two checks per table (critical ones block)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from pipelines import engine, registry, settings
from pipelines.assets.analysis import core, discrepancies, evaluation_target
from pipelines.assets.common import CODE, OWNERS, candidate, described, of_table
from pipelines.core.builder import canonical
from pipelines.failpoint import failpoint
from pipelines.marts.tables import build_marts
from pipelines.publish import database, diff, gate, package, release
from pipelines.publish.release import id_of
from pipelines.settings import PROJECT
from pipelines.staging import store

CHECKED = [t for t in registry.published() if t.layer in ("core", "reconcile", "mart")]
SUITES = PROJECT / "expectations"
_INPUTS: list[dg.AssetsDefinition | dg.AssetKey] = [
    core,
    discrepancies,
    evaluation_target,
    *(dg.AssetKey(t.name) for t in registry.in_layer("forecast")),
]


def key(table: registry.Table) -> dg.AssetKey:
    return dg.AssetKey(["candidate", table.name])


@dg.multi_asset(
    name="candidate",
    specs=[
        dg.AssetSpec(
            key(t),
            deps=_INPUTS,
            group_name="candidate",
            owners=OWNERS,
            kinds={"duckdb", "parquet"},
            description=described(t),
        )
        for t in CHECKED
    ],
)
def candidate_tables(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
    folder = candidate(context)
    out = folder / "parquet"
    inputs = [folder / part for part in ("staging", "core", "reconcile", "forecast", "evaluate")]
    build_marts(inputs, out, engine.of(settings.load()), lambda name: database.begin(folder, [name]))
    failpoint("candidate.marts")
    found = folder / "reconcile" / "fct_discrepancy.parquet"
    canonical(found.stem, pl.read_parquet(found)).write_parquet(out / found.name)
    failpoint("candidate.copied")
    database.begin(folder, [found.stem])
    for table in CHECKED:
        yield dg.MaterializeResult(asset_key=key(table), metadata=dict(of_table(out / f"{table.name}.parquet")))


def _against(previous: Path | None, folder: Path) -> tuple[pl.DataFrame, list[gate.Change], dict[str, dict[str, Any]]]:
    """What the gate says of a candidate, the changes it asked about, and both releases compared by table."""
    s = settings.load()
    compared = diff.tables(previous, folder)
    return *gate.judge(s, previous, folder, package.inputs_compared(s, previous, folder), compared), compared


_SEVERITIES = ("critical", "warning")
REFUSED = "minzheng/refused"  # tag of a run whose candidate was refused: the folder of its report under marts/rejected


@dg.multi_asset_check(
    name="quality",
    specs=[
        dg.AssetCheckSpec(
            severity,
            asset=key(t),
            blocking=severity == "critical",
            description=f"{t.title_zh}：{registry.label('severity', severity)} / {t.title_en}: {severity}",
        )
        for t in CHECKED
        for severity in _SEVERITIES
    ],
)
def quality(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
    from pipelines.quality import counts
    from pipelines.quality.adapter import check
    from pipelines.quality.report import write_report
    from pipelines.quality.sound import Sound

    folder, s = candidate(context), settings.load()
    previous = release.current_folder(s)
    sound = Sound(s.staging / "sound.json" if s.reuse_megabytes else None, CODE)
    with ThreadPoolExecutor(1) as beside:  # the releases are compared while the checks run
        gated = beside.submit(_against, previous, folder)
        checked = check(folder, SUITES, counted=s.row_counts, sound=sound)
        gate_rows, changes, compared = gated.result()
    failpoint("quality.compared")
    results = canonical("mart_quality", pl.concat([checked, gate_rows], how="diagonal_relaxed"))
    failpoint("quality.checked")
    if store.code_stands():
        with suppress(OSError):  # it only saves time
            sound.keep()
    results.write_parquet(folder / "parquet" / "mart_quality.parquet")
    diff.write(previous, folder, results, [asdict(c) for c in changes], compared)
    write_report(results, folder / "quality", release_id=id_of(folder))
    counts.save(folder, SUITES)
    failpoint("quality.reported")
    for table in CHECKED:
        for severity in _SEVERITIES:
            mine = results.filter((pl.col("table_name") == table.name) & (pl.col("severity") == severity))
            failed = mine.filter(~pl.col("passed"))
            yield dg.AssetCheckResult(
                asset_key=key(table),
                check_name=severity,
                passed=failed.is_empty(),
                severity=dg.AssetCheckSeverity.ERROR if severity == "critical" else dg.AssetCheckSeverity.WARN,
                metadata={
                    "expectations": mine.height,
                    "failed": failed.height,
                    "messages": dg.MetadataValue.md("\n".join(f"- {m}" for m in failed["message_zh"].to_list()[:20])),
                },
            )
    if results.filter(~pl.col("passed") & (pl.col("severity") == "critical")).height:
        database.drop(folder)
        kept = release.reject(s, folder)
        context.instance.add_run_tags(context.run.run_id, {REFUSED: kept.name})
