"""Route map: one question, five algorithms, and the crossings that each of them had to settle."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from itertools import pairwise
from math import nan
from typing import Any, NamedTuple

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.chart import CONFIG, fitted, is_dark
from velvet.ui.palette import LINE, STROKES, TEXT, WHITE, pair, plotly_layout
from velvet_algorithms.graph import MAIN_EVERY, Graph, beeline, road_network
from velvet_algorithms.hierarchy import ContractionHierarchy
from velvet_algorithms.paths import Landmarks, PathResult, astar, bidirectional, dijkstra

SIDES = (24, 32, 40, 60, 80)
SHOWN_FIRST = ("Dijkstra", "A*", "hierarchy")
# The largest set of dots lies lowest and is drawn largest, so that a smaller one is seen on it.
DOTS = {"Dijkstra": 7.0, "bidirectional": 6.0, "A*": 5.0, "landmarks": 4.0, "hierarchy": 8.0}
MAX_CLICKABLE = 2500
MAP = "route-map-figure"
Line = tuple[list[float], list[float]]  # x and y


class Town(NamedTuple):
    """A road network with what is prepared for it."""

    side: int
    graph: Graph
    landmarks: Landmarks
    hierarchy: ContractionHierarchy

    def dots(self, nodes: Iterable[int]) -> Line:
        """Return where crossings lie."""
        points = [self.graph.points[node] for node in nodes]
        return [x for x, _ in points], [y for _, y in points]

    def lines(self, parts: Iterable[Sequence[int]]) -> Line:
        """Return paths of crossings as one line; where one ends there is no number, but NaN."""
        xs: list[float] = []
        ys: list[float] = []
        for nodes in parts:
            x, y = self.dots(nodes)
            xs += [*x, nan]
            ys += [*y, nan]
        return xs, ys

    def streets(self, main: bool) -> Line:
        """Return the main roads, or all other streets."""
        chosen = []
        for tail, head, _ in self.graph.edges:
            line = tail // self.side if head == tail + 1 else tail % self.side
            if (line % MAIN_EVERY == 0) is main:
                chosen.append((tail, head))
        return self.lines(chosen)


@cache
def town(side: int) -> Town:
    """Return a town with its landmarks and its hierarchy; one to two seconds where it is large."""
    graph = road_network(side, 1)
    return Town(side, graph, Landmarks(graph), ContractionHierarchy.build(graph))


@cache
def searches(side: int, source: int, target: int) -> dict[str, tuple[PathResult, float]]:
    """Return each algorithm's answer and the least seconds of three calls."""
    where = town(side)
    graph, bound = where.graph, beeline(where.graph, target).__getitem__
    asked: dict[str, Callable[[], PathResult]] = {
        "Dijkstra": partial(dijkstra, graph, source, target),
        "bidirectional": partial(bidirectional, graph, source, target),
        "A*": partial(astar, graph, source, target, bound),
        "landmarks": partial(where.landmarks.route, source, target),
        "hierarchy": partial(where.hierarchy.query, source, target),
    }
    found = {}
    for name, ask in asked.items():
        took = []
        for _ in range(3):
            began = time.perf_counter()
            result = ask()
            took.append(time.perf_counter() - began)
        found[name] = (result, min(took))
    return found


def controls() -> dict[str, Any]:
    """Ask for the map, the two ends, and whose crossings are shown."""
    words = {f"{side} x {side}": side for side in SIDES}
    side = words[kit.choice("Crossings of the map", list(words), "40 x 40")]
    last = side * side - 1
    ends = {"source": side * 15 // 40 * side + side // 4}
    ends["target"] = side * 33 // 40 * side + side * 22 // 40
    chosen = {
        name: int(kit.number(name.capitalize(), 0, last, at, step=1, key=f"{name}-{side}"))
        for name, at in ends.items()
    }
    kit.choice("A click on a crossing sets the", list(ends), key="sets")
    several: dict[str, Any] = {"selection_mode": "multi", "bind": "query-params"}
    shown = st.pills(
        "Settled crossings of", list(DOTS), default=SHOWN_FIRST, key="route-map-of", **several
    )
    return {"side": side, **chosen, "shown": [name for name in DOTS if name in shown]}


def figure(where: Town, found: dict[str, PathResult], shown: Sequence[str]) -> go.Figure:
    """Draw the streets, what was settled, the route, and the shortcuts that the hierarchy took."""
    drawn = go.Figure()

    def line(xy: Line, **style: Any) -> None:
        drawn.add_scatter(x=xy[0], y=xy[1], mode="lines", hoverinfo="skip", **style)

    line(where.streets(False), line={"width": 0.8, "color": "#CFC8D6"}, showlegend=False)
    line(where.streets(True), line={"width": 2.2, "color": "#A99DB5"}, showlegend=False)
    for index, (name, size) in enumerate(DOTS.items()):
        if name in shown:
            fill, stroke = pair(index)
            xs, ys = where.dots(found[name].settled)
            drawn.add_scatter(
                x=xs,
                y=ys,
                mode="markers",
                name=f"{name}: {len(found[name].settled):,}",
                marker={
                    "size": max(3.0, size * min(1.0, 40 / where.side)),
                    "symbol": "diamond" if name == "hierarchy" else "circle",
                    "color": fill,
                    "line": {"color": stroke, "width": 0.7},
                },
                unselected={"marker": {"opacity": 1.0}},  # a click would fade all others
                hoverinfo="skip",
            )
    route = found["Dijkstra"].path
    line(where.lines([route]), line={"width": 4, "color": TEXT}, name="route")
    if "hierarchy" in shown:
        parts = shortcuts(where.hierarchy, found["hierarchy"].packed)
        style = {"width": 2.4, "color": STROKES[1], "dash": "dot"}
        ends = [(part[0], part[-1]) for part in parts]
        line(where.lines(ends), line=style, name=f"{len(parts)} shortcuts")
    for text, node in zip(("source", "target"), (route[:1] + route[-1:]), strict=False):
        x, y = where.graph.points[node]
        drawn.add_annotation(x=x, y=y, text=text, showarrow=False, yshift=-18, bgcolor=WHITE)
        drawn.layout.annotations[-1].update(bordercolor=TEXT, font={"size": 13, "color": TEXT})
    nodes = range(0, where.graph.n, 1 if where.graph.n <= MAX_CLICKABLE else 2)
    xs, ys = where.dots(nodes)
    drawn.add_scatter(
        x=xs,
        y=ys,
        mode="markers",
        marker={"size": 11, "opacity": 0, "color": LINE},
        unselected={"marker": {"opacity": 0}},
        selected={"marker": {"opacity": 0}},
        customdata=list(nodes),
        hovertemplate="crossing %{customdata}<extra></extra>",
        showlegend=False,
    )
    plotly_layout(drawn, title="", height=620)
    drawn.update_layout(dragmode=False)
    drawn.update_xaxes(visible=False, range=[-1, where.side])
    drawn.update_yaxes(visible=False, range=[-1, where.side], scaleanchor="x")
    return drawn


def shortcuts(hierarchy: ContractionHierarchy, packed: Sequence[int]) -> list[list[int]]:
    """Return, for every shortcut of a packed path, the crossings that it stands for."""
    parts = [hierarchy.unpack(tail, head) for tail, head in pairwise(packed)]
    return [part for part in parts if len(part) > 2]


def clicked(where: Town, points: Sequence[dict[str, Any]]) -> int | None:
    """Return the crossing that lies nearest to the first clicked point; None without any."""
    for point in points:
        x, y = float(point["x"]), float(point["y"])
        places = where.graph.points
        return min(
            range(len(places)), key=lambda v: (places[v][0] - x) ** 2 + (places[v][1] - y) ** 2
        )
    return None


def _click(side: int) -> None:
    picked: Any = st.session_state.get(MAP)
    node = clicked(town(side), picked["selection"]["points"] if picked else [])
    if node is not None:
        wanted = st.session_state.get(f"{TAB.slug}-sets") or "source"
        st.session_state[f"{TAB.slug}-{wanted}-{side}"] = node
        st.session_state[f"{TAB.slug}-sets"] = "target" if wanted == "source" else "source"


def draw(seen: kit.Seen) -> None:
    """Draw the map, and what each algorithm settled."""
    side, source, target = (seen.options[name] for name in ("side", "source", "target"))
    where, found = town(side), searches(side, source, target)
    results = {name: result for name, (result, _) in found.items()}
    drawn, _ = fitted(figure(where, results, seen.options["shown"]), dark=is_dark())
    st.plotly_chart(
        drawn,
        theme=None,
        config=CONFIG,
        key=MAP,
        on_select=partial(_click, side),
        selection_mode="points",
    )
    st.caption(
        "Dots are crossings whose distance became final. The dark line is the route; a dotted "
        "line is a shortcut of the hierarchy, which stands for all the streets below it."
    )
    seen.table(
        [
            {
                "Algorithm": name,
                "Route": f"{result.distance:,.0f}" if result.path else "none",
                "Settled": f"{len(result.settled):,}",
                "ms, least of 3": f"{seconds * 1e3:.2f}",
            }
            for name, (result, seconds) in found.items()
        ]
    )
    packed = results["hierarchy"].packed
    with st.expander(f"The hierarchy's path: {max(0, len(packed) - 1)} arcs, unpacked"):
        st.table(
            [
                {"Shortcut": f"{part[0]} \u2192 {part[-1]}", "Crossings": " ".join(map(str, part))}
                for part in shortcuts(where.hierarchy, packed)
            ]
        )


def finding(seen: kit.Seen) -> str:
    """Say how much less the hierarchy settles, and whether all agree."""
    found = searches(seen.options["side"], seen.options["source"], seen.options["target"])
    lengths = {result.distance for result, _ in found.values()}
    agree = "All five find the same length" if len(lengths) == 1 else "They DISAGREE, a bug"
    all_of, few = (len(found[name][0].settled) for name in ("Dijkstra", "hierarchy"))
    return f"{agree}; the hierarchy settles {few:,} crossings where Dijkstra settles {all_of:,}."


TAB = kit.Tab(
    "Route map",
    question="How many crossings must be looked at to find one route?",
    tip="Click two far crossings on the map: the ball of Dijkstra grows, the hierarchy hardly.",
    draw=draw,
    controls=controls,
    finding=finding,
    code=(ContractionHierarchy.query,),
    command="velvet run 22 advanced route_planner",
    next_step="Caches",
)
