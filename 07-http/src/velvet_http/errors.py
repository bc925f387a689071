"""One taxonomy for what seven client libraries call by forty names.

A retry policy needs two facts about a failure that no library states: whether trying again can
help (`retryable`) and whether the server may already have acted on the request (`sent`).
The library's own exception stays reachable as `__cause__`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from velvet_http.model import Response


class HttpError(Exception):
    """Base of every failure that a client of this package raises.

    Attributes:
        retryable: whether another attempt can succeed.
        sent: False when no byte of the request can have reached the application, True when it
            surely did, None when this side cannot tell.
        timeout: whether a wait was too long.
    """

    retryable: bool = False
    sent: bool | None = None
    timeout: bool = False


class ConnectError(HttpError):
    """No connection: refused, unreachable, or a name that does not resolve."""

    retryable, sent = True, False


class ConnectTimeout(ConnectError):
    """The connection was not accepted in time."""

    timeout = True


class PoolTimeout(ConnectError):
    """No connection of the pool became free in time."""

    timeout = True


class TlsError(HttpError):
    """The certificate or the handshake is wrong; another attempt meets the same certificate."""

    sent = False


class ReadTimeout(HttpError):
    """The server was silent for longer than one read may take."""

    retryable, timeout = True, True


class DeadlineExceeded(HttpError):
    """The time for the whole call is over."""


class ConnectionLost(HttpError):
    """The connection closed or was reset before a whole response head arrived."""

    retryable = True


class TruncatedBody(HttpError):
    """The body ended before its announced or its encoded end; `got` of `expected` bytes came."""

    retryable, sent = True, True

    def __init__(self, message: str, *, got: int, expected: int | None = None) -> None:
        super().__init__(message)
        self.got = got
        self.expected = expected


class DecodeError(HttpError):
    """The body is not what its headers say: encoding, charset or JSON."""

    sent = True


class ProtocolViolation(HttpError):
    """The server's bytes are not HTTP, or not HTTP that two readers would read alike."""

    sent = True


class TooManyRedirects(HttpError):
    """The redirects go on, or in a circle."""

    sent = True


class BodyTooLarge(HttpError):
    """The body, after decompression, is larger than the caller allowed."""

    sent = True


class StatusError(HttpError):
    """The server answered with a status that the caller did not want."""

    sent = True

    def __init__(self, response: Response) -> None:
        super().__init__(f"{response.url} answered {response.status}")
        self.response = response


class BudgetExhausted(HttpError):
    """A retry would help this call and hurt the service; the shared budget is spent."""


class CircuitOpen(HttpError):
    """The breaker is open; no request was sent. A probe is allowed from second `retry_at` on."""

    sent = False

    def __init__(self, message: str, *, retry_at: float) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class StaleValidator(HttpError):
    """The remote object changed while it was being downloaded."""
