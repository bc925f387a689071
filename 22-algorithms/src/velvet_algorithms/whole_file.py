"""Write a file that appears under its name whole or not at all, even when the process is killed.

On Linux the content goes into a file that has no name yet (`O_TMPFILE`), gets one at the end and takes
the target's place in one step; a killed process leaves nothing, because nothing had a name. Elsewhere,
and on file systems without such files, a named file beside the target is used and removed on errors.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO

_FEW_TRIES = 100


@contextmanager
def whole_file(target: str | os.PathLike[str]) -> Iterator[IO[str]]:
    """Open a UTF-8 text file for writing; it replaces `target` when the block ends without an error.

    A file that is replaced hands its mode on; a new one gets the usual mode.

    Raises:
        OSError: it cannot be written; a former `target` is untouched.
    """
    place = Path(target)
    nameless = _nameless(place.parent)
    if nameless is not None:
        file = open(nameless, "w", encoding="utf-8", newline="\n")  # noqa: PTH123, SIM115
    else:
        file = _free_name(place).open("x", encoding="utf-8", newline="\n")
    beside = None if nameless is not None else Path(file.name)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            beside = beside or _give_name(file.fileno(), place)
        with suppress(FileNotFoundError):
            beside.chmod(place.stat().st_mode & 0o777)
        beside.replace(place)
    except BaseException:
        if beside is not None:
            beside.unlink(missing_ok=True)
        raise


def _nameless(folder: Path) -> int | None:
    flag = getattr(os, "O_TMPFILE", None)
    if flag is None or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.open(folder, flag | os.O_WRONLY, 0o666)
    except OSError:  # the file system has no such files; a missing folder is named by the other way
        return None


def _names(place: Path) -> Iterator[Path]:
    """Names beside the target that hardly anybody else has taken."""
    return (place.with_name(f".{place.name}.{os.getpid()}.{number}") for number in count())


def _free_name(place: Path) -> Path:
    return next(name for name in _names(place) if not name.exists())


def _give_name(descriptor: int, place: Path) -> Path:
    root = os.open("/", os.O_RDONLY)
    try:
        for _, beside in zip(range(_FEW_TRIES), _names(place), strict=False):
            # A link cannot replace a file, a rename can. Naming a folder makes CPython call linkat,
            # which is the call that follows the descriptor's symbolic link.
            with suppress(FileExistsError):
                os.link(f"/proc/self/fd/{descriptor}", beside, src_dir_fd=root)
                return beside
        raise FileExistsError(f"{_FEW_TRIES} names beside {place} are taken; remove them")
    finally:
        os.close(root)
