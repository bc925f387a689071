"""Four ways to write down an environment, each tried against what breaks it.

A project that installs by name is put before a moving index (a release appears between two
installs), an attacker's index (a wheel changes its bytes) and four platforms. Each step of the
evolution survives one more of them:

1. names: `pip install -r requirements.in`;
2. frozen: `pip freeze > requirements.txt`;
3. hashed: `pip lock`, for this platform;
4. universal: `uv lock`, for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from velvet_environments.contenders import pip_lock, uv_project, venv_pip
from velvet_environments.digest import tree_digest
from velvet_environments.indexserver import IndexServer
from velvet_environments.lockfiles import load
from velvet_environments.locks import platforms
from velvet_environments.samples.graphs import platform_split
from velvet_environments.sandbox import Outcome
from velvet_environments.wheelsmith import PackageSpec
from velvet_environments.workspace import EnvTool, Workspace, workspace

STEPS = ("names", "frozen", "hashed", "universal")
_LATER = PackageSpec("leaf", "2.0", payload_bytes=900)
_VICTIM = "common-1.0-py3-none-any.whl"


@dataclass(frozen=True)
class Survived:
    """What one way of writing down survives.

    Attributes:
        same: whether the environment is the same, byte for byte, after a new release appeared.
        refused: whether a changed wheel is refused.
        packages: how many packages four platforms would get; empty without a lock.
        lock_bytes: the size of the file.
        message: the installer's words about the changed wheel.
    """

    step: str
    same: bool
    refused: bool
    packages: tuple[int, ...]
    lock_bytes: int
    seconds: float
    message: str = ""


def _by_name(work: Workspace) -> Outcome:
    return venv_pip.install(work, "-r", "requirements.in")


def way(step: str) -> tuple[EnvTool, Callable[[Workspace], Outcome]]:
    """Return a step's tool and its way to install."""
    tools: dict[str, EnvTool] = {
        "names": venv_pip,
        "frozen": venv_pip,
        "hashed": pip_lock,
        "universal": uv_project,
    }
    tool = tools[step]
    return tool, _by_name if step == "names" else tool.sync


def attempt(step: str, *, tamper: bool = True) -> Survived:
    """Put one step before the moving index, and before the attacker's.

    Raises:
        ToolMissing: its tool is not installed.
        ToolFailed: an installation failed that should not.
    """
    tool, sync = way(step)
    with workspace(platform_split()) as work:
        server = work.box.server
        assert server is not None
        tool.prepare(work)
        work.blank()
        seconds, size, packages = 0.0, 0, tuple[int, ...]()
        if step != "names":
            done = tool.lock(work).demand()
            seconds += done.wall_s
            lock = work.project / tool.lock_name
            size, packages = lock.stat().st_size, tuple(platforms(load(lock)))
        seconds += _installed(work, sync).demand().wall_s
        before = tree_digest(work.env)
        server.index.add(_LATER)
        work.box.clear_cache()  # a colleague's machine
        seconds += _installed(work, sync).demand().wall_s
        made = Survived(step, tree_digest(work.env) == before, False, packages, size, seconds)
        return _tampered(made, work, sync, server) if tamper else made


def _installed(work: Workspace, sync: Callable[[Workspace], Outcome]) -> Outcome:
    work.blank()
    return sync(work)


def _tampered(
    made: Survived, work: Workspace, sync: Callable[[Workspace], Outcome], server: IndexServer
) -> Survived:
    server.index.tamper(_VICTIM)
    work.box.clear_cache()
    told = _installed(work, sync)
    said = next((line for line in told.text.splitlines() if "hash" in line.lower()), "")
    return replace(made, refused=not told.ok, message=said.strip())
