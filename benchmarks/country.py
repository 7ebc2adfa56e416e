"""A synthetic country: raw folders of N counties, made from distributions, seeded, valid by our own contracts.

    python -m benchmarks.country OUT --counties 2400 [--seed 7] [--panel DIR]

Nothing in it is real but the shape of the ages, which are drawn from the census panel and scaled by a random factor
(without a panel they are invented too). Counties are called 合成县0001 …, and their codes are numbers that no county has.
Each folder is as rich as a real one: some two hundred statements, twice as many numerals, about twenty projects with
funding and outputs, a few contradictions, repairs and notes; one county in ten has handed in a yearly report.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import math
import os
import random
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path

import polars as pl

from pipelines import registry
from pipelines.settings import PROJECT

SEED = 7
PANEL = "MINZHENG_PANEL"
FIRST, LAST = 41, 99  # the last two digits of a synthetic code: real counties of a prefecture are numbered below
YEARS = (2010, 2020)
STARTS = (0, 1, *range(5, 90, 5))
SEXES = {"m": "male", "f": "female"}
ALWAYS = ("elderly_60plus", "elderly_care_beds", "institution_beds", "nursing_bed_share", "beds_per_1000_elderly",
          "graves_built", "dibao_standard_month", "social_organizations")  # fmt: skip
PER_10000 = {"beds": 70.0, "persons": 60.0, "person_times": 300.0, "households": 40.0, "household_times": 40.0, "couples": 70.0,
             "count": 3.0, "wan_yuan": 60.0, "graves": 800.0, "m2": 900.0, "mu": 6.0, "times": 2.0, "hours": 400.0,
             "km": 2.0, "yuan": 9000.0}  # fmt: skip
FLAT = {"per_1000": 35.0, "per_10000": 12.0, "yuan_per_person_month": 640.0, "yuan_per_person_year": 4500.0, "yuan": 900.0,
        "m2_per_100_households": 25.0, "permille": 8.0, "ratio": 1.4, "years": 4.0, "months": 6.0, "days": 12.0,
        "times": 4.0, "hours": 20.0, "count": 3.0, "persons": 3.0, "m2": 800.0, "km": 5.0, "wan_yuan": 5.0}  # fmt: skip
WORKS = (("养老", "elderly_care", 0.4), ("殡葬", "funeral", 0.2), ("儿童", "child_welfare", 0.15), ("社工", "social_work", 0.15),
         ("救助", "social_assistance", 0.1))  # fmt: skip
COLUMNS = {
    "population": "year,basis,sex,age_from,age_to,persons,source_id",
    "covariates": "year,variable,value,unit,source_id",
    "statistics": "key,line,indicator_printed,value_printed,unit_printed,period_start,period_end,period_inferred,measure,"
    "qualifier,target_kind,target_level,breakdown,place,restates,project,status,note",
    "indicator_map": "indicator_printed,indicator_id",
    "projects": "key,project,mention,line,seq_printed,section_printed,name_printed,name_en,domain,construction_type_printed,"
    "years_printed,investment_printed,investment_unit,responsible_body_printed,location_printed,investor_printed,"
    "progress_printed,commitment,spend_kind,in_annex,note",
    "project_outputs": "key,project,mention,line,output,label,value_printed,unit_printed,increment,bed_class,counted,note",
    "project_funding": "key,project,line,position,header_printed,value_printed",
    "funding_assignment": "project,position,funder,certainty,reason_zh,reason_en",
    "corrections": "correction_id,table,row_key,column,printed,corrected,reason_code,reason_zh,reason_en,evidence,status",
    "notes": "note_id,severity,domain,left_line,left_value,right_line,right_value,lines,computation,description_zh,"
    "description_en,resolution_zh,resolution_en",
    "figures": "line,occurrence,printed,status,reason,facts",
    "actuals": "indicator_id,year,breakdown,value,unit,source_note,reported_on",
    "areas": "county_code,name_zh,name_en,prefecture_zh,province_zh,kind,valid_from",
    "area_population": "area_code,year,basis,sex,age_from,age_to,persons,source_id",
    "area_covariates": "area_code,year,variable,value,unit,source_id",
}
"""The columns that the rows made here have, in their order."""
AROUND = 1.3  # persons of an area for one of its counties as drawn, which varies by a quarter
DOCUMENT = "synthetic, made for benchmarks: not a document of any government"


@dataclass(frozen=True)
class Unit:
    """Where a synthetic county lies and whose ages it borrows: persons by (year, sex, first age)."""

    prefix: str
    province: str
    prefecture: str
    kind: str
    persons: dict[tuple[int, str, int], int]


@dataclass
class Ledger:
    """The numerals of the invented document, line by line."""

    random: random.Random
    line: int = 10
    occurrence: int = 0
    rows: list[tuple[object, ...]] = field(default_factory=list)

    def place(self, same_line: float = 0.0) -> int:
        """The line of the next statement: the current one with probability `same_line`, else one further down."""
        if not self.occurrence or self.random.random() >= same_line:
            self.line += self.random.randint(1, 3)
            self.occurrence = 0
        return self.line

    def fact(self, printed: str, facts: str, status: str = "fact") -> None:
        self.occurrence += 1
        self.rows.append((self.line, self.occurrence, printed, status, "", facts))

    def noise(self, printed: str, reason: str) -> None:
        self.occurrence += 1
        self.rows.append((self.line, self.occurrence, printed, "not_a_measurement", reason, ""))


def write(out: Path, counties: int, *, seed: int = SEED, panel: Path | None = None) -> list[Path]:
    """Write ``out/<code>-synthetic-<number>/`` for so many counties and ``out/reference/``. Returns the county folders.

    Raises ValueError when a prefecture runs out of codes.
    """
    units = _borrowed(panel) if panel else _invented(seed)
    chosen = _drawn(units, counties, seed)
    taken: dict[str, int] = {}
    folders = []
    for number, unit in enumerate(chosen, start=1):
        last = taken[unit.prefix] = taken.get(unit.prefix, FIRST - 1) + 1
        if last > LAST:
            raise ValueError(f"{unit.prefix}: no code is left for county {number}")
        folders.append(_county(out, f"{unit.prefix}{last:02d}", number, unit, seed))
    _reference(out / "reference", chosen)
    return folders


def _drawn(units: list[Unit], counties: int, seed: int) -> list[Unit]:
    """The first units of one shuffled order, so that a larger country contains the smaller one; again from the start when
    there are not enough."""
    order = list(units)
    random.Random(seed).shuffle(order)
    return [order[i % len(order)] for i in range(counties)]


def change(folder: Path) -> None:
    """Alter one county as in a usual year: its yearly report arrives, and one woman of its census turns out to be five years
    older, so that most tables change, the forecasts among them."""
    statistics = [tuple(row) for row in _rows_of(folder / "statistics.csv")]
    names = {row[0]: row[1] for row in _rows_of(folder / "indicator_map.csv")}
    _csv(folder / "actuals_2024.csv", "actuals", _report(random.Random(folder.name), statistics, names, 2024))
    moved = {("2020", "female", "60"): -1, ("2020", "female", "65"): 1}
    people = [
        (*row[:5], int(row[5]) + moved.get((row[0], row[2], row[3]), 0), *row[6:])
        for row in _rows_of(folder / "population.csv")
    ]
    _csv(folder / "population.csv", "population", people)


def _rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


# Ages


def _borrowed(panel: Path) -> list[Unit]:
    """Units of the census panel whose ages pass the checks that the pipeline makes of real counties."""
    columns = [f"{s}_{_label(a)}" for a in STARTS for s in SEXES]
    kinds = {"code": pl.String, **dict.fromkeys(columns, pl.Float64)}
    frames = {}
    for year in YEARS:
        read = pl.read_csv(panel / f"census{year}_county_age_sex.csv", schema_overrides=kinds)
        frames[year] = read.filter((pl.col("level") == "county") & ~pl.any_horizontal(pl.col(columns).is_null()))
    crosswalk = pl.read_csv(
        panel / "crosswalk_2010_2020.csv", schema_overrides={"code_2010": pl.String, "code_2020": pl.String}
    )
    earlier = {r["code"]: r for r in frames[2010].iter_rows(named=True)}
    before = dict(crosswalk.drop_nulls(["code_2010", "code_2020"]).select("code_2020", "code_2010").iter_rows())
    units = []
    for row in frames[2020].sort("code").iter_rows(named=True):
        base = earlier.get(before.get(row["code"], ""))
        if base is None:
            continue
        ages = {
            (y, SEXES[s], a): round(r[f"{s}_{_label(a)}"])
            for y, r in ((2010, base), (2020, row))
            for s in SEXES
            for a in STARTS
        }
        if _sound(ages):
            units.append(
                Unit(row["code"][:4], row["province"], row["prefecture"] or row["province"], _kind(row["name"]), ages)
            )
    return units


def _label(start: int) -> str:
    return {0: "0", 1: "1_4", 85: "85p"}.get(start, f"{start}_{start + 4}")


def _kind(name: str) -> str:
    if name.endswith("区"):
        return "district"
    return "county_level_city" if name.endswith("市") else "autonomous_county" if "自治" in name else "county"


def _sound(ages: dict[tuple[int, str, int], int]) -> bool:
    """Smooth ages, cohorts that neither vanish nor multiply, a usual share of the elderly: as expectations/ asks, with room
    for the random scale."""
    for year in YEARS:
        total = sum(p for (y, _, _), p in ages.items() if y == year)
        old = sum(p for (y, _, a), p in ages.items() if y == year and a >= 60)
        men = sum(p for (y, s, _), p in ages.items() if y == year and s == "male")
        if not (total >= 30_000 and 0.08 <= old / total <= 0.44 and 0.75 <= men / (total - men) <= 1.45):
            return False
        for sex in SEXES.values():
            density = [ages[year, sex, a] / (1 if a == 0 else 4 if a == 1 else 5) for a in STARTS]
            steps = [b / a if a else 0.0 for a, b in pairwise(density)]
            if min(density) < 2 or not all(
                0.19 <= s <= (1.4 if STARTS[i + 1] >= 65 else 5.5) for i, s in enumerate(steps)
            ):
                return False
    waves = [ages[2020, s, a] / ages[2020, s, a + 5] for s in SEXES.values() for a in STARTS if 55 <= a <= 75]
    if max(waves) > 1.9:
        return False
    cohorts = [ages[2020, s, a + 10] / ages[2010, s, a] for s in SEXES.values() for a in STARTS if a >= 5 and a <= 70]
    return all(0.18 <= c <= 3.7 for c in cohorts)


def _invented(seed: int) -> list[Unit]:
    """Units without a panel: thirty provinces of twelve prefectures, ages from a smooth curve with the wave of 1962–75."""
    rng, units = random.Random(f"{seed}/units"), []
    for province in range(11, 41):
        for prefecture in range(1, 13):
            for _ in range(7):
                size, wave, old = rng.lognormvariate(math.log(20_000), 0.6), rng.uniform(0.9, 1.4), rng.uniform(18, 24)
                ages = {}
                for year in YEARS:
                    for sex in SEXES.values():
                        for a in STARTS:
                            wide = {0: 1, 1: 4, STARTS[-1]: 8}.get(
                                a, 5
                            )  # of the open group, as many years as it is worth
                            middle = a + min(wide, 5) / 2
                            alive = 1 / (
                                1 + math.exp((middle - 76) / (old / 3))
                            )  # as many 80+ to those of 75-79 as in 2020
                            bump = 1 + (wave - 1) * math.exp(-(((year - middle) - 1969) ** 2) / 100)
                            ages[year, sex, a] = max(
                                round(size / 5 * wide * alive * bump * (0.97 if sex == "female" else 1.0)), 25 * wide
                            )
                units.append(
                    Unit(
                        f"{province}{prefecture:02d}",
                        f"合成省{province}",
                        f"合成市{province}{prefecture:02d}",
                        "county",
                        ages,
                    )
                )
    return units


# One county


def _county(out: Path, code: str, number: int, unit: Unit, seed: int) -> Path:
    rng = random.Random(f"{seed}/{number}")
    folder = out / f"{code}-synthetic-{number:04d}"
    folder.mkdir(parents=True, exist_ok=True)
    scale = rng.uniform(0.8, 1.25)
    ages = {key: max(round(p * scale), 1) for key, p in unit.persons.items()}
    total = {y: sum(p for (year, _, _), p in ages.items() if year == y) for y in YEARS}
    elderly = sum(p for (year, _, a), p in ages.items() if year == 2020 and a >= 60)
    ledger = Ledger(rng)
    statistics, names = _statistics(rng, ledger, total[2020], elderly)
    projects, outputs, funding, assigned, corrections = _projects(rng, ledger, number)
    printed = sum(_as_float(p[11]) for p in projects if p[19] == "1" and p[2] == "table")
    statistics.append(_total(rng, ledger, f"s{len(statistics) + 1:04d}", _annex(projects, corrections) or printed))
    names["项目表合计"] = "project_table_total"
    tables = {
        "population": _ages(ages),
        "covariates": _covariates(rng, total),
        "statistics": statistics,
        "indicator_map": list(names.items()),
        "projects": projects,
        "project_outputs": outputs,
        "project_funding": funding,
        "funding_assignment": assigned,
        "corrections": corrections,
        "notes": _notes(rng, statistics),
        "figures": ledger.rows,
    }  # fmt: skip
    for name, rows in tables.items():
        _csv(folder / f"{name}.csv", name, rows)
    if rng.random() < 0.1:
        _csv(folder / "actuals_2023.csv", "actuals", _report(rng, statistics, names, 2023))
    title, lines = f"合成县{number:04d}", ledger.line + 5
    _toml(folder / "county.toml", code=code, name_zh=title, name_en=f"Synthetic County {number:04d}", prefecture_zh=unit.prefecture,
          prefecture_en=f"Prefecture {unit.prefix}", prefecture_code=f"{unit.prefix}00", province_zh=unit.province,
          province_en=f"Province {unit.prefix[:2]}", province_code=f"{unit.prefix[:2]}0000", kind=unit.kind, valid_from="2020-12-31",
          slug=f"synthetic-{number:04d}")  # fmt: skip
    _toml(folder / "source.toml", source_id=f"plan-{code}", title_zh=f"{title}民政事业“十四五”发展规划（合成，不是真实文件）",
          title_en=f"Synthetic plan {number:04d}, not a real document", issuer_zh="not_reported", document_number="", date_as_printed="2021年12月",
          period_start=2021, period_end=2025, file_name=f"synthetic_{number:04d}.txt",
          sha256=hashlib.sha256(f"synthetic {seed} {number}".encode()).hexdigest(), line_count=lines, licence=DOCUMENT,
          quality_grade="d", accessed="2026-01-01")  # fmt: skip
    return folder


@cache
def _indicators() -> tuple[dict[str, str], ...]:
    """Indicators that a document can state by a number, without those whose meaning hangs on a project or its table."""
    return tuple(r for r in registry.rows("indicators") if r["unit"] != "text" and r["nature"] != "price"
                 and not r["indicator_id"].startswith(("project_", "box")))  # fmt: skip


@cache
def _spelling(unit: str) -> str:
    return registry.units()[unit].printed[0].rstrip("#")


def _statistics(
    rng: random.Random, ledger: Ledger, residents: int, elderly: int
) -> tuple[list[tuple[object, ...]], dict[str, str]]:
    """Statements as rows of statistics.csv: an actual of 2020 for most indicators, a target of 2025 for a third, sums of the
    last plan's years for flows; one in twenty restated further down, a few with another number."""
    count = min(max(round(rng.lognormvariate(math.log(150), 0.35)), 40), 350)
    always = [i for i in _indicators() if i["indicator_id"] in ALWAYS and rng.random() < 0.85]
    others = [i for i in _indicators() if i["indicator_id"] not in ALWAYS]
    chosen = always + sorted(rng.sample(others, min(count, len(others))), key=lambda i: i["domain"])
    rows: list[tuple[object, ...]] = []
    names: dict[str, str] = {}

    def state(indicator: dict[str, str], value: str, start: int, end: int, measure: str, **more: str) -> str:
        key = f"s{len(rows) + 1:04d}"
        line = ledger.place(same_line=0.4)
        ledger.fact(value, f"{key}.value_printed", "restated" if more.get("restates") else "fact")
        if rng.random() < 0.3:
            ledger.noise(str(end), "period_name")
        rows.append((key, line, indicator["name_zh"], value, _spelling(indicator["unit"]), start, end, "0", measure,
                     more.get("qualifier", "="), more.get("kind", ""), "county", "", more.get("place", "prose"),
                     more.get("restates", ""), "", "", ""))  # fmt: skip
        names[indicator["name_zh"]] = indicator["indicator_id"]
        return key

    for indicator in chosen:
        value = _value(rng, indicator, residents, elderly)
        flow = indicator["nature"] == "flow"
        key = state(
            indicator, _printed(value, indicator), 2016 if flow and rng.random() < 0.6 else 2020, 2020, "actual"
        )
        if rng.random() < 0.05:
            state(indicator, _printed(value, indicator), int(str(rows[-1][5])), 2020, "actual", restates=key)
        elif rng.random() < 0.01:
            state(indicator, _printed(_capped(value * 1.3 + 3, indicator), indicator), 2020, 2020, "actual")
        if not flow and rng.random() < 0.35:
            table = rng.random() < 0.4
            better = indicator["better"] != "lower"
            aim = (
                value * rng.uniform(1.02, 1.5) + (1 if value < 10 else 0) if better else value * rng.uniform(0.6, 0.98)
            )
            state(indicator, _printed(_capped(aim, indicator), indicator), 2025, 2025, "target", qualifier=">=" if better else "<=",
                  place="indicator_table" if table else "prose", kind=rng.choice(("binding", "expected")) if table else "")  # fmt: skip
    return rows, names


def _value(rng: random.Random, indicator: dict[str, str], residents: int, elderly: int) -> float:
    """A value around what its unit and indicator suggest: the same centre in every county, a random county around it."""
    name, unit = indicator["indicator_id"], indicator["unit"]
    own = random.Random(name).uniform(0.4, 1.6)
    around = rng.lognormvariate(0, 0.3)
    if name == "elderly_60plus":
        return float(elderly)
    if name == "beds_per_1000_elderly":
        return rng.uniform(25, 45)
    if name in ("elderly_care_beds", "institution_beds"):
        return elderly * (rng.gauss(0.034, 0.004) if name == "elderly_care_beds" else rng.gauss(0.02, 0.003))
    if unit == "pct":
        return _capped(rng.gauss(30 + 60 * (own - 0.4) / 1.2, 6), indicator, low=3.0)
    if indicator["nature"] in ("rate", "standard") or unit not in PER_10000:
        return _capped(FLAT[unit] * own * around, indicator)
    return _capped(PER_10000[unit] * own * around * residents / 10_000, indicator)


def _capped(value: float, indicator: dict[str, str], low: float = 0.0) -> float:
    """Inside what the indicator can be."""
    top = float(indicator["maximum"]) if indicator["maximum"] else 100.0 if indicator["unit"] == "pct" else math.inf
    return min(max(value, low), top)


def _printed(value: float, indicator: dict[str, str]) -> str:
    if indicator["unit"] in ("pct", "permille", "per_1000", "per_10000", "ratio", "wan_yuan", "km", "mu"):
        return f"{value:.1f}" if value % 1 > 0.3 else f"{value:.0f}"
    return f"{max(value, 1):.0f}"


def _total(rng: random.Random, ledger: Ledger, key: str, total: float) -> tuple[object, ...]:
    """The printed total of the project table: wrong in one county of ten."""
    printed = f"{total * (0.9 if rng.random() < 0.1 else 1):.0f}"
    line = ledger.place()
    ledger.fact(printed, f"{key}.value_printed")
    return (
        key,
        line,
        "项目表合计",
        printed,
        "万元",
        2021,
        2025,
        "0",
        "planned",
        "=",
        "",
        "county",
        "",
        "project_table",
        "",
        "",
        "",
        "",
    )


Rows = list[tuple[object, ...]]


def _projects(rng: random.Random, ledger: Ledger, number: int) -> tuple[Rows, Rows, Rows, Rows, Rows]:
    """Rows of projects, project_outputs, project_funding, funding_assignment and corrections: 12 to 28 projects in the
    table, a quarter told in prose too; one county in ten has a shifted amount, declared as a repair."""
    projects: Rows = []
    outputs: Rows = []
    funding: Rows = []
    assigned: Rows = []
    corrections: Rows = []
    shifted = rng.random() < 0.1
    for n in range(1, rng.randint(12, 28) + 1):
        word, domain, _ = rng.choices(WORKS, [w for _, _, w in WORKS])[0]
        project, name = f"p{n:02d}", f"合成县{number:04d} {word}项目{n}"
        total, first = round(rng.lognormvariate(math.log(1500), 0.9)), rng.randint(2021, 2023)
        last = rng.randint(first, 2025)
        line, key = ledger.place(), f"m{len(projects) + 1:02d}"
        ledger.noise(str(n), "list_number")
        ledger.fact(str(first), f"{key}.years_printed")
        ledger.fact(str(last), f"{key}.years_printed")
        wrong = str(total * 3 + 1) if shifted and n == 3 else ""
        ledger.fact(wrong or str(total), f"{key}.investment_printed")
        if wrong:
            corrections.append(("c01", "projects", key, "investment_printed", wrong, str(total), "shifted_row", "数值错行，按合计复原",
                                "The amount is one row too low; restored by the total", f"line {line}", "applied"))  # fmt: skip
        years = f"{first}-{last}"
        projects.append(
            _mention(key, project, "table", line, str(n), name, domain, years, wrong or str(total), annex="1")
        )
        for position, (funder, part) in enumerate(_parts(rng, total), start=1):
            fund = f"f{len(funding) + 1:03d}"
            funding.append((fund, project, line, position, "", str(part)))
            assigned.append((project, position, funder, "printed", "表头印明", "The column header says so"))
            ledger.fact(str(part), f"{fund}.value_printed")
        for output, label, quantity, unit, increment, kind in _outputs(rng, domain, total):
            made = f"o{len(outputs) + 1:03d}"
            outputs.append((made, project, "table", line, output, label, str(quantity), unit, increment, kind, "1", ""))
            ledger.fact(str(quantity), f"{made}.value_printed")
        if rng.random() < 0.25 and not wrong:
            at, again = ledger.place(), f"m{len(projects) + 1:02d}"
            told = str(total if rng.random() < 0.9 else round(total * 1.2) + 1)
            ledger.fact(told, f"{again}.investment_printed")
            projects.append(_mention(again, project, "prose", at, "", name, "", "", told, annex=""))
    return projects, outputs, funding, assigned, corrections


def _mention(
    key: str,
    project: str,
    mention: str,
    line: int,
    seq: str,
    name: str,
    domain: str,
    years: str,
    amount: str,
    annex: str,
) -> tuple[object, ...]:
    english = f"Synthetic project {project[1:]}"
    return (key, project, mention, line, seq, "", name, english, domain, "新建" if annex else "", years, amount, "万元", "民政局" if annex else "",
            "", "", "", "planned" if annex else "", "construction" if annex else "", annex, "")  # fmt: skip


def _parts(rng: random.Random, total: int) -> Iterator[tuple[str, int]]:
    """Funders and amounts that add up to the total, but for one project in thirty; a third of the projects have none."""
    if rng.random() < 0.35:
        return
    central, prefecture = round(total * rng.uniform(0.3, 0.6)), round(total * rng.uniform(0.0, 0.2))
    short = rng.randint(5, 20) if rng.random() < 0.03 and total > 200 else 0
    yield "central_provincial", central
    yield "prefecture", prefecture
    yield "county", total - central - prefecture - short


def _outputs(rng: random.Random, domain: str, total: int) -> Iterator[tuple[str, str, int, str, str, str]]:
    yield "floor_area_m2", "建筑面积", max(round(total * 10_000 / rng.uniform(2500, 4500)), 10), "平方米", "new", ""
    if domain == "elderly_care":
        yield (
            "beds",
            "养老床位",
            max(round(total / rng.uniform(12, 30)), 5),
            "张",
            rng.choice(("new", "new", "conversion")),
            "elderly",
        )
    elif domain == "funeral":
        yield "graves", "墓穴", max(round(total * rng.uniform(1.5, 5)), 20), "穴", "new", ""
    else:
        yield "facilities", f"{domain}设施", rng.randint(1, 12), "个", "new", ""


def _annex(projects: Rows, corrections: Rows) -> float:
    """The sum of the project table after repairs."""
    repaired = {c[2]: _as_float(c[5]) for c in corrections}
    return sum(repaired.get(p[0], _as_float(p[11])) for p in projects if p[2] == "table")


def _as_float(cell: object) -> float:
    return float(str(cell))


def _covariates(rng: random.Random, total: dict[int, int]) -> Rows:
    rows: Rows = []
    for year in YEARS:
        rows.append((year, "resident", total[year], "persons", f"census-{year}"))
        rows.append((year, "urban_residents", round(total[year] * rng.uniform(0.25, 0.8)), "persons", f"census-{year}"))
        rows.append(
            (
                year,
                "households_with_65plus",
                round(total[year] * rng.uniform(0.05, 0.11)),
                "households",
                f"census-{year}",
            )
        )
    rows.append((2010, "registered", round(total[2010] * rng.uniform(0.85, 1.15)), "persons", "census-2010"))
    rows.append((2010, "birth_rate", round(rng.uniform(7, 14), 2), "permille", "census-2010"))
    rows.append((2010, "death_rate", round(rng.uniform(4, 8), 2), "permille", "census-2010"))
    return rows


def _notes(rng: random.Random, statistics: Rows) -> Rows:
    """What a reader of the invented document found: up to four pairs of statements."""
    pairs = [rng.sample(statistics, 2) for _ in range(rng.randint(0, 4))]
    return [(f"n{i:02d}", rng.choice(("high", "medium", "low")), "other", left[1], left[3], right[1], right[3], "", f"{left[3]}≠{right[3]}",
             "合成的读者意见：两处口径不同", "Synthetic reader's note: two definitions", "", "")
            for i, (left, right) in enumerate(pairs, start=1)]  # fmt: skip


def _report(rng: random.Random, statistics: Rows, names: dict[str, str], year: int) -> Rows:
    """A yearly report on some thirty of the indicators with a plain figure for 2020."""
    known = {r["indicator_id"]: r for r in _indicators()}
    rows: dict[str, tuple[object, ...]] = {}
    for s in statistics:
        indicator = known.get(names[str(s[2])])
        if indicator is None or s[8] != "actual" or str(s[5]) != "2020" or len(rows) == 30:
            continue
        value = _capped(round(_as_float(s[3]) * rng.uniform(0.95, 1.3), 1), indicator)
        rows.setdefault(
            indicator["indicator_id"],
            (indicator["indicator_id"], year, "", value, indicator["unit"], "合成年报", f"{year + 1}-03-01"),
        )
    return list(rows.values())


# Files


def _reference(folder: Path, units: list[Unit]) -> None:
    """The project's own reference data; the areas are those of the synthetic counties, larger than what lies in them."""
    shutil.copytree(PROJECT / "data" / "raw" / "reference", folder, dirs_exist_ok=True)
    provinces = {u.prefix[:2]: u.province for u in units}
    prefectures = {u.prefix: u for u in units}
    rows: Rows = [("100000", "全国", "China", "", "", "nation", "2020-11-01")]
    rows += [
        (f"{p}0000", name, f"Province {p}", "", name, "province", "2020-11-01") for p, name in sorted(provinces.items())
    ]
    rows += [(f"{p}00", u.prefecture, f"Prefecture {p}", u.prefecture, u.province, "prefecture", "2020-11-01")
             for p, u in sorted(prefectures.items())]  # fmt: skip
    _csv(folder / "areas.csv", "areas", rows)
    inside: dict[str, Counter[tuple[int, str, int]]] = defaultdict(Counter)
    for unit in units:
        for area in (f"{unit.prefix}00", f"{unit.prefix[:2]}0000"):
            inside[area].update(unit.persons)
    areas = {area: {key: round(AROUND * p) for key, p in ages.items()} for area, ages in sorted(inside.items())}
    _csv(
        folder / "area_population.csv",
        "area_population",
        [(a, *row) for a, ages in areas.items() for row in _ages(ages)],
    )
    told: Rows = []
    for area, ages in areas.items():
        total = {year: sum(p for (y, _, _), p in ages.items() if y == year) for year in YEARS}
        told += [(area, y, "resident", n, "persons", f"census-{y}") for y, n in total.items()]
        told += [(area, y, "urban_residents", n // 2, "persons", f"census-{y}") for y, n in total.items()]
        told.append((area, 2010, "registered", total[2010], "persons", "census-2010"))
    _csv(folder / "area_covariates.csv", "area_covariates", told)


def _ages(persons: dict[tuple[int, str, int], int]) -> Rows:
    """Persons by (year, sex, first age) as rows of census ages."""
    return [(y, "resident", s, a, "" if a == 85 else a + (0 if a == 0 else 3 if a == 1 else 4), p, f"census-{y}")
            for (y, s, a), p in persons.items()]  # fmt: skip


def _csv(path: Path, table: str, rows: Rows) -> None:
    lines = (",".join(f'"{c}"' if "," in str(c) else str(c) for c in row) for row in rows)
    path.write_text("\n".join((COLUMNS[table], *lines)) + "\n", encoding="utf-8")


def _toml(path: Path, **facts: object) -> None:
    lines = (f"{k} = {v}" if isinstance(v, int) else f'{k} = "{v}"' for k, v in facts.items())
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def panel_folder() -> Path | None:
    """The census panel named by the environment, if any."""
    given = os.environ.get(PANEL)
    return Path(given) if given else None


def main() -> None:
    """Write a country from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--counties", type=int, default=50)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--panel", type=Path, default=panel_folder())
    given = parser.parse_args()
    written = write(given.out, given.counties, seed=given.seed, panel=given.panel)
    print(f"{len(written)} synthetic counties in {given.out}")


if __name__ == "__main__":
    main()
