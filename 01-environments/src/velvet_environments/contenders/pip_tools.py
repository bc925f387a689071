"""pip-tools: `pip-compile` turns names into a file of versions with hashes, and pip installs it."""

from __future__ import annotations

from velvet_environments.contenders.venv_pip import create, install, prepare
from velvet_environments.sandbox import Outcome
from velvet_environments.workspace import Workspace

__all__ = ["create", "family", "label", "lock", "lock_name", "prepare", "sync", "tool"]

label = "pip-tools"
tool = "pip-tools"
family = "pip"
lock_name = "requirements.txt"


def lock(work: Workspace) -> Outcome:
    """Resolve for the interpreter that pip-tools runs on."""
    words = ("--generate-hashes", "--index-url", work.index_url, "-o", lock_name)
    return work.run([work.program(tool), *words, "--strip-extras", "requirements.in"])


def sync(work: Workspace) -> Outcome:
    """Install with hashes demanded; `pip-sync` would need pip inside the environment."""
    return install(work, "--require-hashes", "-r", lock_name)
