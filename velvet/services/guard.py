"""Waits for its owner to vanish, then ends the recorded server and removes its folder.

Started before the server with the server's folder, in which every process of the server writes
its id before it begins, and for a container with its compose project. Standard library only,
and tiny.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

# What a process of ours writes as it starts, and what PostgreSQL writes by itself.
PID_FILES = ("pids", "data/postmaster.pid")


def recorded(folder: Path) -> "dict[int, float]":
    """Return the process ids that lie in a server's folder -> when they were written."""
    found = {}
    for name in PID_FILES:
        with contextlib.suppress(OSError, ValueError, IndexError):
            path = folder / name
            found[int(path.read_text(encoding="ascii").split()[0])] = path.stat().st_mtime
    return found


def end(pid: int) -> None:
    """End one process and, where there are groups, the group that it leads."""
    if os.name != "posix":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(pid)], check=False, capture_output=True)
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)


def end_containers(project: str) -> None:
    """Remove the containers of one compose project; an engine that is gone is no error."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        words = ["docker", "compose", "-p", project, "down", "-v"]
        subprocess.run(words, check=False, capture_output=True, timeout=60)


def main(folder: Path, project: str = "") -> None:
    """Block until the pipe closes; without the word `done` before it, clean up."""
    if os.name == "posix":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.stdin.readline().strip() == "done":
        return
    if project:
        end_containers(project)
    for attempt in range(50):
        for pid in recorded(folder):
            end(pid)
        # A program that was just starting writes its id within a moment.
        if attempt > 1:
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                return
        time.sleep(0.1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
