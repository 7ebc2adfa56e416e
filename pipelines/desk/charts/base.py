"""What all charts share: their sources, series of the house style, and counties down the side in their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from pipelines.desk import words
from pipelines.desk.ahead import LAST_YEAR
from pipelines.desk.marts import ask, counties
from pipelines.desk.style import INK, MUTED, Spec, axis
from pipelines.desk.words import Language, Words

LAST = LAST_YEAR


YEAR, PERSONS, BEDS, WAN = (
    Words("年份", "year"),
    Words("人", "persons"),
    Words("张", "beds"),
    Words("万元", "10,000 CNY"),
)


CENSUS = Words("第六、七次全国人口普查（2010、2020年）", "national population censuses of 2010 and 2020")


def plans(con: duckdb.DuckDBPyConnection, county: str | None = None) -> Words:
    """The plans behind a chart."""
    rows = ask(
        con,
        "SELECT title_zh, title_en FROM dim_source WHERE source_id LIKE 'plan-%' AND ($c IS NULL OR county_code = $c)",
        c=county,
    ).to_dicts()
    if len(rows) == 1:
        return Words(f"《{rows[0]['title_zh']}》", rows[0]["title_en"])
    return Words(
        f"{words.several(len(rows))}县（市、区）“十四五”民政规划",
        f"the civil-affairs plans 2021–2025 of {len(rows)} counties",
    )


def method(con: duckdb.DuckDBPyConnection, table: str) -> Words:
    """The method by its short name; the full version with its hashes stands on the methods page."""
    full = ask(con, f"SELECT DISTINCT method_version FROM {table} ORDER BY 1")["method_version"]
    versions = list(dict.fromkeys(v.split("|")[0].split("+")[0] for v in full))
    return Words(f"预测方法 {'、'.join(versions)}", f"projection method {', '.join(versions)}")


def source_of(*parts: Words) -> Words:
    said = words.joined(list(parts))
    return Words(f"来源：{said.zh}。", f"Source: {said.en}.")


def one(con: duckdb.DuckDBPyConnection, county: str) -> dict[str, Any]:
    return counties(con, [county]).to_dicts()[0]


def line(
    x: list[Any],
    y: list[Any],
    name: str,
    *,
    colour: str,
    marker: str = "circle",
    dash: str = "solid",
    width: int = 2,
    marks: bool = True,
) -> Spec:
    return {
        "type": "scatter", "x": x, "y": y, "name": name, "mode": "lines+markers" if marks else "lines",
        "line": {"color": colour, "dash": dash, "width": width}, "marker": {"symbol": marker, "size": 8, "color": colour},
        "hovertemplate": "%{x}：%{y:,.0f}<extra>%{fullData.name}</extra>",
    }  # fmt: skip


def bars(y: list[str], x: list[Any], name: str, colour: str, hatch: str = "", *, unit: str = "") -> Spec:
    """One horizontal bar series, one bar a county."""
    marker = {
        "color": colour,
        "line": {"color": INK, "width": 0.5},
        "pattern": {"shape": hatch, "solidity": 0.35, "fgcolor": "#ffffff", "fillmode": "overlay", "fgopacity": 0.9},
    }
    return {
        "type": "bar",
        "orientation": "h",
        "y": y,
        "x": x,
        "name": name,
        "marker": marker,
        "hovertemplate": "%{y}：%{x:,.1f}" + unit + "<extra>%{fullData.name}</extra>",
    }


def dots(y: list[str], x: list[Any], name: str, colour: str, symbol: str) -> Spec:
    return {"type": "scatter", "mode": "markers", "cliponaxis": False, "x": x, "y": y, "name": name, "marker": {"symbol": symbol, "size": 12, "color": colour, "line": {"width": 2, "color": colour}},
            "hovertemplate": "%{y}：%{x:,.2~f}<extra>%{fullData.name}</extra>"}  # fmt: skip


MOST = 30  # bars of one chart that can be read, and printed on a page


def across(language: Language, unit: Words, names: list[Words], data: list[Spec], silent: Sequence[str] = ()) -> Spec:
    """Horizontal bars or marks with counties (or their purses) down the side in their order. Of more than MOST only the largest
    and the smallest are drawn, and the chart says so; its table has them all. `silent`: names that report nothing."""
    order, said = [n.to(language) for n in names], []
    if len(order) > MOST:
        kept = _ends(data, MOST // 2)
        data = [_only(trace, kept) for trace in data]
        said = [_cut(len(order), len(kept)).to(language)]
        order = [n for n in order if n in kept]
    layout = {
        "barmode": "stack", "height": 140 + 44 * len(order), "xaxis": axis(unit.to(language), showgrid=True, rangemode="tozero"),
        "yaxis": axis("", categoryorder="array", categoryarray=order[::-1], showgrid=False, type="category"),
        "annotations": [{"text": t, "xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom",
                         "showarrow": False, "font": {"color": MUTED, "size": 12}} for t in said]
        + [absent(n, language) for n in silent if n in order],
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _cut(every: int, drawn: int) -> Words:
    return Words(
        f"共{every}个，图中只画最大和最小的{drawn}个，全部见表",
        f"{drawn} of {every} drawn, the largest and the smallest; all of them are in the table",
    )


def _ends(data: list[Spec], many: int) -> set[str]:
    """The names with the largest and with the smallest values: bars by their sum, marks by the largest of them."""
    size: dict[str, float] = {}
    for trace in data:
        for name, value in zip(trace["y"], trace["x"], strict=True):
            if value is not None:
                before = size.get(name)
                together = (before or 0.0) + value if trace["type"] == "bar" else max(value, before or value)
                size[name] = together
    ranked = sorted(size, key=lambda n: (-size[n], n))
    return {*ranked[:many], *ranked[-many:]}


def _only(trace: Spec, kept: set[str]) -> Spec:
    """A trace without the other names; whatever it holds per name is cut alike."""
    here = [name in kept for name in trace["y"]]

    def cut(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: cut(v) for k, v in value.items()}
        if isinstance(value, list) and len(value) == len(here):
            return [v for v, keep in zip(value, here, strict=True) if keep]
        return value

    return {k: cut(v) for k, v in trace.items()}


def absent(name: str, language: Language) -> Spec:
    """The words 未报告 where a bar would be."""
    return {
        "x": 0,
        "y": name,
        "xanchor": "left",
        "showarrow": False,
        "text": words.NOT_REPORTED.to(language),
        "font": {"color": MUTED, "size": 12},
        "xshift": 6,
    }
