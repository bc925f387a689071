"""pycurl: libcurl, the client in C that everything else is compared with."""

from __future__ import annotations

import io
import time
from collections import deque
from typing import Any

import pycurl  # type: ignore[import-untyped, import-not-found, unused-ignore]

from velvet_http import errors
from velvet_http.client import Settings
from velvet_http.model import Deadline, Headers, Request, Timeouts

NAME = "pycurl"
_TLS = (35, 51, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91)
_STEP = 0.05  # seconds; how often a waiting transfer looks at its read timeout


def bare(url: str, *, timeout: float) -> int:
    """GET as the documentation shows; return the bytes that were accepted."""
    buffer = io.BytesIO()
    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.FOLLOWLOCATION, True)
    curl.setopt(pycurl.ACCEPT_ENCODING, "")
    curl.setopt(pycurl.TIMEOUT_MS, int(timeout * 1000))
    curl.setopt(pycurl.WRITEDATA, buffer)
    try:
        curl.perform()
    finally:
        curl.close()
    return len(buffer.getvalue())


def repeat(url: str, count: int) -> int:
    """GET `count` times over one connection."""
    curl, total = pycurl.Curl(), 0
    curl.setopt(pycurl.URL, url)
    try:
        for _ in range(count):
            buffer = io.BytesIO()
            curl.setopt(pycurl.WRITEDATA, buffer)
            curl.perform()
            total += len(buffer.getvalue())
    finally:
        curl.close()
    return total


class _Exchange:
    def __init__(
        self, transport: Transport, curl: Any, timeouts: Timeouts, deadline: Deadline | None
    ) -> None:
        self._transport, self._curl = transport, curl
        self._multi = multi = transport.take()
        self._timeouts, self._deadline = timeouts, deadline
        self._pieces: deque[bytes] = deque()
        self._fields: list[tuple[str, str]] = []
        self._ended = self._head_done = False
        self._error: tuple[int, str] | None = None
        self.status, self.headers, self.http_version = 0, Headers(), "1.1"
        curl.setopt(pycurl.WRITEFUNCTION, self._pieces.append)
        curl.setopt(pycurl.HEADERFUNCTION, self._header)
        multi.add_handle(curl)

    def _header(self, line: bytes) -> None:
        text = line.decode("latin-1").rstrip("\r\n")
        if text.startswith("HTTP/"):  # an interim response begins the head anew
            version, _, rest = text.partition(" ")
            self.http_version = version.removeprefix("HTTP/")
            self.status, self._fields = int(rest[:3]), []
        elif text:
            name, _, value = text.partition(":")
            self._fields.append((name, value.strip()))
        elif self.status >= 200:
            self.headers, self._head_done = Headers(self._fields), True

    def head(self) -> _Exchange:
        """Wait for the end of the head."""
        self._pump(lambda: self._head_done)
        return self

    def read(self) -> bytes:
        self._pump(lambda: bool(self._pieces))
        return self._pieces.popleft() if self._pieces else b""

    def _pump(self, done: Any) -> None:
        """Let libcurl work until `done`, its end, or a silence that is too long."""
        since, seen = time.monotonic(), 0
        while not (done() or self._ended):
            self._multi.perform()
            _, complete, failed = self._multi.info_read()
            for curl in complete:
                curl.exchange._ended = True
            for curl, code, text in failed:
                curl.exchange._ended, curl.exchange._error = True, (code, text)
            if done() or self._ended:
                break
            now = time.monotonic()
            arrived = len(self._pieces) + len(self._fields)
            if arrived != seen:
                since, seen = now, arrived
            if self._deadline is not None and self._deadline.remaining(now) <= 0:
                raise errors.DeadlineExceeded("the deadline passed while the server was silent")
            connected = self._curl.getinfo(pycurl.CONNECT_TIME) > 0 or self._head_done
            if now - since > (self._timeouts.read if connected else self._timeouts.connect):
                raise (errors.ReadTimeout if connected else errors.ConnectTimeout)(
                    "too long silent"
                )
            self._multi.select(_STEP)

        if self._error is not None and not done():
            self._fail(*self._error)

    def _fail(self, code: int, text: str) -> None:
        message = f"curl {code}: {text}"
        if code in _TLS:
            raise errors.TlsError(message)
        if code in (6, 7):
            raise errors.ConnectError(message)
        if code == 28:
            raise errors.ConnectTimeout(message)
        if code == 18 or (code in (55, 56) and self._head_done and "chunk" not in text):
            raise errors.TruncatedBody(message, got=0)
        if code in (52, 55, 92) or (code == 56 and "chunk" not in text):
            raise errors.ConnectionLost(message)
        raise errors.ProtocolViolation(message)

    def close(self) -> None:
        self._multi.remove_handle(self._curl)
        self._curl.exchange = None
        self._curl.close()
        self._transport.give_back(self._multi)


class Transport:
    """A stack of `CurlMulti`, each for one exchange at a time, because none is thread-safe.

    Idle connections live in them.
    """

    name = NAME

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._idle: list[Any] = []
        self._closed = False

    def open(self, request: Request, timeouts: Timeouts, deadline: Deadline | None) -> _Exchange:
        """Send a request."""
        curl = pycurl.Curl()
        curl.setopt(pycurl.URL, request.url)
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, max(1, int(timeouts.connect * 1000)))
        if request.body is not None:
            curl.setopt(pycurl.POSTFIELDSIZE, len(request.body))
            curl.setopt(pycurl.POSTFIELDS, request.body)
        curl.setopt(pycurl.CUSTOMREQUEST, request.method)
        if request.method == "HEAD":
            curl.setopt(pycurl.NOBODY, 1)
        fields = [f"{name}: {value}" for name, value in request.headers]
        curl.setopt(pycurl.HTTPHEADER, [*fields, "Expect:"])
        if not self._settings.trust_env:
            curl.setopt(pycurl.PROXY, "")
        if self._settings.ca_file is not None:
            curl.setopt(pycurl.CAINFO, self._settings.ca_file)
        http2 = pycurl.CURL_HTTP_VERSION_2TLS
        curl.setopt(
            pycurl.HTTP_VERSION, http2 if self._settings.http2 else pycurl.CURL_HTTP_VERSION_1_1
        )
        curl.exchange = exchange = _Exchange(self, curl, timeouts, deadline)
        try:
            return exchange.head()
        except BaseException:
            exchange.close()
            raise

    def take(self) -> Any:
        """Return an idle `CurlMulti`, or a new one."""
        try:
            return self._idle.pop()
        except IndexError:
            return pycurl.CurlMulti()

    def give_back(self, multi: Any) -> None:
        """Keep it for the next exchange."""
        if self._closed:
            multi.close()
        else:
            self._idle.append(multi)

    def close(self) -> None:
        """Close every idle connection."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()
