"""What things are: tables, columns, code lists, units, domains, indicators. Data lives in the CSV files beside
this module; this module only reads them and derives DDL, comments and header maps. Nothing here touches a figure."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

CONTRACT_VERSION = 1
PUBLISHED_LAYERS = ("core", "reconcile", "mart", "quality", "meta")


@dataclass(frozen=True)
class Column:
    """One column of one table. `references` is `table.column` or `codes:<list>`; `unit` a code of units.csv;
    `suppressible`: a required value that the public profile may leave out; `free_text`: words of a document or of an editor, which
    may name any number."""

    table: str
    name: str
    type: str
    key: bool
    required: bool
    suppressible: bool
    free_text: bool
    references: str
    unit: str
    zh: str
    en: str
    aliases: tuple[str, ...]

    @property
    def codelist(self) -> str | None:
        return self.references.removeprefix("codes:") if self.references.startswith("codes:") else None

    @property
    def foreign(self) -> tuple[str, str] | None:
        """(table, column) that this column refers to, or None."""
        if not self.references or self.codelist:
            return None
        table, _, column = self.references.partition(".")
        return table, column


@dataclass(frozen=True)
class Table:
    """One table: its layer, bilingual title and grain, and its columns in order."""

    name: str
    layer: str
    title_zh: str
    title_en: str
    grain_zh: str
    grain_en: str
    columns: tuple[Column, ...]

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns if c.key)

    @property
    def published(self) -> bool:
        return self.layer in PUBLISHED_LAYERS

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)


@dataclass(frozen=True)
class Code:
    code: str
    zh: str
    en: str


@dataclass(frozen=True)
class Unit:
    """A unit of measure. `printed`: spellings found in documents; `minimum`/`maximum`: sensible range of a value;
    `counts_people`: a value in it is a number of persons, households or couples."""

    code: str
    zh: str
    en: str
    minimum: float | None
    maximum: float | None
    printed: tuple[str, ...]
    counts_people: bool = False


def rows(name: str, package: str = __package__) -> list[dict[str, str]]:
    """The rows of one registry file, e.g. ``rows("indicators")``, or of another package's file."""
    text = files(package).joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def tables() -> dict[str, Table]:
    """Every table by name, raw files included, in the order of the chain."""
    columns: dict[str, list[Column]] = {}
    for r in rows("columns"):
        columns.setdefault(r["table"], []).append(
            Column(
                table=r["table"],
                name=r["column"],
                type=r["type"],
                key="K" in r["flags"],
                required="R" in r["flags"],
                suppressible="S" in r["flags"],
                free_text="T" in r["flags"],
                references=r["references"],
                unit=r["unit"],
                zh=r["zh"],
                en=r["en"],
                aliases=tuple(a for a in r["aliases"].split("|") if a),
            )
        )
    return {
        r["table"]: Table(
            r["table"],
            r["layer"],
            r["title_zh"],
            r["title_en"],
            r["grain_zh"],
            r["grain_en"],
            tuple(columns[r["table"]]),
        )
        for r in rows("tables")
    }


def table(name: str) -> Table:
    return tables()[name]


def in_layer(*layers: str) -> list[Table]:
    return [t for t in tables().values() if t.layer in layers]


def published() -> list[Table]:
    """The tables of a release."""
    return [t for t in tables().values() if t.published]


@cache
def codes() -> dict[str, dict[str, Code]]:
    """Code lists by name, each a mapping code → Code. Domains and units count as code lists too."""
    lists: dict[str, dict[str, Code]] = {}
    for r in rows("codes"):
        lists.setdefault(r["codelist"], {})[r["code"]] = Code(r["code"], r["zh"], r["en"])
    lists["domain"] = {r["code"]: Code(r["code"], r["name_zh"], r["name_en"]) for r in rows("domains")}
    lists["unit"] = {u.code: Code(u.code, u.zh, u.en) for u in units().values()}
    return lists


@cache
def units() -> dict[str, Unit]:
    def number(text: str) -> float | None:
        return float(text) if text else None

    return {
        r["code"]: Unit(
            r["code"],
            r["name_zh"],
            r["name_en"],
            number(r["minimum"]),
            number(r["maximum"]),
            tuple(p for p in r["printed"].split("|") if p),
            bool(r["counts_people"]),
        )
        for r in rows("units")
    }


@cache
def people() -> dict[str, bool]:
    """Indicator → whether its values count people, whatever its unit says; indicators that are not listed follow their unit."""
    return {r["indicator_id"]: r["counts_people"] == "1" for r in rows("people")}


def label(codelist: str, code: str | None, language: str = "zh") -> str:
    """Words for a code in `zh` or `en`; an unknown or empty code comes back as it is."""
    found = codes().get(codelist, {}).get(code or "")
    return (found.zh if language == "zh" else found.en) if found else (code or "")


def headers(raw_table: str) -> dict[str, str]:
    """Accepted header → column name for one raw file: the column name, its Chinese name and its aliases."""
    return {h: c.name for c in table(raw_table).columns for h in (c.name, c.zh, *c.aliases)}


def ddl(name: str, *, suppressed: bool = False, keyed: bool = True) -> str:
    """CREATE TABLE with types, NOT NULL and key. A key with optional parts becomes UNIQUE; without `keyed` it is left
    out. With `suppressed` (public profile) suppressible columns may be empty."""
    t = table(name)
    lines = [
        f'"{c.name}" {c.type}' + (" NOT NULL" if c.required and not (suppressed and c.suppressible) else "")
        for c in t.columns
    ]
    if t.key and keyed:
        optional = any(c.key and not c.required for c in t.columns)
        names = ", ".join(f'"{k}"' for k in t.key)
        lines.append(f"{'UNIQUE' if optional else 'PRIMARY KEY'} ({names})")
    return f'CREATE TABLE "{name}" (\n  ' + ",\n  ".join(lines) + "\n)"


def comments(name: str) -> list[str]:
    """COMMENT ON statements, Chinese first, for a table and its columns."""

    def quote(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    t = table(name)
    statements = [f'COMMENT ON TABLE "{name}" IS {quote(f"{t.title_zh}：{t.grain_zh} | {t.title_en}: {t.grain_en}")}']
    for c in t.columns:
        unit = f" [{c.unit}]" if c.unit else ""
        words = f"{c.zh} | {c.en}{unit}" + (f" → {c.references}" if c.references else "")
        statements.append(f'COMMENT ON COLUMN "{name}"."{c.name}" IS {quote(words)}')
    return statements
