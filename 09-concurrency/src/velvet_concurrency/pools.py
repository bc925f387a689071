"""One call for CPU work under four models, so that only the model differs.

`cpu_map` runs the same function over the same items in a loop, in threads, in processes or in
sub-interpreters. It exists because the usual ways to get this wrong are silent: a function that a
spawned child cannot import, workers that outlive a killed parent, pools larger than the machine.
Children are spawned, never forked from a process that may hold threads or locks, unless the
caller asks for another start method by name.
"""

from __future__ import annotations

import concurrent.futures
import functools
import multiprocessing
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.connection import wait
from typing import Any, Literal, TypeVar, get_args

from velvet_concurrency.runtime import Unavailable, check_int, usable_cores

T = TypeVar("T")
R = TypeVar("R")
Mode = Literal["serial", "threads", "processes", "interpreters"]
# WaitForMultipleObjects takes 64 handles, and the pool needs three itself.
_WINDOWS_MAX_WORKERS = 61


def die_with_parent() -> None:
    """End this worker when the process that started it is gone; meant as a pool initializer.

    A pool worker waits for jobs on a pipe of which it holds both ends, so the death of its parent
    by SIGKILL would leave it waiting for ever. Does nothing outside a `multiprocessing` child.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:

        def watch(sentinel: int) -> None:
            wait([sentinel])
            os._exit(1)  # no process is left to read a result or to run clean-up for

        threading.Thread(target=watch, args=(parent.sentinel,), daemon=True).start()


def process_pool(workers: int, start_method: str = "spawn") -> ProcessPoolExecutor:
    """Return a pool whose workers do not outlive this process, however it ends."""
    return ProcessPoolExecutor(
        min(workers, _WINDOWS_MAX_WORKERS) if sys.platform == "win32" else workers,
        mp_context=multiprocessing.get_context(start_method),
        initializer=die_with_parent,
    )


def check_sendable(fn: Callable[..., Any]) -> None:
    """Refuse a function that a spawned child could not load, before a child is started.

    Raises `ValueError` when `fn`, or what a `functools.partial` holds, cannot be pickled or lives in
    `__main__`, which a child either cannot import (`python -c`) or runs a second time.
    """
    inner: Any = fn
    while isinstance(inner, functools.partial):
        inner = inner.func
    home = getattr(inner, "__module__", "?")
    name = f"{home}.{getattr(inner, '__qualname__', repr(inner))}"
    if home == "__main__":
        raise ValueError(
            f"{name} is defined in __main__, which a spawned worker does not share: "
            "move it into a module that the worker can import"
        )
    try:
        pickle.dumps(fn)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ValueError(
            f"{name} cannot be sent to a worker ({error}): use a function defined with "
            "def at the top level of a module, with functools.partial for extra arguments"
        ) from error


def _executor(mode: Mode, workers: int) -> Executor:
    if mode == "threads":
        return ThreadPoolExecutor(workers, thread_name_prefix="cpu-map")
    if mode == "processes":
        return process_pool(workers)
    pool: Callable[[int], Executor] | None = getattr(
        concurrent.futures, "InterpreterPoolExecutor", None
    )
    if pool is None:
        raise Unavailable(
            "mode='interpreters'",
            f"Python {sys.version_info.major}.{sys.version_info.minor} has no "
            "InterpreterPoolExecutor",
            "run it with Python 3.14 or later",
        )
    return pool(workers)


def cpu_map(
    fn: Callable[[T], R],
    items: Iterable[T],
    *,
    mode: Mode = "serial",
    workers: int | None = None,
    chunksize: int = 1,
) -> list[R]:
    """Return `fn(item)` for each item, in order, computed under one concurrency model.

    `fn` must be importable for processes and interpreters; `items` are consumed before the work starts;
    `workers` None takes the usable cores; `chunksize` is how many items one message to a process holds.
    Exceptions of `fn` propagate; work that has not begun is cancelled first. Safe to call from several
    threads. Every worker has ended when the call returns.

    Raises `ValueError` when an argument is out of range or `fn` cannot reach a worker, `Unavailable` when
    this interpreter has no such pool, `BrokenProcessPool` when a worker died or the caller's script has no
    `if __name__ == "__main__"` guard; the next call starts a fresh pool.

    >>> cpu_map(abs, [-2, -1], mode="threads", workers=2)
    [2, 1]
    """
    if mode not in get_args(Mode):
        raise ValueError(f"mode must be serial, threads, processes or interpreters, got {mode!r}")
    if workers is not None:
        check_int("workers", workers, 1)
    check_int("chunksize", chunksize, 1)
    if mode == "serial":
        return [fn(item) for item in items]
    if mode != "threads":
        check_sendable(fn)
    executor = _executor(mode, workers or usable_cores())
    try:
        return list(executor.map(fn, items, chunksize=chunksize))
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
