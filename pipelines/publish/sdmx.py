"""Observations in SDMX: ``sdmx/observations.csv`` (SDMX-CSV 2.0) and ``sdmx/structure.xml`` (SDMX-ML 2.1: concepts, code lists,
data structure and dataflow in Chinese and English). Both follow the registry: sdmx_components.csv says which column is which
component, sdmx_codes.csv how our codes are written where SDMX has its own (CL_OBS_STATUS) or allows no sign."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import registry

AGENCY, FLOW, VERSION = "MINZHENG", "OBSERVATIONS", "1.0"
DATA, STRUCTURE = "observations.csv", "structure.xml"
OBS_STATUS = "obs_status"
_OF_RELEASE = ("area", "indicator")  # code lists that are tables of the release
_Codes = Mapping[str, tuple[str, str]]


class SdmxError(RuntimeError):
    """An observation holds a code that its code list does not have."""


@dataclass(frozen=True)
class Component:
    """One component of the structure: the column of fct_observation it holds, its code list or format."""

    id: str
    role: str
    column: str
    codelist: str
    format: str
    required: bool
    zh: str
    en: str


def components() -> list[Component]:
    """The components in the order of the file."""
    return [
        Component(
            r["component"], r["role"], r["column"], r["codelist"], r["format"], bool(r["required"]), r["zh"], r["en"]
        )
        for r in registry.rows("sdmx_components")
    ]


def written(codelist: str) -> dict[str, str]:
    """Our code → its SDMX code, for a list in which they differ; the empty code is a value that is there."""
    return {r["code"]: r["sdmx"] for r in registry.rows("sdmx_codes") if r["codelist"] == codelist}


def write(parquet: Path, out: Path) -> list[Path]:
    """The tables of a release folder → both files in `out`. Raises SdmxError for a code outside its list."""
    tables = {
        n: pl.read_parquet(parquet / f"{n}.parquet")
        for n in ("fct_observation", "dim_county", "dim_indicator", "dim_source")
    }
    built = pl.read_parquet(parquet / "meta_release.parquet")["built_at"][0]
    lists = codelists(tables)
    rows = observations(tables)
    _checked(rows, lists)
    out.mkdir(parents=True, exist_ok=True)
    data, structure = out / DATA, out / STRUCTURE
    where = {"STRUCTURE": "dataflow", "STRUCTURE_ID": f"{AGENCY}:{FLOW}({VERSION})", "ACTION": "I"}
    filled = rows.select(*(pl.lit(v).alias(k) for k, v in where.items()), pl.all().replace("", None))
    filled.write_csv(data, quote_style="necessary")  # an empty cell is nothing, not two quotation marks
    structure.write_bytes(_message(lists, datetime.fromisoformat(built)))
    return [data, structure]


def observations(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Every statement as one SDMX observation, all columns text in component order. A repeated statement keeps its row and
    says so in RESTATES; a period without a year takes the last one of its document and counts as inferred."""
    ends = tables["dim_source"].select("source_id", __end="period_end")
    rows = tables["fct_observation"].join(ends, on="source_id", how="left", maintain_order="left")
    rows = rows.with_columns(
        period_inferred=pl.col("period_inferred") | pl.col("period_end").is_null(),
        period_end=pl.coalesce("period_end", "period_start", "__end"),
    )
    return rows.select(_cell(c, rows).alias(c.id) for c in components())


def codelists(tables: Mapping[str, pl.DataFrame]) -> dict[str, _Codes]:
    """Code list → SDMX code → (Chinese, English)."""
    wanted = sorted({c.codelist for c in components() if c.codelist})
    found: dict[str, _Codes] = {}
    for name in wanted:
        if name in _OF_RELEASE:
            table, key = ("dim_county", "county_code") if name == "area" else ("dim_indicator", "indicator_id")
            found[name] = {
                code: (zh, en) for code, zh, en in tables[table].select(key, "name_zh", "name_en").iter_rows()
            }
        else:
            spelled = {} if name == OBS_STATUS else written(name)
            found[name] = {spelled.get(c.code, c.code): (c.zh, c.en) for c in registry.codes()[name].values()}
    return found


def _cell(component: Component, rows: pl.DataFrame) -> pl.Expr:
    if component.id == "FREQ":
        return pl.lit("A")
    value = pl.col(component.column)
    if component.format == "boolean":
        return value.cast(pl.String).str.to_lowercase()
    if component.format == "double":  # the shortest text that reads back as the same number
        return value.map_elements(repr, return_dtype=pl.String)
    spelled = written(component.codelist)
    if spelled:
        return value.fill_null("").replace_strict(spelled, default=value, return_dtype=pl.String)
    if rows.schema[component.column] == pl.String and component.format == "string":
        return value.str.replace_all(r"\s*[\r\n\u2028\u2029]+\s*", " ")
    return value.cast(pl.String)


def _checked(rows: pl.DataFrame, lists: Mapping[str, _Codes]) -> None:
    for component in components():
        column = rows[component.id]
        stated = set(column.unique().drop_nulls()) if component.codelist else set()
        unknown = sorted(stated - lists[component.codelist].keys()) if stated else []
        if unknown or (component.required and column.null_count()):
            raise SdmxError(f"{component.id}: {unknown or 'empty'}")
    keys = [c.id for c in components() if c.role in ("dimension", "time")]
    if rows.select(keys).is_duplicated().any():
        raise SdmxError(f"{'/'.join(keys)}: 重复 / not unique")


def _message(lists: Mapping[str, _Codes], prepared: datetime) -> bytes:
    """The structure message. Imported here: only this step needs the library."""
    import sdmx
    from sdmx import message
    from sdmx.model import v21 as model

    agency = model.Agency(id=AGENCY, name={"zh": "民政规划数据集市", "en": "Minzheng Marts"})
    agencies = model.AgencyScheme(
        id="AGENCIES",
        name={"zh": "机构", "en": "agencies"},
        maintainer=agency,
        version=VERSION,
        is_final=False,
        is_external_reference=False,
    )
    agencies.append(agency)
    kept = {"maintainer": agency, "version": VERSION, "is_final": True, "is_external_reference": False}
    built = {
        name: model.Codelist(id=f"CL_{name.upper()}", name=_named(name), items=_items(model.Code, codes), **kept)
        for name, codes in lists.items()
    }
    concepts = model.ConceptScheme(id="CONCEPTS", name={"zh": "概念", "en": "concepts"}, **kept)
    structure = model.DataStructureDefinition(id=FLOW, name={"zh": "数据条目", "en": "observations"}, **kept)
    for part in (structure.dimensions, structure.attributes, structure.measures):
        part.id = type(part).__name__
    for component in components():
        concept = model.Concept(id=component.id, name={"zh": component.zh, "en": component.en})
        concepts.append(concept)
        _add(
            model,
            structure,
            component,
            {"id": component.id, "concept_identity": concept, "local_representation": _values(model, component, built)},
        )
    flow = model.DataflowDefinition(id=FLOW, name={"zh": "数据条目", "en": "observations"}, structure=structure, **kept)
    said = message.StructureMessage(
        header=message.Header(id=FLOW, sender=model.Agency(id=AGENCY), test=False, prepared=prepared)
    )
    for part in (agencies, *built.values(), concepts, structure, flow):
        said.add(part)
    written_: bytes = sdmx.to_xml(said, pretty_print=True)
    return written_


def _add(model: Any, structure: Any, component: Component, given: dict[str, Any]) -> None:
    if component.role == "attribute":
        usage = model.UsageStatus.mandatory if component.required else model.UsageStatus.conditional
        structure.attributes.append(
            model.DataAttribute(**given, related_to=model.PrimaryMeasureRelationship(), usage_status=usage)
        )
    elif component.role == "measure":
        structure.measures.append(model.PrimaryMeasure(**given))
    else:
        kind = model.TimeDimension if component.role == "time" else model.Dimension
        structure.dimensions.append(kind(**given, order=len(structure.dimensions.components) + 1))


def _values(model: Any, component: Component, lists: Mapping[str, Any]) -> Any:
    if component.codelist:
        return model.Representation(enumerated=lists[component.codelist])
    kind = model.FacetValueType["observationalTimePeriod" if component.role == "time" else component.format]
    return model.Representation(non_enumerated=[model.Facet(value_type=kind)])


def _items(kind: Any, codes: _Codes) -> dict[str, Any]:
    return {code: kind(id=code, name={"zh": zh, "en": en}) for code, (zh, en) in sorted(codes.items())}


def _named(codelist: str) -> dict[str, str]:
    first: Iterable[Component] = (c for c in components() if c.codelist == codelist)
    component = next(iter(first))
    return {"zh": component.zh, "en": component.en}
