"""One surface for the libraries: `AsyncClient` for an event loop, `Client` for everything else.

A library contributes one thing only, an `Exchange`: status, headers and raw bytes as they arrive.
Redirects, decoding, size limits and errors are the same for all and stand here once, as coroutines.
A blocking library never waits for an event loop, so `Client` runs the same coroutines by calling
them (`run_now`); an asyncio library gets a loop in a thread of its own.
"""

from __future__ import annotations

import contextlib
import re
import ssl
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, TypeVar

import anyio
import anyio.to_thread
from anyio.from_thread import start_blocking_portal

from velvet_http.body import BodyReader, Redirects
from velvet_http.errors import DeadlineExceeded, HttpError, ProtocolViolation, TruncatedBody
from velvet_http.model import Deadline, Headers, Request, Response, Timeouts

T = TypeVar("T")
DEFAULT_TIMEOUTS = Timeouts()
DEFAULT_MAX_BODY = 100 * 2**20
CLOCK_SLACK = 0.02  # seconds; a socket's timeout may end a tick of the clock early
ACCEPT_ENCODING = "gzip, deflate"  # what `BodyReader` can check
_FOLD = re.compile(r"\r?\n[ \t]+")


@lru_cache(maxsize=16)
def _context(ca_file: str | None, http2: bool) -> ssl.SSLContext:  # noqa: ARG001 - a key
    return ssl.create_default_context(cafile=ca_file)  # httpcore writes its protocols into it


@dataclass(frozen=True)
class Settings:
    """What every transport is made with; proxies and CA files of the environment are ignored.

    `ca_file` is a PEM file with the authority to trust instead of the system's.
    """

    pool: int = 10
    ca_file: str | None = None
    http2: bool = False

    def context(self) -> ssl.SSLContext:
        """Return a verifying TLS context, made once: it costs more CPU time than many requests."""
        return _context(self.ca_file, self.http2)


class Exchange(Protocol):
    """One response; its body is read piece by piece, undecoded.

    `fields` are the header fields as the library hands them out, unchecked. `read` returns the bytes that arrived next, b"" after the last; `close` returns the connection
    to its pool, or closes it when bytes are outstanding.
    """

    status: int
    fields: list[tuple[str, str]]

    async def read(self) -> bytes: ...

    async def close(self) -> None: ...


class Transport(Protocol):
    """What a library contributes; it raises `HttpError` and keeps deadlines.

    `blocking` coroutines block instead of waiting; a `cancel_safe` pool survives cancelled requests.
    """

    name: str
    blocking: bool
    cancel_safe: bool

    async def open(
        self, request: Request, timeouts: Timeouts, deadline: Deadline | None
    ) -> Exchange: ...

    async def close(self) -> None: ...


def run_now(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of a coroutine that blocks instead of waiting."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    work.close()
    raise RuntimeError("this coroutine waits for an event loop")


async def within(deadline: Deadline | None, work: Awaitable[T]) -> T:
    """Await `work`, but no longer than the deadline; for asyncio transports."""
    with anyio.move_on_after(None if deadline is None else max(0.0, deadline.remaining())):
        return await work
    raise DeadlineExceeded("the deadline passed while the call was running")


def outgoing(
    body: bytes | Iterable[bytes] | None, moved: Callable[[], object] = bool
) -> bytes | AsyncIterator[bytes] | None:
    """Return a body for asyncio: pieces come from a thread, so that no disk stops the loop.

    Args:
        moved: called before each piece.
    """

    async def pieces(source: Iterator[bytes]) -> AsyncIterator[bytes]:
        while (piece := await anyio.to_thread.run_sync(next, source, None)) is not None:
            moved()
            yield piece

    return body if body is None or isinstance(body, bytes) else pieces(iter(body))


@dataclass
class StreamResponse:
    """A response with its body on the way; iterate it for decoded pieces."""

    status: int
    headers: Headers
    url: str
    history: tuple[str, ...]
    exchange: Exchange
    body: BodyReader
    deadline: Deadline | None
    began: float

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while raw := await self._read():
            for piece in self.body.feed(raw):
                yield piece
        self.body.finish()

    async def _read(self) -> bytes:
        _check(self.deadline)
        try:
            return await self.exchange.read()
        except TruncatedBody as error:  # the library could not say how much had arrived
            error.got, error.expected = max(error.got, self.body.got), self.body.expected
            raise
        except HttpError as error:
            raise _renamed(error, self.deadline) from error

    def whole(self, body: bytes) -> Response:
        """Return the response with its body."""
        took = time.monotonic() - self.began
        return Response(self.status, self.headers, body, self.url, took, self.history)


def received(fields: list[tuple[str, str]]) -> Headers:
    """Return a server's header fields, folded lines joined (RFC 9112 section 5.2)."""
    try:
        return Headers([(name, _FOLD.sub(" ", value)) for name, value in fields])
    except ValueError as error:
        raise ProtocolViolation(f"the head of the response is not HTTP: {error}") from error


def _check(deadline: Deadline | None) -> None:
    if deadline is not None and deadline.remaining() <= 0:
        raise DeadlineExceeded("the deadline passed before the call could go on")


def _renamed(error: HttpError, deadline: Deadline | None) -> HttpError:
    """Return the error of a wait that ended because of the deadline by that name."""
    if error.timeout and deadline is not None and deadline.remaining() <= CLOCK_SLACK:
        return DeadlineExceeded("the deadline passed while the server was silent")
    return error


class AsyncClient(contextlib.AbstractAsyncContextManager["AsyncClient"]):
    """A client of one event loop; it owns its transport and follows `MAX_REDIRECTS` at most."""

    def __init__(self, transport: Transport) -> None:
        self.transport, self.name = transport, transport.name

    async def request(
        self,
        request: Request,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        deadline: Deadline | None = None,
        max_body: int | None = DEFAULT_MAX_BODY,
    ) -> Response:
        """Send a request and return its whole response, or raise an `HttpError` and nothing else.

        Args:
            deadline: when the whole call, the body included, must be over.
            max_body: largest decoded body in bytes.
        """
        async with self.stream(
            request, timeouts=timeouts, deadline=deadline, max_body=max_body
        ) as got:
            return got.whole(b"".join([piece async for piece in got]))

    @contextlib.asynccontextmanager
    async def stream(
        self,
        request: Request,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        deadline: Deadline | None = None,
        max_body: int | None = None,
    ) -> AsyncIterator[StreamResponse]:
        """Send a request and yield its response while the body is on its way."""
        began = time.monotonic()
        if "accept-encoding" not in request.headers:
            request = request.with_headers(accept_encoding=ACCEPT_ENCODING)
        hops = Redirects(request)
        while True:
            _check(deadline)
            try:
                exchange = await self.transport.open(hops.request, timeouts, deadline)
            except HttpError as error:
                raise _renamed(error, deadline) from error
            try:
                status, headers, sent = exchange.status, received(exchange.fields), hops.request
                if hops.follow(status, headers):
                    continue
                body = BodyReader(sent.method, status, headers, max_body=max_body)
                yield StreamResponse(
                    status, headers, sent.url, hops.history, exchange, body, deadline, began
                )
                return
            finally:
                await exchange.close()

    async def get(self, url: str, *, deadline: Deadline | None = None, **headers: str) -> Response:
        """Return the response to a GET; keyword names become header names."""
        return await self.request(Request("GET", url).with_headers(**headers), deadline=deadline)

    async def close(self) -> None:
        """Close every connection."""
        await self.transport.close()

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class Client(contextlib.AbstractContextManager["Client"]):
    """`AsyncClient` for blocking code; safe for threads when its transport is."""

    def __init__(self, transport: Transport) -> None:
        self.transport, self.name = transport, transport.name
        self._inner = AsyncClient(transport)
        self._loop = contextlib.ExitStack()
        self._run: Callable[[Coroutine[Any, Any, Any]], Any] = run_now
        if not transport.blocking:
            portal = self._loop.enter_context(start_blocking_portal())
            self._run = lambda work: portal.call(_awaited, work)

    def request(self, request: Request, **limits: Any) -> Response:
        """Send a request and return its whole response; see `AsyncClient.request`."""
        response: Response = self._run(self._inner.request(request, **limits))
        return response

    @contextlib.contextmanager
    def stream(self, request: Request, **limits: Any) -> Iterator[SyncStream]:
        """Send a request and yield its response while the body is on its way."""
        context = self._inner.stream(request, **limits)
        response: StreamResponse | None = None

        async def enter() -> StreamResponse:
            nonlocal response
            response = await context.__aenter__()
            return response

        async def leave(*error: Any) -> bool | None:
            nonlocal response
            leaving = context.__aexit__(*error)
            response = None  # no call comes between, so that it is left once
            return await leaving

        try:  # Ctrl-C may come as soon as a call has returned
            yield SyncStream(self._run(enter()), self._run)
            self._run(leave(None, None, None))
        except BaseException:
            if response is None or not self._run(leave(*sys.exc_info())):
                raise

    def get(self, url: str, *, deadline: Deadline | None = None, **headers: str) -> Response:
        """Return the response to a GET; keyword names become header names."""
        return self.request(Request("GET", url).with_headers(**headers), deadline=deadline)

    def close(self) -> None:
        """Close every connection, and the loop where there is one; closing twice is harmless."""
        if self._run is not _closed:
            run, self._run = self._run, _closed
            run(self._inner.close())
            self._loop.close()

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass
class SyncStream:
    """A `StreamResponse` for blocking code."""

    response: StreamResponse
    run: Callable[[Coroutine[Any, Any, Any]], Any]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.response, name)

    def __iter__(self) -> Iterator[bytes]:
        pieces = self.response.__aiter__()
        while True:
            try:
                piece: bytes = self.run(_awaited(pieces.__anext__()))
            except StopAsyncIteration:
                return
            yield piece


async def _awaited(work: Awaitable[T]) -> T:
    return await work


def _closed(work: Coroutine[Any, Any, Any]) -> Any:
    work.close()
    raise RuntimeError("the client is closed")
