"""Tables of places for the dead as the plans state them: whose cemetery, which form, built or planned, counted in the
outlook or not and why. Graves (穴) and urns (具) stand in columns of their own and are never added up."""

from __future__ import annotations

from typing import Any

from pipelines.desk import words
from pipelines.desk.marts import ask, counties, reading
from pipelines.desk.style import Cell, Table
from pipelines.desk.tables import COUNTY, LINE, Connection, named
from pipelines.desk.words import Words, same

NOT_AN_URN = Words("一穴不等于一具（双穴葬两具）。", "A grave is not an urn: a double grave holds two.")


def capacity(codes: list[str] | None = None, con: Connection = None) -> Table:
    """Every stated class of places with its document line, counted in the outlook or not, of some counties or all."""
    with reading(con) as db:
        chosen = counties(db, codes)["county_code"].to_list()
        rows = [r for r in ask(db, _CAPACITY).to_dicts() if r["county_code"] in chosen]
    headers = (
        COUNTY, Words("公墓性质", "cemetery"), Words("安葬形式", "form"), Words("已建或规划", "built or planned"), Words("穴（格）位", "graves or niches"),
        Words("可葬骨灰（具）", "urns they hold"), Words("公墓（个）", "cemeteries"), Words("可用起始年", "from"), Words("已用", "used"), Words("是否计入容量", "counted in the capacity"), LINE,
    )  # fmt: skip
    return Table(headers, tuple(_row(r) for r in rows), NOT_AN_URN)


_CAPACITY = """
    SELECT k.*, c.name_zh, c.name_en FROM mart_cemetery_capacity k JOIN dim_county c USING (county_code)
    ORDER BY left(county_code, 4), county_code, source_line, capacity_id
"""


def _row(r: dict[str, Any]) -> tuple[Cell, ...]:
    stage = words.code("capacity_stage", r["status"])
    if r["commitment"] not in (None, "planned"):
        kind = words.code("commitment", r["commitment"])
        stage = Words(f"{stage.zh}（{kind.zh}）", f"{stage.en} ({kind.en})")
    form = words.code("burial_form", r["form"])
    if r["eco_share_pct"] is not None:
        share = words.number(r["eco_share_pct"])
        form = Words(f"{form.zh}（生态葬≥{share}%）", f"{form.en} (eco burial ≥{share}%)")
    places = words.code("absence", r["places_status"]) if r["places"] is None else r["places"]
    urns = None if r["urns"] is None else words.bound(r["urns_qualifier"], r["urns"], "text")
    used = words.code("absence", r["used_status"]) if r["used_status"] else None
    if used is None and r["places"] is not None:
        used = Words("新增，按未用计", "new, taken as unused")
    return (
        named(r), words.code("cemetery_ownership", r["ownership"]), form, stage, places, urns, r["cemeteries"],
        same(str(r["available_from"])), used, _counted(r), words.line(r["source_line"]),
    )  # fmt: skip


def _counted(r: dict[str, Any]) -> Words:
    """计入, or 不计入 with the reason: no places are printed, or they may stand within the graves stated beside them."""
    if r["in_capacity"]:
        return Words("计入", "counted")
    if r["places"] is None:
        return Words("不计入：穴位数未报告", "not counted: places not reported")
    return Words(
        "不计入：是否已含在所列墓穴数内，原文未写",
        "not counted: the plan does not say whether the stated graves include them",
    )
