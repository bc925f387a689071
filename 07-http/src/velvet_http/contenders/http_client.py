"""http.client: the standard library, without a pool, redirects or decoding of its own."""

from __future__ import annotations

import http.client
import selectors
from urllib.parse import urlsplit

from velvet_http.client import Settings
from velvet_http.contenders._sockets import DeadlineResponse, Limit, limited, translate
from velvet_http.model import Deadline, Request, Timeouts, origin

_ERRORS = (OSError, http.client.HTTPException, ValueError)


class Transport:
    """A stack of idle connections per origin, dead ones thrown away; thread-safe."""

    name, blocking, cancel_safe = "http.client", True, True

    def __init__(self, settings: Settings) -> None:
        self._context = settings.context()
        self.idle: dict[object, list[http.client.HTTPConnection]] = {}

    async def open(
        self, request: Request, timeouts: Timeouts, deadline: Deadline | None
    ) -> _Exchange:
        idle = self.idle.setdefault(origin(request.url), [])
        with limited(timeouts, deadline) as limit:
            connection = self._taken(idle) or self._new(request, limit.clipped(timeouts.connect))
            try:
                response = _sent(connection, request, limit)
            except BaseException:
                connection.close()
                raise
        return _Exchange(idle, connection, response)

    def _new(self, request: Request, timeout: float) -> http.client.HTTPConnection:
        scheme, host, port = origin(request.url)
        assert host is not None
        connection = (
            http.client.HTTPSConnection(host, port, timeout=timeout, context=self._context)
            if scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=timeout)
        )
        connection.response_class = DeadlineResponse
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise translate(error, "connect") from error
        return connection

    def _taken(self, idle: list[http.client.HTTPConnection]) -> http.client.HTTPConnection | None:
        """Return an idle connection that the server has not closed meanwhile."""
        while True:
            try:
                connection = idle.pop()
            except IndexError:
                return None
            with selectors.DefaultSelector() as selector:
                selector.register(connection.sock, selectors.EVENT_READ)
                if not selector.select(0):
                    return connection
            connection.close()  # readable while idle: closed, or sending what was never asked for

    async def close(self) -> None:
        for connection in (each for idle in self.idle.values() for each in idle):
            connection.close()
        self.idle.clear()


def _sent(
    connection: http.client.HTTPConnection, request: Request, limit: Limit
) -> http.client.HTTPResponse:
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.sock.settimeout(limit.next_wait())
        limit.connections[:] = [connection]
        body = limit.paced(request.body)
        connection.request(request.method, target, body, dict(request.headers))
        return connection.getresponse()
    except _ERRORS as error:
        raise translate(error, "head") from error


class _Exchange:
    def __init__(
        self, idle: list[http.client.HTTPConnection], connection: http.client.HTTPConnection,
        response: http.client.HTTPResponse,
    ) -> None:  # fmt: skip
        self._idle, self._connection, self._response = idle, connection, response
        self._ended = False
        self.status, self.fields = response.status, response.getheaders()

    async def read(self) -> bytes:
        try:
            piece = self._response.read1(65_536)
        except _ERRORS as error:
            raise translate(error, "body") from error
        self._ended = not piece
        return piece

    async def close(self) -> None:
        self._response.close()
        if self._ended and not self._response.will_close:
            self._idle.append(self._connection)
        else:
            self._connection.close()
