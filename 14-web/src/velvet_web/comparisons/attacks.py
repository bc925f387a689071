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
from collections.abc import Iterator
from dataclasses import dataclass

from velvet_web.samples import read_sample, unfold
from velvet_web.servers import Running, answers

PATIENCE = 5.0
CLOSED, STALLED, REFLECTED = "closed", "stalled", "reflected"


@dataclass(frozen=True)
class Attack:
    """Raw bytes and the outcomes that are safe.

    Attributes:
        safe: statuses as text, or "closed" for a connection that ends without an answer.
        why: what an unsafe outcome means.
        never: what the whole answer must not hold.
    """

    name: str
    raw: bytes
    safe: tuple[str, ...]
    why: str
    never: str | None = None


def load_attacks() -> tuple[Attack, ...]:
    """Read `samples/attacks.json`, in which a pair of text and number stands for a repetition."""
    return tuple(
        Attack(one["name"], unfold(one["raw"]), tuple(one["safe"]), one["why"], one.get("never"))
        for one in read_sample("attacks.json")
    )


def outcome(port: int, raw: bytes, patience: float = PATIENCE, never: str | None = None) -> str:
    """Send bytes and return the status of the answer, "closed", or "stalled".

    With `never` the answer is read to its end, and is "reflected" when it holds that.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
        received = b""
        with contextlib.suppress(OSError):
            connection.sendall(raw)  # may be closed meanwhile; an answer may lie in the buffer
        until = time.monotonic() + patience
        while (never or len(received) < 13) and time.monotonic() < until:
            try:
                part = connection.recv(4096)
            except TimeoutError:
                return STALLED
            except OSError:
                part = b""
            if not part and len(received) < 13:
                return CLOSED
            if not part:
                break
            received += part
    if never and never.encode() in received:
        return REFLECTED
    return received[9:12].decode("latin-1") if received.startswith(b"HTTP/") else "no HTTP"


def attack(server: Running) -> Iterator[tuple[Attack, str, bool]]:
    """Run all attacks; yield each with its outcome and whether the server survived it safely."""
    for one in load_attacks():
        found = outcome(server.port, one.raw, never=one.never)
        safe = found in one.safe and answers(server.port, "/healthz")
        yield one, found, safe


def slow_headers(port: int, connections: int = 50) -> list[socket.socket]:
    """Open connections that never finish their headers (slow loris); the caller closes them."""
    held = []
    for _ in range(min(connections, 200)):
        connection = socket.create_connection(("127.0.0.1", port), timeout=5)
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        held.append(connection)
    return held


def smuggles(port: int) -> int:
    """Return how many answers one request with two framings gets; two mean smuggling."""
    raw = (
        b"POST /tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
        received = b""
        connection.sendall(raw)
        try:
            while part := connection.recv(65536):
                received += part
        except OSError:
            pass
    return received.count(b"HTTP/1.1 ")
