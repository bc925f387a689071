"""One server process: its id is on the disk before it begins, so that it is always found again."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from velvet import processes
from velvet.services.guard import PID_FILES
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

    Where we are root and there is no such user, raise RungFailed.
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
    import pwd

    entry = pwd.getpwnam(user)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)


def noting(folder: Path, argv: Sequence[str]) -> list[str]:
    """Return a command that writes its process id into a server's folder before it begins.

    A shell writes and then becomes the program, so no moment is left in which the program runs
    and its id is not known. Windows has no such shell; there the caller writes it. What is no
    program raises RungFailed.
    """
    if shutil.which(argv[0]) is None:
        raise RungFailed(f"{argv[0]} cannot be started: it is no program")
    if os.name != "posix":
        return list(argv)
    return ["/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"', str(folder / PID_FILES[0]), *argv]


class ServerProcess:
    """One server process that can be started again with the same arguments."""

    def __init__(
        self, argv: Sequence[str], folder: Path, *, env: Mapping[str, str] | None = None
    ) -> None:
        self.argv = list(argv)
        self.folder = folder
        self.env = env
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches us first; else RungFailed."""
        try:
            with (self.folder / "server.log").open("ab") as log:
                self.process = subprocess.Popen(
                    noting(self.folder, self.argv),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self.folder,  # where it leaves what it writes when it crashes
                    env=self.env,
                    start_new_session=os.name == "posix",
                )
        except OSError as error:
            raise RungFailed(f"{self.argv[0]} cannot be started: {error.strerror}") from None
        _STARTED[self.process.pid] = self.process
        if os.name != "posix":
            (self.folder / PID_FILES[0]).write_text(str(self.process.pid), encoding="ascii")

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
            end_server(self.process.pid)

    def kill(self) -> None:
        """End it without warning, with what it started: a script's server is the script's child."""
        if self.process is not None and self.alive:
            processes.end_group(self.process)


def end_server(pid: int) -> None:
    """End a process and its descendants: politely, then firmly."""
    processes.end_tree(pid, patience_s=STOP_SECONDS)
    handle = _STARTED.pop(pid, None)
    if handle is not None:
        handle.wait()
