"""One taxonomy for what seven client libraries call by forty names.

A retry policy needs two facts that no library states: whether trying again can help (`retryable`),
and whether the server may have acted (`sent`). `__cause__` is the library's own exception.
"""

from __future__ import annotations

from typing import Any

RETRYABLE = (408, 425, 429, 500, 502, 503, 504)  # the statuses that another attempt may change


class HttpError(Exception):
    """Base of every failure that a client of this package raises.

    Attributes:
        retryable: whether another attempt can succeed.
        sent: whether the application may have got the request; None when this side cannot tell.
        timeout: whether a wait was too long.
    """

    retryable: bool = False
    sent: bool | None = None
    timeout: bool = False

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).__new__, (type(self),), {**self.__dict__, "args": self.args}

    def __init_subclass__(cls, **facts: bool) -> None:
        for name, fact in facts.items():
            setattr(cls, name, fact)


class ConnectError(HttpError, retryable=True, sent=False):
    """No connection: refused, unreachable, or a name that does not resolve."""


class ConnectTimeout(ConnectError, timeout=True):
    """The connection was not accepted in time."""


class PoolTimeout(ConnectError, timeout=True):
    """No connection of the pool became free in time."""


class TlsError(HttpError, sent=False):
    """The certificate or the handshake is wrong; another attempt meets the same certificate."""


class ReadTimeout(HttpError, retryable=True, timeout=True):
    """The server was silent for longer than one read may take."""


class DeadlineExceeded(HttpError):
    """The time for the whole call is over."""


class AttemptTimeout(DeadlineExceeded, retryable=True):
    """The time for one attempt is over, not that for the call."""


class ConnectionLost(HttpError, retryable=True):
    """The connection closed or was reset before a whole response head arrived."""


class TruncatedBody(HttpError, retryable=True, sent=True):
    """The body ended before its announced or its encoded end; `got` of `expected` bytes came."""

    def __init__(self, message: str, *, got: int = 0, expected: int | None = None) -> None:
        super().__init__(message)
        self.got, self.expected = got, expected


class DecodeError(HttpError, sent=True):
    """The body is not what its headers say: encoding, charset or JSON."""


class ProtocolViolation(HttpError, sent=True):
    """The server's bytes are not HTTP, or not HTTP that two readers would read alike."""


class TooManyRedirects(HttpError, sent=True):
    """The redirects go on, or in a circle."""


class BodyTooLarge(HttpError, sent=True):
    """The body, after decompression, is larger than the caller allowed."""


class StatusError(HttpError, sent=True):
    """The server answered with a status that the caller did not want; `response` is that answer."""

    def __init__(self, response: Any) -> None:
        super().__init__(f"{response.url} answered {response.status}")
        self.response = response
        self.retryable = response.status in RETRYABLE


class BudgetExhausted(HttpError):
    """A retry would help this call and hurt the service; the shared budget is spent."""


class CircuitOpen(HttpError, sent=False):
    """The breaker is open; no request was sent. A probe is allowed from second `retry_at` on."""

    def __init__(self, message: str, *, retry_at: float) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class PartChanged(HttpError):
    """A part of an upload changed its length, or could not be read, while it was sent."""


class StaleValidator(HttpError):
    """The remote object changed while it was being downloaded."""
