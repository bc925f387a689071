"""Bytes that no well-behaved client sends, and what each server makes of them.

Such requests never reach a framework or its test client, so they are sent over a raw socket. An
attack is bounded: at most 2 MiB, one connection, five seconds, to 127.0.0.1 only. What counts is
that the connection ends in an error or an answer of the contract, and that the next client is
served.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from velvet_web.servers import Running, answers

PATIENCE = 5.0
CLOSED, STALLED = "closed", "stalled"
HOST = b"Host: 127.0.0.1\r\n"


@dataclass(frozen=True)
class Attack:
    """Raw bytes and the outcomes that are safe.

    Attributes:
        safe: statuses as text, or "closed" for a connection that ends without an answer.
        why: what an unsafe outcome means.
    """

    name: str
    raw: Callable[[int], bytes]
    safe: tuple[str, ...]
    why: str


def _get(target: bytes, extra: bytes = b"", host: bytes = HOST) -> Callable[[int], bytes]:
    return lambda _: b"GET " + target + b" HTTP/1.1\r\n" + host + extra + b"\r\n"


def _post(extra: bytes, body: bytes) -> Callable[[int], bytes]:
    head = b"POST /tasks HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
    return lambda _: head + extra + b"\r\n" + body


_TASK = b'{"title":"x"}'
_CHUNKED = b"Transfer-Encoding: chunked\r\n"
_SMUGGLED = b"0\r\n\r\nGET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
REJECTED = ("400", CLOSED)
ATTACKS = (
    Attack(
        "two different Content-Lengths",
        _post(b"Content-Length: 13\r\nContent-Length: 5\r\n", _TASK),
        REJECTED,
        "a proxy that takes the other one sees another request (smuggling)",
    ),
    Attack(
        "Content-Length and chunked",
        _post(b"Content-Length: 5\r\n" + _CHUNKED, b"d\r\n" + _TASK + b"\r\n0\r\n\r\n"),
        (*REJECTED, "201"),
        "taking the length here leaves bytes that become the next request",
    ),
    Attack(
        "an unknown transfer coding",
        _post(b"Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n", b""),
        (*REJECTED, "501"),
        "a proxy that reads it as chunked frames the message differently",
    ),
    Attack(
        "a chunk size that is no number",
        _post(_CHUNKED, b"zz\r\n" + _TASK + b"\r\n0\r\n\r\n"),
        REJECTED,
        "guessing a size desynchronises the connection",
    ),
    Attack(
        "a negative Content-Length",
        _post(b"Content-Length: -13\r\n", _TASK),
        REJECTED,
        "a negative number of bytes to read is a crash in many languages",
    ),
    Attack(
        "a space before a header's colon",
        _get(b"/healthz", b"Content-Length : 5\r\n"),
        REJECTED,
        "RFC 9112 section 5.1 demands 400; one side may see no header here",
    ),
    Attack(
        "a header folded over two lines",
        _get(b"/healthz", b"X-A: one\r\n two\r\n"),
        (*REJECTED, "200"),
        "obsolete, and read in two ways",
    ),
    Attack("two Host headers", _get(b"/healthz", HOST), REJECTED, "each side believes another"),
    Attack("no Host header", _get(b"/healthz", host=b""), REJECTED, "RFC 9112 demands 400"),
    Attack(
        "another host's absolute target",
        _get(b"http://evil.example/tasks"),
        ("400", "404", CLOSED, "200"),
        "must never be reflected in url or Location",
    ),
    Attack(
        "path with dot segments",
        _get(b"/tasks/../../etc/passwd"),
        ("404", "400", CLOSED),
        "a path that leaves its folder",
    ),
    Attack("a NUL in the path", _get(b"/tasks/1%00"), ("404", "400", CLOSED), "ends a C string"),
    Attack(
        "a line feed in the target",
        _get(b"/healthz\nX: y"),
        (*REJECTED, "404"),
        "splits a log line",
    ),
    Attack(
        "a header of 100 KiB",
        _get(b"/healthz", b"X-Big: " + b"a" * 102_400 + b"\r\n"),
        (*REJECTED, "431", "413"),
        "unbounded headers are unbounded memory",
    ),
    Attack(
        "2,000 headers",
        _get(b"/healthz", b"".join(b"X-%d: y\r\n" % n for n in range(2000))),
        (*REJECTED, "431"),
        "each is a lookup in every layer",
    ),
    Attack(
        "a target of 100 KiB",
        _get(b"/" + b"a" * 102_400),
        (*REJECTED, "404", "414", "431"),
        "unbounded targets are unbounded memory and log",
    ),
    Attack(
        "a chunked body of 1 MiB",
        _post(
            _CHUNKED,
            b"10000\r\n"
            + b"a" * 65_536
            + b"\r\n"
            + b"".join(b"10000\r\n" + b"a" * 65_536 + b"\r\n" for _ in range(15))
            + b"0\r\n\r\n",
        ),
        ("413", *REJECTED),
        "without a length only counting helps",
    ),
    Attack(
        "no HTTP at all", lambda _: b"\x16\x03\x01\x00\xa5\x01\x00\x00\r\n\r\n", REJECTED, "TLS"
    ),
)


def outcome(port: int, raw: bytes, patience: float = PATIENCE) -> str:
    """Send bytes and return the status of the answer, "closed", or "stalled"."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
        received = b""
        with contextlib.suppress(OSError):
            connection.sendall(raw)  # may be closed meanwhile; an answer may lie in the buffer
        until = time.monotonic() + patience
        while len(received) < 13 and time.monotonic() < until:
            try:
                part = connection.recv(4096)
            except TimeoutError:
                return STALLED
            except OSError:
                return CLOSED
            if not part:
                return CLOSED
            received += part
    return received[9:12].decode("latin-1") if received.startswith(b"HTTP/") else "no HTTP"


def attack(server: Running) -> Iterator[tuple[Attack, str, bool]]:
    """Run all attacks; yield each with its outcome and whether the server survived it safely."""
    for one in ATTACKS:
        found = outcome(server.port, one.raw(server.port))
        safe = found in one.safe and answers(server.port, "/healthz")
        yield one, found, safe


def slow_headers(port: int, connections: int = 50) -> list[socket.socket]:
    """Open connections that never finish their headers (slow loris); the caller closes them."""
    held = []
    for _ in range(min(connections, 200)):
        connection = socket.create_connection(("127.0.0.1", port), timeout=5)
        connection.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST + b"X-Slow: ")
        held.append(connection)
    return held


def smuggles(port: int) -> int:
    """Return how many answers one request with two framings gets; two mean smuggling."""
    raw = _post(b"Content-Length: 6\r\n" + _CHUNKED, _SMUGGLED)(port)
    with socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
        received = b""
        connection.sendall(raw)
        try:
            while part := connection.recv(65536):
                received += part
        except OSError:
            pass
    return received.count(b"HTTP/1.1 ")
