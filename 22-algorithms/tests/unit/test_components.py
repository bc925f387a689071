"""Strong components, implications, task orders, bridges and spanning trees."""

from __future__ import annotations

import itertools
import random

import pytest

from velvet_algorithms.components import (
    CycleError,
    bridges,
    critical_path,
    kruskal,
    prim,
    scc,
    toposort,
    two_sat,
)
from velvet_algorithms.graph import Graph, random_graph

# Sedgewick and Wayne, Algorithms, 4th edition: tinyDG.txt and tinyEWG.txt
TINY_DG = [
    *[(4, 2), (2, 3), (3, 2), (6, 0), (0, 1), (2, 0), (11, 12), (12, 9), (9, 10), (9, 11), (7, 9)],
    *[(10, 12), (11, 4), (4, 3), (3, 5), (6, 8), (8, 6), (5, 4), (0, 5), (6, 4), (6, 9), (7, 6)],
]
TINY_EWG = [
    *[(4, 5, 35), (4, 7, 37), (5, 7, 28), (0, 7, 16), (1, 5, 32), (0, 4, 38), (2, 3, 17)],
    *[(1, 7, 19), (0, 2, 26), (1, 2, 36), (1, 3, 29), (2, 7, 34), (6, 2, 40), (3, 6, 52)],
    *[(6, 0, 58), (6, 4, 93)],
]


def test_the_textbook_digraph_has_five_components() -> None:
    parts = scc(Graph.from_edges(13, TINY_DG, directed=True))

    assert sorted(sorted(part) for part in parts) == [
        [0, 2, 3, 4, 5],
        [1],
        [6, 8],
        [7],
        [9, 10, 11, 12],
    ]


@pytest.mark.parametrize("seed", range(6))
def test_components_come_in_topological_order(seed: int) -> None:
    graph = random_graph(60, 90, seed)

    parts = scc(graph)

    place = {node: number for number, part in enumerate(parts) for node in part}
    assert sorted(place) == list(range(60))
    assert all(place[tail] <= place[head] for tail, head, _ in graph.edges)


def test_a_graph_without_nodes_has_no_components() -> None:
    assert scc(Graph.from_edges(0, [], directed=True)) == []


@pytest.mark.parametrize("seed", range(20))
def test_two_sat_agrees_with_trying_everything(seed: int) -> None:
    rng = random.Random(seed)
    clauses = [
        (rng.randrange(4), rng.random() < 0.5, rng.randrange(4), rng.random() < 0.5)
        for _ in range(rng.randrange(12))
    ]

    def satisfied(values: list[bool]) -> bool:
        return all(values[i] is a or values[j] is b for i, a, j, b in clauses)

    possible = any(satisfied(list(values)) for values in itertools.product([False, True], repeat=4))
    found = two_sat(4, clauses)
    assert (found is not None) is possible
    assert found is None or satisfied(found)


def test_a_clause_about_no_variable_is_refused() -> None:
    with pytest.raises(ValueError, match=r"variables are 0\.\.1"):
        two_sat(2, [(0, True, 2, False)])


def test_tasks_come_after_their_predecessors() -> None:
    tasks = {"ship": ["pack", "label"], "pack": ["pick"], "label": [], "unnamed": ["other"]}

    order = toposort(tasks)

    assert sorted(order) == ["label", "other", "pack", "pick", "ship", "unnamed"]
    for task, before in tasks.items():
        assert all(order.index(earlier) < order.index(task) for earlier in before)


def test_no_tasks_have_an_empty_order() -> None:
    assert toposort({}) == []


def test_a_predecessor_that_is_named_twice_counts_twice_and_is_met_once() -> None:
    assert toposort({"b": ["a", "a"], "a": []}) == ["a", "b"]


@pytest.mark.parametrize(
    ("tasks", "cycle"),
    [
        ({1: [2], 2: [3], 3: [1], 4: [1], 5: []}, {1, 2, 3}),
        ({1: [1]}, {1}),
        ({9: [8], 8: [7], 7: [8]}, {7, 8}),
    ],
)
def test_a_cycle_is_shown_in_the_order_of_its_tasks(
    tasks: dict[int, list[int]], cycle: set[int]
) -> None:
    with pytest.raises(CycleError, match="form a cycle: ") as caught:
        toposort(tasks)

    shown = caught.value.cycle
    assert shown[0] == shown[-1]
    assert set(shown) == cycle
    assert all(a in tasks[b] for a, b in itertools.pairwise(shown))  # type: ignore[index]


def test_a_long_cycle_is_shortened_in_its_message_only() -> None:
    with pytest.raises(CycleError, match=r"-> \.\.\. ->") as caught:
        toposort({task: [(task + 1) % 100] for task in range(100)})

    assert len(caught.value.cycle) == 101


def test_the_critical_path_is_the_longest_chain() -> None:
    durations = {"a": 3, "b": 2, "c": 4, "d": 1}

    found = critical_path(durations, {"c": ["a"], "d": ["b", "c"]})

    assert (found.length, found.path) == (8, ["a", "c", "d"])
    assert found.earliest == {"a": 0, "b": 0, "c": 3, "d": 7}


def test_nothing_to_do_takes_no_time() -> None:
    found = critical_path({}, {})

    assert (found.length, found.path, found.earliest) == (0, [], {})


@pytest.mark.parametrize("durations", [{"a": -1.0}, {"a": float("nan")}, {}])
def test_a_task_without_a_proper_duration_is_refused(durations: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="task 'a' needs a duration >= 0"):
        critical_path(durations, {"a": []})


def test_the_textbook_tree_weighs_181() -> None:
    graph = Graph.from_edges(8, TINY_EWG)

    assert sum(weight for _, _, weight in kruskal(graph)) == 181
    assert sum(weight for _, _, weight in prim(graph)) == 181


def test_a_forest_has_a_tree_for_each_part() -> None:
    graph = Graph.from_edges(6, [(0, 1, -2), (1, 2, 3), (0, 2, 1), (4, 5, 7)])

    assert sorted(kruskal(graph)) == [(0, 1, -2), (0, 2, 1), (4, 5, 7)]
    assert sum(weight for _, _, weight in prim(graph)) == 6


@pytest.mark.parametrize("n", [0, 1])
def test_little_graphs_have_empty_trees_and_no_bridges(n: int) -> None:
    graph = Graph.from_edges(n, [])

    assert kruskal(graph) == prim(graph) == bridges(graph) == []


def test_bridges_are_the_edges_without_which_it_falls_apart() -> None:
    edges = [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 5), (5, 3), (6, 5), (7, 8), (7, 8), (1, 1)]

    assert bridges(Graph.from_edges(9, edges)) == [(2, 3), (5, 6)]


@pytest.mark.parametrize("algorithm", [bridges, kruskal, prim])
def test_directed_graphs_are_refused(algorithm: object) -> None:
    graph = Graph.from_edges(2, [(0, 1)], directed=True)

    with pytest.raises(ValueError, match="needs an undirected graph"):
        algorithm(graph)  # type: ignore[operator]
