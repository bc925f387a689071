"""Ending processes: a child with its whole group, any process with its descendants, and ourselves.

Whatever starts a child has to end what that child started, too, and on every way out: its end, an
error, Ctrl-C, SIGTERM. The rooms of the toolkit share these endings, and how a folder is removed
in which something that ends may still be writing its last.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

GONE_S = 60.0  # how long the system may take over a process that is killed
REMOVALS, PAUSE_S = 20, 0.1


def descendants(pid: int) -> list[psutil.Process]:
    """Return the processes that a process started, directly or not; none once it is gone."""
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.Error:
        return []


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a child that leads its own session, with all in its group, at once; safe to call twice."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        for child in descendants(process.pid):
            with contextlib.suppress(psutil.Error):
                child.kill()
        process.kill()
    process.wait()


def end_tree(pid: int, *, patience_s: float) -> None:
    """End a process and its descendants: politely, and after `patience_s` without warning."""
    try:
        family = [*descendants(pid), psutil.Process(pid)]
    except psutil.NoSuchProcess:
        return
    for end, seconds in ((psutil.Process.terminate, patience_s), (psutil.Process.kill, GONE_S)):
        if seconds:
            for process in reversed(family):
                with contextlib.suppress(psutil.NoSuchProcess):
                    end(process)
            _, family = psutil.wait_procs(family, timeout=seconds)


def remove(folder: Path) -> None:
    """Remove a folder, again where something is written meanwhile; one that resists is left."""
    for _ in range(REMOVALS):
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(PAUSE_S)


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Turn SIGTERM into KeyboardInterrupt, so that children are ended on the way out."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
