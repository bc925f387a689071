"""Every panel with ordinary, empty, single, unknown and too much input; its figure's data is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import pytest

from velvet.bench.views import Matrix
from velvet.ui import panels
from velvet.ui.palette import KIND_COLOURS, SCALE, WHITE
from velvet.ui.panels import Span

MS = 1_000_000


def span(lane: str, t0_ms: float, t1_ms: float, kind: str = "run", name: str = "work") -> Span:
    return Span(lane, name, kind, round(t0_ms * MS), round(t1_ms * MS))


def names(figure: go.Figure) -> list[str]:
    return [trace.name for trace in figure.data]


def times(values: Sequence[float]) -> Any:
    return pytest.approx(list(values))


class TestTimeline:
    def test_a_span_tells_its_length_in_seconds(self):
        assert span("a", 1000, 3500).seconds == 2.5

    def test_bars_begin_and_end_with_their_spans(self):
        figure = panels.timeline([span("a", 5, 7), span("b", 6, 10)], title="run")

        bar = figure.data[0]
        assert list(bar.y) == ["a", "b"]
        assert list(bar.base) == times([0.0, 0.001])
        assert list(bar.x) == times([0.002, 0.004])
        assert figure.layout.title.text == "run"

    def test_each_kind_has_its_colour_pattern_and_entry(self):
        figure = panels.timeline([span("a", 0, 1, kind) for kind in KIND_COLOURS])

        assert names(figure) == list(KIND_COLOURS)
        for bar in figure.data:
            fill, stroke, shape = KIND_COLOURS[bar.name]
            assert (bar.marker.color, bar.marker.pattern.shape) == (fill, shape)
            assert bar.marker.line.color == stroke

    def test_kinds_come_in_their_own_order_and_an_unknown_one_is_refused(self):
        figure = panels.timeline([span("a", 0, 1, "wait"), span("a", 1, 2, "run")])

        assert names(figure) == ["run", "wait"]
        with pytest.raises(ValueError, match="dance"):
            panels.timeline([span("a", 0, 1, "dance")])

    def test_nothing_is_an_empty_figure(self):
        figure = panels.timeline([])

        assert len(figure.data) == 0

    def test_one_span_is_one_bar(self):
        figure = panels.timeline([span("a", 3, 4)])

        assert list(figure.data[0].base) == [0.0]

    def test_the_first_lane_stands_on_top(self):
        figure = panels.timeline([span("second", 5, 6), span("first", 1, 2)])

        assert list(figure.layout.yaxis.categoryarray) == ["second", "first"]


class TestMemory:
    def test_each_series_is_a_line_with_a_dash_of_its_own(self):
        figure = panels.memory({"list": [(0, 10), (1, 30)], "generator": [(0, 10), (1, 11)]})

        assert names(figure) == ["list", "generator"]
        assert list(figure.data[0].y) == [10, 30]
        assert figure.data[0].line.dash != figure.data[1].line.dash

    def test_the_floor_is_shaded_and_named(self):
        figure = panels.memory({"list": [(0, 10)]}, floor_mb=9.6)

        assert figure.layout.shapes[0].y1 == 9.6
        assert figure.layout.annotations[0].text == "imports alone: 10 MB"

    def test_without_a_floor_nothing_is_shaded(self):
        assert panels.memory({"list": [(0, 10)]}).layout.shapes == ()

    def test_nothing_is_an_empty_figure(self):
        assert len(panels.memory({}).data) == 0

    def test_seven_series_repeat_the_look_and_keep_their_names(self):
        figure = panels.memory({str(number): [(0, 1)] for number in range(7)})

        assert names(figure)[-1] == "6"
        assert figure.data[6].line.color == figure.data[0].line.color


def matrix(rows: int, columns: int, cell: float | None = 1.0) -> Matrix:
    return Matrix(
        [f"r{n}" for n in range(rows)],
        [f"c{n}" for n in range(columns)],
        [[cell] * columns for _ in range(rows)],
        [["text"] * columns for _ in range(rows)],
    )


class TestHeatmap:
    def test_cells_say_how_many_times_the_best(self):
        table = Matrix(["a", "b"], ["n=1"], [[0.0], [3.0]], [["1 us"], ["8 us"]])

        heat = panels.heatmap(table, title="grid").data[0]

        assert [row[0] for row in heat.text] == ["best", "8.00x"]
        assert heat.customdata[1][0] == "8 us"
        assert heat.colorscale[0][1] == SCALE[0]

    def test_a_cell_that_was_not_measured_stays_blank_and_says_so(self):
        table = Matrix(["a"], [""], [[None]], [["not measured"]])

        heat = panels.heatmap(table).data[0]

        assert heat.text[0][0] == ""
        assert heat.z[0][0] is None
        assert list(heat.x) == ["all"]

    def test_an_empty_table_is_an_empty_figure(self):
        heat = panels.heatmap(matrix(0, 0)).data[0]

        assert list(heat.y) == []
        assert heat.zmax == 1

    def test_more_rows_make_a_taller_figure(self):
        small, large = panels.heatmap(matrix(2, 2)), panels.heatmap(matrix(20, 2))

        assert large.layout.height > small.layout.height


class TestGrid:
    def test_shares_of_time_bins_by_lane(self):
        figure = panels.grid(["core 0"], [0.0, 0.5], [[0.0, 1.0]], title="busy")

        heat = figure.data[0]
        assert list(heat.x) == [0.0, 0.5]
        assert list(heat.z[0]) == [0.0, 1.0]
        assert (heat.zmin, heat.zmax) == (0, 1)

    def test_nothing_is_an_empty_figure(self):
        assert list(panels.grid([], [], []).data[0].y) == []


class TestIntervals:
    def test_two_machines_differ_in_symbol_and_have_a_legend(self):
        rows = [("a", 2.0, 1.5, 3.0)]

        figure = panels.intervals({"this machine": rows, "reference machine": rows})

        assert names(figure) == ["this machine", "reference machine"]
        assert figure.data[0].marker.symbol != figure.data[1].marker.symbol


class TestLogAxis:
    @pytest.mark.parametrize(("low", "high"), [(0.5, 3), (1, 90), (1e-6, 1e9), (2.1, 2.2)])
    def test_labels_rise_and_are_few(self, low, high):
        axis = panels.log_axis(low, high)

        assert axis["tickvals"] == sorted(set(axis["tickvals"]))
        assert len(axis["tickvals"]) <= panels.MAX_TICKS
        assert len(axis["ticktext"]) == len(axis["tickvals"])

    def test_labels_are_the_figures_themselves(self):
        assert panels.log_axis(1, 10, suffix="x")["ticktext"] == ["1x", "2x", "5x", "10x"]


class TestLines:
    def test_curves_differ_in_symbol_and_dash(self):
        figure = panels.lines({"a": [(1, 2), (10, 20)], "b": [(1, 1)]}, x="n", y="s", log=True)

        first, second = figure.data
        assert list(first.x) == [1, 10]
        assert first.line.dash != second.line.dash
        assert first.marker.symbol != second.marker.symbol
        assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"

    def test_many_points_are_a_line_without_markers(self):
        figure = panels.lines({"a": [(n, n) for n in range(200)], "b": [(0, 0)]})

        assert figure.data[0].mode == "lines"
        assert figure.data[1].mode == "lines+markers"
        assert figure.layout.xaxis.type == "linear"

    def test_nothing_is_an_empty_figure(self):
        assert len(panels.lines({}).data) == 0


class TestStateStrip:
    def test_each_state_is_a_bar_with_its_word(self):
        segments = [("closed", 0.0, 2.0), ("open", 2.0, 5.0), ("closed", 5.0, 10.0)]

        figure = panels.state_strip(segments, {"closed": "#a7facd"})

        assert [bar.base[0] for bar in figure.data] == [0.0, 2.0, 5.0]
        assert [bar.text[0] for bar in figure.data] == ["closed", "open", "closed"]
        assert [bar.showlegend for bar in figure.data] == [True, True, False]

    def test_a_state_without_a_colour_is_white(self):
        figure = panels.state_strip([("odd", 0.0, 1.0)], {})

        assert figure.data[0].marker.color == WHITE

    def test_a_bar_too_short_for_its_word_leaves_it_to_the_pointer(self):
        figure = panels.state_strip([("blink", 0.0, 0.1), ("long", 0.1, 10.0)], {})

        assert figure.data[0].text[0] == ""
        assert "blink: 0.00 to 0.10 s" in figure.data[0].hovertemplate

    def test_nothing_is_an_empty_figure(self):
        assert len(panels.state_strip([], {}).data) == 0
