"""The index on loopback: HTTP/1.1 as the public one speaks it, every request in a log.

Two rules decide whether tools are measured or the server. Headers and body leave in one send with
Nagle's algorithm off, or each request waits some 40 ms for a delayed acknowledgement. And pages
carry the public index's cache headers, or a tool with a full cache downloads everything again.

Faults are part of the server: a status once or always, a connection cut in mid-body, a stall,
changed bytes.
"""

from __future__ import annotations

import hashlib
import re
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

from velvet_environments.localindex import JSON_TYPE, LocalIndex

Kind = Literal["index", "metadata", "wheel", "range", "other"]
_FAULTS = Literal["status", "close", "stall", "corrupt"]
_PAGE_CACHE = "max-age=600, public"
_FILE_CACHE = "max-age=365000000, immutable, public"
_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


@dataclass(frozen=True)
class Request:
    """One answered request.

    Attributes:
        t_start, t_end: seconds on the server's clock.
        sent: bytes of the body that left.
        client_port: one TCP connection has one.
    """

    t_start: float
    t_end: float
    kind: Kind
    method: str
    path: str
    status: int
    sent: int
    client_port: int


@dataclass(frozen=True)
class Stats:
    """Counts over a log."""

    index: int
    metadata: int
    wheel: int
    range: int
    not_found: int
    bytes: int

    @property
    def requests(self) -> int:
        """All requests."""
        return self.index + self.metadata + self.wheel + self.range + self.not_found

    @classmethod
    def of(cls, log: list[Request]) -> Stats:
        """Count a log; O(n)."""
        found = [one for one in log if one.status < 400]
        kinds = [one.kind for one in found]
        return cls(
            index=kinds.count("index"),
            metadata=kinds.count("metadata"),
            wheel=kinds.count("wheel"),
            range=kinds.count("range"),
            not_found=len(log) - len(found),
            bytes=sum(one.sent for one in log),
        )


@dataclass
class _Fault:
    pattern: str
    kind: _FAULTS
    amount: float
    times: int | None


@dataclass
class FaultPlan:
    """What goes wrong, by path; the first rule that matches is used up first. Thread-safe."""

    rules: list[_Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def _add(
        self, pattern: str, kind: _FAULTS, amount: float = 0, times: int | None = None
    ) -> FaultPlan:
        if not (amount >= 0 and (times is None or times >= 0)):
            raise ValueError(f"{kind} of {amount}, {times} times: neither may be below 0 or NaN")
        self.rules.append(_Fault(pattern, kind, amount, times))
        return self

    def status(self, pattern: str, code: int, *, times: int | None = None) -> FaultPlan:
        """Answer with a status, a number of times or always."""
        return self._add(pattern, "status", code, times)

    def close_after(self, pattern: str, sent: int, *, times: int | None = None) -> FaultPlan:
        """Close the connection after so many bytes of the body."""
        return self._add(pattern, "close", sent, times)

    def corrupt(self, pattern: str, *, times: int | None = None) -> FaultPlan:
        """Change the last byte of the body."""
        return self._add(pattern, "corrupt", 0, times)

    def stall(self, pattern: str, seconds: float, *, times: int | None = None) -> FaultPlan:
        """Send half of the body, then nothing for so many seconds."""
        return self._add(pattern, "stall", seconds, times)

    def take(self, path: str) -> _Fault | None:
        """Return the fault of this request, and count it."""
        with self.lock:
            for rule in self.rules:
                if fnmatch(path, rule.pattern) and rule.times != 0:
                    if rule.times is not None:
                        rule.times -= 1
                    return rule
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True  # closing joins the threads, so that nothing outlives the server
    request_queue_size = 128

    def __init__(self, owner: IndexServer) -> None:
        self.owner = owner
        self.open: set[socket.socket] = set()
        self.guard = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: object, client_address: object) -> None:
        with self.guard:
            self.open.add(request)  # type: ignore[arg-type]
        super().process_request(request, client_address)  # type: ignore[arg-type]

    def shutdown_request(self, request: object) -> None:
        with self.guard:
            self.open.discard(request)
        super().shutdown_request(request)  # type: ignore[arg-type]

    def hang_up(self) -> None:
        """End connections that a client keeps open, so that their threads end."""
        with self.guard:
            for one in self.open:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client was faster

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: a client that goes away in mid-body is what faults are made for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # buffered: headers and body leave together
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, *_: object) -> None:
        """Print nothing: the log is a list."""

    def do_GET(self) -> None:
        owner, begun = self.server.owner, time.perf_counter()
        path = self.path.partition("?")[0]
        if owner.latency_s:
            owner.stopping.wait(owner.latency_s)
        fault = owner.faults.take(path)
        status, kind, headers, body = self._respond(path, fault)
        cut = fault.kind if fault and body else ""
        part = body if self.command != "HEAD" else b""
        if fault and cut in ("close", "stall"):
            part = body[: int(fault.amount) if cut == "close" else len(body) // 2]
        # Before the first byte leaves: who has an answer finds it in the log.
        port = int(self.client_address[1])
        now = time.perf_counter()
        owner.record(Request(begun, now, kind, self.command, path, status, len(part), port))
        try:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(part)
            self.wfile.flush()
        except OSError:
            self.close_connection = True  # the client closed first
        if fault and cut in ("close", "stall"):
            self.close_connection = True
            owner.stopping.wait(fault.amount if cut == "stall" else 0)

    do_HEAD = do_GET  # noqa: N815 - the name that the base class asks for

    def _respond(self, path: str, fault: _Fault | None) -> tuple[int, Kind, dict[str, str], bytes]:
        owner = self.server.owner
        if fault and fault.kind == "status":
            return int(fault.amount), _kind(path), {"Retry-After": "0"}, b""
        as_json = JSON_TYPE in self.headers.get("Accept", "")
        found = owner.answer(path, as_json=as_json)
        if found is None:
            return 404, "other", {}, b""
        media, body = found
        if fault and fault.kind == "corrupt":
            body = body[:-1] + bytes([body[-1] ^ 1])
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        is_page = path.startswith("/simple")
        headers = {
            "Content-Type": media,
            "ETag": tag,
            "Cache-Control": _PAGE_CACHE if is_page else _FILE_CACHE,
            "Accept-Ranges": "bytes",
        }
        if is_page:
            headers["Vary"] = "Accept, Accept-Encoding"
        if self.headers.get("If-None-Match") == tag:
            return 304, _kind(path), headers, b""
        match = _RANGE.match(self.headers.get("Range", ""))
        if not match:
            return 200, _kind(path), headers, body
        span = _span(match[1], match[2], len(body))
        if span is None:
            headers["Content-Range"] = f"bytes */{len(body)}"
            return 416, "range", headers, b""
        headers["Content-Range"] = f"bytes {span[0]}-{span[1] - 1}/{len(body)}"
        return 206, "range", headers, body[span[0] : span[1]]


def _kind(path: str) -> Kind:
    if path.startswith("/simple"):
        return "index"
    return "metadata" if path.endswith(".metadata") else "wheel"


def _span(first: str, last: str, size: int) -> tuple[int, int] | None:
    """Return a byte range as start and end (RFC 9110, section 14.1.2); None if out of reach."""
    if not first:
        return (max(0, size - int(last)), size) if last and int(last) else None
    start = int(first)
    end = min(int(last) + 1 if last else size, size)
    return (start, end) if start < end else None


class IndexServer:
    """A `LocalIndex` on a port of 127.0.0.1, as a context manager.

    Args:
        latency_s: seconds that every request waits, as a network would make it.
        files: more paths to serve, such as a conda channel's.
    """

    def __init__(
        self,
        index: LocalIndex,
        *,
        latency_s: float = 0.0,
        faults: FaultPlan | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> None:
        self.index, self.latency_s = index, latency_s
        self.faults = faults or FaultPlan()
        self.files = dict(files or {})
        self.stopping = threading.Event()
        self._log: list[Request] = []
        self._guard = threading.Lock()
        self._server = _Server(self)
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, args=(0.05,), name="index", daemon=True)

    @property
    def url(self) -> str:
        """The address for `--index-url`."""
        return f"{self.base}/simple/"

    @property
    def base(self) -> str:
        """The server's address without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def log(self) -> list[Request]:
        """The requests so far, in the order in which they were answered."""
        with self._guard:
            return list(self._log)

    def record(self, request: Request) -> None:
        """Add a request to the log."""
        with self._guard:
            self._log.append(request)

    def stats(self) -> Stats:
        """Return counts over the log."""
        return Stats.of(self.log)

    def answer(self, path: str, *, as_json: bool) -> tuple[str, bytes] | None:
        """Return media type and body of a path."""
        if path in self.files:
            return "application/octet-stream", self.files[path]
        return self.index.answer(path, as_json=as_json)

    def __enter__(self) -> IndexServer:
        if self._thread.ident is not None:
            raise RuntimeError("a server is started once: make another one")
        try:
            self._thread.start()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._close()
        except KeyboardInterrupt:
            self._close()  # each of its steps may be repeated
            raise

    def _close(self) -> None:
        self.stopping.set()
        if self._thread.is_alive():  # else nothing would hear it
            self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        if self._thread.ident is not None:
            self._thread.join()
