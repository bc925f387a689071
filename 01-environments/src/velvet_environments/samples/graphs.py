"""Graphs of packages, each made for one question: speed, conflict, platform, drift.

Generators are seeded, so a graph is the same on every machine.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from velvet_environments.localindex import LocalIndex
from velvet_environments.wheelsmith import PackageSpec

UNSATISFIABLE = "unsatisfiable"


@dataclass(frozen=True)
class Scenario:
    """Packages and what a project asks for.

    Attributes:
        expected: name -> version, `UNSATISFIABLE`, or None where nothing is promised.
    """

    name: str
    packages: tuple[PackageSpec, ...]
    root_requires: tuple[str, ...]
    requires_python: str = ">=3.10"
    expected: Mapping[str, str] | str | None = None

    def to_index(self, *, core_metadata: bool = True) -> LocalIndex:
        """Build every wheel and return an index of them."""
        return LocalIndex(self.packages, core_metadata=core_metadata)


def layered(projects: int = 61, versions: int = 4, *, seed: int = 1) -> Scenario:
    """Two thirds of the projects are needed by the newest releases, the rest by older ones only.

    Each needed project is required by an earlier one, so that a tool learns of it in time and not
    at once: what an ordinary application looks like.
    """
    draw = random.Random(seed)
    needed = round(projects * 2 / 3)
    roots = max(1, needed // 5)
    names = [f"p{number:03}" for number in range(projects)]
    later: dict[int, list[str]] = {number: [] for number in range(projects)}
    for number in range(roots, needed):
        parent = draw.randrange(max(0, number - 2 * roots), number)
        later[parent].append(f"{names[number]}>=1")
        if number + 3 < needed:
            later[number].append(f"{names[draw.randrange(number + 1, needed)]}>=1")
    packages = [
        PackageSpec(
            names[number],
            f"{version}.0",
            requires=(
                tuple(dict.fromkeys(later[number]))
                if version == versions
                else (
                    (f"{names[draw.randrange(number + 1, projects)]}>=1",)
                    if number + 1 < projects
                    else ()
                )
            ),
        )
        for number in range(projects)
        for version in range(1, versions + 1)
    ]
    return Scenario("layered", tuple(packages), tuple(names[:roots]))


def flat(projects: int, *, files: int = 20, payload_bytes: int = 400) -> Scenario:
    """Projects without dependencies: what is left is installing."""
    packages = tuple(
        PackageSpec(f"flat{number:03}", "1.0", files=files, payload_bytes=payload_bytes)
        for number in range(projects)
    )
    return Scenario("flat", packages, tuple(one.name for one in packages))


def diamond() -> Scenario:
    """Two parents that need two versions of one project: unsatisfiable."""
    packages = (
        PackageSpec("d-left", "1.0", requires=("d-base<2",)),
        PackageSpec("d-right", "1.0", requires=("d-base>=2",)),
        PackageSpec("d-base", "1.0"),
        PackageSpec("d-base", "2.0"),
        PackageSpec("bystander", "1.0"),
    )
    roots = ("bystander", "d-left", "d-right")
    return Scenario("diamond", packages, roots, expected=UNSATISFIABLE)


def staircase(steps: int) -> Scenario:
    """The newest release never fits, nor the one before: a resolver walks down to the first."""
    packages = [PackageSpec("step", f"{n}.0") for n in range(1, steps + 1)]
    packages += [
        PackageSpec("stair", f"{n}.0", requires=(f"step=={n}.0",)) for n in range(1, steps + 1)
    ]
    expected = {"stair": "1.0", "step": "1.0"}
    return Scenario("staircase", tuple(packages), ("stair", "step==1.0"), expected=expected)


def generations(depth: int, releases: int) -> Scenario:
    """A chain in lock-step whose last link has to be the oldest: each wrong start fails late."""
    packages = [
        PackageSpec(
            f"gen{level:02}",
            f"{n}.0",
            requires=(f"gen{level + 1:02}=={n}.0",) if level < depth else (),
        )
        for level in range(depth + 1)
        for n in range(1, releases + 1)
    ]
    roots = ("gen00", f"gen{depth:02}<2")
    expected = {f"gen{level:02}": "1.0" for level in range(depth + 1)}
    return Scenario("generations", tuple(packages), roots, expected=expected)


def platform_split() -> Scenario:
    """An application with dependencies that only Windows, or only Python 3.10, needs."""
    packages = (
        PackageSpec(
            "app",
            "1.0",
            requires=(
                "common>=1",
                "only-windows; sys_platform == 'win32'",
                "only-old; python_version < '3.11'",
            ),
        ),
        PackageSpec("common", "1.0", requires=("leaf",)),
        PackageSpec("leaf", "1.0"),
        PackageSpec("only-windows", "1.0"),
        PackageSpec("only-old", "1.0"),
    )
    return Scenario("platform_split", packages, ("app",))


def yanked() -> Scenario:
    """The newest release was withdrawn by its author; another one is asked for by its exact name."""
    packages = (
        PackageSpec("pulled", "1.0"),
        PackageSpec("pulled", "2.0", yanked="broken"),
        PackageSpec("exact", "1.0", yanked="old"),
        PackageSpec("exact", "2.0"),
    )
    expected = {"pulled": "1.0", "exact": "1.0"}
    return Scenario("yanked", packages, ("pulled", "exact==1.0"), expected=expected)


def extras_cycle() -> Scenario:
    """Two projects that need each other, one of them only with an extra."""
    packages = (
        PackageSpec("ring", "1.0", requires=("stone",), extras={"set": ("stone[cut]",)}),
        PackageSpec("stone", "1.0", requires=("ring",), extras={"cut": ("tool",)}),
        PackageSpec("tool", "1.0"),
    )
    expected = {"ring": "1.0", "stone": "1.0", "tool": "1.0"}
    return Scenario("extras_cycle", packages, ("ring[set]",), expected=expected)


def random_constrained(
    projects: int, versions: int = 4, tightness: float = 0.3, *, seed: int = 0
) -> Scenario:
    """Random dependencies of which a share is bounded to the versions of one hidden solution.

    The oldest release of every project needs nothing, so that a solution always exists.
    """
    draw = random.Random(f"{projects} {versions} {tightness} {seed}")
    packages = []
    for number in range(projects):
        for version in range(1, versions + 1):
            below = range(number + 1, min(projects, number + 8))
            chosen = draw.sample(below, min(len(below), 2)) if version > 1 else []
            requires = []
            for other in chosen:
                tight = draw.random() < tightness
                bound = f"<={draw.randrange(1, versions)}" if tight else ">=1"
                requires.append(f"r{other:03}{bound}")
            packages.append(PackageSpec(f"r{number:03}", f"{version}", tuple(requires), files=0))
    roots = tuple(f"r{number:03}" for number in range(max(1, projects // 3)))
    return Scenario(f"random-{projects}-{seed}", tuple(packages), roots)
