"""Waits for its owner to vanish, then ends the recorded server and removes its folder.

Started with the folder, a file that holds one process id per line (so that a restarted
server is the one that is ended) and, for a container, its compose project. Standard library
only, and tiny.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path


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


def main(folder: Path, pid_file: Path, project: "str | None" = None) -> None:
    """Block until the pipe closes; without the word `done` before it, clean up."""
    if os.name == "posix":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.stdin.readline().strip() == "done":
        return
    if project:
        end_containers(project)
    pids = []
    with contextlib.suppress(OSError, ValueError):
        pids = [int(line) for line in pid_file.read_text(encoding="ascii").split()]
    for pid in pids:
        end(pid)
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
