"""The site in a real browser from file://, with the network off: nothing asked for, nothing complained of, charts drawn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.site.pages_in_a_browser import PAPER_WIDTH, cut_on_paper, grave_violations, paper, wider_than_screen

pytestmark = pytest.mark.browser

LOCAL = ("file:", "data:", "blob:")


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that records requests that would leave the machine and every complaint of the console."""
    context = browser.new_context(offline=True, viewport={"width": 1200, "height": 900}, accept_downloads=True)
    opened = context.new_page()
    opened.trouble = []
    opened.on("request", lambda r: None if r.url.startswith(LOCAL) else opened.trouble.append(r.url))
    opened.on("console", lambda m: opened.trouble.append(m.text) if m.type in ("error", "warning") else None)
    opened.on("pageerror", lambda e: opened.trouble.append(str(e)))
    yield opened
    context.close()


def _open(page: Any, site: Path, name: str) -> None:
    page.goto((site / name).as_uri())
    page.evaluate("document.querySelectorAll('figure.chart').forEach(f => f.scrollIntoView())")


def test_every_page_is_quiet_and_draws_all_its_charts(page: Any, site: Path) -> None:
    for path in sorted(site.glob("*.html")):
        _open(page, site, path.name)
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        page.wait_for_function(
            "document.querySelectorAll('figure.chart').length === document.querySelectorAll('.plot .main-svg:first-child').length"
        )
        assert page.trouble == [], path.name


@pytest.mark.parametrize("width", [390, 820, 1200])
def test_no_page_is_wider_than_its_screen(page: Any, site: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for path in sorted(site.glob("*.html")):
        _open(page, site, path.name)
        assert not wider_than_screen(page), path.name


def test_the_language_switch_goes_to_the_same_place(page: Any, site: Path) -> None:
    _open(page, site, "county-hill.html")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    page.click("a.switch")
    assert page.url.endswith("county-hill.en.html") and page.evaluate("document.documentElement.lang") == "en"
    page.click("a.switch")
    assert page.url.endswith("county-hill.html")


def test_a_table_can_be_downloaded(page: Any, site: Path) -> None:
    _open(page, site, "money.html")
    with page.expect_download() as waiting:
        page.click("figure#money-by-funder .tools a[download]")
    assert Path(waiting.value.path()).read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_chart_offers_no_upload(page: Any, site: Path) -> None:
    _open(page, site, "index.html")
    page.wait_for_selector(".plot .main-svg")
    assert page.locator(".modebar-btn").count() == 0


def test_the_dictionary_is_searched_offline(page: Any, site: Path) -> None:
    _open(page, site, "dictionary.html")
    page.fill("form.search input", "护理型床位占比")
    shown = page.locator("table.searchable tbody tr:not([hidden])").count()
    assert 0 < shown < page.locator("table.searchable tbody tr").count()


def test_contradictions_are_filtered(page: Any, site: Path) -> None:
    _open(page, site, "contradictions.html")
    page.select_option("select[name=severity]", "high")
    assert page.locator(".contradiction:not([hidden])").count() == 1


def test_the_keyboard_reaches_the_content(page: Any, site: Path) -> None:
    _open(page, site, "index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.wait_for_url("**#main")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_phone_gets_its_navigation_behind_a_button(page: Any, site: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    _open(page, site, "money.html")
    assert not page.locator("#nav").is_visible()
    page.focus("button.menu")
    page.keyboard.press("Enter")
    assert page.get_attribute("button.menu", "aria-expanded") == "true" and page.locator("#nav a").first.is_visible()


def test_the_sections_of_a_long_page_are_listed(page: Any, site: Path) -> None:
    _open(page, site, "county-hill.html")
    links = page.locator("nav.toc a")
    assert links.count() == page.locator("main > h2").count() > 2
    links.nth(1).click()
    assert page.evaluate(
        "document.querySelector(decodeURIComponent(location.hash)) === document.querySelectorAll('main > h2')[1]"
    )


@pytest.mark.parametrize("name", ["index.html", "county-hill.html", "money.en.html"])
def test_axe_finds_nothing_serious(page: Any, site: Path, name: str) -> None:
    _open(page, site, name)
    assert grave_violations(page) == []


def test_axe_would_find_something(page: Any) -> None:
    page.set_content(
        '<html lang="en"><title>t</title><main><h1>t</h1><img src="data:,"><p style="color:#ccc">pale</p></main>'
    )
    assert {v.split(":")[0] for v in grave_violations(page)} == {"image-alt", "color-contrast"}


def test_a_picture_of_a_chart_carries_title_and_legend(page: Any, site: Path) -> None:
    _open(page, site, "money.html")
    with page.expect_download() as waiting:
        page.click("figure#money-by-domain button.png")
    assert waiting.value.suggested_filename == "money-by-domain.png"
    assert Path(waiting.value.path()).stat().st_size > 10_000


def test_it_prints_to_a4_with_nothing_cut(page: Any, site: Path, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 682, "height": 1000})
    for name in ("county-hill.html", "money.en.html"):
        _open(page, site, name)
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        assert cut_on_paper(page) == [], name
        pages, width = paper(page, tmp_path / "page.pdf")
        assert width == pytest.approx(PAPER_WIDTH, abs=2) and 1 <= pages <= 8, name
        page.emulate_media(media="screen")


def test_a_table_too_wide_for_paper_is_noticed(page: Any) -> None:
    page.set_viewport_size({"width": 682, "height": 1000})
    page.set_content("<table style='width:900px'><tr><th>wide</th></tr></table>")
    assert cut_on_paper(page) == ["wide"]


def test_without_scripts_the_tables_are_still_there(browser: Any, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    opened = context.new_page()
    opened.goto((site / "money.html").as_uri())
    assert opened.locator("figure#money-by-funder table tbody tr").count() == 3  # two funders and the total
    context.close()
