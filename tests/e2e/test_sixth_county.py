"""A sixth, invented county, added as docs/add-a-county.md says and without code, with a yearly report and progress filled
into the templates: it must stand on every page, its targets judged. The county does not exist; it is marked as a fixture."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from pipelines.publish import release
from pipelines.settings import Settings
from tests.commands import fresh_root, minzheng, refresh
from tests.conftest import Once
from tests.site.pages_in_a_browser import chinese_unmarked, cut_on_paper, grave_violations, open_drawn, paper

CODE, ZH, EN = "999999", "虚构县", "Invented County"
GIVEN = Path(__file__).parent / "invented"
LISTING = (
    "index", "county-invented", "midterm-invented", "final-invented", "compare", "elderly-beds", "cemeteries", "money", "targets", "contradictions",
    "not-reported", "methods", "dictionary", "notebook-0_welcome", "notebook-1_counties_compared", "notebook-2_beds_to_2035",
    "notebook-3_cemeteries_and_money", "notebook-4_sql_cookbook",
)  # fmt: skip
OF_OTHERS = ("county-", "midterm-", "final-")  # pages of one county each
WITHOUT_COUNTIES = {"forecast-record", "forecast-methods", "quality", "changes"}
MIDTERM = {
    "nursing_bed_share": 35.0,
    "beds_per_1000_elderly": 36.0,
    "eco_burial_rate": 55.0,
    "township_care_centre_coverage": 25.0,
}
FINAL = {
    "nursing_bed_share": 56.0,
    "beds_per_1000_elderly": 39.0,
    "eco_burial_rate": 60.0,
    "township_care_centre_coverage": 60.0,
}
OPEN_SECONDS, PAGE_BYTES, PAPER_PAGES = 1.0, 500_000, 45


def report(root: Path, year: int, values: dict[str, float]) -> None:
    """Fill in the template of the county's yearly report as a clerk would, and hand it in."""
    assert (
        minzheng(root, "template", "--county", CODE, "--year", str(year), "--out", str(root / "templates")).returncode
        == 0
    )
    book = openpyxl.load_workbook(root / "templates" / f"actuals_{year}.xlsx")
    sheet: Any = book.active
    place = {cell.value: cell.column for cell in sheet[1]}
    asked = {sheet.cell(n, place["指标编号"]).value: n for n in range(2, sheet.max_row + 1)}
    assert set(values) == set(asked)
    for indicator, value in values.items():
        for column, cell in (("数值", value), ("数据出处", "虚构的年报"), ("上报日期", datetime.date(year + 1, 3, 1))):
            sheet.cell(asked[indicator], place[column]).value = cell
    book.save(folder(root) / f"actuals_{year}.xlsx")


def progress(root: Path) -> None:
    book = openpyxl.load_workbook(root / "templates" / "progress.xlsx")
    sheet: Any = book.active
    told = (("在建", 2000, 1800, "beds=60"), ("前期工作", 300, 0, None))
    for row, (stage, arrived, spent, outputs) in enumerate(told, start=2):
        for column, cell in enumerate(
            (datetime.date(2023, 12, 31), stage, arrived, spent, outputs, "虚构的进度表"), start=2
        ):
            sheet.cell(row, column).value = cell
    book.save(folder(root) / "progress.xlsx")


def folder(root: Path) -> Path:
    return next((root / "raw").glob(f"{CODE}-*"))


def released(root: Path) -> Path:
    now = release.current_folder(Settings(data_root=root))
    assert now is not None
    return now


@pytest.fixture(scope="module")
def root(once: Once) -> Path:
    """The five counties and the sixth, refreshed once."""
    return once("six", six)


def six(made: Path) -> None:
    fresh_root(made)
    assert minzheng(made, "new-county", CODE, ZH).returncode == 0
    for file in (*GIVEN.glob("*.csv"), *GIVEN.glob("*.toml")):
        shutil.copy(file, folder(made))
    report(made, 2023, MIDTERM)
    progress(made)
    (folder(made) / "progress.csv").unlink()
    audit = minzheng(made, "audit", "--county", CODE, "--document", str(GIVEN / "plan.txt"))
    assert audit.returncode == 0, audit.stdout
    checked = minzheng(made, "validate", str(folder(made)))
    assert checked.returncode == 0, checked.stdout
    done = refresh(made)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def site(root: Path) -> Path:
    return released(root) / "site"


def test_the_county_stands_on_every_page_that_lists_counties(site: Path) -> None:
    pages = {p.name.split(".")[0] for p in site.glob("*.html")}
    others = {p for p in pages if p.startswith(OF_OTHERS) and not p.endswith("-invented")}
    assert pages - others - WITHOUT_COUNTIES == set(LISTING)
    for page in LISTING:
        assert ZH in (site / f"{page}.html").read_text(encoding="utf-8"), page
        assert EN in (site / f"{page}.en.html").read_text(encoding="utf-8"), page


def test_its_page_says_what_is_not_known_of_it(site: Path) -> None:
    """It hands in its own ages and no rows of its prefecture and province: forecast all the same, in the third form."""
    assert "60项特征中31项未知（地级市、省、迁入来源、家庭户、民族）" in (site / "county-invented.html").read_text(
        encoding="utf-8"
    )
    english = (site / "county-invented.en.html").read_text(encoding="utf-8")
    assert "31 of 60 features unknown (prefecture, province, migrants by origin, households, minorities)" in english


def test_files_for_excel_and_sql_hold_it(root: Path, site: Path) -> None:
    book = pl.read_excel(site.parent / "excel" / f"{CODE}-invented.xlsx", sheet_name="数据条目")
    assert book.height > 0
    for table in ("dim_county", "mart_bed_outlook", "mart_cemetery_outlook", "mart_investment", "mart_target"):
        rows = pl.read_parquet(site.parent / "parquet" / f"{table}.parquet")
        assert rows.filter(county_code=CODE).height > 0, table
    quality = pl.read_parquet(site.parent / "parquet" / "mart_quality.parquet").filter(~pl.col("passed"))
    assert set(quality["severity"]) == {"warning"}
    assert any(CODE in m for m in quality.filter(expectation="rows_more")["message_zh"])


def test_verdicts_with_their_pace(site: Path) -> None:
    rows = pl.read_parquet(site.parent / "parquet" / "mart_target.parquet").filter(
        county_code=CODE, place="indicator_table"
    )
    verdicts = dict(rows.select("indicator_id", "verdict").iter_rows())
    assert verdicts == {
        "nursing_bed_share": "slow",
        "beds_per_1000_elderly": "on_schedule",
        "eco_burial_rate": "ahead",
        "township_care_centre_coverage": "reversing",
    }
    midterm = (site / "midterm-invented.html").read_text(encoding="utf-8")
    for words in ("数据时点：2023年底", "慢于序时进度", "符合序时进度", "快于序时进度", "出现倒退"):
        assert words in midterm, words
    assert "待数据" not in midterm
    assert "尚无年度实绩" in (site / "midterm-yimen.html").read_text(encoding="utf-8")
    final = (site / "final-invented.html").read_text(encoding="utf-8")
    assert "尚缺5项目标（共5项）的期末（2025年）实绩" in final and "actuals_2025.xlsx" in final


def test_progress_stands_on_the_county_and_the_money_page(site: Path) -> None:
    for page in ("county-invented", "money"):
        text = (site / f"{page}.html").read_text(encoding="utf-8")
        assert "在建" in text and "床位 60/120张" in text and "60%" in text, page
        assert "under construction" in (site / f"{page}.en.html").read_text(encoding="utf-8"), page
    assert "完成投资1,800万元（总投资的40%）" in (site / "county-invented.html").read_text(encoding="utf-8")
    assert "尚未收到项目进度" in (site / "county-yimen.html").read_text(encoding="utf-8")


def test_no_contested_figure_makes_a_headline_on_the_front(site: Path) -> None:
    front = (site / "index.html").read_text(encoding="utf-8")
    cards = front[front.index('class="cards"') : front.index('id="elderly-growth"')]
    assert "每千名老年人拥有养老床位数" not in cards and "表列合计漏" not in cards and "现有1,136张" not in cards
    for page, said in (
        ("county-yimen", "每千名老年人拥有养老床位数39，目标≥40"), ("county-chuxiong", "储备项目164,063万元，表列合计漏两项"),
        ("county-minle", "正文30%、50%，指标表60%，请先定口径"),
    ):  # fmt: skip
        text = (site / f"{page}.html").read_text(encoding="utf-8")
        assert said in text[text.index('id="doubtful"') :], page
    for said in (
        "规划投资79,576万元（含拟申请10,067万元），其中51,600万元在一个未写床位数的康养项目",
        "护理型床位占比3.8%，目标≥55%",
    ):
        assert said in cards, said


@pytest.fixture(scope="module")
def driven(browser: Any) -> Any:
    return browser.new_page()


@pytest.mark.browser
def test_english_pages_hold_no_unmarked_chinese(site: Path, driven: Any) -> None:
    for path in sorted(site.glob("*.en.html")):
        driven.goto(path.as_uri())
        assert chinese_unmarked(driven) == [], path.name
    driven.goto((site / "index.html").as_uri())
    driven.evaluate("document.documentElement.lang = 'en'")
    assert len(chinese_unmarked(driven)) > 50  # a Chinese page that calls itself English is noticed


@pytest.mark.slow(seconds=70)
@pytest.mark.browser
def test_every_page_is_sound(site: Path, driven: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """axe-core, A4, size and speed of every kind of page, three also in English (of counties' pages those of
    the invented one and the fullest); prints the slowest and the longest."""
    opened: dict[str, float] = {}
    sheets: dict[str, int] = {}
    fullest = max(site.glob("county-*.html"), key=lambda p: p.stat().st_size)
    kinds = [
        p for p in site.glob("*.html") if not p.name.startswith(OF_OTHERS) or "-invented" in p.name or p == fullest
    ]
    twins = ("index.en.html", "county-invented.en.html", "targets.en.html")  # the same templates in English
    for path in sorted(p for p in kinds if not p.name.endswith(".en.html") or p.name in twins):
        driven.set_viewport_size({"width": 1200, "height": 900})
        open_drawn(driven, path.as_uri())
        assert grave_violations(driven) == [], path.name
        assert path.stat().st_size < PAGE_BYTES, path.name
        driven.goto(path.as_uri())
        opened[path.name] = driven.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000
        driven.set_viewport_size({"width": 682, "height": 1000})
        open_drawn(driven, path.as_uri())
        driven.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        driven.emulate_media(media="print")
        assert cut_on_paper(driven) == [], path.name
        sheets[path.name], _ = paper(driven, tmp_path / "page.pdf")
        driven.emulate_media(media="screen")
    with capsys.disabled():
        slow, long = max(opened, key=opened.__getitem__), max(sheets, key=sheets.__getitem__)
        print(f"\n{len(opened)} pages; slowest {slow} {opened[slow]:.2f} s; longest {long} {sheets[long]} sheets")
    assert opened[slow] < OPEN_SECONDS * 2 and sheets[long] <= PAPER_PAGES


@pytest.mark.slow(seconds=20)
def test_figures_of_the_last_year_make_a_final_report(root: Path, tmp_path: Path) -> None:
    later = Path(shutil.copytree(root, tmp_path / "data", symlinks=True))
    report(later, 2025, FINAL)
    done = refresh(later, MINZHENG_NOTEBOOKS="0")
    assert done.returncode == 0, done.stdout + done.stderr
    text = (released(later) / "site" / "final-invented.html").read_text(encoding="utf-8")
    assert "尚缺" not in text and "未完成（完成率 90%）" in text and "完成（完成率 102.9%）" in text
