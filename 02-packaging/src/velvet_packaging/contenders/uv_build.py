"""uv_build: uv's own, a program that is not written in Python; the shortest start."""

from __future__ import annotations

from collections.abc import Mapping

from velvet_packaging.project import ProjectSpec

distribution = "uv_build"
requires = ("uv_build>=0.9,<1",)
build_backend = "uv_build"
kinds = ("pure",)
needs: tuple[str, ...] = ()


def table(_: ProjectSpec) -> str:
    """Return nothing: it finds the package below `src` by its name."""
    return ""


def files(_: ProjectSpec) -> Mapping[str, str]:
    """Return nothing: pyproject.toml is enough."""
    return {}
