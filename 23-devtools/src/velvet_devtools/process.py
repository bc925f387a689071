"""Run a program with a time limit, and leave none of its children behind.

`subprocess.run(timeout=)` kills the program alone: a linter that forks workers leaves them running,
and a grandchild that holds the pipe open keeps `communicate` waiting for ever. Here output goes to
files, not to pipes, and the whole process group is ended. Arguments are a list, never a shell's
text, so a path such as ``$(rm -rf x)`` is a path.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

import psutil

from velvet_devtools.errors import ToolMissing, ToolTimeout

MAX_OUTPUT = 32 * 1024 * 1024


class Finished(NamedTuple):
    """How a program ended: its exit code (negative: the signal), what it wrote, how long it took."""

    exit_code: int
    stdout: str
    stderr: str
    seconds: float


def find(program: str) -> str | None:
    """Return where a program is: beside this interpreter first, then on the path."""
    beside = shutil.which(program, path=sysconfig.get_path("scripts"))
    return beside or shutil.which(program)


def need(program: str) -> str:
    """Return where a program is, or raise ToolMissing with the command that installs it."""
    found = find(program)
    if found is None:
        raise ToolMissing(program)
    return found


def run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    timeout_s: float = 60.0,
    env: Mapping[str, str] | None = None,
) -> Finished:
    """Run a program to its end, with `env` added to this process's variables.

    Raises:
        ToolMissing: there is no such program.
        ToolTimeout: it was still running after `timeout_s` seconds; its children are ended, too.
    """
    full = {**os.environ, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1", **(env or {})}
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            child = start(argv, cwd, full, stdout=out, stderr=err)
        except FileNotFoundError:
            raise ToolMissing(Path(argv[0]).name) from None
        try:
            code = child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise ToolTimeout(f"{Path(argv[0]).name} ran longer than {timeout_s:g} s") from None
        finally:
            end(child)
        return Finished(code, _read(out), _read(err), time.perf_counter() - began)


def start(
    argv: Sequence[str], cwd: Path | None, env: Mapping[str, str], *, stdout: Any, stderr: Any
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, so that `end` reaches what it starts."""
    return subprocess.Popen(
        list(argv),
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=sys.platform != "win32",
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def end(child: subprocess.Popen[bytes]) -> None:
    """End a child with everything that it started, and wait for it."""
    family: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(child.pid).children(recursive=True)
    if sys.platform != "win32":  # those whose parent is gone are still in the group
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    for one in family:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    if child.poll() is None:
        child.kill()
    child.wait()


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(MAX_OUTPUT).decode("utf-8", "replace")
