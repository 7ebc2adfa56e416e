"""Charts of the elderly: censuses solid, projections dashed, intervals where they are calibrated."""

from __future__ import annotations

import polars as pl

from pipelines.desk import tables, words
from pipelines.desk.charts.base import CENSUS, LAST, PERSONS, line, method, one, source_of
from pipelines.desk.marts import ask, counties, reading
from pipelines.desk.style import DASHES, MARKERS, SERIES, Chart, Spec, axis, band, years
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
        source = source_of(CENSUS, method(db, "mart_elderly_outlook"))
    ends = _ends(rows.filter(age_band="60+"))
    title = named(place) + Words(
        f"60岁及以上人口2020年{words.number(ends[0], 0)}人，预测{LAST}年约{words.estimate(ends[1])}人",
        f": {words.number(ends[0], 0)} people aged 60+ in 2020, about {words.estimate(ends[1])} projected for {LAST}",
    )
    drawn = rows.filter(pl.col("p10") < pl.col("p90"))
    note = (
        Words("区间尚未校准，不画区间。", "No interval: not calibrated yet.")
        if drawn.is_empty()
        else Words("阴影为80%区间。", "Shaded: 80 % interval.")
    )

    def draw(language: Language) -> Spec:
        data = [
            t
            for i, age in enumerate(AGES)
            for t in _age(past.filter(age_band=age), rows.filter(age_band=age), i, language)
        ]
        layout = {"xaxis": years(range=[2009.5, LAST + 0.5]), "yaxis": axis(PERSONS.to(language)), "height": 380}
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
    coming = line(
        ahead["year"].to_list(), [None if v is None else round(v) for v in ahead["p50"]], name + Words("（预测）", " (projection)").to(language), colour=colour, dash="dash", marks=False
    )  # fmt: skip
    return [*(shaded if bounds.height else []), seen, coming]


_CENSUS_BANDS = """
    SELECT a.age_band, year, CAST(CASE WHEN count(*) = count(persons) THEN sum(persons) END AS BIGINT) AS persons
    FROM fct_population, (VALUES ('60+', 60), ('65+', 65), ('80+', 80)) AS a(age_band, age)
    WHERE county_code = $c AND basis = 'resident' AND sex <> 'both' AND age_from >= a.age GROUP BY ALL ORDER BY ALL
"""


def _ends(rows: pl.DataFrame) -> tuple[float, float]:
    by_year = dict(rows.select("year", "p50").iter_rows())
    return by_year.get(2020, float("nan")), by_year.get(LAST, float("nan"))


def elderly_growth(codes: list[str] | None = None, con: Connection = None) -> Chart:
    """Persons 60+ of each county as multiples of 2020: one line a county, told apart in grey by dash and marker."""
    with reading(con) as db:
        every = counties(db, codes).to_dicts()
        rows = ask(
            db,
            "SELECT county_code, year, p50 FROM mart_elderly_outlook WHERE age_band = '60+' AND sex = 'both' ORDER BY year",
        )
        source = source_of(CENSUS, method(db, "mart_elderly_outlook"))
    grown = {c["county_code"]: _relative(rows.filter(county_code=c["county_code"])) for c in every}
    last = [g[1][-1] for g in grown.values() if g[1]]
    low, high = min(last), max(last)
    title = Words(
        f"60岁及以上人口到{LAST}年预计为2020年的{words.number(low, 2)}—{words.number(high, 2)}倍",
        f"By {LAST} the population aged 60+ is projected at {words.number(low, 2)}–{words.number(high, 2)} times that of 2020",
    )

    def draw(language: Language) -> Spec:
        data = [
            {**line(*grown[c["county_code"]], named(c).to(language), colour=SERIES[i % 6], marker=MARKERS[i % 6], dash=DASHES[i % 6]), "hovertemplate": "%{x}：%{y:.2f}<extra>%{fullData.name}</extra>"}
            for i, c in enumerate(every)
        ]  # fmt: skip
        layout = {
            "xaxis": years(),
            "yaxis": axis(Words("2020年＝1", "2020 = 1").to(language), rangemode="normal"),
            "height": 360,
        }
        return {"data": data, "layout": layout}

    return Chart(
        "elderly-growth",
        title,
        Words("倍（2020年＝1）", "times 2020"),
        source,
        title,
        tables.outlook(con),
        draw,
        Words("2020年以后均为预测。", "All after 2020 is projection."),
    )


def _relative(rows: pl.DataFrame) -> tuple[list[int], list[float]]:
    if rows.is_empty():
        return [], []
    return rows["year"].to_list(), [v / rows["p50"][0] for v in rows["p50"]]
