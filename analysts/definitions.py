"""The analysts' own code location: tables that they compute after every release. It reads releases through `open_marts` and
writes `<data root>/analysis/<table>/<release>.csv`, never anything else, so that nothing here can hurt a refresh. A new table is
one query in QUERIES."""

from __future__ import annotations

import dagster as dg

from pipelines import open_marts, settings
from pipelines.cells import neutral_frame

QUERIES = {
    "beds_short_2030": (
        "2030 年床位缺口最可能的县 / Counties most likely short of beds in 2030",
        """SELECT c.name_zh, c.name_en, b.scenario, b.estimator, b.definition, b.demand_p50, b.supply, b.shortage_p50, b.probability_short
           FROM mart_bed_outlook b JOIN dim_county c USING (county_code)
           WHERE b.year = 2030 AND b.bed_type = 'all' AND b.scenario = 'natural' ORDER BY ALL""",
    ),
}


def _asset(name: str, description: str, sql: str) -> dg.AssetsDefinition:
    @dg.asset(
        name=name,
        key_prefix="analysis",
        deps=[dg.AssetKey("release")],
        group_name="analysis",
        owners=["team:analysts"],
        kinds={"duckdb", "csv"},
        description=description,
    )
    def made() -> dg.MaterializeResult[None]:
        with open_marts() as con:
            release = str(con.execute("SELECT release_id FROM meta_release").pl().item())
            frame = con.execute(sql).pl()
        file = settings.load().data_root / "analysis" / name / f"{release}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        neutral_frame(frame).write_csv(file, include_bom=True)
        return dg.MaterializeResult(
            metadata={"release": release, "dagster/row_count": frame.height, "file": dg.MetadataValue.path(str(file))}
        )

    return made


analysis = dg.define_asset_job("analysis", selection=dg.AssetSelection.groups("analysis"))


@dg.asset_sensor(
    asset_key=dg.AssetKey("release"),
    job=analysis,
    description="每次发布之后重新计算 / Compute again after every release.",
)
def after_release(context: dg.SensorEvaluationContext, event: dg.EventLogEntry) -> dg.RunRequest:
    return dg.RunRequest(run_key=event.run_id)


defs = dg.Definitions(
    assets=[_asset(name, words, sql) for name, (words, sql) in QUERIES.items()],
    jobs=[analysis],
    sensors=[after_release],
    executor=dg.in_process_executor,
)
