"""What the three clients above `http.client` share: a deadline for every read, and one translation.

A socket's timeout bounds one silence. A server that sends a byte a second never exceeds it, so
`DeadlineResponse` shortens the timeout before each read to what is left of the whole call. The
deadline reaches it through a context variable, because `urllib3` and `requests` make the response
object far below the call that knows the deadline.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

from velvet_http import errors
from velvet_http.model import Deadline, Timeouts

MAX_INTERIM = 100
Phase = Literal["connect", "head", "body"]


@dataclass(frozen=True)
class Limit:
    """What one call allows: seconds of silence and of queueing, and when it must be over."""

    read: float
    pool: float
    deadline: Deadline | None
    connections: list[Any] = field(default_factory=list)  # that the body in pieces goes to

    def next_wait(self) -> float:
        """Return the seconds that the next read may wait."""
        if self.deadline is None:
            return self.read
        left = self.deadline.remaining()
        if left <= 0:
            raise errors.DeadlineExceeded("the deadline passed while bytes were arriving")
        return min(self.read, left)

    def clipped(self, seconds: float) -> float:
        """Return `seconds`, or what is left of the deadline."""
        left = seconds if self.deadline is None else self.deadline.remaining()
        return max(0.001, min(seconds, left))

    def paced(self, body: bytes | Iterable[bytes] | None) -> bytes | Iterator[bytes] | None:
        """Return a body whose every piece waits only so long to be taken."""
        return body if body is None or isinstance(body, bytes) else self._pieces(body)

    def _pieces(self, body: Iterable[bytes]) -> Iterator[bytes]:
        for piece in body:
            wait = self.next_wait()
            for connection in self.connections:
                connection.sock.settimeout(wait)
            yield piece


_limit: ContextVar[Limit | None] = ContextVar("limit", default=None)


@contextmanager
def limited(timeouts: Timeouts, deadline: Deadline | None) -> Iterator[Limit]:
    """Apply limits to the responses that are opened inside."""
    limit = Limit(timeouts.read, timeouts.pool, deadline)
    token = _limit.set(limit)
    try:
        yield limit
    finally:
        _limit.reset(token)


def current() -> Limit | None:
    """Return the limits of the call that is running."""
    return _limit.get()


class _DeadlineReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, raw: io.RawIOBase, limit: Limit) -> None:
        self._sock, self._raw, self._limit = sock, raw, limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._limit.next_wait())
        return self._raw.readinto(buffer) or 0

    def close(self) -> None:
        self._raw.close()
        super().close()


class DeadlineResponse(http.client.HTTPResponse):
    """`HTTPResponse` that keeps a deadline and skips every interim response (RFC 9110 15.2)."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        if limit := _limit.get():
            self.fp = io.BufferedReader(_DeadlineReader(sock, self.fp.detach(), limit))

    def begin(self) -> None:
        """Read the head; the library itself stops at 103 Early Hints as if it were the answer."""
        for _ in range(MAX_INTERIM):
            super().begin()
            if self.headers.defects:  # the library goes on without the fields below a bad line
                raise http.client.HTTPException(f"bad header line: {self.headers.defects[0]!r}")
            if not 100 <= self.status < 200 or self.status == 101:
                return
            self.headers = self.msg = None  # type: ignore[assignment]
        raise http.client.HTTPException(f"{MAX_INTERIM} interim responses and no answer")


def _chain(error: object, depth: int = 0) -> Iterator[BaseException]:
    """Yield an error and everything that it wraps, outermost first."""
    if isinstance(error, BaseException) and depth < 8:
        yield error
        for inner in (*error.args, getattr(error, "reason", None), error.__cause__):
            yield from _chain(inner, depth + 1)
        if error.__cause__ is None:
            yield from _chain(error.__context__, depth + 1)


def translate(error: Exception, phase: Phase) -> errors.HttpError:
    """Return our error for whatever `http.client`, `urllib3` or `requests` raised."""
    chain = list(_chain(error))
    for each in chain:
        if isinstance(each, errors.HttpError):
            return each
    for each in reversed(chain):
        found = _translate(each, phase)
        if found is not None:
            return found
    names = {type(each).__name__ for each in chain}
    if "EmptyPoolError" in names:
        return errors.PoolTimeout("no connection of the pool became free in time")
    if "ConnectTimeoutError" in names:
        return errors.ConnectTimeout("no connection in time")
    if "InvalidChunkLength" in names:
        return errors.ProtocolViolation(f"bad chunk: {error}")
    return errors.ProtocolViolation(f"{type(error).__name__}: {error}")


def _translate(error: BaseException, phase: Phase) -> errors.HttpError | None:
    text = str(error) or type(error).__name__
    if isinstance(error, ssl.SSLError) and not isinstance(
        error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)
    ):
        return errors.TlsError(text)
    if isinstance(error, (socket.gaierror, ConnectionRefusedError)):
        return errors.ConnectError(text)
    if isinstance(error, TimeoutError):
        return errors.ConnectTimeout(text) if phase == "connect" else errors.ReadTimeout(text)
    if isinstance(error, http.client.IncompleteRead):
        number = str(error.__context__ or "b''")
        if isinstance(error.__context__, ValueError) and not number.endswith("b''"):
            return errors.ProtocolViolation(f"bad chunk size: {number}")
        return errors.TruncatedBody("the connection ended inside a chunk")
    if isinstance(error, http.client.RemoteDisconnected):
        return errors.ConnectionLost("the server closed the connection without an answer")
    if isinstance(error, http.client.HTTPException):
        return errors.ProtocolViolation(f"{type(error).__name__}: {text}")
    if isinstance(error, OSError) and not hasattr(error, "request"):
        if phase == "body":
            return errors.TruncatedBody(f"the connection broke in the body: {text}")
        return errors.ConnectError(text) if phase == "connect" else errors.ConnectionLost(text)
    return None
