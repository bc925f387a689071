"""A pool of threads, each with its own `http.client` connection: simple code that scales far."""

from __future__ import annotations

import math
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor

from velvet_concurrency.contenders._frame import FetchResult, check, drain
from velvet_concurrency.runtime import check_int


def fetch(
    url: str,
    n: int,
    *,
    workers: int = 50,
    timeout: float = 10.0,
    deadline: float | None = None,
) -> FetchResult:
    """Fetch `url` n times by `workers` threads."""
    check(n, timeout=timeout, deadline=deadline)
    check_int("workers", workers, 1)
    began = time.monotonic()
    until = began + (math.inf if deadline is None else deadline)
    todo = deque(range(n))
    # One result a thread: counting into a shared one would be a race.
    parts = [FetchResult() for _ in range(min(workers, n))]
    with ThreadPoolExecutor(max(1, len(parts)), thread_name_prefix="fetch") as pool:
        jobs = [pool.submit(drain, url, todo, part, timeout=timeout, until=until) for part in parts]
    result = FetchResult(seconds=time.monotonic() - began)
    for job, part in zip(jobs, parts, strict=True):
        job.result()
        result.latencies.extend(part.latencies)
        result.errors.update(part.errors)
    return result
