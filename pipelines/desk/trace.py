"""From any number back to the line of the plan it came from: printed characters, declared corrections, conversions, and
the line itself when the reader has an own copy of the document."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.desk import words
from pipelines.desk.marts import ask, reading
from pipelines.desk.words import Language, Words, same

if TYPE_CHECKING:
    import duckdb

_TABLES = {
    "fct_observation": "observation_id",
    "fct_project": "project_id",
    "fct_project_mention": "mention_id",
    "fct_project_funding": "funding_id",
    "fct_project_output": "output_id",
}
_RAW = {
    "fct_observation": ("statistics",),
    "fct_project": ("projects",),
    "fct_project_mention": ("projects",),
    "fct_project_funding": ("project_funding", "funding_assignment"),
    "fct_project_output": ("project_outputs",),
}


class UnknownIdError(KeyError):
    """No fact of this release has this id."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Step:
    """One link of the chain."""

    name: Words
    detail: Words


@dataclass(frozen=True)
class Trace:
    """The chain of one fact, from the marts back to the document. Prints in both languages; displays in notebooks."""

    id: str
    table: str
    steps: tuple[Step, ...]

    def to(self, language: Language) -> str:
        return "\n".join(f"{s.name.to(language)}: {s.detail.to(language)}" for s in self.steps)

    def __str__(self) -> str:
        return "\n".join(
            f"{s.name.zh}：{s.detail.zh}" + (f"  |  {s.name.en}: {s.detail.en}" if s.detail.zh != s.detail.en else "")
            for s in self.steps
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        from pipelines.desk.style import Table

        rows = tuple((s.name, s.detail) for s in self.steps)
        bundle = Table((Words("环节", "step"), Words("内容", "content")), rows)._repr_mimebundle_()
        return {**bundle, "text/plain": str(self)}


def trace(id: str, con: duckdb.DuckDBPyConnection | None = None, document: Path | str | None = None) -> Trace:
    """The chain of an observation, project, mention, funding or output id. With `document`, the user's own copy of the
    plan's text, the line itself too, after checking that it is the same text.

    Raises UnknownIdError, and FileNotFoundError for a document that is not there.
    """
    with reading(con) as db:
        table, row = _find(db, id)
        source = ask(db, "SELECT * FROM dim_source WHERE source_id = $id", id=_source_id(db, row)).to_dicts()[0]
        steps = [
            Step(Words("数据", "fact"), same(f"{table}.{_TABLES[table]} = {id}")),
            *_value(db, table, row),
            *_corrections(db, table, row),
            *_places(db, table, row),
            Step(Words("文件", "document"), _titled(source)),
        ]
        return Trace(id, table, (*steps, *_own_copy(document, source, row["source_line"])))


def _find(con: duckdb.DuckDBPyConnection, id: str) -> tuple[str, dict[str, Any]]:
    for table, key in _TABLES.items():
        rows = ask(con, f"SELECT * FROM {table} WHERE {key} = $id", id=id).to_dicts()
        if rows:
            row = rows[0]
            if table == "fct_project_mention":
                row = {
                    **ask(con, "SELECT * FROM fct_project WHERE project_id = $id", id=row["project_id"]).to_dicts()[0],
                    **row,
                }
            return table, row
    raise UnknownIdError(f"没有编号 {id} / no fact has the id {id} (observation, project, mention, funding, output)")


def _source_id(con: duckdb.DuckDBPyConnection, row: dict[str, Any]) -> str:
    if "source_id" in row:
        return str(row["source_id"])
    return str(
        ask(con, "SELECT source_id FROM fct_project WHERE project_id = $id", id=row["project_id"])["source_id"][0]
    )


def _value(con: duckdb.DuckDBPyConnection, table: str, row: dict[str, Any]) -> list[Step]:
    if table == "fct_observation":
        return _observed(con, row)
    if table == "fct_project_funding":
        funder, sure = words.code("funder", row["funder"]), words.code("certainty", row["certainty"])
        why = Words(row["reason_zh"] or "", row["reason_en"] or "")
        return [
            Step(Words("数值", "value"), words.money(row["amount_wan"])),
            Step(Words("出资方", "funder"), funder + Words(f"（{sure.zh}）{why.zh}", f" ({sure.en}) {why.en}")),
            _printed(row["value_as_printed"]),
        ]
    if table == "fct_project_output":
        what = words.code("output", row["output"])
        what = what if row["label"] in (None, what.zh) else what + same(f" {row['label']}")
        counted = (
            Words("", "") if row["counted"] else Words("（重复陈述，不计入汇总）", " (a restatement, not counted)")
        )
        return [
            Step(
                Words("数值", "value"),
                what + same(" ") + words.bound(row["qualifier"], row["quantity"], row["unit"]) + counted,
            ),
            _printed(row["value_as_printed"]),
        ]
    named = Step(Words("项目", "project"), Words(row["name_zh"], row["name_en"]))
    return [
        named,
        Step(Words("总投资", "investment"), words.money(row["total_investment_wan"])),
        _printed(row["total_investment_wan_as_printed"]),
    ]


def _observed(con: duckdb.DuckDBPyConnection, row: dict[str, Any]) -> list[Step]:
    indicator = ask(con, "SELECT * FROM dim_indicator WHERE indicator_id = $id", id=row["indicator_id"]).to_dicts()[0]
    value = (
        words.bound(row["qualifier"], row["value"], row["unit"])
        if row["value"] is not None
        else words.code("absence", row["status"] or "not_reported")
    )
    said = words.code("measure", row["measure"])
    when = same(f" {row['period_end']} " if row["period_end"] else " ") + (
        Words("（年份系推定）", "(year inferred) ") if row["period_inferred"] else same("")
    )
    steps = [
        Step(
            Words("指标", "indicator"),
            Words(indicator["name_zh"], indicator["name_en"])
            + words.breakdown(row["breakdown"])
            + same(f" [{row['indicator_id']}]"),
        ),
        Step(Words("数值", "value"), said + when + value),
    ]
    printed = f"{row['value_as_printed'] or ''} {row['unit_as_printed'] or ''}".strip()
    converted = row["unit_as_printed"] and row["unit_as_printed"] not in (
        words.unit_words(row["unit"]).zh,
        words.unit_words(row["unit"]).en,
    )
    if converted:
        steps.append(Step(Words("单位换算", "unit"), Words(f"{printed} → {value.zh}", f"{printed} → {value.en}")))
    if row["restates"]:
        steps.append(Step(Words("重复自", "restates"), same(row["restates"])))
    return [*steps, _printed(printed)]


def _printed(text: str | None) -> Step:
    return Step(Words("原文", "as printed"), same(f"“{text}”") if text else words.NOT_REPORTED)


def _corrections(con: duckdb.DuckDBPyConnection, table: str, row: dict[str, Any]) -> list[Step]:
    """Repairs of the raw rows behind a fact: its own row, and for a project each of its mentions."""
    keys = {str(row[_TABLES[table]]).split("-", 1)[-1]}
    if table == "fct_project":
        mentions = ask(con, "SELECT mention_id FROM fct_project_mention WHERE project_id = $id", id=row["project_id"])
        keys |= {m.split("-", 1)[-1] for m in mentions["mention_id"]}
    found = ask(
        con,
        "SELECT * FROM fct_correction WHERE county_code = $county AND list_contains($tables, table_name) AND list_contains($keys, row_key) ORDER BY correction_id",
        county=str(row[_TABLES[table]]).split("-", 1)[0], tables=list(_RAW[table]), keys=sorted(keys),
    )  # fmt: skip
    return [
        Step(
            Words("修正", "correction"),
            Words(
                f"{c['column_name']}：“{c['printed'] or ''}” → “{c['corrected'] or ''}”，{c['reason_zh']}（依据：{c['evidence']}）",
                f"{c['column_name']}: “{c['printed'] or ''}” → “{c['corrected'] or ''}”, {c['reason_en']} (evidence: {c['evidence']})",
            ),
        )
        for c in found.iter_rows(named=True)
    ]


def _places(con: duckdb.DuckDBPyConnection, table: str, row: dict[str, Any]) -> list[Step]:
    if table != "fct_project":
        return [Step(Words("位置", "place"), words.line(row["source_line"]))]
    mentions = ask(
        con, "SELECT * FROM fct_project_mention WHERE project_id = $id ORDER BY source_line", id=row["project_id"]
    )
    return [
        Step(
            Words("位置", "place"),
            words.line(m["source_line"])
            + same(" ")
            + words.code("mention", m["mention"])
            + same(f"：{m['name_as_printed']}"),
        )
        for m in mentions.iter_rows(named=True)
    ]


def _titled(source: dict[str, Any]) -> Words:
    file = f" [{source['file_name']}, sha256 {source['sha256'][:12]}…]" if source["sha256"] else ""
    return Words(source["title_zh"] + file, source["title_en"] + file)


def _own_copy(document: Path | str | None, source: dict[str, Any], line: int | None) -> list[Step]:
    if document is None or line is None:
        return []
    content = Path(document).read_bytes()
    text = content.decode("utf-8").split("\n")
    steps = []
    if source["sha256"] and hashlib.sha256(content).hexdigest() != source["sha256"]:
        steps.append(
            Step(
                Words("注意", "warning"),
                Words(
                    "所给文件与登记的校验值不符，行号可能对不上",
                    "this copy differs from the registered sha256; lines may not match",
                ),
            )
        )
    said = text[line - 1].strip() if 0 < line <= len(text) else ""
    return [
        *steps,
        Step(words.line(line), same(said) if said else Words("（该文件没有这一行）", "(no such line in this copy)")),
    ]
