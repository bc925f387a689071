"""One connection, one request after the other: the baseline that only waits."""

from __future__ import annotations

import math
import time
from collections import deque

from velvet_concurrency.contenders.blocking import drain
from velvet_concurrency.contenders.frame import FetchResult, check


def fetch(url: str, n: int, *, timeout: float = 10.0, deadline: float | None = None) -> FetchResult:
    """Fetch `url` n times in turn over one `http.client` connection.

    Args:
        url: the address.
        n: requests.
        timeout: seconds a socket operation may take.
        deadline: seconds for the whole batch; the rest is counted as `deadline`.
    """
    check(n, timeout=timeout, deadline=deadline)
    result = FetchResult()
    began = time.monotonic()
    drain(
        url,
        deque(range(n)),
        result,
        timeout=timeout,
        until=began + (math.inf if deadline is None else deadline),
    )
    result.seconds = time.monotonic() - began
    return result
