"""Structured concurrency: no task outlives the block that started it, and no error is lost.

`TaskGroup`, `timeout`, `timeout_at` and `Runner` are the standard library's from 3.11 on and the `taskgroup`
backport on 3.10, so that one import works everywhere (`except*` is a syntax error on 3.10: catch the group and
use `.split`). The backport runs a block in a task that can count its cancellations, so `asyncio.current_task()`
differs inside it. What the library lacks is here: `amap`, a bounded map over a source it does not outrun;
`GracefulShutdown`; and `reap`, which ends tasks even while the ending is itself cancelled.
anyio has the same ideas with another cancellation: there it is a level (every await in a cancelled scope raises
again), in asyncio an edge (one CancelledError, and code that swallows it goes on).
"""

from __future__ import annotations

import sys

if sys.version_info >= (3, 11):
    from asyncio import Runner, TaskGroup, timeout, timeout_at
    from builtins import BaseExceptionGroup, ExceptionGroup
else:  # pragma: no cover - Python 3.10
    from exceptiongroup import (  # type: ignore[import-not-found,unused-ignore]
        BaseExceptionGroup,
        ExceptionGroup,
    )
    from taskgroup import (  # type: ignore[import-not-found,unused-ignore]
        Runner,
        TaskGroup,
        timeout,
        timeout_at,
    )

from velvet_concurrency.structured.mapping import amap, reap
from velvet_concurrency.structured.shutdown import GracefulShutdown, ShutdownReport, ShuttingDown

__all__ = ["BaseExceptionGroup", "ExceptionGroup", "GracefulShutdown", "Runner", "ShutdownReport"]
__all__ += ["ShuttingDown", "TaskGroup", "amap", "reap", "timeout", "timeout_at"]
