"""Shortest paths: every algorithm on the same questions, and what each refuses."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import pytest

from velvet_algorithms.graph import Graph, beeline, random_graph, road_network
from velvet_algorithms.paths import (
    Landmarks,
    PathResult,
    astar,
    bidirectional,
    dijkstra,
    naive_dijkstra,
)
from velvet_algorithms.trees import (
    NegativeCycle,
    bellman_ford,
    dijkstra_decrease_key,
    distances_from,
    shortest_paths,
)

Route = Callable[[Graph, int, int], PathResult]

ROUTES: dict[str, Route] = {
    "naive": naive_dijkstra,
    "dijkstra": dijkstra,
    "bidirectional": bidirectional,
    "astar": lambda graph, source, target: astar(graph, source, target, lambda node: 0),
    "landmarks": lambda graph, source, target: Landmarks(graph, 3).route(source, target),
}
every_route = pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES.keys())


def diamond() -> Graph:
    # CLRS, figure 24.6
    edges = [(0, 1, 10), (0, 3, 5), (1, 2, 1), (1, 3, 2), (2, 4, 4), (3, 1, 3), (3, 2, 9)]
    return Graph.from_edges(5, [*edges, (3, 4, 2), (4, 2, 6), (4, 0, 7)], directed=True)


@every_route
def test_the_textbook_network_has_its_known_distances(route: Route) -> None:
    answers = [route(diamond(), 0, target) for target in range(5)]

    assert [answer.distance for answer in answers] == [0, 8, 9, 5, 7]
    assert answers[2].path == [0, 3, 1, 2]


@every_route
def test_a_route_to_where_one_is_has_one_node(route: Route) -> None:
    answer = route(diamond(), 3, 3)

    assert (answer.distance, answer.path) == (0, [3])


@every_route
def test_no_way_is_an_infinite_distance_and_an_empty_path(route: Route) -> None:
    graph = Graph.from_edges(4, [(0, 1, 1), (2, 3, 1)], directed=True)

    answer = route(graph, 0, 3)

    assert (answer.distance, answer.path) == (math.inf, [])
    assert route(graph, 1, 0).distance == math.inf


@every_route
@pytest.mark.parametrize(("source", "target", "wrong"), [(0, 5, 5), (-1, 2, -1)])
def test_a_node_out_of_range_is_named(route: Route, source: int, target: int, wrong: int) -> None:
    with pytest.raises(ValueError, match=rf"node {wrong} is not in this graph.*0\.\.4"):
        route(diamond(), source, target)


@every_route
def test_a_negative_weight_is_refused_by_its_arc(route: Route) -> None:
    graph = Graph.from_edges(3, [(0, 1, 1), (1, 2, -2)], directed=True)

    with pytest.raises(ValueError, match="1 -> 2 weighs -2; bellman_ford takes negative"):
        route(graph, 0, 2)


@every_route
def test_an_empty_graph_has_no_routes(route: Route) -> None:
    with pytest.raises(ValueError, match="not in this graph"):
        route(Graph.from_edges(0, []), 0, 0)


def length(graph: Graph, path: list[int]) -> float:
    return sum(
        min(weight for head, weight in graph.out[tail] if head == there)
        for tail, there in pairwise(path)
    )


@every_route
def test_a_path_is_as_long_as_its_distance_says(route: Route) -> None:
    graph = random_graph(40, 90, seed=7)

    for target in range(40):
        answer = route(graph, 0, target)
        if answer.path:
            assert length(graph, answer.path) == answer.distance
            assert (answer.path[0], answer.path[-1]) == (0, target)


def test_better_algorithms_settle_fewer_nodes_of_a_map() -> None:
    graph = road_network(40, 1)
    landmarks = Landmarks(graph)
    questions = [(41, 1500), (820, 30), (1599, 5)]

    counts = [
        sum(len(find(source, target).settled) for source, target in questions)
        for find in (
            landmarks.route,
            lambda s, t: astar(graph, s, t, beeline(graph, t).__getitem__),
            lambda s, t: bidirectional(graph, s, t),
            lambda s, t: dijkstra(graph, s, t),
        )
    ]

    assert max(counts[:3]) < counts[3]


def test_dijkstra_settles_in_the_order_of_distance() -> None:
    graph = random_graph(50, 200, seed=2)
    tree = shortest_paths(graph, 0)

    order = [tree.distance[node] for node in dijkstra(graph, 0, tree.settled[-1]).settled]

    assert order == sorted(order)


def test_astar_stays_exact_when_its_bound_is_not_consistent() -> None:
    graph = Graph.from_edges(4, [(0, 1, 3), (0, 2, 1), (2, 1, 1), (1, 3, 10)], directed=True)
    bounds = [0, 0, 11, 0]

    answer = astar(graph, 0, 3, bounds.__getitem__)

    assert (answer.distance, answer.path) == (12, [0, 2, 1, 3])
    assert answer.settled.count(1) == 2


def test_astar_does_not_follow_what_its_bound_rules_out() -> None:
    graph = Graph.from_edges(4, [(0, 1, 1), (1, 2, 1), (0, 3, 1)])

    answer = astar(graph, 0, 3, lambda node: math.inf if node in (1, 2) else 0)

    assert answer.settled == [0, 3]


@pytest.mark.parametrize(
    ("bound", "message"), [(5.0, "at the target is 5"), (math.nan, "at the target is nan")]
)
def test_a_bound_that_is_none_at_the_target_is_refused(bound: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        astar(diamond(), 0, 4, lambda node: bound)


def test_a_bound_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match=r"h\(1\) is not a number"):
        astar(diamond(), 0, 4, lambda node: math.nan if node == 1 else 0)


def test_landmarks_bound_every_distance_from_below() -> None:
    graph = random_graph(40, 120, seed=11)
    landmarks = Landmarks(graph, 4)

    for target in (3, 17):
        bound = landmarks.bound(target)
        real = distances_from(graph.into, target)
        assert all(bound(node) <= real[node] for node in range(40))


def test_landmarks_are_few_when_little_can_be_reached() -> None:
    assert len(Landmarks(Graph.from_edges(3, []), 8).nodes) == 1
    assert Landmarks(Graph.from_edges(0, [])).nodes == []


def test_no_landmark_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 landmark"):
        Landmarks(diamond(), 0)


@pytest.mark.parametrize("tree", [shortest_paths, dijkstra_decrease_key, bellman_ford])
def test_a_tree_holds_every_path(tree: Callable[[Graph, int], object]) -> None:
    found = tree(diamond(), 0)

    assert found.distance == [0, 8, 9, 5, 7]  # type: ignore[attr-defined]
    assert found.path(2) == [0, 3, 1, 2]  # type: ignore[attr-defined]
    assert found.settled == [0, 3, 4, 1, 2]  # type: ignore[attr-defined]


def test_an_unreachable_node_has_no_path_in_a_tree() -> None:
    tree = shortest_paths(Graph.from_edges(2, []), 0)

    assert tree.path(1) == []


def test_decrease_key_pushes_as_often_but_holds_fewer() -> None:
    graph = road_network(20, 4)

    lazy, moved = shortest_paths(graph, 0), dijkstra_decrease_key(graph, 0)

    assert lazy.distance == moved.distance
    assert lazy.pushes == moved.pushes > len(lazy.settled)


def test_negative_weights_are_fine_for_bellman_ford() -> None:
    # CLRS, figure 24.4
    edges = [(0, 1, 6), (0, 3, 7), (1, 2, 5), (1, 3, 8), (1, 4, -4), (2, 1, -2), (3, 2, -3)]
    graph = Graph.from_edges(5, [*edges, (3, 4, 9), (4, 0, 2), (4, 2, 7)], directed=True)

    assert bellman_ford(graph, 0).distance == [0, 2, 4, 7, -2]


@pytest.mark.parametrize(
    ("edges", "cycle"),
    [
        ([(0, 1, 1), (1, 2, -3), (2, 3, 1), (3, 1, 1)], {1, 2, 3}),
        ([(0, 0, -1)], {0}),
        ([(0, 1, -2), (1, 0, 1)], {0, 1}),
    ],
)
def test_a_negative_cycle_is_shown(edges: list[tuple[int, int, float]], cycle: set[int]) -> None:
    graph = Graph.from_edges(4, edges, directed=True)

    with pytest.raises(NegativeCycle) as caught:
        bellman_ford(graph, 0)

    found = caught.value.cycle
    assert found[0] == found[-1]
    assert set(found) == cycle
    assert length(graph, found) < 0


def test_a_negative_cycle_out_of_reach_does_no_harm() -> None:
    graph = Graph.from_edges(4, [(0, 1, 1), (2, 3, -1), (3, 2, -1)], directed=True)

    assert bellman_ford(graph, 0).distance == [0, 1, math.inf, math.inf]
