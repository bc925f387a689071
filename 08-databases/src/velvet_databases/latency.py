"""A loopback TCP proxy that puts a distance between a client and its database.

On a laptop the database is 50 microseconds away and an N+1 costs nothing; in production it is
1 ms away and the same page takes half a second. `LatencyProxy` adds that distance, and breaks
connections the way networks do: cut (reset) or a black hole (nothing arrives, without an error).
Bytes are delayed, never changed or reordered, so any protocol over TCP may pass.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import selectors
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit

from velvet_databases.latency_link import Link, Tally

PORTS = {"postgresql": 5432, "postgres": 5432, "redis": 6379, "mongodb": 27017}


def split_target(target: str) -> tuple[str, int, str, str]:
    """Split ``scheme://user@host:port/rest`` or ``host:port`` around its host and port.

    Returns:
        Host, port, the text before them and the text behind them.

    Raises:
        ValueError: there is no host or no port in it; the text is not repeated, because it may
            hold a password.
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


HOST = "127.0.0.1"
START_SECONDS = 10.0
T = TypeVar("T")


@dataclass(frozen=True)
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

    accepted: int
    open: int
    refused: int
    round_trips: int
    bytes_up: int
    bytes_down: int

    def __sub__(self, before: ProxyStats) -> ProxyStats:
        """What happened since `before`; `open` stays the present figure."""
        return ProxyStats(
            self.accepted - before.accepted,
            self.open,
            self.refused - before.refused,
            self.round_trips - before.round_trips,
            self.bytes_up - before.bytes_up,
            self.bytes_down - before.bytes_down,
        )


class LatencyProxy:
    """`with LatencyProxy(url, rtt_ms=1) as proxy:` and connect to `proxy.url` instead.

    Args:
        target: where to connect to, as an address with a scheme or as ``host:port``.
        rtt_ms: milliseconds added to every round trip, half of them in each direction.
        jitter_ms: up to so many milliseconds more for a round trip, drawn for every piece.
        seed: of the jitter.

    Thread-safe; everything happens on one loop in one daemon thread. The delay is exact to
    about 0.1 ms where the system's timers are (on Windows they tick every 15.6 ms, unless a
    program asked for better). At most a few hundred connections, the bound of select(2).

    Raises:
        ValueError: a negative time, or a target without a port.
    """

    def __init__(
        self, target: str, rtt_ms: float, jitter_ms: float = 0.0, *, seed: int = 7
    ) -> None:
        self._host, self._target_port, self._head, self._tail = split_target(target)
        for name, ms in (("rtt_ms", rtt_ms), ("jitter_ms", jitter_ms)):
            if not ms >= 0.0:
                raise ValueError(f"{name} must be milliseconds >= 0, not {ms!r}")
        self.rtt_ms, self.jitter_ms = float(rtt_ms), float(jitter_ms)
        self._random = random.Random(seed)
        self._tally = Tally()
        self._links: set[Link] = set()
        self._port = 0
        # select() takes microseconds; epoll would round half a millisecond up to a whole one.
        self._loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
        self._thread = threading.Thread(target=self._run, name="latency-proxy", daemon=True)
        self._listener: socket.socket | None = None
        self._taking: set[asyncio.Task[Any]] = set()
        self._black = False

    @property
    def port(self) -> int:
        """The port on 127.0.0.1 that it listens on."""
        return self._port

    @property
    def url(self) -> str:
        """The target's address, with the proxy in place of its host and port."""
        return f"{self._head}{HOST}:{self._port}{self._tail}"

    @property
    def stats(self) -> ProxyStats:
        """One consistent reading."""
        return self._call(self._read)

    def cut(self) -> int:
        """Reset every connection at both ends (RST); new ones pass. Returns how many."""
        return self._call(self._cut)

    def blackhole(self, on: bool) -> None:
        """Let nothing through while `on`: connecting still succeeds, then there is silence.

        What was sent meanwhile arrives afterwards, as TCP would send it again.
        """
        self._call(lambda: self._set_black(on))

    def __enter__(self) -> LatencyProxy:
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(START_SECONDS)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cut what is open and end the thread; safe to call twice."""
        if self._loop.is_closed():
            return
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(START_SECONDS)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    def delay(self) -> float:
        """Draw the seconds that a piece spends in one direction."""
        jitter = self._random.uniform(0.0, self.jitter_ms) if self.jitter_ms else 0.0
        return (self.rtt_ms + jitter) / 2e3

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
        self._port = self._listener.getsockname()[1]
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
            link = Link(self._host, self._target_port, self.delay, self._tally, self._links.discard)
            link.hold(self._black)
            self._links.add(link)
            task = self._loop.create_task(
                self._loop.connect_accepted_socket(lambda: link.client, taken)
            )
            self._taking.add(task)
            task.add_done_callback(self._taking.discard)

    def _read(self) -> ProxyStats:
        tally = self._tally
        return ProxyStats(
            tally.accepted,
            len(self._links),
            tally.refused,
            tally.round_trips,
            tally.bytes_up,
            tally.bytes_down,
        )

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
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
            self._listener.close()
        # Connections that the loop is taking right now appear, and are cut, in one of its turns.
        while pending := asyncio.all_tasks() - {asyncio.current_task()}:
            self._cut()
            await asyncio.wait(pending, timeout=0.1)
        self._cut()
        await asyncio.sleep(0)  # transports close in the loop's next turn
