"""Servers of ours: started with a guard and a state file, stopped without a trace.

The state file lets a later `velvet services` call find what is up, and clean up what a
crash left behind.
"""

from __future__ import annotations

import atexit
import contextlib
import getpass
import json
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from velvet.errors import VelvetError
from velvet.services.container import end_project
from velvet.services.ladder import Server, listening, remove
from velvet.services.process import Guard, end_tree

_FIELDS = {"name", "url", "version", "rung", "notes", "folder", "pid", "born", "owner"}


def state_folder() -> Path:
    """Return the private folder of this user's state files, made when needed.

    Raises:
        VelvetError: another user made it first, and could name processes for us to end.
    """
    # Not `getpass.getuser`: it believes the environment, which sudo and containers leave behind.
    user = str(os.getuid()) if os.name == "posix" else getpass.getuser()
    folder = Path(tempfile.gettempdir()) / f"velvet-services-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.name == "posix":
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise VelvetError(f"{folder} belongs to someone else; remove it or set TMPDIR")
    return folder


def _born(pid: int) -> float | None:
    try:
        process = psutil.Process(pid)
        # One that ended keeps its id until its parent has asked how.
        ended = process.status() == psutil.STATUS_ZOMBIE
        return None if ended else process.create_time()
    except psutil.Error:
        return None


def adopt(server: Server, *, keep: bool) -> Server:
    """Record a server of ours, guard it unless it is to stay up, and stop it at exit."""
    assert server.folder is not None
    pid_file = server.folder / "pids"
    record = state_folder() / f"{server.name}-{server.folder.name}.json"

    def note() -> None:
        pid = server.pid
        pids = [] if pid is None else [pid]
        pid_file.write_text("\n".join(map(str, pids)), encoding="ascii")
        state = {
            "name": server.name,
            "url": server.url,
            "version": server.version,
            "rung": server.rung,
            "notes": list(server.notes),
            "folder": str(server.folder),
            "pid": pid,
            "project": server.hooks.project,
            "born": _born(pid) if pid is not None else None,
            "owner": None if keep else os.getpid(),
            "owner_born": None if keep else _born(os.getpid()),
        }
        state_folder()  # which another call may have tidied away meanwhile
        record.write_text(json.dumps(state), encoding="utf-8")
        record.chmod(0o600)

    note()
    inner = server.hooks.start
    if inner is not None:
        server.hooks.start = _noting(inner, note)
    server.on_stop.append(lambda: record.unlink(missing_ok=True))
    if not keep:
        guard = Guard(server.folder, pid_file, server.hooks.project)
        server.on_stop.append(guard.dismiss)
        atexit.register(server.stop)
        server.on_stop.append(lambda: atexit.unregister(server.stop))
    return server


def _noting(start: Callable[[], str], note: Callable[[], None]) -> Callable[[], str]:
    def started() -> str:
        version = start()
        note()
        return version

    return started


def records() -> list[tuple[Path, dict[str, Any]]]:
    """Return the readable state files; an unreadable one is removed."""
    found = []
    for path in sorted(state_folder().glob("*.json")):
        try:
            state = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(state, dict) or not state.keys() >= _FIELDS:
                raise ValueError("not a state file of ours")
            found.append((path, state))
        except (OSError, ValueError):
            path.unlink(missing_ok=True)
    return found


def running(state: dict[str, Any]) -> bool:
    """Whether the very process that a state file names still runs (ids are reused).

    A container has no process of ours; it runs while its port is open.
    """
    if state.get("project"):
        parts = urlsplit(state["url"])
        return listening(parts.hostname or "127.0.0.1", parts.port or 0)
    pid = state.get("pid")
    return pid is not None and state.get("born") is not None and _born(pid) == state["born"]


def abandoned(state: dict[str, Any]) -> bool:
    """Whether its owner is gone, or a kept server has ended."""
    owner = state.get("owner")
    if owner is None:
        return not running(state)
    return _born(owner) != state.get("owner_born")


def clean() -> list[str]:
    """End and remove what crashed runs left behind; returns the names that were cleaned."""
    cleaned = []
    for path, state in records():
        if abandoned(state):
            discard(path, state)
            cleaned.append(state["name"])
    return cleaned


def tidy() -> None:
    """Remove the folder of state files when it holds none."""
    with contextlib.suppress(OSError):
        state_folder().rmdir()


def discard(path: Path, state: dict[str, Any]) -> None:
    """End one recorded server and remove its folder and its state file."""
    if state.get("project"):
        end_project(state["project"])
    elif running(state):
        end_tree(state["pid"])
    folder = Path(state["folder"])
    if folder.name.startswith("velvet-"):
        remove(folder)
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
