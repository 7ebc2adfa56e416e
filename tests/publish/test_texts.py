"""Words beside the numbers: every column of free text is free of small numbers of people and of left-out numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from pipelines import registry
from pipelines.core.builder import canonical
from pipelines.publish import protect
from pipelines.publish.protect import MASK, Rules
from tests.conftest import Once
from tests.quality.good import PARQUET, build

Tables = dict[str, pl.DataFrame]
TEXT = [(t.name, c.name) for t in registry.published() for c in t.columns if c.free_text]
FEW = "另有三名儿童"
NO_WORDS = {
    "dim_county": "names of places",
    "dim_source": "titles and numbers of documents; sha256 is left out where it tells",
    "dim_indicator": "the registry's own words, the same for all counties",
    "dim_unit": "the registry's own words",
    "dim_domain": "the registry's own words",
    "dim_parameter": "parameters of the nation, cited",
    "fct_observation.breakdown": "coded by us, part of what the figure means",
    "fct_source_figure.printed": "one numeral, masked by the row that it feeds",
    "fct_correction.table_name": "a name of ours", "fct_correction.row_key": "a key", "fct_correction.column_name": "a name of ours",
    "fct_discrepancy.lines": "numbers of lines", "fct_discrepancy.reviewed_by": "who reviewed it",
    "mart_target": "judged again on masked facts", "mart_county_comparison": "made again from masked facts",
    "mart_bed_supply": "made again where its facts are masked", "mart_elderly_outlook": "a version", "mart_bed_outlook": "a version",
    "mart_cemetery_outlook": "made again where its facts are masked", "mart_cemetery_class_outlook": "made again where its facts are masked",
    "mart_plausibility": "made again where its facts are masked",
    "mart_held_back": "files and numbers of problems; hashes are left out",
    "mart_quality": "a failing check loses its words",
}  # fmt: skip


@pytest.fixture(scope="module")
def inside(once: Once) -> Tables:
    """The internal tables of the five counties, with a report on the progress of a project."""
    folder = once("good", build) / PARQUET
    tables = {p.stem: pl.read_parquet(p) for p in folder.glob("*.parquet")}
    project, source = tables["fct_project"].select("project_id", "source_id").row(0)
    said = {"project_id": project, "stage": "completed", "source_id": source, "as_of": "2023-01-01", "outputs_completed": "beds=4"}  # fmt: skip
    done = pl.DataFrame([said]).with_columns(pl.col("as_of").str.to_date())
    quality = canonical("mart_quality", pl.DataFrame({"suite": []}, schema={"suite": pl.String}))
    return {**tables, "fct_project_progress": canonical("fct_project_progress", done), "mart_quality": quality}


def test_every_column_of_words_is_free_text_or_says_why_not() -> None:
    words = {
        (t.name, c.name)
        for t in registry.published()
        if t.layer != "meta"
        for c in t.columns
        if c.type == "VARCHAR" and not c.key and not c.references
    }
    assert set(TEXT) <= words
    excused = {(t, c) for t, c in words if t in NO_WORDS or f"{t}.{c}" in NO_WORDS}
    assert words - set(TEXT) == excused
    assert not [name for name in NO_WORDS if not any(name in (t, f"{t}.{c}") for t, c in excused)]


def planted(tables: Tables, words: Callable[[str], str]) -> Tables:
    """The first row of each table with its own words in every column of free text."""
    out = dict(tables)
    for table, column in TEXT:
        first = pl.int_range(pl.len()) == 0
        out[table] = out[table].with_columns(pl.when(first).then(pl.lit(words(column))).otherwise(column).alias(column))
    return out


def test_a_small_number_of_people_stands_in_no_column(inside: Tables) -> None:
    """Printed values say it beside their own number; a name keeps the words around it."""
    own = {"value_as_printed": f"105（{FEW}）", "total_investment_wan_as_printed": f"105（{FEW}）"}
    assert inside["fct_project_progress"].height and all(inside[t].height for t, _ in TEXT)
    shown = protect.protect(planted(inside, lambda c: own.get(c, FEW)), Rules()).tables
    told = [
        (name, c) for name, f in shown.items() for c in f.columns if f.schema[c] == pl.String and f[c].str.contains("三名").any()
    ]  # fmt: skip
    assert told == []
    first = {t: f.row(0, named=True) for t, f in shown.items() if f.height}
    project = inside["fct_project"]["project_id"][0]
    named = shown["fct_project"].filter(project_id=project).row(0, named=True)
    assert (named["name_zh"], named["location"]) == (f"另有{MASK}名儿童", MASK)
    assert first["fct_project_progress"]["outputs_completed"] == MASK


def test_words_without_such_a_number_stay(inside: Tables) -> None:
    """Seven beds are nobody, and the project's county has left out no seven."""
    calm = "新建7张床位、三所敬老院"
    code = "532301"
    assert not protect.hidden_rows(inside, Rules()) & {("fct_observation", (i,)) for i in inside["fct_observation"].filter(county_code=code)["observation_id"]}  # fmt: skip
    project = inside["fct_project"].filter(county_code=code)["project_id"][0]
    here = pl.col("project_id") == project
    columns = [c for t, c in TEXT if t == "fct_project"]
    tables = {**inside, "fct_project": inside["fct_project"].with_columns(pl.when(here).then(pl.lit(calm)).otherwise(c).alias(c) for c in columns)}  # fmt: skip
    shown = protect.protect(tables, Rules()).tables["fct_project"].filter(here).row(0, named=True)
    assert {shown[c] for c in columns} == {calm}


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("乡镇社会工作站项目7个", "乡镇社会工作站项目[…]个"),
        ("乡镇社会工作站７个", "乡镇社会工作站[…]个"),
        ("Stations, 7 (of 70)", "Stations, […] (of 70)"),
        ("1.7万平方米", "1.7万平方米"),
        ("七个乡镇社会工作站", "[…]个乡镇社会工作站"),
        ("第七小学", "第七小学"),
        ("培训3名护理员项目", "培训[…]名护理员项目"),
        ("三名儿童与15名护理员", "[…]名儿童与15名护理员"),
    ],
)
def test_a_name_loses_the_numbers_that_tell(inside: Tables, name: str, left: str) -> None:
    """Seven is left out of the county, and counts of people below ten are."""
    hidden = replace(protect._Hidden.of(inside, (), 10), printed={"530425": frozenset({"7"})})
    assert protect._without(name, lambda words: hidden.touches("530425", (), words)) == left
