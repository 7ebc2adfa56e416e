"""What every page must hold in a browser, as functions that name what is wrong: shared by the tests of the tiny site and
of the real one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

GRAVE = ("serious", "critical")
PAPER_WIDTH = 595.92  # points: A4

_CHINESE = """() => {
  const han = /[\\u3400-\\u9fff]/, found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const at = walk.currentNode.parentElement;
    if (han.test(walk.currentNode.data) && !at.closest('[lang^=zh], script, style')) found.push(walk.currentNode.data.trim());
  }
  document.querySelectorAll('[aria-label], [title], [alt]').forEach((e) => {
    if (!e.closest('[lang^=zh]')) for (const a of ['aria-label', 'title', 'alt']) if (han.test(e.getAttribute(a) || '')) found.push(e.getAttribute(a));
  });
  const inside = (v) => {
    if (typeof v === 'string') { if (han.test(v)) found.push(v); } else if (v) Object.keys(v).forEach((k) => k === 'family' || inside(v[k]));
  };
  document.querySelectorAll('script[type="application/json"]').forEach((s) => inside(JSON.parse(s.textContent)));
  return found;
}"""


def open_drawn(page: Any, url: str) -> None:
    """Open a page and have all its charts drawn."""
    page.goto(url)
    page.evaluate("window.dispatchEvent(new Event('beforeprint')); window.dispatchEvent(new Event('afterprint'))")
    page.wait_for_function(
        "document.querySelectorAll('figure.chart').length === document.querySelectorAll('.plot .main-svg:first-child').length"
    )


def grave_violations(page: Any) -> list[str]:
    """Serious and critical findings of axe-core, each with its rule and the first element."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found if v["impact"] in GRAVE]


def chinese_unmarked(page: Any) -> list[str]:
    """Chinese of an English page that stands outside elements with lang="zh…": text, labels, charts."""
    return [str(text)[:80] for text in page.evaluate(_CHINESE)]


def wider_than_screen(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def cut_on_paper(page: Any) -> list[str]:
    """Charts and tables wider than A4 with the margins of the print style; to be called in print media, 682 px wide."""
    return list(
        page.evaluate(
            """() => Array.from(document.querySelectorAll('figure.chart .main-svg:first-child, table'))
                 .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 2)
                 .map((e) => (e.closest('figure') || e.closest('.scroll') || e).id || (e.querySelector('th') || e).textContent.slice(0, 40))"""
        )
    )


def paper(page: Any, target: Path) -> tuple[int, float]:
    """(pages, width in points) of the PDF of a page."""
    page.pdf(path=str(target), prefer_css_page_size=True)
    text = target.read_bytes()
    boxes = re.findall(rb"/MediaBox \[0 0 ([0-9.]+)", text)
    return len(re.findall(rb"/Type /Page\b", text)), float(boxes[0])
