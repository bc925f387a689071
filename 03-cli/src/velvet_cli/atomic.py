"""Writing a file so that a reader sees all of it or none, and a failure leaves nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

# Windows refuses to rename over a file that another process reads at this moment.
_RENAME_ATTEMPTS = 50
_RETRY_S = 0.01


@contextmanager
def replaced(path: Path) -> Iterator[TextIO]:
    """Open a new file that takes the old one's place when the block ends well.

    A device or a pipe (``/dev/full``, ``/dev/stdout``) is written directly: renaming over it
    would replace the device by a file.

    Raises:
        OSError: it cannot be written; the old file stands and the new one is removed.
    """
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
        _rename(fresh, path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


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
