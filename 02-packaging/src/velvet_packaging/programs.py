"""Running foreign programs: a clean environment, a time limit, and no output too large.

A build backend is any code at all. So each run is a process group of its own that is ended whole,
what it prints goes to a file of which the end is read, and nothing of the user's settings (indexes,
tokens, caches) reaches it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from velvet_packaging.errors import BackendMissing, BuildFailed, BuildTimeout

TAIL = 20_000  # bytes of the output that are kept
_DROPPED = ("PIP_", "UV_", "TWINE_", "PYTHON", "SOURCE_DATE_EPOCH", "VIRTUAL_ENV", "COV_", "GIT_")


@dataclass(frozen=True)
class Ran:
    """How a program ended.

    Attributes:
        cpu_s: processor seconds of it and its children; 0 where the system does not tell.
        text: the end of what it wrote, both streams.
    """

    rc: int
    wall_s: float
    cpu_s: float
    text: str

    def demand(self, stage: str) -> Ran:
        """Return itself.

        Raises:
            BuildFailed: the program ended with an error.
        """
        if self.rc:
            raise BuildFailed(stage, self.rc, self.text)
        return self


def clean_env(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment without the user's settings for Python and its installers.

    Bytecode stays on: without it every start of a backend compiles it again.
    """
    env = {key: value for key, value in os.environ.items() if not key.startswith(_DROPPED)}
    env |= {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_NO_CACHE_DIR": "1",
        "UV_NO_CONFIG": "1",
        "UV_NO_CACHE": "1",
        "UV_NO_PROGRESS": "1",
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
        # meson and ninja lie beside an interpreter whose environment is not activated
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))),
        "PYTHONIOENCODING": "utf-8",
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }
    return env | dict(extra or {})


def find(name: str) -> Path:
    """Return a program beside the running interpreter, else on the search path.

    Raises:
        BackendMissing: there is none.
    """
    beside = Path(sys.executable).parent
    found = shutil.which(name, path=str(beside)) or shutil.which(name)
    if found is None:
        way = "pip install uv" if name == "uv" else "install it, or put it on the search path"
        raise BackendMissing(f"{name} is not installed: {way}")
    return Path(found)


def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 300.0,
    umask: int = -1,
) -> Ran:
    """Run a program to its end.

    Args:
        env: the whole environment; `clean_env()` by default.
        timeout: in seconds; then the whole process group is killed.
        umask: of the child, on POSIX; its parent's by default.

    Raises:
        BuildTimeout: it did not end in time.
        BackendMissing: there is no such program.
    """
    with tempfile.TemporaryFile() as out:
        before = os.times()
        begun = time.perf_counter()
        try:
            child = subprocess.Popen(
                [str(word) for word in argv],
                cwd=cwd,
                env=dict(env) if env is not None else clean_env(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=os.name == "posix",
                umask=umask,
            )
        except FileNotFoundError:
            raise BackendMissing(f"{argv[0]} is no program") from None
        try:
            rc = child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise BuildTimeout(f"{Path(argv[0]).name} did not end in {timeout:g} s") from None
        finally:
            end_group(child)
        wall = time.perf_counter() - begun
        after = os.times()
        cpu = after.children_user + after.children_system
        cpu -= before.children_user + before.children_system
        size = out.seek(0, os.SEEK_END)
        out.seek(max(0, size - TAIL))
        text = out.read().decode("utf-8", "replace")
    return Ran(rc, wall, cpu, text)


def end_group(child: subprocess.Popen[bytes]) -> None:
    """End a child and whatever it started and left; safe after its end."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    elif child.poll() is None:
        child.kill()
    child.wait()
