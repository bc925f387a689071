"""One name for each structured building block on every supported Python.

3.10 lacks `TaskGroup`, `timeout`, `Runner`, `Task.uncancel` and exception groups. The `taskgroup` package backports
the first four (it runs the block in a task that can count its cancellations, so `asyncio.current_task()` differs
inside it), `exceptiongroup` the last. Both timeouts raise the built-in `TimeoutError`.
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

__all__ = ["BaseExceptionGroup", "ExceptionGroup", "Runner", "TaskGroup", "timeout", "timeout_at"]
