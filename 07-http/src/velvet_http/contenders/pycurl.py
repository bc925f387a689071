"""pycurl: libcurl, the fastest a request and the only one with a timeout for a whole transfer.

A handle is no connection pool and belongs to one thread, so each transfer takes a line of its own: a
handle and the `CurlMulti` that keeps its connections. libcurl repeats some requests by itself, which
no option forbids: over HTTP/2, which is therefore not offered, and on a connection of its pool that
turns out to be dead, so that a request that must not be repeated gets a fresh one.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

import pycurl  # type: ignore[import-untyped]

from velvet_http import errors
from velvet_http.client import Settings
from velvet_http.contenders._sockets import Limit
from velvet_http.model import Deadline, Request, Timeouts

_TICK = 0.02  # seconds; libcurl resolves names in a thread that wakes no `select`
_TLS = (35, 51, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91)  # of libcurl-errors(3)
_LOST = (52, 55, 56)  # nothing came, or sending and receiving failed


class Transport:
    """A stack of idle lines, at most `pool` in use; thread-safe."""

    name, blocking, cancel_safe = "pycurl", True, True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._idle: list[tuple[pycurl.CurlMulti, pycurl.Curl]] = []
        self._room = threading.BoundedSemaphore(settings.pool)

    async def open(
        self, request: Request, timeouts: Timeouts, deadline: Deadline | None
    ) -> _Exchange:
        limit = Limit(timeouts.read, timeouts.pool, deadline)
        if not self._room.acquire(timeout=limit.clipped(timeouts.pool)):
            raise errors.PoolTimeout("no connection of the pool became free in time")
        try:
            line = self._idle.pop()
        except IndexError:
            line = pycurl.CurlMulti(), pycurl.Curl()
        exchange = _Exchange(self, line, limit, request.body)
        try:
            self._prepare(line[1], request, limit.clipped(timeouts.connect))
            exchange.start()
        except BaseException:
            await exchange.close()
            raise
        return exchange

    def _prepare(self, curl: pycurl.Curl, request: Request, connect: float) -> None:
        roots, fields = ssl.get_default_verify_paths(), request.headers
        own = ("Accept", "User-Agent", "Expect", "Content-Type")  # what libcurl would add
        lines = [f"{name}: {value}" if value else f"{name};" for name, value in fields]
        lines += [f"{name}:" for name in own if name not in fields]
        for option, value in (
            (pycurl.URL, request.url),
            (pycurl.CUSTOMREQUEST, request.method),
            (pycurl.NOBODY, request.method == "HEAD"),
            (pycurl.HTTPHEADER, lines),
            (pycurl.PROXY, ""),  # proxies of the environment
            (pycurl.NOSIGNAL, True),
            (pycurl.CONNECTTIMEOUT_MS, max(1, int(connect * 1000))),
            (pycurl.FRESH_CONNECT, not request.idempotent),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
        ):
            curl.setopt(option, value)
        if self._settings.ca_file or roots.cafile:
            curl.setopt(pycurl.CAINFO, self._settings.ca_file or roots.cafile)
        else:
            curl.setopt(pycurl.SSL_OPTIONS, pycurl.SSLOPT_NATIVE_CA)
        if isinstance(request.body, Iterable) and not isinstance(request.body, bytes):
            curl.setopt(pycurl.UPLOAD, True)
            curl.setopt(pycurl.FRESH_CONNECT, True)  # what is sent cannot be sent again
            curl.setopt(pycurl.INFILESIZE_LARGE, int(fields.get("content-length") or -1))
        elif request.body is not None or request.method in ("POST", "PUT", "PATCH"):
            curl.setopt(pycurl.POSTFIELDS, request.body or b"")

    def back(self, line: tuple[pycurl.CurlMulti, pycurl.Curl]) -> None:
        """Take a line back."""
        self._idle.append(line)
        self._room.release()

    async def close(self) -> None:
        while self._idle:
            multi, curl = self._idle.pop()
            curl.close()
            multi.close()


class _Exchange:
    def __init__(
        self, owner: Transport, line: tuple[pycurl.CurlMulti, pycurl.Curl], limit: Limit,
        body: bytes | Iterable[bytes] | None,
    ) -> None:  # fmt: skip
        self._owner, self._line, self._limit = owner, line, limit
        self._source = iter(() if body is None or isinstance(body, bytes) else body)
        self._piece, self._broken = memoryview(b""), list[errors.HttpError]()
        self._pieces: deque[bytes] = deque()
        self._head: list[str] = []
        self._whole_head = self._done = False
        self.status = 0
        self.fields: list[tuple[str, str]] = []

    def start(self) -> None:
        """Send the request and wait for the head of the answer."""
        multi, curl = self._line
        curl.setopt(pycurl.HEADERFUNCTION, self._on_header)
        curl.setopt(pycurl.WRITEFUNCTION, self._pieces.append)
        curl.setopt(pycurl.READFUNCTION, self._next)
        multi.add_handle(curl)
        self._pump(lambda: self._whole_head)
        self.status = int(self._head[0].split()[1])
        parts = (line.partition(":") for line in self._head[1:])
        self.fields = [(name, value) for name, _, value in parts]

    def _next(self, size: int) -> bytes | int:
        """Return up to `size` bytes of the body on its way out, b"" after the last."""
        try:
            while not self._piece:
                self._piece = memoryview(next(self._source))
        except StopIteration:
            return b""
        except errors.HttpError as error:
            self._broken.append(error)
            return int(pycurl.READFUNC_ABORT)
        piece, self._piece = self._piece[:size], self._piece[size:]
        return bytes(piece)

    def _on_header(self, raw: bytes) -> None:
        line = raw.decode("latin-1").rstrip("\r\n")
        if self._whole_head:
            return  # a trailer
        if line.startswith("HTTP/"):
            self._head = [line]
        elif line:
            self._head.append(line)
        else:
            self._whole_head = not self._head[0].split()[1].startswith("1")

    def _pump(self, arrived: Callable[[], object]) -> None:
        """Let libcurl work until something has arrived or the transfer is over."""
        multi, curl = self._line
        last, since = None, time.monotonic()
        while not arrived() and not self._done:
            multi.perform()
            if arrived():
                return  # first what came, then how it ended
            _, finished, failed = multi.info_read()
            for _, code, text in failed:
                if self._broken:
                    raise self._broken[0]
                raise _translate(code, text, body=self._whole_head)
            self._done = bool(finished)
            connected = curl.getinfo(pycurl.PRETRANSFER_TIME) > 0
            moved = connected, curl.getinfo(pycurl.SIZE_UPLOAD_T), len(self._head)
            if moved != last or not connected:  # connecting has a limit of its own
                last, since = moved, time.monotonic()
            elif time.monotonic() - since > self._limit.read:
                raise errors.ReadTimeout("the server was silent for too long")
            if not self._done and multi.select(min(_TICK, self._limit.next_wait())) < 0:
                time.sleep(0.001)  # there is no socket yet

    async def read(self) -> bytes:
        self._pump(lambda: self._pieces)
        arrived = b"".join(self._pieces)
        self._pieces.clear()
        return arrived

    async def close(self) -> None:
        multi, curl = self._line
        if curl.multi() is not None:
            multi.remove_handle(curl)  # closes the connection unless the transfer is over
        curl.reset()
        self._owner.back(self._line)


def _translate(code: int, text: str, *, body: bool) -> errors.HttpError:
    text = f"curl error {code}: {text}"
    if code in (pycurl.E_COULDNT_RESOLVE_HOST, pycurl.E_COULDNT_CONNECT):
        return errors.ConnectError(text)
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return errors.ConnectTimeout(text)  # of the others, none is set
    if code in _TLS:
        return errors.TlsError(text)
    if code == pycurl.E_PARTIAL_FILE or (code in _LOST and body and "chunk" not in text):
        return errors.TruncatedBody(text)
    return (errors.ProtocolViolation if body or code not in _LOST else errors.ConnectionLost)(text)
