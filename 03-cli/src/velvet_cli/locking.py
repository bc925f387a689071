"""An advisory lock between processes, on a file of its own.

The locked file is never the data file: that one is replaced by renaming, and a lock would
stay with the old inode. The operating system drops the lock when its holder dies, so a
crash leaves a file but never a lock. `fcntl` on POSIX, `msvcrt` on Windows.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

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


class StoreLocked(TimeoutError):
    """Another process holds the lock."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__(f"{path} is held by another process (waited {timeout:g} s)")
        self.path = path


class FileLock:
    """An exclusive lock as a context manager; not reentrant, not thread-safe.

    Args:
        path: the lock file; created when it is not there, and left there.
        timeout: seconds to wait before `StoreLocked`; 0 tries once.
    """

    def __init__(
        self,
        path: Path,
        *,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if timeout < 0:
            raise ValueError(f"timeout must be 0 or more seconds, not {timeout}")
        self.path, self._timeout = path, timeout
        self._clock, self._sleep = clock, sleep
        self._descriptor = -1

    def __enter__(self) -> FileLock:
        """Wait for the lock.

        Raises:
            StoreLocked: another process still holds it after the timeout.
            OSError: the lock file cannot be made.
        """
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            self._acquire(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return self

    def __exit__(self, *_: object) -> None:
        try:
            _unlock(self._descriptor)
        finally:
            os.close(self._descriptor)
            self._descriptor = -1

    def _acquire(self, descriptor: int) -> None:
        until = self._clock() + self._timeout
        while True:
            try:
                return _lock(descriptor)
            except OSError as error:
                if error.errno not in _HELD:
                    raise
                if self._clock() >= until:
                    raise StoreLocked(self.path, self._timeout) from None
            self._sleep(_RETRY_S)
