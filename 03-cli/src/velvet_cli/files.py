"""Files that other processes read and write at the same time: atomic writing, and a lock.

The lock stands on a file of its own: the data file is replaced by renaming, and a lock would stay
with the old inode. The system drops it when its holder dies.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TextIO

# Windows refuses to rename over a file that another process reads at this moment.
_RENAME_ATTEMPTS = 50
_RETRY_S = 0.01
_HELD = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def atomic_write(path: Path) -> Iterator[TextIO]:
    """Open a new file that takes the old one's place, with its mode, when the block ends well.

    A symbolic link stays, and its target is replaced. A device or a pipe is written directly:
    renaming would replace the device by a file. The block is left in the process that entered it.
    Raises OSError: the old file stands.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        with path.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        return
    fresh = Path(f"{path}.{os.getpid()}.tmp")
    try:
        with fresh.open("w", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            fresh.chmod(path.stat().st_mode & 0o7777)
        _rename(fresh, path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


def abandoned(path: Path) -> list[Path]:
    """Return what killed writers of a file left beside it, and what one writes at this moment."""
    path = Path(os.path.realpath(path))
    beside = path.parent.iterdir() if path.parent.is_dir() else ()
    return [one for one in beside if re.fullmatch(rf"{re.escape(path.name)}\.\d+\.tmp", one.name)]


def _rename(fresh: Path, path: Path, *, patient: bool = os.name == "nt") -> None:
    for attempt in range(_RENAME_ATTEMPTS):
        try:
            fresh.replace(path)
        except PermissionError:
            if not patient or attempt + 1 == _RENAME_ATTEMPTS:
                raise
            time.sleep(_RETRY_S)
        else:
            return


class StoreLocked(TimeoutError):
    """Another process holds the lock."""


class FileLock:
    """An exclusive lock as a context manager; not reentrant, not thread-safe.

    `path`: the lock file; created and left there; `timeout`: seconds to wait before `StoreLocked`;
    0 tries once.
    """

    def __init__(
        self,
        path: Path,
        *,
        timeout: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if timeout < 0:
            raise ValueError(f"timeout must be 0 or more seconds, not {timeout}")
        self.path, self._timeout = path, timeout
        self._sleep = sleep
        self._held: tuple[int, BinaryIO] | None = None  # the process that has it, and the file

    def __enter__(self) -> FileLock:
        """Wait for the lock.

        Raises StoreLocked: another process still holds it after the timeout; or OSError.
        """
        file = self.path.open("ab")
        try:
            self._acquire(file.fileno())
            self._held = os.getpid(), file
        except BaseException:  # Ctrl-C, too: `with` has not begun yet
            file.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._held is not None:
            (owner, file), self._held = self._held, None
            with file:
                if owner == os.getpid():  # a forked child would unlock it for its parent
                    _unlock(file.fileno())

    def _acquire(self, descriptor: int) -> None:
        until = time.monotonic() + self._timeout
        held = f"{self.path} is held by another process (waited {self._timeout:g} s)"
        while True:
            try:
                return _lock(descriptor)
            except OSError as error:
                if error.errno not in _HELD:
                    raise
                if time.monotonic() >= until:
                    raise StoreLocked(held) from None
            self._sleep(_RETRY_S)
