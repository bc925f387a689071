"""The server behind `LatencyServer`: HTTP/1.1 as far as a GET needs it, with failures to order.

Keep-alive and pipelining follow RFC 9112; a malformed request is refused with 400, another method
than GET or HEAD with 405, and either ends the connection. It stands on `asyncio.Protocol`, which
costs least per request, so that a thousand clients measure themselves and not the server.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any, Literal

from velvet_concurrency.child import Message

Failure = Literal["none", "error", "reset", "hang", "garbage", "truncate", "refuse"]
HOST = "127.0.0.1"
BACKLOG = 8192
_MAX_HEAD_BYTES = 65_536
_MAX_PIPELINED = 1_000


@dataclass
class ServerStats:
    """Counts since the start: connections accepted and open now, requests seen, replies spoilt."""

    accepted: int = 0
    open: int = 0
    requests: int = 0
    failed: int = 0


class Site:
    """What all connections share: behaviour, counters and the listening socket.

    Arguments as for `LatencyServer`; not thread-safe, it belongs to its loop.
    """

    def __init__(self, latency: float, jitter: float, *, body_bytes: int, seed: int) -> None:
        self.latency, self.jitter = latency, jitter
        self.failure: Failure = "none"
        self.share = 1.0
        self.body = b"x" * body_bytes
        self.random = random.Random(seed)
        self.stats = ServerStats()
        self.connections: set[Connection] = set()
        self.port = 0
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Open the port: any free one at first, the same one again after a refusal."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self), HOST, self.port, backlog=BACKLOG
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Close the port and cut every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in list(self.connections):
            connection.abort()

    async def obey(self, order: Message) -> Message:
        """Take `latency`, or `failure` with `share`, from the parent; answer with the counts."""
        self.latency = order.get("latency", self.latency)
        if "failure" in order:
            self.failure, self.share = order["failure"], order["share"]
            if self.failure == "refuse":
                self.close()
            elif self._server is None:
                await self.listen()
        return asdict(self.stats)

    def next_failure(self) -> Failure:
        """Draw how the reply that is due now shall fail, and count it."""
        if self.failure == "none" or self.random.random() >= self.share:
            return "none"
        self.stats.failed += 1
        return self.failure


class Connection(asyncio.Protocol):
    """One keep-alive connection: heads are queued, answered one after the other."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._transport: Any = None
        self._rest = b""
        self._heads: deque[bytes] = deque()
        self._busy = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._site.connections.add(self)
        self._site.stats.accepted += 1
        self._site.stats.open += 1

    def connection_lost(self, _exc: Exception | None) -> None:
        self._site.connections.discard(self)
        self._site.stats.open -= 1
        if self._timer is not None:
            self._timer.cancel()

    def abort(self) -> None:
        """Cut the connection without a word."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        *heads, self._rest = (self._rest + data).split(b"\r\n\r\n")
        self._heads.extend(heads)
        if len(self._rest) > _MAX_HEAD_BYTES or len(self._heads) > _MAX_PIPELINED:
            self.abort()
        elif not self._busy:
            self._next()

    def _next(self) -> None:
        self._busy = bool(self._heads)
        if self._busy:
            site = self._site
            site.stats.requests += 1
            delay = site.latency + (site.random.uniform(0.0, site.jitter) if site.jitter else 0.0)
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(delay, self._reply, self._heads.popleft())

    def _reply(self, head: bytes) -> None:
        failure = self._site.next_failure()
        if failure == "hang":
            return
        if failure in ("reset", "refuse"):
            self.abort()
            return
        if failure == "garbage":
            self._transport.write(b"\x00\xff this is not HTTP \r\n\r\n")
            self._transport.close()
            return
        if not self._answer(head, failure) or failure == "truncate":
            self._transport.close()
        else:
            self._next()

    def _answer(self, head: bytes, failure: Failure) -> bool:
        status = "500 Internal Server Error" if failure == "error" else "200 OK"
        request_line, _, fields = head.partition(b"\r\n")
        method, _, rest = request_line.partition(b" ")
        if not rest.endswith((b" HTTP/1.1", b" HTTP/1.0")):
            status = "400 Bad Request"
        elif method not in (b"GET", b"HEAD"):
            status = "405 Method Not Allowed"
        # After a refusal the stream may hold a body that would be read as the next request.
        keep = (
            status[0] in "25"
            and rest.endswith(b"1.1")
            and b"connection: close" not in fields.lower()
        )
        body = b"" if method == b"HEAD" else self._site.body
        if failure == "truncate":
            body = body[: len(body) // 2]
        self._transport.write(
            f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\n"
            f"Content-Length: {len(self._site.body)}\r\n"
            f"Connection: {'keep-alive' if keep else 'close'}\r\n\r\n".encode() + body
        )
        return keep
