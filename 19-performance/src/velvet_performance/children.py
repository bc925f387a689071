"""Run a child with a limit on time and output, and leave nothing behind.

Everything that is profiled runs in a fresh process: two profilers in one interpreter exclude each
other (since 3.12 there is one profiler slot in `sys.monitoring`), and a program under test may
exit, hang or print for ever. Output goes to a file, so a chatty child cannot block on a pipe.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from velvet_performance.errors import ChildFailed

LIMIT_S = 60.0
MAX_OUTPUT = 20_000_000
_LOOK_S = 0.02


@dataclass(frozen=True)
class Finished:
    """A child that ended with status 0: what it printed, and how long it took by the clock."""

    output: str
    wall_s: float


def run_child(
    argv: Sequence[str],
    folder: Path,
    *,
    limit_s: float = LIMIT_S,
    env: Mapping[str, str] | None = None,
) -> Finished:
    """Run a program in a folder and wait for its end.

    Args:
        limit_s: seconds after which it is ended with everything that it started.
        env: added to this process's environment.

    Raises:
        ChildFailed: it could not start, ended with another status than 0, ran past the limit, or
            wrote more than 20 MB.
    """
    if limit_s <= 0:
        raise ValueError(f"limit_s is {limit_s}: it must be positive")
    log, began = folder / "output.txt", time.perf_counter()
    with log.open("wb") as sink:
        try:
            child = subprocess.Popen(
                list(argv),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONIOENCODING": "utf-8", **(env or {})},
                start_new_session=True,
            )
        except OSError as error:
            raise ChildFailed(f"{Path(argv[0]).name} cannot be started: {error}") from error
        try:
            problem = _watch(child, log, began + limit_s)
        finally:
            _end(child)
    wall = time.perf_counter() - began
    if problem or child.returncode:
        raise ChildFailed(
            problem.format(limit_s) or _how(child.returncode),
            None if problem else child.returncode,
            _tail(log),
        )
    return Finished(log.read_text(encoding="utf-8", errors="replace"), wall)


def _watch(child: subprocess.Popen[bytes], log: Path, until: float) -> str:
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_LOOK_S)
        if log.stat().st_size > MAX_OUTPUT:
            return f"the child wrote more than {MAX_OUTPUT:,} bytes and was ended"
        if child.returncode is not None:
            return ""
        if time.perf_counter() > until:
            return "the child ran past its limit of {:g} s and was ended"


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child's whole group: a profiler's target outlives a profiler that is killed."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    elif child.poll() is None:
        import psutil

        with contextlib.suppress(psutil.Error):
            for one in psutil.Process(child.pid).children(recursive=True):
                one.kill()
        child.kill()
    child.wait()


def _how(status: int) -> str:
    if status < 0:
        return f"the child was killed by signal {-status}"
    return f"the child ended with status {status}"


def _tail(log: Path) -> str:
    with log.open("rb") as source:
        source.seek(max(0, log.stat().st_size - 2_000))
        return source.read().decode("utf-8", "replace")
