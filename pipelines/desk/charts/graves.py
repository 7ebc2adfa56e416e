"""Charts of interments against the graves that are stated."""

from __future__ import annotations

import polars as pl

from pipelines.desk import tables, words
from pipelines.desk.charts.base import LAST, YEAR, line, method, one, plans, source_of
from pipelines.desk.marts import ask, reading
from pipelines.desk.style import BLUE, INK, VERMILION, Chart, Spec, Table, axis, years
from pipelines.desk.tables import Connection, named
from pipelines.desk.words import Language, Words, same


def graves(county: str, con: Connection = None) -> Chart:
    """Interments summed from 2021 on, as now and if every death came to a cemetery, against the graves that are stated."""
    with reading(con) as db:
        place = one(db, county)
        rows = ask(db, _OUTLOOK, c=county)
        source = source_of(plans(db, county), method(db, "mart_cemetery_outlook"))
    capacity = rows["capacity"].drop_nulls().max()
    used_unknown = rows["remaining_p50"].null_count() == rows.height
    title = named(place) + _finding(rows, capacity)
    unit = Words("具（穴）", "interments / graves")

    def draw(language: Language) -> Spec:
        data: list[Spec] = []
        for colour, (key, part) in zip((VERMILION, BLUE), rows.group_by("scenario", maintain_order=True), strict=False):
            name = _SCENARIOS[str(key[0])].to(language)
            data.append(
                line(
                    part["year"].to_list(),
                    [round(n) for n in part["needed"]],
                    name,
                    colour=colour,
                    dash="dash",
                    marks=False,
                )
            )
        if capacity is not None:
            name = (
                Words("已建容量（已用多少未报告）", "built (used part not reported)")
                if used_unknown
                else Words("规划或已建容量", "planned or built capacity")
            ).to(language)
            part = rows.filter(scenario=rows["scenario"][0])
            data.append(
                line(part["year"].to_list(), part["capacity"].to_list(), name, colour=INK, width=3, marks=False)
            )
            data[-1]["line"]["shape"] = "hv"
        return {"data": data, "layout": {"xaxis": years(), "yaxis": axis(unit.to(language)), "height": 340}}

    note = Words(
        "从2021年起累计。已用墓穴数未报告的，只能看够用几年，不能算剩余。",
        "Summed from 2021. Where graves already used are not reported this shows break-even, not what remains.",
    )
    return Chart(f"graves-{county}", title, unit, source, title, _table(rows), draw, note)


_OUTLOOK = """
    SELECT *, sum(interments_p50) OVER (PARTITION BY scenario ORDER BY year) AS needed
    FROM mart_cemetery_outlook WHERE county_code = $c AND year > 2020 ORDER BY scenario, year
"""
_SCENARIOS = {
    "natural": Words("累计安葬：按目前入公墓比例", "interments: share coming to cemeteries as now"),
    "policy": Words("累计安葬：全部入公墓", "interments: every death to a cemetery"),
}


def _finding(rows: pl.DataFrame, capacity: object) -> Words:
    ends = [part["needed"][-1] for _, part in rows.group_by("scenario", maintain_order=True)]
    if not ends:
        return Words("没有墓穴展望", ": no grave outlook")
    span = Words("—", "–").to
    zh, en = (span(k).join(words.estimate(v) for v in sorted(set(ends))) for k in words.LANGUAGES)
    if not isinstance(capacity, float | int):
        return Words(
            f"2021—{LAST}年预计安葬约{zh}具，墓穴容量未报告",
            f": about {en} interments expected 2021–{LAST}; grave capacity not reported",
        )
    stated = words.number(capacity, 0)
    left = rows.filter((pl.col("year") == LAST) & pl.col("remaining_p50").is_not_null())["remaining_p50"].sort()
    if left.len():
        span_left = [span(k).join(dict.fromkeys(words.estimate(v) for v in left)) for k in words.LANGUAGES]
        return Words(
            f"2021—{LAST}年预计安葬约{zh}具，所列容量{stated}穴到{LAST}年约剩{span_left[0]}穴",
            f": about {en} interments expected 2021–{LAST}; of the stated {stated} graves about {span_left[1]} are left in {LAST}",
        )
    enough = Words("够用", "enough") if capacity >= max(ends) else Words("不够用", "not enough")
    return Words(
        f"2021—{LAST}年预计安葬约{zh}具，所列容量{stated}穴，若全部空置则{enough.zh}",
        f": about {en} interments expected 2021–{LAST}; the stated {stated} graves are {enough.en} if all are still free",
    )


def _table(rows: pl.DataFrame) -> Table:
    headers = (
        YEAR, Words("死亡人数（预测）", "deaths (projection)"), *_SCENARIOS.values(), Words("墓穴容量", "capacity (graves)"),
    )  # fmt: skip
    by_year = rows.group_by("year", maintain_order=True)
    body = []
    for key, part in by_year:
        needed = {r["scenario"]: r["needed"] for r in part.iter_rows(named=True)}
        cells = [same(words.estimate(needed.get(k))) for k in _SCENARIOS]
        body.append(
            (
                same(str(key[0])),
                same(words.estimate(part["deaths_p50"][0])),
                *cells,
                tables.reported(part["capacity"][0]),
            )
        )
    return Table(headers, tuple(body))
