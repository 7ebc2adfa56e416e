"""Charts of what the plans say: targets, shared indicators side by side, contradictions."""

from __future__ import annotations

from typing import Any

import duckdb
import polars as pl

from pipelines.desk import tables, words
from pipelines.desk.charts.base import YEAR, across, bars, dots, plans, source_of
from pipelines.desk.compare import compare as compare_frame
from pipelines.desk.marts import ask, counties, reading
from pipelines.desk.style import BLUE, MARKERS, ORANGE, PALE, SERIES, VERMILION, Chart, Spec, Table
from pipelines.desk.tables import Connection, named
from pipelines.desk.words import Language, Words, same


def target_baselines(codes: list[str] | None = None, con: Connection = None) -> Chart:
    """How many targets each plan sets, binding and expected apart, with and without a baseline."""
    with reading(con) as db:
        every = counties(db, codes).to_dicts()
        rows = ask(db, _TARGET_COUNTS)
        source = source_of(plans(db))
    rows = rows.filter(pl.col("county_code").is_in([c["county_code"] for c in every]))
    count = {(c, k, b): n for c, k, b, n in rows.iter_rows()}
    total, without = int(rows["n"].sum()), int(rows.filter(~pl.col("based"))["n"].sum())
    title = Words(
        f"{words.several(len(every))}县（市、区）共提出{total}项县级目标，其中{without}项没有基数",
        f"{len(every)} counties set {total} county targets, {without} of them without a baseline",
    )
    kinds = (("binding", BLUE), ("expected", ORANGE), ("none", PALE))
    parts = [(k, based, colour) for k, colour in kinds for based in (True, False)]

    def name(kind: str, based: bool) -> Words:
        said = Words("未注明属性", "not labelled") if kind == "none" else words.code("target_kind", kind)
        return Words(f"{said.zh}，{'有' if based else '无'}基数", f"{said.en}, {'with' if based else 'no'} baseline")

    headers = (tables.COUNTY, *(name(k, b) for k, b, _ in parts))
    body = tuple((named(c), *(count.get((c["county_code"], k, b), 0) for k, b, _ in parts)) for c in every)

    def draw(language: Language) -> Spec:
        y = [named(c).to(language) for c in every]
        data = [
            bars(
                y,
                [count.get((c["county_code"], k, b)) for c in every],
                name(k, b).to(language),
                colour,
                "" if b else "/",
            )
            for k, b, colour in parts
        ]
        return across(language, Words("项", "targets"), [named(c) for c in every], data)

    return Chart("target-baselines", title, Words("项", "targets"), source, title, Table(headers, body), draw)


_TARGET_COUNTS = (
    tables.KINDS
    + """
    , own AS (
      SELECT county_code, indicator_id, breakdown, coalesce(max(k.kind), 'none') AS kind, bool_or(baseline IS NOT NULL) AS based
      FROM mart_target JOIN kinds k USING (target_id)
      WHERE target_level = 'county' AND coalesce(flags, '') NOT LIKE '%previous_plan%'
      GROUP BY county_code, indicator_id, breakdown
    )
    SELECT county_code, kind, based, count(*) AS n FROM own GROUP BY ALL
"""
)


def compare(indicator: str, con: Connection = None, per: str | None = None, codes: list[str] | None = None) -> Chart:
    """One shared indicator side by side, of the counties chosen: observed filled, promised open, 未报告 in words. Raises
    ComparisonError."""
    frame = compare_frame(indicator, per, con)
    frame = frame.filter(pl.col("county_code").is_in(codes)) if codes else frame
    with reading(con) as db:
        known = ask(
            db, "SELECT * FROM dim_indicator WHERE indicator_id = $i OR name_zh = $i OR name_en = $i", i=indicator
        ).to_dicts()[0]
        if set(frame["indicator_id"].drop_nulls()) > {known["indicator_id"]}:  # all in the form they are compared in
            known = ask(db, "SELECT * FROM dim_indicator WHERE indicator_id = $i", i=known["compared_as"]).to_dicts()[0]
        every = counties(db, codes).to_dicts()
        source = source_of(plans(db))
        basis = _basis(db, known["indicator_id"]) if per is None else []
    column = "value" if per is None else "value_per"
    unit = words.unit_words(known["unit"]) if per is None else _PER[per]
    title = named(known) + _finding(frame.filter(pl.col("value").is_not_null()), len(every), _plain_unit(known))
    rows = frame.to_dicts()
    names = {c["county_code"]: named(c) for c in every}
    headers = (
        tables.COUNTY,
        Words("数据性质", "measure"),
        YEAR,
        Words("数值", "value"),
        *((unit,) if per else ()),
        tables.LINE,
    )
    body = tuple(
        (names[r["county_code"]], words.code("measure", r["measure"]) + words.breakdown(r["breakdown"]), same(str(r["year"] or "")),
         words.bound(r["qualifier"], r["value"], _plain_unit(known)) if r["value"] is not None else words.NOT_REPORTED,
         *((_shown(r[column]),) if per else ()), words.line(r["source_line"]))
        for r in rows
    )  # fmt: skip

    stated = frame.filter(pl.col("value").is_not_null())
    top = float(stated[column].max() or 1)  # type: ignore[arg-type]

    def draw(language: Language) -> Spec:
        groups = (
            stated.select("measure", "year", "breakdown")
            .unique(maintain_order=True)
            .sort("year", "measure", nulls_last=True)
        )
        data = []
        for i, (m, y, b) in enumerate(groups.iter_rows()):
            mine = stated.filter(
                (pl.col("measure") == m) & pl.col("year").eq_missing(y) & pl.col("breakdown").eq_missing(b)
            )
            name = f"{y or ''} {words.code('measure', m).to(language)}{words.breakdown(b).to(language)}"
            data.append(
                dots(
                    [names[c].to(language) for c in mine["county_code"]],
                    mine[column].to_list(),
                    name,
                    SERIES[i % 8],
                    MARKERS[i % 6] + ("-open" if m == "target" else ""),
                )
            )
        silent = [names[r["county_code"]].to(language) for r in rows if r["value"] is None]
        drawn = across(language, unit, [named(c) for c in every], data, silent)
        drawn["layout"]["xaxis"]["range"] = [-0.04 * top, 1.08 * top]
        return drawn

    return Chart(
        f"compare-{known['indicator_id']}" + (f"-{per}" if per else ""),
        title,
        unit,
        source,
        title,
        Table(headers, body),
        draw,
        words.joined([named(known, "definition"), *basis]),
    )


def shared(con: Connection = None, limit: int = 8, domain: str | None = None) -> list[tuple[str, Chart]]:
    """(domain, chart) of the indicators that most counties state on one definition, in the domains leaders ask for first.

    Stocks are put per 1,000 elderly (elderly care) or per 10,000 residents.
    """
    with reading(con) as db:
        rows = ask(db, _SHARED, domain=domain).to_dicts()
        return [(r["domain"], compare(r["indicator_id"], db, _natural_per(r))) for r in rows[:limit]]


_SHARED = """
    SELECT indicator_id, i.domain, i.nature, i.unit
    FROM dim_indicator i JOIN (
      SELECT indicator_id, count(DISTINCT county_code) AS stating FROM fct_observation
      WHERE restates IS NULL AND project_id IS NULL AND target_level = 'county' AND value IS NOT NULL GROUP BY indicator_id
    ) o USING (indicator_id)
    WHERE stating >= 2 AND i.nature IN ('rate', 'standard', 'stock') AND i.unit <> 'wan_yuan' AND ($domain IS NULL OR i.domain = $domain)
    ORDER BY stating DESC, coalesce(list_position(['elderly_care', 'funeral', 'social_assistance', 'child_welfare'], i.domain), 9), indicator_id
"""


def _basis(con: duckdb.DuckDBPyConnection, indicator_id: str) -> list[Words]:
    """分母口径原文未写, where the plans do not say of whom a rate is one."""
    asked = "SELECT DISTINCT basis FROM mart_county_comparison WHERE indicator_id = $i AND basis = 'not_stated'"
    return [words.code("comparison_basis", b) for b in ask(con, asked, i=indicator_id)["basis"]]


def _natural_per(indicator: dict[str, Any]) -> str | None:
    if indicator["nature"] != "stock":
        return None
    return "1000_elderly" if indicator["domain"] == "elderly_care" else "10000_residents"


_PER = {
    "1000_elderly": Words("每千名60岁及以上常住居民", "per 1,000 residents aged 60+"),
    "10000_residents": Words("每万常住人口", "per 10,000 residents"),
    "resident": Words("每位常住居民", "per resident"),
    "year": Words("元/人·年", "CNY per person and year"),
}


def _shown(value: float | None) -> Words | None:
    return None if value is None else same(words.estimate(value))


def _plain_unit(indicator: dict[str, Any]) -> str:
    """The unit to say after a number; none where the name already says 每千名."""
    return (
        "text"
        if indicator["unit"] in ("per_1000", "per_10000") and indicator["name_zh"].startswith("每")
        else str(indicator["unit"])
    )


def _finding(stated: pl.DataFrame, of: int, unit: str) -> Words:
    """What a side-by-side shows, without ranking: the span of the promises, else of what is observed."""
    rows = _latest_shared(stated)
    low, high = rows.sort("value").row(0, named=True), rows.sort("value").row(-1, named=True)
    n = rows["county_code"].n_unique()
    goal = rows["measure"][0] == "target"
    what = Words("目标", "targets") if goal else Words("", "values")
    if rows["year"][0]:
        what = Words(f"{rows['year'][0]}年{what.zh}", f"{rows['year'][0]} {what.en}")
    if low["value"] == high["value"]:
        said = words.bound(low["qualifier"], low["value"], unit)
        return Words(
            f"：{words.several(n)}县{what.zh}均为{said.zh}", f": {what.en} of {n} of {of} counties all {said.en}"
        )
    a, b = words.quantity(low["value"], unit), words.quantity(high["value"], unit)
    return Words(
        f"：{words.several(n)}县{what.zh}从{a.zh}到{b.zh}", f": {what.en} of {n} counties from {a.en} to {b.en}"
    )


def _latest_shared(stated: pl.DataFrame) -> pl.DataFrame:
    """The rows of the measure and year that most counties share: targets before observations, later before earlier."""
    groups = [g for _, g in stated.group_by("measure", "year", maintain_order=True)]
    return max(
        groups,
        key=lambda g: (
            g["county_code"].n_unique() > 1,
            g["measure"][0] == "target",
            g["county_code"].n_unique(),
            g["year"][0] or 0,
        ),
    )


def contradictions(con: Connection = None) -> Chart:
    """How many contradictions each plan holds, by severity."""
    with reading(con) as db:
        every = counties(db).to_dicts()
        rows = ask(
            db,
            "SELECT county_code, severity, count(*) AS n, count(*) FILTER (review_status = 'open') AS open FROM fct_discrepancy GROUP BY ALL",
        )
        source = source_of(plans(db), Words("规则与通读", "rules and close reading"))
    count = {(c, s): n for c, s, n, _ in rows.iter_rows()}
    total, waiting = int(rows["n"].sum()), int(rows["open"].sum())
    title = Words(
        f"规划文本前后不一致{total}处，{waiting}处待核实",
        f"{total} contradictions inside the plans, {waiting} not yet reviewed",
    )
    levels = (("high", VERMILION, ""), ("medium", ORANGE, "/"), ("low", PALE, "."))
    headers = (tables.COUNTY, *(words.code("discrepancy_severity", s) for s, _, _ in levels))
    body = tuple((named(c), *(count.get((c["county_code"], s), 0) for s, _, _ in levels)) for c in every)

    def draw(language: Language) -> Spec:
        y = [named(c).to(language) for c in every]
        data = [
            bars(
                y,
                [count.get((c["county_code"], s)) for c in every],
                words.code("discrepancy_severity", s).to(language),
                colour,
                hatch,
            )
            for s, colour, hatch in levels
        ]
        return across(language, Words("处", "contradictions"), [named(c) for c in every], data)

    note = Words(
        "多不等于差：写得细的规划，可核对之处也多。",
        "More is not worse: a plan that states more can be checked in more places.",
    )
    return Chart(
        "contradictions", title, Words("处", "contradictions"), source, title, Table(headers, body), draw, note
    )
