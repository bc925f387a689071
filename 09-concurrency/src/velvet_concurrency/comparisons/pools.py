"""What a pool of processes costs: its start, a task, an array that every worker needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from velvet.bench import Outcome, Suite, speedup

TASKS = 2000
READERS = 4


def shared_sum(handle: Any) -> float:
    """Add up an array that is attached to; runs in a worker."""
    from velvet_concurrency.shared_array import SharedArray

    with SharedArray.attach(handle) as shared:
        return float(shared.array.sum())


def pickled_sum(array: Any) -> float:
    """Add up an array that came through a pipe; runs in a worker."""
    return float(array.sum())


def _timed(work: Callable[[], Any], expected: Any) -> Outcome:
    began = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - began
    if result != expected:
        raise ValueError("a task was lost, wrong or changed places")
    return Outcome(seconds=seconds)


def _arrays(shared: bool, megabytes: int) -> Iterator[Callable[[], Outcome]]:
    import numpy as np

    from velvet_concurrency.pools import process_pool
    from velvet_concurrency.shared_array import SharedArray

    array = np.ones(megabytes * 2**20 // 8)

    def add_up() -> list[float]:
        if not shared:
            return list(pool.map(pickled_sum, [array] * READERS))
        with SharedArray.copy_of(array) as one:
            return list(pool.map(shared_sum, [one.handle] * READERS))

    with process_pool(READERS) as pool:
        list(pool.map(pickled_sum, [array[:1]] * READERS * 2))
        yield lambda: _timed(add_up, [float(array.size)] * READERS)


def _start(method: str) -> Callable[[], Outcome]:
    from velvet_concurrency.pools import process_pool

    def run() -> Outcome:
        began = time.perf_counter()
        with process_pool(1, method) as pool:
            first = pool.submit(abs, -1).result()
            seconds = time.perf_counter() - began
        if first != 1:
            raise ValueError(f"abs(-1) is {first!r}")
        return Outcome(seconds=seconds)

    return run


def _chunks(chunksize: int) -> Iterator[Callable[[], Outcome]]:
    from velvet_concurrency.pools import process_pool

    tasks = list(range(TASKS))
    with process_pool(2) as pool:
        list(pool.map(abs, range(8)))
        yield lambda: _timed(lambda: list(pool.map(abs, tasks, chunksize=chunksize)), tasks)


def add_to(suite: Suite) -> None:
    """Add the comparisons of pools."""
    rounds = {"quick": 1, "default": 5, "full": 9}
    start = suite.comparison(
        "pool_overheads_start",
        title="From a new pool of one process to its first answer",
        kind="run",
        unit="ms",
        rounds=rounds,
    )
    for method in ("spawn", "fork", "forkserver"):
        needs = () if method == "spawn" else "posix"
        start.add(method, partial(_start, method), baseline=method == "spawn", needs=needs)
    chunks = suite.comparison(
        "pool_overheads_chunks",
        title="2,000 tasks that do nothing, two processes, cost of one",
        kind="run",
        unit="us",
        items=TASKS,
        rounds=rounds,
    )
    for size in (1, 200):
        chunks.add(f"chunksize_{size}", partial(_chunks, size), baseline=size == 1)
    arrays = suite.comparison(
        "pool_overheads_arrays",
        title="An array for four processes: pickled to each, or shared (the copy included)",
        kind="run",
        unit="s",
        sizes={"megabytes": [20, 100]},
        quick=lambda megabytes: megabytes == 100,
        rounds=rounds,
        tree=True,
    )
    arrays.add("pickled", partial(_arrays, False), baseline=True, needs="numpy")
    arrays.add("shared", partial(_arrays, True), needs="numpy")
    suite.claim(
        "handing out work in chunks makes tiny tasks ten times cheaper",
        speedup("pool_overheads_chunks", "chunksize_200", "chunksize_1") >= 10,
    )
    suite.claim(
        "sharing an array beats pickling it to each worker",
        speedup("pool_overheads_arrays", "shared", "pickled", megabytes=100) >= 2.5,
        needs="numpy",
    )
