"""Sentences a leader reads first, written by rules from the marts in both languages, each true to the rows behind it.
No rule knows a county; a rule that has nothing to say says nothing. Reserve lists are never called promises."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import polars as pl

from pipelines.desk import words
from pipelines.desk.ahead import LAST_YEAR, ahead
from pipelines.desk.marts import ask, counties
from pipelines.desk.style import Table
from pipelines.desk.words import Words, same

UNLIKELY = (
    0.1  # a shortage less probable than this leaves beds enough; one more probable than its complement is certain
)
DOMINANT = 0.5  # a project with more than half of the money is named
KEY_RATES = ("nursing_bed_share", "beds_per_1000_elderly", "township_care_centre_coverage", "eco_burial_rate")


@dataclass(frozen=True)
class Headline:
    """`doubtful`: rests on figures that contradict each other in the document; `reviewed`: someone has looked at it.
    `figures`: the stated figures it leans on, as (line, number), to be held against the open contradictions."""

    county_code: str
    topic: str
    text: Words
    lines: tuple[int, ...] = ()
    doubtful: bool = False
    reviewed: bool = False
    figures: tuple[tuple[int, float], ...] = ()

    @property
    def front(self) -> bool:
        """May it stand on the front page? Unreviewed contradictions may not."""
        return self.reviewed or not self.doubtful


Rule = Callable[[duckdb.DuckDBPyConnection, str], list[Headline]]


def headlines(con: duckdb.DuckDBPyConnection, county: str) -> list[Headline]:
    """The headlines of one county, in reading order; one that leans on a figure of an open grave contradiction is doubtful."""
    found = [h for rule in RULES for h in rule(con, county)]
    open_places = contested(con, county) if any(h.figures for h in found) else []
    return [replace(h, doubtful=True) if leans(h.figures, open_places) else h for h in found]


Place = tuple[frozenset[int], frozenset[float]]


def contested(con: duckdb.DuckDBPyConnection, county: str) -> list[Place]:
    """The lines and the numbers of each grave contradiction of a county that nobody has reviewed."""
    rows = ask(
        con,
        """SELECT left_line, right_line, lines, concat_ws(' ', left_value, right_value, computation) AS said
           FROM fct_discrepancy WHERE county_code = $county AND severity = 'high' AND review_status = 'open'""",
        county=county,
    )  # fmt: skip
    places = []
    for left, right, more, said in rows.iter_rows():
        lines = {left, right, *(int(n) for n in re.findall(r"[0-9]+", more or ""))} - {None}
        places.append((frozenset(lines), frozenset(float(n) for n in _NUMERAL.findall(said.replace(",", "")))))
    return places


_NUMERAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def leans(figures: tuple[tuple[int, float], ...], places: list[Place]) -> bool:
    """Does any figure stand on a line of a contradiction that names this very number?"""
    return any(line in lines and value in numbers for line, value in figures for lines, numbers in places)


def baselines(con: duckdb.DuckDBPyConnection, county: str) -> list[Headline]:
    """How many indicators the plan's table sets, and how many of them without a baseline in the table. Rows of the table
    that repeat the text count: the question is what the table shows."""
    rows = ask(con, _TABLE_ROWS, county=county)
    if rows.is_empty():
        return _without_table(con, county)
    total, missing, year = rows.height, rows.filter(~pl.col("based")).height, rows["base_year"][0]
    if missing == 0:
        zh, en = f"指标表{total}项指标均列有{year}年基数", f"all {total} indicators of its table have a {year} baseline"
    else:
        zh = f"{total}项指标中{missing}项表内无{year}年基数"
        en = f"{missing} of {total} indicators have no {year} baseline in the table"
    return [Headline(county, "baselines", Words(zh, en), (min(rows["line"]),))]


_TABLE_ROWS = """
    SELECT indicator_id, breakdown, bool_or(o.measure <> 'target' AND o.value IS NOT NULL) AS based, min(source_line) AS line,
           any_value(s.period_start) - 1 AS base_year
    FROM fct_observation o JOIN dim_source s USING (source_id)
    WHERE o.county_code = $county AND place = 'indicator_table' AND target_level = 'county'
    GROUP BY indicator_id, breakdown HAVING bool_or(measure = 'target')
"""


def _without_table(con: duckdb.DuckDBPyConnection, county: str) -> list[Headline]:
    own = ask(
        con,
        "SELECT DISTINCT indicator_id, breakdown FROM mart_target WHERE county_code = $county AND target_level = 'county'",
        county=county,
    )
    if own.is_empty():
        return []
    based = ask(
        con,
        "SELECT DISTINCT indicator_id, breakdown FROM mart_target WHERE county_code = $county AND target_level = 'county' AND baseline IS NOT NULL",
        county=county,
    ).height
    open_zh = "均未写基数" if not based else f"其中{own.height - based}项未写基数"
    open_en = "none of them with a baseline" if not based else f"{own.height - based} of them without a baseline"
    text = Words(
        f"没有指标表，正文提出{own.height}项目标，{open_zh}",
        f"no indicator table; {own.height} targets in the text, {open_en}",
    )
    return [Headline(county, "baselines", text)]


def investment(con: duckdb.DuckDBPyConnection, county: str) -> list[Headline]:
    """What the plan's projects cost, what one project takes of it, what the printed total leaves out."""
    projects = ask(
        con,
        """SELECT p.*, EXISTS (SELECT 1 FROM fct_project_output o WHERE o.project_id = p.project_id
                               AND o.output IN ('beds', 'nursing_beds')) AS has_beds
           FROM fct_project p
           WHERE county_code = $county AND total_investment_wan IS NOT NULL ORDER BY total_investment_wan DESC, project_id""",
        county=county,
    )  # fmt: skip
    listed = projects.filter("in_annex")
    projects = listed if listed.height else projects
    if projects.is_empty():
        return []
    total = float(projects["total_investment_wan"].sum())
    dominant = _dominant(projects.to_dicts()[0], total)
    said = _kind_of_list(projects) + words.money(total) + _not_settled(projects)
    line = tuple(projects["source_line"].to_list()[:1]) if dominant.zh else ()  # a sum of rows stands on no line
    found = [Headline(county, "money", said + dominant, line)]
    left_out, places = _left_out(projects)
    if left_out.zh:
        found.append(Headline(county, "money_left_out", said + left_out, places, True, _reviewed_total(con, county)))
    return found


def _kind_of_list(projects: pl.DataFrame) -> Words:
    kinds = set(projects["commitment"])
    if kinds == {"reserve"}:
        return Words("储备项目", "reserve list (not a promise): ")
    if kinds == {"applied_for"}:
        return Words("拟申请项目", "projects applied for (not a promise): ")
    if not projects["in_annex"].any():
        return Words("正文项目投资", "projects in the text: ")
    return Words("规划投资", "planned investment: ")


def _not_settled(projects: pl.DataFrame) -> Words:
    """What of a mixed list is only applied for or held in reserve, never hidden in the sum."""
    if projects["commitment"].n_unique() == 1:
        return same("")
    parts = []
    for kind in ("applied_for", "reserve"):
        amount = float(projects.filter(commitment=kind)["total_investment_wan"].sum() or 0)
        if amount:
            name = words.code("commitment", kind)
            parts.append(Words(f"{name.zh}{words.money(amount).zh}", f"{words.money(amount).en} {name.en}"))
    return Words(f"（含{'、'.join(p.zh for p in parts)}）", f" (of it {', '.join(p.en for p in parts)})")


def _dominant(largest: dict[str, Any], total: float) -> Words:
    amount = float(largest["total_investment_wan"])
    if amount <= DOMINANT * total or amount == total:
        return same("")
    kind = (
        Words("康养", "wellness-and-care ")
        if "康养" in largest["name_zh"]
        else words.code("domain", largest["domain"]) + Words("", " ")
    )
    silent = largest["domain"] == "elderly_care" and not largest["has_beds"]
    said = words.money(amount)
    return Words(
        f"，其中{said.zh}在一个{'未写床位数的' if silent else ''}{kind.zh}项目",
        f", of which {said.en} in one {kind.en}project{' that states no beds' if silent else ''}",
    )


def _left_out(projects: pl.DataFrame) -> tuple[Words, tuple[int, ...]]:
    """The projects that the printed total of their table leaves out, and their lines."""
    outside = projects.filter(pl.col("in_printed_total") == False)  # noqa: E712 (a polars column)
    if outside.is_empty():
        return same(""), ()
    counted = words.several(outside.height)
    parts = [words.money(a) for a in outside["total_investment_wan"]]
    summed = "＋".join(p.zh.removesuffix("万元") for p in parts)
    said = Words(
        f"，表列合计漏{counted}项（{summed}万元）",
        f"; the printed total leaves out {outside.height} of its projects ({' + '.join(p.en for p in parts)})",
    )
    return said, tuple(sorted(outside["source_line"]))


def _reviewed_total(con: duckdb.DuckDBPyConnection, county: str) -> bool:
    found = ask(
        con,
        "SELECT bool_and(review_status <> 'open') AS done FROM fct_discrepancy WHERE county_code = $county AND rule_id = 'parts_to_total'",
        county=county,
    )
    return bool(found["done"][0])


def rates(con: duckdb.DuckDBPyConnection, county: str) -> list[Headline]:
    """The key rates of elderly care and funerals: where they stood, and what is promised."""
    rows = ask(
        con,
        """SELECT t.*, i.name_zh, i.name_en FROM mart_target t JOIN dim_indicator i USING (indicator_id)
           WHERE county_code = $county AND target_level = 'county' AND target IS NOT NULL AND NOT in_conflict
             AND list_contains($keys, indicator_id) AND breakdown IS NULL
             AND target_year = (SELECT max(target_year) FROM mart_target u WHERE u.county_code = t.county_code
                                AND u.indicator_id = t.indicator_id AND u.target_level = 'county')
             AND coalesce(flags, '') NOT LIKE '%previous_plan%'
           ORDER BY list_position($keys, indicator_id), place = 'indicator_table' DESC, source_line""",
        county=county, keys=list(KEY_RATES),
    ).unique("indicator_id", keep="first", maintain_order=True)  # fmt: skip
    open_places = contested(con, county)
    found = [
        Headline(county, str(r["indicator_id"]), _rate(r), (int(r["source_line"]),), figures=_leaned_on(con, r))
        for r in rows.iter_rows(named=True)
    ]
    sound, shaky = (
        [h for h in found if not leans(h.figures, open_places)],
        [h for h in found if leans(h.figures, open_places)],
    )
    return [*sound[:2], *shaky]


def _leaned_on(con: duckdb.DuckDBPyConnection, target: dict[str, Any]) -> tuple[tuple[int, float], ...]:
    """A target and every place where the county states the baseline."""
    stated = ask(
        con,
        """SELECT DISTINCT source_line, value FROM fct_observation
           WHERE county_code = $county AND indicator_id = $indicator AND measure = 'actual' AND value IS NOT NULL""",
        county=target["county_code"], indicator=target["indicator_id"],
    )  # fmt: skip
    same_value = [(int(n), float(v)) for n, v in stated.iter_rows() if v == target["baseline"]]
    return ((int(target["source_line"]), float(target["target"])), *same_value)


def _rate(row: dict[str, Any]) -> Words:
    name = short(Words(row["name_zh"], row["name_en"]))
    unit = "text" if row["unit"] in ("per_1000", "per_10000") and name.zh.startswith("每") else row["unit"]
    goal = words.bound(row["qualifier"], row["target"], unit)
    if row["latest_actual"] is not None and row["latest_year"] > (row["baseline_year"] or 0):
        now, verdict = words.quantity(row["latest_actual"], unit), words.code("verdict", row["verdict"])
        return Words(
            f"{name.zh}{row['latest_year']}年{now.zh}，目标{goal.zh}，{verdict.zh}",
            f"{name.en}: {now.en} in {row['latest_year']}, target {goal.en}, {verdict.en}",
        )
    if row["baseline"] is None:
        return Words(f"{name.zh}目标{goal.zh}，未报告基数", f"{name.en}: target {goal.en}, baseline not reported")
    base = words.quantity(row["baseline"], unit)
    return Words(f"{name.zh}{base.zh}，目标{goal.zh}", f"{name.en}: {base.en}, target {goal.en}")


def short(name: Words) -> Words:
    """A name without the institution it is counted in, for headlines; definitions stand in the dictionary."""
    return Words(name.zh.replace("养老机构护理型", "护理型"), name.en)


def conflicts(con: duckdb.DuckDBPyConnection, county: str) -> list[Headline]:
    """Targets printed with different values in one document: settle the definition first."""
    rows = ask(
        con,
        """SELECT t.indicator_id, i.name_zh, i.name_en, i.domain, t.breakdown, t.target_year, t.unit, t.place, t.qualifier,
                  t.target, t.source_line
           FROM mart_target t JOIN dim_indicator i USING (indicator_id)
           WHERE county_code = $county AND target_level = 'county' AND in_conflict AND target IS NOT NULL
           ORDER BY ALL""",
        county=county,
    )  # fmt: skip
    groups = [
        g
        for _, g in rows.group_by("indicator_id", "breakdown", "target_year", maintain_order=True)
        if g["target"].n_unique() > 1
    ]
    worst = sorted(
        groups, key=lambda g: (-g["target"].n_unique(), g["domain"][0] != "elderly_care", g["source_line"].min())
    )
    return [_conflict(con, county, g) for g in worst]


def _conflict(con: duckdb.DuckDBPyConnection, county: str, group: pl.DataFrame) -> Headline:
    places = [
        (
            words.code("place", str(key[0])),
            list(
                dict.fromkeys(words.quantity(r["target"], r["unit"]) for r in part.sort("target").iter_rows(named=True))
            ),
        )
        for key, part in group.sort(pl.col("place") == "indicator_table", "source_line").group_by(
            "place", maintain_order=True
        )
    ]
    zh = "，".join(p.zh + "、".join(v.zh for v in values) for p, values in places)
    en = ", ".join(f"{' and '.join(v.en for v in values)} in the {p.en}" for p, values in places)
    name = Words(group["name_zh"][0], group["name_en"][0]) + words.breakdown(group["breakdown"][0])
    lines = tuple(sorted(set(group["source_line"])))
    text = Words(f"{name.zh}{zh}，请先定口径", f"{name.en}: {en}; settle which one holds first")
    return Headline(county, "conflict", text, lines, doubtful=True, reviewed=_reviewed(con, county, lines))


def _reviewed(con: duckdb.DuckDBPyConnection, county: str, lines: tuple[int, ...]) -> bool:
    found = ask(
        con,
        """SELECT bool_and(review_status <> 'open') AS done FROM fct_discrepancy
           WHERE county_code = $county AND list_contains($lines, left_line) AND list_contains($lines, right_line)""",
        county=county, lines=list(lines),
    )  # fmt: skip
    return bool(found["done"][0])


def elderly(con: duckdb.DuckDBPyConnection, county: str) -> list[Headline]:
    """People aged 60+: the census of 2020, and the projection as far as it can be relied on, then for the last year."""
    found = ahead(con, [county])
    if found is None:
        return []
    sure = Words("，80%区间", ", 80 % intervals") if found.last.low is not None else same("")
    times = Words(f"（{found.times.zh}{sure.zh}）", f" ({found.times.en}{sure.en})")
    text = Words(f"60岁及以上2020年{words.number(found.now, 0)}人，预测{found.said.zh}{times.zh}", f"aged 60+: {words.number(found.now, 0)} in 2020, projected {found.said.en}{times.en}")  # fmt: skip
    return [Headline(county, "elderly", text)]


def beds(con: duckdb.DuckDBPyConnection, county: str) -> list[Headline]:
    """What the estimators say will be needed, beside what the plan says stands."""
    need = ask(
        con,
        """SELECT min(coalesce(demand_p10, demand_p50)) AS low, max(coalesce(demand_p90, demand_p50)) AS high,
                  count(demand_p10) = count(demand_p50) AS banded, min(supply) AS supply FROM mart_bed_outlook
           WHERE county_code = $county AND year = $last AND scenario = 'natural' AND bed_type = 'all'""",
        county=county, last=LAST_YEAR,
    ).to_dicts()[0]  # fmt: skip
    if need["low"] is None:
        return []
    low, high = words.estimate(need["low"]), words.estimate(need["high"])
    people = ahead(con, [county])
    why = Words("因方法而异", "depending on the method")
    if need["banded"]:
        why += Words("，含各方法的80%区间", "; 80 % intervals included")
    if people and people.late:
        why += Words("，已超过人口预测的有效年限", "; beyond the shelf life of the persons")
    text = Words(
        f"{LAST_YEAR}年需养老床位约{low}—{high}张（{why.zh}）",
        f"about {low}–{high} elderly-care beds needed in {LAST_YEAR} ({why.en})",
    )
    if need["supply"] is None:
        silent = Words("，未报告2020年全部养老床位", "; all elderly-care beds of 2020 not reported")
        return [Headline(county, "beds", text + silent)]
    figures = tuple((n, float(need["supply"])) for n in _lines_of_beds(con, county))
    number = words.number(need["supply"], 0)
    whole = Headline(county, "beds", text + Words(f"，现有{number}张", f"; {number} stand"), figures=figures)
    if not leans(figures, contested(con, county)):
        return [whole]
    stands = Words(
        f"规划所报养老床位{number}张，与其每千名老年人床位数、老年人口对不上",
        f"the {number} elderly-care beds that the plan states do not fit its beds per 1,000 and its elderly",
    )
    return [
        Headline(county, "beds", text),
        Headline(county, "beds_stated", stands, tuple(n for n, _ in figures), figures=figures),
    ]


def beds_turn(con: duckdb.DuckDBPyConnection, county: str) -> list[Headline]:
    """From which year the beds that stand are too few by the planning ratio and by observed use; institution beds where the plan
    does not report all. Nothing is said where it reports neither."""
    rows = ask(
        con,
        """SELECT * FROM mart_bed_outlook WHERE county_code = $county AND year = $last AND scenario = 'natural' AND supply IS NOT NULL
           AND demand_p50 IS NOT NULL AND bed_type IN ('all', 'institution') AND estimator <> 'prevalence'""",
        county=county, last=LAST_YEAR,
    )  # fmt: skip
    by_type = {str(kind): {r["estimator"]: r for r in part.to_dicts()} for (kind,), part in rows.group_by(["bed_type"])}
    kind = next((k for k in ("all", "institution") if k in by_type), None)
    found = by_type[kind] if kind else {}
    policy = next((e for e in ("planning_ratio", "planning_norm") if e in found), None)
    if kind is None or policy is None or "observed_use" not in found:
        return []
    supply = found[policy]["supply"]
    parts = [_by(found[e]) for e in (policy, "observed_use")]
    name = Words("养老床位", "elderly-care beds") if kind == "all" else words.code("bed_type", kind)
    number = words.number(supply, 0)
    text = Words(f"现有{name.zh}{number}张：", f"the {number} {name.en} that stand: ") + words.joined(parts, "，", ", ")
    figures = tuple((n, float(supply)) for n in _lines_of_beds(con, county, kind))
    return [Headline(county, "beds_turn", text, figures=figures)]


def _by(r: dict[str, Any]) -> Words:
    """按实际入住到2035年够用 / by observed use enough to 2035: only where a shortage is less than 10 % probable by then. Too few
    from a year on only where it is more than 90 % probable; in between it is open, with the probability."""
    name = words.code("estimator", r["estimator"])
    by = Words(f"按{name.zh}", f"by {name.en} ")
    year, risk, chance = r["first_year_short"], r["first_year_short_p10"], r["probability_short"]
    if chance is None or not UNLIKELY <= chance <= 1 - UNLIKELY:
        if year is None:
            return by + Words(f"到{LAST_YEAR}年够用", f"enough to {LAST_YEAR}")
        return by + Words(f"{year}年起不够", f"too few from {year}")
    percent = words.number(100 * chance, 0)
    since = Words(f"，{risk}年起超过一成", f", over 10 % from {risk}") if risk and risk < LAST_YEAR else same("")
    return by + Words(
        f"说不准（{LAST_YEAR}年短缺的概率{percent}%{since.zh}）",
        f"uncertain ({percent} % probable to be short in {LAST_YEAR}{since.en})",
    )


def nursing_turn(con: duckdb.DuckDBPyConnection, county: str) -> list[Headline]:
    """Whether the nursing-type beds that stand suffice, by how many of the readings; nothing where none are reported."""
    rows = ask(
        con,
        """SELECT supply, min(year) AS base, arg_min(probability_short, year) AS now, arg_max(probability_short, year) AS then
           FROM mart_bed_outlook WHERE county_code = $county AND scenario = 'natural' AND bed_type = 'nursing'
             AND supply IS NOT NULL AND probability_short IS NOT NULL AND year <= $last
           GROUP BY supply, estimator, definition""",
        county=county, last=LAST_YEAR,
    )  # fmt: skip
    if rows.is_empty():
        return []
    n, base, supply = rows.height, int(rows["base"][0]), float(rows["supply"][0])
    already, later = (rows.filter(pl.col(c) > 1 - UNLIKELY).height for c in ("now", "then"))
    enough = rows.filter(pl.col("then") < UNLIKELY).height
    if already == n:
        found = Words(f"{words.several(n)}种算法都表明{base}年已短缺", f"short already in {base} by all {n} readings")
    else:
        open_ = n - later - enough
        parts = [
            (already, f"{already}种表明{base}年已短缺", f"{already} find them short already in {base}"),
            (later, f"{later}种表明{LAST_YEAR}年短缺", f"{later} short in {LAST_YEAR}"),
            (enough, f"{enough}种表明到{LAST_YEAR}年够用", f"{enough} enough to {LAST_YEAR}"),
            (open_, f"{open_}种说不准", f"{open_} uncertain"),
        ]
        told = words.joined([Words(zh, en) for count, zh, en in parts if count], "，", ", ")
        found = Words(f"{words.several(n)}种算法中", f"of {n} readings ") + told
    places = ask(
        con,
        """SELECT o.source_line, o.value FROM fct_observation o WHERE o.county_code = $county AND o.measure = 'actual' AND o.value IS NOT NULL
             AND list_contains(['nursing_beds', 'nursing_bed_share', 'institution_beds'], o.indicator_id)""",
        county=county,
    )  # fmt: skip
    lines = _lines_of_beds(con, county, "nursing", every=True)
    figures = tuple((int(n), float(v)) for n, v in places.iter_rows() if n in lines)
    number = words.number(supply, 0)
    derived = len(lines) > 1
    text = Words(
        f"现有护理型床位{'约' if derived else ''}{number}张{'（由占比推算）' if derived else ''}：",
        f"{'about ' if derived else 'the '}{number} nursing-type beds that stand{' (from their share)' if derived else ''}: ",
    )
    return [Headline(county, "nursing_turn", text + found, tuple(lines), figures=figures)]


def _lines_of_beds(con: duckdb.DuckDBPyConnection, county: str, kind: str = "all", *, every: bool = False) -> list[int]:
    """Where the plan states the beds that stand: the basis of the supply is `line N`, or a share × beds (`line N x line M`), of
    which the first is meant unless every line is asked for."""
    rows = ask(
        con,
        "SELECT basis FROM mart_bed_supply WHERE county_code = $county AND status = 'existing' AND bed_type = $kind AND year = 2020",
        county=county, kind=kind,
    )  # fmt: skip
    return [int(n) for basis in rows["basis"] for n in re.findall(r"[0-9]+", basis)[: None if every else 1]]


def progress(con: duckdb.DuckDBPyConnection, county: str) -> list[Headline]:
    """What the latest progress reports say of the money; nothing while nobody has reported."""
    rows = ask(
        con,
        """SELECT count(*) AS n, max(as_of) AS as_of, sum(funds_arrived_wan) AS arrived, sum(invested_wan) AS spent, sum(total_investment_wan) AS total
           FROM (SELECT * FROM fct_project_progress QUALIFY row_number() OVER (PARTITION BY project_id ORDER BY as_of DESC) = 1)
           JOIN fct_project USING (project_id) WHERE county_code = $county""",
        county=county,
    ).to_dicts()[0]  # fmt: skip
    if not rows["n"]:
        return []
    arrived, spent = words.money(rows["arrived"]), words.money(rows["spent"])
    share = (
        f"{words.number(100 * rows['spent'] / rows['total'], 0)}%"
        if rows["spent"] is not None and rows["total"]
        else ""
    )
    text = Words(
        f"截至{rows['as_of']}，{rows['n']}个项目到位资金{arrived.zh}，完成投资{spent.zh}" + (f"（总投资的{share}）" if share else ""),
        f"by {rows['as_of']}: {arrived.en} arrived and {spent.en} spent in {rows['n']} projects" + (f" ({share} of their total)" if share else ""),
    )  # fmt: skip
    return [Headline(county, "progress", text)]


RULES: tuple[Rule, ...] = (baselines, investment, progress, rates, conflicts, elderly, beds, beds_turn, nursing_turn)


def table(con: duckdb.DuckDBPyConnection, codes: list[str] | None = None) -> Table:
    """The headlines of the counties with their lines; those resting on a contradiction say whether it was reviewed."""
    rows = [
        (Words(c["name_zh"], c["name_en"]), h.text, words.lines(list(h.lines)), words.code("review_status", "confirmed" if h.reviewed else "open") if h.doubtful else None)
        for c in counties(con, codes).iter_rows(named=True) for h in headlines(con, c["county_code"])
    ]  # fmt: skip
    headers = (
        Words("县（市、区）", "county"),
        Words("要点", "headline"),
        Words("原文位置", "line"),
        Words("核实状态", "review"),
    )
    return Table(headers, tuple(rows))


def caveats(con: duckdb.DuckDBPyConnection) -> list[Words]:
    """What every reader must know before reading a number of this release; only what holds for its data."""
    facts = ask(
        con,
        """SELECT (SELECT count(*) FROM mart_elderly_outlook WHERE p10 IS NOT NULL) AS intervals,
                  (SELECT count(*) FROM mart_target WHERE latest_actual IS NOT NULL AND coalesce(flags, '') NOT LIKE '%previous_plan%') AS actuals,
                  (SELECT count(*) FROM fct_discrepancy WHERE review_status = 'open') AS open,
                  (SELECT count(*) FROM fct_discrepancy) AS contradictions,
                  (SELECT count(*) FROM fct_correction) AS corrections,
                  (SELECT string_agg(DISTINCT c.name_zh, '、') FROM fct_project p JOIN dim_county c USING (county_code) WHERE commitment = 'reserve') AS reserve_zh,
                  (SELECT string_agg(DISTINCT c.name_en, ', ') FROM fct_project p JOIN dim_county c USING (county_code) WHERE commitment = 'reserve') AS reserve_en,
                  (SELECT string_agg(name_zh || CASE WHEN used_input_hash IS NULL THEN '（本版本不含该县）' ELSE '（沿用上一份合格数据）' END, '、' ORDER BY county_code) FROM (FROM mart_held_back ORDER BY county_code LIMIT 8)) AS held_zh,
                  (SELECT string_agg(name_en || CASE WHEN used_input_hash IS NULL THEN ' (absent from this release)' ELSE ' (the last good data are shown)' END, ', ' ORDER BY county_code) FROM (FROM mart_held_back ORDER BY county_code LIMIT 8)) AS held_en,
                  (SELECT count(*) FROM mart_held_back) AS held,
                  (SELECT min(message_zh) FROM mart_quality WHERE expectation = 'small_numbers.every_county' AND NOT passed) AS untold_zh,
                  (SELECT min(message_en) FROM mart_quality WHERE expectation = 'small_numbers.every_county' AND NOT passed) AS untold_en,
                  (SELECT coalesce(sum(amount_wan), 0) FROM mart_investment WHERE funder = 'unresolved') AS unresolved""",
    ).to_dicts()[0]  # fmt: skip
    unresolved = words.money(facts["unresolved"])
    more = facts["held"] - 8
    rest = Words(f"等{facts['held']}个县", f" and {more} more counties") if more > 0 else Words("", "")
    held = Words(
        f"{facts['held_zh']}{rest.zh}新数据未通过检查，暂缓更新",
        f"new data of {facts['held_en']}{rest.en} were refused: not updated",
    )
    said = [
        (bool(facts["held_zh"]), held),
        (bool(facts["untold_zh"]), Words(facts["untold_zh"] or "", facts["untold_en"] or "")),
        (facts["intervals"] > 0, Words("人口、床位、墓穴需求为预测值，阴影和括号为80%预测区间", "people, beds and graves ahead are projections; shading and brackets are 80 % intervals")),
        (facts["intervals"] == 0, Words("人口与需求为预测值，区间尚未校准，本版不给区间", "people and needs are projections; intervals are not calibrated yet and none are shown")),
        (facts["actuals"] == 0, Words("尚未收到规划期年度实绩，所有目标均“待数据”", "no yearly figures of the plan period have come in: every target awaits data")),
        (facts["open"] > 0, Words(f"规划文本前后不一致{facts['contradictions']}处，其中{facts['open']}处待核实", f"{facts['contradictions']} contradictions inside the plans, {facts['open']} not yet reviewed")),
        (bool(facts["reserve_zh"]), Words(f"{facts['reserve_zh']}的项目表是储备项目，不是承诺", f"the project list of {facts['reserve_en']} is a reserve list, not a promise")),
        (facts["unresolved"] > 0, Words(f"{unresolved.zh}的出资方待核实，图中单独画出", f"the funders of {unresolved.en} are unresolved and drawn apart")),
        (facts["corrections"] > 0, Words(f"已登记并执行{facts['corrections']}处修正，原文数值一并保留", f"{facts['corrections']} declared corrections are applied; the printed values are kept beside them")),
        (True, Words("各县分属不同州（市），口径不尽相同，并列而不排名", "the counties belong to different prefectures and define things differently: side by side, not ranked")),
    ]  # fmt: skip
    return [text for holds, text in said if holds]
