"""Servers of ours: a folder, a state file and a guard that exist before the server does.

A process that is killed cannot clean up. So beside each server a tiny guard waits on a pipe: when
the pipe closes because its owner is gone, however that happened, the guard ends the server and
removes its folder. The state file lets a later `velvet services` call find what is up, and clean
up after an owner and a guard that were both killed, also in the middle of a start.
"""

from __future__ import annotations

import atexit
import contextlib
import getpass
import json
import os
import stat
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from velvet.errors import VelvetError
from velvet.processes import remove
from velvet.services.guard import end_containers, recorded
from velvet.services.ladder import Hooks, RungFailed, Server, listening, wait_until
from velvet.services.process import ServerProcess, end_server

_FIELDS = {"name", "url", "version", "rung", "notes", "folder", "project", "owner"}
# A file system's clock and the kernel's differ by less; a reused id is younger by more.
_CLOCKS_S = 5.0


def state_folder() -> Path:
    """Return the private folder of this user's state files, made when needed.

    It lies in the temporary folder, or in `VELVET_STATE_DIR` where a process with a temporary
    folder of its own shares the servers of others. One that another user made first, who could
    name processes for us to end, is a VelvetError.
    """
    # Not `getpass.getuser`: it believes the environment, which sudo and containers leave behind.
    user = str(os.getuid()) if os.name == "posix" else getpass.getuser()
    base = os.environ.get("VELVET_STATE_DIR") or tempfile.gettempdir()
    folder = Path(base) / f"velvet-services-{user}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix":
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise VelvetError(f"{folder} belongs to another user; remove it or set TMPDIR")
    return folder


def others_may_reach(folder: Path) -> bool:
    """Whether a user who owns none of them may enter a folder and all that it is in."""
    return all(parent.stat().st_mode & 0o001 for parent in (folder, *folder.resolve().parents))


def _base(user: str | None) -> Path:
    """Return a temporary folder short enough for a Unix socket (macOS: 100) that `user` may enter.

    Where there is none, raise RungFailed.
    """
    base = Path(tempfile.gettempdir())
    shared = Path("/tmp")  # noqa: S108 - only where the temporary folder is too long or closed
    closed = user is not None and not others_may_reach(base)
    if shared.is_dir() and (len(str(base)) > 60 or closed):
        base = shared
    if user is not None and not others_may_reach(base):
        raise RungFailed(f"user {user} may not enter {base}: set TMPDIR to a folder open to all")
    return base


class Lease:
    """The private folder of one server, guarded and recorded from before its start to its end.

    As a context manager it ends when the block raises; otherwise its server's `stop` ends it.

    Args:
        project: the compose project of a container.
        user: another user who has to reach the folder; RungFailed where that cannot be.
    """

    def __init__(self, kind: str, *, project: str = "", user: str | None = None) -> None:
        name = f"velvet-{kind[:2]}-{uuid.uuid4().hex[:8]}"
        self.kind = kind
        self.folder = _base(user) / name
        self._record = state_folder() / f"{name}.json"
        self._guard: subprocess.Popen[bytes] | None = None
        self._state: dict[str, Any] = {
            **dict.fromkeys(("url", "version", "rung"), ""),
            "name": kind,
            "notes": [],
            "folder": str(self.folder),
            "project": project,
            "owner": os.getpid(),
            "owner_born": _born(os.getpid()),
        }
        self._write()
        with self:
            self.folder.mkdir(mode=0o700)
            guard = [sys.executable, "-S", str(Path(__file__).with_name("guard.py"))]
            self._guard = subprocess.Popen(
                [*guard, str(self.folder), project],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=os.name == "posix",
            )

    def _write(self) -> None:
        state_folder()  # which another call may have tidied away meanwhile
        temporary = self._record.with_suffix(".new")
        temporary.write_text(json.dumps(self._state), encoding="utf-8")
        temporary.chmod(0o600)
        temporary.replace(self._record)

    def server(self, url: str, rung: str, hooks: Hooks, notes: tuple[str, ...] = ()) -> Server:
        """Start, record and return a server; it is stopped at exit and ends this lease."""
        try:
            version = hooks.start()
        except BaseException:
            hooks.stop()
            raise
        self._state |= {"url": url, "version": version, "rung": rung, "notes": list(notes)}
        self._write()
        server = Server(self.kind, url, version, rung, hooks, self.folder, notes)
        atexit.register(server.stop)
        server.on_stop += [lambda: atexit.unregister(server.stop), self.end]
        hooks.keep = lambda: self._keep(server)
        return server

    def _keep(self, server: Server) -> None:
        self._state |= {"owner": None, "owner_born": None}
        self._write()
        atexit.unregister(server.stop)
        self._dismiss()

    def end(self) -> None:
        """Remove the folder and the state file of a server that has ended; safe to call twice."""
        remove(self.folder)
        self._dismiss()
        self._record.unlink(missing_ok=True)

    def _dismiss(self) -> None:
        """Tell the guard that there is nothing to do, and wait for it to leave."""
        if self._guard is not None:
            with contextlib.suppress(BrokenPipeError):
                self._guard.communicate(b"done\n")
            self._guard = None

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, _kind: object, error: object, _trace: object) -> None:
        if error is not None:
            self.end()


def serve(
    lease: Lease,
    rung: str,
    argv: Sequence[str],
    url: str,
    ask: Callable[[str], str | None],
    *,
    env: Mapping[str, str] | None = None,
    afterwards: Callable[[], None] = lambda: None,
) -> Server:
    """Start a server that is one process and return it once it answers; else raise RungFailed.

    Args:
        ask: returns the version that answers at an address.
        afterwards: called when it has ended.
    """
    process = ServerProcess(argv, lease.folder, env=env)

    def start() -> str:
        process.start()
        return wait_until(lambda: ask(url), alive=lambda: process.alive, what=argv[0])

    def stop() -> None:
        process.stop()
        afterwards()

    return lease.server(url, rung, Hooks(start, stop, process.kill, lambda: process.pid))


def _born(pid: int) -> float | None:
    try:
        process = psutil.Process(pid)
        # One that ended keeps its id until its parent has asked how.
        ended = process.status() == psutil.STATUS_ZOMBIE
        return None if ended else process.create_time()
    except psutil.Error:
        return None


def server_pids(folder: Path) -> list[int]:
    """Return the recorded processes of a server that still run (ids are reused)."""
    return [
        pid
        for pid, written in recorded(folder).items()
        if (began := _born(pid)) is not None and began <= written + _CLOCKS_S
    ]


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
    """Whether the server that a state file names still runs; a container while its port is open."""
    if state["project"]:
        parts = urlsplit(state["url"])
        return listening(parts.hostname or "127.0.0.1", parts.port or 0)
    return bool(server_pids(Path(state["folder"])))


def abandoned(state: dict[str, Any]) -> bool:
    """Whether its owner is gone, or a kept server has ended."""
    if state["owner"] is None:
        return not running(state)
    return _born(state["owner"]) != state.get("owner_born")


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
    if state["project"]:
        end_containers(state["project"])
    folder = Path(state["folder"])
    if folder.name.startswith("velvet-"):
        for pid in server_pids(folder):
            end_server(pid)
        remove(folder)
    path.unlink(missing_ok=True)
