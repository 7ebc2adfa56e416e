"""Mid-term (中期评估) and final (末期评估) evaluation of one county as plain data: sections of rows with their wording,
formula and flags, Chinese with its English twin. The site renders it; no figure is computed here that the evaluation
does not hold, and verdicts are counted and listed, never averaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipelines import registry
from pipelines.evaluate.flags import describe
from pipelines.evaluate.formula import ENDED, at, formula, number, target_text

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Words:
    zh: str
    en: str


@dataclass(frozen=True)
class Entry:
    """One target as a reader sees it. `formula` is the arithmetic behind `wording`; values carry their year."""

    indicator: Words
    breakdown: str
    unit: Words
    level: Words
    kind: Words
    baseline: str
    target: str
    actual: str
    verdict: str
    wording: Words
    formula: str
    flags: tuple[Words, ...]
    demand: Words | None
    source_line: int


@dataclass(frozen=True)
class Section:
    code: str
    title: Words
    text: Words
    rows: tuple[Entry, ...]


@dataclass(frozen=True)
class Report:
    """`data_year`: the latest year any actual is from; None while nothing was reported."""

    kind: str
    county_code: str
    title: Words
    plan_period: str
    data_year: int | None
    sections: tuple[Section, ...]


_TITLES = {
    "summary": Words("总体情况", "Summary"),
    "awaited": Words("期末实绩尚缺", "Final figures still missing"),
    "binding": Words("约束性指标", "Binding targets"),
    "expected": Words("预期性指标", "Expected targets"),
    "unlabelled": Words("未注明属性的目标", "Targets without a stated kind"),
    "higher_level": Words("与上级目标对照（仅比率）", "Against higher-level targets (rates only)"),
    "not_ambitious": Words("目标未高于基期", "Targets not above the baseline"),
    "demand": Words("与需求是否一致", "Consistency with demand"),
    "conflict": Words("前后不一致的目标（待核实）", "Targets printed with different values (to be verified)"),
    "previous_plan": Words("上一规划期目标", "Targets of the previous plan"),
}


def midterm(evaluation: pl.DataFrame, counties: pl.DataFrame, indicators: pl.DataFrame, county_code: str) -> Report:
    """Where each target stands at the data date. Frames: evaluation_target (or mart_target), dim_county, dim_indicator.
    Raises ValueError for a county that has no target."""
    name = Words("规划实施中期评估", "Mid-term evaluation")
    return _report("midterm", name, county_code, evaluation=evaluation, counties=counties, indicators=indicators)


def final(evaluation: pl.DataFrame, counties: pl.DataFrame, indicators: pl.DataFrame, county_code: str) -> Report:
    """完成 or 未完成 at the plan's end; what has no figure of that date yet says so. Frames and errors as `midterm`."""
    name = Words("规划实施末期评估", "Final evaluation")
    return _report("final", name, county_code, evaluation=evaluation, counties=counties, indicators=indicators)


def wording(row: Row, kind: str = "midterm") -> Words:
    """The words of one verdict; in a final report a verdict from before the target's year is not a final one."""
    zh, en = (registry.label("verdict", row["verdict"], language) for language in ("zh", "en"))
    if row["completion_rate"] is not None and row["verdict"] in ENDED:
        percent = number(round(row["completion_rate"] * 100, 1))
        return Words(f"{zh}（完成率 {percent}%）", f"{en} (completion {percent}%)")
    early = row["latest_year"] is not None and row["latest_year"] < row["target_year"]
    if kind == "final" and early:
        year = row["latest_year"]
        return Words(f"期末数据未到（截至{year}年：{zh}）", f"no figure of the final year (up to {year}: {en})")
    return Words(zh, en)


def counted(rows: Sequence[Row], column: str = "verdict") -> Words:
    """`12 项：完成 3，未完成 1 …` in the order of the code list of `column`."""
    counts = {code: sum(r[column] == code for r in rows) for code in registry.codes()[column]}
    held = {code: n for code, n in counts.items() if n}
    zh = "，".join(f"{registry.label(column, code)} {n}" for code, n in held.items())
    en = ", ".join(f"{registry.label(column, code, 'en')} {n}" for code, n in held.items())
    return Words(f"{len(rows)} 项" + (f"：{zh}" if zh else ""), f"{len(rows)} target(s)" + (f": {en}" if en else ""))


def _report(
    kind: str, name: Words, code: str, *, evaluation: pl.DataFrame, counties: pl.DataFrame, indicators: pl.DataFrame
) -> Report:
    rows = evaluation.filter(pl.col("county_code") == code).sort("source_line", "target_id").to_dicts()
    if not rows:
        raise ValueError(f"{code}: no target")
    known = {r["indicator_id"]: r for r in indicators.iter_rows(named=True)}
    county = counties.filter(pl.col("county_code") == code).row(0, named=True)
    current = [r for r in rows if "previous_plan" not in _flags(r)]
    years = [r["latest_year"] for r in current if r["latest_year"] is not None]
    groups = _groups(rows, current)
    sections = [_summary(kind, groups, max(years, default=None)), *_awaited(kind, groups)]
    for section, members in groups.items():
        if members:
            entries = tuple(_entry(r, rows, known, kind) for r in members)
            text = counted(members, "demand_consistency" if section == "demand" else "verdict")
            sections.append(Section(section, _TITLES[section], text, entries))
    title = Words(f"{county['name_zh']}民政事业{name.zh}", f"{county['name_en']}: {name.en} of the civil-affairs plan")
    period = max(r["plan_period"] for r in rows)
    return Report(kind, code, title, period, max(years, default=None), tuple(sections))


def _groups(rows: Sequence[Row], current: Sequence[Row]) -> dict[str, list[Row]]:
    """The rows of each section; a row may stand in several."""
    own = [r for r in current if r["target_level"] == "county"]
    return {
        "binding": [r for r in own if r["target_kind"] == "binding"],
        "expected": [r for r in own if r["target_kind"] == "expected"],
        "unlabelled": [r for r in own if r["target_kind"] is None],
        "higher_level": [r for r in current if r["target_level"] != "county" and "other_area" not in _flags(r)],
        "not_ambitious": [r for r in own if "not_ambitious" in _flags(r)],
        "demand": [r for r in own if r["demand_consistency"] is not None],
        "conflict": [r for r in own if r["in_conflict"]],
        "previous_plan": [r for r in rows if "previous_plan" in _flags(r)],
    }


def _summary(kind: str, groups: Mapping[str, Sequence[Row]], data_year: int | None) -> Section:
    """Binding, expected and unlabelled targets counted apart."""
    if data_year is None:
        since = Words("尚无年度实绩，以下只列目标与基期。", "No yearly figures yet: targets and baselines only. ")
    else:
        since = Words(f"数据时点：{data_year}年底。", f"Data date: end of {data_year}. ")
    parts = [(_TITLES[g], counted(groups[g])) for g in ("binding", "expected", "unlabelled") if groups[g]]
    zh = "；".join(f"{title.zh} {count.zh}" for title, count in parts)
    en = "; ".join(f"{title.en}: {count.en}" for title, count in parts)
    return Section("summary", _TITLES["summary"], Words(f"{since.zh}{zh}。", f"{since.en}{en}."), ())


def _awaited(kind: str, groups: Mapping[str, Sequence[Row]]) -> list[Section]:
    """One line on what a final evaluation still waits for: targets of their final year without a figure of that year."""
    if kind != "final":
        return []
    own = [r for g in ("binding", "expected", "unlabelled") for r in groups[g] if r["target"] is not None]
    open_rows = [r for r in own if r["latest_year"] is None or r["latest_year"] < r["target_year"]]
    if not open_rows:
        return []
    year = max(r["target_year"] for r in open_rows)
    zh = f"尚缺{len(open_rows)}项目标（共{len(own)}项）的期末（{year}年）实绩：报送 actuals_{year}.xlsx 后，本页给出完成、未完成与完成率。"
    en = f"Figures of the final year ({year}) are still missing for {len(open_rows)} of {len(own)} targets: with actuals_{year}.xlsx handed in, this page says done or not done, with the rate of completion."
    return [Section("awaited", _TITLES["awaited"], Words(zh, en), ())]


def _entry(row: Row, rows: Sequence[Row], indicators: Mapping[str, Row], kind: str) -> Entry:
    indicator = indicators[row["indicator_id"]]
    demand = row["demand_consistency"]
    return Entry(
        indicator=Words(indicator["name_zh"], indicator["name_en"]),
        breakdown=row["breakdown"] or "", unit=_words("unit", row["unit"]),
        level=_words("target_level", row["target_level"]), kind=_words("target_kind", row["target_kind"]),
        baseline=at(row["baseline"], row["baseline_year"]), target=target_text(row),
        actual=at(row["latest_actual"], row["latest_year"]), verdict=row["verdict"],
        wording=wording(row, kind), formula=formula(row, rows, indicator["better"]),
        flags=tuple(Words(d.zh, d.en) for d in map(describe, _flags(row))),
        demand=_words("demand_consistency", demand) if demand else None, source_line=row["source_line"],
    )  # fmt: skip


def _words(codelist: str, code: str | None) -> Words:
    return Words(registry.label(codelist, code), registry.label(codelist, code, "en"))


def _flags(row: Row) -> list[str]:
    return [f for f in str(row["flags"] or "").split(";") if f]
