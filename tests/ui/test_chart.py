"""Figures on a page: title outside, legend below, dark colours in the dark theme."""

from __future__ import annotations

import plotly.graph_objects as go

from velvet.ui import chart
from velvet.ui.palette import FILLS, STROKES, plotly_layout


def bars(*names: str) -> go.Figure:
    figure = go.Figure()
    for name in names:
        figure.add_bar(name=name, x=["a"], y=[1], marker={"color": STROKES[0]})
    return plotly_layout(figure, title="A title", height=300)


def test_the_title_leaves_the_figure_and_the_original_is_untouched():
    figure = bars("one", "two")

    done, title = chart.fitted(figure)

    assert title == "A title"
    assert done.layout.title.text == ""
    assert figure.layout.title.text == "A title"


def test_the_legend_stands_below_and_gets_room_for_its_rows():
    few, _ = chart.fitted(bars("one", "two"))
    many, _ = chart.fitted(bars(*(f"a rather long name of series {n}" for n in range(6))))

    legend = few.layout.template.layout.legend
    assert (legend.y, legend.yref, legend.yanchor) == (0, "container", "bottom")
    assert many.layout.height > few.layout.height
    assert many.layout.margin.b > few.layout.margin.b
    assert many.layout.height - many.layout.margin.b >= few.layout.height - few.layout.margin.b


def test_a_trace_that_knows_no_legend_takes_none():
    figure = plotly_layout(go.Figure(go.Icicle(labels=["a", "b"], parents=["", "a"])))

    assert chart.fitted(figure)[0].layout.height == 360


def test_in_the_dark_theme_strokes_are_pale():
    done, _ = chart.fitted(bars("one"), dark=True)

    assert done.data[0].marker.color == FILLS[0]
