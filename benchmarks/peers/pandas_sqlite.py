"""The job as an analyst writes it with pandas and SQLite: one loop over folders, frames into a database, SQL, medians back in
pandas. ``python benchmarks/peers/pandas_sqlite.py RAW REGISTRY OUT``"""

from __future__ import annotations

import sqlite3
import sys
import tomllib
from pathlib import Path

import pandas as pd

TABLES = (
    "statistics",
    "indicator_map",
    "population",
    "projects",
    "project_funding",
    "project_outputs",
    "corrections",
    "figures",
)


def read(raw: Path) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    counties = []
    for folder in sorted(p for p in raw.iterdir() if p.name != "reference"):
        facts = tomllib.loads((folder / "county.toml").read_text(encoding="utf-8"))
        counties.append((facts["code"], facts["province_zh"]))
        for name in TABLES:
            parts[name].append(pd.read_csv(folder / f"{name}.csv", dtype=str).assign(county_code=facts["code"]))
    return {n: pd.concat(f, ignore_index=True) for n, f in parts.items()}, pd.DataFrame(
        counties, columns=["county_code", "province_zh"]
    )


def check(tables: dict[str, pd.DataFrame]) -> None:
    s = tables["statistics"].merge(tables["indicator_map"], on=["county_code", "indicator_printed"], how="left")
    if s["indicator_id"].isna().any():
        raise SystemExit("a statement without indicator")
    keys = pd.concat(
        [tables[n][["county_code", "key"]] for n in ("statistics", "projects", "project_funding", "project_outputs")]
    )
    known = set(zip(keys["county_code"], keys["key"], strict=True))
    led = tables["figures"].dropna(subset=["facts"])
    for code, facts in zip(led["county_code"], led["facts"], strict=True):
        for fact in facts.split():
            if (code, fact.partition(".")[0]) not in known:
                raise SystemExit(f"{code}: {fact} leads nowhere")
    projects = set(zip(tables["projects"]["county_code"], tables["projects"]["project"], strict=True))
    funding = tables["project_funding"]
    if not set(zip(funding["county_code"], funding["project"], strict=True)) <= projects:
        raise SystemExit("a funding part without project")


def main(raw: Path, registry: Path, out: Path) -> None:
    tables, counties = read(raw)
    check(tables)
    repairs = tables["corrections"].query("table == 'projects' and column == 'investment_printed'")
    projects = tables["projects"].merge(
        repairs[["county_code", "row_key", "corrected"]],
        left_on=["county_code", "key"],
        right_on=["county_code", "row_key"],
        how="left",
    )
    projects["wan"] = projects["corrected"].fillna(projects["investment_printed"]).astype(float)
    statistics = tables["statistics"].merge(tables["indicator_map"], on=["county_code", "indicator_printed"])
    statistics["value"] = pd.to_numeric(statistics["value_printed"])
    statistics = statistics.merge(pd.read_csv(registry)[["indicator_id", "domain"]], on="indicator_id")
    population = tables["population"].astype({"age_from": int, "persons": int, "year": int})
    with sqlite3.connect(":memory:") as con:
        statistics.to_sql("statistics", con)
        projects.to_sql("projects", con)
        population.to_sql("population", con)
        tables["project_funding"].assign(wan=lambda f: f["value_printed"].astype(float)).to_sql("funding", con)
        statements = pd.read_sql(
            "SELECT county_code, domain, count(*) AS n FROM statistics WHERE restates IS NULL GROUP BY 1, 2", con
        )
        money = pd.read_sql(
            """
            WITH old AS (SELECT county_code, sum(persons) AS n FROM population WHERE year = 2020 AND age_from >= 60 GROUP BY 1)
            SELECT p.county_code, p.domain, sum(p.wan) AS wan, sum(p.wan) * 10000.0 / max(o.n) AS yuan
            FROM projects p JOIN old o ON o.county_code = p.county_code WHERE p.in_annex = '1' GROUP BY 1, 2""",
            con,
        )
        short = pd.read_sql(
            """
            WITH parts AS (SELECT county_code, project, sum(wan) AS wan FROM funding GROUP BY 1, 2)
            SELECT p.county_code, p.project FROM projects p JOIN parts f ON f.county_code = p.county_code AND f.project = p.project
            WHERE p.in_annex = '1' AND abs(f.wan - p.wan) > 0.005""",
            con,
        )
    actual = statistics[
        (statistics["measure"] == "actual") & (statistics["period_end"] == "2020") & statistics["restates"].isna()
    ]
    medians = (
        actual.merge(counties, on="county_code")
        .groupby(["province_zh", "indicator_id"])["value"]
        .agg(["median", "count"])
        .reset_index()
    )
    for name, frame in {"statements": statements, "money": money, "short": short, "medians": medians}.items():
        frame.to_csv(out / f"{name}.csv", index=False)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
