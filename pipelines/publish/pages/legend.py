"""Legends as text with small drawn samples: they wrap on a phone, print, and are read aloud, which a legend inside a
chart does not."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup, escape

Trace = dict[str, Any]
_DASH = {"solid": "", "dash": "6 3", "dot": "2 2", "dashdot": "6 2 2 2", "longdash": "9 3", "longdashdot": "9 2 2 2"}
_MARK = {
    "circle": "M14 2.5a3.5 3.5 0 1 0 .01 0z", "square": "M11 3h6v6h-6z", "diamond": "M14 1.5l4.5 4.5-4.5 4.5-4.5-4.5z", "triangle-up": "M14 2l4.5 8h-9z",
    "x": "M10.5 2.5l7 7m0-7l-7 7", "star": "M14 1l1.5 3.4 3.7.4-2.8 2.5.8 3.7-3.2-1.9-3.2 1.9.8-3.7-2.8-2.5 3.7-.4z",
}  # fmt: skip
_HATCH = {"/": "M-4 12L8 0M2 12L14 0M8 12L20 0M14 12L26 0", "\\": "M-4 0L8 12M2 0L14 12M8 0L20 12M14 0L26 12", "-": "M0 3h28M0 6h28M0 9h28", "|": "M5 0v12M10 0v12M15 0v12M20 0v12M25 0v12",
          ".": "M4 3h2M10 3h2M16 3h2M22 3h2M7 6h2M13 6h2M19 6h2M4 9h2M10 9h2M16 9h2M22 9h2"}  # fmt: skip
_HATCH |= {"x": _HATCH["/"] + _HATCH["\\"], "+": _HATCH["-"] + _HATCH["|"]}


def legend(data: list[Trace]) -> list[tuple[str, Markup]]:
    """(name, sample) of every named trace of a plotly figure that has more than one, in drawing order."""
    named = [t for t in data if t.get("name") and t.get("showlegend") is not False]
    if len(named) < 2:
        return []
    return [(str(t["name"]), Markup('<svg viewBox="0 0 28 12" width="28" height="12" aria-hidden="true">') + _sample(t) + Markup("</svg>")) for t in named]  # fmt: skip


def _sample(trace: Trace) -> Markup:
    if trace["type"] == "bar":
        return _bar(trace.get("marker", {}))
    if trace.get("fill"):
        return Markup('<rect y="1" width="28" height="10" fill="{}"/>').format(escape(trace["fillcolor"]))
    parts = Markup("")
    if "lines" in trace.get("mode", ""):
        line = trace.get("line", {})
        parts += Markup('<path d="M0 6h28" stroke="{}" stroke-width="{}" stroke-dasharray="{}"/>').format(
            line.get("color", "#000"), line.get("width", 2), _DASH.get(line.get("dash", "solid"), "")
        )
    if "markers" in trace.get("mode", ""):
        parts += _mark(trace.get("marker", {}))
    return parts


def _mark(marker: dict[str, Any]) -> Markup:
    symbol, colour = str(marker.get("symbol", "circle")), marker.get("color", "#000")
    path = _MARK.get(symbol.removesuffix("-open"), _MARK["circle"])
    hollow = symbol.endswith("-open") or symbol == "x"
    return Markup('<path d="{}" fill="{}" stroke="{}" stroke-width="1.6"/>').format(
        path, "none" if hollow else colour, colour
    )


def _bar(marker: dict[str, Any]) -> Markup:
    pattern = marker.get("pattern", {})
    base = Markup('<rect width="28" height="12" fill="{}" stroke="#1b2733" stroke-width="0.6"/>').format(
        marker.get("color", "#000")
    )
    shape = _HATCH.get(pattern.get("shape", ""), "")
    return (
        base
        + Markup('<path d="{}" stroke="{}" stroke-width="1.4" fill="none"/>').format(
            shape, pattern.get("fgcolor", "#fff")
        )
        if shape
        else base
    )
