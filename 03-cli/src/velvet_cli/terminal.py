"""A child process one of whose streams is a real terminal, or a pipe, and all that arrives there.

A program asks its stream what it is, so what it does on a terminal cannot be seen in the process
that looks; and whoever reads the other end must not share an interpreter with what is measured.
"""

from __future__ import annotations

import os
import struct
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

PLACES = ("pty", "pipe")
STREAMS = ("stdout", "stderr")
ROWS, COLUMNS = 24, 80
LIMIT_S = 60.0
_CHUNK = 65536


class Watched(NamedTuple):
    """What a child left behind.

    Attributes:
        code: its exit code.
        seen: the bytes that arrived at the watched stream's other end.
        answer: the bytes of the stream that was not watched.
    """

    code: int
    seen: bytes
    answer: bytes


def watch(
    argv: Sequence[str],
    place: str,
    *,
    env: Mapping[str, str],
    stream: str = "stdout",
    stdin: bytes = b"",
) -> Watched:
    """Run a program to its end with one stream on a terminal of 80 columns, or on a pipe.

    Args:
        place: ``pty`` (POSIX only) or ``pipe``.
        env: its environment; TERM, COLUMNS and LINES are added where they are missing.
        stream: which one is watched; the other one is a pipe.
        stdin: what it can read, on a pipe.

    Raises:
        ValueError: the place or the stream is unknown.
        OSError: this system has no pseudo-terminals.
        subprocess.TimeoutExpired: it took more than a minute; it has been killed.
    """
    if place not in PLACES:
        raise ValueError(f"place must be one of {', '.join(PLACES)}, not {place!r}")
    if stream not in STREAMS:
        raise ValueError(f"stream must be one of {', '.join(STREAMS)}, not {stream!r}")
    size = {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)}
    ours, theirs = open_ends(place)
    seen: list[bytes] = []
    reader = threading.Thread(target=_drain, args=(ours, seen))
    streams = {one: theirs if one == stream else subprocess.PIPE for one in STREAMS}
    child = None
    try:
        child = subprocess.Popen(
            list(argv), stdin=subprocess.PIPE, env={**size, **env}, **streams
        )  # type: ignore[call-overload]
        os.close(theirs)
        theirs = -1
        reader.start()
        said = child.communicate(stdin, timeout=LIMIT_S)
    finally:
        if child is not None and child.poll() is None:
            child.kill()
            child.communicate()
        if theirs >= 0:
            os.close(theirs)
        if reader.ident is not None:
            reader.join(LIMIT_S)
        os.close(ours)
    return Watched(child.returncode, b"".join(seen), said[0] or said[1] or b"")


def open_ends(place: str) -> tuple[int, int]:
    """Open a terminal or a pipe; return the descriptors to read from and to write to.

    Raises:
        OSError: this system has no pseudo-terminals.
    """
    if place == "pipe":
        return os.pipe()
    try:
        import fcntl
        import pty
        import termios
    except ImportError:
        raise OSError("no pseudo-terminals on this system: use a pipe") from None
    ours, theirs = pty.openpty()
    # A terminal of no size makes bars draw nothing.
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    return ours, theirs


def children_cpu_s() -> float:
    """Return the processor time of all ended children, in seconds; 0 on Windows, which counts none.

    From `getrusage` where there is one: `os.times` counts in ticks of 10 ms, about what an
    interpreter takes to start.
    """
    try:
        import resource
    except ImportError:
        times = os.times()
        return times.children_user + times.children_system
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _drain(descriptor: int, into: list[bytes]) -> None:
    # Linux says EIO when the other end of a pseudo-terminal is closed, others give nothing.
    with suppress(OSError):
        while chunk := os.read(descriptor, _CHUNK):
            into.append(chunk)
