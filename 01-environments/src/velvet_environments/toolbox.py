"""One environment for each tool, made once from a pinned file.

Tools that share an environment share dependencies, and then the installer decides which of them is
old: poetry, pdm and pipenv together resolve, to an older pipenv. So each tool lives alone, in a
folder of the user's cache, installed from the user's own index. What is not installed is an
answer, too: a reason and the command that installs it.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

from velvet_environments.errors import EnvToolError, ToolFailed, ToolMissing
from velvet_environments.inspector import site_packages_of

_FILES = Path(__file__).parents[2] / "requirements" / "tools"
# The program to look for, and the distribution that tells its version.
PROGRAMS = {
    "pip": ("pip", "pip"),
    "virtualenv": ("virtualenv", "virtualenv"),
    "uv": ("uv", "uv"),
    "pip-tools": ("pip-compile", "pip-tools"),
    "poetry": ("poetry", "poetry"),
    "pdm": ("pdm", "pdm"),
    "pipenv": ("pipenv", "pipenv"),
    "rattler": ("", "py-rattler"),  # a library: its interpreter is the program
    "conda": ("conda", ""),
    "mamba": ("mamba", ""),
    "micromamba": ("micromamba", ""),
}
INSTALL_S = 600.0


@dataclass(frozen=True)
class Availability:
    """Whether a tool is here.

    Attributes:
        path: its program; the interpreter for a library.
        reason: why it is absent, with the command that helps.
    """

    tool: str
    present: bool
    version: str = ""
    path: Path | None = None
    reason: str = ""

    def demand(self) -> Path:
        """Return the program.

        Raises:
            ToolMissing: there is none.
        """
        if self.path is None:
            raise ToolMissing(self.tool, self.reason)
        return self.path


def scripts_of(env: Path) -> Path:
    """Return the folder of an environment's programs."""
    return env / ("Scripts" if sys.platform == "win32" else "bin")


def python_of(env: Path) -> Path:
    """Return an environment's interpreter."""
    return scripts_of(env) / ("python.exe" if sys.platform == "win32" else "python")


def base_python() -> Path:
    """Return the interpreter behind the environment that runs this: tools build upon it."""
    told = Path(getattr(sys, "_base_executable", sys.executable))
    if sys.prefix == sys.base_prefix or told != Path(sys.executable):
        return told
    # Python 3.10 tells the environment's own.
    return Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"


class Toolbox:
    """Finds tools, and installs those that are asked for.

    A tool is looked for under `VELVET_TOOL_<NAME>`, then in the toolbox, then beside the running
    interpreter, then on the search path.

    Args:
        home: where environments are made; `VELVET_TOOLBOX` or a folder of the user's cache.
    """

    def __init__(self, home: Path | None = None) -> None:
        told = os.environ.get("VELVET_TOOLBOX")
        tag = f"{sys.version_info.major}.{sys.version_info.minor}"
        self.home = home or Path(told or Path.home() / ".cache" / "velvet-tools") / tag

    def _program(self, name: str, folder: Path) -> Path | None:
        program = PROGRAMS[name][0]
        if not program:
            python = python_of(folder.parent)
            module = importlib.metadata.PathDistribution.discover(
                name=PROGRAMS[name][1], path=[str(one) for one in site_packages_of(folder.parent)]
            )
            return python if python.exists() and any(module) else None
        found = shutil.which(program, path=str(folder))
        return Path(found) if found else None

    def locate(self, name: str) -> Availability:
        """Return where a tool is, or why it is not.

        Raises:
            EnvToolError: there is no tool of that name.
        """
        if name not in PROGRAMS:
            raise EnvToolError(f"unknown tool {name!r}: choose one of {', '.join(PROGRAMS)}")
        variable = f"VELVET_TOOL_{name.upper().replace('-', '_')}"
        given = os.environ.get(variable)
        if given:
            path = Path(given)
            if not path.exists():
                return Availability(name, False, reason=f"{variable} names {given}: no such file")
            return Availability(name, True, _version(path), path)
        for folder in (scripts_of(self.home / name), Path(sysconfig.get_path("scripts"))):
            path_here = self._program(name, folder)
            if path_here is not None:
                version = _installed(PROGRAMS[name][1], folder.parent)
                return Availability(name, True, version, path_here)
        found = shutil.which(PROGRAMS[name][0]) if PROGRAMS[name][0] else None
        if found and _version(Path(found)):
            return Availability(name, True, _version(Path(found)), Path(found))
        if not PROGRAMS[name][1]:
            return Availability(name, False, reason=f"no {name} on the search path")
        return Availability(name, False, reason=f"python -m velvet_environments install {name}")

    def ensure(self, name: str) -> Path:
        """Return a tool's program, after installing it from the user's index where needed.

        Raises:
            ToolMissing: it cannot be installed by pip.
            ToolFailed: the installation failed; the message ends with the installer's last line.
        """
        found = self.locate(name)
        if found.path is not None:
            return found.path
        pinned = _FILES / f"{name}.txt"
        if not pinned.exists():
            raise ToolMissing(name, f"{found.reason}; pip does not offer it")
        env = self.home / name
        uv = self.locate("uv").path
        if uv:
            argv = [str(uv), "pip", "install", "-q", "--compile-bytecode"]
            argv += ["--python", str(python_of(env))]
        else:
            argv = [str(python_of(env)), "-m", "pip", "install", "-q"]
        venv.create(env, with_pip=not uv, clear=True, symlinks=sys.platform != "win32")
        command = [*argv, "-r", str(pinned)]
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", timeout=INSTALL_S, check=False
        )
        if done.returncode:
            shutil.rmtree(env)  # a half-made environment would be found the next time
            raise ToolFailed(f"{name}: {done.stderr.strip().splitlines()[-1]}")
        return self.locate(name).demand()

    def all(self) -> dict[str, Availability]:
        """Return every tool's availability."""
        return {name: self.locate(name) for name in PROGRAMS}


def _installed(distribution: str, env: Path) -> str:
    for folder in site_packages_of(env):
        for found in importlib.metadata.distributions(name=distribution, path=[str(folder)]):
            return found.version
    return ""


def _version(program: Path) -> str:
    """Return the version that a program tells; empty for one that does not start."""
    try:
        words = [str(program), "--version"]
        told = subprocess.run(words, capture_output=True, encoding="utf-8", timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\d+(\.\d+)+", told.stdout + told.stderr)
    return found[0] if found and told.returncode == 0 else ""
