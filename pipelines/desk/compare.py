"""One shared indicator, county beside county. Definitions and units are never mixed: what cannot be compared is refused,
with the alternatives named. Counties are set side by side, not ranked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipelines.desk import words
from pipelines.desk.marts import ask, counties, reading

if TYPE_CHECKING:
    import duckdb
    import polars as pl

PER = {
    "1000_elderly": (1000, "elderly"),
    "10000_residents": (10_000, "residents"),
    "resident": (1, "residents"),
    "year": (12, ""),
}
PEOPLE = """
    SELECT county_code, CAST(CASE WHEN count(*) = count(persons) THEN sum(persons) END AS BIGINT) AS residents,
           CAST(CASE WHEN count(*) FILTER (age_from >= 60) = count(persons) FILTER (age_from >= 60)
                THEN sum(persons) FILTER (age_from >= 60) END AS BIGINT) AS elderly
    FROM fct_population WHERE year = 2020 AND basis = 'resident' AND sex <> 'both' GROUP BY county_code
"""
_COLUMNS = [
    "county_code",
    "county",
    "prefecture",
    "measure",
    "year",
    "breakdown",
    "qualifier",
    "value",
    "unit",
    "status",
    "source_line",
    "indicator_id",
    "stated",
    "stated_unit",
]
_PLAIN = {"elderly", "care", "rate", "coverage", "share", "per", "of", "and", "the", "number", "county", "new", "1000"}


class ComparisonError(ValueError):
    """The figures asked for are not comparable; the message says why and what is."""


def compare(
    indicator: str | Sequence[str],
    per: str | None = None,
    con: duckdb.DuckDBPyConnection | None = None,
    *,
    measure: str | None = None,
) -> pl.DataFrame:
    """County × value of one indicator (its id, or its exact or unambiguous Chinese or English name).

    One row per county, measure, year and breakdown; a county that states none has one row with status `not_reported`. Counties
    that state it in another form of the same definition (a month instead of a year, the complement of a share; dim_indicator's
    `compared_as`) stand beside, all in the common form; `indicator_id`, `stated` and `stated_unit` keep what each plan says.
    Otherwise values are in the indicator's own unit. `per` adds `value_per` and `persons`: `1000_elderly` and `10000_residents` and `resident`
    on the residents of the 2020 census, `year` for monthly standards. `measure` keeps one of actual, target, standard,
    planned, cumulative. Raises ComparisonError.
    """
    with reading(con) as db:
        chosen = _one(db, [indicator] if isinstance(indicator, str) else list(indicator))
        stated = _stated(db, chosen, measure)
        if stated["county_code"].n_unique() < 2:
            raise _not_shared(chosen, _all(db), stated)
        frame = _beside(counties(db), stated)
        return frame if per is None else _per(db, frame, chosen, per)


def _all(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    return ask(con, "SELECT * FROM dim_indicator ORDER BY indicator_id").to_dicts()


def _one(con: duckdb.DuckDBPyConnection, asked: list[str]) -> dict[str, Any]:
    found = [_resolve(con, a) for a in asked]
    if len({f["indicator_id"] for f in found}) > 1:
        raise ComparisonError(
            "口径不同的指标不能混在一起比较，请分别调用 / different definitions are not compared together, call one at a time:\n"
            + _listed(found)
        )
    return found[0]


def _resolve(con: duckdb.DuckDBPyConnection, asked: str) -> dict[str, Any]:
    """The one indicator that a name means: its id or its full name, else the only one that contains it."""
    named = "SELECT * FROM dim_indicator WHERE $asked IN (indicator_id, name_zh, name_en) ORDER BY indicator_id"
    near = ask(con, named, asked=asked).to_dicts()
    near = near or [
        i for i in _all(con) if asked.lower() in f"{i['indicator_id']} {i['name_zh']} {i['name_en']}".lower()
    ]
    if len(near) == 1:
        return near[0]
    if near:
        shared = [i for i in near if ";" in (i["comparable_counties"] or "")] or near
        raise ComparisonError(
            f"“{asked}”对应多个口径，请选一个 / {asked!r} has several definitions, choose one:\n{_listed(shared[:12])}"
        )
    raise ComparisonError(
        f"没有指标“{asked}”；见数据字典或 dim_indicator / no indicator {asked!r}; see the dictionary or dim_indicator"
    )


def _listed(indicators: list[dict[str, Any]]) -> str:
    return "\n".join(
        f"  {i['indicator_id']} [{i['unit']}] {i['name_zh']}：{i['definition_zh']} / {i['definition_en']} ({i['comparable_counties'] or '-'})"
        for i in indicators
    )


def _stated(con: duckdb.DuckDBPyConnection, chosen: dict[str, Any], measure: str | None) -> pl.DataFrame:
    """The counties' own statements; repeated ones, projects' and higher levels' ones stay out. As printed when all of them state
    the indicator itself, else in the form that its definition is compared in (mart_county_comparison)."""
    import polars as pl

    found = ask(
        con,
        """SELECT o.county_code, o.measure, o.period_end AS year, o.breakdown, o.indicator_id, o.status, o.source_line,
                  o.qualifier, o.value, o.unit, o.value AS stated, o.unit AS stated_unit, m.qualifier_normalised AS qualifier_common,
                  m.value_normalised AS value_common, m.unit_normalised AS unit_common
           FROM fct_observation o JOIN dim_indicator i ON i.indicator_id = o.indicator_id
           LEFT JOIN mart_county_comparison m ON m.row_id = o.observation_id AND m.normalised_by IN ('months_to_year', 'complement')
           WHERE (o.indicator_id = $id OR i.compared_as = $common) AND o.restates IS NULL AND o.project_id IS NULL
             AND o.target_level = 'county' AND o.value IS NOT NULL AND ($measure IS NULL OR o.measure = $measure)
           ORDER BY o.county_code, o.measure, year, o.breakdown, o.source_line""",
        id=chosen["indicator_id"], common=chosen["compared_as"], measure=measure,
    )  # fmt: skip
    if (found["indicator_id"] == chosen["indicator_id"]).all():
        return found
    there = pl.col("value_common").is_not_null()
    common = {c: pl.when(there).then(f"{c}_common").otherwise(c) for c in ("qualifier", "value", "unit")}
    # what has no common form (planned amounts) stays out, unless it is stated in it
    same = (pl.col("indicator_id") == chosen["compared_as"]) | there
    return found.filter(same).with_columns(**common)


def _not_shared(chosen: dict[str, Any], known: list[dict[str, Any]], stated: pl.DataFrame) -> ComparisonError:
    mine = set(chosen["indicator_id"].split("_")) - _PLAIN
    near = [
        i for i in known
        if i["indicator_id"] != chosen["indicator_id"] and i["domain"] == chosen["domain"] and i["unit"] == chosen["unit"]
        and i["comparable_counties"] and mine & set(i["indicator_id"].split("_"))
    ]  # fmt: skip
    who = "、".join(stated["county_code"].unique().to_list()) or "-"
    text = (
        f"“{chosen['name_zh']}”按此口径只有 {who} 报告，无从比较 / "
        f"only {who} states {chosen['indicator_id']} on this definition: {chosen['definition_en']}"
    )
    return ComparisonError(
        text + (f"\n相近但口径不同、不可混用 / near, but defined otherwise:\n{_listed(near)}" if near else "")
    )


def _beside(all_counties: pl.DataFrame, stated: pl.DataFrame) -> pl.DataFrame:
    names = all_counties.select("county_code", county="name_zh", prefecture="prefecture_zh")
    joined = names.join(stated, on="county_code", how="left", maintain_order="left_right")
    import polars as pl

    absent = pl.when(pl.col("value").is_null()).then(pl.lit("not_reported")).otherwise(pl.col("status"))
    return joined.with_columns(status=absent).select(_COLUMNS)


def _per(con: duckdb.DuckDBPyConnection, frame: pl.DataFrame, chosen: dict[str, Any], per: str) -> pl.DataFrame:
    import polars as pl

    if per not in PER:
        raise ComparisonError(f"per 只能是 {', '.join(PER)} / per must be one of these, not {per!r}")
    factor, people = PER[per]
    if per == "year":
        monthly, yearly = "yuan_per_person_month", "yuan_per_person_year"
        if chosen["unit"] != monthly:
            raise ComparisonError(
                f"只有按月标准可折成年：{chosen['unit']} / only monthly standards can be put per year"
            )
        months = pl.when(pl.col("unit") == yearly).then(1).otherwise(factor)
        return frame.with_columns(value_per=pl.col("value") * months, per=pl.lit(yearly))
    if chosen["nature"] not in ("stock", "flow"):
        kind = words.code("nature", chosen["nature"])
        raise ComparisonError(
            f"{kind.zh}不能再除以人口：{chosen['name_zh']} / a {kind.en} is not divided by people: {chosen['indicator_id']}"
        )
    persons = ask(con, PEOPLE).select("county_code", persons=people)
    return frame.join(persons, on="county_code", how="left", maintain_order="left").with_columns(
        value_per=pl.col("value") * factor / pl.col("persons"), per=pl.lit(per), basis=pl.lit("resident 2020")
    )
