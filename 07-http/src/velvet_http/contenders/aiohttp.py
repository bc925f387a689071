"""aiohttp: asyncio only, with a parser in C."""

from __future__ import annotations

import asyncio
import ssl
from contextvars import ContextVar
from typing import Any

import aiohttp
import anyio
from yarl import URL

from velvet_http import errors
from velvet_http.client import Settings, outgoing, within
from velvet_http.model import Deadline, Request, Timeouts


class _Exchange:
    def __init__(
        self, response: aiohttp.ClientResponse, timeouts: Timeouts, deadline: Deadline | None
    ) -> None:
        self._response, self._patience, self._deadline = response, timeouts.read, deadline
        self._protocol = response.connection and response.connection.protocol
        self.status = response.status
        self.fields = list(response.headers.items())

    async def read(self) -> bytes:
        try:
            # aiohttp 3.14 waits for ever when a later packet is no HTTP: its parser's error reaches
            # the connection, but neither the body nor the read timeout.
            with anyio.move_on_after(self._patience):
                return await within(self._deadline, self._response.content.readany())
            broken = None if self._protocol is None else self._protocol.exception()
            if isinstance(broken, aiohttp.http.HttpProcessingError):
                raise errors.ProtocolViolation(broken.message) from broken
            raise broken or asyncio.TimeoutError
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            arrived = self._response.content.total_bytes  # some of it was never handed out
            raise _translate(error, body=True, got=arrived) from error

    async def close(self) -> None:
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


_used: ContextVar[list[asyncio.BaseTransport | None]] = ContextVar("used")


class _Connector(aiohttp.TCPConnector):
    """A connector that tells a call which connection it got."""

    async def connect(self, *args: Any, **settings: Any) -> aiohttp.connector.Connection:
        connection = await super().connect(*args, **settings)
        _used.get().append(connection.transport)
        return connection


class Transport:
    """A `ClientSession` of one event loop."""

    name, blocking, cancel_safe = "aiohttp", False, True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None

    async def open(
        self, request: Request, timeouts: Timeouts, deadline: Deadline | None
    ) -> _Exchange:
        if self._session is None:  # it belongs to the loop that runs now
            self._session = aiohttp.ClientSession(
                connector=_Connector(limit=self._settings.pool, ssl=self._settings.context()),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        used = list[asyncio.BaseTransport | None]()
        _used.set(used)
        stalled = anyio.CancelScope()  # aiohttp waits for ever until a server takes a piece

        def moved() -> None:
            stalled.deadline = anyio.current_time() + timeouts.read

        try:
            sending = self._session.request(
                request.method,
                URL(request.url, encoded=True),
                headers=list(request.headers),
                data=outgoing(request.body, moved),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=None,  # the default, 300 s, hides that there is no deadline
                    connect=timeouts.pool + timeouts.connect,
                    sock_connect=timeouts.connect,
                    sock_read=timeouts.read,
                ),
            )
            with stalled:
                return _Exchange(await within(deadline, sending), timeouts, deadline)
            raise errors.ReadTimeout("the server took no more of the body")
        except BaseException as error:
            for transport in used:  # closed by aiohttp, which waits until the server takes the rest
                if isinstance(transport, asyncio.WriteTransport):
                    transport.abort()
            if isinstance(error, (aiohttp.ClientError, OSError, asyncio.TimeoutError)):
                raise _translate(error, body=False) from error
            raise

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


def _translate(error: BaseException, *, body: bool, got: int = 0) -> errors.HttpError:
    if isinstance(error.__cause__, errors.HttpError):
        return error.__cause__  # of the body on its way out
    text = str(error) or type(error).__name__
    tls = (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError, ssl.SSLError)
    if isinstance(error, tls):
        return errors.TlsError(text)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return errors.ConnectTimeout(text)
    if isinstance(error, asyncio.TimeoutError):
        return errors.ReadTimeout(text)
    if isinstance(error, aiohttp.ClientConnectorError):
        return errors.ConnectError(text)
    cause = type(error.__cause__).__name__
    if isinstance(error, aiohttp.ClientResponseError) or cause in ("BadHttpMessage", "LineTooLong"):
        return errors.ProtocolViolation(text)
    if isinstance(error, aiohttp.ClientPayloadError):
        if "chunk" in text.lower() and "size" in text.lower():
            return errors.ProtocolViolation(text)
        return errors.TruncatedBody(text, got=got)
    if body:
        return errors.TruncatedBody(f"the connection broke in the body: {text}", got=got)
    return errors.ConnectionLost(text)
