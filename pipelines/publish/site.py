"""Builds the static site of a release: Chinese pages with an English twin beside each, one plotly.min.js, every table as
CSV, nothing fetched from anywhere. Refuses a release whose checks are red."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import polars as pl
from markupsafe import Markup, escape

from pipelines.desk import headlines, tables, words
from pipelines.desk.marts import FILE, ask, counties, current, open_marts
from pipelines.desk.style import chinese_marked
from pipelines.desk.words import LANGUAGES, Language, Words
from pipelines.publish import database, diff, directory, excel, notebooks
from pipelines.publish.pages import changes, content, manual
from pipelines.publish.pages.content import Page
from pipelines.publish.pages.legend import legend
from pipelines.quality import report
from pipelines.settings import Settings, load

ASSETS = ("site.css", "site.js")


class RedReleaseError(RuntimeError):
    """The checks of this release failed; nothing is shown to readers."""


def build_site(
    release: Path,
    *,
    run: bool = True,
    only: Sequence[str] | None = None,
    out: Path | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> Path:
    """``release/marts.duckdb`` and ``release/quality/results.json`` → ``release/site/``. Returns ``site/index.html``.

    `only`: the counties to show in full, by default those of `directory.shown`; `out`: another folder to write to.
    `run` executes the notebooks first unless ``release/notebooks`` holds all of them; without it only what is there is shown.
    `meanwhile` is called when the kernels of the notebooks begin to calculate.
    Raises RedReleaseError when a critical check failed.
    """
    with open_marts(path=release / FILE) as con:
        _refuse_red(release, con)
        shown = list(only or directory.shown(con, load()))
        every = directory.page(con, shown)
    with tempfile.TemporaryDirectory(prefix="minzheng-") as folder, ThreadPoolExecutor(2) as beside:
        seen = Path(folder) if every else release
        excerpt = beside.submit(database.excerpt, release, shown, seen) if every else None
        notes = beside.submit(_notebook_pages, release, seen, excerpt, run=run)
        if excerpt:
            excerpt.result()
        if meanwhile:
            meanwhile()
        with open_marts(path=seen / FILE) as con:
            found = content.pages(con)  # while the kernels run
            pages = [*found, manual.page(), *every, *_quality(con), *notes.result(), *_changes(release)]
            return _Site(out or release / "site", con, pages).write()


def write_pages(settings: Settings, codes: list[str], out: Path, release_id: str | None = None) -> Path:
    """The site of some counties of a release, and their workbooks, in a folder of their own. Returns its index page.

    Raises ValueError for a county that has no plan in the release."""
    release = settings.releases / (release_id or current(settings.marts))
    with open_marts(path=release / FILE) as con:
        chosen = counties(con, codes)["county_code"].to_list()
    with open_marts(path=release / FILE, counties=chosen) as con:
        excel.write(con, out / "excel")
    return build_site(release, run=False, only=chosen, out=out / "site")


def _refuse_red(release: Path, con: duckdb.DuckDBPyConnection) -> None:
    written = json.loads((release / "quality" / "results.json").read_text(encoding="utf-8"))
    results = written["results"] if isinstance(written, dict) else written
    stored = ask(con, "SELECT suite, expectation, severity, passed FROM mart_quality").to_dicts()
    failed = [
        f"{r['suite']}.{r['expectation']}"
        for r in [*results, *stored]
        if r["severity"] == "critical" and not r["passed"]
    ]
    if failed:
        listed = "、".join(sorted(set(failed)))
        raise RedReleaseError(
            f"严重检查未通过，不生成网站：{listed} / critical checks failed, no site is built: {listed}"
        )


def _quality(con: duckdb.DuckDBPyConnection) -> list[Page]:
    results = ask(con, "SELECT * FROM mart_quality")
    marked = results.with_columns(pl.col("message_en").map_elements(words.marked, return_dtype=pl.String))
    fragments = {language: chinese_marked(report.quality_fragment(marked, language)) for language in LANGUAGES}
    return [
        Page(
            "quality",
            "quality.html",
            Words("数据质量检查", "Data quality checks"),
            {},
            Words("质量", "Quality"),
            charts=False,
            quality=fragments,
        )
    ]


def _notebook_pages(release: Path, seen: Path, excerpt: Future[Path] | None, *, run: bool) -> list[Page]:
    folder = release / "notebooks"
    done = sorted(folder.glob("*.ipynb"))
    if run and {p.name for p in done} != {p.name for p in notebooks.sources()}:  # a run may have ended half-way
        done = notebooks.run_notebooks(folder, seen, after=excerpt)
    shown = [notebooks.read(path) for path in done]
    return [
        Page(f"notebook-{n.name}", "notebook.html", Words(n.title["zh"], n.title["en"]), {"notebook": n}) for n in shown
    ]


def _changes(release: Path) -> list[Page]:
    path = release / diff.FILE
    return [changes.page(json.loads(path.read_text(encoding="utf-8")))] if path.exists() else []


class _Site:
    """Renders pages into a folder and collects the CSV files that they link to."""

    def __init__(self, folder: Path, con: duckdb.DuckDBPyConnection, pages: list[Page]) -> None:
        self.folder, self.pages = folder, pages
        self.shared = {
            "release": ask(con, "SELECT * FROM meta_release").to_dicts()[0], "checks": content.status(con), "caveats": headlines.caveats(con),
            "nav": [p for p in pages if p.short], "notebooks": [p for p in pages if p.template == "notebook.html"],
            "place": tables.place, "described": tables.described, "resolution": tables.resolution, "printed": words.printed, "reviewed": tables.review, "absent": {words.NOT_REPORTED.zh, words.NOT_REPORTED.en},
        }  # fmt: skip
        self.sheets: dict[str, str] = {}

    def write(self) -> Path:
        repeated = sorted(slug for slug, times in Counter(p.slug for p in self.pages).items() if times > 1)
        if repeated:
            raise ValueError(f"两个页面同名 / two pages of one name: {', '.join(repeated)}")
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in ("assets", "data"):
            (self.folder / name).mkdir(parents=True)
        _copy_assets(self.folder / "assets")
        environment = self._environment()
        for language in LANGUAGES:
            helpers = self._helpers(language)
            for page in self.pages:
                text = self._render(environment, page, language, helpers)
                (self.folder / _file(page.slug, language)).write_text(text, encoding="utf-8")
        for name, text in self.sheets.items():
            (self.folder / name).write_text(text, encoding="utf-8", newline="")
        return self.folder / "index.html"

    def _render(self, environment: jinja2.Environment, page: Page, language: Language, helpers: dict[str, Any]) -> str:
        frame = {
            "slug": page.slug,
            "title": page.title,
            "charts": page.charts,
            "quality": Markup(page.quality.get(language, "")),
            "quality_style": Markup(report.style()),
        }
        other: Language = "en" if language == "zh" else "zh"
        return environment.get_template(page.template).render(
            page=frame, twin=_file(page.slug, other), lang=language, **helpers, **page.show
        )

    def _environment(self) -> jinja2.Environment:
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(str(files("pipelines.publish.pages"))), autoescape=True, undefined=jinja2.StrictUndefined,
            trim_blocks=True, lstrip_blocks=True, finalize=_chinese_marked,
        )  # fmt: skip
        environment.filters.update(embed=_embed, foreign=_foreign, legend=legend)
        environment.globals.update(self.shared)
        return environment

    def _helpers(self, language: Language) -> dict[str, Any]:
        def sheet(id: str, text: str) -> str:
            name = f"data/{id}.{language}.csv"
            self.sheets[name] = text
            return name

        return {
            "t": lambda zh, en: zh if language == "zh" else en,
            "w": lambda found: found.to(language),
            "said": lambda found: words.capital(found.to(language)),
            "code": lambda codelist, value: words.code(codelist, value).to(language),
            "lines": lambda found: words.lines(list(found)).to(language),
            "heads": lambda table: [h.to(language) for h in table.headers],
            "href": lambda slug: _file(slug, language),
            "csv": lambda id, table: sheet(id, table.csv(language)),
            "csv_text": sheet,
        }


def _file(slug: str, language: Language) -> str:
    return f"{slug}.html" if language == "zh" else f"{slug}.en.html"


@jinja2.pass_context
def _foreign(context: jinja2.runtime.Context, value: Any) -> Any:
    """What a notebook prints from the database, in English pages with its Chinese marked."""
    if context["lang"] == "zh":
        return value
    if isinstance(value, list):
        return [_foreign(context, v) for v in value]
    text = words.marked(words.plain(str(value)))
    return Markup(chinese_marked(text)) if isinstance(value, Markup) else text


def _chinese_marked(value: object) -> object:
    """Chinese inside English text gets an element that says its language."""
    if isinstance(value, str) and not isinstance(value, Markup) and words.OPEN in value:
        return Markup(chinese_marked(str(escape(value))))
    return value


def _embed(value: object) -> Markup:
    """JSON that cannot end the script element it stands in."""
    text = words.plain(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _copy_assets(folder: Path) -> None:
    for name in ASSETS:
        (folder / name).write_text(
            files("pipelines.publish.pages").joinpath(name).read_text(encoding="utf-8"), encoding="utf-8"
        )
    (folder / "plotly.min.js").write_bytes(files("plotly").joinpath("package_data", "plotly.min.js").read_bytes())
