"""Raw layer: the reference folder and, by county, the raw folder read and held against its contract. A county whose folder
is damaged is held back; the others go on."""

import dagster as dg

from pipelines import settings
from pipelines.assets.common import COUNTIES, OWNERS, counties_of, io_retried
from pipelines.failpoint import failpoint
from pipelines.ingest.folder import known_hash
from pipelines.publish import release
from pipelines.staging import store
from pipelines.staging.held import HeldBack


@dg.asset(
    key=["raw", "county"],
    partitions_def=COUNTIES,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="raw",
    owners=OWNERS,
    kinds={"csv"},
    description="县原始文件夹（照原文转录，不改一字） / A county's raw folder, exactly as printed.",
)
def raw_county(context: dg.AssetExecutionContext) -> None:
    s = settings.load()
    release.hold(s, f"run {context.run.run_id[:8]}")
    store.recall(s)
    folders = s.county_folders()
    for key in context.partition_keys:
        mine = counties_of([key], folders)
        if not mine:
            raise dg.Failure(f"没有原始文件夹 / no raw folder: {key}")
        with io_retried():
            hashes = {folders[code].name: known_hash(folders[code]) for code in mine}
        shown = {"counties": len(mine), "content_hash": store.fingerprint(hashes), "folder": "; ".join(hashes)}
        context.add_asset_metadata(shown, partition_key=key)
    store.remember(s)


@dg.asset(
    key=["staging", "county"],
    deps=[raw_county],
    partitions_def=COUNTIES,
    group_name="staging",
    owners=OWNERS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    kinds={"polars", "parquet"},
    description="县暂存表：统一单位、代码和编号，执行登记的修正 / A county staged: units, codes and ids settled, declared repairs applied.",
)
def staging_county(context: dg.AssetExecutionContext) -> None:
    s = settings.load()
    with io_retried():
        staged = store.stage_counties(s, counties_of(context.partition_keys, s.county_folders()))
    for county in staged:
        if isinstance(county, HeldBack):
            context.log.warning(county.words())
    for key in context.partition_keys:
        mine = [county for county in staged if county.name.startswith(key)]
        held = [county.words() for county in mine if isinstance(county, HeldBack)]
        read = sum(not county.unchanged for county in mine if isinstance(county, store.Staged))
        shown = {"counties": len(mine), "read": read, "held_back": "\n".join(held)}
        context.add_asset_metadata(shown, partition_key=key)


@dg.asset(
    key=["staging", "reference"],
    group_name="staging",
    owners=OWNERS,
    kinds={"csv", "parquet"},
    description="参考数据：死亡率、参数、地区、数据来源 / Reference data: mortality, parameters, areas, data sets.",
)
def staging_reference() -> dg.MaterializeResult[None]:
    with io_retried():
        staged = store.stage_reference(settings.load())
    failpoint("staging.reference")
    return dg.MaterializeResult(metadata={"input_hash": staged.input_hash, "unchanged": staged.unchanged})
