"""Our engine, one clean process that forks a copy of itself for each mutant."""

from __future__ import annotations

from velvet_testing.contenders import EngineResult, Project
from velvet_testing.mutation import engine


def mutate(project: Project, isolation: str = "fork") -> EngineResult:
    """Mutate a project."""
    words = ["-o", f"pythonpath={project.source.parent}", str(project.tests)]
    report = engine.run(project.source, words, isolation=isolation, cwd=project.folder)
    judged = len(report.outcomes) - report.count(engine.Status.EQUIVALENT)
    return EngineResult(judged, judged - len(report.survivors), report.cpu_s, report.wall_s)
