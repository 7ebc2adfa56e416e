"""Charts state a finding, carry table, unit, source and words for those who cannot see, and draw what is there only."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.desk import open_marts, plot, tables
from pipelines.desk.style import CHART_MIME, PLOTLY_MIME, TABLE_MIME, Chart, Table
from pipelines.desk.words import LANGUAGES, Language, Words
from tests.desk.tiny_release import HILL, NASTY, RIVER, build, people

Con = duckdb.DuckDBPyConnection
ONE = ("elderly", "beds", "sensitivity", "graves", "money_by_year")
ALL = (
    "elderly_growth",
    "bed_supply",
    "money_by_domain",
    "money_by_funder",
    "printed_total",
    "money_per_head",
    "target_baselines",
)


def _charts(con: Con) -> list[Chart]:
    single = [getattr(plot, name)(code, con) for name in ONE for code in (HILL, RIVER)]
    return [
        *single,
        *(getattr(plot, name)(None, con) for name in ALL),
        plot.contradictions(con),
        *(c for _, c in plot.shared(con)),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chart_is_valid_plotly_and_complete(con: Con, language: Language) -> None:
    charts = _charts(con)
    assert len({c.id for c in charts}) == len(charts)
    for chart in charts:
        figure = chart.figure(language)  # plotly refuses unknown properties
        assert figure.layout.title.text
        said = chart.to_json(language)
        assert said["title"] and said["unit"] and said["alt"] and said["source"].startswith(("来源", "Source"))
        assert said["table"]["rows"] and said["spec"]["config"]["showSendToCloud"] is False
        assert "NaN" not in json.dumps(said, ensure_ascii=False)


def test_a_chart_displays_offline_in_a_notebook(con: Con) -> None:
    bundle: dict[str, Any] = plot.elderly(HILL, con)._repr_mimebundle_()
    assert bundle[PLOTLY_MIME]["config"]["showSendToCloud"] is False
    assert set(bundle[CHART_MIME]) == set(LANGUAGES)
    assert "http" not in json.dumps(bundle)


def test_no_interval_is_drawn_where_there_is_none(con: Con) -> None:
    chart = plot.elderly(HILL, con)
    assert not [t for t in chart.spec("zh")["data"] if "fill" in t]
    assert chart.note == Words("区间尚未校准，不画区间。", "No interval: not calibrated yet.")


def test_intervals_are_drawn_where_they_are(tmp_path: Path) -> None:
    wide = [{**r, "p10": r["p50"] * 0.9, "p90": r["p50"] * 1.1} for r in people(HILL, 30000.0)]
    with open_marts(path=build(tmp_path, {"mart_elderly_outlook": wide}) / "marts.duckdb") as con:
        chart = plot.elderly(HILL, con)
    assert [t["name"] for t in chart.spec("en")["data"] if "fill" in t] == [
        f"{age}, 80 % interval" for age in ("60+", "65+", "80+")
    ]


def test_projections_look_different_from_observations(con: Con) -> None:
    lines = {t["name"]: t["line"]["dash"] for t in plot.elderly(HILL, con).spec("en")["data"]}
    assert lines["60+ (census)"] == "solid" and lines["60+ (projection)"] == "dash"


def test_unresolved_money_is_hatched_and_stays_apart(con: Con) -> None:
    bars = {t["name"]: t["marker"]["pattern"]["shape"] for t in plot.money_by_funder(None, con).spec("zh")["data"]}
    assert bars["待核实"] == "x" and "未列明" in bars


def test_what_the_printed_total_leaves_out_is_drawn_apart(con: Con) -> None:
    chart = plot.printed_total(None, con)
    assert chart.title.zh == "表列合计漏列21,000万元（储备项目，待核实）"
    assert [t["x"][1] for t in chart.spec("zh")["data"] if "漏列" in t["name"]] == [21000.0]


def test_not_reported_is_written_where_a_bar_would_be(con: Con) -> None:
    marks = plot.bed_supply(None, con).spec("zh")["layout"]["annotations"]
    assert [(m["y"], m["text"]) for m in marks] == [("河市", "未报告")]


def test_an_even_spread_is_called_so(con: Con) -> None:
    assert "按年限均摊（匡算）" in plot.money_by_year(RIVER, con).title.zh
    assert "35%的资金由文件写明年度" in plot.money_by_year(HILL, con).title.zh


def test_only_the_counties_asked_for_are_drawn(con: Con) -> None:
    bars = plot.money_by_domain([HILL], con).spec("zh")["data"]
    assert {y for t in bars for y in t["y"]} == {"丘县"}


@pytest.mark.parametrize(
    "make",
    [
        tables.glance,
        tables.not_reported,
        tables.outlook,
        tables.side_by_side,
        tables.apart,
        tables.verdicts,
        tables.gaps,
        tables.sources,
        tables.corrections,
    ],
)
def test_tables_are_rectangular_in_both_languages(con: Con, make: Callable[..., Table]) -> None:
    table = make(con=con)
    assert all(len(row) == len(table.headers) for language in LANGUAGES for row in table.cells(language))


def test_csv_opens_in_excel_with_plain_numbers() -> None:
    table = Table((Words("县", "county"), Words("数", "n")), (("甲,乙", 1136.5), (Words("丙", "c"), None)))
    assert table.csv("zh") == '\ufeff县,数\r\n"甲,乙",1136.5\r\n丙,\r\n'
    assert table.cells("en") == [["甲,乙", "1,136.5"], ["c", "—"]]


def test_tables_escape_what_they_show(con: Con) -> None:
    bundle = tables.projects(HILL, con)._repr_mimebundle_()
    assert NASTY not in str(bundle["text/html"]) and "&lt;script&gt;" in str(bundle["text/html"])
    assert TABLE_MIME in bundle
