"""Which counties a release shows in full, and the directory of all of them: a release of a whole country has pages, charts and
workbooks for some counties, one page to search them all, and `minzheng page` for any other."""

from __future__ import annotations

from typing import Any

import duckdb

from pipelines.desk.marts import ask
from pipelines.desk.style import Cell, Table
from pipelines.desk.words import Words, same
from pipelines.publish.pages.content import Page
from pipelines.settings import Settings

Con = duckdb.DuckDBPyConnection

_COUNTIES = """
WITH elderly AS (
  SELECT county_code, max(CASE WHEN year = 2020 THEN p50 END) AS base, max(CASE WHEN year = 2035 THEN p50 END) AS later
  FROM mart_elderly_outlook WHERE age_band = '60+' AND sex = 'both' GROUP BY county_code
),
beds AS (
  SELECT county_code, max(beds) AS beds FROM mart_bed_supply
  WHERE status = 'existing' AND bed_type = 'all' AND year = 2020 GROUP BY county_code
),
money AS (SELECT county_code, sum(amount_wan) AS wan FROM mart_investment GROUP BY county_code),
targets AS (SELECT county_code, count(*) AS n FROM mart_target WHERE target_level = 'county' GROUP BY county_code),
doubts AS (SELECT county_code, count(*) AS n FROM fct_discrepancy GROUP BY county_code)
SELECT c.county_code, c.slug, c.name_zh, c.name_en, c.prefecture_zh, c.prefecture_en, c.province_zh, c.province_en,
       e.base, e.later, b.beds, m.wan, coalesce(t.n, 0) AS targets, coalesce(d.n, 0) AS doubts
FROM dim_county AS c
LEFT JOIN elderly AS e ON e.county_code = c.county_code
LEFT JOIN beds AS b ON b.county_code = c.county_code
LEFT JOIN money AS m ON m.county_code = c.county_code
LEFT JOIN targets AS t ON t.county_code = c.county_code
LEFT JOIN doubts AS d ON d.county_code = c.county_code
WHERE c.has_plan
"""
_PROVINCES = f"""
SELECT province_zh, max(coalesce(province_en, province_zh)) AS province_en, count(*) AS counties, sum(base) AS base, sum(later) AS later,
       sum(beds) AS beds, count(beds) AS beds_stated, sum(wan) AS wan, sum(targets) AS targets, sum(doubts) AS doubts
FROM ({_COUNTIES}) GROUP BY province_zh ORDER BY min(county_code)
"""
_FIGURES = (
    Words("60岁及以上，2020", "aged 60+, 2020"), Words("60岁及以上，2035（中位）", "aged 60+, 2035 (median)"),
    Words("养老床位，2020", "elderly-care beds, 2020"), Words("规划投资（万元）", "planned investment (10 000 CNY)"),
    Words("目标", "targets"), Words("前后不一致", "contradictions"),
)  # fmt: skip


EXAMPLES = 6  # counties in full where there are too many for all, and nobody has pinned any


def shown(con: Con, settings: Settings) -> list[str]:
    """Codes of the counties that pages and workbooks show in full: all when they are few, else the pinned or some examples."""
    codes = ask(con, "SELECT county_code FROM dim_county WHERE has_plan ORDER BY county_code")["county_code"].to_list()
    if len(codes) <= settings.site_counties:
        return codes
    pinned = [c for c in settings.site_pinned.split() if c in codes]
    return pinned or codes[:EXAMPLES]


def page(con: Con, shown: list[str]) -> list[Page]:
    """The page with every county, to be searched, and the sums by province; none when every county is shown in full."""
    every = ask(con, _COUNTIES + " ORDER BY c.county_code").to_dicts()
    if len(every) <= len(shown):
        return []
    provinces = Table(
        (Words("省", "province"), Words("县（市、区）数", "counties"), *_FIGURES[:2],
         Words("养老床位（仅已报告的县）", "elderly-care beds (counties that report them)"), Words("其中报告的县", "counties reporting"), *_FIGURES[3:]),
        tuple((Words(r["province_zh"], r["province_en"]), r["counties"], _whole(r["base"]), _whole(r["later"]), _whole(r["beds"]),
               r["beds_stated"], _whole(r["wan"]), r["targets"], r["doubts"]) for r in ask(con, _PROVINCES).to_dicts()),
    )  # fmt: skip
    heads = (
        Words("代码", "code"),
        Words("县（市、区）", "county"),
        Words("州（市）", "prefecture"),
        Words("省", "province"),
        *_FIGURES,
    )
    data = Table(heads, tuple(_row(r) for r in every))
    show = {"data": data, "provinces": provinces, "slugs": {r["county_code"]: r["slug"] for r in every if r["county_code"] in shown},
            "many": len(every), "few": len(shown)}  # fmt: skip
    return [
        Page(
            "counties",
            "counties.html",
            Words("全部县（市、区）", "All counties"),
            show,
            Words("全部县", "All counties"),
            charts=False,
        )
    ]


def _row(r: dict[str, Any]) -> tuple[Cell, ...]:
    def named(name: str) -> Words:
        return Words(str(r[f"{name}_zh"] or ""), str(r[f"{name}_en"] or r[f"{name}_zh"] or ""))

    figures = (_whole(r["base"]), _whole(r["later"]), _whole(r["beds"]), _whole(r["wan"]), r["targets"], r["doubts"])
    return same(str(r["county_code"])), named("name"), named("prefecture"), named("province"), *figures


def _whole(value: object) -> int | None:
    return None if value is None else round(float(str(value)))
