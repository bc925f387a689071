"""A chain of a million nodes through everything that walks a graph: no recursion, no quadratic step."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from velvet_algorithms.components import bridges, critical_path, kruskal, prim, scc, toposort
from velvet_algorithms.flow import MaxFlow, hopcroft_karp
from velvet_algorithms.graph import Graph
from velvet_algorithms.hierarchy import ContractionHierarchy
from velvet_algorithms.paths import bidirectional, dijkstra
from velvet_algorithms.strings import AhoCorasick
from velvet_algorithms.trees import shortest_paths

# The lines of these routines are counted where small graphs go through them.
pytestmark = pytest.mark.usefixtures("untraced")
N = 1_000_000


@pytest.fixture(scope="module", autouse=True)
def _without_collections() -> Iterator[None]:
    """Millions of live tuples make the cycle collector look at them again and again."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(scope="module")
def chain() -> Graph:
    return Graph.from_edges(N, [(node, node + 1, 1) for node in range(N - 1)], directed=True)


def test_dijkstra_walks_to_the_end(chain: Graph) -> None:
    answer = dijkstra(chain, 0, N - 1)

    assert answer.distance == N - 1
    assert len(answer.path) == N


def test_the_components_of_a_chain_are_its_nodes_in_order(chain: Graph) -> None:
    assert [part[0] for part in scc(chain)] == list(range(N))


# From here on a twentieth suffices: it is fifty times the limit of recursion.
DEEP = N // 20


@pytest.fixture(scope="module")
def path() -> Graph:
    return Graph.from_edges(DEEP, [(node, node + 1, 1) for node in range(DEEP - 1)])


def test_every_edge_of_a_path_is_a_bridge_and_in_the_tree(path: Graph) -> None:
    assert len(bridges(path)) == len(kruskal(path)) == len(prim(path)) == DEEP - 1


def test_both_ends_meet_on_a_path(path: Graph) -> None:
    assert bidirectional(path, 0, DEEP - 1).path == list(range(DEEP))


def test_a_tree_holds_a_deep_path(path: Graph) -> None:
    assert len(shortest_paths(path, 0).path(DEEP - 1)) == DEEP


def test_a_hierarchy_unpacks_a_deep_path() -> None:
    graph = Graph.from_edges(DEEP // 5, [(node, node + 1, 1) for node in range(DEEP // 5 - 1)])

    answer = ContractionHierarchy.build(graph).query(0, graph.n - 1)

    assert answer.path == list(range(graph.n))
    assert len(answer.settled) < 100


def test_a_long_circle_is_one_component() -> None:
    edges = [(node, (node + 1) % DEEP, 1) for node in range(DEEP)]

    (component,) = scc(Graph.from_edges(DEEP, edges, directed=True))

    assert len(component) == DEEP


def test_tasks_in_a_long_row_are_ordered() -> None:
    tasks = {task: (task - 1,) if task else () for task in range(DEEP)}

    assert toposort(tasks) == list(range(DEEP))


def test_flow_runs_through_a_deep_chain() -> None:
    network = MaxFlow(DEEP)
    for node in range(DEEP - 1):
        network.add_edge(node, node + 1, 3)

    assert network.flow(0, DEEP - 1) == 3


def test_a_deep_alternating_path_is_swapped() -> None:
    # Everybody takes the first choice, until the last one, who has only one, moves them all.
    adjacency = [[node, node + 1] for node in range(DEEP)] + [[0]]

    assert hopcroft_karp(adjacency, DEEP + 1) == [*range(1, DEEP + 1), 0]


def test_a_critical_path_may_be_everything() -> None:
    tasks = {task: (task - 1,) if task else () for task in range(DEEP)}

    found = critical_path(dict.fromkeys(range(DEEP), 2.0), tasks)

    assert found.length == 2 * DEEP
    assert found.path == list(range(DEEP))


def test_a_pattern_may_be_long() -> None:
    pattern = "ab" * (DEEP // 2)

    assert next(AhoCorasick([pattern]).iter("x" + pattern)).start == 1
