"""The house style: Table and Chart, which know both languages and display themselves in a notebook, and the one plotly
template (Okabe-Ito colours told apart in grey by dashes, markers and hatching; projections dashed; intervals as bands)."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipelines import settings
from pipelines.cells import neutral
from pipelines.desk import words
from pipelines.desk.words import Language, Words

Spec = dict[str, Any]
Cell = Words | str | int | float | None
CHART_MIME = "application/vnd.minzheng.chart+json"
TABLE_MIME = "application/vnd.minzheng.table+json"
PLOTLY_MIME = "application/vnd.plotly.v1+json"

BLUE, ORANGE, GREEN, VERMILION, PINK, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
PURPLE = "#7a4988"
INK, MUTED, GRID, PALE = "#1b2733", "#5b6772", "#e3e7ea", "#c9d0d6"
SERIES = (BLUE, VERMILION, GREEN, ORANGE, PINK, SKY, INK, MUTED)
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "star")
HATCHES = ("", "/", "\\", "x", "-", "|", "+", ".")
FONT = (
    '"Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "SimHei", sans-serif'
)
CONFIG = {
    "displaylogo": False,
    "displayModeBar": False,
    "responsive": True,
    "showSendToCloud": False,
    "scrollZoom": False,
}
_AXIS = {
    "gridcolor": GRID,
    "linecolor": MUTED,
    "zeroline": False,
    "automargin": True,
    "ticks": "",
    "tickformat": ",~r",
    "exponentformat": "none",
}
TEMPLATE: Spec = {
    "layout": {
        "font": {"family": FONT, "size": 13, "color": INK},
        "colorway": list(SERIES),
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": {
            **_AXIS,
            "showgrid": False,
            "showline": True,
            "title": {"standoff": 6, "font": {"size": 12, "color": MUTED}},
        },
        "yaxis": {**_AXIS, "showgrid": True, "rangemode": "tozero", "title": {"standoff": 8}},
        "legend": {
            "orientation": "h",
            "traceorder": "normal",
            "x": 0,
            "y": -0.2,
            "yanchor": "top",
            "font": {"size": 12},
        },
        "margin": {"l": 8, "r": 16, "t": 16, "b": 8},
        "hoverlabel": {"font": {"family": FONT, "size": 13}},
        "hovermode": "closest",
        "dragmode": False,
        "bargap": 0.35,
        "separators": ".,",
    }
}


@dataclass(frozen=True)
class Table:
    """Rows under bilingual headers. Cells are numbers, text or Words; an empty cell is written —."""

    headers: tuple[Words, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: Words | None = None

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns hold numbers, also with an interval, a percent sign or typed absences among them, for alignment."""
        return tuple(_numeric([r[i] for r in self.rows]) for i in range(len(self.headers)))

    def cells(self, language: Language) -> list[list[str]]:
        return [[shown(c, language) for c in row] for row in self.rows]

    def csv(self, language: Language) -> str:
        """Comma-separated, unformatted numbers, with the byte-order mark that Excel and WPS need for Chinese."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow([neutral(words.plain(h.to(language))) for h in self.headers])
        writer.writerows([[_raw(c, language) for c in row] for row in self.rows])
        return "\ufeff" + out.getvalue()

    def html(self, language: Language) -> str:
        """A plain escaped HTML table, for notebooks."""
        head = "".join(f'<th style="text-align:left">{html.escape(h.to(language))}</th>' for h in self.headers)
        sides = ["right" if n else "left" for n in self.numeric]
        body = "".join(
            "<tr>"
            + "".join(f'<td style="text-align:{s}">{html.escape(c)}</td>' for s, c in zip(sides, row, strict=True))
            + "</tr>"
            for row in self.cells(language)
        )
        caption = f"<caption>{html.escape(self.caption.to(language))}</caption>" if self.caption else ""
        return chinese_marked(f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")

    def to_json(self, language: Language) -> Spec:
        return {
            "caption": self.caption.to(language) if self.caption else "",
            "headers": [h.to(language) for h in self.headers],
            "rows": self.cells(language),
            "numeric": list(self.numeric),
            "csv": self.csv(language),
        }

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        mine = spoken()
        text = words.plain("\n".join("\t".join(r) for r in [[h.to(mine) for h in self.headers], *self.cells(mine)]))
        return {
            "text/html": self.html(mine),
            "text/plain": text,
            TABLE_MIME: {k: self.to_json(k) for k in words.LANGUAGES},
        }


_QUANTITY = re.compile(r"[<>≥≤约]?[-−+]?[0-9][0-9,.]*%?( ?[(（][0-9,.–—% ]+[)）])?")
_YEAR = re.compile(r"(19|20)[0-9]{2}")


def _numeric(cells: list[Cell]) -> bool:
    said = [shown(c, "zh") for c in cells if c not in (None, words.NOT_REPORTED, "")]
    telling = [s for s in said if s != words.DASH]
    return (
        bool(telling) and all(_QUANTITY.fullmatch(s) for s in telling) and not all(_YEAR.fullmatch(s) for s in telling)
    )


@dataclass(frozen=True)
class Chart:
    """A figure that can be defended: the finding as its title, the unit, the source, the table behind it, words for those
    who cannot see it. `draw` gives plotly data and layout in a language."""

    id: str
    title: Words
    unit: Words
    source: Words
    alt: Words
    table: Table
    draw: Callable[[Language], Spec]
    note: Words | None = None

    def spec(self, language: Language) -> Spec:
        """Plotly data, layout and config in the house style, without the title (the page carries it)."""
        drawn = self.draw(language)
        layout = {"template": TEMPLATE, "height": 340, **drawn["layout"]}
        return {"data": drawn["data"], "layout": _level_unit(layout), "config": CONFIG}

    def figure(self, language: Language | None = None) -> Any:
        """A plotly Figure with title and source inside, for a notebook or a report."""
        import plotly.graph_objects as go

        spec = self._titled(language or spoken())
        return go.Figure(data=spec["data"], layout=spec["layout"])

    def _titled(self, language: Language) -> Spec:
        spec = self.spec(language)
        note = {"text": self.source.to(language), "xref": "paper", "yref": "paper", "x": 0, "y": 1.01, "yanchor": "bottom",
                "showarrow": False, "font": {"size": 11, "color": MUTED}, "align": "left"}  # fmt: skip
        title = {
            "text": f"<b>{html.escape(words.capital(self.title.to(language)))}</b>",
            "x": 0,
            "xref": "paper",
            "font": {"size": 15},
        }
        margin = {**TEMPLATE["layout"]["margin"], "t": 76}
        layout = {**spec["layout"], "title": title, "margin": margin, "height": 420}
        layout["annotations"] = [*layout.get("annotations", []), note]
        return {**spec, "layout": layout}

    def to_json(self, language: Language) -> Spec:
        return {
            "id": self.id, "title": words.capital(self.title.to(language)), "unit": self.unit.to(language), "source": self.source.to(language),
            "alt": self.alt.to(language), "note": self.note.to(language) if self.note else "", "table": self.table.to_json(language),
            "spec": self.spec(language),
        }  # fmt: skip

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        mine = spoken()
        return {
            PLOTLY_MIME: self._titled(mine),
            "text/plain": f"{self.title.to(mine)}\n{self.alt.to(mine)}\n{self.source.to(mine)}",
            CHART_MIME: {k: self.to_json(k) for k in words.LANGUAGES},
        }


def chinese_marked(escaped: str) -> str:
    """HTML in which Chinese inside English text says its language, for speech and for fonts."""
    return escaped.replace(words.OPEN, '<span lang="zh-CN">').replace(words.CLOSE, "</span>")


def _level_unit(layout: Spec) -> Spec:
    """The unit of the vertical axis written level above it: a turned 人 is hard to read."""
    text = layout["yaxis"].get("title", {}).get("text", "")
    if not text:
        return layout
    mark = {"text": html.escape(text), "xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "yshift": 6,
            "showarrow": False, "font": {"size": 12, "color": MUTED}}  # fmt: skip
    margin = {**TEMPLATE["layout"]["margin"], "t": 30, **layout.get("margin", {})}
    return {
        **layout,
        "yaxis": {**layout["yaxis"], "title": {"text": ""}},
        "annotations": [*layout.get("annotations", []), mark],
        "margin": margin,
    }


def spoken() -> Language:
    """The office's language, from the settings."""
    return "en" if settings.load().language == "en" else "zh"


def shown(cell: Cell, language: Language) -> str:
    if isinstance(cell, Words):
        return cell.to(language)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return words.number(cell)
    return words.DASH if cell is None or cell == "" else str(cell)


def _raw(cell: Cell, language: Language) -> str:
    if isinstance(cell, float):
        return f"{cell:.10g}"
    return "" if cell is None else neutral(words.plain(cell.to(language) if isinstance(cell, Words) else str(cell)))


def band(x: list[Any], low: list[float], high: list[float], name: str, colour: str = BLUE) -> list[Spec]:
    """An interval as a filled band: two traces, one legend entry."""
    edge = {"type": "scatter", "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    rgb = ",".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    return [
        {**edge, "x": x, "y": low, "showlegend": False},
        {**edge, "x": x, "y": high, "name": name, "fill": "tonexty", "fillcolor": f"rgba({rgb},0.18)"},
    ]


def axis(title: str, **more: object) -> Spec:
    return {"title": {"text": title}, **more}


def years(**more: object) -> Spec:
    """A time axis in whole years, written without separators."""
    return {"title": {"text": ""}, "dtick": 5, "tickformat": "d", **more}
