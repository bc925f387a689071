"""Poetry: `poetry lock` and `poetry sync`, a resolver of its own, one lock for all platforms."""

from __future__ import annotations

from velvet_environments.contenders.venv_pip import create
from velvet_environments.sandbox import Outcome
from velvet_environments.workspace import Workspace

__all__ = ["create"]

label = "Poetry"
tool = "poetry"
family = "project"
lock_name = "poetry.lock"


def prepare(work: Workspace) -> None:
    """Write a project that is no package, with the index as its only source."""
    source = f'[[tool.poetry.source]]\nname = "local"\nurl = "{work.index_url}"\n'
    work.pyproject(f'[tool.poetry]\npackage-mode = false\n{source}priority = "primary"\n')


def poetry(work: Workspace, *words: str) -> Outcome:
    """Run Poetry; it takes the environment `.venv` of the project where there is one."""
    return work.run([work.program(tool), *words])


def lock(work: Workspace) -> Outcome:
    """Resolve."""
    return poetry(work, "lock")


def sync(work: Workspace) -> Outcome:
    """Make the environment equal to the lock."""
    return poetry(work, "sync", "--no-root", *(["--compile"] if work.bytecode else []))
