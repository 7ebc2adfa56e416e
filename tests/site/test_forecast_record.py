"""The page of the forecast record: what it prints is what the backtest scored, and what missed is marked."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest

from pipelines.desk import record, words
from pipelines.desk.charts import people
from pipelines.desk.words import LANGUAGES, Language
from pipelines.forecast.backtest import KNOWN_AS
from pipelines.forecast.gates import MEASURES, gate_reached
from pipelines.forecast.shipped import load_model
from pipelines.publish.site import build_site
from tests.desk.tiny_release import NASTY, build

FILES: dict[Language, str] = {"zh": "forecast-record.html", "en": "forecast-record.en.html"}


def _page(site: Path, language: Language) -> str:
    return (site / FILES[language]).read_text(encoding="utf-8")


def _sheet(site: Path, name: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO((site / "data" / name).read_text(encoding="utf-8-sig"))))


def _ours(setting: str = "k-fold", by: str = "all") -> pl.DataFrame:
    return record.scores().filter(pl.col("method") == "cohort_ratios", pl.col("setting") == setting, pl.col("by") == by)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_stands_after_the_elderly_in_the_navigation(site: Path, language: Language) -> None:
    text, end = _page(site, language), "" if language == "zh" else ".en"
    nav = text[text.index("<nav") : text.index("</nav>")]
    assert f'href="elderly-beds{end}.html"' in nav
    after = nav[nav.index(f'href="elderly-beds{end}.html"') :].split("<li>")[1]
    assert f'href="forecast-record{end}.html" aria-current="page"' in after


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_headline_is_the_score(site: Path, language: Language) -> None:
    row = _ours().filter(age_band="60+").to_dicts()[0]
    lead = _page(site, language).split('class="lead"')[1].split("</p>")[0]
    assert words.number(row["MdAPE"]) in lead and words.number(row["MAPE"]) in lead
    assert words.number(row["n"]) in lead and words.number(row["share10"], 1) in lead
    for setting in ("leave one province out", "ex-ante"):
        assert words.number(_ours(setting).filter(age_band="60+")["MdAPE"][0]) in lead


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_class_score_is_on_the_page_and_in_its_csv(site: Path, language: Language) -> None:
    text = _page(site, language)
    for by in ("type", "size", "province"):
        scored = _ours(by=by)
        sheet = _sheet(site, f"forecast-by-{by}.{language}.csv")[1:]
        assert len(sheet) == scored.height > 0
        for row, said in zip(scored.iter_rows(named=True), sheet, strict=True):
            for i, measure in enumerate((*MEASURES, "MALPE", "coverage80", "coverage95", "shelf_life")):
                assert float(said[3 + i]) == row[measure]
                assert f'<td class="n">{words.number(row[measure])}</td>' in text


def test_gates_and_intervals_are_those_of_the_scores(site: Path) -> None:
    """Read by the heading of each column, so that a figure under the wrong heading is seen."""
    key = {(record.SETTINGS[r["setting"]].en, record.GROUPS[r["group"]].en, r["age_band"]): r
           for r in record.scores().filter(pl.col("method") == "cohort_ratios", pl.col("by").is_in(["all", "type"])).rows(named=True)}  # fmt: skip
    marks = {"very good": "✓ very good", "must": "✓ must only", "missed": "✗ missed"}
    errors = dict(zip((h.en for h in record.ERRORS), MEASURES, strict=True)) | {
        record.BIAS.en: "MALPE",
        record.N.en: "n",
    }
    covers = dict(zip((h.en for h in (*record.COVERS, *record.GAINS)),
                      ("coverage80", "coverage95", "winkler80_gain", "winkler95_gain"), strict=True))  # fmt: skip
    for name, columns in (("forecast-gates", errors), ("forecast-coverage", covers)):
        heads, *lines = _sheet(site, f"{name}.en.csv")
        for line in (dict(zip(heads, cells, strict=True)) for cells in lines):
            row = key[line["setting"], line["units"], line["ages"]]
            assert all(float(line[head]) == row[column] for head, column in columns.items())
            assert name != "forecast-gates" or line["reached"] == marks[gate_reached(row)]
    assert len(_sheet(site, "forecast-gates.en.csv")) == 1 + sum(bool(gate_reached(r)) for r in key.values())


def test_every_province_has_a_name() -> None:
    assert set(_ours(by="province")["group"]) <= set(record.PROVINCES)
    named = {str(row[0]) for by in ("type", "size") for row in record.classes(by).rows}
    assert len(named) == sum(_ours(by=by)["group"].n_unique() for by in ("type", "size"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_later_fact_outside_its_tolerance_is_marked(site: Path, language: Language) -> None:
    facts, sheet = record.later_facts(), _sheet(site, f"forecast-later.{language}.csv")[1:]
    outside = facts.filter(pl.col("error_pct").abs() > pl.col("tolerance_pct"))
    assert ("530100", 2024, "65+") in outside.select("area_code", "year", "age_band").rows()
    for fact, line in zip(facts.iter_rows(named=True), sheet, strict=True):
        good = abs(fact["error_pct"]) <= fact["tolerance_pct"]
        assert line[3] == record.WITHIN[good].to(language)
        assert float(line[6]) == fact["error_pct"] and int(line[4]) == fact["persons"]
    assert _page(site, language).count(record.WITHIN[False].to(language)) == outside.height


@pytest.mark.parametrize("language", LANGUAGES)
def test_deaths_stand_beside_official_figures_and_say_how_far_off(site: Path, language: Language) -> None:
    facts, sheet = record.later_deaths_facts(), _sheet(site, f"forecast-later-deaths.{language}.csv")[1:]
    for fact, line in zip(facts.iter_rows(named=True), sheet, strict=True):
        inside = fact["p10"] <= fact["deaths"] <= fact["p90"]
        assert line[2] == record.IN_INTERVAL[inside].to(language)
        assert (int(line[3]), float(line[5])) == (fact["deaths"], fact["error_pct"])
    told = record.later_deaths_summary().to(language)
    assert told in _page(site, language)
    assert f"{facts['error_pct'].max():+.1f}" in told and f"{facts['error_pct'].min():+.1f}" in told


def test_deaths_that_err_one_way_are_not_said_to_err_both_ways() -> None:
    facts = record.later_deaths_facts()
    high = record.later_deaths_summary(facts.filter(pl.col("error_pct") > 0))
    assert "不作校正" in record.later_deaths_summary(facts).zh and "不作校正" not in high.zh
    beyond = record.later_deaths(facts.with_columns(pl.lit(False).alias("within")))
    assert {row[2] for row in beyond.rows} == {record.IN_INTERVAL[False]}


def test_what_misses_is_called_missed() -> None:
    worse = record.scores().with_columns(
        pl.lit(99.0).alias("MAPE"), (pl.col("coverage80") * 0 + 50).alias("coverage80")
    )
    assert {row[4] for row in record.gates(worse).rows} == {record.REACHED["missed"]}
    assert all("✗" in str(row[3]) and "80%" in str(row[3]) for row in record.coverage(worse).rows)
    province_out = [r for r in record.coverage().rows if r[0] == record.SETTINGS["leave one province out"]]
    shown = {row[2]: "✗" in str(row[3]) for row in province_out}
    low = _ours("leave one province out").filter(pl.col("coverage80") < 77)["age_band"]
    assert all(shown[words.same(band)] for band in low)


def test_the_training_record_is_the_models(site: Path) -> None:
    known = load_model().record
    text = _page(site, "en")
    assert known["panel_sha256"] in text and known["code_sha256"] in text and f"{known['pairs']:,}" in text
    for key, told in known["scores"].items():
        setting, band = key.rsplit(" ", 1)
        row = _ours(setting).filter(age_band=band).to_dicts()[0]
        assert all(abs(row[m] - told[m]) < 0.006 for m in MEASURES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_has_its_source(site: Path, language: Language) -> None:
    main = _page(site, language).split("<main")[1]
    tables = main.count('<a href="data/forecast-')
    assert main.count('class="source"') == tables == 10


def test_what_a_source_prints_is_escaped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = record.later_facts().with_columns(pl.lit(NASTY).alias("source"), pl.lit(NASTY).alias("name_zh"))
    monkeypatch.setattr(record, "later_facts", lambda: facts)
    page = build_site(build(tmp_path), run=False).with_name("forecast-record.html").read_text(encoding="utf-8")
    assert NASTY not in page and "&lt;script&gt;alert(" in page


def test_a_projection_beyond_its_shelf_life_is_drawn_apart() -> None:
    years = list(range(2020, 2036))
    ahead = pl.DataFrame({"year": years, "p50": [1.0] * 16, "shelf_life_years": [6.4] * 16, "age_band": ["60+"] * 16})
    kept, beyond = people._by_shelf_life(ahead)
    assert (kept["year"].max(), beyond["year"].min(), beyond["year"].max()) == (2026, 2026, 2035)
    assert "60岁及以上6年" in people._shelf_note(ahead).zh and "6 years" in people._shelf_note(ahead).en
    unknown = ahead.with_columns(pl.lit(None, pl.Float64).alias("shelf_life_years"))
    assert people._by_shelf_life(unknown)[1].is_empty() and people._shelf_note(unknown) == words.Words("", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_what_missing_inputs_cost_and_what_later_facts_do_not_test(
    site: Path, language: Language
) -> None:
    text = _page(site, language)
    for row in (row for setting in KNOWN_AS for row in _ours(setting).iter_rows(named=True)):
        assert " / ".join(words.number(row[m]) for m in MEASURES) in text
        assert words.number(row["coverage80"], 1) in text
    assert record.NOT_TESTED_LATER.to(language).strip() in text.replace("&#39;", "'")


def test_what_lies_outside_is_explained_by_its_last_year() -> None:
    facts = record.later_facts()
    told = record.later_summary(facts)
    outside = facts.filter(~pl.col("within"))
    assert all(r["name_zh"] in told.zh and f"{r['error_pct']:+.1f}%" in told.zh for r in outside.iter_rows(named=True))
    assert "+0.6%" in told.zh  # Kunming's 65+, 996,000 to 1,002,000
    inside = record.later_summary(facts.filter(pl.col("within")))
    assert "出生曲线" in told.zh and "出生曲线" not in inside.zh
