"""Legends as text: every named trace once, its sample drawn like the trace, names escaped by the page."""

from __future__ import annotations

from pipelines.desk.charts.base import bars, dots, line
from pipelines.desk.style import band
from pipelines.publish.pages.legend import legend


def test_each_named_trace_has_a_sample_of_its_kind() -> None:
    dashed = line([1], [1], "dashed", colour="#0072B2", dash="dash", marks=False)
    data = [
        dashed,
        bars(["a"], [1], "hatched", "#E69F00", "/"),
        dots(["a"], [1], "open", "#009E73", "circle-open"),
        *band([1], [0], [2], "interval"),
    ]
    samples = dict(legend(data))
    assert list(samples) == ["dashed", "hatched", "open", "interval"]
    assert (
        'stroke-dasharray="6 3"' in samples["dashed"]
        and 'fill="#E69F00"' in samples["hatched"]
        and "<path" in samples["hatched"]
    )
    assert 'fill="none"' in samples["open"] and "rgba(" in samples["interval"]


def test_hidden_and_single_traces_need_no_legend() -> None:
    one = line([1], [1], "only", colour="#000000")
    assert legend([one]) == []
    assert legend([one, {**one, "showlegend": False}]) == []


def test_a_colour_cannot_become_markup() -> None:
    one = line([1], [1], "a", colour='"><script>')
    assert "<script>" not in "".join(sample for _, sample in legend([one, one]))
