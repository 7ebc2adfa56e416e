"""All rules in order, the more specific first, and the contradictions they find together with the readers' notes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import polars as pl

from pipelines.reconcile import projects, statements
from pipelines.reconcile.facts import Facts
from pipelines.reconcile.finding import Finding
from pipelines.reconcile.ledger import FOUND, ledger
from pipelines.reconcile.relations import related

Rule = Callable[[Facts], Iterator[Finding]]

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


def find(core: Path, staged: list[Path]) -> pl.DataFrame:
    """Core Parquet folder and staged county folders → the rows of fct_discrepancy."""
    return ledger([frame(findings(facts)) for facts in Facts.load(core, staged)], staged)


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
