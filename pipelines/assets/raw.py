"""Raw layer: the reference folder and, by county, the raw folder read and held against its contract. A county whose folder
is damaged is held back; the others go on."""

import dagster as dg

from pipelines import settings
from pipelines.assets.common import COUNTIES, OWNERS
from pipelines.failpoint import failpoint
from pipelines.ingest.folder import content_hash
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
    folders = s.county_folders()
    unknown = [k for k in context.partition_keys if k not in folders]
    if unknown:
        raise dg.Failure(f"没有原始文件夹 / no raw folder: {', '.join(unknown)}")
    hashes = {k: content_hash(folders[k]) for k in context.partition_keys}
    for key, digest in hashes.items():
        context.add_asset_metadata({"content_hash": digest, "folder": folders[key].name}, partition_key=key)


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
    for key, staged in zip(
        context.partition_keys, store.stage_counties(settings.load(), context.partition_keys), strict=True
    ):
        if isinstance(staged, HeldBack):
            context.log.warning(staged.words())
            context.add_asset_metadata({"held_back": staged.words()}, partition_key=key)
            continue
        context.log.info(f"{key}: {'未变，沿用 / unchanged' if staged.unchanged else '已更新 / staged'}")
        context.add_asset_metadata({"input_hash": staged.input_hash, "unchanged": staged.unchanged}, partition_key=key)


@dg.asset(
    key=["staging", "reference"],
    group_name="staging",
    owners=OWNERS,
    kinds={"csv", "parquet"},
    description="参考数据：死亡率、参数、地区、数据来源 / Reference data: mortality, parameters, areas, data sets.",
)
def staging_reference() -> dg.MaterializeResult[None]:
    staged = store.stage_reference(settings.load())
    failpoint("staging.reference")
    return dg.MaterializeResult(metadata={"input_hash": staged.input_hash, "unchanged": staged.unchanged})
