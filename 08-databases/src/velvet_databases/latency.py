"""A loopback TCP proxy that puts a distance between a client and its database.

On a laptop the database is 50 microseconds away and an N+1 costs nothing; in production it is
1 ms away and the same page takes half a second. `LatencyProxy` adds that distance, and breaks
connections the way networks do: cut (reset) or a black hole (nothing arrives, without an error).
Bytes are delayed, never changed or reordered, so any protocol over TCP may pass.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import socket
import struct
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

T = TypeVar("T")
PORTS = {"postgresql": 5432, "postgres": 5432, "redis": 6379, "mongodb": 27017}
HOST = "127.0.0.1"
START_SECONDS = 10.0
HELD_BYTES = 4 * 1024 * 1024
# struct linger: on, for zero seconds. Closing then sends RST instead of FIN.
_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


def split_target(target: str) -> tuple[str, int, str, str]:
    """Split ``scheme://user@host:port/rest`` or ``host:port``: host, port, text before, behind.

    Raises:
        ValueError: there is no host or no port in it; a text that may hold a password is not told.
    """
    scheme, mark, _ = target.partition("://")
    try:
        parts = urlsplit(target if mark else f"//{target}")
        host = parts.hostname
        port = parts.port or PORTS.get(scheme.partition("+")[0] if mark else "")
    except ValueError:
        host, port = None, None
    if not host or not port:
        raise ValueError("target must name a host and a port, as host:port or scheme://host:port/x")
    user, at, _ = parts.netloc.rpartition("@")
    head = f"{scheme}{mark}{user}{at}" if mark else ""
    tail = target[len(f"{scheme}{mark}{parts.netloc}") :] if mark else ""
    return host, port, head, tail


@dataclass
class ProxyStats:
    """Counts since the start.

    Attributes:
        accepted: connections taken; `open` of them are still there.
        refused: connections that the target did not take.
        round_trips: how often a client spoke after it had been answered (or for the first
            time). What a client sends before the answer arrives belongs to the same trip, so a
            pipeline of a hundred statements is one.
        bytes_up: towards the server; `bytes_down` towards the client.
    """

    accepted: int = 0
    open: int = 0
    refused: int = 0
    round_trips: int = 0
    bytes_up: int = 0
    bytes_down: int = 0

    def __sub__(self, before: ProxyStats) -> ProxyStats:
        """What happened since `before`; `open` stays the present figure."""
        counts = {name: count - getattr(before, name) for name, count in vars(self).items()}
        return ProxyStats(**{**counts, "open": self.open})


class _End(asyncio.Protocol):
    """One socket of a link, and the line of what it reads: a piece leaves when its delay is over.

    A line that holds too much stops reading: a bulk load meets backpressure, and fills no memory.
    """

    def __init__(self, link: _Link) -> None:
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
        self._link.other(self).pace(True)

    def resume_writing(self) -> None:
        self._link.other(self).pace(False)

    def pace(self, full: bool | None = None) -> None:
        """Stop or resume reading; `full` says that the far end cannot take more, or can again."""
        self._full = self._full if full is None else full
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        if self._full or self._held > HELD_BYTES:
            transport.pause_reading()
        else:
            transport.resume_reading()

    def _push(self, data: bytes) -> None:
        due = asyncio.get_running_loop().time() + self._link.proxy.rtt_ms / 2e3
        if self._line:
            due = max(due, self._line[-1][0])
        self._line.append((due, data))
        self._held += len(data)
        if self._held > HELD_BYTES:
            self.pace()
        self.schedule()

    def schedule(self) -> None:
        """Wait for the first piece in the line, unless the link is held or not yet joined."""
        passing = not self._link.held and self._link.server.transport is not None
        if self._timer is None and self._line and passing:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(self._line[0][0], self._deliver)

    def _deliver(self) -> None:
        self._timer = None
        if self._link.held:
            return
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
        self.pace()
        self.schedule()

    def abort(self) -> None:
        """Close this socket with RST."""
        self._line.clear()
        if self.transport is not None:
            with contextlib.suppress(OSError):  # it may be closed already
                raw = self.transport.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
            self.transport.abort()


class _Link:
    """A client, a server and what passes between them; for the proxy's loop, not thread-safe."""

    def __init__(self, proxy: LatencyProxy) -> None:
        self.proxy, self._tally = proxy, proxy._tally
        self.client, self.server = _End(self), _End(self)
        self.held = self._asked = self._ended = False
        self._finished: set[_End] = set()
        self._connecting: asyncio.Task[None] | None = None

    def other(self, end: _End) -> _End:
        """The far end."""
        return self.server if end is self.client else self.client

    def joined(self, end: _End) -> None:
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
            target = self.proxy._target
            await asyncio.get_running_loop().create_connection(lambda: self.server, *target)
        except OSError:
            self._tally.refused += 1
            self.reset()

    def count(self, end: _End, size: int) -> None:
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
        self.held = on
        self.client.schedule()
        self.server.schedule()

    def finish(self, end: _End) -> None:
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
            self.proxy._links.discard(self)


class LatencyProxy:
    """`with LatencyProxy(url, rtt_ms=1) as proxy:` and connect to `proxy.url` instead.

    Args:
        target: where to connect to, as an address with a scheme or as ``host:port``.
        rtt_ms: milliseconds added to every round trip, half of them in each direction.

    Thread-safe; everything happens on one loop in one daemon thread. The delay is exact to
    about 0.1 ms where the system's timers are (on Windows they tick every 15.6 ms, unless a
    program asked for better). At most a few hundred connections, the bound of select(2).

    Raises:
        ValueError: a negative time, or a target without a port.
    """

    def __init__(self, target: str, rtt_ms: float) -> None:
        host, port, self._head, self._tail = split_target(target)
        self._target = (host, port)
        if not rtt_ms >= 0.0:
            raise ValueError(f"rtt_ms must be milliseconds >= 0, not {rtt_ms!r}")
        self.rtt_ms = float(rtt_ms)
        self._tally = ProxyStats()
        self._links: set[_Link] = set()
        #: The port on 127.0.0.1 that it listens on.
        self.port = 0
        # select() takes microseconds; epoll would round half a millisecond up to a whole one.
        self._loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
        self._thread = threading.Thread(target=self._run, name="latency-proxy", daemon=True)
        self._listener: socket.socket | None = None
        self._taking: set[asyncio.Task[Any]] = set()
        self._stops: set[Any] = set()  # tasks of `_stop`: two, after an interrupt
        self._black = self._stopped = False

    @property
    def url(self) -> str:
        """The target's address, with the proxy in place of its host and port."""
        return f"{self._head}{HOST}:{self.port}{self._tail}"

    @property
    def stats(self) -> ProxyStats:
        """One consistent reading."""
        return self._call(lambda: replace(self._tally, open=len(self._links)))

    def cut(self) -> int:
        """Reset every connection at both ends (RST); new ones pass. Returns how many."""
        return self._call(self._cut)

    def blackhole(self, on: bool) -> None:
        """Let nothing through while `on`: connecting still succeeds, then there is silence.

        What was sent meanwhile arrives afterwards, as TCP would send it again.
        """
        self._call(lambda: self._set_black(on))

    def __enter__(self) -> LatencyProxy:
        if self._thread.ident is not None:
            raise RuntimeError("a proxy is started once: make another one")
        try:
            self._thread.start()
            asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(START_SECONDS)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.close()
        except KeyboardInterrupt:
            self.close()  # what was done is not done again
            raise

    def close(self) -> None:
        """Cut what is open and end the thread; safe to call twice."""
        if self._loop.is_closed():
            return
        if self._thread.is_alive():
            if not self._stopped:
                asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(START_SECONDS)
                self._stopped = True
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _call(self, function: Callable[[], T]) -> T:
        if not self._thread.is_alive():
            raise RuntimeError("the proxy is not running; use it in a `with` statement")

        async def run() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(START_SECONDS)

    async def _listen(self) -> None:
        self._listener = socket.create_server((HOST, 0), backlog=256)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        # Not `create_server`, which loses a connection that it is taking while it is closed.
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        assert self._listener is not None
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):  # gone again
            taken, _ = self._listener.accept()
            taken.setblocking(False)
            # asyncio sets this for its own servers only; without it a long answer waits for an
            # acknowledgement that the other side delays by 40 ms.
            taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = _Link(self)
            link.hold(self._black)
            self._links.add(link)
            task = self._loop.create_task(
                self._loop.connect_accepted_socket(lambda: link.client, taken)
            )
            self._taking.add(task)
            task.add_done_callback(self._taking.discard)

    def _cut(self) -> int:
        links = list(self._links)
        for link in links:
            link.reset()
        return len(links)

    def _set_black(self, on: bool) -> None:
        self._black = on
        for link in list(self._links):
            link.hold(on)

    async def _stop(self) -> None:
        self._stops.add(asyncio.current_task())
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        # Connections that the loop is taking right now appear, and are cut, in one of its turns.
        while pending := asyncio.all_tasks() - self._stops:
            self._cut()
            await asyncio.wait(pending, timeout=0.1)
        self._cut()
        await asyncio.sleep(0)  # transports close in the loop's next turn
