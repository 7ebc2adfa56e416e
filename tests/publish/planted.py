"""A data root whose county has small counts planted in every place where a number of persons can stand, and the words to look
for afterwards. Invented figures on top of the real raw data, for tests only."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from pipelines import registry
from pipelines.core.builder import canonical
from pipelines.publish import database, release
from pipelines.publish.database import Identity
from pipelines.settings import PROJECT, Settings
from tests.quality.good import build

COUNTY, FOLDER, YEAR, LINE = "530425", "530425-yimen", 2022, 448
THRESHOLD, WIDTH = 1000, 100
PART = "合成人数"
_TOKEN = re.compile(r"(?<![0-9A-Za-z_.])[0-9]{3}(?![0-9A-Za-z_]|\.[0-9])")
_NAMES = {
    "total": "享受基本生活补助儿童",
    "orphans": "社会散居孤儿",
    "poor": "享受基本生活补助的贫困家庭儿童",
    "unattended": "享受基本生活补助的事实无人抚养儿童",
}


@dataclass(frozen=True)
class Planted:
    """The root, and the planted small counts by what they are."""

    settings: Settings
    small: dict[str, int]


def plant(root: Path) -> Planted:
    """Copy the raw data into `root`, plant, and build an internal release there."""
    raw = root / "planted" / "raw"
    _copy(PROJECT / "data" / "raw", raw)
    free = iter(_unused(raw))
    names = (
        "poor",
        "unattended",
        "misread",
        "printed_elsewhere",
        "lonely",
        "urban",
        "poverty",
        "trained",
        "oldest_men",
        "retired",
        "ranged",
        "contradicted",
        "spanned",
        "listed",
        "nested",
        "yearly",
        "adopted",
    )
    small = {name: next(free) for name in names}
    _write(raw / FOLDER, small)
    settings = Settings(data_root=root / "data", notebooks=0, protection_threshold=THRESHOLD, protection_width=WIDTH)
    settings.data_root.mkdir()
    parquet = build(settings.data_root, raw)
    _internal(settings, parquet)
    return Planted(settings, small)


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file of a release as text: pages and tables as they are, Parquet, DuckDB and workbooks unpacked."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".parquet":
            yield name, pl.read_parquet(path).write_json()
        elif path.suffix == ".duckdb":
            with duckdb.connect(str(path), read_only=True) as con:
                for (table,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                    yield f"{name}/{table}", con.execute(f'SELECT * FROM "{table}"').pl().write_json()
        elif path.suffix == ".xlsx":
            for sheet, frame in pl.read_excel(path, sheet_id=0, infer_schema_length=0, raise_if_empty=False).items():
                yield f"{name}/{sheet}", frame.write_json()
        elif path.name != "plotly.min.js":
            yield name, re.sub(r'"bytes": [0-9]+', "", path.read_text(encoding="utf-8"))  # sizes of files count nobody


def tokens(text: str) -> dict[str, str]:
    """The three-digit numbers of a text, each with what stands around it; 1,234.0 counts as 1234."""
    plain = re.sub(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))", "", text)
    whole = re.sub(r"\.0+(?![0-9])", "", plain)
    return {m.group(): whole[max(0, m.start() - 60) : m.end() + 20] for m in _TOKEN.finditer(whole)}


def _copy(source: Path, target: Path) -> None:
    for path in (p for p in source.rglob("*") if p.is_file()):
        (target / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
        (target / path.relative_to(source)).write_bytes(path.read_bytes())


def _unused(raw: Path) -> list[int]:
    """Numbers that no raw file prints, that no rounding to tens makes, and that are no line of `_write`."""
    printed = [p.read_text(encoding="utf-8") for p in raw.rglob("*.csv")]
    seen = {n for text in printed for n in (*tokens(text), *_TOKEN.findall(text))}
    free = [n for n in range(997, 481, -1) if str(n) not in seen and n % 10]
    return free[:: len(free) // 20]


def _write(folder: Path, small: dict[str, int]) -> None:
    whole = 5003 + small["poor"] + small["unattended"]
    many = [2003 + 211 * n for n in range(11)]
    share = round(100 * small["poverty"] / 7013, 2)
    said = [
        ("s9001", _NAMES["total"], whole, ""), ("s9002", _NAMES["orphans"], 5003, ""), ("s9003", _NAMES["poor"], small["poor"], ""),
        ("s9004", _NAMES["unattended"], small["misread"], ""), ("s9005", _NAMES["poor"], small["poor"], "restates:s9003"),
        ("s9006", "城乡低保对象", 6007 + small["urban"], "line:450"), ("s9007", "城乡低保对象", small["urban"], "line:450|breakdown:area=urban"),
        ("s9008", "城乡低保对象", 6007, "line:450|breakdown:area=rural"), ("s9009", "建档立卡户纳入城乡低保人数", small["poverty"], "line:452|year:2023"),
        ("s9010", "城乡低保对象", 7013, "line:452|year:2023"), ("s9011", "建档立卡户纳入低保人数占城乡低保对象比例", share, "line:452|year:2023"),
        ("s9012", _NAMES["poor"], small["printed_elsewhere"], "line:449"), ("s9013", _NAMES["total"], 9016 + small["lonely"], "line:454|year:2024"),
        ("s9014", _NAMES["orphans"], 5009, "line:454|year:2024"), ("s9015", _NAMES["poor"], 4007, "line:454|year:2024"),
        ("s9016", _NAMES["unattended"], small["lonely"], "line:454|year:2024"), ("s9017", "退役士官", small["retired"], "line:456|note:"),
        # a total that is printed twice with different values
        ("s9031", "城乡低保对象", 8011 + small["contradicted"], "line:458|year:2011"), ("s9032", "城乡低保对象", 6053, "line:459|year:2011"),
        ("s9033", "城乡低保对象", 8011, "line:460|year:2011|breakdown:area=rural"), ("s9034", "城乡低保对象", small["contradicted"], "line:461|year:2011|breakdown:area=urban"),
        # some years and the last of them; men and women of all of them
        ("s9035", "救助流浪乞讨人员", 7019 + small["spanned"], "line:463|from:2018"), ("s9036", "救助流浪乞讨人员", 6061, "line:464"),
        ("s9037", "救助流浪乞讨人员", 7019, "line:465|from:2018|breakdown:sex=male"), ("s9038", "救助流浪乞讨人员", small["spanned"], "line:467|from:2018|breakdown:sex=female"),
        # a total whose parts are printed by two dimensions
        ("s9039", "城乡低保对象", 9029 + small["nested"], "line:468|year:2012"), ("s9040", "城乡低保对象", 5011, "line:469|year:2012|breakdown:area=urban"),
        ("s9041", "城乡低保对象", 4018, "line:471|year:2012|breakdown:area=rural;sex=male"),
        ("s9042", "城乡低保对象", small["nested"], "line:472|year:2012|breakdown:area=rural;sex=female"),
        # single years and what happened in all of them
        ("s9043", "退役干部", 5077, "line:473"), ("s9044", "退役干部", small["yearly"], "line:475|year:2023"),
        ("s9045", "退役干部", 5077 + small["yearly"], "line:477|year:2023|from:2022|measure:cumulative"),
        # a rest that is printed nowhere
        ("s9046", "城乡低保对象", 8500 + THRESHOLD // 2, "line:478|year:2013"), ("s9047", "城乡低保对象", 8500, "line:479|year:2013|breakdown:area=urban"),
        # cases, each of which is a child
        ("s9048", "收养登记办理数", small["adopted"], "line:482|year:2014|unit:起"),
        # a dozen parts on one line, which nobody declared
        ("s9050", f"{PART}0", sum(many) + small["listed"], "line:480"), ("s9051", f"{PART}1", small["listed"], "line:480"),
        *((f"s90{52 + n}", f"{PART}{n + 2}", part, "line:480") for n, part in enumerate(many)),
    ]  # fmt: skip
    known = {r["indicator_printed"]: r["indicator_id"] for r in _read(folder / "indicator_map.csv")}
    wanted = {
        "城乡低保对象": "dibao_persons",
        "退役士官": "retired_civilian_staff_received",
        "退役干部": "retired_officers_received",
    }
    people = [
        i["indicator_id"]
        for i in registry.rows("indicators")
        if i["unit"] == "persons" and i["nature"] in ("stock", "flow")
    ]
    unused = (i for i in people if i not in {*known.values(), *wanted.values()})
    wanted |= {f"{PART}{n}": next(unused) for n in range(len(many) + 2)}
    _append(
        folder / "indicator_map.csv",
        [{"indicator_printed": k, "indicator_id": v} for k, v in wanted.items() if k not in known],
    )
    statements: list[dict[str, object]] = []
    figures: list[dict[str, object]] = []
    for place, (key, name, value, more) in enumerate(said, start=90):
        of = {k: what for k, _, what in (o.partition(":") for o in more.split("|"))}
        year = of.get("year", str(YEAR))
        line = int(of.get("line", LINE))
        statements.append(
            {
                "key": key, "line": line, "indicator_printed": name, "value_printed": value, "unit_printed": of.get("unit", "%" if isinstance(value, float) else "人"),
                "period_start": of.get("from", year), "period_end": year, "period_inferred": 0, "measure": of.get("measure", "actual"), "qualifier": "=",
                "target_level": "county", "place": "prose", "restates": of.get("restates", ""), "breakdown": of.get("breakdown", ""),
                "note": f"原文“{value}人”" if "note" in of else "",
            }
        )  # fmt: skip
        figures.append(
            {
                "line": line,
                "occurrence": place,
                "printed": value,
                "status": "restated" if "restates" in of else "fact",
                "facts": f"{key}.value_printed",
            }
        )
    statements.append(
        {
            **statements[2],
            "key": "s9020",
            "value_printed": 9991,
            "measure": "target",
            "period_start": 2025,
            "period_end": 2025,
            "line": 22,
            "note": "",
        }
    )
    ranged = {
        "key": "s9021",
        "value_printed": f"{small['ranged']}—2000",
        "status": "in_words",
        "restates": "",
        "breakdown": "",
    }
    statements.append({**statements[2], **ranged, "period_start": 2021, "period_end": 2021, "line": 22, "note": ""})
    graves = {"indicator_printed": "农村公益性公墓建成墓穴", "unit_printed": "穴", "value_printed": 99000}
    statements.append({**statements[-2], **graves, "key": "s9022", "breakdown": "", "restates": ""})
    project = _read(folder / "projects.csv")[0]
    _append(folder / "statistics.csv", statements)
    _append(folder / "project_outputs.csv", [{"key": "o901", "project": project["project"], "mention": project["mention"], "line": project["line"],
            "output": "persons_trained", "label": "培训", "value_printed": small["trained"], "unit_printed": "人", "increment": "unknown", "counted": 1}])  # fmt: skip
    figures.append(
        {
            "line": project["line"],
            "occurrence": 90,
            "printed": small["trained"],
            "status": "fact",
            "facts": "o901.value_printed",
        }
    )
    _append(folder / "figures.csv", figures)
    _append(folder / "corrections.csv", [{"correction_id": "c901", "table": "statistics", "row_key": "s9004", "column": "value_printed", "printed": small["misread"],
            "corrected": small["unattended"], "reason_code": "ocr_character", "reason_zh": f"应为{small['unattended']}", "reason_en": f"should be {small['unattended']}",
            "evidence": f"第{LINE}行：{whole}-5003-{small['poor']}={small['unattended']}", "status": "applied"}])  # fmt: skip
    _append(folder / "notes.csv", [{"note_id": "n901", "severity": "low", "domain": "child_welfare", "left_line": 400, "left_value": f"{small['lonely']}人", "right_line": 401,
            "right_value": "（无）", "computation": f"9016+{small['lonely']}", "description_zh": f"另一处写{small['lonely']}人", "description_en": f"{small['lonely']} elsewhere",
            "resolution_zh": "核实", "resolution_en": "check"}])  # fmt: skip
    ages = _read(folder / "population.csv")
    for row in ages:
        if (row["year"], row["sex"], row["age_from"]) == ("2020", "male", "85"):
            row["persons"] = str(small["oldest_men"])
    _save(folder / "population.csv", list(ages[0]), ages)


def _internal(settings: Settings, parquet: Path) -> None:
    """The built tables as the current internal release, as far as the public one needs it."""
    folder = settings.releases / "r00001-20260101"
    folder.mkdir(parents=True)
    parquet.rename(folder / "parquet")
    check = {
        "suite": "fct_observation",
        "table_name": "fct_observation",
        "expectation": "near",
        "severity": "warning",
        "passed": False,
        "failing_rows": 1,
    }
    seen = pl.read_parquet(folder / "parquet" / "fct_observation.parquet").filter(
        pl.col("observation_id") == f"{COUNTY}-s9003"
    )["value_as_printed"][0]
    rows = pl.DataFrame(
        [{**check, "message_zh": f"{COUNTY}-s9003 为 {seen}", "message_en": f"{COUNTY}-s9003 is {seen}"}]
    )
    canonical("mart_quality", rows).write_parquet(folder / "parquet" / "mart_quality.parquet")
    database.write(folder, Identity(folder.name, "2026-01-01", "x", "unknown", "default", "test", settings.seed))
    (folder / release.MANIFEST).write_text(json.dumps({"resources": []}), encoding="utf-8")
    release.use(settings, folder.name)


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def _append(path: Path, rows: list[dict[str, object]]) -> None:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        header = next(csv.reader(handle))
    _save(path, header, [*_read(path), *rows])


def _save(path: Path, header: list[str], rows: list[dict[str, str]] | list[dict[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, header)
        writer.writeheader()
        writer.writerows(rows)
