"""virtualenv + pip: wheels that virtualenv carries are unpacked once and copied from then on."""

from __future__ import annotations

from velvet_environments.contenders.venv_pip import lock, lock_name, prepare, sync
from velvet_environments.sandbox import Outcome
from velvet_environments.workspace import Workspace

__all__ = ["create", "family", "label", "lock", "lock_name", "prepare", "sync", "tool"]

label = "virtualenv + pip"
tool = "virtualenv"
family = "pip"


def create(work: Workspace) -> Outcome:
    """Make the environment; without `--download`, nothing is fetched."""
    return work.run([work.program(tool), "--python", work.python, work.env])
