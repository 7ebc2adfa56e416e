"""The job with the parts of this package: staging (contracts, units, repairs, ledger, ids) and core, then three queries.
``python -m benchmarks.peers.ours RAW OUT``"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import duckdb

from pipelines.core.tables import build_core
from pipelines.settings import Settings
from pipelines.staging import store

QUERIES = {
    "statements": "SELECT county_code, domain, count(*) AS n FROM fct_observation WHERE restates IS NULL AND place <> 'actuals' GROUP BY 1, 2",
    "money": """
        WITH old AS (SELECT county_code, sum(persons) AS n FROM fct_population WHERE year = 2020 AND age_from >= 60 GROUP BY 1)
        SELECT p.county_code, p.domain, sum(total_investment_wan) AS wan, sum(total_investment_wan) * 10000.0 / max(n) AS yuan
        FROM fct_project p JOIN old USING (county_code) WHERE in_annex GROUP BY 1, 2""",
    "short": """
        WITH parts AS (SELECT project_id, sum(amount_wan) AS wan FROM fct_project_funding GROUP BY 1)
        SELECT county_code, split_part(project_id, '-', 2) AS project FROM fct_project JOIN parts USING (project_id)
        WHERE abs(wan - total_investment_wan) > 0.005""",
    "medians": """
        SELECT province_zh, indicator_id, median(value) AS median, count(*) AS count
        FROM fct_observation JOIN dim_county USING (county_code)
        WHERE measure = 'actual' AND period_end = 2020 AND restates IS NULL AND place <> 'actuals' GROUP BY 1, 2""",
}


def main(raw: Path, out: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        s = Settings(data_root=Path(scratch), raw_folder=str(raw))
        store.stage_counties(s, s.county_folders())
        store.stage_reference(s)
        build_core(store.tables(s), store.current(s, "reference").folder, Path(scratch, "core"))
        with duckdb.connect() as con:
            for path in Path(scratch, "core").glob("*.parquet"):
                con.execute(f"CREATE VIEW {path.stem} AS FROM '{path}'")
            for name, query in QUERIES.items():
                con.sql(query).write_csv(str(out / f"{name}.csv"))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
