"""The few large numbers on top of a page: people, targets, money, doubts, of one county or of all. Sums of counts only;
money of plans, applications and reserve lists is never added up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipelines.desk import tables, words
from pipelines.desk.ahead import Ahead, ahead
from pipelines.desk.marts import ask, counties, reading
from pipelines.desk.tables import Connection
from pipelines.desk.words import Words, same


@dataclass(frozen=True)
class Figure:
    """A number with what it counts, and what must be known beside it."""

    label: Words
    value: Words
    beside: Words


def key_figures(codes: list[str] | None = None, con: Connection = None) -> list[Figure]:
    """Four figures: the elderly, the targets, the money, the contradictions."""
    with reading(con) as db:
        chosen = counties(db, codes)["county_code"].to_list()
        found = ask(db, _FIGURES, codes=chosen).to_dicts()[0]
        money = ask(db, _MONEY, codes=chosen).to_dicts()
        people = ahead(db, chosen)
        left_out = ask(db, _LEFT_OUT, codes=chosen).height > 0
    return [_people(people, len(chosen) > 1, left_out), _targets(found), _money(money), _doubts(found)]


_FIGURES = (
    tables.OWN_TARGETS
    + """
    SELECT
      (SELECT count(*) FROM targets WHERE list_contains($codes, county_code)) AS targets,
      (SELECT count(*) FROM targets WHERE list_contains($codes, county_code) AND NOT based) AS unbased,
      (SELECT count(*) FROM targets WHERE list_contains($codes, county_code) AND reported) AS reported,
      (SELECT count(*) FROM fct_discrepancy WHERE list_contains($codes, county_code)) AS doubts,
      (SELECT count(*) FROM fct_discrepancy WHERE list_contains($codes, county_code) AND severity = 'high') AS high,
      (SELECT count(*) FROM fct_discrepancy WHERE list_contains($codes, county_code) AND review_status = 'open') AS open
"""
)
_LEFT_OUT = "FROM fct_population WHERE list_contains($codes, county_code) AND status = 'suppressed' LIMIT 1"
_MONEY = """
    SELECT commitment, sum(amount_wan) AS amount FROM mart_investment WHERE list_contains($codes, county_code)
    GROUP BY commitment ORDER BY list_position(['planned', 'applied_for', 'reserve'], commitment)
"""


def _people(found: Ahead | None, several: bool, left_out: bool) -> Figure:
    """The census, and the projection with its interval; of several counties the ends are sums, which is on the wide side."""
    label = Words("60岁及以上人口（2020年普查）", "people aged 60+ (census of 2020)")
    if found is None:
        return Figure(label, words.code("absence", "suppressed") if left_out else words.NOT_REPORTED, same(""))
    beside = Words("预测", "projected: ") + found.said
    if found.last.low is not None:
        beside += (
            Words("；各县80%区间相加", "; sums of the counties’ 80 % intervals")
            if several
            else Words("；80%区间", "; 80 % intervals")
        )
    return Figure(label, Words(f"{words.number(found.now, 0)}人", words.number(found.now, 0)), beside)


def _targets(r: dict[str, Any]) -> Figure:
    beside = Words(f"{r['unbased']}项没有基数", f"{r['unbased']} without a baseline") + (
        Words(f"，{r['reported']}项已有实绩", f", {r['reported']} with a yearly figure") if r["reported"] else Words("，均无年度实绩", ", none with a yearly figure")
    )  # fmt: skip
    return Figure(Words("县级目标", "county targets"), Words(f"{r['targets']}项", str(r["targets"])), beside)


def _money(rows: list[dict[str, Any]]) -> Figure:
    amounts = {r["commitment"]: r["amount"] for r in rows}
    if not amounts:
        return Figure(Words("项目资金", "project money"), words.NOT_REPORTED, same(""))
    first, *rest = amounts
    label = {"planned": Words("规划项目资金", "planned project money"), "reserve": Words("储备项目资金（不是承诺）", "money of a reserve list (no promise)"),
             "applied_for": Words("拟申请项目资金（不是承诺）", "money applied for (no promise)")}[first]  # fmt: skip
    other = [Words(f"{words.code('commitment', k).zh}{words.money(amounts[k]).zh}", f"{words.code('commitment', k).en} {words.money(amounts[k]).en}") for k in rest]  # fmt: skip
    beside = words.joined(other, "，", "; ") + Words("，另列", ", apart") if other else same("")
    return Figure(label, words.money(amounts[first]), beside)


def _doubts(r: dict[str, Any]) -> Figure:
    beside = Words(
        f"其中{r['high']}处严重，{r['open']}处待核实", f"{r['high']} of them grave, {r['open']} not reviewed"
    )
    return Figure(
        Words("规划文本前后不一致", "contradictions inside the text"),
        Words(f"{r['doubts']}处", str(r["doubts"])),
        beside,
    )
