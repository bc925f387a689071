"""Many pictures at once, a few in flight: order kept, one bad file never stops the rest.

`Executor.map` submits everything first, so a folder of a million names is a million futures. Here
the next item is taken when a result has been given. Codecs release the GIL, so threads are the
first choice; processes cost a start each. A process that dies ends its whole pool, and the batch
with `BrokenProcessPool`: `isolate.IsolatedDecoder` loses one file instead.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from velvet_media.errors import MediaError

T = TypeVar("T")
R = TypeVar("R")
MODES = ("threads", "processes")


@dataclass
class BatchReport(Generic[T, R]):
    """What a batch made: results in the order of their items, and what failed with its reason."""

    ok: list[R] = field(default_factory=list)
    failed: list[tuple[T, MediaError]] = field(default_factory=list)
    seconds: float = 0.0


def bounded(
    executor: Executor, function: Callable[[T], R], items: Iterable[T], in_flight: int
) -> Iterator[tuple[T, Future[R]]]:
    """Yield (item, done future) in order, with at most `in_flight` items submitted.

    What is pending when the generator is closed is cancelled.
    """
    if not in_flight >= 1:
        raise ValueError(f"in_flight is {in_flight}: choose 1 or more")
    pending: deque[tuple[T, Future[R]]] = deque()
    try:
        for item in items:
            pending.append((item, executor.submit(function, item)))
            if len(pending) >= in_flight:
                yield _done(pending)
        while pending:
            yield _done(pending)
    finally:
        for _, future in pending:
            future.cancel()


def _done(pending: deque[tuple[T, Future[R]]]) -> tuple[T, Future[R]]:
    pending[0][1].exception()  # waits
    return pending.popleft()


def run(
    function: Callable[[T], R], items: Iterable[T], *, workers: int = 2, mode: str = "threads"
) -> BatchReport[T, R]:
    """Apply a function to all items with a pool, collecting `MediaError`s; other errors are raised.

    With ``processes`` the function and the items are pickled, and the start method is spawn.
    """
    report: BatchReport[T, R] = BatchReport()
    begun = time.perf_counter()
    with pool(workers, mode) as executor:
        for item, future in bounded(executor, function, items, 2 * workers):
            error = future.exception()
            if error is None:
                report.ok.append(future.result())
            elif isinstance(error, MediaError):
                report.failed.append((item, error))
            else:
                raise error
    report.seconds = time.perf_counter() - begun
    return report


def pool(workers: int, mode: str) -> Executor:
    """Return a pool of threads or of spawned processes.

    Raises:
        ValueError: the mode is neither, or there are no workers.
    """
    if mode not in MODES:
        raise ValueError(f"mode is {mode!r}: choose one of {', '.join(MODES)}")
    if not workers >= 1:
        raise ValueError(f"workers is {workers}: choose 1 or more")
    if mode == "threads":
        return ThreadPoolExecutor(workers)
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"))
