"""Write a file that appears under its name whole or not at all, even when the process is killed.

On Linux the content goes into a file that has no name yet (`O_TMPFILE`), gets one at the end and takes
the target's place in one step; a killed process leaves nothing, because nothing had a name. Elsewhere,
and on file systems without such files, a named file beside the target is used and removed on errors.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_FEW_TRIES = 100


@contextmanager
def whole_file(target: str | os.PathLike[str]) -> Iterator[IO[str]]:
    """Open a UTF-8 text file for writing; it replaces `target` when the block ends without an error.

    Raises:
        OSError: it cannot be written; a former `target` is untouched.
    """
    place = Path(target)
    nameless = _nameless(place.parent)
    if nameless is not None:
        with open(nameless, "w", encoding="utf-8", newline="\n") as file:  # noqa: PTH123
            yield file
            file.flush()
            os.fsync(file.fileno())
            _give_name(file.fileno(), place)
        return
    handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:  # noqa: PTH123
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, place)  # noqa: PTH105
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)  # noqa: PTH108
        raise


def _nameless(folder: Path) -> int | None:
    flag = getattr(os, "O_TMPFILE", None)
    if flag is None or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.open(folder, flag | os.O_WRONLY, 0o600)
    except OSError:  # the file system has no such files; a missing folder is named by the other way
        return None


def _give_name(descriptor: int, place: Path) -> None:
    with suppress(FileNotFoundError):
        os.fchmod(descriptor, place.stat().st_mode & 0o777)
    root = os.open("/", os.O_RDONLY)
    try:
        for number in range(_FEW_TRIES):
            beside = place.with_name(f".{place.name}.{os.getpid()}.{number}")
            try:
                # A link cannot replace a file, a rename can. Naming a folder makes CPython call
                # linkat, which is the call that follows the descriptor's symbolic link.
                os.link(f"/proc/self/fd/{descriptor}", beside, src_dir_fd=root)
            except FileExistsError:
                continue
            os.replace(beside, place)  # noqa: PTH105
            return
        raise FileExistsError(f"{_FEW_TRIES} names beside {place} are taken; remove them")
    finally:
        os.close(root)
