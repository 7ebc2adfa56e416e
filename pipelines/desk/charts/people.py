"""Charts of the elderly: censuses solid, projections dashed, intervals where they are calibrated."""

from __future__ import annotations

import polars as pl

from pipelines.desk import tables, words
from pipelines.desk.ahead import ahead
from pipelines.desk.charts.base import CENSUS, LAST, PERSONS, across, dots, line, method, one, source_of
from pipelines.desk.marts import ask, counties, reading
from pipelines.desk.style import BLUE, INK, MARKERS, MUTED, PALE, SERIES, SKY, Chart, Spec, axis, band, years
from pipelines.desk.tables import Connection, named
from pipelines.desk.words import Language, Words


def elderly(county: str, con: Connection = None) -> Chart:
    """Persons 60+, 65+ and 80+ of one county: censuses solid, projection dashed, 80 % interval where calibrated."""
    with reading(con) as db:
        place = one(db, county)
        rows = ask(
            db,
            "SELECT * FROM mart_elderly_outlook WHERE county_code = $c AND sex = 'both' ORDER BY age_band, year",
            c=county,
        )
        past = ask(db, _CENSUS_BANDS, c=county)
        coming = ahead(db, [county])
        source = source_of(CENSUS, method(db, "mart_elderly_outlook"))
    title = named(place) + (
        Words(
            f"60岁及以上人口2020年{words.number(coming.now, 0)}人，预测{coming.said.zh}",
            f": {words.number(coming.now, 0)} people aged 60+ in 2020, projected {coming.said.en}",
        )
        if coming
        else Words("没有老年人口预测", ": no projection of the elderly")
    )
    drawn = rows.filter(pl.col("p10") < pl.col("p90"))
    note = (
        Words("区间尚未校准，不画区间。", "No interval: not calibrated yet.")
        if drawn.is_empty()
        else Words(
            "实线为普查，虚线为预测，阴影为80%区间。", "Solid: census; dashed: projection; shaded: 80 % interval."
        )
    ) + _shelf_note(rows)

    def draw(language: Language) -> Spec:
        data = [
            t
            for i, age in enumerate(AGES)
            for t in _age(past.filter(age_band=age), rows.filter(age_band=age), i, language)
        ]
        layout = {"xaxis": years(range=[2009.5, LAST + 0.5]), "yaxis": axis(PERSONS.to(language)), "height": 360, "margin": {"r": 64},
                  "annotations": [n for age in AGES for n in _end_label(rows.filter(age_band=age))]}  # fmt: skip
        return {"data": data, "layout": layout}

    return Chart(f"elderly-{county}", title, PERSONS, source, title, tables.outlook(con, county), draw, note)


AGES = ("60+", "65+", "80+")


def _age(past: pl.DataFrame, ahead: pl.DataFrame, place: int, language: Language) -> list[Spec]:
    """One age band: its interval where there is one, the censuses, the projection."""
    name, colour = words.code("age_band", AGES[place]).to(language), SERIES[place]
    bounds = ahead.filter(pl.col("p10") < pl.col("p90"))
    shaded = band(
        bounds["year"].to_list(), bounds["p10"].to_list(), bounds["p90"].to_list(), name + Words("，80%区间", ", 80 % interval").to(language), colour
    )  # fmt: skip
    seen = line(
        past["year"].to_list(), past["persons"].to_list(), name + Words("（普查）", " (census)").to(language), colour=colour, marker=MARKERS[place], width=3
    )  # fmt: skip
    kept, beyond = _by_shelf_life(ahead)
    coming = line(
        kept["year"].to_list(), [None if v is None else round(v) for v in kept["p50"]], name + Words("（预测）", " (projection)").to(language), colour=colour, dash="dash", marks=False
    )  # fmt: skip
    quiet = [{**s, "showlegend": False} for s in shaded] if bounds.height else []
    late = line(
        beyond["year"].to_list(), [None if v is None else round(v) for v in beyond["p50"]], name + Words("（预测，超过有效年限）", " (projection beyond shelf life)").to(language), colour=MUTED, dash="dot", marks=False
    )  # fmt: skip
    ends = [{**late, "showlegend": False}] if beyond.height > 1 else []
    return [*quiet, seen, {**coming, "showlegend": False}, *ends]


def _by_shelf_life(ahead: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The projection up to its shelf life and from there on (both hold the year in between)."""
    if ahead.is_empty() or "shelf_life_years" not in ahead.columns or ahead["shelf_life_years"][0] is None:
        return ahead, ahead.clear()
    last = int(ahead["year"].min()) + int(ahead["shelf_life_years"][0])  # type: ignore[arg-type]
    return ahead.filter(pl.col("year") <= last), ahead.filter(pl.col("year") >= last)


def _shelf_note(rows: pl.DataFrame) -> Words:
    """How long each age band's projection keeps, in words; empty where it is unknown."""
    if "shelf_life_years" not in rows.columns:
        return Words("", "")
    known = rows.drop_nulls("shelf_life_years").unique("age_band").sort("age_band")
    if known.is_empty():
        return Words("", "")
    years = [
        words.code("age_band", r["age_band"]) + Words(f"{int(r['shelf_life_years'])}年", f" {int(r['shelf_life_years'])} years")
        for r in known.iter_rows(named=True)
    ]  # fmt: skip
    return (
        Words("有效年限（回测中八成同类单位误差在10%以内）：", " Shelf life (four in five such units were within 10 % in the backtest): ")
        + words.joined(years, "、", ", ")
        + Words("；超过者画为灰色点线。", "; beyond it the line is grey and dotted.")
    )  # fmt: skip


def _end_label(ahead: pl.DataFrame) -> list[Spec]:
    """The last projected number beside the end of its line."""
    end = ahead.filter(year=LAST)
    return [
        {
            "x": LAST,
            "y": v,
            "text": words.estimate(v),
            "xanchor": "left",
            "xshift": 6,
            "showarrow": False,
            "font": {"size": 12, "color": INK},
        }
        for v in end["p50"]
    ]


_CENSUS_BANDS = """
    SELECT a.age_band, year, CAST(CASE WHEN count(*) = count(persons) THEN sum(persons) END AS BIGINT) AS persons
    FROM fct_population, (VALUES ('60+', 60), ('65+', 65), ('80+', 80)) AS a(age_band, age)
    WHERE county_code = $c AND basis = 'resident' AND sex <> 'both' AND age_from >= a.age GROUP BY ALL ORDER BY ALL
"""


def elderly_growth(codes: list[str] | None = None, con: Connection = None) -> Chart:
    """Persons 60+ of each county as multiples of 2020 in three years, with the interval of each: one row a county."""
    with reading(con) as db:
        every = counties(db, codes).to_dicts()
        rows = ask(
            db,
            "SELECT county_code, year, p10, p50, p90 FROM mart_elderly_outlook WHERE age_band = '60+' AND sex = 'both' ORDER BY year",
        )
        source = source_of(CENSUS, method(db, "mart_elderly_outlook"))
    grown = {c["county_code"]: _relative(rows.filter(county_code=c["county_code"])) for c in every}
    there = [c for c in every if grown[c["county_code"]]]
    last = [end for c in there for end in grown[c["county_code"]][LAST]]
    title = (
        Words(
            f"60岁及以上人口到{LAST}年预计为2020年的{min(last):.2f}—{max(last):.2f}倍（各县80%区间的两端）",
            f"By {LAST} the population aged 60+ is projected at {min(last):.2f}–{max(last):.2f} times that of 2020 (ends of the counties’ 80 % intervals)",
        )
        if last else Words("没有老年人口展望", "no outlook of the elderly")
    )  # fmt: skip
    unit = Words("倍（2020年＝1）", "times 2020 (2020 = 1)")

    def draw(language: Language) -> Spec:
        names = [named(c).to(language) for c in there]
        data = [_milestone(y, names, [grown[c["county_code"]][y] for c in there], language) for y in MILESTONES]
        drawn = across(language, unit, [named(c) for c in every], data)
        top = max((g[y][2] for g in grown.values() if g for y in MILESTONES), default=2.0)
        drawn["layout"]["xaxis"] |= {"range": [0.98, top * 1.03], "rangemode": "normal"}
        return drawn

    note = Words(
        f"均为预测；横线为{LAST}年的80%区间，其他年份的区间见表。",
        f"All projections; the bar across is the 80 % interval of {LAST}, those of the other years are in the table.",
    )
    return Chart("elderly-growth", title, unit, source, title, tables.outlook(con), draw, note)


MILESTONES = (2025, 2030, LAST)
_MILESTONE = {2025: (PALE, "circle"), 2030: (SKY, "square"), LAST: (BLUE, "diamond")}


def _milestone(year: int, names: list[str], values: list[tuple[float, float, float]], language: Language) -> Spec:
    """One year: a mark a county, for the last one with its interval across it."""
    colour, symbol = _MILESTONE[year]
    drawn = dots(names, [v[1] for v in values], Words(f"{year}年", str(year)).to(language), colour, symbol)
    low, high = [v[1] - v[0] for v in values], [v[2] - v[1] for v in values]
    across_it = {
        "type": "data",
        "symmetric": False,
        "array": high,
        "arrayminus": low,
        "color": MUTED,
        "thickness": 1.5,
        "width": 5,
    }
    drawn["marker"] |= {"line": {"width": 1, "color": INK}}
    interval = {"error_x": across_it} if year == LAST else {}  # of the other years in the table: three would overlap
    return {**drawn, **interval, "hovertemplate": "%{y}：%{x:.2f}<extra>%{fullData.name}</extra>"}


def _relative(rows: pl.DataFrame) -> dict[int, tuple[float, float, float]]:
    """Year → p10, p50, p90 as multiples of 2020; empty without the years asked for."""
    base = rows.filter(year=2020)["p50"]
    found = {r["year"]: r for r in rows.iter_rows(named=True)}
    if not base.len() or any(y not in found for y in MILESTONES):
        return {}
    of = float(base[0])
    return {
        y: tuple((found[y][k] if found[y][k] is not None else found[y]["p50"]) / of for k in ("p10", "p50", "p90"))
        for y in MILESTONES
    }
