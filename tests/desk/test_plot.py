"""Charts state a finding, carry table, unit, source and words for those who cannot see, and draw what is there only."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.desk import balance, burial, open_marts, plot, tables
from pipelines.desk.charts import base
from pipelines.desk.style import CHART_MIME, PLOTLY_MIME, TABLE_MIME, Chart, Table
from pipelines.desk.words import LANGUAGES, Language, Words
from tests.desk.tiny_release import HILL, IDLE, NASTY, RIVER, SHORT, UNKNOWN, build, people, rows

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


def _graves(tmp_path: Path, **more: float) -> Chart:
    given = [
        {**r, **{k: r["break_even_p50"] * v for k, v in more.items()}} for r in rows()["mart_cemetery_class_outlook"]
    ]
    with open_marts(path=build(tmp_path, {"mart_cemetery_class_outlook": given}) / "marts.duckdb") as con:
        return plot.graves(HILL, con)


def test_interments_have_their_interval_or_say_that_there_is_none(tmp_path: Path) -> None:
    wide = _graves(tmp_path / "wide", break_even_p10=0.9, break_even_p90=1.1)
    assert [t["y"][-1] for t in wide.spec("zh")["data"] if "fill" in t] == [pytest.approx(4950)]
    assert wide.note is not None and "阴影为80%区间" in wide.note.zh
    assert wide.table.cells("zh")[-1][2] == "4,500 (4,050–4,950)"
    bare = _graves(tmp_path / "bare")
    assert not [t for t in bare.spec("zh")["data"] if "fill" in t]
    assert bare.note is not None and "没有区间" in bare.note.zh and "阴影" not in bare.note.zh


@pytest.mark.parametrize(
    ("low", "high", "said"), [(0.9, 1.1, "则够用"), (0.9, 1.5, "则是否够用说不准"), (1.4, 1.6, "则不够用")]
)
def test_graves_are_enough_only_where_the_whole_interval_fits(
    tmp_path: Path, low: float, high: float, said: str
) -> None:
    title = _graves(tmp_path, break_even_p10=low, break_even_p90=high).title.zh
    assert title.endswith(said) and "具（含80%区间）" in title


def test_the_year_in_which_graves_are_full_has_its_interval(tmp_path: Path, con: Con) -> None:
    known = {"capacity_status": None, "remaining_p50": 900.0, "depletion_status": "extrapolated"}
    years = {"all": (2047, 2056, 2093), "public_benefit": (2029, 2031, 2034)}
    given = [
        {**r, **known, **dict(zip(("depletion_year_p10", "depletion_year_p50", "depletion_year_p90"), years[r["capacity_class"]], strict=True))}
        for r in rows()["mart_cemetery_class_outlook"]
    ]  # fmt: skip
    with open_marts(path=build(tmp_path, {"mart_cemetery_class_outlook": given}) / "marts.duckdb") as full:
        chart = plot.graves(HILL, full)
    assert chart.title.zh.endswith("约剩900个，2035年以后（按2035年用量推算约2056年，80%区间2047年至2065年以后）用完")
    assert "full after 2035 (about 2056 at the use of 2035; 80 % interval 2047 to after 2065)" in chart.title.en
    assert chart.note is not None and "2093" not in chart.note.zh + chart.note.en
    assert "仅公益性，累计安葬：按假设的入公墓比例：约2031年（80%区间2029—2034年）" in chart.note.zh
    assert "extrapolated at the use of 2035" in chart.note.en
    unknown = plot.graves(HILL, con).note
    assert unknown is not None and "何时用完" not in unknown.zh


def test_public_benefit_capacity_has_a_line_of_its_own(con: Con) -> None:
    stated = [t for t in plot.graves(HILL, con).spec("en")["data"] if t["name"].startswith("stated capacity")]
    assert [(t["y"][-1], t["line"]["dash"]) for t in stated] == [(6000.0, "solid"), (4000.0, "dashdot")]
    assert "all classes" in stated[0]["name"] and "public-benefit only" in stated[1]["name"]
    assert not [t for t in plot.graves(RIVER, con).spec("en")["data"] if t["name"].startswith("stated capacity")]


def test_the_title_of_graves_says_what_the_places_are(con: Con, tmp_path: Path) -> None:
    assert "所列已建墓穴6,000个，若全部空置则够用" in plot.graves(HILL, con).title.zh
    reserve = [
        {**r, "status": "planned", "commitment": "reserve", "in_capacity": True}
        for r in rows()["mart_cemetery_capacity"]
    ]
    with open_marts(path=build(tmp_path, {"mart_cemetery_capacity": reserve}) / "marts.duckdb") as listed:
        title = plot.graves(HILL, listed).title
    assert "所列储备项目墓穴和格位6,000个（若全部建成）" in title.zh and "已建" not in title.zh
    assert "reserve-list graves and niches (if all are built)" in title.en


def test_the_share_interred_is_named_as_the_release_has_it(con: Con, tmp_path: Path) -> None:
    share = {**rows()["dim_parameter"][0], "parameter_id": "interment_share", "low": 5.9, "high": 100.0, "grade": "C"}
    with open_marts(path=build(tmp_path, {"dim_parameter": [share]}) / "marts.duckdb") as cited:
        names = [t["name"] for t in plot.graves(HILL, cited).spec("zh")["data"]]
    assert "累计安葬：按假设的入公墓比例（5.9–100%，C级）" in names
    assert "累计安葬：按假设的入公墓比例" in [t["name"] for t in plot.graves(HILL, con).spec("zh")["data"]]


def test_the_plan_s_own_share_of_ashes_stands_under_the_chart(con: Con, tmp_path: Path) -> None:
    stated = {**rows()["fct_observation"][0], "observation_id": f"{HILL}-s9", "county_code": HILL, "indicator_id": "ashes_cemetery_burial_rate",
              "measure": "actual", "value": 100.0, "period_end": 2020, "source_line": 36}  # fmt: skip
    with open_marts(path=build(tmp_path, {"fct_observation": [stated]}) / "marts.duckdb") as told:
        note = plot.graves(HILL, told).note
    assert (
        note is not None
        and "规划自报2020年骨灰入公墓率100%（第36行）；遗体若也全部火化，应看“全部入公墓”一线。" in note.zh
    )
    silent = plot.graves(HILL, con).note
    assert silent is not None and "自报" not in silent.zh


def test_beds_that_may_not_be_built_are_named_by_what_they_are(con: Con, tmp_path: Path) -> None:
    bars = [{**r, "rank": 2, "parameter_id": "completion_probability", "moves": "supply", "demand_low": -500.0, "demand_high": 1000.0} if r["rank"] == 2 else r
            for r in rows()["mart_bed_sensitivity"]]  # fmt: skip
    supply = [
        {**r, "basis": "reserve list" if r["status"] == "planned" else r["basis"]} for r in rows()["mart_bed_supply"]
    ]
    given = {"mart_bed_sensitivity": bars, "mart_bed_supply": supply}
    with open_marts(path=build(tmp_path, given) / "marts.duckdb") as listed:
        chart = plot.sensitivity(HILL, listed)
    assert chart.title.zh.endswith("2030年床位需求先看“失能口径”，余缺更受“储备项目床位建成的比例”左右")
    assert "; whether they suffice turns even more on “share of the reserve list’s beds" in chart.title.en
    assert chart.spec("zh")["data"][0]["y"][:2] == ["失能口径", "储备项目床位建成的比例"], (
        "bars in the order of the title"
    )
    assert chart.note is not None and "小于零" in chart.note.zh
    plain = plot.sensitivity(HILL, con)
    assert "床位需求最受“失能口径”左右" in plain.title.zh and plain.note is not None and "小于零" not in plain.note.zh
    assert [s["x0"] for s in plain.spec("zh")["layout"]["shapes"]] == [1000.0, 1136.0], (
        "the need, and the beds that stand"
    )


@pytest.mark.parametrize(
    ("low", "zh", "en"),
    [
        (900.0, "2030年床位需求最受“失能口径”左右", "“definition of disability” moves the beds needed in 2030 most"),
        (100.0, "2030年床位需求先看“失能口径”，更受“入住率”左右",
         "the beds needed in 2030 turn first on “definition of disability” and even more on “occupancy”"),
    ],
)  # fmt: skip
def test_the_title_of_the_sensitivity_names_its_bars_in_their_order(
    tmp_path: Path, low: float, zh: str, en: str
) -> None:
    bars = [{**r, "demand_low": low} if r["rank"] == 2 else r for r in rows()["mart_bed_sensitivity"]]
    with open_marts(path=build(tmp_path, {"mart_bed_sensitivity": bars}) / "marts.duckdb") as con:
        chart = plot.sensitivity(HILL, con)
    assert chart.title.zh.endswith(zh) and chart.title.en.endswith(en)
    assert [row[0] for row in chart.table.cells("zh")] == chart.spec("zh")["data"][0]["y"] == ["失能口径", "入住率"]
    assert chart.note is not None and "第一条是失能口径" in chart.note.zh and "by width" in chart.note.en


def test_institution_beds_stand_in_where_all_beds_are_not_reported(tmp_path: Path) -> None:
    supply = [{**r, "bed_type": "institution"} if r["status"] == "existing" else r for r in rows()["mart_bed_supply"]]
    with open_marts(path=build(tmp_path, {"mart_bed_supply": supply}) / "marts.duckdb") as con:
        chart = plot.beds(HILL, con)
    assert "现有机构床位（规划只报告这一类）" in [t["name"] for t in chart.spec("zh")["data"]]
    assert chart.note is not None and "社区床位未报告" in chart.note.zh


def test_a_reading_without_a_target_is_named_and_not_drawn(tmp_path: Path) -> None:
    norm = rows()["mart_bed_outlook"][::2]
    ratio = [{**r, **dict.fromkeys([*SHORT, *IDLE]), **UNKNOWN, "estimator": "planning_ratio", "demand_p50": None, "demand_status": "not_reported"} for r in norm]  # fmt: skip
    given = {"mart_bed_outlook": [*rows()["mart_bed_outlook"], *ratio]}
    with open_marts(path=build(tmp_path, given) / "marts.duckdb") as con:
        chart, turns, gaps = plot.beds(HILL, con), balance.turning([HILL], con), balance.shortage(HILL, con)
    assert chart.note is not None and "没有写明每千名老年人床位目标" in chart.note.zh
    assert "planning ratio" not in {t["name"] for t in chart.spec("en")["data"]}
    assert [r[1:] for r in chart.table.cells("en") if r[0] == "planning ratio"] == [
        ["not reported"] * 4 + ["the plan sets no beds per 1,000"]
    ]
    for table, column in ((turns, 4), (gaps, 3)):
        told = [row[column] for row in table.cells("en") if "planning ratio" in row]
        assert told and set(told) == {"the plan sets no beds per 1,000"}


def test_projects_that_state_no_beds_are_named_and_not_taken_for_nought(tmp_path: Path) -> None:
    silent = {"beds": None, "beds_status": "not_reported", "basis": "not_reported", "unstated_lines": "14;20"}
    supply = [{**r, **(silent if r["status"] == "planned" else {})} for r in rows()["mart_bed_supply"]]
    needs = rows()["mart_bed_outlook"]
    policy = [
        {
            **r,
            **dict.fromkeys([*SHORT, *IDLE]),
            **UNKNOWN,
            "scenario": "policy",
            "supply": None,
            "supply_status": "not_reported",
        }
        for r in needs
    ]
    given = {"mart_bed_supply": supply, "mart_bed_outlook": [*needs, *policy]}
    with open_marts(path=build(tmp_path, given) / "marts.duckdb") as con:
        chart, turns = plot.beds(HILL, con), balance.turning([HILL], con)
    assert chart.note is not None and "规划第14、20行的新建设施未写床位数。" in chart.note.zh
    assert "the new facilities of lines 14, 20 do not say how many beds they hold." in chart.note.en
    last = chart.table.cells("zh")[-1]
    assert last[1:5] == ["未报告"] * 4 and "第14、20行的新建设施未写床位数" in last[5]
    assert turns.headers[6].en == "with planned"
    assert {row[6] for row in turns.cells("zh")} == {"未报告"}


def test_places_say_whether_and_why_they_are_not_counted(con: Con) -> None:
    table = burial.capacity([HILL], con)
    counted = [row[9].split("：")[0] for row in table.cells("zh")]
    assert counted == ["计入", "计入", "不计入", "不计入"]
    assert "是否已含" in table.cells("zh")[2][9] and table.cells("zh")[3][4] == "未报告"
    assert table.cells("zh")[1][4:6] == ["2,000", "约4,000"]  # graves and urns apart
    assert table.caption == burial.NOT_AN_URN and not burial.capacity([RIVER], con).rows


def test_outputs_carry_the_word_that_bounds_them(con: Con) -> None:
    outputs = [row[7] for row in tables.projects(HILL, con).cells("zh")]
    assert any("墓穴 300穴" in o and "约20亩" in o for o in outputs)
    assert any("about 20 mu" in row[7] for row in tables.projects(HILL, con).cells("en"))


def test_what_only_the_projection_shows_is_not_laid_at_the_plan_s_door(tmp_path: Path) -> None:
    rise = {"county_code": HILL, "check_id": "death_rate_rises", "number": 1, "about": "forecast", "message_zh": "上升", "message_en": "rises"}  # fmt: skip
    with open_marts(
        path=build(tmp_path, {"mart_plausibility": [*rows()["mart_plausibility"], rise]}) / "marts.duckdb"
    ) as con:
        plan, found = tables.plausibility(con, HILL), tables.plausibility(con, HILL, "forecast")
    assert [row[1] for row in plan.cells("zh")] == ["基期已达标"]
    assert [row[1] for row in found.cells("zh")] == ["死亡率将上升"]


def test_a_denominator_that_is_not_stated_is_said_so(tmp_path: Path) -> None:
    given = [{**r, "basis": "not_stated", "normalised_by": "none"} for r in rows()["mart_county_comparison"]]
    with open_marts(path=build(tmp_path, {"mart_county_comparison": given}) / "marts.duckdb") as con:
        assert [row[-1] for row in tables.side_by_side(con).cells("zh")] == ["分母口径原文未写"]
        note = plot.compare("care_centres", con).note
    assert note is not None and "分母口径原文未写" in note.zh


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


def drawn(chart: Chart) -> tuple[list[str], list[str]]:
    """The names down the side, and what the annotations say."""
    layout = chart.draw("zh")["layout"]
    return layout["yaxis"]["categoryarray"], [a["text"] for a in layout["annotations"]]


def test_a_chart_of_many_counties_draws_the_ends_and_lists_all(tmp_path: Path) -> None:
    """Sixty counties with 1 to 60 contradictions: the chart has room for thirty, the table for all, and chosen ones can be asked for."""
    many = [
        {**rows()["dim_county"][0], "county_code": f"99{n:04d}", "name_zh": f"县{n}", "name_en": f"C{n}"}
        for n in range(1, 61)
    ]
    found = [
        {**rows()["fct_discrepancy"][0], "discrepancy_id": f"{c['county_code']}-{i}", "county_code": c["county_code"]}
        for n, c in enumerate(many, 1) for i in range(n)
    ]  # fmt: skip
    shares = [
        {**rows()["fct_observation"][0], "observation_id": f"{c['county_code']}-s", "county_code": c["county_code"], "value": float(n)}
        for n, c in enumerate(many, 1)
    ]  # fmt: skip
    folder = build(tmp_path / "r", {"dim_county": many, "fct_discrepancy": found, "fct_observation": shares})
    with open_marts(path=folder / "marts.duckdb") as con:
        for chart in (plot.contradictions(con), plot.compare("nursing_bed_share", con)):
            names, said = drawn(chart)
            assert set(names) == {f"县{n}" for n in (*range(1, 16), *range(46, 61))}
            assert "共60个，图中只画最大和最小的30个，全部见表" in said
            assert len(chart.table.rows) == 60
            assert chart.figure("zh").data[0].y
        names, said = drawn(plot.compare("nursing_bed_share", con, codes=["990020", "990030"]))
        assert (set(names), said) == ({"县20", "县30"}, [])


def test_a_mark_keeps_its_interval_when_others_are_not_drawn() -> None:
    trace = {
        "type": "scatter",
        "y": ["a", "b", "c"],
        "x": [1, 2, 3],
        "error_x": {"type": "data", "array": [7, 8, 9]},
        "name": "n",
    }
    assert base._only(trace, {"a", "c"}) == {
        **trace,
        "y": ["a", "c"],
        "x": [1, 3],
        "error_x": {"type": "data", "array": [7, 9]},
    }
