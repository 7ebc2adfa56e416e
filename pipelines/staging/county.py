"""One county's raw tables → staging tables: county code and ids on every row, numbers in canonical units beside the
printed characters, printed names → shared indicators, ledger references → facts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from pipelines import registry
from pipelines.ingest.contract import Columns, types
from pipelines.ingest.folder import RawCounty
from pipelines.ingest.problems import InputError, Problem
from pipelines.ingest.reader import ROW
from pipelines.staging import quantities
from pipelines.staging.corrections import corrected

Frames = dict[str, pl.DataFrame]
Tables = dict[str, Columns]

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
    """`staged`, as frames. Raises InputError as that does."""
    return frames([staged(raw)])


def staged(raw: RawCounty) -> Tables:
    """The staging tables of a county. Raises InputError for broken repairs, unknown indicators, units that do not fit and ledger
    numerals that disagree with the row they point to."""
    fixed = corrected(raw.tables)
    links = _links(raw.tables)
    problems: list[Problem] = _ledger_problems(raw.tables["figures"], links)
    reported = _actuals(raw, problems)
    stated = _statistics(raw, fixed["statistics"], problems)
    tables: Tables = {
        "county": _county(raw),
        "source": _sources(raw),
        "statistics": {name: stated[name] + reported[name] for name in (ROW, *_STATISTICS)},
        "projects": _projects(raw.tables["projects"], fixed),
        "project_funding": _funding(raw.tables["project_funding"], fixed),
        "project_outputs": _outputs(raw.tables["project_outputs"], fixed, problems),
        "figures": {name: cells for name, cells in fixed["figures"].items() if name != "facts"},
        "figure_facts": _figure_facts(links),
        "progress": fixed["progress"] | {"source_id": [progress_source(raw.code)] * len(fixed["progress"][ROW])},
        **{name: fixed[name] for name in ("population", "covariates", "corrections", "notes", "reviews")},
    }
    if problems:
        raise InputError(problems)
    return {n: table if n in ("county", "source") else _with_ids(raw.code, table) for n, table in tables.items()}


def frames(counties: Sequence[Tables]) -> Frames:
    """The staging tables of counties as frames, the rows of one below those of the other."""
    return {
        name: pl.DataFrame(
            {column: [*chain.from_iterable(county[name][column] for county in counties)] for column in table},
            schema={column: _type(name, column) for column in table},
        )
        for name, table in (counties[0].items() if counties else ())
    }


_ADDED = {
    **dict.fromkeys(("value", "amount_wan", "investment_wan", "quantity"), pl.Float64),
    **dict.fromkeys(("line", "occurrence", "line_count"), pl.Int64),
    **dict.fromkeys(("period_start", "period_end", "start_year", "end_year"), pl.Int64),
    "in_printed_total": pl.Boolean,
    "valid_from": pl.Date,
}  # types of the columns that raw tables do not have; all others are text


def _type(name: str, column: str) -> type[pl.DataType]:
    own = types(name) if name in registry.tables() else {}
    return own.get(column) or _ADDED.get(column, pl.String)


_LOCAL = {"key", "project", "restates", "correction_id", "note_id", "fact_id"}


def _with_ids(code: str, table: Columns) -> Columns:
    """County code in front, and every local key (s0001, p01 …) made unique across counties."""
    kept = {name: cells for name, cells in table.items() if name not in ("county_code", ROW)}
    keys = {name: [k and f"{code}-{k}" for k in cells] for name, cells in kept.items() if name in _LOCAL}
    rows = len(next(iter(kept.values())))
    return {"county_code": [code] * rows, **kept, **keys}


def _county(raw: RawCounty) -> Columns:
    names = ("name_zh", "name_en", "prefecture_zh", "prefecture_en", "province_zh", "province_en", "kind", "slug")
    facts = {name: [str(raw.county.get(name))] for name in names}
    return {"county_code": [raw.code], **facts, "valid_from": [raw.county["valid_from"]]}


def _sources(raw: RawCounty) -> Columns:
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
    years = sorted(set(raw.tables["actuals"]["year"]))
    reports = [
        _report(plan, f"actuals-{raw.code}-{y}", (f"{y}年度实绩上报", f"Yearly report {y}"), f"actuals_{y}", (y, y))
        for y in years
    ]
    dates = sorted(set(raw.tables["progress"]["as_of"]))
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
    sources: list[Mapping[str, object]] = [plan, *reports]
    return {name: [source[name] for source in sources] for name in ("county_code", *text, *whole)}


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


def _statistics(raw: RawCounty, fixed: Columns, problems: list[Problem]) -> Columns:
    ids: dict[str, str] = dict(_cells(raw.tables["indicator_map"], ("indicator_printed", "indicator_id")))
    words = "指标不在登记表", "not in the indicator registry"
    unknown = sorted({i for i in ids.values() if i not in _INDICATORS})
    problems += [Problem("indicator_map.csv", 0, "indicator_id", i, "unknown_code", *words) for i in unknown]
    indicators = [ids.get(name, "") for name in fixed["indicator_printed"]]
    units = [_INDICATORS[i]["unit"] if i in _INDICATORS else "text" for i in indicators]
    cells = zip(_cells(fixed, (ROW, "value_printed", "unit_printed")), fixed["status"], units, strict=True)
    values = [None if status else _value(cell, unit, "statistics.csv", problems) for cell, status, unit in cells]
    return {
        **_as_printed(fixed, raw.tables["statistics"], ["value_printed", "unit_printed"]),
        "value": values,
        "status": _absences(fixed, values, problems),
        "unit": units,
        "indicator_id": indicators,
        "source_id": [str(raw.source["source_id"])] * len(values),
        "period_inferred": [bool(inferred) for inferred in fixed["period_inferred"]],
    }


def _as_printed(repaired: Columns, printed: Columns, columns: Sequence[str]) -> Columns:
    """A repaired table with these columns, at its end, as they were before the repairs, which change cells and never rows."""
    return {name: cells for name, cells in repaired.items() if name not in columns} | {c: printed[c] for c in columns}


def _absences(stated: Columns, values: list[float | None], problems: list[Problem]) -> list[str | None]:
    """The typed absence of every statement: as stated in raw, `in_words` for print without one number; an empty cell
    without a reason is a problem."""
    absences: list[str | None] = []
    rows = _cells(stated, (ROW, "key", "value_printed", "status"))
    for (row, key, printed, status), value in zip(rows, values, strict=True):
        worded = value is None and printed is not None
        absences.append(status or ("in_words" if worded else None))
        if absences[-1] is None and value is None:
            words = ("空值须写明缺失类型", "an empty value needs a reason (status)")
            problems.append(Problem("statistics.csv", row, "status", key, "missing_value", *words))
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


def _value(cell: tuple[int, str | None, str | None], unit: str, file: str, problems: list[Problem]) -> float | None:
    """What a cell says in `unit`; the cell as row of the file, value and unit as printed."""
    row, printed, of = cell
    try:
        return quantities.in_unit(str(printed), of or "", unit)
    except quantities.UnitMismatchError as error:
        words = str(error), str(error)
        problems.append(Problem(file, row, "unit_printed", f"{printed} {of}", "wrong_unit", *words))
        return None


def _actuals(raw: RawCounty, problems: list[Problem]) -> Columns:
    """Yearly reports as statements: measure `actual`, place `actuals`, id from indicator, year and breakdown."""
    reported = raw.tables["actuals"]
    rows: list[dict[str, Any]] = []
    for cells in _cells(reported, [*reported]):
        r = dict(zip(reported, cells, strict=True))
        problems += actual_problems(r, f"actuals_{r['year']}", r[ROW])
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
                "target_level": "county",
                "breakdown": r["breakdown"],
                "place": "actuals",
                "note": r["source_note"],
                "source_id": f"actuals-{raw.code}-{r['year']}",
            }
        )
    return {name: [row.get(name) for row in rows] for name in (ROW, *_STATISTICS)}


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


def _projects(printed: Columns, fixed: Tables) -> Columns:
    """One row per mention: printed cells as printed; years and investment (万元) after repairs."""
    repaired = fixed["projects"]
    spans = [quantities.years(y) for y in repaired["years_printed"]]
    amounts = [
        quantities.in_unit(v, u or "万元", "wan_yuan") if v else None
        for v, u in _cells(repaired, ("investment_printed", "investment_unit"))
    ]
    kept = [c for c in printed if c.endswith("_printed")]
    coverage: dict[str, bool] = dict(_cells(fixed["total_coverage"], ("project", "in_printed_total")))
    return {
        **_as_printed(repaired, printed, kept),
        "start_year": [start for start, _ in spans],
        "end_year": [end for _, end in spans],
        "investment_wan": amounts,
        "in_printed_total": [coverage.get(project) for project in repaired["project"]],
    }


def _funding(printed: Columns, fixed: Tables) -> Columns:
    repaired, assignment = fixed["project_funding"], fixed["funding_assignment"]
    keys = ("project", "position")
    added = [name for name in assignment if name not in (ROW, *keys)]
    assigned = {
        key: dict(zip(added, cells, strict=True))
        for key, cells in zip(_cells(assignment, keys), _cells(assignment, added), strict=True)
    }
    found = [
        {"funder": "unresolved", "certainty": "ambiguous"} | assigned.get(key, {}) for key in _cells(repaired, keys)
    ]
    return {
        **_as_printed(repaired, printed, ["value_printed"]),
        "amount_wan": [quantities.in_unit(v, "万元", "wan_yuan") for v in repaired["value_printed"]],
        **{name: [row.get(name) for row in found] for name in added},
    }


def _cells(table: Columns, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The cells of these columns, row by row."""
    return zip(*(table[name] for name in names), strict=True)


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


def _outputs(printed: Columns, fixed: Tables, problems: list[Problem]) -> Columns:
    repaired = fixed["project_outputs"]
    units = [_OUTPUT_UNITS.get(o, "count") for o in repaired["output"]]
    values = []
    for cell, unit in zip(_cells(repaired, (ROW, "value_printed", "unit_printed")), units, strict=True):
        loose = unit == "count" and quantities.unit_code(cell[2] or "") is None
        values.append(quantities.read(cell[1]).value if loose else _value(cell, unit, "project_outputs.csv", problems))
    return {**_as_printed(repaired, printed, ["value_printed"]), "quantity": values, "unit": units}


class _Link(NamedTuple):
    """A numeral of the ledger, the cell that it leads to as written there, and the table and place of the row that holds that
    cell, if there is one."""

    row: int
    line: int
    occurrence: int
    printed: str
    key: str
    column: str
    table: Columns
    at: int

    def cell(self, column: str) -> object:
        """A cell of the row that it leads to, None without one."""
        return self.table[column][self.at] if column in self.table else None


_LEDGER = ("statistics", "projects", "project_funding", "project_outputs")


def _links(tables: Tables) -> list[_Link]:
    """Every reference of the numeral ledger."""
    rows = {key: (tables[name], at) for name in _LEDGER for at, key in enumerate(tables[name]["key"])}
    nowhere: tuple[Columns, int] = {}, 0
    figures = tables["figures"]
    return [
        _Link(row, line, occurrence, printed, key, column, *rows.get(key, nowhere))
        for row, line, occurrence, printed, facts in _cells(figures, (ROW, "line", "occurrence", "printed", "facts"))
        for key, _, column in (ref.partition(".") for ref in (facts or "").split())
    ]


def _ledger_problems(figures: Columns, links: list[_Link]) -> list[Problem]:
    """Numerals that lead nowhere, to an unknown row, or to a cell that does not hold them."""
    problems = []
    for link in links:
        if link.column not in link.table:
            shown, rule = f"{link.key}.{link.column}", "unknown_reference"
        elif link.printed not in str(cell := link.cell(link.column)):
            shown, rule = f"{link.printed} → {link.key}.{link.column}={cell}", "numeral_mismatch"
        else:
            continue
        problems.append(Problem("figures.csv", link.row, "facts", shown, rule))
    for row, printed, status, facts, reason in _cells(figures, (ROW, "printed", "status", "facts", "reason")):
        if status == "not_a_measurement":
            lacks, words = reason is None, ("reason", "须写明原因", "a reason is needed")
        else:
            lacks, words = facts is None, ("facts", "数据须指向事实", "a fact must lead somewhere")
        if lacks:
            problems.append(Problem("figures.csv", row, words[0], printed, "missing_value", *words[1:]))
    return problems


def _figure_facts(links: list[_Link]) -> Columns:
    """Numeral → fact, once each, in the order of the ledger."""
    found: dict[tuple[object, ...], None] = {}
    for link in links:
        kind = link.key[:1]
        name = _COLUMNS.get(kind, {}).get(link.column, link.column)
        if link.column == "years_printed":
            start, _ = quantities.years(str(link.cell(link.column)))
            name = "start_year" if str(start) == link.printed else "end_year"
        fact = link.cell("project") if kind == "m" else link.key
        found[link.line, link.occurrence, _FACTS.get(kind, ""), fact, name] = None
    names = ("line", "occurrence", "fact_table", "fact_id", "column_name")
    return {name: [row[n] for row in found] for n, name in enumerate(names)}


def write(frames: Frames, folder: Path) -> None:
    """One Parquet file per staging table."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet")
