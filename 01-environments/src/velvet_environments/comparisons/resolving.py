"""The resolver of the lesson: what greedy breaks, and what backtracking costs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from velvet.bench import Metric, Outcome, Suite, growth, value
from velvet_environments.conflicts import verify
from velvet_environments.resolve import BacktrackingResolver, Conflict, GreedyResolver, Source
from velvet_environments.samples.graphs import random_constrained
from velvet_environments.target import Target

SEEDS, TIGHTNESS = 30, 0.15
HERE = Target("3.12", "linux")
RESOLVERS: dict[str, type[GreedyResolver | BacktrackingResolver]] = {
    "greedy": GreedyResolver,
    "backtracking": BacktrackingResolver,
}


def _quality(name: str, projects: int) -> Callable[[], Outcome]:
    def run() -> Outcome:
        broken = reads = 0
        for seed in range(SEEDS):
            graph = random_constrained(projects, tightness=TIGHTNESS, seed=seed)
            source = Source(graph.packages, HERE)
            try:
                found = RESOLVERS[name]().resolve(graph.root_requires, source)
            except Conflict:
                broken += 1
                continue
            broken += bool(verify(found, graph, HERE))
            reads += found.metadata_reads
        return Outcome({"broken": float(broken), "reads": reads / max(1, SEEDS)})

    return run


def _speed(name: str, projects: int) -> Callable[[], int]:
    graphs = [random_constrained(projects, tightness=TIGHTNESS, seed=seed) for seed in range(3)]

    def run() -> int:
        pins = 0
        for graph in graphs:
            source = Source(graph.packages, HERE)
            pins += len(RESOLVERS[name]().resolve(graph.root_requires, source).pins)
        return pins

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    quality = suite.comparison(
        "resolver_quality",
        title=f"{SEEDS} random graphs that have a solution: how many a resolver breaks",
        kind="value",
        unit="graphs",
        sizes={"projects": [10, 40, 160]},
        quick=lambda projects: projects <= 40,
        metrics={"broken": Metric("graphs"), "reads": "files"},
        limit=300,
    )
    time = suite.comparison(
        "resolver_time",
        title="Three random graphs, in memory",
        unit="ms",
        sizes={"projects": [10, 20, 40]},
        quick=lambda projects: projects == 10,
        rounds={"quick": 3, "default": 5},
    )
    for name in ("backtracking", "greedy"):
        quality.add(name, partial(_quality, name), baseline=name == "backtracking")
        time.add(name, partial(_speed, name), baseline=name == "backtracking")
    suite.claim(
        "backtracking breaks none of 60 graphs, greedy at least 20 of the larger 30",
        value("resolver_quality", "backtracking", "broken", projects=10).equals(0)
        & value("resolver_quality", "backtracking", "broken", projects=40).equals(0)
        & (value("resolver_quality", "greedy", "broken", projects=40) >= 20),
    )
    suite.claim(
        "on ordinary graphs the cost of backtracking grows no faster than n squared",
        growth("resolver_time", "backtracking", over="projects") <= 2,
        tier="default",
    )
