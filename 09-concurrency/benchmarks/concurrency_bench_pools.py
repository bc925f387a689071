"""What a pool of processes costs: its start, a task, an array that every worker needs."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
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


def _arrays(shared: bool, megabytes: int) -> Iterator[Callable[[], Outcome]]:
    import numpy as np

    from velvet_concurrency.shared_array import SharedArray

    array = np.ones(megabytes * 2**20 // 8)

    def run() -> Outcome:
        began = time.perf_counter()
        if shared:
            with SharedArray.copy_of(array) as one:
                sums = list(pool.map(shared_sum, [one.handle] * READERS))
        else:
            sums = list(pool.map(pickled_sum, [array] * READERS))
        seconds = time.perf_counter() - began
        if sums != [float(array.size)] * READERS:
            raise ValueError(f"wrong sums: {sums}")
        return Outcome(seconds=seconds)

    with ProcessPoolExecutor(READERS, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(pickled_sum, [array[:1]] * READERS * 2))
        yield run


def _start(method: str) -> Callable[[], Outcome]:
    def run() -> Outcome:
        began = time.perf_counter()
        with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
            first = pool.submit(abs, -1).result()
            seconds = time.perf_counter() - began
        if first != 1:
            raise ValueError(f"abs(-1) gave {first!r}")
        return Outcome(seconds=seconds)

    return run


def _chunks(chunksize: int) -> Iterator[Callable[[], Outcome]]:
    def run() -> Outcome:
        began = time.perf_counter()
        done = list(pool.map(abs, range(TASKS), chunksize=chunksize))
        seconds = time.perf_counter() - began
        if done != list(range(TASKS)):
            raise ValueError("a task was lost or changed places")
        return Outcome(seconds=seconds)

    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(abs, range(8)))
        yield run


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
    for name in ("pickled", "shared"):
        arrays.add(
            name, partial(_arrays, name == "shared"), baseline=name == "pickled", needs="numpy"
        )
    suite.claim(
        "handing out work in chunks makes tiny tasks ten times cheaper",
        speedup("pool_overheads_chunks", "chunksize_200", "chunksize_1") >= 10,
    )
    suite.claim(
        "sharing an array beats pickling it to each worker",
        speedup("pool_overheads_arrays", "shared", "pickled", megabytes=100) >= 2.5,
        needs="numpy",
    )
