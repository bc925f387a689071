"""asyncio streams and forty lines of HTTP: what is left when no client library is in the way.

Not a client to copy: it understands replies with a Content-Length and nothing else.
"""

from __future__ import annotations

import asyncio
from collections import deque
from urllib.parse import urlsplit

from velvet_concurrency.contenders._frame import BadReplyError, FetchResult, batch, check, run

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Connections:
    """Open connections that wait for their next request, at most `limit` in use at a time."""

    def __init__(self, url: str, limit: int, timeout: float) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
        self._idle: deque[Streams] = deque()
        self._slots = asyncio.Semaphore(limit)
        self._timeout = timeout

    async def get(self) -> None:
        async with self._slots:
            await asyncio.wait_for(self._get(), self._timeout)

    async def _get(self) -> None:
        streams = (
            self._idle.pop()
            if self._idle
            else await asyncio.open_connection(self._host, self._port)
        )
        try:
            await self._exchange(*streams)
        except BaseException:  # also a cancellation leaves half a reply in the stream
            streams[1].transport.abort()
            raise
        self._idle.append(streams)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._request)
        status, *fields = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        length = next((int(f[15:]) for f in fields if f.startswith(b"content-length:")), None)
        if not status.startswith(b"http/1.1 ") or length is None:
            raise BadReplyError("not HTTP")
        await reader.readexactly(length)
        if status[9:12] != b"200":
            raise BadReplyError(f"HTTP {status[9:12].decode()}")

    async def close(self) -> None:
        for _, writer in self._idle:
            writer.transport.abort()
        await asyncio.sleep(0)


def fetch(
    url: str,
    n: int,
    *,
    limit: int = 0,
    uvloop: bool = False,
    warm: bool = False,
    timeout: float = 10.0,
    deadline: float | None = None,
) -> FetchResult:
    """Fetch `url` n times at once over plain asyncio streams."""
    check(n, timeout=timeout, deadline=deadline, limit=limit)
    # ValueError: a Content-Length that is no number.
    failures = (OSError, EOFError, ValueError, asyncio.LimitOverrunError, asyncio.TimeoutError)

    async def main() -> FetchResult:
        connections = _Connections(url, limit or max(1, n), timeout)
        try:
            return await batch(connections.get, n, deadline=deadline, failures=failures, warm=warm)
        finally:
            await connections.close()

    return run(main(), uvloop=uvloop)
