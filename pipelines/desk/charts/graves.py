"""Charts of interments against the graves that are stated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from pipelines.desk import depletion, tables, words
from pipelines.desk.burial import NOT_AN_URN
from pipelines.desk.charts.base import LAST, YEAR, line, method, one, plans, source_of
from pipelines.desk.marts import ask, reading
from pipelines.desk.style import BLUE, GREEN, INK, VERMILION, Chart, Spec, Table, axis, band, years
from pipelines.desk.tables import Connection, named
from pipelines.desk.words import Language, Words, same


def graves(county: str, con: Connection = None) -> Chart:
    """Interments summed from 2021 on, at the assumed share and if every death came to a cemetery, with the 80 % interval
    where there is one, against the graves that are stated: all classes, and public-benefit ones alone."""
    with reading(con) as db:
        place = one(db, county)
        classes = ask(db, _OUTLOOK, c=county)
        stages, own = ask(db, _STAGES, c=county), ask(db, _OWN_SHARE, c=county)
        scenarios = _named_scenarios(ask(db, _SHARE))
        source = source_of(plans(db, county), method(db, "mart_cemetery_class_outlook"))
    rows = classes.filter(capacity_class="all")
    bounded = rows.filter(pl.col("low") < pl.col("high")).height > 0
    used_unknown = rows["remaining_p50"].null_count() == rows.height
    title = named(place) + _finding(rows, rows["capacity"].drop_nulls().max(), _Places.of(stages))
    unit = Words("具／穴（格）位", "interments / graves and niches")

    def draw(language: Language) -> Spec:
        data = [
            trace
            for colour, (key, part) in zip(
                (VERMILION, BLUE), rows.group_by("scenario", maintain_order=True), strict=False
            )
            for trace in _needed(scenarios[str(key[0])].to(language), part, colour)
        ]
        data += [
            _capacity(name + (_USED_UNKNOWN if used_unknown else same("")), part, language, colour, dash)
            for name, part, colour, dash in _stated(classes)
        ]
        return {"data": data, "layout": {"xaxis": years(), "yaxis": axis(unit.to(language)), "height": 340}}

    note = (
        Words(
            "从2021年起累计；死亡数的水平未按官方数调整，宜看升幅（对照见“预测检验”）；",
            "Summed from 2021; the level of deaths is not fitted to official figures (see the forecast record), read the rise; ",
        )
        + (Words("阴影为80%区间。", "shaded: 80 % interval. ") if bounded else Words("没有区间。", "no interval. "))
        + Words(
            "已用墓穴数未报告的，只能看够用几年，不能算剩余。",
            "Where graves already used are not reported this shows break-even, not what remains. ",
        )
        + _ends(classes, scenarios)
        + NOT_AN_URN
        + _own_share(own)
    )
    return Chart(f"graves-{county}", title, unit, source, title, _table(classes, scenarios), draw, note)


_OUTLOOK = """
    SELECT year, scenario, capacity_class, deaths_p50, capacity, remaining_p50,
           depletion_year_p10, depletion_year_p50, depletion_year_p90,
           break_even_p10 AS low, break_even_p50 AS needed, break_even_p90 AS high
    FROM mart_cemetery_class_outlook WHERE county_code = $c AND year > 2020 ORDER BY scenario, year
"""
_STAGES = """
    SELECT DISTINCT form, status, commitment FROM mart_cemetery_capacity WHERE county_code = $c AND in_capacity
    ORDER BY status, form
"""
_OWN_SHARE = """
    SELECT period_end, value, min(source_line) AS source_line FROM fct_observation
    WHERE county_code = $c AND indicator_id = 'ashes_cemetery_burial_rate' AND measure = 'actual' AND value IS NOT NULL
    GROUP BY period_end, value ORDER BY period_end DESC, value LIMIT 1
"""
_SHARE = "SELECT low, high, grade FROM dim_parameter WHERE parameter_id = 'interment_share'"


def _named_scenarios(share: pl.DataFrame) -> dict[str, Words]:
    """The scenarios by what is assumed; the share interred with its range and grade as the release has it."""
    assumed = same("")
    if share.height:
        low, high, grade = share.row(0)
        span = f"{words.number(low)}–{words.number(high)}"
        assumed = Words(f"（{span}%，{grade}级）", f" ({span} %, grade {grade})")
    return {
        "natural": Words("累计安葬：按假设的入公墓比例", "interments: assumed share interred") + assumed,
        "policy": Words("累计安葬：全部入公墓", "interments: every death to a cemetery"),
    }


_CLASSES = (("all", INK, "solid"), ("public_benefit", GREEN, "dashdot"))
_USED_UNKNOWN = Words("（已用多少未报告）", " (used part not reported)")


def _needed(name: str, part: pl.DataFrame, colour: str) -> list[Spec]:
    """One scenario: its interval where there is one, and its median."""
    inside = part.filter(pl.col("low") < pl.col("high"))
    shaded = band(inside["year"].to_list(), inside["low"].to_list(), inside["high"].to_list(), name, colour)
    quiet = [{**s, "showlegend": False} for s in shaded] if inside.height else []
    median = [None if n is None else round(n) for n in part["needed"]]
    return [*quiet, line(part["year"].to_list(), median, name, colour=colour, dash="dash", marks=False)]


def _stated(classes: pl.DataFrame) -> list[tuple[Words, pl.DataFrame, str, str]]:
    """Name, rows, colour and dash of each class of capacity that is stated at all."""
    first = classes.filter(pl.col("scenario") == pl.col("scenario").first())
    parts = [(k, first.filter(capacity_class=k), colour, dash) for k, colour, dash in _CLASSES]
    return [(_named(k), part, colour, dash) for k, part, colour, dash in parts if part["capacity"].count()]


def _named(capacity_class: str) -> Words:
    said = words.code("capacity_class", capacity_class)
    return Words(f"所列容量：{said.zh}", f"stated capacity: {said.en}")


def _capacity(name: Words, part: pl.DataFrame, language: Language, colour: str, dash: str) -> Spec:
    drawn = line(
        part["year"].to_list(), part["capacity"].to_list(), name.to(language), colour=colour, dash=dash, width=3, marks=False
    )  # fmt: skip
    drawn["line"]["shape"] = "hv"
    return drawn


def _own_share(own: pl.DataFrame) -> Words:
    """The share of ashes in cemeteries that the plan itself reports; all of them is the upper line."""
    if own.is_empty():
        return Words("", "")
    year, share, line = own.row(0)
    text = words.number(share)
    told = Words(
        f"规划自报{year}年骨灰入公墓率{text}%（第{line}行）",
        f" The plan itself reports {text} % of ashes in cemeteries for {year} (line {line})",
    )
    whole = Words(
        "；遗体若也全部火化，应看“全部入公墓”一线。",
        "; if every body is cremated as well, the line of every death to a cemetery is the one to read.",
    )
    return told + (whole if share >= _ALL else Words("。", "."))


_ALL = 100.0  # per cent
_STAGE = {"built": Words("已建", "built"), "planned": Words("规划", "planned"), "reserve": Words("储备项目", "reserve-list"), "applied_for": Words("拟申请", "applied-for")}  # fmt: skip


@dataclass(frozen=True)
class _Places:
    """What the stated places are, in words (储备项目穴位和格位 / reserve-list graves and niches), and whether all are built."""

    name: Words
    built: bool

    @classmethod
    def of(cls, stages: pl.DataFrame) -> _Places:
        """From the counted rows of mart_cemetery_capacity: `form, status, commitment`."""
        planned = stages["commitment"].fill_null("planned")
        kinds = pl.Series([s if s == "built" else c for s, c in zip(stages["status"], planned, strict=True)])
        stage = words.joined([_STAGE[k] for k in _STAGE if k in set(kinds)], "、", " and ")
        niches = "niche" in set(stages["form"])
        form = Words("墓穴和格位", " graves and niches") if niches else Words("墓穴", " graves")
        return cls(stage + form, set(kinds) <= {"built"})


def _finding(rows: pl.DataFrame, capacity: object, places: _Places) -> Words:
    last = rows.group_by("scenario", maintain_order=True).last()
    if last.is_empty():
        return Words("没有墓穴展望", ": no grave outlook")
    span = Words("—", "–").to
    bounded = last["low"].null_count() + last["high"].null_count() == 0
    ends = [*last["low"], *last["high"]] if bounded else [*last["needed"]]
    zh, en = (span(k).join(words.estimate(v) for v in sorted({min(ends), max(ends)})) for k in words.LANGUAGES)
    within = Words("（含80%区间）", " (80 % intervals included)") if bounded else Words("", "")
    if not isinstance(capacity, float | int):
        return Words(
            f"2021—{LAST}年预计安葬约{zh}具{within.zh}，墓穴数未报告",
            f": about {en} interments expected 2021–{LAST}{within.en}; grave capacity not reported",
        )
    stated, name = words.number(capacity, 0), places.name
    built = Words("", "") if places.built else Words("（若全部建成）", " (if all are built)")
    known = rows.filter((pl.col("year") == LAST) & pl.col("remaining_p50").is_not_null())
    if known.height:
        left = [
            span(k).join(dict.fromkeys(words.whole(v) for v in known["remaining_p50"].sort())) for k in words.LANGUAGES
        ]
        return Words(
            f"2021—{LAST}年预计安葬约{zh}具{within.zh}，所列{name.zh}{stated}个{built.zh}，到{LAST}年约剩{left[0]}个",
            f": about {en} interments expected 2021–{LAST}{within.en}; of the stated {stated} {name.en}{built.en} about {left[1]} are left in {LAST}",
        ) + _full(known)
    uncertain = Words("是否够用说不准", "perhaps enough, perhaps not,")
    enough = Words("够用", "enough") if capacity >= max(ends) else uncertain
    enough = Words("不够用", "not enough") if capacity < min(ends) else enough
    return Words(
        f"2021—{LAST}年预计安葬约{zh}具{within.zh}，所列{name.zh}{stated}个{built.zh}，若全部空置则{enough.zh}",
        f": about {en} interments expected 2021–{LAST}{within.en}; the stated {stated} {name.en}{built.en} are {enough.en} if all are still free",
    )


def _full(known: pl.DataFrame) -> Words:
    """When places whose use is known are full: the median of each scenario, and the 80 % interval from the earliest of their
    lower ends to the latest of their upper ones."""
    ends = known.filter(pl.col("depletion_year_p90").is_not_null())
    if ends.is_empty():
        return same("")
    low, high = ends.select(pl.min("depletion_year_p10"), pl.max("depletion_year_p90")).row(0)
    return Words("，", ", full ") + depletion.full(ends["depletion_year_p50"], low, high) + Words("用完", "")


def _ends(classes: pl.DataFrame, scenarios: dict[str, Words]) -> Words:
    """The same for each class of capacity and scenario apart, and how years beyond the forecast are found."""
    known = classes.filter((pl.col("year") == LAST) & pl.col("depletion_year_p90").is_not_null())
    if known.is_empty():
        return same("")
    told = [
        words.code("capacity_class", r["capacity_class"])
        + Words("，", ", ")
        + scenarios[r["scenario"]]
        + Words("：", ": ")
        + depletion.full([r["depletion_year_p50"]], r["depletion_year_p10"], r["depletion_year_p90"])
        for r in known.sort("capacity_class", "scenario").iter_rows(named=True)
    ]
    return (
        Words("何时用完：", "When they are full: ")
        + words.joined(told)
        + Words(
            f"。{LAST}年以后按{LAST}年用量外推，其后死亡仍会变化，只看早晚，不宜引为年份。",
            f". Years after {LAST} are extrapolated at the use of {LAST}; deaths will go on to change: read them as early or late, not as years to quote. ",
        )
    )


def _table(classes: pl.DataFrame, scenarios: dict[str, Words]) -> Table:
    headers = (
        YEAR, Words("死亡人数（预测）", "deaths (projection)"), *scenarios.values(), *(_named(k) for k, _, _ in _CLASSES),
    )  # fmt: skip
    body = []
    for key, part in classes.group_by("year", maintain_order=True):
        by_scenario = {r["scenario"]: r for r in part.filter(capacity_class="all").iter_rows(named=True)}
        stated = {r["capacity_class"]: r["capacity"] for r in part.iter_rows(named=True)}
        body.append(
            (
                same(str(key[0])),
                same(words.estimate(part["deaths_p50"][0])),
                *(same(_interval(by_scenario.get(k))) for k in scenarios),
                *(tables.reported(stated.get(k)) for k, _, _ in _CLASSES),
            )
        )
    return Table(headers, tuple(body))


def _interval(r: dict[str, Any] | None) -> str:
    """The median with its 80 % interval where there is one."""
    if r is None:
        return words.DASH
    middle = words.estimate(r["needed"])
    return middle if r["low"] is None else f"{middle} ({words.estimate(r['low'])}–{words.estimate(r['high'])})"
