"""One county's raw tables → staging tables: county code and ids on every row, numbers in canonical units beside the
printed characters, printed names → shared indicators, ledger references → facts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from pipelines import registry
from pipelines.ingest.folder import RawCounty
from pipelines.ingest.problems import InputError, Problem
from pipelines.ingest.reader import ROW
from pipelines.staging import quantities
from pipelines.staging.corrections import corrected

Frames = dict[str, pl.DataFrame]

_FACTS = {"s": "fct_observation", "m": "fct_project", "f": "fct_project_funding", "o": "fct_project_output"}
_COLUMNS = {
    "s": {"value_printed": "value_as_printed"},
    "m": {
        "investment_printed": "total_investment_wan_as_printed",
        "name_printed": "name_zh",
        "location_printed": "location",
        "responsible_body_printed": "responsible_body",
        "investor_printed": "investor_as_printed",
        "progress_printed": "progress_as_printed",
    },
    "f": {"value_printed": "value_as_printed"},
    "o": {"value_printed": "value_as_printed"},
}
_INDICATORS = {r["indicator_id"]: r for r in registry.rows("indicators")}


def stage(raw: RawCounty) -> Frames:
    """Stage a county. Raises InputError for broken repairs, unknown indicators, units that do not fit and ledger
    numerals that disagree with the row they point to."""
    fixed = corrected(raw.tables)
    links = _links(raw.tables)
    problems: list[Problem] = _ledger_problems(raw.tables["figures"], links)
    frames: Frames = {
        "county": _county(raw),
        "source": _sources(raw),
        "statistics": pl.concat([_statistics(raw, fixed["statistics"], problems), _actuals(raw, problems)]),
        "projects": _projects(raw.tables["projects"], fixed),
        "project_funding": _funding(raw.tables["project_funding"], fixed),
        "project_outputs": _outputs(raw.tables["project_outputs"], fixed, problems),
        "figures": fixed["figures"].drop("facts"),
        "figure_facts": _figure_facts(links),
        "progress": fixed["progress"].with_columns(source_id=pl.lit(progress_source(raw.code))),
        **{name: fixed[name] for name in ("population", "covariates", "corrections", "notes", "reviews")},
    }
    if problems:
        raise InputError(problems)
    return {name: f if name in ("county", "source") else _with_ids(raw.code, f) for name, f in frames.items()}


_LOCAL = {"key", "project", "restates", "correction_id", "note_id", "fact_id"}


def _with_ids(code: str, frame: pl.DataFrame) -> pl.DataFrame:
    """County code in front, and every local key (s0001, p01 …) made unique across counties."""
    kept = [c for c in frame.columns if c not in ("county_code", ROW)]
    keys = [(pl.lit(f"{code}-") + pl.col(c)).alias(c) if c in _LOCAL else pl.col(c) for c in kept]
    return frame.select(pl.lit(code).alias("county_code"), *keys)


def _county(raw: RawCounty) -> pl.DataFrame:
    facts = {
        k: raw.county.get(k)
        for k in ("name_zh", "name_en", "prefecture_zh", "prefecture_en", "province_zh", "province_en", "kind", "slug")
    }
    return pl.DataFrame(
        {
            "county_code": [raw.code],
            **{k: [str(v)] for k, v in facts.items()},
            "valid_from": [str(raw.county["valid_from"])],
        }
    )


def _sources(raw: RawCounty) -> pl.DataFrame:
    text = (
        "source_id",
        "title_zh",
        "title_en",
        "issuer_zh",
        "document_number",
        "date_as_printed",
        "file_name",
        "sha256",
        "licence",
        "quality_grade",
    )
    whole = ("line_count", "period_start", "period_end")
    plan = {
        "county_code": raw.code,
        **{k: _text(raw.source.get(k)) for k in text},
        **{k: int(str(raw.source[k])) for k in whole},
    }
    years = sorted(set(raw.tables["actuals"]["year"].to_list()))
    reports = [
        _report(plan, f"actuals-{raw.code}-{y}", (f"{y}年度实绩上报", f"Yearly report {y}"), f"actuals_{y}", (y, y))
        for y in years
    ]
    dates = sorted(set(raw.tables["progress"]["as_of"].to_list()))
    if dates:
        term = (dates[0].year, dates[-1].year)
        reports.append(
            _report(
                plan,
                progress_source(raw.code),
                ("项目进展上报", "Report on the progress of projects"),
                "progress",
                term,
            )
        )
    rows = [plan, *reports]
    schema = {"county_code": pl.String, **dict.fromkeys(text, pl.String), **dict.fromkeys(whole, pl.Int64)}
    return pl.DataFrame(rows, schema=schema)


def progress_source(code: str) -> str:
    """The source id of what a county hands in on its projects."""
    return f"progress-{code}"


def _report(
    plan: Mapping[str, object], source_id: str, titles: tuple[str, str], file_name: str, term: tuple[int, int]
) -> dict[str, object]:
    """The source row of a file handed in by the county that issued the plan."""
    none = dict.fromkeys(("document_number", "date_as_printed", "sha256", "line_count"))
    start, end = term
    return {
        **plan, **none, "source_id": source_id, "title_zh": titles[0], "title_en": titles[1], "file_name": file_name,
        "period_start": start, "period_end": end, "quality_grade": "B",
    }  # fmt: skip


def _text(value: object) -> str | None:
    return None if value in (None, "") else str(value)


def _statistics(raw: RawCounty, fixed: pl.DataFrame, problems: list[Problem]) -> pl.DataFrame:
    ids = dict(raw.tables["indicator_map"].select("indicator_printed", "indicator_id").iter_rows())
    unknown = sorted({i for i in ids.values() if i not in _INDICATORS})
    problems += [
        Problem(
            "indicator_map.csv", 0, "indicator_id", i, "unknown_code", "指标不在登记表", "not in the indicator registry"
        )
        for i in unknown
    ]
    indicators = [ids.get(name, "") for name in fixed["indicator_printed"]]
    units = [_INDICATORS[i]["unit"] if i in _INDICATORS else "text" for i in indicators]
    rows = fixed.select(ROW, "key", "value_printed", "unit_printed", "status").to_dicts()
    values = [
        None if row["status"] else _value(row, unit, "statistics.csv", problems)
        for row, unit in zip(rows, units, strict=True)
    ]
    return (
        _as_printed(fixed, raw.tables["statistics"], ["value_printed", "unit_printed"])
        .with_columns(
            pl.Series("value", values, dtype=pl.Float64),
            pl.Series("status", _absences(rows, values, problems), dtype=pl.String),
            pl.Series("unit", units, dtype=pl.String),
            pl.Series("indicator_id", indicators, dtype=pl.String),
            pl.lit(str(raw.source["source_id"])).alias("source_id"),
            pl.col("period_inferred").fill_null(False),
        )
        .select(ROW, *_STATISTICS)
    )


def _as_printed(repaired: pl.DataFrame, printed: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """A repaired table with these columns, at its end, as they were before the repairs, which change cells and never rows."""
    return repaired.select(pl.exclude(columns), *(printed[c] for c in columns))


def _absences(rows: list[dict[str, Any]], values: list[float | None], problems: list[Problem]) -> list[str | None]:
    """The typed absence of every statement: as stated in raw, `in_words` for print without one number; an empty cell
    without a reason is a problem."""
    absences: list[str | None] = []
    for row, value in zip(rows, values, strict=True):
        worded = value is None and row["value_printed"] is not None
        absences.append(row["status"] or ("in_words" if worded else None))
        if absences[-1] is None and value is None:
            words = ("空值须写明缺失类型", "an empty value needs a reason (status)")
            problems.append(Problem("statistics.csv", int(row[ROW]), "status", row["key"], "missing_value", *words))
    return absences


_STATISTICS = (
    "key",
    "line",
    "indicator_printed",
    "indicator_id",
    "value_printed",
    "unit_printed",
    "value",
    "unit",
    "period_start",
    "period_end",
    "period_inferred",
    "measure",
    "qualifier",
    "target_kind",
    "target_level",
    "breakdown",
    "place",
    "restates",
    "project",
    "status",
    "note",
    "source_id",
)


def _value(row: dict[str, object], unit: str, file: str, problems: list[Problem]) -> float | None:
    try:
        return quantities.in_unit(str(row["value_printed"]), str(row["unit_printed"] or ""), unit)
    except quantities.UnitMismatchError as error:
        problems.append(
            Problem(
                file,
                int(str(row[ROW])),
                "unit_printed",
                f"{row['value_printed']} {row['unit_printed']}",
                "wrong_unit",
                str(error),
                str(error),
            )
        )
        return None


def _actuals(raw: RawCounty, problems: list[Problem]) -> pl.DataFrame:
    """Yearly reports as statements: measure `actual`, place `actuals`, id from indicator, year and breakdown."""
    rows = []
    for r in raw.tables["actuals"].iter_rows(named=True):
        found = actual_problems(r, f"actuals_{r['year']}", r[ROW])
        problems += found
        indicator = _INDICATORS.get(r["indicator_id"])
        if indicator is None:
            continue
        group = re.sub(r"\W+", "_", r["breakdown"] or "")
        rows.append(
            {
                ROW: r[ROW],
                "key": "-".join(p for p in ("a", r["indicator_id"], str(r["year"]), group) if p),
                "line": r[ROW],
                "indicator_printed": indicator["name_zh"],
                "indicator_id": r["indicator_id"],
                "value_printed": f"{r['value']:g}",
                "unit_printed": r["unit"],
                "value": r["value"],
                "unit": indicator["unit"],
                "period_start": r["year"],
                "period_end": r["year"],
                "period_inferred": False,
                "measure": "actual",
                "qualifier": "=",
                "target_kind": None,
                "target_level": "county",
                "breakdown": r["breakdown"],
                "place": "actuals",
                "restates": None,
                "project": None,
                "status": None,
                "note": r["source_note"],
                "source_id": f"actuals-{raw.code}-{r['year']}",
            }
        )
    text, whole = pl.String, pl.Int64
    schema = {
        ROW: whole,
        **dict.fromkeys(_STATISTICS, text),
        "line": whole,
        "period_start": whole,
        "period_end": whole,
        "period_inferred": pl.Boolean,
        "value": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema)


def actual_problems(row: dict[str, object], file: str, number: int) -> list[Problem]:
    """What is wrong with one row of a yearly report: unknown indicator, unit or value outside the indicator's range."""
    indicator = _INDICATORS.get(str(row["indicator_id"]))
    if indicator is None:
        return [
            Problem(
                file,
                number,
                "indicator_id",
                str(row["indicator_id"]),
                "unknown_code",
                "指标不在登记表",
                "not in the indicator registry",
            )
        ]
    problems, value = [], float(str(row["value"]))
    if row["unit"] != indicator["unit"]:
        problems.append(
            Problem(
                file,
                number,
                "unit",
                str(row["unit"]),
                "wrong_unit",
                f"应为 {indicator['unit']}",
                f"expected {indicator['unit']}",
            )
        )
    top = indicator["maximum"] or registry.units()[indicator["unit"]].maximum
    if value < 0 or (top not in ("", None) and value > float(top)):
        problems.append(
            Problem(file, number, "value", f"{value:g}", "out_of_range", f"应在 0–{top}", f"expected 0–{top}")
        )
    return problems


def _projects(printed: pl.DataFrame, fixed: Frames) -> pl.DataFrame:
    """One row per mention: printed cells as printed; years and investment (万元) after repairs."""
    repaired = fixed["projects"]
    spans = [quantities.years(y) for y in repaired["years_printed"]]
    amounts = [
        quantities.in_unit(v, u or "万元", "wan_yuan") if v else None
        for v, u in repaired.select("investment_printed", "investment_unit").iter_rows()
    ]
    kept = [c for c in printed.columns if c.endswith("_printed")]
    coverage = fixed["total_coverage"].select("project", "in_printed_total")
    return (
        _as_printed(repaired, printed, kept)
        .with_columns(
            pl.Series("start_year", [s for s, _ in spans], dtype=pl.Int64),
            pl.Series("end_year", [e for _, e in spans], dtype=pl.Int64),
            pl.Series("investment_wan", amounts, dtype=pl.Float64),
        )
        .join(coverage, on="project", how="left", maintain_order="left")
    )


def _funding(printed: pl.DataFrame, fixed: Frames) -> pl.DataFrame:
    repaired = fixed["project_funding"]
    amounts = [quantities.in_unit(v, "万元", "wan_yuan") for v in repaired["value_printed"]]
    assigned = fixed["funding_assignment"].drop(ROW)
    return (
        _as_printed(repaired, printed, ["value_printed"])
        .with_columns(pl.Series("amount_wan", amounts, dtype=pl.Float64))
        .join(assigned, on=["project", "position"], how="left", maintain_order="left")
        .with_columns(pl.col("funder").fill_null("unresolved"), pl.col("certainty").fill_null("ambiguous"))
    )


_OUTPUT_UNITS = {
    "beds": "beds",
    "nursing_beds": "beds",
    "floor_area_m2": "m2",
    "land_area_mu": "mu",
    "land_area_m2": "m2",
    "graves": "graves",
    "eco_graves": "graves",
    "niches": "count",
    "urns": "count",
    "facilities": "count",
    "households": "households",
    "persons_trained": "persons",
    "persons_served": "persons",
    "road_km": "km",
    "years": "years",
    "share_pct": "pct",
    "amount_wan": "wan_yuan",
}


def _outputs(printed: pl.DataFrame, fixed: Frames, problems: list[Problem]) -> pl.DataFrame:
    repaired = fixed["project_outputs"]
    units = [_OUTPUT_UNITS.get(o, "count") for o in repaired["output"]]
    values = []
    for row, unit in zip(repaired.iter_rows(named=True), units, strict=True):
        loose = unit == "count" and quantities.unit_code(row["unit_printed"] or "") is None
        values.append(
            quantities.read(row["value_printed"]).value if loose else _value(row, unit, "project_outputs.csv", problems)
        )
    return _as_printed(repaired, printed, ["value_printed"]).with_columns(
        pl.Series("quantity", values, dtype=pl.Float64), pl.Series("unit", units, dtype=pl.String)
    )


class _Link(NamedTuple):
    """A numeral of the ledger, the cell that it leads to as written there, and the row that holds that cell, if there is one."""

    figure: Mapping[str, Any]
    key: str
    column: str
    target: Mapping[str, Any] | None


def _links(tables: Frames) -> list[_Link]:
    """Every reference of the numeral ledger."""
    rows = {
        r["key"]: r
        for name in ("statistics", "projects", "project_funding", "project_outputs")
        for r in tables[name].iter_rows(named=True)
    }
    return [
        _Link(figure, key, column, rows.get(key))
        for figure in tables["figures"].iter_rows(named=True)
        for key, _, column in (ref.partition(".") for ref in (figure["facts"] or "").split())
    ]


def _ledger_problems(figures: pl.DataFrame, links: list[_Link]) -> list[Problem]:
    """Numerals that lead nowhere, to an unknown row, or to a cell that does not hold them."""
    problems = []
    for figure, key, column, target in links:
        if target is None or column not in target:
            problems.append(Problem("figures.csv", figure[ROW], "facts", f"{key}.{column}", "unknown_reference"))
        elif figure["printed"] not in str(target[column]):
            shown = f"{figure['printed']} → {key}.{column}={target[column]}"
            problems.append(Problem("figures.csv", figure[ROW], "facts", shown, "numeral_mismatch"))
    for row, printed, status, facts, reason in figures.select(ROW, "printed", "status", "facts", "reason").iter_rows():
        if status == "not_a_measurement":
            lacks, words = reason is None, ("reason", "须写明原因", "a reason is needed")
        else:
            lacks, words = facts is None, ("facts", "数据须指向事实", "a fact must lead somewhere")
        if lacks:
            problems.append(Problem("figures.csv", row, words[0], printed, "missing_value", *words[1:]))
    return problems


def _figure_facts(links: list[_Link]) -> pl.DataFrame:
    """Numeral → fact, once each, in the order of the ledger."""
    found: dict[tuple[object, ...], None] = {}
    for figure, key, column, target in links:
        row, kind = target or {}, key[:1]
        name = _COLUMNS.get(kind, {}).get(column, column)
        if column == "years_printed":
            start, _ = quantities.years(str(row.get(column)))
            name = "start_year" if str(start) == figure["printed"] else "end_year"
        fact = row.get("project", "") if kind == "m" else key
        found[figure["line"], figure["occurrence"], _FACTS.get(kind, ""), fact, name] = None
    text, whole = pl.String, pl.Int64
    types = {"line": whole, "occurrence": whole, "fact_table": text, "fact_id": text, "column_name": text}
    return pl.DataFrame([*found], schema=types, orient="row")


def write(frames: Frames, folder: Path) -> None:
    """One Parquet file per staging table."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet")
