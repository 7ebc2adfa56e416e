"""Charts of interments against the graves that are stated."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipelines.desk import tables, words
from pipelines.desk.charts.base import LAST, YEAR, line, method, one, plans, source_of
from pipelines.desk.marts import ask, reading
from pipelines.desk.style import INK, VERMILION, Chart, Spec, Table, axis, years
from pipelines.desk.tables import Connection, named
from pipelines.desk.words import Language, Words, same


def graves(county: str, con: Connection = None) -> Chart:
    """Interments summed from 2021 on against the graves that are stated; without a stated capacity only the need."""
    with reading(con) as db:
        place = one(db, county)
        rows = ask(
            db,
            "SELECT * FROM mart_cemetery_outlook WHERE county_code = $c AND scenario = 'natural' AND year > 2020 ORDER BY year",
            c=county,
        )
        source = source_of(plans(db, county), method(db, "mart_cemetery_outlook"))
    need = rows["interments_p50"].cum_sum().to_list() or [0.0]
    capacity = rows["capacity"].drop_nulls().max()
    title = named(place) + _grave_finding(need, capacity, rows)
    headers = (
        YEAR,
        Words("死亡人数（预测）", "deaths (projection)"),
        Words("安葬数（预测）", "interments (projection)"),
        Words("2021年起累计安葬", "interments since 2021"),
        Words("墓穴容量", "capacity (graves)"),
    )
    body = tuple(
        (same(str(r["year"])), same(words.estimate(r["deaths_p50"])), same(words.estimate(r["interments_p50"])), same(words.estimate(n)), tables.reported(r["capacity"]))
        for r, n in zip(rows.iter_rows(named=True), need, strict=False)
    )  # fmt: skip
    unit = Words("具（穴）", "interments / graves")

    def draw(language: Language) -> Spec:
        spanned = rows["year"].to_list()
        name = Words("2021年起累计安葬（预测）", "interments since 2021 (projection)").to(language)
        data = [line(spanned, [round(n) for n in need], name, colour=VERMILION, dash="dash", marks=False)]
        if capacity is not None:
            name = Words("规划或已建容量", "planned or built capacity").to(language)
            data.append(
                line(spanned, rows["capacity"].to_list(), name, colour=INK, width=3, marks=False)
                | {"line": {"color": INK, "width": 3, "shape": "hv"}}
            )
        return {"data": data, "layout": {"xaxis": years(), "yaxis": axis(unit.to(language)), "height": 320}}

    note = Words(
        "已用墓穴数未报告，只能看够用几年，不能算剩余。",
        "Graves already used are not reported: this shows break-even, not what remains.",
    )
    return Chart(f"graves-{county}", title, unit, source, title, Table(headers, body), draw, note)


def _grave_finding(need: list[float], capacity: Any, rows: pl.DataFrame) -> Words:
    total = words.estimate(need[-1])
    if capacity is None:
        return Words(
            f"2021—{LAST}年预计安葬约{total}具，墓穴容量未报告",
            f": about {total} interments expected 2021–{LAST}; grave capacity not reported",
        )
    yearly = rows["interments_p50"].mean()
    lasting = words.number(float(capacity) / float(yearly), 0) if isinstance(yearly, float) and yearly else words.DASH
    return Words(
        f"2021—{LAST}年预计安葬约{total}具，所列容量{words.number(float(capacity), 0)}穴约够{lasting}年",
        f": about {total} interments expected 2021–{LAST}; the stated {words.number(float(capacity), 0)} graves last about {lasting} years",
    )
