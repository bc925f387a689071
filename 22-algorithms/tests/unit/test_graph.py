"""Graphs and the seeded networks."""

from __future__ import annotations

import math

import pytest

from velvet_algorithms.graph import Graph, beeline, random_graph, road_network
from velvet_algorithms.trees import shortest_paths


def test_an_undirected_edge_can_be_walked_both_ways() -> None:
    graph = Graph.from_edges(3, [(0, 1, 5), (1, 2, 7)])

    assert graph.out == [[(1, 5)], [(0, 5), (2, 7)], [(1, 7)]]
    assert graph.into is graph.out


def test_a_directed_edge_is_listed_at_both_of_its_ends() -> None:
    graph = Graph.from_edges(3, [(0, 1, 5), (2, 1, 7)], directed=True)

    assert graph.out == [[(1, 5)], [], [(1, 7)]]
    assert graph.into == [[], [(0, 5), (2, 7)], []]
    assert graph.successors == [[1], [], [1]]


def test_an_edge_without_a_weight_weighs_one() -> None:
    assert Graph.from_edges(2, [(0, 1)]).edges == [(0, 1, 1)]


def test_loops_and_parallel_edges_are_kept() -> None:
    graph = Graph.from_edges(2, [(0, 0, 1), (0, 1, 2), (0, 1, 3)], directed=True)

    assert graph.out[0] == [(0, 1), (1, 2), (1, 3)]


def test_the_rows_of_arrays_hold_the_same_arcs() -> None:
    graph = random_graph(20, 60, seed=3)

    starts, heads, weights = graph.csr

    for node in range(graph.n):
        row = slice(starts[node], starts[node + 1])
        pairs = zip(heads[row].tolist(), weights[row].tolist(), strict=True)
        assert list(pairs) == graph.out[node]


def test_an_empty_graph_has_rows_too() -> None:
    starts, heads, weights = Graph.from_edges(0, []).csr

    assert (starts.tolist(), heads.tolist(), weights.tolist()) == ([0], [], [])


@pytest.mark.parametrize(
    ("n", "edges", "points", "message"),
    [
        (-1, [], [], "0 or more nodes, not -1"),
        (2, [(0, 2)], [], r"edge 0 -> 2: nodes are 0\.\.1"),
        (2, [(-1, 0)], [], "edge -1 -> 0"),
        (2, [(0, 1, math.nan)], [], "weight nan"),
        (2, [(0, 1, math.inf)], [], "weight inf"),
        (2, [], [(0.0, 0.0)], "1 points for 2 nodes"),
    ],
)
def test_what_is_no_graph_is_refused(
    n: int, edges: list[tuple[int, int]], points: list[tuple[float, float]], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Graph.from_edges(n, edges, points=points)


def test_the_first_negative_arc_is_remembered() -> None:
    graph = Graph.from_edges(3, [(0, 1, 1), (1, 2, -4), (2, 0, -5)], directed=True)

    assert graph.negative == (1, 2, -4)


def test_a_road_network_is_the_same_for_the_same_seed_only() -> None:
    first, second, other = road_network(12, 5), road_network(12, 5), road_network(12, 6)

    assert first.edges == second.edges
    assert first.edges != other.edges
    assert len(first.points) == first.n == 144


def test_a_road_network_has_holes_and_whole_weights() -> None:
    graph = road_network(30, 1)

    streets = 2 * 30 * 29
    assert 0.88 * streets < len(graph.edges) < 0.95 * streets
    assert all(isinstance(weight, int) and weight > 0 for _, _, weight in graph.edges)


def test_the_beeline_never_exceeds_a_real_way() -> None:
    graph = road_network(15, 2)

    bounds, tree = beeline(graph, 100), shortest_paths(graph, 100)

    assert all(bound <= way + 1e-9 for bound, way in zip(bounds, tree.distance, strict=True))


@pytest.mark.parametrize("side", [0, -3])
def test_a_road_network_without_crossings_is_refused(side: int) -> None:
    with pytest.raises(ValueError, match="side of at least 1"):
        road_network(side, 1)
