"""A project for a tool to work on, and what every contender has in common.

A contender is a module of `contenders` with functions named after operations; what a tool cannot
do, its module lacks. `perform` calls them by name and turns a missing one into `Unsupported`. The
options that make a comparison fair (bytecode, link mode) are fields, not habits.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from velvet_environments.errors import Unsupported
from velvet_environments.indexserver import IndexServer
from velvet_environments.samples.graphs import Scenario
from velvet_environments.sandbox import TIMEOUT_S, Outcome, Sandbox
from velvet_environments.toolbox import Availability, Toolbox, base_python, python_of

OPERATIONS = ("create", "lock", "sync", "run_script")


class EnvTool(Protocol):
    """What every contender's module has; the operations are optional functions beside these."""

    label: str
    tool: str  # the name in the toolbox
    family: str  # pip, uv, project or conda
    lock_name: str  # the file that `lock` writes

    def prepare(self, work: Workspace) -> None:
        """Write the files that the tool expects of a project."""

    def lock(self, work: Workspace) -> Outcome:
        """Resolve the project and write the lock."""

    def sync(self, work: Workspace) -> Outcome:
        """Install exactly what the lock says."""


@dataclass
class Workspace:
    """A project in a sandbox.

    Attributes:
        box: the sandbox that tools run in.
        requires: what the project asks for.
        programs: the toolbox that is asked for programs.
        bytecode: whether an installer compiles what it installs.
        link_mode: uv's `--link-mode`; empty for its default.
        timeout_s: seconds after which a tool is ended.
    """

    box: Sandbox
    requires: tuple[str, ...]
    index_url: str = ""
    requires_python: str = ">=3.10"
    python: Path = field(default_factory=base_python)
    programs: Toolbox = field(default_factory=Toolbox)
    bytecode: bool = False
    link_mode: str = ""
    timeout_s: float = TIMEOUT_S

    def __post_init__(self) -> None:
        self.project.mkdir(parents=True, exist_ok=True)

    @property
    def project(self) -> Path:
        """The project's folder."""
        return self.box.root / "p"

    @property
    def env(self) -> Path:
        """The project's environment."""
        return self.project / ".venv"

    @property
    def env_python(self) -> Path:
        """The interpreter of the project's environment."""
        return python_of(self.env)

    def program(self, tool: str) -> Path:
        """Return a tool's program.

        Raises:
            ToolMissing: it is not installed.
        """
        return self.programs.locate(tool).demand()

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        path = self.project / name
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, argv: Sequence[str | Path], env: Mapping[str, str] | None = None) -> Outcome:
        """Run a program in the project's folder."""
        return self.box.run(argv, cwd=self.project, env=env, timeout_s=self.timeout_s)

    def pyproject(self, more: str = "") -> Path:
        """Write a `pyproject.toml` with the project's requirements, and a tool's own table."""
        wanted = json.dumps(list(self.requires))
        return self.write(
            "pyproject.toml",
            f'[project]\nname = "project"\nversion = "0"\n'
            f'requires-python = "{self.requires_python}"\ndependencies = {wanted}\n{more}',
        )

    def blank(self) -> Path:
        """Make an empty environment without pip, anew, by the standard library."""
        if self.env.exists():
            shutil.rmtree(self.env)
        builder = venv.EnvBuilder(symlinks=sys.platform != "win32")
        builder.create(self.env)
        return self.env


@contextmanager
def workspace(
    scenario: Scenario, *, server: IndexServer | None = None, **options: Any
) -> Iterator[Workspace]:
    """Yield a project that asks for a scenario's roots, in a temporary sandbox.

    Without a server, one is started for the scenario's own packages. Options are those of
    `Workspace`, and `latency_s`, `faults` of a server of its own.
    """
    mine = {key: options.pop(key) for key in ("latency_s", "faults", "files") if key in options}
    if server is None:
        with (
            IndexServer(scenario.to_index(), **mine) as own,
            workspace(scenario, server=own, **options) as made,
        ):
            yield made
        return
    # Short, and removed also where a tool wrote files that only it may read.
    with tempfile.TemporaryDirectory(prefix="v01-", ignore_cleanup_errors=True) as folder:
        yield Workspace(
            Sandbox(Path(folder), server=server),
            scenario.root_requires,
            server.url,
            scenario.requires_python,
            **options,
        )


def perform(tool: EnvTool, operation: str, work: Workspace, *given: str) -> Outcome:
    """Call an operation by its name.

    Raises:
        Unsupported: the tool has none of that name.
        ToolMissing: the tool is not installed.
    """
    found = getattr(tool, operation, None) if operation in OPERATIONS else None
    if found is None:
        raise Unsupported(tool.label, operation)
    made: Outcome = found(work, *given)
    return made


def available(tool: EnvTool, programs: Toolbox | None = None) -> Availability:
    """Return whether a contender's tool is installed."""
    return (programs or Toolbox()).locate(tool.tool)
