"""Family `union_find`: n random pairs among n numbers; how many sets are left?

Every contender joins all pairs and then asks for the representative of every number, so that
libraries that keep no count do no more than those that do.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from velvet_algorithms.contenders import contender, library, workload

Pairs = list[tuple[int, int]]
Run = Callable[[], int]


@workload("union_find")
def random_pairs(n: int, seed: int) -> Pairs:
    """Return n random pairs of the numbers below n."""
    rng = random.Random(seed)
    return [(rng.randrange(n), rng.randrange(n)) for _ in range(n)]


@contender("union_find", "UnionFind.union", "ours")
def one_by_one(pairs: Pairs) -> Run:
    from velvet_algorithms.unionfind import UnionFind

    def run() -> int:
        sets = UnionFind(len(pairs))
        for a, b in pairs:
            sets.union(a, b)
        return len(set(map(sets.find, range(len(pairs)))))

    return run


@contender("union_find", "UnionFind.union_all", "ours")
def at_once(pairs: Pairs) -> Run:
    from velvet_algorithms.unionfind import UnionFind

    def run() -> int:
        sets = UnionFind(len(pairs))
        sets.union_all(pairs)
        return len(set(map(sets.find, range(len(pairs)))))

    return run


@contender("union_find", "ac-library-python", "python", needs="ac-library-python")
def acl(pairs: Pairs) -> Run:
    make = library("atcoder.dsu").DSU

    def run() -> int:
        sets = make(len(pairs))
        for a, b in pairs:
            sets.merge(a, b)
        return len(set(map(sets.leader, range(len(pairs)))))

    return run


@contender("union_find", "networkx", "python", needs="networkx")
def networkx(pairs: Pairs) -> Run:
    make = library("networkx.utils").UnionFind

    def run() -> int:
        sets = make(range(len(pairs)))
        for a, b in pairs:
            sets.union(a, b)
        return len(set(map(sets.__getitem__, range(len(pairs)))))

    return run


@contender("union_find", "scipy", "compiled", needs="scipy")
def scipy(pairs: Pairs) -> Run:
    import numpy as np

    sparse, csgraph = library("scipy.sparse"), library("scipy.sparse.csgraph")

    n = len(pairs)
    array = np.array(pairs).reshape(n, 2)
    graph = sparse.coo_matrix((np.ones(n, np.int8), (array[:, 0], array[:, 1])), (n, n)).tocsr()
    return lambda: int(csgraph.connected_components(graph, directed=False)[0])


@contender("union_find", "numba", "numba", needs="numba")
def numba(pairs: Pairs) -> Run:
    import numpy as np

    from velvet_algorithms.fast import nb_union_find

    array = np.array(pairs, np.int64).reshape(len(pairs), 2)
    nb_union_find(len(pairs), array)  # compiles
    return lambda: int(np.unique(nb_union_find(len(pairs), array)).size)
