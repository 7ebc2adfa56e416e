"""The built site: whole, in two languages, offline, escaped, and honest about what is not known."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from pipelines import registry
from pipelines.desk.marts import FILE, open_marts
from pipelines.publish import database
from pipelines.publish.site import RedReleaseError, build_site
from tests.desk.tiny_release import HILL, NASTY, build, rows

PAGES = ("index", "county-hill", "county-river", "compare", "elderly-beds", "forecast-record", "cemeteries", "money", "targets", "contradictions", "not-reported",
         "methods", "forecast-methods", "dictionary", "quality")  # fmt: skip
OFFLINE = re.compile(r"""(?:src|href|action)=["'](?:https?:)?//""")


class Links(HTMLParser):
    """Every href, src and id of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.targets += [v for k in ("href", "src") if (v := given.get(k))]
        self.ids += [v for v in [given.get("id")] if v]


def _read(site: Path, name: str) -> str:
    return (site / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_each_page_has_its_twin_and_says_its_language(site: Path, page: str) -> None:
    chinese, english = _read(site, f"{page}.html"), _read(site, f"{page}.en.html")
    assert '<html lang="zh-CN">' in chinese and f'href="{page}.en.html"' in chinese
    assert '<html lang="en">' in english and f'href="{page}.html"' in english


def test_every_page_carries_version_checks_and_caveats(site: Path) -> None:
    for path in site.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "r00001-tiny" in text and 'class="caveats"' in text and 'class="status"' in text, path.name


def test_nothing_is_fetched_from_anywhere(site: Path) -> None:
    for path in [*site.glob("*.html"), site / "assets" / "site.css", site / "assets" / "site.js"]:
        text = path.read_text(encoding="utf-8")
        assert not OFFLINE.search(text) and "@import" not in text and "fetch(" not in text, path.name


def test_pages_are_small_and_plotly_is_there_once(site: Path) -> None:
    assert max(p.stat().st_size for p in site.glob("*.html")) < 500_000
    assert [p.name for p in site.rglob("*plotly*")] == ["plotly.min.js"]


def test_every_link_leads_somewhere(site: Path) -> None:
    found = {path.name: Links(path.read_text(encoding="utf-8")) for path in site.glob("*.html")}
    for name, links in found.items():
        assert len(links.ids) == len(set(links.ids)), name
        for target in links.targets:
            file, _, anchor = target.partition("#")
            if file.startswith("../sdmx/"):  # beside the site in a release: tests/e2e
                assert name.startswith("dictionary"), f"{name} → {target}"
                continue
            assert target.startswith("data:") or not file or (site / file).is_file(), f"{name} → {target}"
            assert not anchor or anchor in found[file or name].ids, f"{name} → {target}"


def test_every_chart_can_be_read_without_seeing_it(site: Path) -> None:
    for path in site.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        figures = re.findall(r'<figure class="chart".*?</figure>', text, re.S)
        for figure in figures:
            assert (
                'role="img" aria-label="' in figure
                and "<details" in figure
                and ".csv" in figure
                and 'class="source"' in figure
            )
        assert bool(figures) == ("plotly.min.js" in text), path.name


def test_csv_files_open_in_excel(site: Path) -> None:
    files = list((site / "data").glob("*.csv"))
    assert files and all(f.read_bytes().startswith(b"\xef\xbb\xbf") for f in files)


def test_what_documents_print_cannot_become_markup(site: Path) -> None:
    for path in site.glob("*.html"):
        assert NASTY not in path.read_text(encoding="utf-8"), path.name
    assert "&lt;script&gt;alert(" in _read(site, "county-hill.html")


def test_unreviewed_conflicts_stay_off_the_front_page(site: Path) -> None:
    headline = "乡镇综合养老服务中心覆盖率正文30%、50%，指标表60%，请先定口径"
    assert headline in _read(site, "county-hill.html") and headline not in _read(site, "index.html")
    assert "另有 1 条涉及待核实的前后不一致" in _read(site, "index.html")


def test_contradictions_show_both_lines_worst_first(site: Path) -> None:
    text = _read(site, "contradictions.html")
    assert text.index('id="d1"') < text.index('id="d2"')
    assert "第20行 30%" in text and "第22行 60%" in text and "待核实" in text


def test_words_that_matter_are_used(site: Path) -> None:
    assert "未报告" in _read(site, "elderly-beds.html")
    assert "储备" in _read(site, "money.html") and "按年限均摊（匡算）" in _read(site, "money.html")
    assert "不排名" in _read(site, "compare.html")


def test_pages_say_when_beds_run_short_or_that_it_cannot_be_said(site: Path) -> None:
    told, silent, every = (_read(site, f"{page}.html") for page in ("county-hill", "county-river", "elderly-beds"))
    for text in (told, every):
        assert "床位何时短缺、何时闲置" in text and "2020年已缺" in text and "到2035年不缺" in text
    assert "说不出何时短缺" in silent and "说不出何时短缺" not in told
    assert "年已缺" not in silent


def test_changes_are_shown_only_when_there_are_any(site: Path, tmp_path: Path) -> None:
    assert not (site / "changes.html").exists()
    release = build(tmp_path)
    cell = {"key": [f"{HILL}-p01"], "column": "total_investment_wan", "before": 1, "after": 2}
    diff = {"previous": "r00000", "tables": {"fct_project": {"added": 1, "removed": 0, "changed": 1, "cells": [cell]}}}
    (release / "diff.json").write_text(json.dumps(diff), encoding="utf-8")
    text = _read(build_site(release, run=False).parent, "changes.html")
    assert "r00000" in text and f"{HILL}-p01" in text and "total_investment_wan" in text


def _red(severity: str) -> list[dict[str, object]]:
    return [{**rows()["mart_quality"][0], "severity": severity, "passed": False, "failing_rows": 3}]


def test_a_red_release_gets_no_site(tmp_path: Path) -> None:
    release = build(tmp_path, {"mart_quality": _red("critical")})
    with pytest.raises(RedReleaseError, match=r"s\.unit"):
        build_site(release, run=False)
    assert not (release / "site").exists()


def test_a_red_report_alone_is_enough_to_refuse(tmp_path: Path) -> None:
    release = build(tmp_path)
    (release / "quality" / "results.json").write_text(json.dumps({"results": _red("critical")}), encoding="utf-8")
    with pytest.raises(RedReleaseError):
        build_site(release, run=False)


def test_a_warning_is_published(tmp_path: Path) -> None:
    assert build_site(build(tmp_path, {"mart_quality": _red("warning")}), run=False).is_file()


def test_an_excerpt_holds_what_is_shown_of_its_counties(tmp_path: Path) -> None:
    release = build(tmp_path / "release")
    (tmp_path / "out").mkdir()
    seen = database.excerpt(release, [HILL], tmp_path / "out")
    with open_marts(path=release / FILE, counties=[HILL]) as whole, open_marts(path=seen / FILE) as part:
        for table in registry.published():
            query = f'SELECT * FROM "{table.name}"'
            assert_frame_equal(part.execute(query).pl(), whole.execute(query).pl())
        assert part.execute("SELECT DISTINCT county_code FROM mart_target").fetchall() == [(HILL,)]
