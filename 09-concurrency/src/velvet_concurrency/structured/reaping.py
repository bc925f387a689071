"""End tasks and wait until they have ended.

`task.cancel()` only asks. Who leaves without waiting leaks the task, its connection and its error; and a
second cancellation usually hits exactly this wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any


async def reap(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Cancel `tasks` and return when every one is done; their results and errors are discarded.

    Cancelled meanwhile, it still waits for all of them and raises `CancelledError` afterwards.
    """
    every = list(tasks)
    for task in every:
        task.cancel()
    pending = {task for task in every if not task.done()}
    interrupted: asyncio.CancelledError | None = None
    while pending:
        try:
            _, pending = await asyncio.wait(pending)
        except asyncio.CancelledError as error:
            interrupted = error
            pending = {task for task in pending if not task.done()}
    for task in every:
        if not task.cancelled():
            task.exception()  # marks it as seen: the caller has another outcome to report
    if interrupted is not None:
        raise interrupted
