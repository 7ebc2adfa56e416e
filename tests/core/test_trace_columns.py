"""Every reference of the numeral ledger names a real row and a real column of the fact it feeds."""

from pathlib import Path

import polars as pl

from pipelines import registry

KEYS = {
    "fct_observation": "observation_id",
    "fct_project": "project_id",
    "fct_project_funding": "funding_id",
    "fct_project_output": "output_id",
}


def test_ledger_leads_to_existing_facts_and_columns(core: Path) -> None:
    links = pl.read_parquet(core / "fct_figure_fact.parquet")
    assert set(links["fact_table"].unique()) == set(KEYS)
    for (name,), mine in links.group_by("fact_table"):
        table = registry.table(str(name))
        known = set(pl.read_parquet(core / f"{name}.parquet")[KEYS[str(name)]])
        assert set(mine["fact_id"]) <= known
        assert set(mine["column_name"]) <= {c.name for c in table.columns}


def test_every_fact_numeral_leads_somewhere(core: Path) -> None:
    figures = pl.read_parquet(core / "fct_source_figure.parquet").filter(pl.col("status") != "not_a_measurement")
    links = pl.read_parquet(core / "fct_figure_fact.parquet")
    lost = figures.join(links, on=["county_code", "source_line", "occurrence"], how="anti")
    assert lost.height == 0


def test_restated_rows_point_to_the_same_quantity(core: Path) -> None:
    observations = pl.read_parquet(core / "fct_observation.parquet")
    again = observations.filter(pl.col("restates").is_not_null())
    pairs = again.join(observations, left_on="restates", right_on="observation_id", suffix="_first")
    assert pairs.height == again.height
    assert pairs.filter(pl.col("indicator_id") != pl.col("indicator_id_first")).height == 0
    assert pairs.filter(pl.col("value").ne_missing(pl.col("value_first"))).height == 0
    assert pairs.filter(pl.col("restates_first").is_not_null()).height == 0
