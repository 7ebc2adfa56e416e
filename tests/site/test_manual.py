"""The method in full is a page of the site, in both languages, that needs no network."""

import re
from pathlib import Path

import pytest

from pipelines.desk.words import LANGUAGES, Language
from pipelines.publish.pages import manual
from pipelines.settings import PROJECT

HAN = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_heading_table_and_emphasis_of_the_text_is_on_the_page(language: Language) -> None:
    text = (PROJECT / "docs" / manual.SOURCES[language]).read_text(encoding="utf-8")
    made = manual.html(language)
    assert re.findall("<h2>(.*)</h2>", made) == re.findall("^## (.*)$", text, re.MULTILINE)
    assert made.count("<tr>") == len(re.findall(r"^\|(?!---)", text, re.MULTILINE)) > 5
    assert made.count("<li>") == len(re.findall("^- ", text, re.MULTILINE)) > 5
    assert "**" not in re.sub("<code>.*?</code>", "", made) and "# " not in made
    assert made.count("<strong>") == text.count("**") // 2


def test_links_lead_to_pages_of_the_site(site: Path) -> None:
    for language, end in (("zh", ".html"), ("en", ".en.html")):
        page = (site / f"forecast-methods{end}").read_text(encoding="utf-8")
        assert 'href="forecast-record' + end in page and ".md" not in "".join(re.findall('href="(.*?)"', page))
        assert "backtest.md</a>" not in page
        for linking in ("forecast-record", "elderly-beds", "methods"):
            assert f'href="forecast-methods{end}"' in (site / f"{linking}{end}").read_text(encoding="utf-8"), language


def test_chinese_in_the_english_text_says_its_language() -> None:
    bare = re.sub('<span lang="zh-CN">.*?</span>', "", manual.html("en"))
    assert not HAN.search(bare) and 'lang="zh-CN"' in manual.html("en")
