"""pdm-backend: PDM's own, usable without PDM; its sdist carries the clock."""

from __future__ import annotations

from collections.abc import Mapping

from velvet_packaging.project import ProjectSpec

distribution = "pdm-backend"
requires = ("pdm-backend>=2.4",)
build_backend = "pdm.backend"
kinds = ("pure",)
needs: tuple[str, ...] = ()


def table(_: ProjectSpec) -> str:
    """Return nothing: it finds packages below `src`."""
    return ""


def files(_: ProjectSpec) -> Mapping[str, str]:
    """Return nothing: pyproject.toml is enough."""
    return {}
