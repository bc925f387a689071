"""One connection, one request after the other: the baseline that only waits."""

from __future__ import annotations

import math
import time
from collections import deque

from velvet_concurrency.contenders._frame import FetchResult, check, drain


def fetch(url: str, n: int, *, timeout: float = 10.0, deadline: float | None = None) -> FetchResult:
    """Fetch `url` n times in turn over one `http.client` connection."""
    check(n, timeout=timeout, deadline=deadline)
    result = FetchResult()
    began = time.monotonic()
    until = began + (math.inf if deadline is None else deadline)
    drain(url, deque(range(n)), result, timeout=timeout, until=until)
    result.seconds = time.monotonic() - began
    return result
