"""Ten thousand connections that are open at once, and what each of them costs.

The C10K question (Kegel, 1999) on loopback: open N connections, hold them, let all of them speak
at the same moment. The two ends live in separate processes, since each socket takes a descriptor
on both; at most 500 are being opened at a time, because the kernel's queue of half-open connections
is short; the client ends them by a reset (`SO_LINGER` of zero), so that no port stays in TIME_WAIT.
Where the limit of descriptors is lower than N, N is scaled down and the result says so.
"""

from __future__ import annotations

import asyncio
import math
import socket
import struct
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any, Literal, get_args

from velvet_concurrency.runtime import quantile, raise_fd_limit
from velvet_concurrency.samples.child import Child, Message
from velvet_concurrency.samples.connection_server import HOST, SPARE_DESCRIPTORS

Variant = Literal["streams", "protocol", "threads"]
# macOS hands out about 16,000 ephemeral ports, shared with everything else on the machine.
_MACOS_PORTS = 15_000
_POLL_SECONDS = 0.01
_OPENING_AT_A_TIME = 500
_LINE = b"ping\n"
_RESET_ON_CLOSE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


@dataclass(frozen=True)
class HeldConnections:
    """What N connections cost.

    Attributes:
        variant: how the server was written.
        asked: connections that were wanted.
        held: connections that were open at once.
        connect_seconds: to open them all.
        bytes_per_connection: resident memory that the server gained, per connection.
        virtual_mb: address space that the server gained, in MiB; thread stacks show here.
        p50: seconds from a connection's line to its echo, the median over all; nan without an echo.
        p99: the same, exceeded by one in a hundred.
        cpu_seconds: of the server, from the first connection to the last echo.
        errors: what went wrong, by kind; empty in a good run.
        note: why fewer than `asked` were tried; empty if they were not.
    """

    variant: str
    asked: int
    held: int
    connect_seconds: float
    bytes_per_connection: float
    virtual_mb: float
    p50: float
    p99: float
    cpu_seconds: float
    errors: Counter[str]
    note: str


class _Echoes:
    """What the clients of one run write down; for one event loop."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.errors: Counter[str] = Counter()
        self.clients: list[_Client] = []
        self.waiting = 0
        self.complete = asyncio.Event()

    def speak(self) -> None:
        """Let all speak; `complete` is set when each has its echo, or cannot have one."""
        self.waiting = len(self.clients)
        for client in list(self.clients):
            client.speak()

    def one_less(self) -> None:
        """Note that one more client has its echo, or will never have it."""
        self.waiting -= 1
        if self.waiting <= 0:
            self.complete.set()


class _Client(asyncio.Protocol):
    """The near end of one connection."""

    __slots__ = ("_echoes", "_spoke", "transport")

    def __init__(self, echoes: _Echoes) -> None:
        self._echoes = echoes
        self._spoke: float | None = None
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE
        )

    def speak(self) -> None:
        """Send one line; the time until its echo is written down."""
        if self.transport.is_closing():
            self._echoes.errors["closed"] += 1
            self._echoes.one_less()
            return
        self._spoke = time.perf_counter()
        self.transport.write(_LINE)

    def leave(self) -> None:
        """Reset the connection; an echo that is still missing is no longer waited for."""
        self._spoke = None
        self.transport.abort()

    def data_received(self, _data: bytes) -> None:
        if self._spoke is not None:  # five bytes of loopback come in one piece
            self._echoes.latencies.append(time.perf_counter() - self._spoke)
            self._spoke = None
            self._echoes.one_less()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._spoke is not None:
            self._spoke = None
            self._echoes.errors[type(exc).__name__ if exc else "closed"] += 1
            self._echoes.one_less()


async def _open_all(port: int, n: int, echoes: _Echoes) -> None:
    loop, todo = asyncio.get_running_loop(), deque(range(n))

    async def some() -> None:
        while todo:
            todo.popleft()
            try:
                _, client = await loop.create_connection(lambda: _Client(echoes), HOST, port)
            except OSError as error:
                echoes.errors[type(error).__name__] += 1
            else:
                echoes.clients.append(client)

    openers = [loop.create_task(some()) for _ in range(min(n, _OPENING_AT_A_TIME))]
    try:
        await asyncio.wait(openers)
    finally:
        for opener in openers:
            opener.cancel()


async def _accepted(server: Child, n: int, until: float) -> Message:
    # A connection is open for the client before the server has accepted it.
    report = server.ask({})
    while report["open"] + report["refused"] < n and time.perf_counter() < until:
        await asyncio.sleep(_POLL_SECONDS)
        report = server.ask({})
    return report


async def _hold(
    server: Child, variant: str, n: int, *, asked: int, note: str, limit: float
) -> HeldConnections:
    echoes, began = _Echoes(), time.perf_counter()
    until = began + limit
    empty = server.ask({})
    try:
        try:
            await asyncio.wait_for(_open_all(int(server.greeting["port"]), n, echoes), limit)
        except asyncio.TimeoutError:
            echoes.errors["connect deadline"] += n - len(echoes.clients)
        connected = time.perf_counter() - began
        full = await _accepted(server, len(echoes.clients), until)
        echoes.speak()
        if echoes.waiting:
            try:
                await asyncio.wait_for(echoes.complete.wait(), until - time.perf_counter())
            except asyncio.TimeoutError:
                echoes.errors["no echo"] += echoes.waiting
        last = server.ask({})
    finally:
        for client in echoes.clients:
            client.leave()
        await asyncio.sleep(0)
    held, heard = max(1, len(echoes.clients)), echoes.latencies
    return HeldConnections(
        variant=variant,
        asked=asked,
        held=len(echoes.clients),
        connect_seconds=connected,
        bytes_per_connection=(full["rss"] - empty["rss"]) / held,
        virtual_mb=(full["vms"] - empty["vms"]) / 2**20,
        p50=quantile(heard, 0.5) if heard else math.nan,
        p99=quantile(heard, 0.99) if heard else math.nan,
        cpu_seconds=last["cpu"] - empty["cpu"],
        errors=echoes.errors,
        note=note,
    )


def _affordable(n: int) -> tuple[int, str]:
    """Return how many of n connections this machine can hold, and why not more.

    Raises the soft limit of descriptors of this process as far as it may; `ValueError` unless n >= 1.
    """
    if n < 1:
        raise ValueError(f"n must be >= 1, got {n!r}")
    limit = raise_fd_limit(n + SPARE_DESCRIPTORS)
    possible = max(1, limit - SPARE_DESCRIPTORS)
    if possible < n:
        return possible, f"scaled down from {n} to {possible}: at most {limit} descriptors here"
    if sys.platform == "darwin" and n > _MACOS_PORTS:
        return _MACOS_PORTS, f"scaled down from {n} to {_MACOS_PORTS}: macOS has no more ports"
    return n, ""


def hold_connections(
    n: int, variant: Variant = "streams", *, deadline: float = 60.0
) -> HeldConnections:
    """Open n loopback connections to a fresh server, let all speak at once, and close them.

    Args:
        n: connections; scaled down where descriptors or ports do not suffice.
        variant: how the server is written: `streams`, `protocol` or `threads`.
        deadline: seconds after which what is missing is counted as an error.

    Raises:
        ValueError: an argument is out of range.
        ChildError: the server could not start, or died.

    Call it outside of an event loop. The server has ended when it returns.
    """
    if variant not in get_args(Variant):
        raise ValueError(f"variant must be one of {get_args(Variant)}, got {variant!r}")
    if not deadline > 0:
        raise ValueError(f"deadline must be > 0 seconds, got {deadline!r}")
    possible, note = _affordable(n)
    server = Child("velvet_concurrency.samples.connection_server", variant, str(possible))
    try:
        return asyncio.run(_hold(server, variant, possible, asked=n, note=note, limit=deadline))
    finally:
        server.close()
