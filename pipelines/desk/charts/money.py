"""Charts of project money: on what, from whom, when, per head; reserve lists named, unresolved money hatched."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import polars as pl

from pipelines.desk import tables, words
from pipelines.desk.charts.base import WAN, YEAR, across, bars, one, plans, source_of
from pipelines.desk.marts import ask, reading
from pipelines.desk.style import (
    BLUE,
    GREEN,
    HATCHES,
    MUTED,
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

Named = tuple[tables.Purse, Words]
Series = tuple[str, Words, str, str]  # key, name, colour, hatching

_FUNDER = {
    "central": (BLUE, ""), "central_provincial": (SKY, ""), "prefecture": (GREEN, "/"), "county": (ORANGE, ""), "other": (PINK, "\\"),
    "local_unsplit": (ORANGE, "-"), "unresolved": (VERMILION, "x"), "not_reported": (PALE, "."),
}  # fmt: skip


def money_by_domain(codes: list[str] | None = None, con: Connection = None, shown: int = 6) -> Chart:
    """Project money of each county by field of work, reserve lists and applications apart; the smaller fields together."""
    with reading(con) as db:
        rows, purses = _money(db, "domain", codes)
        source = source_of(plans(db))
    largest = rows.group_by("part").agg(pl.col("amount").sum()).sort("amount", "part", descending=[True, False])
    kept = largest["part"].to_list()[:shown]
    folded = rows.with_columns(part=pl.when(pl.col("part").is_in(kept)).then("part").otherwise(pl.lit("")))
    parts = [*kept, *([""] if largest.height > shown else [])]
    promised = rows.filter(commitment="planned")
    care = _share(promised, promised.filter(part="elderly_care"))
    title = Words(
        f"规划项目资金中养老服务占{care}%{_apart(rows).zh}",
        f"{care}% of the planned project money goes to elderly care{_apart(rows).en}",
    )
    series = [
        (d, words.code("domain", d) if d else Words("其余领域", "other fields"), (SERIES[i % 8] if d else PALE), HATCHES[i % 8])
        for i, d in enumerate(parts)
    ]  # fmt: skip
    note = Words(
        "储备、拟申请项目不是承诺；各县人口和项目口径不同，并列而不排名。",
        "Reserve lists and applications are not promises; side by side, not ranked.",
    )
    return Chart(
        "money-by-domain",
        title,
        WAN,
        source,
        title,
        tables.investment("domain", con, codes),
        _stacked(folded, purses, series),
        note,
    )


def _money(con: duckdb.DuckDBPyConnection, part: str, codes: list[str] | None) -> tuple[pl.DataFrame, list[Named]]:
    """Money by county, commitment and `part` (an SQL expression), and the rows to draw it in."""
    purses = tables.purses(con, codes)
    rows = ask(
        con,
        f"SELECT county_code, commitment, {part} AS part, sum(amount_wan) AS amount FROM mart_investment GROUP BY ALL",
    )
    return rows.filter(pl.col("county_code").is_in([code for (code, _), _ in purses])), purses


def _share(whole: pl.DataFrame, part: pl.DataFrame) -> str:
    """A share in percent, as print."""
    return words.number(100 * float(part["amount"].sum() or 0) / float(whole["amount"].sum() or 1), 0)


def _apart(rows: pl.DataFrame) -> Words:
    """What is not in a statement about planned money, if there is any."""
    there = [words.code("commitment", k) for k in tables.COMMITMENTS[1:] if k in set(rows["commitment"])]
    if not there:
        return same("")
    return Words(f"（{'、'.join(w.zh for w in there)}项目另列）", f" ({' and '.join(w.en for w in there)} money apart)")


def _stacked(rows: pl.DataFrame, purses: list[Named], series: list[Series]) -> Callable[[Language], Spec]:
    """Horizontal stacked bars, a bar for each county and commitment."""
    sums = {
        ((c, k), p): a
        for c, k, p, a in rows.group_by("county_code", "commitment", "part").agg(pl.col("amount").sum()).iter_rows()
    }

    def draw(language: Language) -> Spec:
        y = [name.to(language) for _, name in purses]
        data = [
            bars(y, [sums.get((purse, key)) for purse, _ in purses], name.to(language), colour, hatch, unit=WAN.to(language))
            for key, name, colour, hatch in series
        ]  # fmt: skip
        return across(language, WAN, [name for _, name in purses], data)

    return draw


def money_by_funder(codes: list[str] | None = None, con: Connection = None) -> Chart:
    """Who is to pay; what cannot be settled is hatched, what is not stated is pale."""
    with reading(con) as db:
        rows, purses = _money(db, "funder", codes)
        source = source_of(plans(db))
    promised = rows.filter(commitment="planned")
    silent = _share(promised, promised.filter(part="not_reported"))
    title = Words(f"规划项目资金中{silent}%未列明出资方", f"{silent}% of the planned project money names no funder")
    for kind in tables.COMMITMENTS:
        open_money = float(rows.filter(commitment=kind, part="unresolved")["amount"].sum() or 0)
        if open_money:
            said, amount = words.code("commitment", kind), words.money(open_money)
            title += Words(
                f"，{said.zh}项目{amount.zh}出资方待核实", f"; the funders of {amount.en} ({said.en}) are unresolved"
            )
    series = [(f, words.code("funder", f), *_FUNDER[f]) for f in _FUNDER if f in set(rows["part"])]
    return Chart(
        "money-by-funder",
        title,
        WAN,
        source,
        title,
        tables.investment("funder", con, codes),
        _stacked(rows, purses, series),
    )


_STATE = "CASE WHEN in_printed_total THEN 'inside' WHEN in_printed_total = false THEN 'outside' ELSE 'none' END"


def printed_total(codes: list[str] | None = None, con: Connection = None) -> Chart:
    """Project money with and without what a printed total leaves out; not every table prints a total."""
    with reading(con) as db:
        rows, purses = _money(db, _STATE, codes)
        source = source_of(plans(db))
    missing = rows.filter(part="outside")
    outside = float(missing["amount"].sum() or 0)
    kinds = [words.code("commitment", k) for k in tables.COMMITMENTS if k in set(missing["commitment"])]
    title = (
        Words(f"表列合计漏列{words.money(outside).zh}（{'、'.join(k.zh for k in kinds)}项目，待核实）", f"printed totals leave out {words.money(outside).en} ({', '.join(k.en for k in kinds)}; not yet reviewed)")
        if outside else Words("没有发现表列合计漏列项目", "no printed total leaves a project out")
    )  # fmt: skip
    series: list[Series] = [
        ("inside", Words("项目表所列", "in the project table"), BLUE, ""),
        (
            "outside",
            Words("项目表所列，印出的合计漏列", "in the table, missing from its printed total"),
            VERMILION,
            "x",
        ),
        ("none", Words("只见于正文、专栏", "in text and boxes only"), PALE, ""),
    ]
    sums = {((c, k), s): a for c, k, s, a in rows.iter_rows()}
    headers = (tables.COUNTY, *(name for _, name, _, _ in series), Words("全部", "all"))
    body = tuple(
        (
            name,
            *(_money_cell(sums.get((purse, s))) for s, *_ in series),
            _money_cell(sum(sums.get((purse, s), 0.0) for s, *_ in series)),
        )
        for purse, name in purses
    )
    return Chart("printed-total", title, WAN, source, title, Table(headers, body, WAN), _stacked(rows, purses, series))


def _money_cell(value: float | None) -> float | None:
    return round(value, 1) if value else None


def money_by_year(county: str, con: Connection = None) -> Chart:
    """Money by year: dated by the document solid, our even spread hatched and called so, each commitment apart."""
    with reading(con) as db:
        place = one(db, county)
        rows = ask(
            db,
            "SELECT year, allocation, commitment, sum(amount_wan) AS amount FROM mart_investment WHERE county_code = $c GROUP BY ALL ORDER BY ALL",
            c=county,
        )
        source = source_of(plans(db, county))
    printed = float(rows.filter(allocation="printed")["amount"].sum() or 0)
    title = named(place) + (
        Words("规划没有写明项目投资", ": the plan states no project money") if rows.is_empty()
        else Words(f"{_share(rows, rows.filter(allocation='printed'))}%的资金由文件写明年度", f": the document dates {_share(rows, rows.filter(allocation='printed'))}% of the money") if printed
        else Words("文件未写分年资金，图为按年限均摊（匡算）", ": the document dates no money; this is our even spread")
    )  # fmt: skip
    dated = sorted(set(rows["year"]))
    kinds = [k for k in tables.COMMITMENTS if k in set(rows["commitment"])]
    held = set(rows.select("commitment", "allocation").iter_rows())
    series = [(k, a) for k in kinds for a in _HATCH if (k, a) in held]
    names = {(k, a): _of_kind(k, a, alone=len(kinds) == 1) for k, a in series}
    sums = {(y, (k, a)): v for y, a, k, v in rows.iter_rows()}
    body = tuple((same(str(y)), *(_money_cell(sums.get((y, s))) for s in series)) for y in dated)

    def draw(language: Language) -> Spec:
        data = [
            {
                **bars([], [], names[s].to(language), _KIND[s[0]], _HATCH[s[1]]), "orientation": "v", "x": [str(y) for y in dated],
                "y": [sums.get((y, s)) for y in dated], "hovertemplate": "%{x}：%{y:,.0f}<extra>%{fullData.name}</extra>",
            }
            for s in series
        ]  # fmt: skip
        axes = {"xaxis": axis("", type="category"), "yaxis": axis(WAN.to(language))}
        return {"data": data, "layout": {**axes, "barmode": "stack", "height": 320, "showlegend": True}}

    headers = (YEAR, *(names[s] for s in series))
    return Chart(f"money-by-year-{county}", title, WAN, source, title, Table(headers, body, WAN), draw)


_KIND = {"planned": BLUE, "applied_for": ORANGE, "reserve": MUTED}
_HATCH = {"printed": "", "even_spread": "/", "undated": "."}


def _of_kind(commitment: str, allocation: str, *, alone: bool) -> Words:
    """按年限均摊（匡算）, with the commitment in front where a plan has several or none of it is promised."""
    how = words.code("allocation", allocation)
    if alone and commitment == "planned":
        return how
    kind = words.code("commitment", commitment)
    return Words(f"{kind.zh}，{how.zh}", f"{kind.en}, {how.en}")


def money_per_head(codes: list[str] | None = None, con: Connection = None) -> Chart:
    """Project money over the whole plan per resident and per resident aged 60+ (2020 census), each commitment apart."""
    with reading(con) as db:
        purses = tables.purses(db, codes)
        rows = ask(
            db,
            """SELECT county_code, commitment, sum(amount_wan) AS amount, sum(per_resident_yuan) AS per_resident,
                      sum(CASE WHEN domain = 'elderly_care' THEN per_60plus_yuan END) AS per_elderly FROM mart_investment GROUP BY ALL""",
        )  # fmt: skip
        source = source_of(plans(db), Words("人口：2020年普查常住人口", "people: residents of the 2020 census"))
    value = {(r["county_code"], r["commitment"]): r for r in rows.iter_rows(named=True)}
    shown = {purse for purse, _ in purses}
    spread = [r["per_resident"] for p, r in value.items() if p in shown and p[1] == "planned" and r["per_resident"]]
    title = (
        Words(
            f"规划项目资金人均{words.estimate(min(spread))}—{words.estimate(max(spread))}元，受个别大项目左右{_apart(rows).zh}",
            f"planned project money is {words.estimate(min(spread))}–{words.estimate(max(spread))} CNY per resident, driven by single large projects{_apart(rows).en}",
        )
        if spread else Words("规划项目没有写明投资", "no planned project states its money")
    )  # fmt: skip
    parts = (("per_resident", Words("全部项目，每位常住居民", "all projects, per resident"), BLUE, ""),
             ("per_elderly", Words("养老项目，每位60岁及以上居民", "elderly-care projects, per resident aged 60+"), ORANGE, "/"))  # fmt: skip
    yuan = Words("元", "CNY")
    headers = (tables.COUNTY, Words("项目资金（万元）", "project money (10,000 CNY)"), *(p[1] for p in parts))
    body = tuple(
        (name, *(_rounded((value.get(purse) or {}).get(k)) for k in ("amount", "per_resident", "per_elderly")))
        for purse, name in purses
    )

    def draw(language: Language) -> Spec:
        y = [name.to(language) for _, name in purses]
        data = [
            bars(y, [_rounded((value.get(purse) or {}).get(k)) for purse, _ in purses], name.to(language), colour, hatch)
            for k, name, colour, hatch in parts
        ]  # fmt: skip
        drawn = across(language, yuan, [name for _, name in purses], data)
        many = len(drawn["layout"]["yaxis"]["categoryarray"])
        return {**drawn, "layout": {**drawn["layout"], "barmode": "group", "height": 160 + 60 * many}}

    return Chart("money-per-head", title, yuan, source, title, Table(headers, body), draw)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 0)
