"""pip lock: pip's own resolver writes PEP 751's `pylock.toml`, for this platform alone."""

from __future__ import annotations

from velvet_environments.contenders.venv_pip import create, install, pip, prepare
from velvet_environments.sandbox import Outcome
from velvet_environments.workspace import Workspace

__all__ = ["create", "family", "label", "lock", "lock_name", "prepare", "sync", "tool"]

label = "pip lock"
tool = "pip"
family = "pip"
lock_name = "pylock.toml"


def lock(work: Workspace) -> Outcome:
    """Resolve and write hashes, versions and addresses."""
    words = ("--index-url", work.index_url, "-r", "requirements.in", "-o", lock_name)
    return pip(work, "lock", *words)


def sync(work: Workspace) -> Outcome:
    """Install the lock; experimental in pip 26."""
    return install(work, "-r", lock_name)
