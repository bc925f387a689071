"""Contraction hierarchies: the same distances, real paths, few settled nodes."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from pathlib import Path
from statistics import mean

import pytest

from velvet_algorithms.graph import Graph, random_graph, road_network
from velvet_algorithms.growth import fit_power
from velvet_algorithms.hierarchy import ContractionHierarchy
from velvet_algorithms.paths import dijkstra
from velvet_algorithms.trees import distances_from


def walk(graph: Graph, path: list[int]) -> float:
    return sum(
        min(weight for head, weight in graph.out[tail] if head == there)
        for tail, there in pairwise(path)
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("directed", [True, False])
def test_all_pairs_of_sixty_nodes_are_as_dijkstra_has_them(seed: int, directed: bool) -> None:
    graph = random_graph(60, 150, seed, directed=directed, weight=20)
    hierarchy = ContractionHierarchy.build(graph)

    for source in range(60):
        expected = distances_from(graph.out, source)
        for target in range(60):
            found = hierarchy.query(source, target)
            assert found.distance == expected[target], (source, target)
            if found.path:
                assert (found.path[0], found.path[-1]) == (source, target)
                assert walk(graph, found.path) == found.distance


def test_a_tight_witness_limit_costs_shortcuts_and_no_exactness() -> None:
    graph = road_network(12, 3)

    tight = ContractionHierarchy.build(graph, witness_limit=1)
    wide = ContractionHierarchy.build(graph)

    assert len(tight.shortcuts) > len(wide.shortcuts)
    for source, target in [(0, 143), (7, 99), (50, 51)]:
        assert tight.query(source, target).distance == wide.query(source, target).distance


def test_a_shortcut_is_as_heavy_as_the_path_that_it_stands_for() -> None:
    graph = road_network(12, 3)
    hierarchy = ContractionHierarchy.build(graph)

    shortcuts = hierarchy.shortcuts

    assert shortcuts
    for tail, head, weight, middle in shortcuts:
        path = hierarchy.unpack(tail, head)
        assert middle in path
        assert walk(graph, path) == weight


def test_a_packed_path_climbs_and_descends() -> None:
    hierarchy = ContractionHierarchy.build(road_network(20, 3))

    answer = hierarchy.query(0, 399)

    ranks = [hierarchy.rank[node] for node in answer.packed]
    top = ranks.index(max(ranks))
    assert ranks[: top + 1] == sorted(ranks[: top + 1])
    assert ranks[top:] == sorted(ranks[top:], reverse=True)
    assert hierarchy.path(answer.packed) == answer.path
    assert len(answer.packed) < len(answer.path)


def test_to_where_one_is_and_to_where_no_way_leads() -> None:
    hierarchy = ContractionHierarchy.build(Graph.from_edges(3, [(0, 1, 4), (1, 1, 2)]))

    assert hierarchy.query(1, 1).path == [1]
    answer = hierarchy.query(0, 2)
    assert (answer.distance, answer.path, answer.packed) == (math.inf, [], ())


def test_weights_of_zero_are_fine() -> None:
    graph = Graph.from_edges(5, [(node, node + 1, 0) for node in range(4)])

    answer = ContractionHierarchy.build(graph).query(0, 4)

    assert (answer.distance, answer.path) == (0, [0, 1, 2, 3, 4])


def test_an_empty_graph_can_be_prepared_saved_and_asked_nothing(tmp_path: Path) -> None:
    hierarchy = ContractionHierarchy.build(Graph.from_edges(0, []))
    hierarchy.save(tmp_path / "empty.npz")

    again = ContractionHierarchy.load(tmp_path / "empty.npz")

    assert again.rank == []
    with pytest.raises(ValueError, match="node 0 is not in this hierarchy of 0 nodes"):
        again.query(0, 0)


@pytest.mark.parametrize(("source", "target"), [(0, 9), (-1, 0)])
def test_a_node_out_of_the_hierarchy_is_refused(source: int, target: int) -> None:
    hierarchy = ContractionHierarchy.build(Graph.from_edges(3, [(0, 1, 1)]))

    with pytest.raises(ValueError, match="not in this hierarchy of 3 nodes"):
        hierarchy.query(source, target)


def test_negative_weights_are_refused_by_the_arc() -> None:
    graph = Graph.from_edges(3, [(0, 1, 2), (2, 1, -1)], directed=True)

    with pytest.raises(ValueError, match="2 -> 1 weighs -1"):
        ContractionHierarchy.build(graph)


def test_a_witness_search_settles_at_least_one_node() -> None:
    with pytest.raises(ValueError, match="witness_limit is at least 1, not 0"):
        ContractionHierarchy.build(Graph.from_edges(1, []), witness_limit=0)


def test_settled_nodes_grow_far_more_slowly_than_dijkstras() -> None:
    sides = (6, 10, 16, 25, 34)
    plain, climbed = [], []
    for side in sides:
        graph = road_network(side, 1)
        hierarchy = ContractionHierarchy.build(graph)
        rng = random.Random(side)
        pairs = [(rng.randrange(graph.n), rng.randrange(graph.n)) for _ in range(30)]
        plain.append(mean(len(dijkstra(graph, *pair).settled) for pair in pairs))
        climbed.append(mean(len(hierarchy.query(*pair).settled) for pair in pairs))

    sizes = [side * side for side in sides]
    assert sizes[-1] / sizes[0] > 30
    assert 0.85 <= fit_power(sizes, plain).exponent <= 1.15
    assert fit_power(sizes, climbed).exponent < 0.65
    assert climbed[-1] * 8 < plain[-1]
