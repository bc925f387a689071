"""The loop of the blocking fetchers: one `http.client` connection that empties a shared list.

Connections of `http.client` are not thread-safe, so each caller gets its own; what threads share
is only the list of what is left to do.
"""

from __future__ import annotations

import http.client
import time
from collections import deque
from urllib.parse import urlsplit

from velvet_concurrency.contenders.frame import DEADLINE, BadReplyError, FetchResult, kind_of


def _ask(connection: http.client.HTTPConnection, path: str) -> None:
    """Fetch once over a blocking connection.

    Raises:
        BadReplyError: for another status than 200.
        OSError, http.client.HTTPException: what the connection or the reply was worth.
    """
    connection.request("GET", path)
    reply = connection.getresponse()
    reply.read()
    if reply.status != 200:
        raise BadReplyError(f"HTTP {reply.status}")


def drain(url: str, todo: deque[int], result: FetchResult, *, timeout: float, until: float) -> None:
    """Fetch over one blocking keep-alive connection until `todo` is empty.

    Several threads may share `todo` and `result`; the connection belongs to the caller, because
    `http.client` connections are not thread-safe. Timeouts bound each socket operation.

    Args:
        url: the address.
        todo: one element a request; `popleft` is atomic.
        result: where latencies and errors go.
        timeout: seconds a socket operation may take.
        until: monotonic time after which requests are counted as `deadline` without a try.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        while True:
            try:
                todo.popleft()
            except IndexError:
                return
            began = time.monotonic()
            if began >= until:
                result.errors[DEADLINE] += 1
                continue
            left = min(timeout, until - began)
            connection.timeout = left
            if connection.sock is not None:
                connection.sock.settimeout(left)
            try:
                _ask(connection, parts.path or "/")
            except (OSError, http.client.HTTPException, BadReplyError) as error:
                cut = isinstance(error, TimeoutError) and left < timeout
                result.errors[DEADLINE if cut else kind_of(error)] += 1
                connection.close()
            else:
                result.latencies.append(time.monotonic() - began)
    finally:
        connection.close()
