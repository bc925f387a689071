"""cosmic-ray: the source on disk is changed, and the test command started anew, for each mutant."""

from __future__ import annotations

import json
import sys

from velvet_testing.contenders import EngineResult, Project
from velvet_testing.contenders._program import command

SETTINGS = """[cosmic-ray]
module-path = "src/{name}.py"
timeout = 10.0
excluded-modules = []
test-command = '"{python}" -m pytest -x -q -p no:cacheprovider tests'
[cosmic-ray.distributor]
name = "local"
"""


def mutate(project: Project) -> EngineResult:
    """Mutate a project."""
    settings = SETTINGS.format(name=project.name, python=sys.executable)
    (project.folder / "cosmic.toml").write_text(settings, encoding="utf-8")
    command(project, ["cosmic-ray", "init", "cosmic.toml", "session.sqlite"])
    _, cpu, wall = command(project, ["cosmic-ray", "exec", "cosmic.toml", "session.sqlite"])
    dumped, _, _ = command(project, ["cosmic-ray", "dump", "session.sqlite"])
    outcomes = [json.loads(line)[1] for line in dumped.splitlines()]
    dead = sum(one is not None and one["test_outcome"] != "survived" for one in outcomes)
    return EngineResult(len(outcomes), dead, cpu, wall)
