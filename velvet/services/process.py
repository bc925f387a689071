"""Server processes of ours, with a guard that outlives us just long enough.

A process that is killed cannot clean up. So beside each server a tiny guard waits on a
pipe: when the pipe closes because its owner is gone, however that happened, the guard ends
the recorded server and removes its folder. A clean stop tells it that there is nothing to do.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from velvet import processes
from velvet.services.ladder import RungFailed

STOP_SECONDS = 10.0
# `down` knows a server by its id alone; where this very process started it, the handle must hear
# of its end too, or it is reported as still running when it is collected.
_STARTED: WeakValueDictionary[int, subprocess.Popen[bytes]] = WeakValueDictionary()


def owner_arguments(user: str | None) -> dict[str, Any]:
    """Return the arguments for `subprocess` that run a child as another user (root only)."""
    return {"user": user, "group": user, "extra_groups": []} if user else {}


def unprivileged_user() -> str | None:
    """Return the user that a server which refuses root should run as; None when not root.

    Raises:
        RungFailed: we are root and there is no such user.
    """
    if os.name != "posix" or os.geteuid() != 0:
        return None
    import pwd

    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise RungFailed("it refuses to run as root, and there is neither a postgres nor a nobody user")


def give_to(folder: Path, user: str | None) -> None:
    """Make a folder tree belong to another user; nothing to do without one."""
    if user is None:
        return
    import grp
    import pwd

    entry = pwd.getpwnam(user)
    assert grp.getgrgid(entry.pw_gid)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)


class ServerProcess:
    """One server process that can be started again with the same arguments."""

    def __init__(
        self,
        argv: Sequence[str],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        self.argv = list(argv)
        self.log = log
        self.env = dict(env) if env is not None else None
        self.user = user
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches us first.

        Raises:
            RungFailed: the program cannot be started.
        """
        try:
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    self.argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=self.env,
                    start_new_session=os.name == "posix",
                    **owner_arguments(self.user),
                )
        except OSError as error:
            raise RungFailed(f"{self.argv[0]} cannot be started: {error.strerror}") from None
        _STARTED[self.process.pid] = self.process

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self.process.pid if self.process is not None and self.alive else None

    def stop(self) -> None:
        """Ask it to end, then end it."""
        if self.process is not None and self.alive:
            end_tree(self.process.pid)

    def kill(self) -> None:
        """End it without warning."""
        if self.process is not None and self.alive:
            self.process.kill()
            self.process.wait()


def end_tree(pid: int) -> None:
    """End a process and its descendants: politely, then firmly."""
    processes.end_tree(pid, patience_s=STOP_SECONDS)
    handle = _STARTED.pop(pid, None)
    if handle is not None:
        handle.wait()


class Guard:
    """A helper process that ends a server when this process is gone."""

    def __init__(self, folder: Path, pid_file: Path, project: str | None = None) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-S",
                str(Path(__file__).with_name("guard.py")),
                str(folder),
                str(pid_file),
                *([project] if project else []),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=os.name == "posix",
        )

    def dismiss(self) -> None:
        """Tell it that everything is cleaned up, and wait for it to leave."""
        if self.process.stdin is not None and not self.process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write(b"done\n")
                self.process.stdin.flush()
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        self.process.wait()
