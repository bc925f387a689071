"""What goes over the wire: metadata, conflicts that are walked through, the conda family."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from velvet.bench import Outcome, Suite, ratio, value
from velvet_environments.channel import CondaChannel
from velvet_environments.comparisons import TOOLS, pins, project, tier
from velvet_environments.indexserver import IndexServer
from velvet_environments.samples.graphs import flat, generations, layered, staircase

WHEELS, WHEEL_BYTES = 28, 300_000
GRAPHS = {"staircase": lambda: staircase(30), "generations": lambda: generations(12, 6)}


def _metadata(name: str) -> Callable[[], Outcome]:
    graph = flat(WHEELS, files=1, payload_bytes=WHEEL_BYTES)

    def locked(core_metadata: bool) -> float:
        with (
            IndexServer(graph.to_index(core_metadata=core_metadata)) as server,
            project(name, graph, server=server) as (tool, work),
        ):
            return tool.lock(work).demand().stats.bytes / 1e3

    def run() -> Outcome:
        given, missing = locked(True), locked(False)
        return Outcome({"factor": missing / given, "with_kb": given, "without_kb": missing})

    with project(name, graph):
        return run  # entered for the check that the tool is here


def _conflict(name: str, graph: str) -> Iterator[Callable[[], Outcome]]:
    with project(name, GRAPHS[graph]()) as (tool, work):

        def run() -> Outcome:
            done = tool.lock(work).demand()
            told = {"reads": float(done.stats.metadata)}
            return Outcome(told, seconds=done.wall_s, result=sorted(pins(tool, work).items()))

        yield run


def _family(name: str) -> Iterator[Callable[[], Outcome]]:
    graph = layered()
    files = CondaChannel(graph.packages).served()
    with project(name, graph, files=files) as (tool, work):

        def run() -> Outcome:
            locked = tool.lock(work).demand()
            made = tool.sync(work).demand()
            told = {"install": made.wall_s, "requests": float(locked.stats.requests)}
            return Outcome(told, seconds=locked.wall_s)

        yield run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    metadata = suite.comparison(
        "pep658",
        title=f"Bytes of a lock of {WHEELS} wheels of 300 kB, with and without separate metadata",
        kind="value",
        unit="times",
        metrics={"factor": "times", "with_kb": "kB", "without_kb": "kB"},
    )
    for name in ("pip_lock", "uv_project", "poetry", "pdm"):
        metadata.add(name, partial(_metadata, name), baseline=name == "pip_lock", tier=tier(name))
    suite.claim(
        "an index without separate metadata makes pip fetch at least 50x the bytes",
        value("pep658", "pip_lock", "factor") >= 50,
    )

    conflict = suite.comparison(
        "conflict_cost",
        title="Graphs on which every resolver has to walk back",
        kind="run",
        sizes={"graph": list(GRAPHS)},
        metrics={"reads": "files"},
        rounds={"default": 2},
        tier="default",
        limit=300,
    )
    for name in TOOLS:
        if name != "pip_tools":
            conflict.add(name, partial(_conflict, name), baseline=name == "pip_lock")
    conflict.same_result()
    suite.claim(
        "on the staircase pip reads at most 1.5x the files that uv reads",
        ratio("conflict_cost", "pip_lock", "uv_project", "reads", graph="staircase") <= 1.5,
        tier="default",
    )

    family = suite.comparison(
        "conda_family",
        title="The same graph as a conda channel and as wheels: solve, then install",
        kind="run",
        metrics={"install": "s", "requests": "requests"},
        rounds={"default": 2},
        tier="default",
    )
    family.add("uv_project", partial(_family, "uv_project"), baseline=True, note="wheels")
    family.add("rattler", partial(_family, "rattler"), note="a child with the solver's library")
    family.add("conda_cli", partial(_family, "conda_cli"), note="where one is on the path")
