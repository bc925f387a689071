"""PDM: standards first, `pdm.lock` by default and `pylock.toml` by a setting."""

from __future__ import annotations

from velvet_environments.contenders.venv_pip import create
from velvet_environments.sandbox import Outcome
from velvet_environments.workspace import Workspace

__all__ = ["create"]

label = "PDM"
tool = "pdm"
family = "project"
lock_name = "pdm.lock"


def prepare(work: Workspace) -> None:
    """Write a project that is no package, with the index in the place of the public one."""
    source = f'[[tool.pdm.source]]\nname = "pypi"\nurl = "{work.index_url}"\nverify_ssl = false\n'
    work.pyproject(f"[tool.pdm]\ndistribution = false\n{source}")


def pdm(work: Workspace, *words: str) -> Outcome:
    """Run PDM on the project's environment, or on the base interpreter while there is none."""
    python = work.env_python if work.env_python.exists() else work.python
    (work.project / ".pdm-python").write_text(python.as_posix(), encoding="utf-8")
    return work.run([work.program(tool), *words])


def lock(work: Workspace) -> Outcome:
    """Resolve for all platforms."""
    return pdm(work, "lock")


def sync(work: Workspace) -> Outcome:
    """Make the environment equal to the lock; it never compiles."""
    return pdm(work, "sync", "--no-self", "--clean")
