"""poetry-core: Poetry's own; reads PEP 621 since 2.0."""

from __future__ import annotations

from collections.abc import Mapping

from velvet_packaging.project import ProjectSpec

distribution = "poetry-core"
requires = ("poetry-core>=2.1",)
build_backend = "poetry.core.masonry.api"
kinds = ("pure",)
needs: tuple[str, ...] = ()


def table(spec: ProjectSpec) -> str:
    """Name the package: it stands below `src`."""
    return f'[tool.poetry]\npackages = [{{ include = "{spec.module}", from = "src" }}]\n'


def files(_: ProjectSpec) -> Mapping[str, str]:
    """Return nothing: pyproject.toml is enough."""
    return {}
