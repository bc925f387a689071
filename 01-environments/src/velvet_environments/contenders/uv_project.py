"""uv as a project manager: `pyproject.toml` in, one lock for all platforms out."""

from __future__ import annotations

from velvet_environments.contenders.uv_pip import check, create, options, tree, uv
from velvet_environments.sandbox import Outcome
from velvet_environments.workspace import Workspace

__all__ = [
    "check",
    "create",
    "family",
    "label",
    "lock",
    "lock_name",
    "prepare",
    "sync",
    "tool",
    "tree",
]

label = "uv"
tool = "uv"
family = "uv"
lock_name = "uv.lock"


def prepare(work: Workspace) -> None:
    """Write a project that is no package itself."""
    work.pyproject("[tool.uv]\npackage = false\n")


def _where(work: Workspace) -> tuple[object, ...]:
    return ("--default-index", work.index_url, "--python", work.python)


def lock(work: Workspace) -> Outcome:
    """Resolve for all platforms."""
    return uv(work, "lock", *_where(work))


def sync(work: Workspace) -> Outcome:
    """Install the lock as it stands; `--frozen` never looks whether it is out of date."""
    return uv(work, "sync", "--frozen", *_where(work), *options(work))


def add(work: Workspace, requirement: str) -> Outcome:
    """Add a requirement, lock, install."""
    return uv(work, "add", *_where(work), requirement)


def remove(work: Workspace, name: str) -> Outcome:
    """Remove a requirement, lock, install."""
    return uv(work, "remove", *_where(work), name)


def export(work: Workspace) -> Outcome:
    """Write the lock as `pylock.toml`."""
    return uv(work, "export", "--frozen", "--format", "pylock.toml", "-o", "pylock.toml")


def run_script(work: Workspace, path: str) -> Outcome:
    """Run a script with the packages that its PEP 723 block names."""
    return uv(work, "run", *_where(work), "--script", path)
