"""Worker processes that do not outlive the process that started them."""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing.connection import wait


def _watch(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)  # Nobody is left to read a result or to run clean-up for.


def die_with_parent() -> None:
    """End this worker when the process that started it is gone; meant as a pool initializer.

    A pool worker waits for jobs on a pipe of which it holds both ends, so the death of its parent
    by SIGKILL would leave it waiting for ever. Does nothing outside a `multiprocessing` child.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(
            target=_watch, args=(parent.sentinel,), name="parent-watch", daemon=True
        ).start()
