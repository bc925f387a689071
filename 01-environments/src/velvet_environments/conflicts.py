"""Judging a resolution, and reducing a conflict to what is really in conflict.

`verify` does not trust the resolver: it is written from the standards and shares no code with it.
`minimal_core` answers "which of my twelve requirements cannot live together?", which is what a
reader of an error message wants to know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from packaging.requirements import Requirement
from packaging.version import Version

from velvet_environments.resolve import BacktrackingResolver, Conflict, Resolution, Source
from velvet_environments.samples.graphs import Scenario
from velvet_environments.target import Target
from velvet_environments.wheelsmith import PackageSpec, normalize


def verify(resolution: Resolution, scenario: Scenario, target: Target | None = None) -> list[str]:
    """Return what is wrong with a resolution, a sentence each; O(V + E)."""
    here = target or Target.here()
    catalogue = {(spec.key, spec.version): spec for spec in scenario.packages}
    found: list[str] = []
    reached: dict[str, frozenset[str]] = {}
    queue: list[tuple[str, str, frozenset[str]]] = [
        ("the project", text, frozenset()) for text in scenario.root_requires
    ]
    seen = set()
    while queue:
        parent, text, asked = queue.pop()
        if (parent, text, asked) in seen:
            continue
        seen.add((parent, text, asked))
        wanted = Requirement(text)
        if not here.wants(wanted.marker, asked):
            continue
        name = normalize(wanted.name)
        version = resolution.pins.get(name)
        if version is None:
            found.append(f"{parent} requires {text}: nothing was chosen")
            continue
        if not wanted.specifier.contains(Version(version), prereleases=True):
            found.append(f"{parent} requires {text}: {version} was chosen")
        extras = reached.get(name, frozenset()) | frozenset(wanted.extras)
        reached[name] = extras
        spec = catalogue.get((name, version))
        if spec is None:
            found.append(f"{name} {version} does not exist")
            continue
        label = f"{name} {version}"
        queue += [(label, one, frozenset()) for one in spec.requires]
        queue += [
            (label, one, frozenset({extra}))
            for extra in extras
            for one in spec.extras.get(extra, ())
        ]
    for name, version in resolution.pins.items():
        spec = catalogue.get((name, version))
        if name not in reached:
            found.append(f"{name} {version} was chosen and nothing needs it")
        if spec and not here.accepts_python(spec.requires_python):
            found.append(f"{name} {version} needs Python {spec.requires_python}")
        if spec and not here.accepts_tag(spec.tag):
            found.append(f"{name} {version} has no file for {here.platform}")
    return found


def satisfiable(
    texts: Iterable[str], packages: Sequence[PackageSpec], target: Target | None = None
) -> bool:
    """Whether some choice of versions fits all requirements."""
    try:
        BacktrackingResolver().resolve(texts, Source(packages, target or Target.here()))
    except Conflict:
        return False
    return True


def minimal_core(
    texts: Sequence[str], packages: Sequence[PackageSpec], target: Target | None = None
) -> list[str]:
    """Return a smallest set of requirements that cannot be met together; empty if all can.

    Single requirements and pairs are tried outright, so that a core of up to three is the smallest
    there is. A larger one is only irreducible: leaving out any one of it makes it satisfiable. At
    most n (n + 3) / 2 + 1 resolutions.
    """
    wanted, packages = list(dict.fromkeys(texts)), list(packages)
    if satisfiable(wanted, packages, target):
        return []
    for size in (1, 2):
        for some in combinations(wanted, size):
            if not satisfiable(some, packages, target):
                return list(some)
    for one in list(wanted):
        without = [other for other in wanted if other != one]
        if not satisfiable(without, packages, target):
            wanted = without
    return wanted
