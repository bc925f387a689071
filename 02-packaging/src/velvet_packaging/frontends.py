"""Front ends: what stands between a project and its backend, and what that costs.

A backend is two functions, `build_wheel` and `build_sdist` (PEP 517). A front end reads which
backend a project wants, by default installs it into a throw-away environment, and calls the hook in
a child. `Hook` does the last step alone, so the difference to any other is the front end's own.

Isolation needs the backends as wheels: they come from a local folder (see `wheelhouse`), never from
a network.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyproject_hooks

from velvet_packaging import programs
from velvet_packaging.errors import BackendMissing, BuildFailed, UnknownName
from velvet_packaging.metadata import build_backend

TARGETS = ("wheel", "sdist", "editable")


@dataclass(frozen=True)
class BuildResult:
    """A built file and what it cost.

    Attributes:
        wall_s, cpu_s: of the front end with all its children.
        sha256: of the file, in hexadecimal digits.
    """

    path: Path
    wall_s: float
    cpu_s: float
    size: int
    sha256: str
    log: str = field(repr=False, default="")


class Frontend(Protocol):
    """What builds a project.

    Attributes:
        isolated: whether it installs the backend into an environment of its own.
    """

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def isolated(self) -> bool:
        """Whether it makes an environment for the backend."""

    def build(
        self, project: Path, target: str, out: Path, env: Mapping[str, str] | None = None
    ) -> BuildResult:
        """Build one file into a folder."""


def result(out: Path, before: dict[Path, int], ran: programs.Ran, stage: str) -> BuildResult:
    """Return the one file that a build added to a folder, or wrote anew.

    Raises:
        BuildFailed: it failed, or wrote none.
    """
    ran.demand(stage)
    made = [
        path
        for path, date in _dates(out).items()
        if before.get(path) != date and path.name.endswith((".whl", ".tar.gz"))
    ]
    if len(made) != 1:
        told = f"it made {len(made)} files instead of 1"
        raise BuildFailed(stage, 0, told)
    data = made[0].read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return BuildResult(made[0], ran.wall_s, ran.cpu_s, len(data), digest, ran.text)


def _started(out: Path, target: str, targets: tuple[str, ...] = TARGETS) -> dict[Path, int]:
    if target not in targets:
        raise UnknownName("target", target, targets)
    out.mkdir(parents=True, exist_ok=True)
    return _dates(out)


def _dates(out: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in out.iterdir()}


@dataclass(frozen=True)
class Hook:
    """The backend's own function, called in a child; no isolation.

    Attributes:
        timeout: in seconds.
        umask: of the child; -1 keeps that of this process.
        python: the interpreter that has the backend.
    """

    timeout: float = 300.0
    umask: int = -1
    python: str = sys.executable
    name: str = "hook"
    isolated: bool = False

    def build(
        self, project: Path, target: str, out: Path, env: Mapping[str, str] | None = None
    ) -> BuildResult:
        """Build one file by calling `build_wheel`, `build_sdist` or `build_editable`.

        Raises:
            UnknownName: the target is none of `TARGETS`.
            BackendMissing: the backend is not installed, or has no such hook.
            BuildFailed: it failed, or wrote another file than it names.
            BuildTimeout: it hung; its process group was ended.
        """
        before = _started(out, target)
        told, ran = self.call(project, f"build_{target}", str(out), env=env)
        made = result(out, before, ran, f"{project.name}: {target}")
        if told != made.path.name:
            stage = f"{project.name}: {target}"
            raise BuildFailed(stage, 0, f"the backend returned {told!r}, wrote {made.path.name!r}")
        return made

    def call(
        self, project: Path, hook: str, *args: Any, env: Mapping[str, str] | None = None
    ) -> tuple[Any, programs.Ran]:
        """Call any hook of a project's backend; returns its answer and how the child ended.

        Raises:
            BuildFailed: the backend failed.
            BuildTimeout: it hung; its process group was ended.
        """
        seen: list[programs.Ran] = []

        def runner(
            cmd: Any, cwd: str | None = None, extra_environ: Mapping[str, str] | None = None
        ) -> None:
            full = programs.clean_env({**(env or {}), **(extra_environ or {})})
            where = Path(cwd) if cwd else None
            ran = programs.run(cmd, cwd=where, env=full, timeout=self.timeout, umask=self.umask)
            seen.append(ran.demand(f"{project.name}: {hook}"))

        backend = build_backend(project / "pyproject.toml")
        caller = pyproject_hooks.BuildBackendHookCaller(
            str(project), backend, runner=runner, python_executable=self.python
        )
        try:
            told = getattr(caller, hook)(*args)
        except pyproject_hooks.BackendUnavailable as error:
            raise BackendMissing(f"{backend} cannot be imported: {error}") from None
        except pyproject_hooks.HookMissing as error:
            raise BackendMissing(f"{backend} has no hook {hook}: {error}") from None
        return told, seen[-1]


@dataclass(frozen=True)
class Program:
    """A front end that is a program: build, pip or uv.

    Attributes:
        targets: what it can build.
        argv: from target, project and output folder to a command line.
        wheels: a folder with the backends as wheels; isolation takes them from there.
        timeout: in seconds.
    """

    name: str
    isolated: bool
    argv: Callable[[str, Path, Path], list[str | Path]]
    targets: tuple[str, ...] = ("wheel", "sdist")
    wheels: Path | None = None
    timeout: float = 300.0

    def build(
        self, project: Path, target: str, out: Path, env: Mapping[str, str] | None = None
    ) -> BuildResult:
        """Build one file with the program.

        Raises:
            BackendMissing: it isolates, and there is no folder with wheels.
        """
        before = _started(out, target, self.targets)
        if self.isolated and self.wheels is None:
            raise BackendMissing(
                f"{self.name} isolates: it needs a folder with the backend's wheel"
            )
        full = programs.clean_env(env)
        if self.wheels is not None:
            where = self.wheels.as_uri()
            full |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": where}
            full |= {"UV_NO_INDEX": "1", "UV_FIND_LINKS": where, "UV_OFFLINE": "1"}
        argv = self.argv(target, project, out)
        ran = programs.run(argv, cwd=project, env=full, timeout=self.timeout)
        return result(out, before, ran, f"{self.name}: {target}")


def _build(*options: str) -> Callable[[str, Path, Path], list[str | Path]]:
    def argv(target: str, project: Path, out: Path) -> list[str | Path]:
        return [sys.executable, "-m", "build", f"--{target}", "-o", out, *options, project]

    return argv


def _pip(_: str, project: Path, out: Path) -> list[str | Path]:
    return [sys.executable, "-m", "pip", "wheel", "--no-deps", "-q", "-w", out, project]


def _uv(target: str, project: Path, out: Path) -> list[str | Path]:
    return [programs.find("uv"), "build", f"--{target}", "-o", out, project]


def frontends(wheels: Path | None = None) -> dict[str, Frontend]:
    """Return every front end by its name; isolating ones take backends from `wheels`."""
    made: tuple[Frontend, ...] = (
        Hook(),
        Program("build -n", False, _build("--no-isolation", "--skip-dependency-check")),
        Program("build", True, _build(), wheels=wheels),
        Program("build+uv", True, _build("--installer", "uv"), wheels=wheels),
        Program("pip wheel", True, _pip, ("wheel",), wheels=wheels),
        Program("uv build", True, _uv, wheels=wheels),
    )
    return {one.name: one for one in made}
