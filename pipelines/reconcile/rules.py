"""All rules in order, the more specific first, and the contradictions they find together with the readers' notes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import polars as pl

from pipelines.core.engine import Tables
from pipelines.core.slices import Run, cut, joined
from pipelines.reconcile import projects, statements
from pipelines.reconcile.facts import Facts
from pipelines.reconcile.finding import Finding
from pipelines.reconcile.ledger import FOUND, ledger
from pipelines.reconcile.relations import related

Rule = Callable[[Facts], Iterator[Finding]]

TABLE = "fct_discrepancy"
READ = ("dim_county", "dim_indicator", "dim_source", "fct_observation", "fct_project", "fct_project_output",
        "fct_project_funding", "fct_population", "fct_figure_fact", "fct_source_figure")  # fmt: skip

RULES: tuple[Rule, ...] = (
    statements.unit_conflict,
    statements.mixed_unit,
    projects.funding_to_total,
    projects.mention_investment,
    projects.mention_outputs,
    projects.box_to_annex,
    projects.output_parts,
    projects.breakdown_parts,
    projects.project_unit_cost,
    related,
    statements.target_to_baseline,
    statements.level_comparison,
    statements.target_dates,
    projects.mention_years,
    projects.start_and_finish,
    projects.years_before_issue,
    projects.span_beyond_plan,
    projects.implausible_ratio,
    statements.steep_standard,
    statements.same_quantity,
    statements.qualifier_lost,
)


def find(core: Path, staged: list[Path], run: Run = map) -> pl.DataFrame:
    """Core Parquet folder and the folders of staged tables (`staging.store.tables`) → the rows of fct_discrepancy, in slices of
    counties: no rule compares them."""
    tables = read(core, staged)
    codes = tables["dim_county"].filter(pl.col("has_plan"))["county_code"].to_list()
    return joined(run(contradictions, cut(tables, codes)))[TABLE]


def read(core: Path, staged: list[Path]) -> dict[str, pl.DataFrame]:
    """What rules and ledger look at, by name; amounts and years of single mentions come from staging, where they are typed."""
    typed = {name: pl.concat([pl.read_parquet(folder / f"{file}.parquet") for folder in staged])
             for name, file in {"mentions": "projects", "notes": "notes", "reviews": "reviews"}.items()}  # fmt: skip
    return {**{name: pl.read_parquet(core / f"{name}.parquet") for name in READ}, **typed}


def contradictions(tables: Tables) -> dict[str, pl.DataFrame]:
    """The rows of fct_discrepancy for the counties of a slice (or of all), from the tables of `read`."""
    facts = Facts.of(**{name: frame for name, frame in tables.items() if name not in ("notes", "reviews")})
    return {TABLE: ledger(frame(findings(facts)), tables["notes"], tables["reviews"])}


def findings(facts: Facts, rules: Iterable[Rule] = RULES) -> list[Finding]:
    """What the rules find. Rows that one rule has reported are not reported again by a later, less specific one."""
    found: dict[tuple[str, frozenset[str]], Finding] = {}
    for rule in rules:
        for finding in rule(facts):
            found.setdefault((finding.subject.county_code, finding.facts), finding)
    return list(found.values())


def frame(found: list[Finding]) -> pl.DataFrame:
    """Findings as a frame in the shape of the ledger."""
    return pl.DataFrame([f.row() for f in found], schema=FOUND)
