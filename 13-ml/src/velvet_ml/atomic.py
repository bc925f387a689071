"""Files that are whole or absent, and one lock for the processes that write them.

`os.replace` swaps a name in one step on every system; before it, the bytes must be on the disk, or
a crash of the machine leaves a new name with nothing behind it.
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import IO

_TRIES, _PAUSE_S = 50, 0.02


def atomic_write(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _replace(beside, path)
    except BaseException:
        with suppress(FileNotFoundError):
            beside.unlink()
        raise


def _replace(source: Path, target: Path) -> None:
    """Rename; on Windows a reader that has the target open refuses it for a moment."""
    for _ in range(_TRIES):
        try:
            source.replace(target)
            return
        except PermissionError:
            time.sleep(_PAUSE_S)
    source.replace(target)


class FileLock:
    """A lock between processes that the system frees when its holder dies.

    Not reentrant. Waits for ever: what it guards takes milliseconds.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held: tuple[int, IO[bytes]] | None = None  # the process that has it, and the file

    def __enter__(self) -> FileLock:
        file = self.path.open("ab")
        try:
            _take(file)
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
                    _give(file)


if sys.platform == "win32":  # pragma: no cover - the other half is covered
    import msvcrt

    def _take(file: IO[bytes]) -> None:
        while True:
            try:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
                return
            except OSError:
                time.sleep(_PAUSE_S)

    def _give(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)

    def _give(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
