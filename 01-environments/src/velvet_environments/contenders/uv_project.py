"""uv as a project manager: `pyproject.toml` in, one lock for all platforms out."""

from __future__ import annotations

from velvet_environments.contenders.uv_pip import create, options, uv
from velvet_environments.sandbox import Outcome
from velvet_environments.workspace import Workspace

__all__ = ["create", "family", "label", "lock", "lock_name", "prepare", "sync", "tool"]

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


def run_script(work: Workspace, path: str) -> Outcome:
    """Run a script with the packages that its PEP 723 block names."""
    return uv(work, "run", *_where(work), "--script", path)
