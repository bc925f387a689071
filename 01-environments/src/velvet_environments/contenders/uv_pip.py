"""uv's pip interface: the same files as pip-tools, one program that is not written in Python."""

from __future__ import annotations

from velvet_environments.contenders.venv_pip import prepare
from velvet_environments.sandbox import Outcome
from velvet_environments.workspace import Workspace

__all__ = ["prepare"]

label = "uv pip"
tool = "uv"
family = "uv"
lock_name = "requirements.txt"


def uv(work: Workspace, *words: object) -> Outcome:
    """Run uv."""
    return work.run([work.program(tool), *(str(word) for word in words)])


def options(work: Workspace) -> list[str]:
    """Return what says how files come into an environment."""
    made = ["--compile-bytecode"] if work.bytecode else []
    return [*made, "--link-mode", work.link_mode] if work.link_mode else made


def create(work: Workspace) -> Outcome:
    """Make an environment without pip in it: uv needs none."""
    return uv(work, "venv", "--clear", "--python", work.python, work.env)


def lock(work: Workspace) -> Outcome:
    """Resolve for all platforms at once, with hashes."""
    where = ("--default-index", work.index_url, "--python", work.python, "-o", lock_name)
    return uv(work, "pip", "compile", "--universal", "--generate-hashes", *where, "requirements.in")


def sync(work: Workspace) -> Outcome:
    """Make the environment equal to the lock."""
    where = ("--default-index", work.index_url, "--python", work.env_python)
    return uv(work, "pip", "sync", "--require-hashes", *where, *options(work), lock_name)
