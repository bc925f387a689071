"""One proxied connection: two ends and a delay line in each direction.

A delay line keeps order: a piece leaves when its own delay is over and everything before it has
left. A line that holds too much stops reading, so that a bulk load meets backpressure instead of
filling memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

HELD_BYTES = 4 * 1024 * 1024
# struct linger: on, for zero seconds. Closing then sends RST instead of FIN.
_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


@dataclass
class Tally:
    """What a proxy counts; belongs to its loop."""

    accepted: int = 0
    refused: int = 0
    round_trips: int = 0
    bytes_up: int = 0
    bytes_down: int = 0


class End(asyncio.Protocol):
    """One socket of a link, and the delay line of what it reads."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.transport: asyncio.Transport | None = None
        self._line: deque[tuple[float, bytes]] = deque()  # b"" is the end of the stream
        self._held = 0
        self._timer: asyncio.TimerHandle | None = None
        self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._link.joined(self)

    def data_received(self, data: bytes) -> None:
        self._link.count(self, len(data))
        self._push(data)

    def eof_received(self) -> bool:
        self._push(b"")
        return True  # the other direction may still have something to say

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if exc is not None:
            self._link.reset()
        self._link.left()

    def pause_writing(self) -> None:
        self._link.other(self).full(True)

    def resume_writing(self) -> None:
        self._link.other(self).full(False)

    def full(self, on: bool) -> None:
        """Stop or resume reading, because the far end cannot take more, or can again."""
        self._full = on
        self._pace()

    def _pace(self) -> None:
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        if self._full or self._held > HELD_BYTES:
            transport.pause_reading()
        else:
            transport.resume_reading()

    def _push(self, data: bytes) -> None:
        due = asyncio.get_running_loop().time() + self._link.delay()
        if self._line:
            due = max(due, self._line[-1][0])
        self._line.append((due, data))
        self._held += len(data)
        if self._held > HELD_BYTES:
            self._pace()
        self.schedule()

    def schedule(self) -> None:
        """Wait for the first piece in the line, unless the link is held or not yet joined."""
        if self._timer is None and self._line and self._link.passing:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(self._line[0][0], self._deliver)

    def halt(self) -> None:
        """Wait no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _deliver(self) -> None:
        self._timer = None
        far = self._link.other(self).transport
        now = asyncio.get_running_loop().time()
        while self._line and self._line[0][0] <= now:
            _, data = self._line.popleft()
            self._held -= len(data)
            if far is None or far.is_closing():
                continue
            if data:
                far.write(data)
            else:
                self._link.finish(self)
        self._pace()
        self.schedule()

    def abort(self) -> None:
        """Close this socket with RST."""
        self.halt()
        self._line.clear()
        if self.transport is not None:
            with contextlib.suppress(OSError):  # it may be closed already
                raw = self.transport.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
            self.transport.abort()


class Link:
    """A client, a server and what passes between them; for one loop, not thread-safe."""

    def __init__(
        self,
        host: str,
        port: int,
        delay: Callable[[], float],
        tally: Tally,
        gone: Callable[[Link], None],
    ) -> None:
        self._address = (host, port)
        self.delay, self._tally, self._gone = delay, tally, gone
        self.client, self.server = End(self), End(self)
        self._held = self._asked = self._ended = False
        self._finished: set[End] = set()
        self._connecting: asyncio.Task[None] | None = None

    @property
    def passing(self) -> bool:
        """Whether pieces leave: both ends are there and nothing is held."""
        return not self._held and self.server.transport is not None

    def other(self, end: End) -> End:
        """The far end."""
        return self.server if end is self.client else self.client

    def joined(self, end: End) -> None:
        """The client is there, so call the server; the server is there, so let it pass."""
        if self._ended:  # cut while it was being taken
            end.abort()
        elif end is self.client:
            self._tally.accepted += 1
            self._connecting = asyncio.get_running_loop().create_task(self._connect())
        else:
            self.client.schedule()

    async def _connect(self) -> None:
        try:
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: self.server, *self._address)
        except OSError:
            self._tally.refused += 1
            self.reset()

    def count(self, end: End, size: int) -> None:
        """Add a piece to the tally; the client's first word after an answer opens a trip."""
        if end is self.server:
            self._tally.bytes_down += size
            self._asked = False
            return
        self._tally.bytes_up += size
        if not self._asked:
            self._asked = True
            self._tally.round_trips += 1

    def hold(self, on: bool) -> None:
        """Let nothing leave while `on`."""
        self._held = on
        for end in (self.client, self.server):
            if on:
                end.halt()
            else:
                end.schedule()

    def finish(self, end: End) -> None:
        """Pass on that `end` will say no more; when neither will, close both."""
        self._finished.add(end)
        far = self.other(end).transport
        if far is not None and not far.is_closing() and far.can_write_eof():
            far.write_eof()
        if len(self._finished) == 2:
            for transport in (self.client.transport, self.server.transport):
                if transport is not None:
                    transport.close()

    def reset(self) -> None:
        """Reset both ends, or stop connecting."""
        self._ended = True
        task = self._connecting
        if task is not None and task is not asyncio.current_task():
            task.cancel()
        self.client.abort()
        self.server.abort()
        self.left()

    def left(self) -> None:
        """An end is gone; when both are, so is the link."""
        if self.client.transport is None and self.server.transport is None:
            self._gone(self)
