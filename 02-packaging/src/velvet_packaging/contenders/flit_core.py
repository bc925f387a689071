"""flit-core: the smallest backend, without a dependency; one package, no build steps."""

from __future__ import annotations

from collections.abc import Mapping

from velvet_packaging.project import ProjectSpec

distribution = "flit_core"
requires = ("flit_core>=3.12",)
build_backend = "flit_core.buildapi"
kinds = ("pure",)
needs: tuple[str, ...] = ()


def table(_: ProjectSpec) -> str:
    """Return nothing: it finds the package below `src` by its name."""
    return ""


def files(_: ProjectSpec) -> Mapping[str, str]:
    """Return nothing: pyproject.toml is enough."""
    return {}
