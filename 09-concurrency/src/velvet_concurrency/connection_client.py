"""The near end of ten thousand connections: opened in small groups, all speaking at once.

Each connection is one small protocol object that knows when it spoke. Connections end by a reset
(`SO_LINGER` of zero), so that no port stays in TIME_WAIT for a minute after each run.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from velvet_concurrency.connection_server import HOST

_OPENING_AT_A_TIME = 500  # The kernel's queue of half-open connections is short.
_LINE = b"ping\n"
_RESET_ON_CLOSE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


@dataclass
class Board:
    """What the speakers of one run write down; for one event loop."""

    latencies: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    speakers: list[Speaker] = field(default_factory=list)
    waiting: int = 0
    all_heard: asyncio.Event = field(default_factory=asyncio.Event)

    def speak(self) -> None:
        """Let all speak; `all_heard` is set when each has its echo, or cannot have one."""
        self.waiting = len(self.speakers)
        for speaker in list(self.speakers):
            speaker.speak()

    def heard(self) -> None:
        """Note that one speaker more has its echo, or will never have it."""
        self.waiting -= 1
        if self.waiting <= 0:
            self.all_heard.set()


class Speaker(asyncio.Protocol):
    """The client's end of one connection."""

    __slots__ = ("_board", "_spoke", "transport")

    def __init__(self, board: Board) -> None:
        self._board = board
        self._spoke: float | None = None
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE
        )

    def speak(self) -> None:
        """Send one line; the time until its echo goes to the board."""
        if self.transport.is_closing():
            self._board.errors["closed"] += 1
            self._board.heard()
            return
        self._spoke = time.perf_counter()
        self.transport.write(_LINE)

    def leave(self) -> None:
        """Reset the connection; an echo that is still missing is no longer waited for."""
        self._spoke = None
        self.transport.abort()

    def data_received(self, _data: bytes) -> None:
        if self._spoke is not None:  # five bytes of loopback come in one piece
            self._board.latencies.append(time.perf_counter() - self._spoke)
            self._spoke = None
            self._board.heard()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._spoke is not None:
            self._spoke = None
            self._board.errors[type(exc).__name__ if exc else "closed"] += 1
            self._board.heard()


async def open_all(port: int, n: int, board: Board) -> None:
    """Open n connections to `port`, at most 500 at a time; they are added to `board.speakers`."""
    loop, todo = asyncio.get_running_loop(), deque(range(n))

    async def some() -> None:
        while todo:
            todo.popleft()
            try:
                _, speaker = await loop.create_connection(lambda: Speaker(board), HOST, port)
            except OSError as error:
                board.errors[type(error).__name__] += 1
            else:
                board.speakers.append(speaker)

    openers = [loop.create_task(some()) for _ in range(min(n, _OPENING_AT_A_TIME))]
    try:
        await asyncio.wait(openers)
    finally:
        for opener in openers:
            opener.cancel()
