"""Kernels as plain Python, and the same compiled."""

from __future__ import annotations

import random

import numpy as np
import pytest

from velvet_algorithms.contenders import numba as fast
from velvet_algorithms.graph import Graph, random_graph, road_network
from velvet_algorithms.strings import levenshtein
from velvet_algorithms.trees import shortest_paths
from velvet_algorithms.unionfind import UnionFind


@pytest.fixture(params=["python", "numba"], autouse=True)
def _engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test on the kernels as they are written, and compiled where Numba is."""
    if request.param == "numba":
        pytest.importorskip("numba", reason="Numba is not installed (pip install numba)")
    else:
        monkeypatch.setattr(fast, "compiled", lambda kernel: kernel)


def test_distances_are_those_of_the_tree() -> None:
    for graph in (random_graph(40, 160, 1), road_network(8, 2), Graph.from_edges(1, [])):
        found = fast.compiled(fast.dijkstra_kernel)(*graph.csr, 0)

        assert found.tolist() == shortest_paths(graph, 0).distance


@pytest.mark.parametrize("count", [0, 45])
def test_sets_are_those_of_the_structure(count: int) -> None:
    rng = random.Random(3)
    pairs = [(rng.randrange(60), rng.randrange(60)) for _ in range(count)]
    sets = UnionFind(60)
    for pair in pairs:
        sets.union(*pair)

    least = fast.compiled(fast.union_kernel)(60, np.array(pairs, np.int64).reshape(count, 2))

    assert least.tolist() == [
        min(other for other in range(60) if sets.same(one, other)) for one in range(60)
    ]


@pytest.mark.parametrize(("a", "b"), [("kitten", "sitting"), ("", "abc"), ("🐍a", "a"), ("", "")])
def test_distances_of_texts_are_those_of_the_bits(a: str, b: str) -> None:
    assert fast.edit_distance((a, b))() == levenshtein(a, b)
