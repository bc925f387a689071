"""httpx: the same batch over its asynchronous client, which becomes slow at high concurrency.

The slowness is known (encode/httpx issue 3215). `trust_env=False` keeps proxies and certificate
bundles of the reader's machine out of the measurement.
"""

from __future__ import annotations

from typing import Any

from velvet_concurrency.contenders._frame import BadReplyError, FetchResult, batch, check, run
from velvet_concurrency.runtime import load


def fetch(
    url: str,
    n: int,
    *,
    limit: int = 100,
    timeout: float = 60.0,
    deadline: float | None = None,
) -> FetchResult:
    """Fetch `url` n times at once with httpx."""
    check(n, timeout=timeout, deadline=deadline, limit=limit)
    httpx: Any = load("httpx")

    async def main() -> FetchResult:
        connections = limit or None
        async with httpx.AsyncClient(
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            timeout=httpx.Timeout(timeout),
            trust_env=False,
        ) as client:

            async def get() -> None:
                reply = await client.get(url)
                if reply.status_code != 200:
                    raise BadReplyError(f"HTTP {reply.status_code}")

            return await batch(get, n, deadline=deadline, failures=(httpx.HTTPError, OSError))

    return run(main(), uvloop=False)
