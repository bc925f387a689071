"""Maximum flow and strongly connected components.

The flow is timed from a list of arcs to its value, because a network is used up by its flow; for
the components every library has its graph in its own form before the clock starts.
"""

from __future__ import annotations

from velvet.bench import Suite, speedup
from velvet_algorithms.comparisons.rows import add_rows

ACL = "ac-library-python"


def _add_flow(suite: Suite) -> None:
    flow = suite.comparison(
        "flow_and_scc_flow",
        title="The maximum flow through n nodes and 10 n arcs, from the list of arcs",
        unit="ms",
        sizes={"n": [25, 100, 400, 1000, 2000]},
        default=lambda n: n in (400, 2000),
        quick=lambda n: n == 400,
        rounds={"quick": 6, "default": 8},
    )
    add_rows(flow, "flow", baseline="Dinic")
    suite.claim(
        "our Dinic is several times faster than the flow of networkx",
        speedup("flow_and_scc_flow", "Dinic", "networkx", n=400) >= 4,
        needs="networkx",
    )
    suite.claim(
        "our Dinic is faster than the port of the AtCoder library",
        speedup("flow_and_scc_flow", "Dinic", "atcoder", n=400) >= 1.2,
        needs=ACL,
    )


def _add_components(suite: Suite) -> None:
    components = suite.comparison(
        "flow_and_scc_components",
        title="Strongly connected components of n nodes and 2 n arcs",
        unit="ms",
        sizes={"n": [500, 1500, 5000, 15_000, 50_000]},
        default=lambda n: n > 500,
        quick=lambda n: n == 15_000,
        rounds={"quick": 5, "default": 5},
    )
    add_rows(components, "components", baseline="Tarjan")
    suite.claim(
        "our Tarjan is faster than that of networkx",
        speedup("flow_and_scc_components", "Tarjan", "networkx", n=15_000) >= 1.5,
        needs="networkx",
    )
    suite.claim(
        "our Tarjan is faster than the port of the AtCoder library",
        speedup("flow_and_scc_components", "Tarjan", "atcoder", n=15_000) >= 1.3,
        needs=ACL,
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of flow and components."""
    _add_flow(suite)
    _add_components(suite)
