"""hatchling: plugins, build hooks, dynamic versions; reproducible without being asked."""

from __future__ import annotations

from collections.abc import Mapping

from velvet_packaging.project import ProjectSpec

distribution = "hatchling"
requires = ("hatchling>=1.27",)
build_backend = "hatchling.build"
kinds = ("pure",)
needs: tuple[str, ...] = ()


def table(spec: ProjectSpec) -> str:
    """Name the package: it stands below `src`."""
    return f'[tool.hatch.build.targets.wheel]\npackages = ["src/{spec.module}"]\n'


def files(_: ProjectSpec) -> Mapping[str, str]:
    """Return nothing: pyproject.toml is enough."""
    return {}
