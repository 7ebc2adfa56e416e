"""The full account of the forecast's method, `docs/forecast-methods*.md`, as a page of the site: no formula and no link needs a network."""

from __future__ import annotations

from typing import Any, Final

from mistune import HTMLRenderer, create_markdown

from pipelines import settings
from pipelines.desk import words
from pipelines.desk.style import chinese_marked
from pipelines.desk.words import LANGUAGES, Language, Words
from pipelines.publish.pages.content import Page

SLUG: Final = "forecast-methods"
SOURCES: Final[dict[Language, str]] = {"zh": "forecast-methods.zh-CN.md", "en": "forecast-methods.md"}
PAGES: Final = {
    "forecast-methods.zh-CN.md": f"{SLUG}.html",
    "forecast-methods.md": f"{SLUG}.en.html",
    "backtest.md": {"zh": "forecast-record.html", "en": "forecast-record.en.html"},
}
"""File that the text links to → the page of the site that shows it."""
_NAMES: Final = {"backtest.md": Words("预测检验", "forecast record")}
"""What the page of a file is called on the site, where the text gives the file's name."""
_TABLE: Final = {"zh": "表", "en": "table"}


def page() -> Page:
    """The method in both languages, from the texts that lie beside the code."""
    title = Words("预测方法全文", "The method of the forecast in full")
    return Page(SLUG, "manual.html", title, {"manual": {k: html(k) for k in LANGUAGES}}, charts=False)


def html(language: Language) -> str:
    """The text of one language as HTML, without its title, which the page has."""
    text = (settings.PROJECT / "docs" / SOURCES[language]).read_text(encoding="utf-8")
    _, body = text.split("\n", 1)
    made = str(create_markdown(renderer=_Renderer(language), plugins=["table"])(words.plain(body)))
    return made if language == "zh" else chinese_marked(words.marked(made))


class _Renderer(HTMLRenderer):
    """Links lead to pages of the site or are mere text; tables scroll by themselves."""

    def __init__(self, language: Language) -> None:
        super().__init__(escape=True)
        self.language = language
        self.register("table", self._table)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        there: Any = PAGES.get(url)
        if there is None:
            return text
        text = _NAMES[url].to(self.language) if url in _NAMES else text
        return super().link(text, there if isinstance(there, str) else there[self.language], title)

    def _table(self, _: HTMLRenderer, text: str) -> str:
        label = _TABLE[self.language]
        return f'<div class="scroll" role="group" tabindex="0" aria-label="{label}"><table>\n{text}</table></div>\n'
