"""What is measured: one file a subject, each with `add_to(suite)`.

Every sample is a fresh child with a sandbox, a server and empty caches of its own. A tool that is
not installed is a row with its reason; `python -m velvet_environments install NAME` brings it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from velvet.bench import Absent
from velvet_environments import lockfiles, locks
from velvet_environments.contenders import load
from velvet_environments.inspector import Environment
from velvet_environments.samples.graphs import Scenario
from velvet_environments.target import Target
from velvet_environments.workspace import EnvTool, Workspace, available, workspace

# Who takes part where a project is locked and installed; the baseline first.
TOOLS = ("pip_lock", "pip_tools", "uv_project", "poetry", "pdm", "pipenv")
QUICK = ("pip_lock", "uv_project")  # the others start slowly: left to the default tier


def present(name: str) -> EnvTool:
    """Return a contender whose tool is installed.

    Raises:
        Absent: it is not.
    """
    tool = load(name)
    told = available(tool)
    if not told.present:
        raise Absent(f"{told.tool} is not installed: {told.reason}")
    return tool


@contextmanager
def project(name: str, graph: Scenario, **options: Any) -> Iterator[tuple[EnvTool, Workspace]]:
    """Yield a contender and a project that it prepared, with an empty environment."""
    tool = present(name)
    with workspace(graph, **options) as work:
        tool.prepare(work)
        work.blank()
        yield tool, work


def pins(tool: EnvTool, work: Workspace) -> dict[str, str]:
    """Return what a written lock installs on this target."""
    return locks.select(lockfiles.load(work.project / tool.lock_name), Target.here())


def installed(work: Workspace) -> dict[str, str]:
    """Return what is installed."""
    return {one.name: one.version for one in Environment.read(work.env).installed}


def tier(name: str) -> str:
    """Return the smallest tier that measures a contender."""
    return "quick" if name in QUICK else "default"
