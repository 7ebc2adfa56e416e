"""What each page of the site shows: one function a page, from the marts through the desk, no figure computed here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import duckdb
import polars as pl

from pipelines import registry
from pipelines.desk import balance, burial, figures, headlines, plot, record, tables, words
from pipelines.desk.marts import ask, counties
from pipelines.desk.style import Table
from pipelines.desk.words import Words, same
from pipelines.evaluate import reports

Con = duckdb.DuckDBPyConnection
COMPARED = 16  # charts on the comparison page; all the rest is in its table
KINDS: tuple[tuple[str, str | None, str, Words], ...] = (
    ("binding", "binding", "county", Words("约束性目标", "Binding targets")),
    ("expected", "expected", "county", Words("预期性目标", "Expected targets")),
    ("unlabelled", None, "county", Words("正文目标（未注明属性）", "Targets in the text (not labelled)")),
    ("higher", "any", "higher", Words("上级目标（供对照，只比率）", "Higher-level targets (for comparison of rates)")),
)


MINOR = ("methods", "dictionary", "quality", "changes")


@dataclass
class Page:
    """One page: `slug` names the file, `template` the look, `show` the rest. `short` is its name in the navigation."""

    slug: str
    template: str
    title: Words
    show: dict[str, Any]
    short: Words | None = None
    charts: bool = True
    quality: dict[words.Language, str] = field(default_factory=dict)

    @property
    def minor(self) -> bool:
        """How the figures come about, rather than the figures: apart in the navigation."""
        return self.slug in MINOR


def pages(con: Con) -> list[Page]:
    """Every page that is made of the marts alone, in the order of the navigation."""
    every = [{**c, **_shared(con, c["county_code"])} for c in counties(con).iter_rows(named=True)]
    found = {c["county_code"]: headlines.headlines(con, c["county_code"]) for c in every}
    simple: tuple[tuple[str, Words, Words, Callable[[Con, list[dict[str, Any]]], dict[str, Any]]], ...] = (
        ("compare", Words("各县对照", "Counties side by side"), Words("对照", "Compare"), _compare),
        (
            "elderly-beds",
            Words("老年人口与床位", "The elderly and their beds"),
            Words("老年人口与床位", "Elderly and beds"),
            _elderly_beds,
        ),
        (
            "forecast-record",
            Words("预测检验", "Forecast record"),
            Words("预测检验", "Forecast record"),
            _forecast_record,
        ),
        ("cemeteries", Words("殡葬与墓穴", "Cemeteries"), Words("殡葬", "Cemeteries"), _cemeteries),
        ("money", Words("资金", "Money"), Words("资金", "Money"), _money),
        ("targets", Words("目标与评价", "Targets and verdicts"), Words("目标", "Targets"), _targets),
        (
            "contradictions",
            Words("规划文本前后不一致（待核实）", "Contradictions inside the plans"),
            Words("前后不一致", "Contradictions"),
            _contradictions,
        ),
        (
            "not-reported",
            Words("各县未报告的数据", "What is not reported"),
            Words("未报告", "Not reported"),
            _not_reported,
        ),
        ("methods", Words("方法与来源", "Methods and sources"), Words("方法与来源", "Methods"), _methods),
        ("dictionary", Words("数据字典", "Data dictionary"), Words("字典", "Dictionary"), _dictionary),
    )
    own = [
        Page(f"county-{c['slug']}", "county.html", tables.named(c), _county(con, c, found[c["county_code"]]))
        for c in every
    ]
    index = Page("index", "index.html", _index_title(len(every)), _index(con, every, found), Words("总览", "Overview"))
    charted = {"compare", "elderly-beds", "forecast-record", "cemeteries", "money", "targets", "contradictions"}
    rest = [
        Page(slug, f"{slug}.html", title, show(con, every), short, charts=slug in charted)
        for slug, title, short, show in simple
    ]
    return [index, *own, *rest, *_reports(con, every)]


def _shared(con: Con, code: str) -> dict[str, Any]:
    """What several pages show of one county, made once."""
    return {
        "targets": target_tables(con, code),
        "projects": tables.projects(code, con),
        "elderly": plot.elderly(code, con),
        "beds": plot.beds(code, con),
        "graves": plot.graves(code, con),
        "sensitivity": plot.sensitivity(code, con),
        "money": plot.money_by_year(code, con),
    }


REPORT_HEADS = (
    tables.INDICATOR, Words("单位", "unit"), Words("基期", "baseline"), Words("目标", "target"), Words("最新实绩", "latest actual"),
    Words("评价与算式", "verdict and formula"), Words("标注", "remarks"), tables.LINE,
)  # fmt: skip


def _reports(con: Con, every: list[dict[str, Any]]) -> list[Page]:
    """The mid-term and the final evaluation of each county; while figures of the last year are missing the final one says so."""
    frames = {
        "evaluation": ask(con, "SELECT * FROM mart_target"),
        "counties": ask(con, "SELECT * FROM dim_county"),
        "indicators": ask(con, "SELECT * FROM dim_indicator"),
    }
    stated = set(frames["evaluation"]["county_code"])
    made = [
        (c, kind(county_code=c["county_code"], **frames))
        for c in every
        if c["county_code"] in stated
        for kind in (reports.midterm, reports.final)
    ]
    common = {"heads_of": REPORT_HEADS, "split": words.breakdown, "at": words.line}
    return [
        Page(
            f"{r.kind}-{c['slug']}",
            "report.html",
            Words(r.title.zh, r.title.en),
            {"report": r, "county": c, **common},
            charts=False,
        )
        for c, r in made
    ]


def _index_title(n: int) -> Words:
    return Words(
        f"{words.several(n)}县（市、区）民政“十四五”规划一览",
        f"Civil-affairs plans 2021–2025 of {n} counties at a glance",
    )


def _index(con: Con, every: list[dict[str, Any]], found: dict[str, list[headlines.Headline]]) -> dict[str, Any]:
    confirmed = [r for r in tables.contradiction_rows(con) if r["review_status"] != "open" and r["severity"] == "high"]
    cards = [
        {**c, "headlines": found[c["county_code"]], "hidden": sum(not h.front for h in found[c["county_code"]])}
        for c in every
    ]
    return {
        "counties": cards, "figures": figures.key_figures(None, con), "glance": tables.glance(con), "elderly_growth": plot.elderly_growth(con=con), "money": plot.money_by_domain(con=con),
        "target_baselines": plot.target_baselines(con=con), "contradictions": plot.contradictions(con), "confirmed": confirmed,
    }  # fmt: skip


def target_tables(con: Con, county: str) -> list[tuple[str, Words, Table]]:
    """Binding, expected, unlabelled and higher-level targets of one county, apart, without the columns that say so."""
    found = [
        (key, level, title, tables.targets(county, con, kind=kind, level=level)) for key, kind, level, title in KINDS
    ]
    return [(key, title, _without(t, {0, 2, 3} if level == "county" else {0, 2})) for key, level, title, t in found]


def _without(table: Table, columns: set[int]) -> Table:
    kept = [i for i in range(len(table.headers)) if i not in columns]
    return Table(
        tuple(table.headers[i] for i in kept), tuple(tuple(r[i] for i in kept) for r in table.rows), table.caption
    )


def _county(con: Con, county: dict[str, Any], found: list[headlines.Headline]) -> dict[str, Any]:
    code = county["county_code"]
    plan = ask(
        con,
        "SELECT * FROM dim_source WHERE county_code = $c ORDER BY source_id NOT LIKE 'plan-%', source_id LIMIT 1",
        c=code,
    ).to_dicts()
    return {
        "county": county, "source": plan[0] if plan else {"title_zh": "", "title_en": "", "date_as_printed": None}, "headlines": found,
        **{name: county[name] for name in ("elderly", "beds", "sensitivity", "graves", "money", "targets", "projects")},
        "contradictions": tables.contradiction_rows(con, code), "progress": _without(tables.progress(code, con), {0}),
        "figures": figures.key_figures([code], con), "missing": _missing(con, code), "show_county": False, "shortage": balance.shortage(code, con), "turning": _without(balance.turning([code], con), {0}),
        "places": _without(burial.capacity([code], con), {0}), "plausibility": _without(tables.plausibility(con, code), {0}), "findings": _without(tables.plausibility(con, code, "forecast"), {0}), "evaluated": any(data.rows for _, _, data in county["targets"]),
    }  # fmt: skip


def _missing(con: Con, code: str) -> list[Words]:
    """Names of the shared indicators this county does not state."""
    matrix = tables.not_reported(con)
    column = 3 + counties(con)["county_code"].to_list().index(code)
    silent = [row for row in matrix.rows if isinstance(row[column], Words) and "○" in str(row[column])]
    return [Words(f"{_w(row[1]).zh}（{_w(row[0]).zh}）", f"{_w(row[1]).en} ({_w(row[0]).en})") for row in silent]


def _w(cell: object) -> Words:
    return cell if isinstance(cell, Words) else same(str(cell))


def _compare(con: Con, every: list[dict[str, Any]]) -> dict[str, Any]:
    charts = plot.shared(con, COMPARED)
    domains = list(dict.fromkeys(domain for domain, _ in charts))
    groups = [(domain, [c for d, c in charts if d == domain]) for domain in domains]
    return {"groups": groups, "side_by_side": tables.side_by_side(con), "apart": tables.apart(con)}


def _elderly_beds(con: Con, every: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "growth": plot.elderly_growth(con=con),
        "outlook": tables.outlook(con),
        "supply": plot.bed_supply(con=con),
        "turning": balance.turning(None, con),
        "plausibility": tables.plausibility(con),
        "findings": tables.plausibility(con, about="forecast"),
        "counties": every,
    }


def _forecast_record(con: Con, every: list[dict[str, Any]]) -> dict[str, Any]:
    """From the files that ship with the model, not from the marts: the same in every release made with that model."""
    known, facts = record.scores(), record.later_facts()
    return {
        "finding": record.headline(known), "gates": record.gates(known), "beside": record.baseline_chart(known),
        "coverage": record.coverage(known), "covered": record.coverage_summary(known), "source": record.source(), "training": record.training(),
        "classes": [(by, record.classes(by, known)) for by in ("type", "size", "province")],
        "later": record.later(facts), "later_summary": record.later_summary(facts),
        "deaths": record.later_deaths(), "deaths_summary": record.later_deaths_summary(),
    }  # fmt: skip


def _cemeteries(con: Con, every: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "graves": [c["graves"] for c in every], "projects": tables.domain_projects("funeral", con),
        "stated": tables.statements("funeral", con), "capacity": burial.capacity(None, con),
    }  # fmt: skip


def _money(con: Con, every: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "by_domain": plot.money_by_domain(con=con), "domain_table": tables.investment("domain", con), "by_funder": plot.money_by_funder(con=con),
        "funder_table": tables.investment("funder", con), "printed": plot.printed_total(con=con), "per_head": plot.money_per_head(con=con),
        "years": [c["money"] for c in every], "year_table": tables.investment("year", con),
        "projects": [(c, c["projects"]) for c in every], "progress": tables.progress(None, con),
    }  # fmt: skip


def _targets(con: Con, every: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "overview": plot.target_baselines(con=con), "verdicts": tables.verdicts(con),
        "by_county": [(c, c["targets"]) for c in every],
    }  # fmt: skip


def _contradictions(con: Con, every: list[dict[str, Any]]) -> dict[str, Any]:
    rows = tables.contradiction_rows(con)
    return {
        "overview": plot.contradictions(con),
        "contradictions": rows,
        "data": tables.contradictions(None, con),
        "counties": every,
        "show_county": True,
    }


def _not_reported(con: Con, every: list[dict[str, Any]]) -> dict[str, Any]:
    return {"matrix": tables.not_reported(con), "summary": tables.not_reported_summary(con), "gaps": tables.gaps(con)}


def _methods(con: Con, every: list[dict[str, Any]]) -> dict[str, Any]:
    intervals = ask(con, "SELECT count(*) AS n FROM mart_elderly_outlook WHERE p10 IS NOT NULL")["n"][0] > 0
    return {
        "sources": tables.sources(con),
        "corrections": tables.corrections(con),
        "parameters": tables.parameters(con),
        "intervals": intervals,
    }


def _dictionary(con: Con, every: list[dict[str, Any]]) -> dict[str, Any]:
    stated = dict(ask(con, "SELECT indicator_id, comparable_counties FROM dim_indicator").iter_rows())
    names = {c["county_code"]: tables.named(c) for c in every}
    indicators = [
        {**r, "stated": _stated_by(stated.get(r["indicator_id"]), names)} for r in registry.rows("indicators")
    ]
    counts = dict(ask(con, "SELECT table_name, row_count FROM meta_table").iter_rows())
    return {"indicators": indicators, "tables": registry.published(), "counts": counts}


def _stated_by(codes: str | None, names: dict[str, Words]) -> Words:
    return words.joined([names.get(c) or same(c) for c in codes.split(";")], "、", ", ") if codes else same(words.DASH)


def status(con: Con) -> dict[str, Any]:
    """What stands on top of every page: checks and contradictions in numbers."""
    quality = ask(con, "SELECT * FROM mart_quality")
    doubts = ask(
        con, "SELECT count(*) AS n, count(*) FILTER (review_status = 'open') AS open FROM fct_discrepancy"
    ).to_dicts()[0]
    return {
        "passed": int(quality["passed"].sum()), "warnings": quality.filter(~pl.col("passed") & (pl.col("severity") == "warning")).height,
        "contradictions": doubts["n"], "open": doubts["open"],
    }  # fmt: skip
