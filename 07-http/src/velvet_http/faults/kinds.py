"""The kinds of misbehaviour, each a short script of bytes, pauses and an ending.

A framework refuses to send two Content-Lengths or half a chunk, so a fault is written down as what
goes over the wire, in `faults.json`: text is sent, numbers are seconds to wait, `<names>` stand for
the long pieces below, and `end` says what becomes of the connection.
"""

from __future__ import annotations

import enum
import gzip
import json
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

TEXT = b"".join(b"line %06d of the body that was promised\n" % n for n in range(200))
Step = bytes | float


class End(enum.Enum):
    """What happens to the connection after the bytes."""

    KEEP = "keep"
    CLOSE = "close"
    RESET = "reset"
    STALL = "stall"


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
    steps: tuple[Step, ...] = field(repr=False)
    end: End = End.KEEP
    size: int = len(TEXT)
    says: str = ""


def head(status: int | str, headers: dict[str, str | int]) -> bytes:
    """Return a status line and header fields."""
    lines = (f"{name}: {value}" for name, value in headers.items())
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")


@cache
def fault(name: str) -> Fault:
    """Return a fault of `faults.json`; a KeyError for a name that it lacks."""
    written = _written()[name]
    steps = chain.from_iterable(_steps(step) for step in written["steps"])
    end, size = End(written.get("end", "keep")), int(written.get("size", len(TEXT)))
    return Fault(name, tuple(steps), end, size, str(written["says"]))


@cache
def _written() -> dict[str, dict[str, Any]]:
    text = Path(__file__).with_name("faults.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = json.loads(text)
    return found


FAULTS = tuple(_written())


def _steps(step: str | float) -> Iterable[Step]:
    if not isinstance(step, str):
        return [step]
    if step in ("<drip>", "<drip head>"):
        wire, size, every = (TEXT[:240], 20, 0.1) if step == "<drip>" else (_HEAD, 1, 0.05)
        pieces = [wire[start : start + size] for start in range(0, len(wire), size)]
        return chain.from_iterable((every, piece) for piece in pieces)
    return [_LONG[step]() if step in _LONG else step.encode("latin-1")]


def _packed(packed: bytes) -> bytes:
    return head("200 OK", {"Content-Encoding": "gzip", "Content-Length": len(packed)}) + packed


def _half() -> bytes:
    packed = gzip.compress(TEXT, mtime=0)
    return _packed(packed[: len(packed) // 2])


def _bomb() -> bytes:
    packer, block = zlib.compressobj(9, zlib.DEFLATED, 31), bytes(1_000_000)
    return _packed(b"".join([packer.compress(block) for _ in range(50)]) + packer.flush())


_HEAD = head("200 OK", {"Content-Type": "text/plain", "Content-Length": len(TEXT)})
_LONG: dict[str, Callable[[], bytes]] = {
    "<head>": lambda: _HEAD,
    "<chunked>": lambda: head("200 OK", {"Transfer-Encoding": "chunked"}),
    "<text>": lambda: TEXT,
    "<start>": lambda: TEXT[:1000],
    "<half gzip>": _half,
    "<not gzip>": lambda: _packed(TEXT),
    "<bomb>": _bomb,
    "<200000 x>": lambda: b"x" * 200_000,
    "<5000 fields>": lambda: b"".join(b"X-Field-%d: flood\r\n" % n for n in range(5000)),
}
