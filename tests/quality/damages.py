"""Kinds of damage to good data, and the check that must catch each. A row says what happened, in words an office would
use; `catch_rate.py` writes them to docs/catch-rate.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

c = pl.col


class Tables:
    """The tables of a candidate; what is assigned counts as damaged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.changed: dict[str, pl.DataFrame | None] = {}

    def __getitem__(self, name: str) -> pl.DataFrame:
        frame = self.changed.get(name)
        return pl.read_parquet(self.folder / f"{name}.parquet") if frame is None else frame

    def __setitem__(self, name: str, frame: pl.DataFrame | None) -> None:
        self.changed[name] = frame


Change = Callable[[Tables], None]


@dataclass(frozen=True)
class Damage:
    """One kind of damage: what happened (zh, en), the change, the check that catches it. `may_be_true` (zh, en) says why
    that check may only warn: the same figures could be right. Without it the damage must block the release."""

    zh: str
    en: str
    change: Change
    caught: str
    may_be_true: tuple[str, str] | None = None

    @property
    def blocks(self) -> bool:
        return self.may_be_true is None


def put(table: str, where: pl.Expr | None, **values: Any) -> Change:
    """Set columns in the rows of a condition (all rows without one) to a literal or an expression."""

    def change(t: Tables) -> None:
        frame = t[table]
        condition = pl.lit(True) if where is None else where
        assert frame.filter(condition).height, f"the damage hits no row of {table}"
        new = [pl.when(condition).then(v if isinstance(v, pl.Expr) else pl.lit(v)).otherwise(c(k)).cast(frame.schema[k]).alias(k)
               for k, v in values.items()]  # fmt: skip
        t[table] = frame.with_columns(new)

    return change


def frame(table: str, function: Callable[[pl.DataFrame], pl.DataFrame | None]) -> Change:
    """Replace a table by a function of it (None: the file is missing)."""

    def change(t: Tables) -> None:
        t[table] = function(t[table])

    return change


def both(*changes: Change) -> Change:
    def change(t: Tables) -> None:
        for one in changes:
            one(t)

    return change


def drop(table: str, where: pl.Expr) -> Change:
    return frame(table, lambda f: f.filter(~where.fill_null(False)))


def again(table: str, where: pl.Expr, **values: Any) -> Change:
    """Append copies of some rows, with other values."""

    def change(t: Tables) -> None:
        rows = t[table].filter(where)
        assert rows.height, f"the damage hits no row of {table}"
        copies = rows.with_columns(
            (v if isinstance(v, pl.Expr) else pl.lit(v)).cast(rows.schema[k]).alias(k) for k, v in values.items()
        )
        t[table] = pl.concat([t[table], copies])

    return change


def swapped(table: str, one: str, other: str, where: pl.Expr | None = None) -> Change:
    return put(table, where, **{one: c(other), other: c(one)})


def shifted(table: str, column: str, where: pl.Expr) -> Change:
    """A column moved down by one row inside some rows."""

    def function(f: pl.DataFrame) -> pl.DataFrame:
        inside = f.filter(where).with_columns(c(column).shift(1, fill_value=f.filter(where)[column][-1]))
        return pl.concat([f.filter(~where), inside])

    return frame(table, function)


def counties(table: str, one: str, other: str, *extra: pl.Expr) -> Change:
    """Exchange the codes of two counties (in the rows of a further condition)."""
    return put(
        table,
        pl.all_horizontal(c("county_code").is_in([one, other]), *extra),
        county_code=pl.when(c("county_code") == one).then(pl.lit(other)).otherwise(pl.lit(one)),
    )


def digits(key: str, printed: str, value: float) -> Change:
    """The same wrong figure in the statement and in its printed text."""
    return put("fct_observation", c("observation_id") == key, value=value, value_as_printed=printed)


def everywhere(key: str, printed: str, value: float) -> Change:
    """A wrong figure copied consistently: statement, printed text and ledger."""

    def ledger(t: Tables) -> None:
        link = (
            t["fct_figure_fact"]
            .filter((c("fact_id") == key) & (c("column_name") == "value_as_printed"))
            .row(0, named=True)
        )
        place = (
            (c("county_code") == link["county_code"])
            & (c("source_line") == link["source_line"])
            & (c("occurrence") == link["occurrence"])
        )
        put("fct_source_figure", place, printed=printed)(t)

    return both(digits(key, printed, value), ledger)


def report(value: float) -> Change:
    """A yearly report of Yimen's 1,136 beds for 2022."""

    def change(t: Tables) -> None:
        source = c("source_id") == "plan-530425"
        again(
            "dim_source",
            source,
            source_id="actuals-530425-2022",
            sha256=None,
            file_name="actuals_2022",
            line_count=None,
            period_start=2022,
            period_end=2022,
        )(t)
        again("fct_observation", c("observation_id") == "530425-s0038", observation_id="530425-a-elderly_care_beds-2022", value=value, value_as_printed=f"{value:g}",
              period_start=2022, period_end=2022, place="actuals", source_id="actuals-530425-2022")(t)  # fmt: skip

    return change


def progress(*invested: float) -> Change:
    """Progress reports of one project (1,700 in all)."""

    def change(t: Tables) -> None:
        rows = [{"project_id": "620722-p01", "as_of": f"2023-0{i}-01", "stage": "under_construction", "invested_wan": v, "source_id": "plan-620722"}
                for i, v in enumerate(invested, start=1)]  # fmt: skip
        new = pl.DataFrame(rows).with_columns(c("as_of").str.to_date())
        t["fct_project_progress"] = pl.concat([t["fct_project_progress"], new], how="diagonal_relaxed")

    return change


def held(code: str) -> Change:
    """A county recorded as held back and absent, though the release shows it."""

    def change(t: Tables) -> None:
        row = {"county_code": code, "name_zh": "县", "name_en": "County", "since": date(2026, 1, 1), "input_hash": "0" * 64,
               "files": "statistics.csv", "problems": 3, "message_zh": "数据有误", "message_en": "damaged"}  # fmt: skip
        t["mart_held_back"] = pl.concat([t["mart_held_back"], pl.DataFrame([row])], how="diagonal_relaxed")

    return change


AP = "fct_area_population"
S, P, M, F, U, N, G, X = ("fct_observation", "fct_project", "fct_project_mention", "fct_project_funding", "fct_project_output",
                          "fct_population", "fct_source_figure", "fct_figure_fact")  # fmt: skip
BEDS = c("observation_id") == "530425-s0038"
YIMEN, XISHAN = c("county_code") == "530425", c("county_code") == "530112"
PCT = (c("unit") == "pct") & (c("value") == 100) & (c("value_as_printed") == "100")
TARGETS = (c("measure") == "target") & (c("place") == "indicator_table")
CELL = YIMEN & (c("year") == 2020) & (c("sex") == "male") & (c("age_from") == 40)
NATURAL = YIMEN & (c("sex") == "both") & (c("age_band") == "60+")
KNOWN = c("supply").is_not_null()

DAMAGES: list[Damage] = [
    # ---- any table
    Damage("表为空", "empty table", frame(S, lambda f: f.head(0)), f"{S}/present"),
    Damage("表文件缺失", "table file missing", frame("mart_target", lambda f: None), "mart_target/present"),
    Damage("少一列", "a column is missing", frame(S, lambda f: f.drop("target_kind")), f"{S}/columns"),
    Damage("多一列", "a column too many", frame(S, lambda f: f.with_columns(extra=pl.lit(1))), f"{S}/columns"),
    Damage("列改名", "a column renamed", frame(P, lambda f: f.rename({"name_zh": "name"})), f"{P}/columns"),
    Damage("列次序变了", "columns reordered", frame(N, lambda f: f.select(reversed(f.columns))), f"{N}/columns"),
    Damage("数字列成了文字", "numbers became text", frame(S, lambda f: f.with_columns(c("value").cast(pl.String))), f"{S}/types"),
    Damage("出现 NaN", "NaN", put(S, BEDS, value=float("nan")), f"{S}/finite"),
    Damage("出现无穷大", "infinity", put("mart_bed_supply", c("beds") > 0, per_1000_60plus=float("inf")), "mart_bed_supply/finite"),
    Damage("必填为空", "required value empty", put(S, BEDS, place=None), f"{S}/not_null:place"),
    Damage("代码表外的代码", "unknown code", put(S, BEDS, measure="goal"), f"{S}/codes:measure"),
    Damage("孤行：指标不存在", "orphan: unknown indicator", put(S, BEDS, indicator_id="no_such_indicator"), f"{S}/reference:indicator_id"),
    Damage("孤行：项目不存在", "orphan: unknown project", put(F, c("funding_id") == "530425-f001", project_id="530425-p99"), f"{F}/reference:project_id"),
    Damage("整行重复", "rows duplicated", again(S, BEDS), f"{S}/key"),
    Damage("复合主键重复", "compound key duplicated", again(N, CELL), f"{N}/key"),
    # ---- statements
    Damage("数值多一位", "extra digit in a value", put(S, BEDS, value=11360.0), f"{S}/observation_as_printed"),
    Damage("数值与原文都多一位", "extra digit in value and print", digits("530425-s0038", "11360", 11360.0), f"{X}/figure_stands_in_fact"),
    Damage("数字前后颠倒", "digits transposed", digits("530425-s0211", "27378", 27378.0), f"{X}/figure_stands_in_fact"),
    Damage("三处一致地抄错关键数", "a key figure copied wrongly everywhere", everywhere("530425-s0038", "1163", 1163.0), "golden/530425_beds_2020"),
    Damage("三处一致地多一位（与他县比）", "extra digit copied everywhere (against peers)", everywhere("530425-s0111", "21300", 21300.0), f"{S}/observation_against_peers", ("原文、数值与台账一致，县与县本可相差很大", "print, value and ledger agree, and counties do differ widely")),
    Damage("年报多一位", "extra digit in a yearly report", report(11360.0), f"{S}/observation_against_history"),
    Damage("年报占比超过 100 %", "a reported share above its maximum", put(S, PCT, value=985.0, value_as_printed="985"), f"{S}/observation_within_maximum"),
    Damage("万字漏乘", "万 not multiplied out", put(S, c("observation_id") == "530425-s0026", value=8.39), f"{S}/observation_as_printed"),
    Damage("单位换错", "wrong unit", put(S, BEDS, unit="persons"), f"{S}/observation_fits_indicator"),
    Damage("负数", "negative value", put(S, BEDS, value=-1136.0), f"{S}/observation_in_unit_range"),
    Damage("数值与单位两列互换", "value and unit columns swapped", swapped(S, "value_as_printed", "unit_as_printed"), f"{S}/observation_as_printed"),
    Damage("起止年互换", "years swapped", swapped(S, "period_start", "period_end", c("period_start") < c("period_end")), f"{S}/order:period_start"),
    Damage("数值整列下移一行", "values shifted by a row", shifted(S, "value", YIMEN), f"{S}/observation_as_printed"),
    Damage("同一陈述换编号重录", "a statement entered twice", again(S, BEDS, observation_id="530425-s9999"), f"{S}/observation_not_duplicated"),
    Damage("丢了若干行", "rows dropped", drop(S, YIMEN & c("value_as_printed").is_in(["9", "12"])), "counties/rows_fewer"),
    Damage("多了行", "rows added", report(1150.0), "counties/rows_more", ("新增数据本是刷新的目的", "new data are what a refresh is for")),
    Damage("一县的条目全丢", "all statements of a county lost", drop(S, XISHAN), "counties/rows_fewer"),
    Damage("两县互换", "two counties swapped", counties(S, "530425", "530112"), f"{S}/observation_of_its_county"),
    Damage("目标年份陈旧", "stale target year", put(S, TARGETS & YIMEN, period_end=2020, period_start=2020), f"{S}/observation_target_in_plan"),
    Damage("目标年份超出规划", "target beyond the plan", put(S, TARGETS & YIMEN, period_end=2035), f"{S}/observation_target_beyond_plan", ("规划可以提出规划期以后的目标", "a plan may promise something for after its end")),
    Damage("实绩来自未来", "achievement from the future", put(S, BEDS, period_end=2024), f"{S}/observation_not_from_the_future"),
    Damage("实绩过时", "stale achievement", put(S, BEDS, period_end=2011, period_start=2011), f"{S}/observation_not_stale", ("规划可以引用早年的实绩", "a plan may quote an old achievement")),
    Damage("数值丢失而无说明", "a value lost without a reason", put(S, BEDS, value=None), f"{S}/observation_absence_typed"),
    Damage("有数值又标缺失", "a value beside a reason for absence", put(S, BEDS, status="not_reported"), f"{S}/observation_absence_typed"),
    Damage("行号超出文档", "line outside the document", put(S, BEDS, source_line=99999), f"{S}/observation_line_in_document"),
    Damage("不同的值记为重复陈述", "another value called a restatement", put(S, c("observation_id") == "530425-s0192", value=1150.0, value_as_printed="1150"), f"{S}/observation_restates_the_same"),
    Damage("台账漏了该数", "a numeral left out of the ledger", drop(X, c("fact_id") == "530425-s0038"), f"{S}/observation_traced"),
    Damage("目标低于基期", "target below baseline", everywhere("530425-s0229", "20", 20.0), f"{S}/observation_target_better_than_baseline", ("规划确有低于基期的目标", "plans do set targets below their baseline")),
    Damage("目标是基期的百倍", "target a hundred times the baseline", digits("530425-s0229", "5500", 5500.0), f"{S}/observation_leap_to_target"),
    Damage("表列合计不等于各项之和", "printed total is not the sum", digits("620722-s0266", "16350", 16350.0), f"{S}/annex_total", ("可能是文档自身的矛盾，照原文公布", "it may be the document that contradicts itself, which is published as printed")),
    # ---- projects
    Damage("投资多一位", "extra digit in an investment", put(P, c("project_id") == "530425-p03", total_investment_wan=c("total_investment_wan") * 10), f"{P}/project_as_printed"),
    Damage("投资整列下移一行", "investments shifted by a row", shifted(P, "total_investment_wan", XISHAN), f"{P}/project_as_printed"),
    Damage("民乐错行未复原", "the shifted rows of Minle not undone", put(P, c("project_id") == "620722-p01", total_investment_wan=7530.0), "golden/620722_project_1"),
    Damage("项目换编号重录", "a project entered twice", again(P, c("project_id") == "530425-p03", project_id="530425-p98"), f"{P}/project_not_duplicated"),
    Damage("丢了一个项目", "a project dropped", drop(P, c("project_id") == "530425-p03"), "golden/530425_annex_total"),
    Damage("项目起止年互换", "years of projects swapped", swapped(P, "start_year", "end_year", c("start_year") < c("end_year")), f"{P}/order:start_year"),
    Damage("项目年份抄错", "a year of a project miscopied", put(P, c("end_year") == 2023, end_year=2032), f"{P}/project_years_as_printed"),
    Damage("项目年份远离规划期", "a project far from its plan", put(P, c("start_year") == 2022, start_year=2012), f"{P}/project_years_near_plan"),
    Damage("中英文名称互换", "Chinese and English names swapped", swapped(P, "name_zh", "name_en"), f"{P}/pattern:name_zh"),
    Damage("项目归错县", "a project under another county", put(P, c("project_id") == "530425-p03", county_code="530112"), f"{P}/project_of_its_county"),
    Damage("项目行号超出文档", "line of a project outside the document", put(P, c("project_id") == "530425-p03", source_line=99999), f"{P}/project_line_in_document"),
    Damage("项目没有记载", "a project without a mention", drop(M, c("project_id") == "530425-p03"), f"{P}/project_mentioned"),
    Damage("一个项目压过其余全部", "one project outweighs all", put(P, c("project_id") == "530112-p03", total_investment_wan=90000.0, total_investment_wan_as_printed="90000"), f"{P}/project_share_of_county"),
    Damage("记载行号超出文档", "line of a mention outside the document", put(M, c("project_id") == "530425-p03", source_line=99999), f"{M}/mention_line_in_document"),
    Damage("记载的投资抄错", "investment of a mention miscopied", put(M, c("project_id") == "530425-p03", total_investment_wan_as_printed="77"), f"{M}/mention_traced"),
    Damage("两处记载投资不一", "mentions disagree", put(M, c("mention_id") == c("mention_id").filter(c("project_id") == "530112-p01").min(), total_investment_wan_as_printed="4"), f"{M}/mentions_agree"),
    # ---- funding and outputs
    Damage("资金多一位", "extra digit in an amount", put(F, c("funding_id") == "532301-f001", amount_wan=c("amount_wan") * 10), f"{F}/funding_as_printed"),
    Damage("单项资金超过总投资", "a part above its project", put(F, c("funding_id") == "532301-f001", amount_wan=999999.0), f"{F}/funding_within_total"),
    Damage("资金各项与总投资不符", "parts do not sum", put(F, c("funding_id") == "532301-f001", amount_wan=c("amount_wan") - 1), f"{F}/funding_parts_to_total"),
    Damage("同一位置两个金额", "two amounts at one position", again(F, c("funding_id") == "532301-f001", funding_id="532301-f999"), f"{F}/funding_position_once"),
    Damage("未定出资方却称明确", "unresolved funder called certain", put(F, c("funder") == "unresolved", certainty="printed"), f"{F}/funding_certainty_fits", ("确定程度由人判断", "how certain an assignment is, is a judgement")),
    Damage("金额没有台账", "an amount without numeral", drop(X, c("fact_id") == "532301-f001"), f"{F}/funding_traced"),
    Damage("资金行号超出文档", "line of an amount outside the document", put(F, c("funding_id") == "532301-f001", source_line=99999), f"{F}/funding_line_in_document"),
    Damage("床位多一位", "extra digit in beds", put(U, c("output_id") == "530425-o025", quantity=1000.0), f"{U}/output_as_printed"),
    Damage("产出单位换错", "wrong unit of an output", put(U, c("output_id") == "530425-o025", unit="persons"), f"{U}/output_unit_fits"),
    Damage("床位类别丢失", "class of beds lost", put(U, c("output") == "beds", bed_class=None), f"{U}/output_unit_fits"),
    Damage("产出超出范围", "output outside its range", put(U, c("output_id") == "530425-o025", quantity=100000.0), f"{U}/output_in_unit_range"),
    Damage("护理型床位多于床位", "more nursing beds than beds", again(U, c("output_id") == "530425-o025", output_id="530425-o999", output="nursing_beds", quantity=500.0), f"{U}/output_nursing_within_beds"),
    Damage("产出换编号重录", "an output entered twice", again(U, c("output_id") == "530425-o025", output_id="530425-o999"), f"{U}/output_not_duplicated"),
    Damage("产出没有台账", "an output without numeral", drop(X, c("fact_id") == "530425-o025"), f"{U}/output_traced"),
    Damage("产出行号超出文档", "line of an output outside the document", put(U, c("output_id") == "530425-o025", source_line=99999), f"{U}/output_line_in_document"),
    Damage("进展超过总投资", "progress above the total", progress(17000.0), "fct_project_progress/progress_within_total", ("项目可以超支", "a project may overrun")),
    Damage("进展倒退", "progress goes back", progress(900.0, 500.0), "fct_project_progress/progress_never_back", ("上报数可以更正", "what was reported may be corrected")),
    # ---- population
    Damage("某年龄组多一位", "extra digit in an age group", put(N, CELL, persons=c("persons") * 10), f"{N}/population_smooth_ages"),
    Damage("某年龄组少一位", "a digit missing in an age group", put(N, CELL, persons=c("persons") // 10), f"{N}/population_smooth_ages"),
    Damage("缺一个性别", "one sex missing", drop(N, YIMEN & (c("sex") == "female") & (c("year") == 2020)), f"{N}/population_both_sexes"),
    Damage("缺一个年龄组", "an age group missing", drop(N, YIMEN & (c("age_from") == 40)), f"{N}/population_ages_without_gap"),
    Damage("末组不是开口组", "the last group is closed", put(N, YIMEN & c("age_to").is_null(), age_to=89), f"{N}/population_ages_without_gap"),
    Damage("两县 2020 年人口互换", "two counties' census of 2020 swapped", counties(N, "530425", "530112", c("year") == 2020), f"{N}/population_cohorts_survive"),
    Damage("两县人口全部互换", "two counties' population swapped", counties(N, "530425", "530112"), "golden/530425_residents"),
    Damage("男女互换", "sexes swapped", put(N, YIMEN, sex=c("sex").replace({"male": "female", "female": "male"})), "golden/530425_elderly_men"),
    Damage("男女互换（高龄组）", "sexes swapped (oldest group)", put(N, XISHAN, sex=c("sex").replace({"male": "female", "female": "male"})), f"{N}/population_oldest_are_women"),
    Damage("2010 年当作 2020 年", "2010 taken for 2020", both(drop(N, YIMEN & (c("year") == 2020)), put(N, YIMEN, year=2020)), "golden/530425_elderly"),
    Damage("人口以千人计", "population in thousands", put(N, YIMEN & (c("year") == 2020), persons=c("persons") // 1000), f"{N}/population_cohorts_survive"),
    Damage("年龄整列下移一行", "ages shifted by a row", shifted(N, "persons", YIMEN & (c("year") == 2020) & (c("sex") == "male")), "golden/530425_elderly"),
    Damage("负的人数", "negative persons", put(N, CELL, persons=-5), f"{N}/range:persons"),
    Damage("老年占比不可能", "impossible share of elderly", put(N, YIMEN & (c("age_from") < 55), persons=c("persons") // 20), f"{N}/population_elderly_share"),
    Damage("合计不等于男女之和", "both is not the sum", again(N, CELL, sex="both", persons=7), f"{N}/population_both_is_sum"),
    Damage("一县没有普查", "a county without census", drop(N, YIMEN & (c("year") == 2020)), f"{N}/population_of_every_county"),
    # ---- ledger, repairs, contradictions
    Damage("行内漏一个数字", "a numeral of a line dropped", drop(G, YIMEN & (c("source_line") == 18) & (c("occurrence") == 3)), f"{G}/figure_occurrences_without_gap"),
    Damage("数据标成非数据", "a fact called no measurement", put(G, YIMEN & (c("source_line") == 18) & (c("status") == "fact"), status="not_a_measurement"), f"{G}/figure_reason_fits_status"),
    Damage("数字没有去向", "numerals that lead nowhere", drop(X, c("fact_table") == U), f"{G}/figure_traced"),
    Damage("台账行号超出文档", "line of a numeral outside the document", put(G, YIMEN & (c("source_line") == 18), source_line=99999), f"{G}/figure_line_in_document"),
    Damage("台账里抄错一位", "a digit miscopied in the ledger", put(G, YIMEN & (c("printed") == "1136"), printed="1186"), f"{X}/figure_stands_in_fact"),
    Damage("台账里不是数字", "no numeral in the ledger", put(G, YIMEN & (c("printed") == "1136"), printed="一千"), f"{G}/pattern:printed"),
    Damage("数字指向不存在的事实", "a numeral leads to no row", put(X, c("fact_id") == "530425-s0038", fact_id="530425-s9999"), f"{X}/fact_of_figure_exists"),
    Damage("去向的数字不在台账", "a link from no numeral", put(X, c("fact_id") == "530425-s0038", occurrence=99), f"{X}/figure_of_fact_exists"),
    Damage("去向的事实表未知", "unknown table of facts", put(X, c("fact_id") == "530425-s0038", fact_table="fct_other"), f"{X}/fact_tables"),
    Damage("条目换了行", "a statement on another line", put(S, BEDS, source_line=19), f"{X}/figure_on_line_of_fact", ("一条数据可以跨行", "a statement may run over lines")),
    Damage("修正没有变化", "a repair that changes nothing", put("fct_correction", None, corrected=c("printed")), "fct_correction/correction_changes_something"),
    Damage("修正的行不存在", "a repair of no row", put("fct_correction", None, row_key="s9999"), "fct_correction/correction_of_existing_row"),
    Damage("矛盾的行号超出文档", "lines of a contradiction outside", put("fct_discrepancy", c("left_line").is_not_null(), left_line=99999), "fct_discrepancy/discrepancy_lines_in_document"),
    Damage("矛盾两侧相同", "both sides of a contradiction equal", put("fct_discrepancy", c("rule_id") == "same_quantity", right_value=c("left_value"), computation=None), "fct_discrepancy/discrepancy_shows_two_sides"),
    Damage("核实无人负责", "reviewed by nobody", put("fct_discrepancy", None, review_status="confirmed"), "fct_discrepancy/discrepancy_reviewed_by_someone"),
    Damage("矛盾归错县", "a contradiction under another county", counties("fct_discrepancy", "530425", "530112"), "fct_discrepancy/discrepancy_of_its_county"),
    # ---- dimensions
    Damage("区划代码缺一位", "a county code short of a digit", put("dim_county", YIMEN, county_code="53042"), "dim_county/pattern:county_code"),
    Damage("类型与代码不符", "kind does not fit the code", put("dim_county", YIMEN, kind="province"), "dim_county/county_code_fits_kind"),
    Damage("县没有规划文本", "a county without its plan", put("dim_source", c("source_id") == "plan-530425", county_code="530112"), "dim_county/county_has_plan_document"),
    Damage("整县缺席", "a county absent", put("dim_county", YIMEN, has_plan=False), "counties/county_absent"),
    Damage("来源缺行数", "a source without lines", put("dim_source", c("sha256").is_not_null(), line_count=None), "dim_source/source_of_plan_complete"),
    Damage("两县同一文档", "one document for two counties", put("dim_source", c("sha256").is_not_null(), sha256="0" * 64), "dim_source/unique:sha256"),
    Damage("来源起止年互换", "years of sources swapped", swapped("dim_source", "period_start", "period_end"), "dim_source/order:period_start"),
    Damage("可加的量用了百分比", "an additive percentage", put("dim_indicator", c("unit") == "beds", unit="pct"), "dim_indicator/indicator_unit_fits_nature"),
    Damage("可比县列错", "comparable counties wrong", put("dim_indicator", c("indicator_id") == "elderly_care_beds", comparable_counties="530112"), "dim_indicator/indicator_stated_by_known_counties"),
    Damage("单位上下限颠倒", "range of a unit reversed", put("dim_unit", c("code") == "pct", minimum=2000.0), "dim_unit/unit_range_ordered"),
    Damage("领域重名", "a domain's name repeats", put("dim_domain", c("code") == "other", name_zh="养老服务"), "dim_domain/unique:name_zh"),
    # ---- targets and comparison
    Damage("目标漏行", "a target missing", frame("mart_target", lambda f: f.tail(-1)), "mart_target/target_of_every_observation"),
    Damage("目标值被改", "a target changed", put("mart_target", c("target") == 55, target=60.0), "mart_target/target_as_stated"),
    Damage("基期值凭空而来", "an invented baseline", put("mart_target", c("baseline").is_not_null(), baseline=123.456), "mart_target/target_baseline_stated"),
    Damage("基期晚于目标", "baseline after target", put("mart_target", c("baseline_year").is_not_null(), baseline_year=2030), "mart_target/target_years_ordered"),
    Damage("没有实绩却评为完成", "completed without an actual", put("mart_target", c("latest_actual").is_null(), verdict="completed"), "mart_target/target_verdict_fits"),
    Damage("未到期却有完成率", "a completion rate before the end", put("mart_target", c("latest_actual").is_null(), completion_rate=0.5), "mart_target/target_completion_fits"),
    Damage("目标差于基期", "target worse than baseline", put("mart_target", c("baseline").is_not_null(), baseline=c("baseline") * 5), "mart_target/target_worse_than_baseline"),
    Damage("对照值被改", "a compared value changed", put("mart_county_comparison", c("row_id") == "530425-s0038", value=1163.0), "mart_county_comparison/comparison_as_stated"),
    Damage("折算用错人口", "normalised by other people", put("mart_county_comparison", c("normalised_by") == "per_1000_60plus", value_normalised=c("value_normalised") * 0.95), "mart_county_comparison/comparison_normalised"),
    Damage("跨州排位", "ranks across prefectures", put("mart_county_comparison", None, rank=1), "mart_county_comparison/comparison_ranks_inside_group"),
    Damage("分母不明也求中位数", "a median over unknown denominators", put("mart_county_comparison", c("indicator_id") == "beds_per_1000_elderly", peers_median=41.0), "mart_county_comparison/comparison_basis_known"),
    Damage("可比组混指标", "a group mixes indicators", put("mart_county_comparison", None, comparable_group="all"), "mart_county_comparison/comparison_one_definition"),
    # ---- money and beds
    Damage("投资重复计", "money counted twice", put("mart_investment", YIMEN, amount_wan=c("amount_wan") * 2), "mart_investment/investment_equals_projects"),
    Damage("投资归错领域", "money in another domain", put("mart_investment", c("domain") == "elderly_care", domain="disability"), "mart_investment/investment_domains_equal_projects"),
    Damage("人均用错人口", "per head by other people", put("mart_investment", None, per_resident_yuan=c("per_60plus_yuan")), "mart_investment/investment_per_head"),
    Damage("投资年份远离规划期", "money far from its plan", put("mart_investment", None, year=c("year") - 20), "mart_investment/investment_years_near_plan", ("储备项目可以在规划期外实施", "a reserve project may run outside its plan")),
    Damage("现有床位凭空而来", "invented existing beds", put("mart_bed_supply", XISHAN & (c("status") == "existing"), beds=3000.0, basis="line 1"), "mart_bed_supply/supply_existing_stated"),
    Damage("购置床位算作新增", "purchases counted as new beds", put("mart_bed_supply", YIMEN & (c("status") == "planned") & (c("year") > 2024), beds=c("beds") + 600), "mart_bed_supply/supply_planned_equals_projects"),
    Damage("规划床位减少", "planned beds shrink", put("mart_bed_supply", (c("county_code") == "532301") & (c("status") == "planned") & (c("year") == 2030), beds=1.0), "mart_bed_supply/supply_planned_never_shrinks"),
    Damage("未写床位数当作零", "beds not stated taken for nought", put("mart_bed_supply", (c("county_code") == "620722") & (c("status") == "planned"), beds=0.0), "mart_bed_supply/supply_planned_never_shrinks"),
    Damage("部分大于全部", "a part above all beds", put("mart_bed_supply", YIMEN & (c("status") == "existing") & (c("bed_type") == "institution"), beds=5000.0, basis="line 1"), "mart_bed_supply/supply_parts_within_all"),
    Damage("每千名床位分母不对", "wrong denominator of beds per 1,000", put("mart_bed_supply", YIMEN, per_1000_60plus=c("per_1000_60plus") * 0.9), "mart_bed_supply/supply_per_1000"),
    Damage("供给缺年份", "supply lacks a year", drop("mart_bed_supply", YIMEN & (c("year") == 2030)), "mart_bed_supply/supply_complete"),
    # ---- outlooks
    Damage("展望缺末年", "outlook lacks the last year", drop("mart_elderly_outlook", NATURAL & (c("year") == 2035)), "mart_elderly_outlook/outlook_complete"),
    Damage("展望不从普查起", "outlook does not start at the census", put("mart_elderly_outlook", NATURAL & (c("year") == 2020), p50=29128.0), "mart_elderly_outlook/outlook_starts_at_census"),
    Damage("年龄段颠倒", "bands reversed", put("mart_elderly_outlook", YIMEN, age_band=c("age_band").replace({"60+": "80+", "80+": "60+"})), "mart_elderly_outlook/outlook_bands_nested"),
    Damage("男女之和不等于合计", "men and women do not add up", put("mart_elderly_outlook", YIMEN & (c("sex") == "male"), p50=c("p50") * 1.2), "mart_elderly_outlook/outlook_sexes_sum"),
    Damage("分位数颠倒", "percentiles reversed", put("mart_elderly_outlook", None, p10=c("p50") * 1.1, p90=c("p50") * 0.9), "mart_elderly_outlook/outlook_intervals_ordered"),
    Damage("一年跳升", "a jump in a year", put("mart_elderly_outlook", NATURAL & (c("year") > 2028), p50=c("p50") * 1.3), "mart_elderly_outlook/outlook_no_jump"),
    Damage("老年人多于常住人口", "more elderly than residents", put("mart_elderly_outlook", NATURAL & (c("year") == 2035), p50=160000.0), "mart_elderly_outlook/outlook_below_residents"),
    Damage("两种方法混用", "two methods mixed", put("mart_elderly_outlook", NATURAL, method_version="other"), "mart_elderly_outlook/one_method_version"),
    Damage("需求分位数颠倒", "percentiles of demand reversed", put("mart_bed_outlook", None, demand_p10=c("demand_p50") + 1, demand_p90=c("demand_p50")), "mart_bed_outlook/bed_demand_ordered"),
    Damage("需求丢失", "demand lost", put("mart_bed_outlook", c("estimator") == "observed_use", demand_p50=None), "mart_bed_outlook/bed_supply_typed"),
    Damage("需求多一位", "extra digit in demand", put("mart_bed_outlook", None, demand_p50=c("demand_p50") * 100), "mart_bed_outlook/bed_demand_below_elderly"),
    Damage("没有供给却有缺口", "a shortage without a supply", put("mart_bed_outlook", ~KNOWN, shortage_p50=100.0), "mart_bed_outlook/bed_supply_typed"),
    Damage("缺口与供需不符", "shortage does not follow", put("mart_bed_outlook", KNOWN, shortage_p50=c("demand_p50") + c("supply"), idle_p50=0.0), "mart_bed_outlook/bed_shortage_fits", ("差的中位数不必等于中位数之差", "the median of a difference need not be the difference of the medians")),
    Damage("首个短缺年晚报一年", "first year short one year late", put("mart_bed_outlook", c("first_year_short").is_not_null(), first_year_short=c("first_year_short") + 1), "mart_bed_outlook/bed_first_years"),
    Damage("不缺床却不说原因", "not short and no reason given", put("mart_bed_outlook", KNOWN, first_year_short_status=None), "mart_bed_outlook/bed_first_years"),
    Damage("床位展望断年", "bed outlook with a gap", drop("mart_bed_outlook", YIMEN & (c("year") == 2030)), "mart_bed_outlook/bed_outlook_complete"),
    Damage("剩余分位数颠倒", "percentiles of graves reversed", put("mart_cemetery_outlook", c("capacity").is_not_null(), remaining_p10=c("remaining_p50") + 1), "mart_cemetery_outlook/grave_percentiles_ordered"),
    Damage("可用年数分位数颠倒", "percentiles of years of supply reversed", put("mart_cemetery_outlook", c("remaining_p50").is_not_null(), years_of_supply_p10=c("years_of_supply_p50") + 1), "mart_cemetery_outlook/grave_percentiles_ordered"),
    Damage("所需空位分位数颠倒", "percentiles of places needed reversed", put("mart_cemetery_outlook", c("capacity").is_not_null(), break_even_p90=c("break_even_p50") - 1), "mart_cemetery_outlook/grave_percentiles_ordered"),
    Damage("墓穴不会用尽却说未报告", "graves that last said to be unreported", put("mart_cemetery_outlook", c("remaining_p50").is_not_null(), depletion_status="not_reported"), "mart_cemetery_outlook/grave_depletion_typed"),
    Damage("外推的用尽年未注明", "an extrapolated depletion year not marked", put("mart_cemetery_outlook", c("depletion_year_p50").is_not_null(), depletion_status=None), "mart_cemetery_outlook/grave_depletion_typed"),
    Damage("死亡数多一位", "extra digit in deaths", put("mart_cemetery_outlook", YIMEN, deaths_p50=c("deaths_p50") * 10), "mart_cemetery_outlook/grave_deaths_plausible"),
    Damage("安葬远多于死亡", "interments far above deaths", put("mart_cemetery_outlook", YIMEN, interments_p50=c("deaths_p50") * 3), "mart_cemetery_outlook/grave_interments_within_deaths", ("迁坟和补葬可以超过当年死亡数", "relocated graves and second interments may exceed the deaths of a year")),
    Damage("没有容量却有剩余", "graves remain of no capacity", put("mart_cemetery_outlook", c("capacity").is_null(), remaining_p50=5.0), "mart_cemetery_outlook/grave_capacity_typed"),
    Damage("死亡数一年跳升", "deaths jump", put("mart_cemetery_outlook", YIMEN & (c("year") > 2028), deaths_p50=c("deaths_p50") * 1.4), "mart_cemetery_outlook/grave_no_jump", ("假定可以使死亡数一年内变动", "an assumption may move the deaths of a year")),
    Damage("公墓未报穴位却计入容量", "unstated places counted", put("mart_cemetery_capacity", c("places").is_null(), in_capacity=True), "mart_cemetery_capacity/capacity_typed"),
    Damage("公墓穴位多一位", "extra digit in cemetery places", put("mart_cemetery_capacity", c("places") == 28009, places=280090.0), "mart_cemetery_capacity/capacity_as_stated"),
    Damage("未计入的穴位被计入", "places counted that are not", put("mart_cemetery_capacity", c("places") == 132, in_capacity=True), "mart_cemetery_class_outlook/capacity_equals_outlook"),
    Damage("容量未写明类别", "a capacity without its classes", put("mart_cemetery_class_outlook", c("capacity").is_not_null(), capacity_classes=None), "mart_cemetery_class_outlook/capacity_classes_named"),
    Damage("公益性容量大于合计", "public-benefit capacity above all", put("mart_cemetery_class_outlook", YIMEN & (c("capacity_class") == "public_benefit"), capacity=40000.0), "mart_cemetery_class_outlook/public_within_all"),
    Damage("墓穴展望缺县", "a county missing from the graves", drop("mart_cemetery_outlook", YIMEN), "mart_cemetery_outlook/outlooks_of_every_county"),
    # ---- census characteristics, parameters, sensitivity, held-back counties
    Damage("常住人口不等于各年龄之和", "residents are not the sum of the ages", put("fct_census_covariate", YIMEN & (c("variable") == "resident"), value=c("value") + 10), "fct_census_covariate/covariate_residents_equal_ages"),
    Damage("城镇人口多于常住人口", "more urban residents than residents", put("fct_census_covariate", YIMEN & (c("variable") == "urban_residents"), value=c("value") * 10), "fct_census_covariate/covariate_plausible"),
    Damage("有老人的户多于家庭户", "more households with elderly than households", put("fct_census_covariate", c("variable") == "family_households", value=c("value") / 10), "fct_census_covariate/covariate_plausible"),
    Damage("户规模填成了户数", "household size mistaken", put("fct_census_covariate", c("variable") == "household_size", value=c("value") * 100), "fct_census_covariate/covariate_plausible"),
    Damage("州（市）缺一个年龄组", "an age group of an area lost", drop(AP, c("age_from") == 40), "fct_area_population/area_ages_whole"),
    Damage("州（市）只有男性", "women of an area lost", drop(AP, c("sex") == "female"), "fct_area_population/area_ages_whole"),
    Damage("州（市）人数多一位", "extra digit in persons of an area", put(AP, c("age_from") == 40, persons=c("persons") * 10), "fct_area_covariate/area_residents_equal_ages"),
    Damage("把县当作州（市）", "a county among the areas", put(AP, c("area_code") == "530400", area_code="530425"), "fct_area_population/pattern:area_code"),
    Damage("州（市）城镇人口多于常住人口", "more urban residents than residents of an area", put("fct_area_covariate", c("variable") == "urban_residents", value=c("value") * 10), "fct_area_covariate/area_covariate_plausible"),
    Damage("州（市）的数换成了别处的", "figures of another place for a prefecture", both(put(AP, c("area_code") == "530400", persons=c("persons") // 100), put("fct_area_covariate", c("area_code") == "530400", value=c("value") / 100)), "fct_area_covariate/area_holds_its_counties"),
    Damage("死亡率按千分数填", "death rates in per mille", put("fct_mortality", None, death_rate=c("death_rate") * 1000), "fct_mortality/range:death_rate"),
    Damage("死亡率行错位", "death rates shifted by a row", put("fct_mortality", c("age_from") == 70, death_rate=0.0001), "fct_mortality/mortality_rises_with_age"),
    Damage("参数超出自己的范围", "a parameter outside its range", put("dim_parameter", c("parameter_id") == "occupancy", value=5.01), "dim_parameter/parameter_inside_its_range"),
    Damage("敏感性两端颠倒", "ends of a sensitivity reversed", swapped("mart_bed_sensitivity", "demand_low", "demand_high"), "mart_bed_sensitivity/sensitivity_around_centre"),
    Damage("规划建成反增需求", "planned beds that add to the demand", put("mart_bed_sensitivity", c("moves") == "supply", demand_high=c("demand_central") + 50), "mart_bed_sensitivity/sensitivity_around_centre"),
    Damage("敏感性排位错", "sensitivity ranked wrongly", put("mart_bed_sensitivity", None, rank=10 - c("rank")), "mart_bed_sensitivity/sensitivity_ranked_by_width"),
    Damage("称暂缓而未注明沿用的数据", "held back without saying what is shown", held("530425"), "mart_held_back/held_back_as_shown"),
    Damage("暂缓不能掩盖丢行", "lost rows of one county, another held back", both(held("530112"), drop(S, YIMEN & c("value_as_printed").is_in(["9", "12"]))), "counties/rows_fewer"),
]  # fmt: skip
