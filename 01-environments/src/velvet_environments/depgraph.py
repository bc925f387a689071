"""Who needs whom: a graph of distributions, with the question "why is this here?" answered.

Extras and markers are settled before an edge is drawn, for one target: a graph of Windows has
edges that a graph of Linux lacks. Cycles are ordinary (PEP 508 allows them), so layers are those of
the condensation: a cycle shares one layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from heapq import heappop, heappush
from math import inf

from packaging.requirements import InvalidRequirement, Requirement

from velvet_environments.inspector import Environment
from velvet_environments.target import Target
from velvet_environments.wheelsmith import normalize

PATHS_CAP = 50


class DependencyGraph:
    """Distributions and what they need; a value, safe to share.

    >>> graph = DependencyGraph({"app": {"a"}, "a": {"b"}, "b": set()})
    >>> next(graph.why("b"))
    ('app', 'a', 'b')
    """

    def __init__(
        self, edges: Mapping[str, Iterable[str]], versions: Mapping[str, str] | None = None
    ) -> None:
        given = {name: set(some) for name, some in edges.items()}
        nodes = sorted(set(given).union(*given.values()))
        self.edges = {name: tuple(sorted(given.get(name, ()))) for name in nodes}
        self.versions = dict(versions or {})

    @classmethod
    def from_environment(
        cls, environment: Environment, target: Target | None = None
    ) -> DependencyGraph:
        """Draw what is installed; a requirement that is not installed is left out."""
        known = {dist.name: dist for dist in environment.installed}
        needs = {name: dist.requires for name, dist in known.items()}
        versions = {name: dist.version for name, dist in known.items()}
        return cls(_edges(needs, versions, target or Target.here()), versions)

    def why(self, name: str) -> Iterator[tuple[str, ...]]:
        """Yield the paths from roots to a distribution: the shortest first, at most `PATHS_CAP`.

        There may be exponentially many, so the distance to the nearest root leads the way (A*).
        An unknown name yields nothing.
        """
        if name not in self.edges:
            return
        parents, count = self._reversed(), 0
        near, rest = self.roots(), dict.fromkeys(self.roots(), 0)
        for one in near:  # which grows: breadth first
            new = [other for other in self.edges[one] if other not in rest]
            rest.update(dict.fromkeys(new, rest[one] + 1))
            near += new
        heap: list[tuple[float, int, tuple[str, ...]]] = [(0, 0, (name,))]
        while heap and count < PATHS_CAP:
            path = heappop(heap)[2]
            before = [one for one in parents[path[0]] if one not in path]
            count += not before
            if not before:
                yield path
            for one in before:
                heappush(heap, (len(path) + rest.get(one, inf), -len(path), (one, *path)))

    def _reversed(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {name: [] for name in self.edges}
        for name, others in self.edges.items():
            for other in others:
                found[other].append(name)
        return found

    def components(self) -> list[tuple[str, ...]]:
        """Return the strongly connected components, dependencies first (Tarjan); O(V + E)."""
        order: dict[str, int] = {}
        low: dict[str, int] = {}
        stack: list[str] = []
        found: list[tuple[str, ...]] = []
        for root in self.edges:
            if root in order:
                continue
            calls = [(root, iter(self.edges[root]))]
            order[root] = low[root] = len(order)
            stack.append(root)
            while calls:
                name, others = calls[-1]
                other = next(others, None)
                if other is None:
                    calls.pop()
                    if calls:
                        low[calls[-1][0]] = min(low[calls[-1][0]], low[name])
                    if low[name] == order[name]:
                        at = stack.index(name)
                        found.append(tuple(sorted(stack[at:])))
                        del stack[at:]
                elif other not in order:
                    order[other] = low[other] = len(order)
                    stack.append(other)
                    calls.append((other, iter(self.edges[other])))
                elif other in stack:
                    low[name] = min(low[name], order[other])
        return found

    def cycles(self) -> list[tuple[str, ...]]:
        """Return the groups of distributions that need each other."""
        return [one for one in self.components() if len(one) > 1 or one[0] in self.edges[one[0]]]

    def layers(self) -> list[list[str]]:
        """Return the graph in layers: each needs only what stands in later ones, cycles apart."""
        home: dict[str, int] = {}
        depth: dict[int, int] = {}
        groups = self.components()
        for number, group in enumerate(groups):
            home.update(dict.fromkeys(group, number))
            below = {home[other] for name in group for other in self.edges[name]} - {number}
            depth[number] = 1 + max((depth[one] for one in below), default=0)
        deepest = max(depth.values(), default=0)
        rows: list[list[str]] = [[] for _ in range(deepest)]
        for name, number in sorted(home.items()):
            rows[deepest - depth[number]].append(name)
        return rows

    def roots(self) -> list[str]:
        """Return what nothing needs."""
        needed = {other for others in self.edges.values() for other in others}
        return [name for name in self.edges if name not in needed]

    def render(self, depth: int = 9) -> str:
        """Return the graph as an indented tree; a name that stands above already ends in dots."""
        lines: list[str] = []
        start = reversed(self.roots() or list(self.edges)[:1])
        waiting: list[tuple[str, tuple[str, ...]]] = [(name, ()) for name in start]
        while waiting:
            name, above = waiting.pop()
            version = f" {self.versions[name]}" if name in self.versions else ""
            again = name in above
            lines.append(f"{'  ' * len(above)}{name}{version}{' ...' if again else ''}")
            if len(above) < depth and not again:
                waiting += [(one, (*above, name)) for one in reversed(self.edges[name])]
        return "\n".join(lines)


def _readable(texts: Iterable[str]) -> Iterator[Requirement]:
    """Yield what is a requirement; `Environment.check` names what is none."""
    for text in texts:
        with suppress(InvalidRequirement):
            yield Requirement(text)


def _edges(
    needs: Mapping[str, Iterable[str]], versions: Mapping[str, str], target: Target
) -> dict[str, set[str]]:
    """Return the edges; an extra's requirements count where something asks for the extra."""
    parsed = {name: list(_readable(texts)) for name, texts in needs.items()}
    extras: dict[str, set[str]] = {name: set() for name in needs}
    edges: dict[str, set[str]] = {name: set() for name in needs}
    changed = True
    while changed:  # an extra may ask for another: until nothing is new
        changed = False
        for name, wanted in parsed.items():
            for one in wanted:
                other = normalize(one.name)
                asked = frozenset(extras[name])
                if other not in versions or not target.wants(one.marker, asked):
                    continue
                if other not in edges[name] or not one.extras <= extras[other]:
                    edges[name].add(other)
                    extras[other] |= one.extras
                    changed = True
    return edges
