"""An HTTP server in its own process that answers after a known time, or fails when told to.

Benchmarks of clients need a server whose latency is chosen, whose cost is not counted as the
client's, and which a thousand clients may reach at once (backlog 8192; the kernel caps it at
`somaxconn`). Lessons about failure need one that can be told, in the middle of a run, to return
errors, reset, hang, talk garbage, stop half-way or refuse. It speaks HTTP/1.1 as far as a GET needs it
(keep-alive and pipelining of RFC 9112), on an `asyncio.Protocol`, which costs least per request.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from velvet_concurrency.samples.child import Child, Message, obey_parent

Failure = Literal["none", "error", "reset", "hang", "garbage", "truncate", "refuse"]
HOST = "127.0.0.1"
BACKLOG = 8192
_BODY = b"xx"
_MAX_HEAD_BYTES = 65_536
_MAX_PIPELINED = 1_000


@dataclass
class ServerStats:
    """Counts since the start: connections accepted and open now, requests seen, replies spoilt."""

    accepted: int = 0
    open: int = 0
    requests: int = 0
    failed: int = 0


class LatencyServer:
    """A server in a child process; a context manager, and `start`/`stop` for other lives.

    Args:
        latency: seconds between a request and its reply.

    Raises:
        ValueError: it is negative or not finite.

    Control methods are thread-safe and take effect before they return. The child ends when this
    process does, however that ends. Listens on 127.0.0.1 only.

    >>> with LatencyServer(latency=0.01) as server:
    ...     server.url.startswith("http://127.0.0.1:")
    True
    """

    def __init__(self, latency: float = 0.1) -> None:
        _check_latency(latency)
        self._latency = float(latency)
        self._child: Child | None = None

    def start(self) -> LatencyServer:
        """Start the child and return when it listens.

        Raises:
            RuntimeError: it is running already.
            ChildError: the child could not start.
        """
        if self._child is not None:
            raise RuntimeError("the server is running already")
        self._child = Child("velvet_concurrency.samples.latency_server", repr(self._latency))
        return self

    def stop(self) -> None:
        """End the child; idempotent."""
        child, self._child = self._child, None
        if child is not None:
            child.close()

    def _running(self) -> Child:
        if self._child is None:
            raise RuntimeError("the server is not running: use it as a context manager")
        return self._child

    @property
    def port(self) -> int:
        """The port of 127.0.0.1 that it listens on; stays the same through a refusal."""
        return int(self._running().greeting["port"])

    @property
    def url(self) -> str:
        """The address to fetch."""
        return f"http://{HOST}:{self.port}/"

    @property
    def pid(self) -> int:
        """The child's process id, for whatever measures it."""
        return self._running().pid

    def fail(self, how: Failure | bool = True) -> None:
        """Make replies fail from now on, or recover with `fail(False)`.

        Args:
            how: `error` or `True`: status 500; `reset`: the connection is cut instead of a reply;
                `hang`: no reply, ever; `garbage`: not HTTP; `truncate`: half of the body;
                `refuse`: the port is closed; `none` or `False`: healthy again.

        Raises:
            ValueError: an unknown failure.
        """
        failure = {True: "error", False: "none"}[how] if isinstance(how, bool) else how
        if failure not in get_args(Failure):
            raise ValueError(f"how must be one of {get_args(Failure)}, got {how!r}")
        self._running().ask({"failure": failure})

    def set_latency(self, latency: float) -> None:
        """Change the latency, in seconds, of requests that arrive from now on."""
        _check_latency(latency)
        self._running().ask({"latency": latency})

    def stats(self) -> ServerStats:
        """Return the counts so far."""
        return ServerStats(**self._running().ask({}))

    def __enter__(self) -> LatencyServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _check_latency(value: float) -> None:
    if not 0.0 <= value < float("inf"):
        raise ValueError(f"latency must be finite and >= 0, got {value!r}")


class _Site:
    """What all connections share: behaviour, counters and the listening socket; for one loop."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.failure: Failure = "none"
        self.stats = ServerStats()
        self.connections: set[_Connection] = set()
        self.port = 0
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Open the port: any free one at first, the same one again after a refusal."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self), HOST, self.port, backlog=BACKLOG
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
        """Take `latency` or `failure` from the parent; answer with the counts."""
        self.latency = order.get("latency", self.latency)
        if "failure" in order:
            self.failure = order["failure"]
            if self.failure == "refuse":
                self.close()
            elif self._server is None:
                await self.listen()
        return asdict(self.stats)


class _Connection(asyncio.Protocol):
    """One keep-alive connection: heads are queued, answered one after the other."""

    def __init__(self, site: _Site) -> None:
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
        """Cut the connection without a reply."""
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
            self._site.stats.requests += 1
            loop, head = asyncio.get_running_loop(), self._heads.popleft()
            self._timer = loop.call_later(self._site.latency, self._reply, head)

    def _reply(self, head: bytes) -> None:
        failure = self._site.failure
        self._site.stats.failed += failure != "none"
        if failure == "hang":
            return
        if failure in ("reset", "refuse"):
            self.abort()
        elif failure == "garbage":
            self._transport.write(b"\x00\xff this is not HTTP \r\n\r\n")
            self._transport.close()
        elif not self._answer(head, failure) or failure == "truncate":
            self._transport.close()
        else:
            self._next()

    def _answer(self, head: bytes, failure: Failure) -> bool:
        """Write a reply; return whether the connection may go on."""
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
        body = b"" if method == b"HEAD" else _BODY
        if failure == "truncate":
            body = body[: len(body) // 2]
        self._transport.write(
            f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\n"
            f"Content-Length: {len(_BODY)}\r\n"
            f"Connection: {'keep-alive' if keep else 'close'}\r\n\r\n".encode() + body
        )
        return keep


async def _serve(site: _Site, source: int, sink: int) -> None:
    await site.listen()
    try:
        await obey_parent(site.obey, {"port": site.port}, source=source, sink=sink)
    finally:
        site.close()
        await asyncio.sleep(0)  # lets the aborted transports close their sockets


def main(argv: Sequence[str], *, source: int = 0, sink: int = 1) -> None:
    """Serve until `source` ends: the child's side of `LatencyServer`; `argv` is the latency."""
    asyncio.run(_serve(_Site(float(argv[0])), source, sink))


if __name__ == "__main__":
    # Ctrl-C reaches the whole terminal group; the parent decides when the server ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(KeyboardInterrupt):
        main(sys.argv[1:])
