"""Charts of beds: needs by each method beside beds that stand and beds that are planned, never added up."""

from __future__ import annotations

import textwrap
from typing import Any

import polars as pl

from pipelines.desk import headlines, tables, words
from pipelines.desk.balance import NO_TARGET, reading_of
from pipelines.desk.charts.base import BEDS, across, bars, line, method, one, plans, source_of
from pipelines.desk.marts import ask, counties, reading
from pipelines.desk.style import (
    BLUE,
    GREEN,
    HATCHES,
    INK,
    MUTED,
    ORANGE,
    PALE,
    PINK,
    PURPLE,
    SERIES,
    SKY,
    VERMILION,
    Chart,
    Spec,
    Table,
    axis,
    band,
    years,
)
from pipelines.desk.tables import Connection, named
from pipelines.desk.words import Language, Words, same


def beds(county: str, con: Connection = None) -> Chart:
    """Beds needed by each method against beds that stand and beds that are planned, never added up into one line."""
    with reading(con) as db:
        place = one(db, county)
        every = ask(db, _NEEDS, c=county)
        supply = ask(db, _SUPPLY, c=county)
        source = source_of(plans(db, county), method(db, "mart_bed_outlook"))
        found = headlines.beds(db, county)
    rows = every.drop_nulls("demand_p50")
    title = named(place) + (Words("", ": ") + found[0].text if found else Words("没有床位展望", ": no bed outlook"))
    known = supply.filter((pl.col("status") == "existing") & pl.col("beds").is_not_null())
    whole = known.filter(bed_type="all")
    stands = whole if whole.height else known
    supply = supply.filter((pl.col("bed_type") == "all") | (pl.lit(whole.is_empty()) & pl.col("beds").is_not_null()))
    unstated = _unstated(supply.filter(status="planned"))
    new = supply.filter((pl.col("status") == "planned") & (pl.col("beds") > 0))

    def draw(language: Language) -> Spec:
        data = [
            *_by_definition(rows.filter(estimator="prevalence"), language),
            *_by_method(rows.filter(pl.col("estimator") != "prevalence"), language),
        ]
        if stands.height:
            data.append(_standing(stands, language))
        if new.height:
            data.append(_planned(new, whole, language))
        layout = {"xaxis": years(), "yaxis": axis(BEDS.to(language)), "height": 400, "barmode": "stack", "bargap": 0}
        return {"data": data, "layout": layout}

    return Chart(
        f"beds-{county}",
        title,
        BEDS,
        source,
        title,
        bed_table(every, supply),
        draw,
        _bed_note(rows, stands) + _without_target(every) + _sentence(unstated),
    )


_SUPPLY = """
    SELECT * FROM mart_bed_supply WHERE county_code = $c AND (bed_type = 'all' OR (bed_type = 'institution' AND status = 'existing'))
    ORDER BY status, bed_type, year
"""
_NEEDS = """
    SELECT * FROM mart_bed_outlook WHERE county_code = $c AND bed_type = 'all' AND scenario = 'natural'
    ORDER BY estimator, definition, year
"""


def _bed_note(rows: pl.DataFrame, stands: pl.DataFrame) -> Words:
    if rows.is_empty():
        return Words("本版本没有该县的床位展望。", "There is no bed outlook for the county in this release.")
    shaded = rows["demand_p10"].null_count() < rows.height
    note = (
        Words(
            "阴影为80%区间；失能率链条的阴影包住各失能口径。",
            "Shaded: 80 % intervals; that of the prevalence chain spans the definitions of disability. ",
        )
        if shaded
        else Words("", "")
    )
    if "institution" in set(stands["bed_type"]):
        return note + Words(
            "规划只报告了2020年的机构床位，按该数画平线；社区床位未报告。",
            "The plan reports institution beds of 2020 only; they are drawn flat. Community beds are not reported.",
        )
    if stands.height:
        return note + Words(
            "现有床位按2020年报告数画平线。", "Existing beds are drawn flat at the figure reported for 2020."
        )
    return note + Words(
        "规划未报告2020年全部养老床位，只画需求。",
        "The plan does not report all elderly-care beds of 2020; only needs are drawn.",
    )


def _without_target(rows: pl.DataFrame) -> Words:
    """What the chart leaves out because the plan sets no target for it."""
    silent = rows.filter(pl.col("demand_p50").is_null())
    if silent.is_empty():
        return Words("", "")
    name = reading_of(silent["estimator"][0], silent["definition"][0])
    return Words(
        f"规划没有写明每千名老年人床位目标，按{name.zh}的需求无从计算（未报告），不作零。",
        f" The plan sets no target of beds per 1,000 elderly: the need by its {name.en} cannot be computed (not reported) and is not nought.",
    )


def _sentence(unstated: Words) -> Words:
    """`_unstated` as a sentence of its own after others."""
    if not unstated.zh:
        return unstated
    return Words(f"规划{unstated.zh.removeprefix('；')}。", f" In the plan {unstated.en.removeprefix('; ')}.")


def _by_definition(rows: pl.DataFrame, language: Language) -> list[Spec]:
    """The prevalence chain: one band around all definitions of disability, one thin line for each."""
    if rows.is_empty():
        return []
    data: list[Spec] = []
    name = words.code("estimator", "prevalence").to(language)
    span = rows.group_by("year", maintain_order=True).agg(pl.col("demand_p10").min(), pl.col("demand_p90").max())
    if not span["demand_p10"].null_count():
        wide = Words(
            "（细线为各失能口径，阴影为合并的80%区间）",
            " (thin: each definition of disability; shaded: 80 % interval over all)",
        ).to(language)
        data += band(
            span["year"].to_list(), span["demand_p10"].to_list(), span["demand_p90"].to_list(), name + wide, PINK
        )
    for i, (key, part) in enumerate(rows.group_by("definition", maintain_order=True)):
        said = reading_of("prevalence", str(key[0])).to(language)
        drawn = line(
            part["year"].to_list(),
            [round(v) for v in part["demand_p50"]],
            said,
            colour=PURPLE,
            dash=("dot", "dashdot", "longdashdot", "longdash")[i % 4],
            width=1,
            marks=False,
        )
        data.append({**drawn, "showlegend": False})
    return data


def _by_method(rows: pl.DataFrame, language: Language) -> list[Spec]:
    """The other methods: a dashed line each, with its interval where there is one."""
    data: list[Spec] = []
    for i, (key, part) in enumerate(rows.group_by("estimator", "definition", maintain_order=True)):
        colour, name = (BLUE, VERMILION, GREEN, ORANGE)[i % 4], reading_of(str(key[0]), str(key[1])).to(language)
        if not part["demand_p10"].null_count():
            shaded = band(
                part["year"].to_list(), part["demand_p10"].to_list(), part["demand_p90"].to_list(), name, colour
            )
            data += [{**s, "showlegend": False} for s in shaded]
        data.append(
            line(
                part["year"].to_list(),
                [round(v) for v in part["demand_p50"]],
                name,
                colour=colour,
                dash="dash",
                marks=False,
            )
        )
    return data


def _standing(stands: pl.DataFrame, language: Language) -> Spec:
    """Beds that stand, as the plan states them; institution beds by their name where it does not state all."""
    kinds = {
        "all": Words("现有床位（规划所报）", "existing beds (as the plan states)"),
        "institution": Words(
            "现有机构床位（规划只报告这一类）", "existing institution beds (the only kind the plan states)"
        ),
    }
    name = kinds[stands["bed_type"][0]].to(language)
    return line(stands["year"].to_list(), stands["beds"].to_list(), name, colour=INK, width=3, marks=False)


def _planned(new: pl.DataFrame, stands: pl.DataFrame, language: Language) -> Spec:
    reserve = new["basis"].str.contains("reserve").any()
    name = (
        Words("储备项目净新增养老床位", "net-new elderly beds of the reserve list")
        if reserve
        else Words("规划净新增养老床位", "planned net-new elderly beds")
    )
    if stands.is_empty():  # nothing to stand on: a thin step, so that it is not taken for all beds
        alone = name + Words("（不含现有床位）", " (without the existing ones)")
        step = line(
            new["year"].to_list(), new["beds"].to_list(), alone.to(language), colour=MUTED, dash="longdash", marks=False
        )
        return {**step, "line": {**step["line"], "shape": "hv"}}
    return {
        "type": "bar", "x": new["year"].to_list(), "y": new["beds"].to_list(), "name": name.to(language),
        "marker": {"color": PALE, "pattern": {"shape": "/", "fgcolor": MUTED, "solidity": 0.4}}, "base": stands["beds"][0],
        "hovertemplate": "%{x}：+%{y:,.0f}<extra>%{fullData.name}</extra>",
    }  # fmt: skip


def bed_table(natural: pl.DataFrame, supply: pl.DataFrame) -> Table:
    """Needs by estimator in four years, then what stands and what is planned."""
    shown = [2020, 2025, 2030, 2035]
    headers = (Words("项目", "item"), *(Words(f"{y}年", str(y)) for y in shown), Words("依据", "basis"))
    needs = [
        (
            reading_of(str(k[0]), str(k[1])),
            *(_need(part.filter(year=y)) for y in shown),
            Words("预测", "projection") if part["demand_p50"].count() else NO_TARGET,
        )
        for k, part in natural.group_by("estimator", "definition", maintain_order=True)
    ]
    stock = [
        (
            _stock(str(k[0]), str(k[1])),
            *(tables.reported(_first(part.filter(year=y), "beds")) for y in shown),
            _basis(part["basis"][0]) + _unstated(part),
        )
        for k, part in supply.group_by("status", "bed_type", maintain_order=True)
    ]
    return Table(headers, (*needs, *stock), BEDS)


def _unstated(part: pl.DataFrame) -> Words:
    """Which lines of new facilities leave out how many beds of the kind: what is planned is then at least the figure."""
    told = part.get_column("unstated_lines", default=pl.Series([], dtype=pl.String)).drop_nulls()
    if told.is_empty():
        return Words("", "")
    said = words.lines([int(n) for n in told[0].split(";")])
    return Words(
        f"；{said.zh}的新建设施未写床位数", f"; the new facilities of {said.en} do not say how many beds they hold"
    )


def _stock(status: str, bed_type: str) -> Words:
    said = words.code("supply_status", status)
    kind = words.code("bed_type", bed_type)
    return said if bed_type == "all" else Words(f"{said.zh}（{kind.zh}）", f"{said.en} ({kind.en})")


def _need(rows: pl.DataFrame) -> Words | None:
    if rows.height and rows["demand_p50"][0] is None:
        return words.NOT_REPORTED
    value, low, high = _first(rows, "demand_p50"), _first(rows, "demand_p10"), _first(rows, "demand_p90")
    if value is None:
        return None
    return same(
        words.estimate(value)
        + ("" if low is None or high is None else f" ({words.estimate(low)}–{words.estimate(high)})")
    )


def _first(rows: pl.DataFrame, column: str) -> float | None:
    return rows[column][0] if rows.height else None


def _basis(text: str) -> Words:
    known = {
        "not_reported": words.NOT_REPORTED, "projects": Words("规划项目（净新增养老床位）", "projects (net-new elderly beds)"),
        "reserve list": Words("储备项目（不是承诺）", "reserve list (not a promise)"),
        "applied for": Words("拟申请的项目（尚未落实）", "projects applied for (not granted)"),
        "no project of the plan builds such beds": Words("规划项目中没有新建此类床位", "no project of the plan builds such beds"),
    }  # fmt: skip
    return known.get(text) or Words(
        text.replace("line ", "第").replace(" x ", "行×") + ("行" if "line" in text else ""), text.replace(" x ", " × ")
    )


def sensitivity(county: str, con: Connection = None) -> Chart:
    """What moves the need for beds: one bar an assumption, from its low to its high end; the definition of disability, which
    says what is counted, comes first, then the widest."""
    with reading(con) as db:
        place = one(db, county)
        rows = ask(db, _SENSITIVITY, c=county)
        source = source_of(
            method(db, "mart_bed_outlook"),
            Words("参数及出处见“方法与来源”", "assumptions and their sources: see the methods page"),
        )
        year = rows["year"][0] if rows.height else 0
        stands = ask(db, _STANDS, c=county, year=year)["beds"]
    named_rows = [_assumption(r) for r in rows.iter_rows(named=True)]
    title = named(place) + _moved_most(rows, named_rows, year)
    headers = (
        Words("参数", "assumption"),
        Words("参数下限", "low"),
        Words("参数上限", "high"),
        Words("最小需求", "smallest need"),
        Words("最大需求", "largest need"),
    )
    body = tuple(
        (name, r["low"], r["high"], same(words.estimate(r["demand_low"])), same(words.estimate(r["demand_high"])))
        for name, r in zip(named_rows, rows.iter_rows(named=True), strict=True)
    )

    def draw(language: Language) -> Spec:
        low = rows["demand_low"].to_list()
        widths = [h - a for a, h in zip(low, rows["demand_high"].to_list(), strict=True)]
        bar = bars(
            ["<br>".join(textwrap.wrap(n.to(language), 12 if language == "zh" else 28)) for n in named_rows],
            [round(w) for w in widths],
            BEDS.to(language),
            SKY,
        )
        bar |= {
            "base": [round(v) for v in low],
            "showlegend": False,
            "customdata": list(zip(low, rows["demand_high"].to_list(), strict=True)),
        }
        bar["hovertemplate"] = "%{y}：%{customdata[0]:,.0f}–%{customdata[1]:,.0f}<extra></extra>"
        layout = {
            "height": 130 + 42 * len(named_rows), "xaxis": axis(BEDS.to(language), showgrid=True, rangemode="tozero"),
            "yaxis": axis("", showgrid=False, type="category", autorange="reversed"),
        }  # fmt: skip
        if rows.height:
            centre = rows["demand_central"][0]
            layout["shapes"] = [_upright(centre, "dot"), *(_upright(n, "solid") for n in stands)]
            layout["annotations"] = [_stand(n, language) for n in stands]
        return {"data": [bar], "layout": layout}

    note = Words(
        "第一条是失能口径，它决定算的是谁；其余由宽到窄。竖虚线为中心假设下的需求。",
        "The first bar is the definition of disability, which says who is counted; the others follow by width. The dotted line is the need under central assumptions. ",
    )
    if stands.len():
        note += Words(
            "竖实线为现有床位：条形在其右侧即短缺，在其左侧即闲置。",
            "The solid line are the beds that stand: a bar to the right of it is a shortage, to the left idle beds. ",
        )
    if "supply" in set(rows["moves"]):
        note += Words(
            "“建成的比例”一条为扣除建成的规划（储备）床位后留给现有床位的需求，小于零即这些床位本身已超过需求。",
            "The bar of beds built is the need left to existing beds once planned (or reserve-list) ones stand; below zero these alone exceed the need.",
        )
    return Chart(f"sensitivity-{county}", title, BEDS, source, title, Table(headers, body), draw, note)


_SENSITIVITY = """
    SELECT s.*, p.name_zh, p.name_en, moves = 'supply' AND EXISTS (
             SELECT 1 FROM mart_bed_supply b WHERE b.county_code = s.county_code AND b.basis = 'reserve list') AS reserve
    FROM mart_bed_sensitivity s LEFT JOIN dim_parameter p USING (parameter_id)
    WHERE s.county_code = $c ORDER BY rank
"""
_STANDS = """
    SELECT beds FROM mart_bed_supply
    WHERE county_code = $c AND year = $year AND status = 'existing' AND bed_type = 'all' AND beds IS NOT NULL
"""


def _moved_most(rows: pl.DataFrame, names: list[Words], year: int) -> Words:
    """The first bar, and the second where it is the wider one: what it moves, the need or whether the beds suffice."""
    if rows.is_empty():
        return Words("没有床位敏感性", ": no sensitivity of beds")
    first, widths = names[0], (rows["demand_high"] - rows["demand_low"]).to_list()
    if widths[0] == max(widths):
        return Words(f"{year}年床位需求最受“{first.zh}”左右", f": “{first.en}” moves the beds needed in {year} most")
    then = names[1]
    begun = Words(f"{year}年床位需求先看“{first.zh}”，", f": the beds needed in {year} turn first on “{first.en}”")
    if rows["moves"][1] == "demand":
        return begun + Words(f"更受“{then.zh}”左右", f" and even more on “{then.en}”")
    return begun + Words(f"余缺更受“{then.zh}”左右", f"; whether they suffice turns even more on “{then.en}”")


def _upright(at: float, dash: str) -> Spec:
    return {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper", "line": {"color": INK, "dash": dash}}


def _stand(beds: float, language: Language) -> Spec:
    said = Words(f"现有{words.number(beds, 0)}", f"{words.number(beds, 0)} stand").to(language)
    return {"x": beds, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False, "text": said}


_ASSUMPTIONS = {
    "disability_definition": Words("失能口径", "definition of disability"),
    "persons_60_plus": Words("60岁及以上人数（预测区间）", "persons aged 60+ (prediction interval)"),
}


def _assumption(r: dict[str, Any]) -> Words:
    if r["reserve"]:
        return Words("储备项目床位建成的比例", "share of the reserve list’s beds that are built")
    return _ASSUMPTIONS.get(r["parameter_id"]) or Words(
        r["name_zh"] or r["parameter_id"], r["name_en"] or r["parameter_id"]
    )


def bed_supply(codes: list[str] | None = None, con: Connection = None) -> Chart:
    """What each plan reports as standing in 2020, by kind of bed: different kinds are not comparable and so are coloured."""
    with reading(con) as db:
        every = counties(db, codes).to_dicts()
        rows = ask(
            db,
            "SELECT * FROM mart_bed_supply WHERE year = 2020 AND status = 'existing' AND bed_type <> 'nursing' ORDER BY bed_type",
        )
        source = source_of(plans(db))
    kinds = [
        k
        for k in ("all", "institution", "community")
        if rows.filter((pl.col("bed_type") == k) & pl.col("beds").is_not_null()).height
    ]
    stating = rows.filter(pl.col("beds").is_not_null())["county_code"].n_unique()
    title = Words(
        f"{words.several(len(every))}县（市、区）中{words.several(stating)}个报告了2020年床位，口径各异，不宜直接比较",
        f"{stating} of {len(every)} counties report beds for 2020, each of another kind: not directly comparable",
    )
    headers = (
        tables.COUNTY,
        *(words.code("bed_type", k) for k in ("all", "institution", "community")),
        Words("依据", "basis"),
    )
    value = {(r["county_code"], r["bed_type"]): r for r in rows.iter_rows(named=True)}
    body = tuple(
        (named(c), *(tables.reported((value.get((c["county_code"], k)) or {}).get("beds")) for k in ("all", "institution", "community")),
         words.joined([_basis(value[c["county_code"], k]["basis"]) for k in kinds if (c["county_code"], k) in value and value[c["county_code"], k]["beds"] is not None]))
        for c in every
    )  # fmt: skip

    def draw(language: Language) -> Spec:
        data = [
            bars([named(c).to(language) for c in every], [(value.get((c["county_code"], k)) or {}).get("beds") for c in every], words.code("bed_type", k).to(language), SERIES[i], HATCHES[i])
            for i, k in enumerate(kinds)
        ]  # fmt: skip
        silent = [
            named(c).to(language)
            for c in every
            if not any((value.get((c["county_code"], k)) or {}).get("beds") is not None for k in kinds)
        ]
        return across(language, BEDS, [named(c) for c in every], data, silent)

    return Chart("bed-supply", title, BEDS, source, title, Table(headers, body, BEDS), draw)
