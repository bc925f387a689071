"""Graph algorithms against each other, against their definitions and against networkx."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_algorithms.components import CycleError, bridges, kruskal, prim, scc, toposort
from velvet_algorithms.flow import MaxFlow, hopcroft_karp
from velvet_algorithms.graph import Graph
from velvet_algorithms.hierarchy import ContractionHierarchy
from velvet_algorithms.paths import Landmarks, astar, bidirectional, dijkstra
from velvet_algorithms.trees import (
    NegativeCycle,
    bellman_ford,
    dijkstra_decrease_key,
    distances_from,
    shortest_paths,
)

# Weights of zero, loops, parallel arcs and parts out of reach all occur among these.
EDGES = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(0, 6)), max_size=24)
modest = settings(max_examples=40, deadline=None)


def networkx() -> Any:
    return pytest.importorskip(
        "networkx", reason="networkx is not installed (pip install networkx)"
    )


@modest
@given(EDGES, st.booleans())
def test_every_shortest_path_algorithm_agrees(
    edges: list[tuple[int, int, int]], directed: bool
) -> None:
    graph = Graph.from_edges(9, edges, directed=directed)
    expected = bellman_ford(graph, 0).distance
    landmarks, hierarchy = Landmarks(graph, 2), ContractionHierarchy.build(graph, witness_limit=3)

    assert shortest_paths(graph, 0).distance == expected
    assert dijkstra_decrease_key(graph, 0).distance == expected
    for target in range(9):
        exact = distances_from(graph.into, target)
        for answer in (
            dijkstra(graph, 0, target),
            bidirectional(graph, 0, target),
            astar(graph, 0, target, exact.__getitem__),
            landmarks.route(0, target),
            hierarchy.query(0, target),
        ):
            assert answer.distance == expected[target]
            steps = [
                min(weight for head, weight in graph.out[tail] if head == there)
                for tail, there in pairwise(answer.path)
            ]
            assert not answer.path or sum(steps) == answer.distance


@modest
@given(EDGES, st.sampled_from([0, 1, 2]))
def test_astar_is_exact_with_any_lower_bound(edges: list[tuple[int, int, int]], seed: int) -> None:
    graph = Graph.from_edges(9, edges, directed=True)
    rng = random.Random(seed)
    exact = distances_from(graph.into, 8)
    bounds = [rng.random() * far if far < float("inf") else 0 for far in exact]

    assert astar(graph, 0, 8, bounds.__getitem__).distance == exact[0]


@modest
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(-3, 9)), max_size=14))
def test_negative_weights_give_distances_or_a_cycle(edges: list[tuple[int, int, int]]) -> None:
    graph = Graph.from_edges(6, edges, directed=True)

    try:
        tree = bellman_ford(graph, 0)
    except NegativeCycle as error:
        weights = [
            min(weight for head, weight in graph.out[tail] if head == there)
            for tail, there in pairwise(error.cycle)
        ]
        assert sum(weights) < 0
    else:
        assert all(
            tree.distance[tail] + weight >= tree.distance[head] for tail, head, weight in edges
        )


@modest
@given(EDGES)
def test_components_are_what_can_reach_each_other(edges: list[tuple[int, int, int]]) -> None:
    graph = Graph.from_edges(9, edges, directed=True)
    reach = [
        {node for node, far in enumerate(distances_from(graph.out, source)) if far < float("inf")}
        for source in range(9)
    ]

    parts = scc(graph)

    place = {node: number for number, part in enumerate(parts) for node in part}
    assert len(place) == sum(map(len, parts)) == 9
    for a in range(9):
        for b in range(9):
            assert (place[a] == place[b]) == (b in reach[a] and a in reach[b])
            assert b not in reach[a] or place[a] <= place[b]


@modest
@given(EDGES)
def test_tasks_are_ordered_or_a_real_cycle_is_shown(edges: list[tuple[int, int, int]]) -> None:
    tasks: dict[int, list[int]] = {}
    for before, task, _ in edges:
        tasks.setdefault(task, []).append(before)

    try:
        order = toposort(tasks)
    except CycleError as error:
        cycle: Any = error.cycle
        assert len(cycle) > 1
        assert cycle[0] == cycle[-1]
        assert all(a in tasks[b] for a, b in pairwise(cycle))
    else:
        place = {task: number for number, task in enumerate(order)}
        assert all(place[before] < place[task] for before, task, _ in edges)


@modest
@given(EDGES)
def test_flow_is_conserved_and_equals_its_cut(edges: list[tuple[int, int, int]]) -> None:
    network = MaxFlow(9)
    for edge in edges:
        network.add_edge(*edge)

    flow = network.flow(0, 8)

    side = network.min_cut(0)
    balance = [0.0] * 9
    for edge in network.edges:
        assert 0 <= edge.flow <= edge.capacity
        balance[edge.tail] -= edge.flow
        balance[edge.head] += edge.flow
    assert balance == [-flow, *[0] * 7, flow]
    assert not side[8]
    cut = sum(edge.capacity for edge in network.edges if side[edge.tail] and not side[edge.head])
    assert cut == flow


@modest
@given(EDGES)
def test_both_spanning_trees_weigh_the_same(edges: list[tuple[int, int, int]]) -> None:
    graph = Graph.from_edges(9, edges)

    first, second = kruskal(graph), prim(graph)

    assert len(first) == len(second)
    assert sum(edge[2] for edge in first) == sum(edge[2] for edge in second)


@modest
@given(EDGES)
def test_networkx_agrees(edges: list[tuple[int, int, int]]) -> None:
    nx = networkx()
    graph = Graph.from_edges(9, edges)
    theirs = nx.Graph()
    theirs.add_nodes_from(range(9))
    for tail, head, weight in edges:
        if not theirs.has_edge(tail, head) or theirs[tail][head]["weight"] > weight:
            theirs.add_edge(tail, head, weight=weight)

    distances = nx.single_source_dijkstra_path_length(theirs, 0)
    assert {v: d for v, d in enumerate(shortest_paths(graph, 0).distance) if d < 99} == distances
    tree = nx.minimum_spanning_edges(theirs, data=True)
    assert sum(edge[2] for edge in kruskal(graph)) == sum(d["weight"] for _, _, d in tree)
    simple = Graph.from_edges(9, [(a, b) for a, b in theirs.edges])
    expected = sorted((min(edge), max(edge)) for edge in nx.bridges(theirs))
    assert bridges(simple) == expected


@modest
@given(EDGES)
def test_networkx_agrees_on_directed_graphs(edges: list[tuple[int, int, int]]) -> None:
    nx = networkx()
    theirs = nx.DiGraph()
    theirs.add_nodes_from(range(9))
    network = MaxFlow(9)
    for tail, head, capacity in edges:
        network.add_edge(tail, head, capacity)
        known = theirs[tail][head]["capacity"] if theirs.has_edge(tail, head) else 0
        theirs.add_edge(tail, head, capacity=known + capacity)

    parts = scc(Graph.from_edges(9, edges, directed=True))
    expected = sorted(sorted(part) for part in nx.strongly_connected_components(theirs))
    assert sorted(sorted(part) for part in parts) == expected
    assert network.flow(0, 8) == nx.maximum_flow_value(theirs, 0, 8)


@modest
@given(st.lists(st.lists(st.integers(0, 5), max_size=4), max_size=7))
def test_a_matching_is_as_large_as_the_flow(adjacency: list[list[int]]) -> None:
    network = MaxFlow(15)
    for node, row in enumerate(adjacency):
        network.add_edge(13, node, 1)
        for partner in row:
            network.add_edge(node, 7 + partner, 1)
    for partner in range(6):
        network.add_edge(7 + partner, 14, 1)

    found = hopcroft_karp(adjacency, 6)

    pairs = [(node, partner) for node, partner in enumerate(found) if partner >= 0]
    assert all(partner in adjacency[node] for node, partner in pairs)
    assert len({partner for _, partner in pairs}) == len(pairs) == network.flow(13, 14)
