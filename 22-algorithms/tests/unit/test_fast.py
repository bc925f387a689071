"""Kernels as plain Python, the same compiled, and what is said where no compiler is."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from velvet_algorithms import fast
from velvet_algorithms.fast import dijkstra_kernel, levenshtein_kernel, union_kernel
from velvet_algorithms.graph import Graph, random_graph, road_network
from velvet_algorithms.strings import levenshtein
from velvet_algorithms.trees import shortest_paths
from velvet_algorithms.unionfind import UnionFind


@pytest.fixture(params=["python", "numba"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test on the kernels as they are written, and compiled where Numba is."""
    if request.param == "numba":
        pytest.importorskip("numba", reason="Numba is not installed (pip install numba)")
    else:
        monkeypatch.setattr(fast, "compiled", lambda kernel: kernel)
    return str(request.param)


def test_distances_are_those_of_the_tree(engine: str) -> None:
    for graph in (random_graph(40, 160, 1), road_network(8, 2), Graph.from_edges(1, [])):
        assert fast.nb_dijkstra(graph, 0).tolist() == shortest_paths(graph, 0).distance


def test_sets_are_those_of_the_structure(engine: str) -> None:
    rng = random.Random(3)
    pairs = [(rng.randrange(60), rng.randrange(60)) for _ in range(45)]
    sets = UnionFind(60)
    for pair in pairs:
        sets.union(*pair)

    least = fast.nb_union_find(60, np.array(pairs))

    assert least.tolist() == [
        min(other for other in range(60) if sets.same(one, other)) for one in range(60)
    ]


def test_no_unions_leave_everybody_alone(engine: str) -> None:
    assert fast.nb_union_find(3, np.empty((0, 2), dtype=np.int64)).tolist() == [0, 1, 2]


@pytest.mark.parametrize(("a", "b"), [("kitten", "sitting"), ("", "abc"), ("🐍a", "a"), ("", "")])
def test_distances_of_texts_are_those_of_the_bits(engine: str, a: str, b: str) -> None:
    assert fast.nb_levenshtein(a, b) == levenshtein(a, b)


def test_bad_input_is_refused_before_it_reaches_a_kernel() -> None:
    negative = Graph.from_edges(2, [(0, 1, -1)], directed=True)

    with pytest.raises(ValueError, match="0 -> 1 weighs -1"):
        fast.nb_dijkstra(negative, 0)
    with pytest.raises(ValueError, match="node 2"):
        fast.nb_dijkstra(Graph.from_edges(2, []), 2)
    with pytest.raises(ValueError, match=r"shape \(m, 2\)"):
        fast.nb_union_find(3, np.array([1, 2]))
    with pytest.raises(ValueError, match=r"elements are 0\.\.2; the pairs hold 0\.\.3"):
        fast.nb_union_find(3, np.array([[0, 3]]))


@pytest.mark.parametrize("kernel", [dijkstra_kernel, union_kernel, levenshtein_kernel])
def test_without_numba_the_command_that_installs_it_is_named(
    kernel: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", missing)

    with pytest.raises(ModuleNotFoundError, match=f"{kernel.__name__} needs Numba.*pip install"):
        fast.compiled.__wrapped__(kernel)  # past the cache of compiled ones
