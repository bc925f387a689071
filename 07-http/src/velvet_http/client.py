"""One surface for seven libraries: `Client` and `AsyncClient`.

A library is asked for one thing only, an `Exchange`: status, headers and raw bytes as they
arrive. Redirects, decoding, size limits and the deadline are applied here, once, so that all
seven behave alike on a network that misbehaves; see `contenders` for the seven.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from types import TracebackType
from typing import Protocol, TypeVar

import anyio

from velvet_http.body import BodyReader, Redirects
from velvet_http.errors import (
    ConnectTimeout,
    DeadlineExceeded,
    PoolTimeout,
    ReadTimeout,
    TruncatedBody,
)
from velvet_http.model import Deadline, Headers, Request, Response, Timeouts

T = TypeVar("T")
DEFAULT_TIMEOUTS = Timeouts()
DEFAULT_MAX_BODY = 100 * 2**20
CLOCK_SLACK = 0.02  # seconds; a socket's timeout may end a tick of the clock early
ACCEPT_ENCODING = "gzip, deflate"


@lru_cache(maxsize=16)
def _context(ca_file: str | None, http2: bool) -> ssl.SSLContext:  # noqa: ARG001 - a key
    return ssl.create_default_context(cafile=ca_file)  # httpcore writes its protocols into it


@dataclass(frozen=True)
class Settings:
    """What every transport is made with.

    Attributes:
        pool: most connections at a time.
        ca_file: PEM file with the authority to trust instead of the system's.
        http2: negotiate HTTP/2 where the library can.
        trust_env: whether HTTP_PROXY, REQUESTS_CA_BUNDLE and their like are obeyed.
    """

    pool: int = 10
    ca_file: str | None = None
    http2: bool = False
    trust_env: bool = False

    def context(self) -> ssl.SSLContext:
        """Return a verifying TLS context; there is no way to ask for one that does not verify.

        Made once per process and setting, because reading the system's authorities costs more
        CPU time than many requests.
        """
        return _context(self.ca_file, self.http2)


class Exchange(Protocol):
    """One response whose body is read piece by piece, undecoded."""

    status: int
    headers: Headers
    http_version: str

    def read(self) -> bytes:
        """Return the bytes that arrived next, b"" after the last."""

    def close(self) -> None:
        """Return the connection to its pool, or close it when bytes are outstanding."""


class Transport(Protocol):
    """What a blocking library contributes."""

    name: str

    def open(self, request: Request, timeouts: Timeouts, deadline: Deadline | None) -> Exchange:
        """Send a request and return once the response's head is there."""

    def close(self) -> None:
        """Close every connection."""


class AsyncExchange(Protocol):
    """`Exchange` for an event loop."""

    status: int
    headers: Headers
    http_version: str

    async def read(self) -> bytes:
        """Return the bytes that arrived next, b"" after the last."""

    async def close(self) -> None:
        """Return the connection to its pool, or close it when bytes are outstanding."""


class AsyncTransport(Protocol):
    """What an asyncio library contributes.

    Attributes:
        cancel_safe: whether its pool survives requests that are cancelled while they wait.
    """

    name: str
    cancel_safe: bool

    async def open(self, request: Request, timeouts: Timeouts) -> AsyncExchange:
        """Send a request and return once the response's head is there."""

    async def close(self) -> None:
        """Close every connection."""


@dataclass
class _Stream:
    """The head of a response whose body is still on its way."""

    status: int
    headers: Headers
    url: str
    http_version: str
    history: tuple[str, ...]
    body: BodyReader
    began: float = field(default_factory=time.monotonic)

    def whole(self, body: bytes) -> Response:
        took = time.monotonic() - self.began
        return Response(
            self.status, self.headers, body, self.url, self.http_version, took, self.history
        )

    def cut(self, error: TruncatedBody) -> TruncatedBody:
        """Complete what a library could not say: how much had arrived."""
        error.got, error.expected = max(error.got, self.body.got), self.body.expected
        return error


@dataclass
class StreamResponse(_Stream):
    """A response of `Client.stream`; iterate it for decoded pieces."""

    exchange: Exchange = field(kw_only=True)
    deadline: Deadline | None = field(kw_only=True)

    def __iter__(self) -> Iterator[bytes]:
        while True:
            with _timed(self.deadline):
                try:
                    raw = self.exchange.read()
                except TruncatedBody as error:
                    raise self.cut(error) from error.__cause__
            if not raw:
                break
            yield from self.body.feed(raw)
        self.body.finish()


@dataclass
class AsyncStreamResponse(_Stream):
    """A response of `AsyncClient.stream`; iterate it for decoded pieces."""

    exchange: AsyncExchange = field(kw_only=True)
    deadline: Deadline | None = field(kw_only=True)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            try:
                raw = await _within(self.deadline, self.exchange.read())
            except TruncatedBody as error:
                raise self.cut(error) from error.__cause__
            if not raw:
                break
            for piece in self.body.feed(raw):
                yield piece
        self.body.finish()


@contextmanager
def _timed(deadline: Deadline | None) -> Iterator[None]:
    """Refuse to begin after the deadline, and name it when a wait ended because of it."""
    if deadline is not None and deadline.remaining() <= 0:
        raise DeadlineExceeded("the deadline passed before the call could go on")
    try:
        yield
    except (ReadTimeout, ConnectTimeout, PoolTimeout) as error:
        if deadline is not None and deadline.remaining() <= CLOCK_SLACK:
            raise DeadlineExceeded("the deadline passed while the server was silent") from error
        raise


async def _within(deadline: Deadline | None, work: Awaitable[T]) -> T:
    if deadline is None:
        return await work
    with anyio.move_on_after(max(0.0, deadline.remaining())):
        return await work
    raise DeadlineExceeded("the deadline passed while the call was running")


class Client:
    """A blocking client over any library; safe for threads when its transport is.

    Args:
        transport: from `contenders`; owned and closed by the client.
        follow: most redirects to follow, 0 to return them.
    """

    def __init__(self, transport: Transport, *, follow: int = 5) -> None:
        self.transport = transport
        self.name = transport.name
        self._follow = follow

    def request(
        self,
        request: Request,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        deadline: Deadline | None = None,
        max_body: int | None = DEFAULT_MAX_BODY,
    ) -> Response:
        """Send a request and return its whole response.

        Args:
            timeouts: limits of single waits.
            deadline: when the whole call, the body included, must be over.
            max_body: largest decoded body in bytes.

        Raises:
            HttpError: one of its subclasses, and nothing else.
        """
        with self.stream(request, timeouts=timeouts, deadline=deadline, max_body=max_body) as got:
            return got.whole(b"".join(got))

    @contextmanager
    def stream(
        self,
        request: Request,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        deadline: Deadline | None = None,
        max_body: int | None = None,
    ) -> Iterator[StreamResponse]:
        """Send a request and yield its response while the body is on its way."""
        began = time.monotonic()
        hops = Redirects(_prepared(request), self._follow)
        while True:
            with _timed(deadline):
                exchange = self.transport.open(hops.request, timeouts, deadline)
            try:
                if hops.follow(exchange.status, exchange.headers):
                    continue
                status, headers = exchange.status, exchange.headers
                body = BodyReader(hops.request.method, status, headers, max_body=max_body)
                url, version = hops.request.url, exchange.http_version
                yield StreamResponse(
                    status, headers, url, version, hops.history, body, began,
                    exchange=exchange, deadline=deadline,
                )  # fmt: skip
                return
            finally:
                exchange.close()

    def get(self, url: str, *, deadline: Deadline | None = None, **headers: str) -> Response:
        """Return the response to a GET; keyword names become header names."""
        return self.request(Request("GET", url).with_headers(**headers), deadline=deadline)

    def close(self) -> None:
        """Close every connection."""
        self.transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncClient:
    """`Client` for one event loop."""

    def __init__(self, transport: AsyncTransport, *, follow: int = 5) -> None:
        self.transport = transport
        self.name = transport.name
        self._follow = follow

    async def request(
        self,
        request: Request,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        deadline: Deadline | None = None,
        max_body: int | None = DEFAULT_MAX_BODY,
    ) -> Response:
        """Send a request and return its whole response; see `Client.request`."""
        async with self.stream(
            request, timeouts=timeouts, deadline=deadline, max_body=max_body
        ) as got:
            return got.whole(b"".join([piece async for piece in got]))

    @asynccontextmanager
    async def stream(
        self,
        request: Request,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        deadline: Deadline | None = None,
        max_body: int | None = None,
    ) -> AsyncIterator[AsyncStreamResponse]:
        """Send a request and yield its response while the body is on its way."""
        began = time.monotonic()
        hops = Redirects(_prepared(request), self._follow)
        while True:
            exchange = await _within(deadline, self.transport.open(hops.request, timeouts))
            try:
                if hops.follow(exchange.status, exchange.headers):
                    continue
                status, headers = exchange.status, exchange.headers
                body = BodyReader(hops.request.method, status, headers, max_body=max_body)
                url, version = hops.request.url, exchange.http_version
                yield AsyncStreamResponse(
                    status, headers, url, version, hops.history, body, began,
                    exchange=exchange, deadline=deadline,
                )  # fmt: skip
                return
            finally:
                with anyio.CancelScope(shield=True):
                    await exchange.close()

    async def get(self, url: str, *, deadline: Deadline | None = None, **headers: str) -> Response:
        """Return the response to a GET; keyword names become header names."""
        return await self.request(Request("GET", url).with_headers(**headers), deadline=deadline)

    async def close(self) -> None:
        """Close every connection."""
        await self.transport.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def _prepared(request: Request) -> Request:
    """Ask for the encodings that `BodyReader` can check, unless the caller asked for others."""
    if "accept-encoding" in request.headers:
        return request
    return request.with_headers(accept_encoding=ACCEPT_ENCODING)
