"""mutmut 3: every mutant in one file behind a switch, a fork for each; needs a system with fork."""

from __future__ import annotations

import json

from velvet_testing.contenders import EngineResult, Project
from velvet_testing.contenders._program import command

SETTINGS = "[mutmut]\nsource_paths=src\npytest_add_cli_args_test_selection=tests\n"


def mutate(project: Project) -> EngineResult:
    """Mutate a project."""
    (project.folder / "setup.cfg").write_text(SETTINGS, encoding="utf-8")
    _, cpu, wall = command(project, ["mutmut", "run", "--max-children", "1"])
    command(project, ["mutmut", "export-cicd-stats"])
    written = project.folder / "mutants" / "mutmut-cicd-stats.json"
    counts = json.loads(written.read_text(encoding="utf-8"))
    dead = sum(counts[name] for name in ("killed", "timeout", "segfault"))
    return EngineResult(counts["total"] - counts["skipped"], dead, cpu, wall)
