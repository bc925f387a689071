"""Our engine, a fresh interpreter for each mutant, as on Windows."""

from __future__ import annotations

from velvet_testing.contenders import EngineResult, Project, own_fork


def mutate(project: Project) -> EngineResult:
    """Mutate a project."""
    return own_fork.mutate(project, "spawn")
