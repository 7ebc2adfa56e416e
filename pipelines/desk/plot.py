"""Charts of the marts in the house style. Each function returns a Chart whose title states what is found in the data, in
both languages; projections are dashed, observations solid, unresolved and reserve money hatched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import polars as pl

from pipelines.desk import headlines, tables, words
from pipelines.desk.compare import compare as compare_frame
from pipelines.desk.marts import ask, counties, reading
from pipelines.desk.style import BLUE, DASHES, GREEN, HATCHES, INK, MARKERS, MUTED, ORANGE, PALE, PINK, SERIES, SKY, VERMILION, Chart, Spec, Table, axis, band, years
from pipelines.desk.tables import Connection, named
from pipelines.desk.words import Language, Words, same

LAST = headlines.LAST_YEAR
YEAR, PERSONS, BEDS, WAN = Words("年份", "year"), Words("人", "persons"), Words("张", "beds"), Words("万元", "10,000 CNY")
CENSUS = Words("第六、七次全国人口普查（2010、2020年）", "national population censuses of 2010 and 2020")
_FUNDER = {
    "central": (BLUE, ""), "central_provincial": (SKY, ""), "prefecture": (GREEN, "/"), "county": (ORANGE, ""), "other": (PINK, "\\"),
    "local_unsplit": (ORANGE, "-"), "unresolved": (VERMILION, "x"), "not_reported": (PALE, "."),
}  # fmt: skip


def _plans(con: duckdb.DuckDBPyConnection, county: str | None = None) -> Words:
    """The plans behind a chart."""
    rows = ask(con, "SELECT title_zh, title_en FROM dim_source WHERE source_id LIKE 'plan-%' AND ($c IS NULL OR county_code = $c)", c=county).to_dicts()
    if len(rows) == 1:
        return Words(f"《{rows[0]['title_zh']}》", rows[0]["title_en"])
    return Words(f"{words.several(len(rows))}县（市、区）“十四五”民政规划", f"the civil-affairs plans 2021–2025 of {len(rows)} counties")


def _method(con: duckdb.DuckDBPyConnection, table: str) -> Words:
    versions = ask(con, f"SELECT DISTINCT method_version FROM {table} ORDER BY 1")["method_version"].to_list()
    return Words(f"预测方法 {'、'.join(versions)}", f"projection method {', '.join(versions)}")


def _source(*parts: Words) -> Words:
    said = words.joined(list(parts))
    return Words(f"来源：{said.zh}。", f"Source: {said.en}.")


def _one(con: duckdb.DuckDBPyConnection, county: str) -> dict[str, Any]:
    return counties(con, [county]).to_dicts()[0]


# --- people ---------------------------------------------------------------------------------------------------------


def elderly(county: str, con: Connection = None) -> Chart:
    """Persons 60+, 65+ and 80+ of one county: censuses solid, projection dashed, 80 % interval where calibrated."""
    with reading(con) as db:
        place = _one(db, county)
        rows = ask(db, "SELECT * FROM mart_elderly_outlook WHERE county_code = $c AND sex = 'both' ORDER BY age_band, year", c=county)
        past = ask(db, _CENSUS_BANDS, c=county)
        source = _source(CENSUS, _method(db, "mart_elderly_outlook"))
    ends = _ends(rows.filter(age_band="60+"))
    title = named(place) + Words(
        f"60岁及以上人口2020年{words.number(ends[0], 0)}人，预测{LAST}年约{words.estimate(ends[1])}人",
        f": {words.number(ends[0], 0)} people aged 60+ in 2020, about {words.estimate(ends[1])} projected for {LAST}",
    )
    drawn = rows.filter(pl.col("p10").is_not_null() & (pl.col("p10") < pl.col("p90")))
    note = Words("区间尚未校准，不画区间。", "No interval: not calibrated yet.") if drawn.is_empty() else Words("阴影为80%区间。", "Shaded: 80 % interval.")

    def draw(language: Language) -> Spec:
        data: list[Spec] = []
        for i, age in enumerate(("60+", "65+", "80+")):
            mine, seen, colour = rows.filter(age_band=age), past.filter(age_band=age), SERIES[i]
            bounds = mine.filter(pl.col("p10").is_not_null())
            if not drawn.is_empty() and age == "60+":
                data += band(bounds["year"].to_list(), bounds["p10"].to_list(), bounds["p90"].to_list(), words.code("age_band", age).to(language) + " 80%", colour)
            name = words.code("age_band", age).to(language)
            data.append(_line(seen["year"].to_list(), seen["persons"].to_list(), name + Words("（普查）", " (census)").to(language), colour, MARKERS[i], "solid", 3))
            data.append(_line(mine["year"].to_list(), [round(v) for v in mine["p50"]], name + Words("（预测）", " (projection)").to(language), colour, MARKERS[i], "dash", 2, marks=False))
        return {"data": data, "layout": {"xaxis": years(range=[2009.5, LAST + 0.5]), "yaxis": axis(PERSONS.to(language)), "height": 360}}

    return Chart(f"elderly-{county}", title, PERSONS, source, title, tables.outlook(con, county), draw, note)


_CENSUS_BANDS = """
    SELECT a.age_band, year, CAST(sum(persons) AS BIGINT) AS persons
    FROM fct_population, (VALUES ('60+', 60), ('65+', 65), ('80+', 80)) AS a(age_band, age)
    WHERE county_code = $c AND basis = 'resident' AND sex <> 'both' AND age_from >= a.age GROUP BY ALL ORDER BY ALL
"""


def _ends(rows: pl.DataFrame) -> tuple[float, float]:
    by_year = dict(rows.select("year", "p50").iter_rows())
    return by_year.get(2020, float("nan")), by_year.get(LAST, float("nan"))


def _line(x: list[Any], y: list[Any], name: str, colour: str, marker: str, dash: str, width: int, *, marks: bool = True) -> Spec:
    return {
        "type": "scatter", "x": x, "y": y, "name": name, "mode": "lines+markers" if marks else "lines",
        "line": {"color": colour, "dash": dash, "width": width}, "marker": {"symbol": marker, "size": 8, "color": colour},
        "hovertemplate": "%{x}：%{y:,.0f}<extra>%{fullData.name}</extra>",
    }  # fmt: skip


def elderly_growth(codes: list[str] | None = None, con: Connection = None) -> Chart:
    """Persons 60+ of each county as multiples of 2020: one line a county, told apart in grey by dash and marker."""
    with reading(con) as db:
        every = counties(db, codes).to_dicts()
        rows = ask(db, "SELECT county_code, year, p50 FROM mart_elderly_outlook WHERE age_band = '60+' AND sex = 'both' ORDER BY year")
        source = _source(CENSUS, _method(db, "mart_elderly_outlook"))
    grown = {c["county_code"]: _relative(rows.filter(county_code=c["county_code"])) for c in every}
    last = [g[1][-1] for g in grown.values() if g[1]]
    low, high = min(last), max(last)
    title = Words(
        f"60岁及以上人口到{LAST}年预计为2020年的{words.number(low, 2)}—{words.number(high, 2)}倍",
        f"By {LAST} the population aged 60+ is projected at {words.number(low, 2)}–{words.number(high, 2)} times that of 2020",
    )

    def draw(language: Language) -> Spec:
        data = [
            {**_line(*grown[c["county_code"]], named(c).to(language), SERIES[i % 6], MARKERS[i % 6], DASHES[i % 6], 2), "hovertemplate": "%{x}：%{y:.2f}<extra>%{fullData.name}</extra>"}
            for i, c in enumerate(every)
        ]  # fmt: skip
        layout = {"xaxis": years(), "yaxis": axis(Words("2020年＝1", "2020 = 1").to(language), rangemode="normal"), "height": 360}
        return {"data": data, "layout": layout}

    return Chart("elderly-growth", title, Words("倍（2020年＝1）", "times 2020"), source, title, tables.outlook(con), draw, Words("2020年以后均为预测。", "All after 2020 is projection."))


def _relative(rows: pl.DataFrame) -> tuple[list[int], list[float]]:
    if rows.is_empty():
        return [], []
    return rows["year"].to_list(), [v / rows["p50"][0] for v in rows["p50"]]


# --- beds -----------------------------------------------------------------------------------------------------------


def beds(county: str, con: Connection = None) -> Chart:
    """Beds needed by each estimator against beds that stand and beds that are planned, never added up into one line."""
    with reading(con) as db:
        place = _one(db, county)
        rows = ask(db, "SELECT * FROM mart_bed_outlook WHERE county_code = $c AND bed_type = 'all' ORDER BY estimator, definition, year", c=county)
        supply = ask(db, "SELECT * FROM mart_bed_supply WHERE county_code = $c AND bed_type = 'all' ORDER BY year", c=county)
        source = _source(_plans(db, county), _method(db, "mart_bed_outlook"))
    natural = rows.filter(scenario="natural")
    said = headlines.beds
    with reading(con) as db:
        found = said(db, county)
    title = named(place) + (Words("", ": ") + found[0].text if found else Words("没有床位展望", ": no bed outlook"))
    stands = supply.filter((pl.col("status") == "existing") & pl.col("beds").is_not_null())
    new = supply.filter((pl.col("status") == "planned") & (pl.col("beds") > 0))
    note = Words("现有床位按2020年报告数画平线。", "Existing beds are drawn flat at the figure reported for 2020.") if stands.height else Words(
        "规划未报告2020年全部养老床位，只画需求。", "The plan does not report all elderly-care beds of 2020; only needs are drawn.")  # fmt: skip

    def draw(language: Language) -> Spec:
        data: list[Spec] = []
        for i, (key, part) in enumerate(natural.group_by("estimator", "definition", maintain_order=True)):
            colour = SERIES[i % 6]
            if part["demand_p10"].null_count() == 0:
                data += band(part["year"].to_list(), part["demand_p10"].to_list(), part["demand_p90"].to_list(), "80%", colour)
            name = _estimator(str(key[0]), str(key[1])).to(language)
            data.append(_line(part["year"].to_list(), [round(v) for v in part["demand_p50"]], name, colour, MARKERS[i % 6], "dash", 2, marks=False))
        if stands.height:
            name = Words("现有床位（规划所报）", "existing beds (as the plan states)").to(language)
            data.append(_line(stands["year"].to_list(), stands["beds"].to_list(), name, INK, "circle", "solid", 3, marks=False))
        if new.height:
            data.append(_planned(new, stands, language))
        return {"data": data, "layout": {"xaxis": years(), "yaxis": axis(BEDS.to(language)), "height": 380, "barmode": "stack", "bargap": 0}}

    return Chart(f"beds-{county}", title, BEDS, source, title, bed_table(natural, supply), draw, note)


def _planned(new: pl.DataFrame, stands: pl.DataFrame, language: Language) -> Spec:
    reserve = new["basis"].str.contains("reserve").any()
    name = Words("储备项目净新增养老床位", "net-new elderly beds of the reserve list") if reserve else Words("规划净新增养老床位", "planned net-new elderly beds")
    return {
        "type": "bar", "x": new["year"].to_list(), "y": new["beds"].to_list(), "name": name.to(language),
        "marker": {"color": PALE, "pattern": {"shape": "/", "fgcolor": MUTED, "solidity": 0.4}}, "base": stands["beds"][0] if stands.height else 0,
        "hovertemplate": "%{x}：+%{y:,.0f}<extra>%{fullData.name}</extra>",
    }  # fmt: skip


def _estimator(estimator: str, definition: str) -> Words:
    method = words.code("estimator", estimator)
    if definition in ("none", ""):
        return method
    sort = words.code("disability_definition", definition)
    return Words(f"{method.zh}（{sort.zh}）", f"{method.en} ({sort.en})")


def bed_table(natural: pl.DataFrame, supply: pl.DataFrame) -> Table:
    """Needs by estimator in four years, then what stands and what is planned."""
    shown = [2020, 2025, 2030, 2035]
    headers = (Words("项目", "item"), *(Words(f"{y}年", str(y)) for y in shown), Words("依据", "basis"))
    needs = [
        (_estimator(str(k[0]), str(k[1])), *(_need(part.filter(year=y)) for y in shown), Words("预测", "projection"))
        for k, part in natural.group_by("estimator", "definition", maintain_order=True)
    ]
    stock = [
        (words.code("supply_status", str(k[0])), *(tables.reported(_first(part.filter(year=y), "beds")) for y in shown), _basis(part["basis"][0]))
        for k, part in supply.group_by("status", maintain_order=True)
    ]
    return Table(headers, (*needs, *stock), BEDS)


def _need(rows: pl.DataFrame) -> Words | None:
    value, low, high = _first(rows, "demand_p50"), _first(rows, "demand_p10"), _first(rows, "demand_p90")
    if value is None:
        return None
    return same(words.estimate(value) + ("" if low is None or high is None else f" ({words.estimate(low)}–{words.estimate(high)})"))


def _first(rows: pl.DataFrame, column: str) -> float | None:
    return rows[column][0] if rows.height else None


def _basis(text: str) -> Words:
    known = {
        "not_reported": words.NOT_REPORTED, "projects": Words("规划项目（净新增养老床位）", "projects (net-new elderly beds)"),
        "reserve list": Words("储备项目（不是承诺）", "reserve list (not a promise)"),
        "no net-new elderly beds in the plan": Words("规划没有写明净新增养老床位", "no net-new elderly beds in the plan"),
    }  # fmt: skip
    return known.get(text) or Words(text.replace("line ", "第").replace(" x ", "行×") + ("行" if "line" in text else ""), text.replace(" x ", " × "))


def bed_supply(codes: list[str] | None = None, con: Connection = None) -> Chart:
    """What each plan reports as standing in 2020, by kind of bed: different kinds are not comparable and so are coloured."""
    with reading(con) as db:
        every = counties(db, codes).to_dicts()
        rows = ask(db, "SELECT * FROM mart_bed_supply WHERE year = 2020 AND status = 'existing' AND bed_type <> 'nursing' ORDER BY bed_type")
        source = _source(_plans(db))
    kinds = [k for k in ("all", "institution", "community") if rows.filter((pl.col("bed_type") == k) & pl.col("beds").is_not_null()).height]
    stating = rows.filter(pl.col("beds").is_not_null())["county_code"].n_unique()
    title = Words(
        f"{words.several(len(every))}县（市、区）中{words.several(stating)}个报告了2020年床位，口径各异，不宜直接比较",
        f"{stating} of {len(every)} counties report beds for 2020, each of another kind: not directly comparable",
    )
    headers = (tables.COUNTY, *(words.code("bed_type", k) for k in ("all", "institution", "community")), Words("依据", "basis"))
    value = {(r["county_code"], r["bed_type"]): r for r in rows.iter_rows(named=True)}
    body = tuple(
        (named(c), *(tables.reported((value.get((c["county_code"], k)) or {}).get("beds")) for k in ("all", "institution", "community")),
         words.joined([_basis(value[c["county_code"], k]["basis"]) for k in kinds if (c["county_code"], k) in value and value[c["county_code"], k]["beds"] is not None]))
        for c in every
    )  # fmt: skip

    def draw(language: Language) -> Spec:
        data = [
            _bars([named(c).to(language) for c in every], [(value.get((c["county_code"], k)) or {}).get("beds") for c in every], words.code("bed_type", k).to(language), SERIES[i], HATCHES[i])
            for i, k in enumerate(kinds)
        ]  # fmt: skip
        silent = [named(c).to(language) for c in every if not any((value.get((c["county_code"], k)) or {}).get("beds") is not None for k in kinds)]
        return {"data": data, "layout": _across(language, BEDS, every) | {"annotations": [_absent(n, language) for n in silent]}}

    return Chart("bed-supply", title, BEDS, source, title, Table(headers, body, BEDS), draw)


def _bars(y: list[str], x: list[Any], name: str, colour: str, hatch: str = "", *, unit: str = "") -> Spec:
    """One horizontal bar series, one bar a county."""
    marker = {"color": colour, "line": {"color": INK, "width": 0.5}, "pattern": {"shape": hatch, "solidity": 0.35, "fgcolor": "#ffffff", "fillmode": "overlay", "fgopacity": 0.9}}
    return {"type": "bar", "orientation": "h", "y": y, "x": x, "name": name, "marker": marker, "hovertemplate": "%{y}：%{x:,.1f}" + unit + "<extra>%{fullData.name}</extra>"}


def _across(language: Language, unit: Words, every: list[dict[str, Any]]) -> Spec:
    """Layout of horizontal bars with counties down the side in their order."""
    order = [named(c).to(language) for c in reversed(every)]
    return {
        "barmode": "stack", "height": 140 + 44 * len(order), "xaxis": axis(unit.to(language), showgrid=True, rangemode="tozero"),
        "yaxis": axis("", categoryorder="array", categoryarray=order, showgrid=False, type="category"),
    }  # fmt: skip


def _absent(name: str, language: Language) -> Spec:
    """The words 未报告 where a bar would be."""
    return {"x": 0, "y": name, "xanchor": "left", "showarrow": False, "text": words.NOT_REPORTED.to(language), "font": {"color": MUTED, "size": 12}, "xshift": 6}


# --- graves ---------------------------------------------------------------------------------------------------------


def graves(county: str, con: Connection = None) -> Chart:
    """Interments summed from 2021 on against the graves that are stated; without a stated capacity only the need."""
    with reading(con) as db:
        place = _one(db, county)
        rows = ask(db, "SELECT * FROM mart_cemetery_outlook WHERE county_code = $c AND scenario = 'natural' AND year > 2020 ORDER BY year", c=county)
        source = _source(_plans(db, county), _method(db, "mart_cemetery_outlook"))
    need = rows["interments_p50"].cum_sum().to_list() or [0.0]
    capacity = rows["capacity"].drop_nulls().max()
    title = named(place) + _grave_finding(need, capacity, rows)
    headers = (YEAR, Words("死亡人数（预测）", "deaths (projection)"), Words("安葬数（预测）", "interments (projection)"), Words("2021年起累计安葬", "interments since 2021"), Words("墓穴容量", "capacity (graves)"))
    body = tuple(
        (same(str(r["year"])), same(words.estimate(r["deaths_p50"])), same(words.estimate(r["interments_p50"])), same(words.estimate(n)), tables.reported(r["capacity"]))
        for r, n in zip(rows.iter_rows(named=True), need, strict=False)
    )  # fmt: skip
    unit = Words("具（穴）", "interments / graves")

    def draw(language: Language) -> Spec:
        spanned = rows["year"].to_list()
        name = Words("2021年起累计安葬（预测）", "interments since 2021 (projection)").to(language)
        data = [_line(spanned, [round(n) for n in need], name, VERMILION, "square", "dash", 2, marks=False)]
        if capacity is not None:
            name = Words("规划或已建容量", "planned or built capacity").to(language)
            data.append(_line(spanned, rows["capacity"].to_list(), name, INK, "circle", "solid", 3, marks=False) | {"line": {"color": INK, "width": 3, "shape": "hv"}})
        return {"data": data, "layout": {"xaxis": years(), "yaxis": axis(unit.to(language)), "height": 320}}

    note = Words("已用墓穴数未报告，只能看够用几年，不能算剩余。", "Graves already used are not reported: this shows break-even, not what remains.")
    return Chart(f"graves-{county}", title, unit, source, title, Table(headers, body), draw, note)


def _grave_finding(need: list[float], capacity: Any, rows: pl.DataFrame) -> Words:
    total = words.estimate(need[-1])
    if capacity is None:
        return Words(f"2021—{LAST}年预计安葬约{total}具，墓穴容量未报告", f": about {total} interments expected 2021–{LAST}; grave capacity not reported")
    yearly = rows["interments_p50"].mean()
    lasting = words.number(float(capacity) / float(yearly), 0) if isinstance(yearly, float) and yearly else words.DASH
    return Words(
        f"2021—{LAST}年预计安葬约{total}具，所列容量{words.number(float(capacity), 0)}穴约够{lasting}年",
        f": about {total} interments expected 2021–{LAST}; the stated {words.number(float(capacity), 0)} graves last about {lasting} years",
    )


# --- money ----------------------------------------------------------------------------------------------------------


def money_by_domain(codes: list[str] | None = None, con: Connection = None, shown: int = 6) -> Chart:
    """Project money of each county by field of work; the smaller fields together."""
    with reading(con) as db:
        every = counties(db, codes).to_dicts()
        rows = ask(db, "SELECT county_code, domain, sum(amount_wan) AS amount FROM mart_investment GROUP BY ALL")
        source, reserve = _source(_plans(db)), _reserve(db)
    rows = rows.filter(pl.col("county_code").is_in([c["county_code"] for c in every]))
    largest = rows.group_by("domain").agg(pl.col("amount").sum()).sort("amount", "domain", descending=[True, False])["domain"].to_list()
    folded = rows.with_columns(domain=pl.when(pl.col("domain").is_in(largest[:shown])).then("domain").otherwise(pl.lit("")))
    sums = {(c, d): a for c, d, a in folded.group_by("county_code", "domain").agg(pl.col("amount").sum()).iter_rows()}
    parts = [*largest[:shown], *([""] if len(largest) > shown else [])]
    care = float(rows.filter(domain="elderly_care")["amount"].sum() or 0) / float(rows["amount"].sum() or 1)
    title = Words(f"项目资金{words.number(care * 100, 0)}%投向养老服务", f"{words.number(care * 100, 0)}% of the project money goes to elderly care")

    def draw(language: Language) -> Spec:
        y = [_marked(c, reserve, language) for c in every]
        data = [
            _bars(y, [sums.get((c["county_code"], d)) for c in every], (words.code("domain", d) if d else Words("其余领域", "other fields")).to(language), [*SERIES, PALE][i % 9] if d else PALE, HATCHES[i % 8], unit=WAN.to(language))
            for i, d in enumerate(parts)
        ]  # fmt: skip
        return {"data": data, "layout": _marked_layout(language, every, reserve)}

    note = Words("储备项目不是承诺；各县人口和项目口径不同，并列而不排名。", "Reserve lists are not promises; side by side, not ranked.")
    return Chart("money-by-domain", title, WAN, source, title, tables.investment("domain", con), draw, note)


def _reserve(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Counties whose whole project list is a reserve list."""
    rows = ask(con, "SELECT county_code FROM mart_investment GROUP BY county_code HAVING bool_and(commitment = 'reserve')")
    return set(rows["county_code"])


def _marked(county: dict[str, Any], reserve: set[str], language: Language) -> str:
    suffix = Words("（储备）", " (reserve)") if county["county_code"] in reserve else same("")
    return (named(county) + suffix).to(language)


def _marked_layout(language: Language, every: list[dict[str, Any]], reserve: set[str]) -> Spec:
    layout = _across(language, WAN, every)
    layout["yaxis"]["categoryarray"] = [_marked(c, reserve, language) for c in reversed(every)]
    return layout


def money_by_funder(codes: list[str] | None = None, con: Connection = None) -> Chart:
    """Who is to pay; what cannot be settled is hatched, what is not stated is pale."""
    with reading(con) as db:
        every = counties(db, codes).to_dicts()
        rows = ask(db, "SELECT county_code, funder, sum(amount_wan) AS amount FROM mart_investment GROUP BY ALL")
        source, reserve = _source(_plans(db)), _reserve(db)
    rows = rows.filter(pl.col("county_code").is_in([c["county_code"] for c in every]))
    sums = {(c, f): a for c, f, a in rows.iter_rows()}
    total = float(rows["amount"].sum() or 1)
    open_share = float(rows.filter(pl.col("funder").is_in(["unresolved"]))["amount"].sum() or 0) / total
    silent = float(rows.filter(funder="not_reported")["amount"].sum() or 0) / total
    title = Words(f"项目资金中{words.number(silent * 100, 0)}%未列明出资方", f"{words.number(silent * 100, 0)}% of the project money names no funder")
    if open_share:
        title += Words(f"，{words.number(open_share * 100, 0)}%出资方待核实", f", {words.number(open_share * 100, 0)}% has an unresolved one")

    def draw(language: Language) -> Spec:
        y = [_marked(c, reserve, language) for c in every]
        present = [f for f in _FUNDER if any((c["county_code"], f) in sums for c in every)]
        data = [_bars(y, [sums.get((c["county_code"], f)) for c in every], words.code("funder", f).to(language), *_FUNDER[f], unit=WAN.to(language)) for f in present]
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
        source, reserve = _source(_plans(db)), _reserve(db)
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
    body = tuple((named(c), *(_money_cell(sums.get((c["county_code"], s))) for s in states), _money_cell(sum(sums.get((c["county_code"], s), 0.0) for s in states))) for c in every)

    def draw(language: Language) -> Spec:
        y = [_marked(c, reserve, language) for c in every]
        data = [_bars(y, [sums.get((c["county_code"], s)) for c in every], name.to(language), colour, hatch, unit=WAN.to(language)) for s, (name, colour, hatch) in states.items()]
        return {"data": data, "layout": _marked_layout(language, every, reserve)}

    return Chart("printed-total", title, WAN, source, title, Table(headers, body, WAN), draw)


def _money_cell(value: float | None) -> float | None:
    return round(value, 1) if value else None


def money_by_year(county: str, con: Connection = None) -> Chart:
    """Money by year: dated by the document solid, our even spread hatched and called so."""
    with reading(con) as db:
        place = _one(db, county)
        rows = ask(db, "SELECT year, allocation, sum(amount_wan) AS amount FROM mart_investment WHERE county_code = $c GROUP BY ALL ORDER BY ALL", c=county)
        source = _source(_plans(db, county))
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
                bar = _bars([], [], words.code("allocation", name).to(language), colour, hatch)
                data.append({**bar, "orientation": "v", "x": [str(y) for y in dated], "y": [sums.get((y, name)) for y in dated], "hovertemplate": "%{x}：%{y:,.0f}<extra>%{fullData.name}</extra>"})
        return {"data": data, "layout": {"barmode": "stack", "xaxis": axis("", type="category"), "yaxis": axis(WAN.to(language)), "height": 300}}

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
        source, reserve = _source(_plans(db), Words("人口：2020年普查常住人口", "people: residents of the 2020 census")), _reserve(db)
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
    body = tuple((named(c), *(_rounded((value.get(c["county_code"]) or {}).get(k)) for k in ("amount", "per_resident", "per_elderly"))) for c in every)

    def draw(language: Language) -> Spec:
        y = [_marked(c, reserve, language) for c in every]
        data = [_bars(y, [_rounded((value.get(c["county_code"]) or {}).get(k)) for c in every], name.to(language), colour, hatch) for k, name, colour, hatch in parts]
        layout = _marked_layout(language, every, reserve)
        layout["xaxis"]["title"] = {"text": yuan.to(language)}
        return {"data": data, "layout": {**layout, "barmode": "group", "height": 160 + 64 * len(every), }}

    return Chart("money-per-head", title, yuan, source, title, Table(headers, body), draw)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 0)


# --- targets, comparisons, contradictions ------------------------------------------------------------------------------


def target_baselines(codes: list[str] | None = None, con: Connection = None) -> Chart:
    """How many targets each plan sets, binding and expected apart, with and without a baseline."""
    with reading(con) as db:
        every = counties(db, codes).to_dicts()
        rows = ask(db, _TARGET_COUNTS)
        source = _source(_plans(db))
    rows = rows.filter(pl.col("county_code").is_in([c["county_code"] for c in every]))
    count = {(c, k, b): n for c, k, b, n in rows.iter_rows()}
    total, without = int(rows["n"].sum()), int(rows.filter(~pl.col("based"))["n"].sum())
    title = Words(f"{words.several(len(every))}县（市、区）共提出{total}项县级目标，其中{without}项没有基数", f"{len(every)} counties set {total} county targets, {without} of them without a baseline")
    kinds = (("binding", BLUE), ("expected", ORANGE), ("none", PALE))
    parts = [(k, based, colour) for k, colour in kinds for based in (True, False)]

    def name(kind: str, based: bool) -> Words:
        said = Words("未注明属性", "not labelled") if kind == "none" else words.code("target_kind", kind)
        return Words(f"{said.zh}，{'有' if based else '无'}基数", f"{said.en}, {'with' if based else 'no'} baseline")

    headers = (tables.COUNTY, *(name(k, b) for k, b, _ in parts))
    body = tuple((named(c), *(count.get((c["county_code"], k, b), 0) for k, b, _ in parts)) for c in every)

    def draw(language: Language) -> Spec:
        y = [named(c).to(language) for c in every]
        data = [_bars(y, [count.get((c["county_code"], k, b)) for c in every], name(k, b).to(language), colour, "" if b else "/") for k, b, colour in parts]
        return {"data": data, "layout": _across(language, Words("项", "targets"), every)}

    return Chart("target-baselines", title, Words("项", "targets"), source, title, Table(headers, body), draw)


_TARGET_COUNTS = """
    WITH own AS (
      SELECT county_code, indicator_id, breakdown, coalesce(max(target_kind), 'none') AS kind, bool_or(baseline IS NOT NULL) AS based
      FROM mart_target WHERE target_level = 'county' AND coalesce(flags, '') NOT LIKE '%previous_plan%'
      GROUP BY county_code, indicator_id, breakdown
    )
    SELECT county_code, kind, based, count(*) AS n FROM own GROUP BY ALL
"""


def compare(indicator: str, con: Connection = None, per: str | None = None) -> Chart:
    """One shared indicator side by side: observed filled, promised open, 未报告 in words. Raises ComparisonError."""
    frame = compare_frame(indicator, per, con)
    with reading(con) as db:
        known = ask(db, "SELECT * FROM dim_indicator WHERE indicator_id = $i OR name_zh = $i OR name_en = $i", i=indicator).to_dicts()[0]
        every = counties(db).to_dicts()
        source = _source(_plans(db))
    column = "value" if per is None else "value_per"
    unit = words.unit_words(known["unit"]) if per is None else _PER[per]
    title = named(known) + _finding(frame.filter(pl.col("value").is_not_null()), len(every))
    rows = frame.to_dicts()
    names = {c["county_code"]: named(c) for c in every}
    headers = (tables.COUNTY, Words("数据性质", "measure"), YEAR, Words("数值", "value"), *((unit,) if per else ()), tables.LINE)
    body = tuple(
        (names[r["county_code"]], words.code("measure", r["measure"]) + words.breakdown(r["breakdown"]), same(str(r["year"] or "")),
         words.bound(r["qualifier"], r["value"], r["unit"]) if r["value"] is not None else words.NOT_REPORTED,
         *((_shown(r[column]),) if per else ()), words.line(r["source_line"]))
        for r in rows
    )  # fmt: skip

    def draw(language: Language) -> Spec:
        stated = frame.filter(pl.col("value").is_not_null())
        groups = stated.select("measure", "year", "breakdown").unique(maintain_order=True).sort("year", "measure", nulls_last=True)
        data = []
        for i, (m, y, b) in enumerate(groups.iter_rows()):
            mine = stated.filter((pl.col("measure") == m) & pl.col("year").eq_missing(y) & pl.col("breakdown").eq_missing(b))
            name = f"{y or ''} {words.code('measure', m).to(language)}{words.breakdown(b).to(language)}"
            data.append(_dots([names[c].to(language) for c in mine["county_code"]], mine[column].to_list(), name, SERIES[i % 8], MARKERS[i % 6] + ("-open" if m == "target" else "")))
        silent = [names[r["county_code"]].to(language) for r in rows if r["value"] is None]
        return {"data": data, "layout": {**_across(language, unit, every), "annotations": [_absent(s, language) for s in silent]}}

    return Chart(f"compare-{known['indicator_id']}" + (f"-{per}" if per else ""), title, unit, source, title, Table(headers, body), draw, named(known, "definition"))


_PER = {
    "1000_elderly": Words("每千名60岁及以上常住居民", "per 1,000 residents aged 60+"),
    "10000_residents": Words("每万常住人口", "per 10,000 residents"),
    "resident": Words("每位常住居民", "per resident"),
    "year": Words("元/人·年", "CNY per person and year"),
}


def _shown(value: float | None) -> Words | None:
    return None if value is None else same(words.estimate(value))


def _finding(stated: pl.DataFrame, of: int) -> Words:
    """What a side-by-side shows, without ranking: the span of the promises, else of what is observed."""
    rows = _latest_shared(stated)
    low, high = rows.sort("value").row(0, named=True), rows.sort("value").row(-1, named=True)
    n = rows["county_code"].n_unique()
    goal = rows["measure"][0] == "target"
    what = Words("目标", "targets") if goal else Words("", "values")
    if rows["year"][0]:
        what = Words(f"{rows['year'][0]}年{what.zh}", f"{rows['year'][0]} {what.en}")
    if low["value"] == high["value"]:
        said = words.bound(low["qualifier"], low["value"], low["unit"])
        return Words(f"：{words.several(n)}县{what.zh}均为{said.zh}", f": {what.en} of {n} of {of} counties all {said.en}")
    a, b = words.quantity(low["value"], low["unit"]), words.quantity(high["value"], high["unit"])
    return Words(f"：{words.several(n)}县{what.zh}从{a.zh}到{b.zh}", f": {what.en} of {n} counties from {a.en} to {b.en}")


def _latest_shared(stated: pl.DataFrame) -> pl.DataFrame:
    """The rows of the measure and year that most counties share: targets before observations, later before earlier."""
    groups = [g for _, g in stated.group_by("measure", "year", maintain_order=True)]
    return max(groups, key=lambda g: (g["county_code"].n_unique() > 1, g["measure"][0] == "target", g["county_code"].n_unique(), g["year"][0] or 0))


def _dots(y: list[str], x: list[Any], name: str, colour: str, symbol: str) -> Spec:
    return {"type": "scatter", "mode": "markers", "cliponaxis": False, "x": x, "y": y, "name": name, "marker": {"symbol": symbol, "size": 12, "color": colour, "line": {"width": 2, "color": colour}},
            "hovertemplate": "%{y}：%{x:,.2~f}<extra>%{fullData.name}</extra>"}  # fmt: skip


def contradictions(con: Connection = None) -> Chart:
    """How many contradictions each plan holds, by severity."""
    with reading(con) as db:
        every = counties(db).to_dicts()
        rows = ask(db, "SELECT county_code, severity, count(*) AS n, count(*) FILTER (review_status = 'open') AS open FROM fct_discrepancy GROUP BY ALL")
        source = _source(_plans(db), Words("规则与通读", "rules and close reading"))
    count = {(c, s): n for c, s, n, _ in rows.iter_rows()}
    total, waiting = int(rows["n"].sum()), int(rows["open"].sum())
    title = Words(f"规划文本前后不一致{total}处，{waiting}处待核实", f"{total} contradictions inside the plans, {waiting} not yet reviewed")
    levels = (("high", VERMILION, ""), ("medium", ORANGE, "/"), ("low", PALE, "."))
    headers = (tables.COUNTY, *(words.code("discrepancy_severity", s) for s, _, _ in levels))
    body = tuple((named(c), *(count.get((c["county_code"], s), 0) for s, _, _ in levels)) for c in every)

    def draw(language: Language) -> Spec:
        y = [named(c).to(language) for c in every]
        data = [_bars(y, [count.get((c["county_code"], s)) for c in every], words.code("discrepancy_severity", s).to(language), colour, hatch) for s, colour, hatch in levels]
        return {"data": data, "layout": _across(language, Words("处", "contradictions"), every)}

    note = Words("多不等于差：写得细的规划，可核对之处也多。", "More is not worse: a plan that states more can be checked in more places.")
    return Chart("contradictions", title, Words("处", "contradictions"), source, title, Table(headers, body), draw, note)


CHARTS: dict[str, Callable[..., Chart]] = {
    "elderly": elderly, "beds": beds, "graves": graves, "money_by_year": money_by_year, "elderly_growth": elderly_growth, "bed_supply": bed_supply,
    "money_by_domain": money_by_domain, "money_by_funder": money_by_funder, "printed_total": printed_total, "money_per_head": money_per_head,
    "target_baselines": target_baselines, "contradictions": contradictions,
}  # fmt: skip
