"""Charts of project money: on what, from whom, when, per head; reserve lists named, unresolved money hatched."""

from __future__ import annotations

from typing import Any

import duckdb
import polars as pl

from pipelines.desk import tables, words
from pipelines.desk.charts.base import WAN, YEAR, across, bars, one, plans, source_of
from pipelines.desk.marts import ask, counties, reading
from pipelines.desk.style import (
    BLUE,
    GREEN,
    HATCHES,
    ORANGE,
    PALE,
    PINK,
    SERIES,
    SKY,
    VERMILION,
    Chart,
    Spec,
    Table,
    axis,
)
from pipelines.desk.tables import Connection, named
from pipelines.desk.words import Language, Words, same

_FUNDER = {
    "central": (BLUE, ""), "central_provincial": (SKY, ""), "prefecture": (GREEN, "/"), "county": (ORANGE, ""), "other": (PINK, "\\"),
    "local_unsplit": (ORANGE, "-"), "unresolved": (VERMILION, "x"), "not_reported": (PALE, "."),
}  # fmt: skip


def money_by_domain(codes: list[str] | None = None, con: Connection = None, shown: int = 6) -> Chart:
    """Project money of each county by field of work; the smaller fields together."""
    with reading(con) as db:
        every = counties(db, codes).to_dicts()
        rows = ask(db, "SELECT county_code, domain, sum(amount_wan) AS amount FROM mart_investment GROUP BY ALL")
        source, reserve = source_of(plans(db)), _reserve(db)
    rows = rows.filter(pl.col("county_code").is_in([c["county_code"] for c in every]))
    largest = (
        rows.group_by("domain")
        .agg(pl.col("amount").sum())
        .sort("amount", "domain", descending=[True, False])["domain"]
        .to_list()
    )
    folded = rows.with_columns(
        domain=pl.when(pl.col("domain").is_in(largest[:shown])).then("domain").otherwise(pl.lit(""))
    )
    sums = {(c, d): a for c, d, a in folded.group_by("county_code", "domain").agg(pl.col("amount").sum()).iter_rows()}
    parts = [*largest[:shown], *([""] if len(largest) > shown else [])]
    care = float(rows.filter(domain="elderly_care")["amount"].sum() or 0) / float(rows["amount"].sum() or 1)
    title = Words(
        f"项目资金{words.number(care * 100, 0)}%投向养老服务",
        f"{words.number(care * 100, 0)}% of the project money goes to elderly care",
    )

    def draw(language: Language) -> Spec:
        y = [_marked(c, reserve, language) for c in every]
        data = [
            bars(y, [sums.get((c["county_code"], d)) for c in every], (words.code("domain", d) if d else Words("其余领域", "other fields")).to(language), [*SERIES, PALE][i % 9] if d else PALE, HATCHES[i % 8], unit=WAN.to(language))
            for i, d in enumerate(parts)
        ]  # fmt: skip
        return {"data": data, "layout": _marked_layout(language, every, reserve)}

    note = Words(
        "储备项目不是承诺；各县人口和项目口径不同，并列而不排名。",
        "Reserve lists are not promises; side by side, not ranked.",
    )
    return Chart("money-by-domain", title, WAN, source, title, tables.investment("domain", con), draw, note)


def _reserve(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Counties whose whole project list is a reserve list."""
    rows = ask(
        con, "SELECT county_code FROM mart_investment GROUP BY county_code HAVING bool_and(commitment = 'reserve')"
    )
    return set(rows["county_code"])


def _marked(county: dict[str, Any], reserve: set[str], language: Language) -> str:
    suffix = Words("（储备）", " (reserve)") if county["county_code"] in reserve else same("")
    return (named(county) + suffix).to(language)


def _marked_layout(language: Language, every: list[dict[str, Any]], reserve: set[str]) -> Spec:
    layout = across(language, WAN, every)
    layout["yaxis"]["categoryarray"] = [_marked(c, reserve, language) for c in reversed(every)]
    return layout


def money_by_funder(codes: list[str] | None = None, con: Connection = None) -> Chart:
    """Who is to pay; what cannot be settled is hatched, what is not stated is pale."""
    with reading(con) as db:
        every = counties(db, codes).to_dicts()
        rows = ask(db, "SELECT county_code, funder, sum(amount_wan) AS amount FROM mart_investment GROUP BY ALL")
        source, reserve = source_of(plans(db)), _reserve(db)
    rows = rows.filter(pl.col("county_code").is_in([c["county_code"] for c in every]))
    sums = {(c, f): a for c, f, a in rows.iter_rows()}
    total = float(rows["amount"].sum() or 1)
    open_share = float(rows.filter(pl.col("funder").is_in(["unresolved"]))["amount"].sum() or 0) / total
    silent = float(rows.filter(funder="not_reported")["amount"].sum() or 0) / total
    title = Words(
        f"项目资金中{words.number(silent * 100, 0)}%未列明出资方",
        f"{words.number(silent * 100, 0)}% of the project money names no funder",
    )
    if open_share:
        title += Words(
            f"，{words.number(open_share * 100, 0)}%出资方待核实",
            f", {words.number(open_share * 100, 0)}% has an unresolved one",
        )

    def draw(language: Language) -> Spec:
        y = [_marked(c, reserve, language) for c in every]
        present = [f for f in _FUNDER if any((c["county_code"], f) in sums for c in every)]
        data = [
            bars(
                y,
                [sums.get((c["county_code"], f)) for c in every],
                words.code("funder", f).to(language),
                *_FUNDER[f],
                unit=WAN.to(language),
            )
            for f in present
        ]
        return {"data": data, "layout": _marked_layout(language, every, reserve)}

    return Chart("money-by-funder", title, WAN, source, title, tables.investment("funder", con), draw)


def printed_total(codes: list[str] | None = None, con: Connection = None) -> Chart:
    """Project money with and without what a printed total leaves out; not every table prints a total."""
    with reading(con) as db:
        every = counties(db, codes).to_dicts()
        rows = ask(
            db,
            """SELECT county_code, CASE WHEN in_printed_total THEN 'inside' WHEN in_printed_total = false THEN 'outside' ELSE 'none' END AS state,
                      sum(amount_wan) AS amount FROM mart_investment GROUP BY ALL""",
        )  # fmt: skip
        source, reserve = source_of(plans(db)), _reserve(db)
    rows = rows.filter(pl.col("county_code").is_in([c["county_code"] for c in every]))
    sums = {(c, s): a for c, s, a in rows.iter_rows()}
    outside = float(rows.filter(state="outside")["amount"].sum() or 0)
    title = (
        Words(f"表列合计漏列{words.money(outside).zh}", f"printed totals leave out {words.money(outside).en}")
        if outside else Words("没有发现表列合计漏列项目", "no printed total leaves a project out")
    )  # fmt: skip
    states = {"inside": (Words("项目表所列", "in the project table"), BLUE, ""), "outside": (Words("项目表所列，印出的合计漏列", "in the table, missing from its printed total"), VERMILION, "x"),
              "none": (Words("只见于正文、专栏", "in text and boxes only"), PALE, "")}  # fmt: skip
    headers = (tables.COUNTY, *(s[0] for s in states.values()), Words("全部", "all"))
    body = tuple(
        (
            named(c),
            *(_money_cell(sums.get((c["county_code"], s))) for s in states),
            _money_cell(sum(sums.get((c["county_code"], s), 0.0) for s in states)),
        )
        for c in every
    )

    def draw(language: Language) -> Spec:
        y = [_marked(c, reserve, language) for c in every]
        data = [
            bars(
                y,
                [sums.get((c["county_code"], s)) for c in every],
                name.to(language),
                colour,
                hatch,
                unit=WAN.to(language),
            )
            for s, (name, colour, hatch) in states.items()
        ]
        return {"data": data, "layout": _marked_layout(language, every, reserve)}

    return Chart("printed-total", title, WAN, source, title, Table(headers, body, WAN), draw)


def _money_cell(value: float | None) -> float | None:
    return round(value, 1) if value else None


def money_by_year(county: str, con: Connection = None) -> Chart:
    """Money by year: dated by the document solid, our even spread hatched and called so."""
    with reading(con) as db:
        place = one(db, county)
        rows = ask(
            db,
            "SELECT year, allocation, sum(amount_wan) AS amount FROM mart_investment WHERE county_code = $c GROUP BY ALL ORDER BY ALL",
            c=county,
        )
        source = source_of(plans(db, county))
    styles = {"printed": (BLUE, ""), "even_spread": (SKY, "/"), "undated": (PALE, ".")}
    total = float(rows["amount"].sum() or 0)
    printed = float(rows.filter(allocation="printed")["amount"].sum() or 0)
    title = named(place) + (
        Words(f"{words.number(printed / total * 100, 0)}%的资金由文件写明年度", f": the document dates {words.number(printed / total * 100, 0)}% of the money") if printed
        else Words("文件未写分年资金，图为按年限均摊（匡算）", ": the document dates no money; this is our even spread")
    )  # fmt: skip
    dated = sorted(set(rows["year"]))
    sums = {(y, a): v for y, a, v in rows.iter_rows()}
    headers = (YEAR, *(words.code("allocation", a) for a in styles))
    body = tuple((same(str(y)), *(_money_cell(sums.get((y, a))) for a in styles)) for y in dated)

    def draw(language: Language) -> Spec:
        data = []
        for name, (colour, hatch) in styles.items():
            if any((y, name) in sums for y in dated):
                bar = bars([], [], words.code("allocation", name).to(language), colour, hatch)
                data.append(
                    {
                        **bar,
                        "orientation": "v",
                        "x": [str(y) for y in dated],
                        "y": [sums.get((y, name)) for y in dated],
                        "hovertemplate": "%{x}：%{y:,.0f}<extra>%{fullData.name}</extra>",
                    }
                )
        return {
            "data": data,
            "layout": {
                "barmode": "stack",
                "xaxis": axis("", type="category"),
                "yaxis": axis(WAN.to(language)),
                "height": 300,
            },
        }

    return Chart(f"money-by-year-{county}", title, WAN, source, title, Table(headers, body, WAN), draw)


def money_per_head(codes: list[str] | None = None, con: Connection = None) -> Chart:
    """Project money over the whole plan per resident and per resident aged 60+ (2020 census)."""
    with reading(con) as db:
        every = counties(db, codes).to_dicts()
        rows = ask(
            db,
            """SELECT county_code, sum(amount_wan) AS amount, sum(per_resident_yuan) AS per_resident,
                      sum(CASE WHEN domain = 'elderly_care' THEN per_60plus_yuan END) AS per_elderly FROM mart_investment GROUP BY ALL""",
        )  # fmt: skip
        source, reserve = (
            source_of(plans(db), Words("人口：2020年普查常住人口", "people: residents of the 2020 census")),
            _reserve(db),
        )
    value = {r["county_code"]: r for r in rows.iter_rows(named=True)}
    spread = [r["per_resident"] for r in value.values() if r["per_resident"]] or [0.0]
    title = Words(
        f"规划期项目资金人均{words.estimate(min(spread))}—{words.estimate(max(spread))}元，受个别大项目和储备项目左右",
        f"project money over the plan is {words.estimate(min(spread))}–{words.estimate(max(spread))} CNY per resident, driven by single large projects and reserve lists",
    )
    parts = (("per_resident", Words("全部项目，每位常住居民", "all projects, per resident"), BLUE, ""),
             ("per_elderly", Words("养老项目，每位60岁及以上居民", "elderly-care projects, per resident aged 60+"), ORANGE, "/"))  # fmt: skip
    yuan = Words("元", "CNY")
    headers = (tables.COUNTY, Words("项目资金（万元）", "project money (10,000 CNY)"), *(p[1] for p in parts))
    body = tuple(
        (
            named(c),
            *(_rounded((value.get(c["county_code"]) or {}).get(k)) for k in ("amount", "per_resident", "per_elderly")),
        )
        for c in every
    )

    def draw(language: Language) -> Spec:
        y = [_marked(c, reserve, language) for c in every]
        data = [
            bars(
                y,
                [_rounded((value.get(c["county_code"]) or {}).get(k)) for c in every],
                name.to(language),
                colour,
                hatch,
            )
            for k, name, colour, hatch in parts
        ]
        layout = _marked_layout(language, every, reserve)
        layout["xaxis"]["title"] = {"text": yuan.to(language)}
        return {
            "data": data,
            "layout": {
                **layout,
                "barmode": "group",
                "height": 160 + 64 * len(every),
            },
        }

    return Chart("money-per-head", title, yuan, source, title, Table(headers, body), draw)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 0)
