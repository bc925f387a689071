"""The kinds of misbehaviour, each a short script of bytes, pauses and endings.

A framework refuses to send two Content-Lengths or half a chunk, so a fault is written down as what
goes over the wire: bytes are sent, numbers are seconds to wait, and an `End` says what becomes of
the connection.
"""

from __future__ import annotations

import enum
import functools
import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, repeat

TEXT = b"".join(b"line %06d of the body that was promised\n" % n for n in range(200))
PLAIN = {"Content-Type": "text/plain; charset=utf-8"}


class End(enum.Enum):
    """What happens to the connection after the bytes."""

    KEEP = "keep-alive"
    CLOSE = "close"
    RESET = "reset"
    STALL = "silence until the client leaves"


@dataclass(frozen=True)
class Fault:
    """One scripted answer.

    Attributes:
        name: what tables call it.
        steps: bytes to send and seconds to wait, in order.
        end: what becomes of the connection.
        size: bytes of a correct body, for "accepted n of m".
    """

    name: str
    steps: tuple[bytes | float, ...] = field(repr=False)
    end: End = End.KEEP
    size: int = len(TEXT)

    def wire(self, limit: int = 400) -> str:
        """Return the first bytes as text, pauses in brackets, for people to look at."""
        shown = (
            step.decode("latin-1") if isinstance(step, bytes) else f"[{step} s]"
            for step in self.steps
        )
        text = "".join(shown)
        cut = "" if len(text) <= limit else f"[{len(text) - limit} more bytes]"
        return f"{text[:limit]}{cut}[{self.end.value}]"


def head(status: int | str, headers: dict[str, str | int]) -> bytes:
    """Return a status line and header fields."""
    lines = (f"{name}: {value}" for name, value in headers.items())
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")


def _chunks(body: bytes, size: int = 1000) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        piece = body[start : start + size]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)


def ok(body: bytes = TEXT, **headers: str) -> Fault:
    """A correct answer."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(
        "ok", (head("200 OK", {**PLAIN, "Content-Length": len(body), **fields}) + body,),
        size=len(body),
    )  # fmt: skip


def status(code: int, *, retry_after: str | None = None, body: bytes = b"no\n") -> Fault:
    """A status of your choice, with Retry-After where given."""
    fields: dict[str, str | int] = {**PLAIN, "Content-Length": len(body)}
    if retry_after is not None:
        fields["Retry-After"] = retry_after
    return Fault(f"status {code}", (head(f"{code} Scripted", fields) + body,), size=len(body))


def latency(seconds: float) -> Fault:
    """A correct answer, late."""
    return replace(ok(), name="latency", steps=(seconds, *ok().steps))


def first_byte_delay(seconds: float) -> Fault:
    """The head at once, the body late."""
    whole = head("200 OK", {**PLAIN, "Content-Length": len(TEXT)})
    return Fault("first byte delay", (whole, seconds, TEXT))


def drip(size: int = 20, every: float = 0.1, body: bytes = TEXT) -> Fault:
    """The body, `size` bytes at a time; no single read ever waits long."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    whole = head("200 OK", {**PLAIN, "Content-Length": len(body)})
    steps: Iterator[bytes | float] = chain.from_iterable(zip(repeat(every), pieces))
    return Fault("drip", (whole, *steps), size=len(body))


def drip_head(every: float = 0.1) -> Fault:
    """The head, one byte at a time."""
    whole = head("200 OK", {**PLAIN, "Content-Length": len(TEXT)})
    single = (bytes([byte]) for byte in whole)
    steps: Iterator[bytes | float] = chain.from_iterable(zip(repeat(every), single))
    return Fault("drip head", (*steps, TEXT))


def stall(after: int = 1000) -> Fault:
    """`after` bytes of the body, then silence."""
    whole = head("200 OK", {**PLAIN, "Content-Length": len(TEXT)})
    return Fault("stall", (whole + TEXT[:after],), End.STALL)


def close() -> Fault:
    """The connection closes without an answer."""
    return Fault("close", (), End.CLOSE)


def reset() -> Fault:
    """The connection is reset without an answer."""
    return Fault("reset", (), End.RESET)


def reset_in_body(after: int = 1000) -> Fault:
    """The connection is reset in the body."""
    whole = head("200 OK", {**PLAIN, "Content-Length": len(TEXT)})
    return Fault("reset in body", (whole + TEXT[:after], 0.05), End.RESET)


def truncate_length(keep: int = 3000, body: bytes = TEXT) -> Fault:
    """Fewer bytes than Content-Length announces."""
    whole = head("200 OK", {**PLAIN, "Content-Length": len(body)})
    return Fault("truncated length", (whole + body[:keep],), End.CLOSE, len(body))


def truncate_chunked(keep: int = 3) -> Fault:
    """Chunks without the last one."""
    whole = head("200 OK", {**PLAIN, "Transfer-Encoding": "chunked"})
    return Fault("truncated chunks", (whole + b"".join(list(_chunks(TEXT))[:keep]),), End.CLOSE)


def bad_chunk() -> Fault:
    """A chunk whose size is no number."""
    whole = head("200 OK", {**PLAIN, "Transfer-Encoding": "chunked"})
    return Fault("bad chunk", (whole + next(_chunks(TEXT)) + b"ZZ\r\nnonsense\r\n",), End.CLOSE)


def _gzipped(name: str, packed: bytes, size: int, end: End = End.KEEP) -> Fault:
    fields: dict[str, str | int] = {
        **PLAIN, "Content-Encoding": "gzip", "Content-Length": len(packed),
    }  # fmt: skip
    return Fault(name, (head("200 OK", fields) + packed,), end, size)


def truncated_gzip(body: bytes = TEXT) -> Fault:
    """Half a gzip stream whose length is announced correctly: nothing but gzip can tell."""
    packed = gzip.compress(body, mtime=0)
    return _gzipped("truncated gzip", packed[: len(packed) // 2], len(body))


def not_gzip() -> Fault:
    """Plain text that says it is gzip."""
    return _gzipped("not gzip", TEXT, len(TEXT))


@functools.lru_cache(maxsize=4)
def gzip_bomb(size: int = 50_000_000) -> Fault:
    """A small gzip stream of `size` zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1_000_000)
    packed = b"".join([packer.compress(block) for _ in range(size // len(block))]) + packer.flush()
    return _gzipped("gzip bomb", packed, size)


def redirect(to: str, code: int = 302) -> Fault:
    """A redirect to any address."""
    return Fault("redirect", (head(f"{code} Found", {"Location": to, "Content-Length": 0}),))


def redirect_loop(path: str = "/fault/redirect%20loop") -> Fault:
    """A redirect to itself."""
    return replace(redirect(path), name="redirect loop")


def redirect_to_file() -> Fault:
    """A redirect to a local file of the client."""
    return replace(redirect("file:///etc/passwd"), name="redirect to file")


def early_hints(count: int = 1) -> Fault:
    """103 Early Hints, then the answer."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" * count
    return Fault("early hints", (hints + b"".join(s for s in ok().steps if isinstance(s, bytes)),))


def two_content_lengths() -> Fault:
    """Two Content-Lengths that differ: the seed of request smuggling."""
    whole = head("200 OK", {**PLAIN, "Content-Length": len(TEXT), "content-length": 50})
    return Fault("two lengths", (whole + TEXT,))


def huge_header(size: int = 200_000) -> Fault:
    """One header field of `size` bytes."""
    fields: dict[str, str | int] = {**PLAIN, "X-Large": "x" * size, "Content-Length": len(TEXT)}
    return Fault("huge header", (head("200 OK", fields) + TEXT,))


def header_flood(count: int = 5000) -> Fault:
    """Very many header fields."""
    fields: dict[str, str | int] = {f"X-Field-{n}": "flood of fields" for n in range(count)}
    return Fault("header flood", (head("200 OK", {**fields, "Content-Length": 0}),), size=0)


def garbage() -> Fault:
    """The greeting of another protocol."""
    return Fault("garbage", (b"SSH-2.0-OpenSSH_9.6\r\n\r\n",), End.CLOSE)


def no_length() -> Fault:
    """A body that ends where the connection ends: legal, and impossible to verify."""
    return Fault("no length", (head("200 OK", {**PLAIN}) + TEXT,), End.CLOSE)


def extra_bytes(extra: int = 40) -> Fault:
    """More bytes than Content-Length announces: the next answer on this connection is poisoned."""
    whole = head("200 OK", {**PLAIN, "Content-Length": len(TEXT)})
    return Fault("extra bytes", (whole + TEXT + b"X" * extra,))


def idle_close(after: float = 0.0) -> Fault:
    """A correct answer that promises keep-alive, and a connection that closes `after` seconds."""
    return Fault("idle close", (*ok().steps, after), End.CLOSE)


def wrong_charset() -> Fault:
    """Latin-1 bytes that say they are UTF-8."""
    body = "caf\xe9 ".encode("latin-1") * 20
    whole = head("200 OK", {**PLAIN, "Content-Length": len(body)})
    return Fault("wrong charset", (whole + body,), size=len(body))


def raw(wire: bytes, *, end: End = End.CLOSE) -> Fault:
    """Any bytes."""
    return Fault("raw", (wire,), end)


# Every kind with the settings of the atlas: what stalls or drips does so for about 1.2 seconds.
FAULTS: dict[str, Callable[[], Fault]] = {
    "ok": ok,
    "status 429": lambda: status(429, retry_after="1"),
    "status 503": lambda: status(503),
    "latency": lambda: latency(0.2),
    "first byte delay": lambda: first_byte_delay(0.2),
    "drip": lambda: drip(20, 0.1, TEXT[:240]),
    "stall": stall,
    "close": close,
    "reset": reset,
    "reset in body": reset_in_body,
    "truncated length": truncate_length,
    "truncated chunks": truncate_chunked,
    "bad chunk": bad_chunk,
    "truncated gzip": truncated_gzip,
    "not gzip": not_gzip,
    "gzip bomb": lambda: gzip_bomb(20_000_000),
    "redirect loop": redirect_loop,
    "redirect to file": redirect_to_file,
    "early hints": early_hints,
    "two lengths": two_content_lengths,
    "huge header": huge_header,
    "header flood": header_flood,
    "garbage": garbage,
    "no length": no_length,
    "extra bytes": extra_bytes,
    "idle close": idle_close,
    "wrong charset": wrong_charset,
}
