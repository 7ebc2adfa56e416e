"""Tables for readers, in both languages, straight from the marts: what is stated, promised, contradicted and not
reported. Rows keep the order of the document or of the code list; counties stand side by side, never ranked."""

from __future__ import annotations

from typing import Any

import duckdb
import polars as pl

from pipelines.desk import words
from pipelines.desk.ahead import Point
from pipelines.desk.marts import ask, counties, reading
from pipelines.desk.style import Cell, Table, shown
from pipelines.desk.words import Words, same

Connection = duckdb.DuckDBPyConnection | None
COUNTY, PREFECTURE, LINE = Words("县（市、区）", "county"), Words("州（市）", "prefecture"), Words("原文位置", "line")
INDICATOR, DOMAIN = Words("指标", "indicator"), Words("领域", "domain")
MINOR = ("other_count", "sites", "storeys", "share_pct", "projects_per_year")  # outputs that leaders need not read
SHARED_BY = 2  # an indicator that this many counties state is one the others could be asked for


def named(row: dict[str, Any], stem: str = "name") -> Words:
    """The Words of a row with `<stem>_zh` and `<stem>_en`."""
    return Words(row[f"{stem}_zh"] or "", row[f"{stem}_en"] or row[f"{stem}_zh"] or "")


def prefecture(row: dict[str, Any]) -> Words:
    return Words(row["prefecture_zh"] or "", row["prefecture_en"] or row["prefecture_zh"] or "")


def reported(value: float | None, unit: str | None = None) -> Cell:
    """A stated number, or 未报告."""
    if value is None:
        return words.NOT_REPORTED
    return value if unit is None else words.quantity(value, unit)


def glance(con: Connection = None, codes: list[str] | None = None) -> Table:
    """The counties at a glance: people, targets, beds, money, doubts. One row each."""
    with reading(con) as db:
        rows = ask(db, _GLANCE).to_dicts()
        by_code = {r["county_code"]: r for r in rows}
        ordered = [(c, by_code[c["county_code"]]) for c in counties(db, codes).iter_rows(named=True)]
    headers = (
        COUNTY, PREFECTURE, Words("2020年60岁及以上（普查）", "aged 60+ in 2020 (census)"),
        Words("2035年60岁及以上（预测，80%区间）", "aged 60+ in 2035 (projection, 80 % interval)"), Words("县级目标（约束性/预期性/未注明）", "county targets (binding / expected / not labelled)"),
        Words("其中无基数", "of them without a baseline"), Words("规划所报床位", "beds the plan states"),
        Words("项目投资", "project money"), Words("前后不一致（高/全部）", "contradictions (high / all)"), Words("待核实", "not reviewed"),
    )  # fmt: skip
    return Table(headers, tuple(_glance_row(c, r) for c, r in ordered))


_GLANCE = """
    SELECT c.county_code,
      (SELECT p50 FROM mart_elderly_outlook e WHERE e.county_code = c.county_code AND year = 2020 AND age_band = '60+' AND sex = 'both') AS e20,
      (SELECT {'middle': p50, 'low': p10, 'high': p90} FROM mart_elderly_outlook e WHERE e.county_code = c.county_code AND year = 2035 AND age_band = '60+' AND sex = 'both') AS e35,
      (SELECT count(*) FROM targets t WHERE t.county_code = c.county_code AND kind = 'binding') AS binding,
      (SELECT count(*) FROM targets t WHERE t.county_code = c.county_code AND kind = 'expected') AS expected,
      (SELECT count(*) FROM targets t WHERE t.county_code = c.county_code AND kind IS NULL) AS unlabelled,
      (SELECT count(*) FROM targets t WHERE t.county_code = c.county_code AND NOT based) AS unbased,
      (SELECT list({'type': bed_type, 'beds': beds} ORDER BY bed_type) FROM mart_bed_supply b WHERE b.county_code = c.county_code AND year = 2020
         AND status = 'existing' AND beds IS NOT NULL AND bed_type <> 'nursing') AS beds,
      (SELECT list({'kind': commitment, 'amount': amount} ORDER BY list_position(['planned', 'applied_for', 'reserve'], commitment))
         FROM (SELECT commitment, sum(amount_wan) AS amount FROM mart_investment m WHERE m.county_code = c.county_code GROUP BY commitment)) AS money,
      (SELECT count(*) FROM fct_discrepancy d WHERE d.county_code = c.county_code AND severity = 'high') AS high,
      (SELECT count(*) FROM fct_discrepancy d WHERE d.county_code = c.county_code) AS doubts,
      (SELECT count(*) FROM fct_discrepancy d WHERE d.county_code = c.county_code AND review_status = 'open') AS open
    FROM dim_county c WHERE has_plan
"""
# 约束性 or 预期性 may stand only where the table repeats a target of the text: the kind belongs to the promise
KINDS = """
    WITH kinds AS (
      SELECT t.target_id, coalesce(t.target_kind, max(o.target_kind)) AS kind
      FROM mart_target t LEFT JOIN fct_observation o ON o.restates = t.target_id
      GROUP BY t.target_id, t.target_kind
    )
"""
OWN_TARGETS = (
    KINDS
    + """
    , targets AS (
      SELECT t.county_code, t.indicator_id, t.breakdown, max(k.kind) AS kind, bool_or(t.baseline IS NOT NULL) AS based,
             bool_or(t.latest_actual IS NOT NULL AND t.latest_year > coalesce(t.baseline_year, 0)) AS reported
      FROM mart_target t LEFT JOIN kinds k ON k.target_id = t.target_id
      WHERE t.target_level = 'county' AND coalesce(t.flags, '') NOT LIKE '%previous_plan%'
      GROUP BY t.county_code, t.indicator_id, t.breakdown
    )
"""
)
_GLANCE = OWN_TARGETS + _GLANCE


def _glance_row(county: dict[str, Any], r: dict[str, Any]) -> tuple[Cell, ...]:
    listed = [
        words.code("bed_type", b["type"]) + same(" ") + words.quantity(b["beds"], "beds") for b in r["beds"] or []
    ]
    money = [words.money(m["amount"]) + _bracketed(m["kind"]) for m in r["money"] or []]
    return (
        named(county), prefecture(county), r["e20"], Point(2035, **r["e35"]).range if r["e35"] else None,
        same(f"{r['binding']} / {r['expected']} / {r['unlabelled']}"), r["unbased"],
        words.joined(listed) if listed else words.NOT_REPORTED,
        words.joined(money) if money else words.NOT_REPORTED,
        same(f"{r['high']} / {r['doubts']}"), r["open"],
    )  # fmt: skip


def targets(
    county: str | None = None, con: Connection = None, *, kind: str | None = "any", level: str = "county"
) -> Table:
    """Targets with baseline, latest figure and verdict; binding (约束性) and expected (预期性) are asked for apart.

    `kind`: binding, expected, None (not labelled) or any; `level`: county, or higher for prefecture, province, nation.
    """
    with reading(con) as db:
        rows = ask(db, _TARGETS, county=county, kind=kind, level=level).to_dicts()
    headers = (
        COUNTY, INDICATOR, Words("属性", "kind"), Words("层级", "level"), Words("基期", "baseline"), Words("目标", "target"),
        Words("目标年", "year"), Words("最新实绩", "latest actual"), Words("评价", "verdict"), Words("标注", "remarks"), LINE,
    )  # fmt: skip
    return Table(headers, tuple(_target_row(r) for r in rows))


_TARGETS = (
    KINDS
    + """
    SELECT t.* REPLACE (k.kind AS target_kind), i.name_zh, i.name_en, c.name_zh AS county_zh, c.name_en AS county_en
    FROM mart_target t JOIN kinds k USING (target_id) JOIN dim_indicator i USING (indicator_id) JOIN dim_county c USING (county_code)
    WHERE ($county IS NULL OR t.county_code = $county) AND coalesce(flags, '') NOT LIKE '%previous_plan%'
      AND ($kind = 'any' OR k.kind IS NOT DISTINCT FROM $kind)
      AND (CASE WHEN $level = 'county' THEN target_level = 'county' ELSE target_level <> 'county' END)
    ORDER BY left(t.county_code, 4), t.county_code, t.place <> 'indicator_table', t.source_line, t.target_id
"""
)


def _target_row(r: dict[str, Any]) -> tuple[Cell, ...]:
    base = (
        words.quantity(r["baseline"], r["unit"])
        if r["baseline"] is not None
        else words.code("absence", r["baseline_status"] or "not_reported")
    )
    actual = (
        words.code("absence", "not_reported")
        if r["latest_actual"] is None
        else words.quantity(r["latest_actual"], r["unit"]) + same(f" ({r['latest_year']})")
    )
    remarks = [Words("多值冲突（待核实）", "printed with different values")] if r["in_conflict"] else []
    if "not_ambitious" in (r["flags"] or ""):
        remarks.append(Words("目标未高于基期", "not above the baseline"))
    return (
        named(r, "county"), named(r) + words.breakdown(r["breakdown"]),
        words.code("target_kind", r["target_kind"]) if r["target_kind"] else Words("未注明", "not labelled"),
        words.code("target_level", r["target_level"]), base, promise(r), same(str(r["target_year"] or "")), actual,
        words.code("verdict", r["verdict"]), words.joined(remarks) if remarks else None, words.line(r["source_line"]),
    )  # fmt: skip


def quoted(text: str | None) -> Words:
    """Words of the document in quotation marks; where it prints nothing, that it reports nothing."""
    if not text or not text.strip():
        return words.NOT_REPORTED
    return same("“") + words.printed(text) + same("”")


def promise(r: dict[str, Any]) -> Words:
    """The target with its sign, or its printed words when it is no number."""
    return (
        quoted(r["target_as_printed"]) if r["target"] is None else words.bound(r["qualifier"], r["target"], r["unit"])
    )


def projects(county: str, con: Connection = None) -> Table:
    """The projects of one county, each once, with what they are to deliver."""
    with reading(con) as db:
        rows = ask(db, _PROJECTS, county=county).to_dicts()
    headers = (
        Words("项目", "project"), DOMAIN, Words("性质", "commitment"), Words("支出", "spending"), Words("年份", "years"),
        Words("总投资（万元）", "investment (10,000 CNY)"), Words("印出的合计", "printed total"), Words("产出", "outputs"), LINE,
    )  # fmt: skip
    return Table(headers, tuple(_project_row(r) for r in rows))


_PROJECTS = """
    SELECT p.*, (SELECT list({'output': output, 'label': label, 'quantity': quantity, 'unit': unit, 'qualifier': qualifier, 'increment': increment} ORDER BY output_id)
                 FROM fct_project_output o WHERE o.project_id = p.project_id AND counted AND quantity IS NOT NULL) AS outputs
    FROM fct_project p WHERE county_code = $county
    ORDER BY NOT in_annex, total_investment_wan IS NULL, source_line, project_id
"""


def _project_row(r: dict[str, Any]) -> tuple[Cell, ...]:
    left_out = Words("合计漏列", "left out of it") if r["in_printed_total"] is False else None
    years = str(r["start_year"]) if r["start_year"] == r["end_year"] else f"{r['start_year']}–{r['end_year']}"
    outputs = [_output(o) for o in (r["outputs"] or []) if o["output"] not in MINOR]
    return (
        named(r), words.code("domain", r["domain"]), words.code("commitment", r["commitment"]), words.code("spend_kind", r["spend_kind"]),
        same(years) if r["start_year"] else words.NOT_REPORTED, reported(r["total_investment_wan"]), left_out,
        words.joined(outputs) if outputs else words.NOT_REPORTED, words.line(r["source_line"]),
    )  # fmt: skip


def progress(county: str | None = None, con: Connection = None) -> Table:
    """The latest progress that was handed in for each project: stage, money arrived and spent, outputs done of those planned."""
    with reading(con) as db:
        rows = ask(db, _PROGRESS, county=county).to_dicts()
    headers = (
        COUNTY, Words("项目", "project"), Words("截至", "as of"), Words("阶段", "stage"), Words("总投资（万元）", "investment (10,000 CNY)"),
        Words("到位资金（万元）", "money arrived (10,000 CNY)"), Words("完成投资（万元）", "money spent (10,000 CNY)"), Words("完成投资占比", "share spent"),
        Words("完成产出／规划", "outputs done / planned"),
    )  # fmt: skip
    return Table(headers, tuple(_progress_row(r) for r in rows))


_PROGRESS = """
    SELECT g.*, p.*, c.name_zh AS county_zh, c.name_en AS county_en,
      (SELECT list({'output': output, 'quantity': quantity, 'unit': unit, 'qualifier': qualifier}) FROM (
         SELECT output, unit, sum(quantity) AS quantity, CASE WHEN count(DISTINCT coalesce(qualifier, '=')) = 1 THEN any_value(qualifier) ELSE '~' END AS qualifier FROM fct_project_output o
         WHERE o.project_id = p.project_id AND counted AND quantity IS NOT NULL GROUP BY output, unit)) AS planned
    FROM fct_project_progress g JOIN fct_project p USING (project_id) JOIN dim_county c USING (county_code)
    WHERE $county IS NULL OR county_code = $county
    QUALIFY row_number() OVER (PARTITION BY project_id ORDER BY as_of DESC) = 1
    ORDER BY left(county_code, 4), county_code, project_id
"""


def _progress_row(r: dict[str, Any]) -> tuple[Cell, ...]:
    spent, total = r["invested_wan"], r["total_investment_wan"]
    share = f"{words.number(100 * spent / total, 0)}%" if spent is not None and total else None
    planned = {o["output"]: o for o in r["planned"] or []}
    done = [_done(part, planned) for part in (r["outputs_completed"] or "").split(";") if part.strip()]
    return (
        named(r, "county"), named(r), same(str(r["as_of"])), words.code("stage", r["stage"]), reported(total), reported(r["funds_arrived_wan"]),
        reported(spent), same(share) if share else None, words.joined(done) if done else words.NOT_REPORTED,
    )  # fmt: skip


def _done(part: str, planned: dict[str, dict[str, Any]]) -> Words:
    """`beds=60` beside what was planned: 床位 60/120张."""
    output, _, quantity = part.partition("=")
    goal = planned.get(output.strip())
    said = same(f" {quantity.strip()}")
    if goal:
        said = same(f" {quantity.strip()}/") + words.bound(goal["qualifier"], goal["quantity"], goal["unit"])
    return words.code("output", output.strip()) + said


def _output(o: dict[str, Any]) -> Words:
    what = (
        words.code("output", o["output"])
        if o["output"] not in ("facilities", "other_count")
        else words.printed(o["label"] or "")
    )
    changed = words.code("increment", o["increment"])
    said = words.bound(o["qualifier"], o["quantity"], o["unit"])
    if o["increment"] in ("new", "unknown"):
        return what + same(" ") + said
    return Words(f"{what.zh} {said.zh}（{changed.zh}）", f"{what.en} {said.en} ({changed.en})")


def contradictions(county: str | None = None, con: Connection = None) -> Table:
    """Where a plan contradicts itself, the census or a higher plan: worst first, both lines, the review status."""
    with reading(con) as db:
        rows = contradiction_rows(db, county)
    headers = (
        COUNTY, Words("严重程度", "severity"), Words("规则", "rule"), Words("说明", "what disagrees"), Words("一处", "one place"),
        Words("另一处", "other place"), Words("算式", "arithmetic"), Words("处理建议", "proposal"), Words("核实状态", "review"),
        Words("核实人、日期、说明", "reviewer, date, note"),
    )  # fmt: skip
    return Table(headers, tuple(_contradiction_row(r) for r in rows))


def contradiction_rows(con: duckdb.DuckDBPyConnection, county: str | None = None) -> list[dict[str, Any]]:
    """Rows of fct_discrepancy with county names, worst first."""
    return ask(
        con,
        """SELECT d.*, c.name_zh AS county_zh, c.name_en AS county_en, c.slug
           FROM fct_discrepancy d JOIN dim_county c USING (county_code)
           WHERE $county IS NULL OR county_code = $county
           ORDER BY list_position(['high', 'medium', 'low'], severity), left(county_code, 4), county_code,
                    domain <> 'elderly_care', left_line, discrepancy_id""",
        county=county,
    ).to_dicts()  # fmt: skip


def place(line: int | None, value: str | None) -> Words:
    """One side of a contradiction: 第18行 519."""
    where, what = words.line(line), words.printed(value or "")
    return Words(f"{where.zh} {what.zh}".strip(), f"{where.en} {what.en}".strip())


def described(r: dict[str, Any]) -> Words:
    """What disagrees, in words; the English quotes the print."""
    return Words(r["description_zh"], words.printed(r["description_en"] or r["description_zh"]).en)


def resolution(r: dict[str, Any]) -> Words:
    return Words(r["resolution"] or "", words.printed(r["resolution_en"] or r["resolution"] or "").en)


def review(r: dict[str, Any]) -> str:
    return " ".join(str(r[k]) for k in ("reviewed_by", "reviewed_on", "review_note") if r[k])


def _contradiction_row(r: dict[str, Any]) -> tuple[Cell, ...]:
    return (
        named(r, "county"), words.code("discrepancy_severity", r["severity"]), words.code("rule", r["rule_id"]), described(r),
        place(r["left_line"], r["left_value"]), place(r["right_line"], r["right_value"]), words.printed(r["computation"] or ""),
        resolution(r), words.code("review_status", r["review_status"]), review(r),
    )  # fmt: skip


def not_reported(con: Connection = None) -> Table:
    """What each county does not report although at least two others do: a worklist for the clerks. ● reported, ○ not."""
    with reading(con) as db:
        every = counties(db).to_dicts()
        rows = ask(
            db, "SELECT * FROM dim_indicator WHERE comparable_counties LIKE '%;%' ORDER BY domain, indicator_id"
        ).to_dicts()
    codes = [c["county_code"] for c in every]
    open_rows = [(r, set(str(r["comparable_counties"]).split(";"))) for r in rows]
    missing = [(r, s) for r, s in open_rows if len(s) >= SHARED_BY and not set(codes) <= s]
    headers = (DOMAIN, INDICATOR, Words("定义", "definition"), *(named(c) for c in every))
    marks = {True: same("●"), False: Words("○ 未报告", "○ not reported")}
    return Table(
        headers,
        tuple(
            (words.code("domain", r["domain"]), named(r), named(r, "definition"), *(marks[c in s] for c in codes))
            for r, s in missing
        ),
    )


def outlook(con: Connection = None, county: str | None = None) -> Table:
    """Persons 60+, 65+, 80+ in four years, with the 80 % interval where there is one."""
    with reading(con) as db:
        rows = ask(
            db,
            """SELECT c.name_zh, c.name_en, e.* FROM mart_elderly_outlook e JOIN dim_county c USING (county_code)
               WHERE sex = 'both' AND list_contains([2020, 2025, 2030, 2035], year) AND ($county IS NULL OR county_code = $county)
               ORDER BY left(county_code, 4), county_code, age_band, year""",
            county=county,
        )  # fmt: skip
    years = [2020, 2025, 2030, 2035]
    headers = (COUNTY, Words("年龄", "age"), *(Words(f"{y}年", str(y)) for y in years))
    grouped = rows.group_by("county_code", "age_band", maintain_order=True)
    return Table(headers, tuple(_outlook_row(g.to_dicts(), years) for _, g in grouped))


def _outlook_row(rows: list[dict[str, Any]], years: list[int]) -> tuple[Cell, ...]:
    by_year = {r["year"]: r for r in rows}
    return (named(rows[0]), words.code("age_band", rows[0]["age_band"]), *(_projected(by_year.get(y)) for y in years))


def _projected(r: dict[str, Any] | None) -> Cell:
    if r is None:
        return None
    if r["p50"] is None:
        return words.code("absence", r["status"])
    if r["p10"] is None or r["p10"] == r["p90"]:
        return round(r["p50"]) if r["year"] == 2020 else same(words.estimate(r["p50"]))
    return same(f"{words.estimate(r['p50'])} ({words.estimate(r['p10'])}–{words.estimate(r['p90'])})")


Purse = tuple[str, str]  # county code, commitment: money of different commitment is never added up


def purses(con: duckdb.DuckDBPyConnection, codes: list[str] | None = None) -> list[tuple[Purse, Words]]:
    """What project money is shown by: each county's planned money, then what it only holds in reserve or applies for,
    named so. A county without any money keeps its row."""
    held = set(ask(con, "SELECT DISTINCT county_code, commitment FROM mart_investment").iter_rows())
    out: list[tuple[Purse, Words]] = []
    for c in counties(con, codes).iter_rows(named=True):
        kinds = [k for k in COMMITMENTS if (c["county_code"], k) in held] or ["planned"]
        out += [((c["county_code"], k), named(c) + _bracketed(k)) for k in kinds]
    return out


COMMITMENTS = ("planned", "applied_for", "reserve")


def _bracketed(commitment: str) -> Words:
    if commitment == "planned":
        return same("")
    said = words.code("commitment", commitment)
    return Words(f"（{said.zh}）", f" ({said.en})")


def investment(by: str = "domain", con: Connection = None, codes: list[str] | None = None) -> Table:
    """Project money (万元) by `domain`, `funder` or `year`, a column for each county and commitment."""
    with reading(con) as db:
        shown = purses(db, codes)
        rows = ask(
            db,
            f"SELECT county_code, commitment, {by} AS part, sum(amount_wan) AS amount FROM mart_investment GROUP BY ALL ORDER BY part",
        )
    sums: dict[tuple[Purse, object], float] = {((c, k), p): a for c, k, p, a in rows.iter_rows()}
    mine = rows.filter(pl.col("county_code").is_in([code for (code, _), _ in shown]))
    parts = (
        mine.group_by("part")
        .agg(pl.col("amount").sum())
        .sort(*(("part",) if by == "year" else (-pl.col("amount"), "part")))["part"]
        .to_list()
    )
    titles = {"domain": DOMAIN, "funder": Words("出资方", "funder"), "year": Words("年份", "year")}
    headers = (titles[by], *(name for _, name in shown))
    total = tuple(_sum(sums, purse) for purse, _ in shown)
    body = tuple((_part(by, p), *(_amount(sums.get((purse, p))) for purse, _ in shown)) for p in parts)
    return Table(headers, (*body, (Words("合计", "total"), *total)), Words("万元", "10,000 CNY"))


def _part(by: str, part: object) -> Words:
    return same(str(part)) if by == "year" else words.code(by, str(part))


def _amount(value: float | None) -> Cell:
    return None if value is None else round(value, 1)


def _sum(sums: dict[tuple[Purse, object], float], purse: Purse) -> Cell:
    mine = [a for (whose, _), a in sums.items() if whose == purse]
    return _amount(sum(mine)) if mine else words.NOT_REPORTED


def side_by_side(con: Connection = None, codes: list[str] | None = None) -> Table:
    """Every indicator that at least two counties state on one definition: latest value of each, per head where it can be."""
    with reading(con) as db:
        every = counties(db, codes).to_dicts()
        rows = ask(db, _GROUPS).filter(pl.col("county_code").is_in([c["county_code"] for c in every]))
    headers = (
        DOMAIN,
        INDICATOR,
        Words("数据性质", "measure"),
        Words("年份", "year"),
        *(named(c) for c in every),
        Words("折算、口径", "put per, basis"),
    )
    groups = rows.group_by("comparable_group", maintain_order=True)
    return Table(headers, tuple(_group_row(g, [c["county_code"] for c in every]) for _, g in groups))


_GROUPS = """
    SELECT m.*, i.name_zh, i.name_en, i.domain FROM mart_county_comparison m JOIN dim_indicator k USING (indicator_id)
    JOIN dim_indicator i ON i.indicator_id = coalesce(k.compared_as, k.indicator_id)
    WHERE peers >= 2 ORDER BY i.domain, i.indicator_id, m.measure, m.year, m.breakdown, m.county_code, m.source_line
"""


def _group_row(group: pl.DataFrame, codes: list[str]) -> tuple[Cell, ...]:
    first = group.to_dicts()[0]
    cells = [_stated([r for r in group.iter_rows(named=True) if r["county_code"] == c]) for c in codes]
    put = next((words.code("normaliser", n) for n in group["normalised_by"].to_list() if n not in (None, "none")), None)
    if put is None and "not_stated" in group["basis"]:
        put = words.code("comparison_basis", "not_stated")
    return (
        words.code("domain", first["domain"]), named(first) + words.breakdown(first["breakdown"]), words.code("measure", first["measure"]),
        same(str(first["year"] or "")), *cells, put,
    )  # fmt: skip


def _stated(rows: list[dict[str, Any]]) -> Cell:
    if not rows:
        return words.NOT_REPORTED
    said = [words.bound(r["qualifier"], r["value"], r["unit"]) for r in rows]
    text = words.joined(list(dict.fromkeys(said)), " / ", " / ")
    put = rows[0]["value_normalised"]
    if rows[0]["normalised_by"] == "complement" and len(rows) == 1:
        turned = words.bound(rows[0]["qualifier_normalised"], put, rows[0]["unit_normalised"])
        return Words(f"{turned.zh}（原文为其补数{text.zh}）", f"{turned.en} (printed as the complement {text.en})")
    if rows[0]["normalised_by"] in (None, "none") or put is None or len(rows) > 1:
        return text
    shown = words.estimate(put)
    return Words(f"{text.zh}（{shown}）", f"{text.en} ({shown})")


def statements(domain: str, con: Connection = None) -> Table:
    """Everything the plans themselves state in one domain, restatements and projects left out."""
    with reading(con) as db:
        rows = ask(
            db,
            """SELECT o.*, i.name_zh, i.name_en, c.name_zh AS county_zh, c.name_en AS county_en
               FROM fct_observation o JOIN dim_indicator i USING (indicator_id) JOIN dim_county c USING (county_code)
               WHERE o.domain = $domain AND restates IS NULL AND project_id IS NULL AND target_level = 'county'
               ORDER BY left(o.county_code, 4), o.county_code, source_line, observation_id""",
            domain=domain,
        ).to_dicts()  # fmt: skip
    headers = (COUNTY, INDICATOR, Words("数据性质", "measure"), Words("年份", "year"), Words("数值", "value"), LINE)
    body = tuple(
        (
            named(r, "county"),
            named(r) + words.breakdown(r["breakdown"]),
            words.code("measure", r["measure"]),
            _when(r),
            _said(r),
            words.line(r["source_line"]),
        )
        for r in rows
    )
    return Table(headers, body)


def _when(r: dict[str, Any]) -> Words:
    start, end = r["period_start"], r["period_end"]
    years = str(end or "") if start in (None, end) else f"{start}–{end}"
    return Words(years + "（推定）", years + " (inferred)") if r["period_inferred"] and years else same(years)


def _said(r: dict[str, Any]) -> Words:
    if r["value"] is not None:
        return words.bound(r["qualifier"], r["value"], r["unit"])
    return (
        quoted(r["value_as_printed"]) if r["value_as_printed"] else words.code("absence", r["status"] or "not_reported")
    )


def domain_projects(domain: str, con: Connection = None, codes: list[str] | None = None) -> Table:
    """The projects of one domain in all counties."""
    with reading(con) as db:
        every = counties(db, codes).to_dicts()
        parts = [(c, projects(c["county_code"], db)) for c in every]
    wanted = words.code("domain", domain)
    headers = (COUNTY, *parts[0][1].headers)
    return Table(headers, tuple((named(c), *row) for c, table in parts for row in table.rows if row[1] == wanted))


def verdicts(con: Connection = None) -> Table:
    """Verdicts counted per county and kind; nothing is averaged."""
    with reading(con) as db:
        every = counties(db).to_dicts()
        rows = ask(
            db,
            KINDS + """SELECT county_code, coalesce(kind, '') AS kind, verdict, count(*) AS n FROM mart_target JOIN kinds USING (target_id)
               WHERE target_level = 'county' AND coalesce(flags, '') NOT LIKE '%previous_plan%' GROUP BY ALL ORDER BY ALL""",
        )  # fmt: skip
    kinds = {
        "binding": words.code("target_kind", "binding"),
        "expected": words.code("target_kind", "expected"),
        "": Words("未注明", "not labelled"),
    }
    seen = rows.select("kind", "verdict").unique().sort("kind", "verdict", descending=[True, False]).rows()
    count = {(c, k, v): n for c, k, v, n in rows.iter_rows()}
    headers = (Words("属性", "kind"), Words("评价", "verdict"), *(named(c) for c in every))
    order = [(k, v) for k in kinds for kind, v in seen if kind == k]
    return Table(
        headers,
        tuple(
            (kinds[k], words.code("verdict", v), *(count.get((c["county_code"], k, v), 0) for c in every))
            for k, v in order
        ),
    )


def apart(con: Connection = None) -> Table:
    """Indicators alike in subject and unit but defined otherwise, each stated by one county: never put side by side."""
    with reading(con) as db:
        rows = ask(
            db,
            """SELECT * FROM dim_indicator WHERE comparable_counties IS NOT NULL AND comparable_counties NOT LIKE '%;%'
               AND domain IN ('elderly_care', 'funeral') AND nature IN ('stock', 'rate') ORDER BY domain, indicator_id""",
        ).to_dicts()  # fmt: skip
        names = {c["county_code"]: named(c) for c in counties(db).iter_rows(named=True)}
    stems: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for r in rows:
        stems.setdefault((r["domain"], r["unit"], _stem(r["indicator_id"])), []).append(r)
    groups = [g for g in stems.values() if len({r["comparable_counties"] for r in g}) > 1]
    headers = (DOMAIN, INDICATOR, Words("单位", "unit"), Words("定义", "definition"), Words("报告的县", "stated by"))
    body = tuple(
        (words.code("domain", r["domain"]), named(r), words.unit_words(r["unit"]), named(r, "definition"), names.get(r["comparable_counties"], same(r["comparable_counties"])))
        for g in groups for r in g
    )  # fmt: skip
    return Table(headers, body)


def _stem(indicator_id: str) -> str:
    """What an indicator is about, judged by the last telling word of its id: elderly_care_beds → beds."""
    plain = {"rate", "coverage", "share", "added", "new", "started", "level"}
    telling = [p for p in indicator_id.split("_") if p not in plain]
    return telling[-1] if telling else indicator_id


def not_reported_summary(con: Connection = None) -> Table:
    """How many shared indicators each county states and leaves out."""
    full = not_reported(con)
    with reading(con) as db:
        every = counties(db).to_dicts()
    headers = (
        COUNTY,
        PREFECTURE,
        Words("未报告的指标数", "indicators not reported"),
        Words("所列指标数", "indicators listed"),
    )
    silent = [sum("○" in shown(row[3 + i], "zh") for row in full.rows) for i in range(len(every))]
    return Table(
        headers, tuple((named(c), prefecture(c), n, len(full.rows)) for c, n in zip(every, silent, strict=True))
    )


def gaps(con: Connection = None) -> Table:
    """What a plan leaves open inside itself: baselines, money, years, funders, outputs."""
    with reading(con) as db:
        every = counties(db).to_dicts()
        rows = {r["county_code"]: r for r in ask(db, OWN_TARGETS + _GAPS).iter_rows(named=True)}
    columns = (
        ("unbased", Words("目标无基数", "targets without a baseline")), ("unvalued", Words("目标无数值", "targets without a number")),
        ("unpriced", Words("项目无投资额", "projects without money")), ("undated", Words("项目无年份", "projects without years")),
        ("beds", Words("2020年养老床位", "elderly-care beds of 2020")), ("graves", Words("墓穴容量", "grave capacity")),
    )  # fmt: skip
    mark = {True: words.NOT_REPORTED, False: Words("有报告", "reported")}
    return Table(
        (COUNTY, *(title for _, title in columns)),
        tuple(
            (named(c), *(mark[v] if isinstance(v := rows[c["county_code"]][k], bool) else v for k, _ in columns))
            for c in every
        ),
    )


_GAPS = """
    SELECT c.county_code,
      (SELECT count(*) FROM targets t WHERE t.county_code = c.county_code AND NOT based) AS unbased,
      (SELECT count(*) FROM mart_target t WHERE t.county_code = c.county_code AND target IS NULL AND target_level = 'county') AS unvalued,
      (SELECT count(*) FROM fct_project p WHERE p.county_code = c.county_code AND total_investment_wan IS NULL) AS unpriced,
      (SELECT count(*) FROM fct_project p WHERE p.county_code = c.county_code AND start_year IS NULL) AS undated,
      NOT EXISTS (SELECT 1 FROM mart_bed_supply b WHERE b.county_code = c.county_code AND status = 'existing' AND bed_type = 'all' AND beds IS NOT NULL) AS beds,
      NOT EXISTS (SELECT 1 FROM mart_cemetery_outlook g WHERE g.county_code = c.county_code AND capacity IS NOT NULL) AS graves
    FROM dim_county c WHERE has_plan
"""


def parameters(con: Connection = None) -> Table:
    """The cited assumptions of the outlook, with range, source and grade."""
    with reading(con) as db:
        rows = ask(db, "SELECT * FROM dim_parameter ORDER BY topic, parameter_id").to_dicts()
    headers = (
        Words("参数", "assumption"), Words("数值", "value"), Words("下限", "low"), Words("上限", "high"), Words("单位", "unit"), Words("地区", "area"),
        Words("年份", "year"), Words("等级", "grade"), Words("出处", "source"),
    )  # fmt: skip
    body = tuple(
        (named(r), r["value"], r["low"], r["high"], words.code("unit", r["unit"]), same(r["geography"]), same(r["year"] or ""), words.code("grade", r["grade"]), r["citation"])
        for r in rows
    )  # fmt: skip
    return Table(headers, body)


def plausibility(con: Connection = None, county: str | None = None, about: str = "plan") -> Table:
    """Where an assumption of a plan does not fit the census or the projection; about `forecast`: what the projection and its input
    show that no plan assumes. Releases older than the distinction have all of them about the plan."""
    with reading(con) as db:
        rows = ask(
            db,
            """SELECT p.*, c.name_zh, c.name_en FROM mart_plausibility p JOIN dim_county c USING (county_code)
               WHERE $county IS NULL OR county_code = $county ORDER BY left(county_code, 4), county_code, check_id, number""",
            county=county,
        ).to_dicts()  # fmt: skip
    rows = [r for r in rows if r.get("about", "plan") == about]
    headers = (COUNTY, Words("检查", "check"), Words("发现", "finding"))
    return Table(
        headers, tuple((named(r), words.code("plausibility", r["check_id"]), named(r, "message")) for r in rows)
    )


def sources(con: Connection = None) -> Table:
    """Documents and data sets, with their grade and licence."""
    with reading(con) as db:
        rows = ask(db, "SELECT * FROM dim_source ORDER BY county_code IS NULL, county_code, source_id").to_dicts()
    headers = (Words("来源", "source"), Words("发布机构", "issuer"), Words("文号、日期", "number, date"), Words("期间", "period"), Words("许可", "licence"),
               Words("等级", "grade"), Words("校验值", "sha256"))  # fmt: skip
    body = tuple(
        (named(r, "title"), _issuer(r["issuer_zh"]), words.printed(" ".join(v for v in (r["document_number"], r["date_as_printed"]) if v)), same(_period(r)),
         words.code("licence", r["licence"]), words.code("grade", r["quality_grade"]), same(r["sha256"][:12] if r["sha256"] else words.DASH))
        for r in rows
    )  # fmt: skip
    return Table(headers, body)


def _issuer(text: str) -> Words:
    return words.NOT_REPORTED if text == "not_reported" else words.printed(text)


def _period(r: dict[str, Any]) -> str:
    if r["period_start"] is None:
        return words.DASH
    return str(r["period_start"]) if r["period_start"] == r["period_end"] else f"{r['period_start']}–{r['period_end']}"


def _reason(r: dict[str, Any]) -> Words:
    return Words(r["reason_zh"], words.printed(r["reason_en"] or r["reason_zh"]).en)


def corrections(con: Connection = None) -> Table:
    """Declared repairs that were applied: printed, corrected, why, on what evidence."""
    with reading(con) as db:
        rows = ask(
            db,
            "SELECT k.*, c.name_zh, c.name_en FROM fct_correction k JOIN dim_county c USING (county_code) ORDER BY county_code, correction_id",
        ).to_dicts()
    headers = (
        COUNTY,
        Words("位置", "cell"),
        Words("原文", "printed"),
        Words("修正为", "corrected"),
        Words("原因", "reason"),
        Words("依据", "evidence"),
    )
    body = tuple(
        (named(r), same(f"{r['table_name']} {r['row_key']} {r['column_name']}"), words.printed(r["printed"] or words.DASH), words.printed(r["corrected"] or words.DASH), _reason(r), words.printed(r["evidence"] or ""))
        for r in rows
    )  # fmt: skip
    return Table(headers, body)
