"""Charts of the marts in the house style. Each function returns a Chart whose title states what is found in the data, in
both languages; projections are dashed, observations solid, unresolved and reserve money hatched."""

from __future__ import annotations

from pipelines.desk.charts.beds import bed_supply, bed_table, beds, sensitivity
from pipelines.desk.charts.graves import graves
from pipelines.desk.charts.money import money_by_domain, money_by_funder, money_by_year, money_per_head, printed_total
from pipelines.desk.charts.people import elderly, elderly_growth
from pipelines.desk.charts.plans import compare, contradictions, shared, target_baselines

__all__ = [
    "bed_supply", "bed_table", "beds", "compare", "contradictions", "elderly", "elderly_growth", "graves", "money_by_domain", "money_by_funder",
    "money_by_year", "money_per_head", "printed_total", "sensitivity", "shared", "target_baselines",
]  # fmt: skip
