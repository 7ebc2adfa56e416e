"""Tables of beds short or idle: from which year on, and how many in two years; by each method, never averaged."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipelines.desk import words
from pipelines.desk.marts import ask, counties, reading
from pipelines.desk.style import Cell, Table
from pipelines.desk.tables import COUNTY, Connection, named
from pipelines.desk.words import Words, same

NO_TARGET = Words("规划未定每千人床位目标", "the plan sets no beds per 1,000")


def reading_of(estimator: str, definition: str) -> Words:
    """A method by its name, the prevalence chain with its definition of disability."""
    method = words.code("estimator", estimator)
    if definition in ("none", ""):
        return method
    sort = words.code("disability_definition", definition)
    return Words(f"{method.zh}（{sort.zh}）", f"{method.en} ({sort.en})")


def turning(codes: list[str] | None = None, con: Connection = None) -> Table:
    """When beds run short and when they stand idle, by method: with the beds that stand, and with the planned ones where there
    are any. No shortage is claimed of a county that does not report its beds: beside others it has one row that says so, asked
    for alone it has none."""
    with reading(con) as db:
        chosen = counties(db, codes)
        rows = ask(db, _TURNS, codes=chosen["county_code"].to_list())
    known = rows.filter(pl.col("supply").is_not_null())
    planned = known.filter((pl.col("supply_p") > pl.col("supply")) | (pl.col("status_p") == "not_reported")).height > 0
    headers = (
        COUNTY, Words("床位", "beds"), Words("方法", "method"), Words("现有", "existing"), Words("何时短缺", "short from"), Words("何时闲置", "idle"),
        Words("加规划后", "with planned"), Words("何时短缺", "short from"), Words("何时闲置", "idle"),
    )  # fmt: skip
    body = []
    for county in chosen.iter_rows(named=True):
        own = known.filter(county_code=county["county_code"])
        body += [(named(county), *_turn_row(r)) for r in own.iter_rows(named=True)]
        if own.is_empty() and chosen.height > 1:
            body.append(
                (named(county), words.code("bed_type", "all"), same(words.DASH), words.NOT_REPORTED, *[None] * 5)
            )
    kept = len(headers) if planned else len(headers) - 3
    note = Words(
        "需求中位数首次超过床位数的年份，即开始短缺的年份；括号内为80%区间，即短缺概率达到10%和90%的年份。中位数到末年未超过床位数、但短缺概率在10%以上的，写“说不准”。方法之间不取平均：规划配置标准是政策口径，实际入住是使用口径。",
        "Short from the first year in which the median need exceeds the beds; brackets: the 80 % interval, the years in which a shortage becomes 10 % and 90 % probable. Uncertain: the median need stays below the beds, but a shortage is 10 % probable or more. The methods are not averaged: a planning ratio is policy, observed use is use.",
    )
    return Table(headers[:kept], tuple(row[:kept] for row in body), note)


_TURNS = """
    WITH balance AS (
      SELECT county_code, bed_type, estimator, definition, scenario, min(year) AS base, max(year) AS horizon, max_by(supply, year) AS supply, max_by(supply_status, year) AS status, count(demand_p50) AS asked, max_by(probability_short, year) AS chance,
             any_value(first_year_short) AS short, any_value(first_year_short_p10) AS p10, any_value(first_year_short_p90) AS p90,
             any_value(first_year_idle) AS idle, any_value(last_year_idle) AS idle_last
      FROM mart_bed_outlook WHERE list_contains($codes, county_code)
      GROUP BY county_code, bed_type, estimator, definition, scenario
    )
    SELECT n.*, p.supply AS supply_p, p.status AS status_p, p.chance AS chance_p, p.short AS short_p, p.p10 AS p10_p, p.p90 AS p90_p, p.idle AS idle_p, p.idle_last AS idle_last_p
    FROM balance n LEFT JOIN balance p
      ON p.county_code = n.county_code AND p.bed_type = n.bed_type AND p.estimator = n.estimator AND p.definition = n.definition
     AND p.scenario = 'policy'
    WHERE n.scenario = 'natural'
    ORDER BY n.county_code, n.bed_type, n.estimator, n.definition
"""


def _turn_row(r: dict[str, Any]) -> tuple[Cell, ...]:
    with_planned = {**r, **{k: r[f"{k}_p"] for k in ("short", "p10", "p90", "idle", "idle_last", "chance")}}
    if not r["asked"]:  # the reading rests on a target that the plan does not set
        return (
            words.code("bed_type", r["bed_type"]), reading_of(r["estimator"], r["definition"]), same(words.number(r["supply"], 0)),
            NO_TARGET, None, None, None, None,
        )  # fmt: skip
    first = (
        words.code("bed_type", r["bed_type"]), reading_of(r["estimator"], r["definition"]), same(words.number(r["supply"], 0)),
        short_from(r), idle_in(r),
    )  # fmt: skip
    if r["supply_p"] is None:  # beds are planned, but not how many; or no planned beds were ever asked for
        return (*first, words.NOT_REPORTED if r["status_p"] == "not_reported" else None, None, None)
    return (*first, same(words.number(r["supply_p"], 0)), short_from(with_planned), idle_in(with_planned))


def short_from(r: dict[str, Any]) -> Words:
    """From which year on: 2024年起（80%区间2022—2027年）. Keys: short, p10, p90, idle_last, base, horizon (years or None), chance
    (the probability of a shortage at the horizon): from 10 % on, beds of which the median need falls short are not called enough."""
    end = r["horizon"]
    if r["short"] is None:
        risk, chance = r["p10"], r.get("chance") or 0.0
        if chance >= 0.1:
            since = Words(f"，{risk}年起超过一成", f", over 10 % from {risk}") if risk and risk < end else same("")
            return Words(
                f"到{end}年说不准（缺床概率{_percent(chance)}{since.zh}）",
                f"uncertain: {_percent(chance)} by {end}{since.en}",
            )
        maybe = Words(f"（{risk}年起有一成可能短缺）", f" (10 % probable from {risk})") if risk else same("")
        return Words(f"到{end}年不缺", f"not by {end}") + maybe
    if r["short"] == r["base"]:
        return Words(f"{r['base']}年已缺", f"already in {r['base']}")
    said = Words(f"{r['short']}年起", f"from {r['short']}")
    early, late = r["p10"] or r["short"], r["p90"]
    if late is None:
        said += Words(f"（80%区间{early}年至{end}年以后）", f" (80 %: {early} to after {end})")
    elif early < late:
        said += Words(f"（80%区间{early}—{late}年）", f" (80 %: {early}–{late})")
    if (r["idle_last"] or 0) > r["short"]:
        said += Words(f"，其间至{r['idle_last']}年有余", f", with beds to spare until {r['idle_last']}")
    return said


def idle_in(r: dict[str, Any]) -> Words:
    """In which years beds stand idle by the median: 2020—2023年."""
    if r["idle"] is None:
        return Words("不闲置", "never")
    if r["idle"] == r["base"] and r["idle_last"] == r["horizon"]:
        return Words(f"到{r['horizon']}年一直有闲置", f"throughout to {r['horizon']}")
    return (
        same(str(r["idle"])) + Words("年", "")
        if r["idle"] == r["idle_last"]
        else Words(f"{r['idle']}—{r['idle_last']}年", f"{r['idle']}–{r['idle_last']}")
    )


def shortage(county: str, con: Connection = None) -> Table:
    """Short or idle, by method, at the plan's end and at the horizon; existing beds first, then with the planned ones.

    A county that does not report its beds has needs only: no gap is claimed.
    """
    with reading(con) as db:
        rows = ask(db, _SHORTAGE, county=county).to_dicts()
    headers = (
        Words("年份", "year"), Words("床位", "beds"), Words("方法", "method"), Words("需求（80%区间）", "need (80 % interval)"), Words("现有", "existing"),
        Words("缺口", "short"), Words("闲置", "idle"), Words("缺床概率", "P(short)"), Words("加规划后", "with planned"), Words("缺口", "short"),
        Words("闲置", "idle"), Words("缺床概率", "P(short)"),
    )  # fmt: skip
    chain = words.code("estimator", "prevalence")
    note = Words(
        f"{chain.zh}只算需要护理床位的人，所以“全部”与“护理型”两行的需求相同。",
        f"The {chain.en} counts those in need of nursing beds only: its need for all and for nursing-type beds is the same.",
    )
    shown = any(r["estimator"] == "prevalence" for r in rows)
    return Table(headers, tuple(_shortage_row(r) for r in rows), note if shown else None)


_SHORTAGE = """
    SELECT n.*, p.supply AS supply_p, p.shortage_p50 AS shortage_p, p.idle_p50 AS idle_p, p.probability_short AS probability_p
    FROM mart_bed_outlook n LEFT JOIN mart_bed_outlook p
      ON p.county_code = n.county_code AND p.year = n.year AND p.estimator = n.estimator AND p.bed_type = n.bed_type
     AND p.definition = n.definition AND p.scenario = 'policy'
    WHERE n.county_code = $county AND n.scenario = 'natural' AND list_contains([2025, 2035], n.year)
      AND (n.bed_type IN ('all', 'nursing') OR n.supply IS NOT NULL)
    ORDER BY n.bed_type, n.year, n.estimator, n.definition
"""


def _shortage_row(r: dict[str, Any]) -> tuple[Cell, ...]:
    if r["demand_p50"] is None:
        known = [words.NOT_REPORTED if r[s] is None else same(words.number(r[s], 0)) for s in ("supply", "supply_p")]
        names = (
            same(str(r["year"])),
            words.code("bed_type", r["bed_type"]),
            reading_of(r["estimator"], r["definition"]),
        )
        return (*names, NO_TARGET, known[0], None, None, None, known[1], None, None, None)
    need = words.whole(r["demand_p50"])
    if r["demand_p10"] is not None:
        need += f" ({words.whole(r['demand_p10'])}–{words.whole(r['demand_p90'])})"
    stated = [
        _gap(r, "supply", "shortage_p50", "idle_p50", "probability_short"),
        _gap(r, "supply_p", "shortage_p", "idle_p", "probability_p"),
    ]
    return (
        same(str(r["year"])),
        words.code("bed_type", r["bed_type"]),
        reading_of(r["estimator"], r["definition"]),
        same(need),
        *stated[0],
        *stated[1],
    )


def _gap(r: dict[str, Any], supply: str, short: str, idle: str, probability: str) -> tuple[Cell, ...]:
    if r[supply] is None:
        return (words.NOT_REPORTED, None, None, None)
    chance = None if r[probability] is None else same(_percent(r[probability]))
    return (same(words.number(r[supply], 0)), same(words.whole(r[short])), same(words.whole(r[idle])), chance)


def _percent(share: float) -> str:
    """A probability without false certainty: never 0 % or 100 %."""
    if share < 0.01:
        return "<1%"
    return ">99%" if share > 0.99 else f"{words.number(share * 100, 0)}%"
