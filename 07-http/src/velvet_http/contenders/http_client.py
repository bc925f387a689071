"""http.client: the standard library, without a pool, redirects or decoding of its own."""

from __future__ import annotations

import http.client
import selectors
import threading
from urllib.parse import urlsplit

from velvet_http import errors
from velvet_http.client import Settings
from velvet_http.contenders._sockets import DeadlineResponse, Limit, limited, translate
from velvet_http.model import Deadline, Headers, Request, Timeouts

NAME = "http.client"
Origin = tuple[str, str | None, int | None]


def bare(url: str, *, timeout: float) -> int:
    """GET as the documentation shows; return the bytes that were accepted."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
    try:
        connection.request("GET", url.partition(parts.netloc)[2])
        return len(connection.getresponse().read())
    finally:
        connection.close()


def repeat(url: str, count: int) -> int:
    """GET `count` times over one connection."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        total = 0
        for _ in range(count):
            connection.request("GET", url.partition(parts.netloc)[2])
            total += len(connection.getresponse().read())
        return total
    finally:
        connection.close()


class _Exchange:
    def __init__(
        self, transport: Transport, origin: Origin, connection: http.client.HTTPConnection,
        response: http.client.HTTPResponse,
    ) -> None:  # fmt: skip
        self._transport, self._origin = transport, origin
        self._connection, self._response = connection, response
        self._closed = self._ended = False
        self.status = response.status
        self.headers = Headers(response.getheaders())
        self.http_version = "1.0" if response.version == 10 else "1.1"

    async def read(self) -> bytes:
        try:
            piece = self._response.read1(65_536)
            self._ended = not piece
            return piece
        except (OSError, http.client.HTTPException) as error:
            raise translate(error, "body") from error

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        reusable = self._ended and not self._response.will_close
        self._response.close()
        self._transport.give_back(self._origin, self._connection if reusable else None)
        if not reusable:
            self._connection.close()


class Transport:
    """A pool of connections: most recently used first, dead ones thrown away; thread-safe."""

    name, blocking, cancel_safe = NAME, True, True

    def __init__(self, settings: Settings) -> None:
        self._context = settings.context()
        self._free = threading.Semaphore(settings.pool)
        self._lock = threading.Lock()
        self._idle: dict[Origin, list[http.client.HTTPConnection]] = {}

    async def open(
        self, request: Request, timeouts: Timeouts, deadline: Deadline | None
    ) -> _Exchange:
        with limited(timeouts, deadline) as limit:
            if not self._free.acquire(timeout=limit.clipped(timeouts.pool)):
                raise errors.PoolTimeout("no connection of the pool became free in time")
            connection = self._take(request) or self._new(request)
            try:
                return self._send(connection, request, timeouts, limit)
            except BaseException:
                connection.close()
                self.give_back(request.origin, None)
                raise

    def _send(
        self, connection: http.client.HTTPConnection, request: Request, timeouts: Timeouts,
        limit: Limit,
    ) -> _Exchange:  # fmt: skip
        if connection.sock is None:
            connection.timeout = limit.clipped(timeouts.connect)
            try:
                connection.connect()
            except OSError as error:
                raise translate(error, "connect") from error
        parts = urlsplit(request.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.sock.settimeout(limit.clipped(timeouts.read))
            headers = dict(request.headers)
            connection.request(request.method, target, request.body, headers)
            response = connection.getresponse()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise translate(error, "head") from error
        return _Exchange(self, request.origin, connection, response)

    def _new(self, request: Request) -> http.client.HTTPConnection:
        scheme, host, port = request.origin
        assert host is not None
        connection = (
            http.client.HTTPSConnection(host, port, context=self._context)
            if scheme == "https"
            else http.client.HTTPConnection(host, port)
        )
        connection.response_class = DeadlineResponse
        return connection

    def _take(self, request: Request) -> http.client.HTTPConnection | None:
        """Return an idle connection that the server has not closed meanwhile."""
        while True:
            with self._lock:
                idle = self._idle.get(request.origin)
                if not idle:
                    return None
                connection = idle.pop()
            with selectors.DefaultSelector() as selector:
                selector.register(connection.sock, selectors.EVENT_READ)
                if not selector.select(0):
                    return connection
            connection.close()  # readable while idle: closed, or sending what was never asked for

    def give_back(self, origin: Origin, connection: http.client.HTTPConnection | None) -> None:
        """Make room in the pool, keeping the connection when it is whole."""
        if connection is not None:
            with self._lock:
                self._idle.setdefault(origin, []).append(connection)
        self._free.release()

    async def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, {}
        for connection in (each for several in idle.values() for each in several):
            connection.close()
