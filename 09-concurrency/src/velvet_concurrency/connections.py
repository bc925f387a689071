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

from velvet_concurrency.runtime import check_int, quantile, raise_fd_limit
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
    """What N connections cost."""

    variant: str
    asked: int
    held: int  # open at once
    connect_seconds: float  # to open them all
    bytes_per_connection: float  # resident memory that the server gained
    virtual_mb: float  # address space that the server gained, in MiB; thread stacks show here
    p50: float  # seconds from a connection's line to its echo, the median; nan without an echo
    p99: float
    cpu_seconds: float  # of the server, from the first connection to the last echo
    errors: Counter[str]  # what went wrong, by kind; empty in a good run
    note: str  # why fewer than `asked` were tried; empty if they were not


class _Client(asyncio.Protocol):
    """The near end of one connection; `echo` becomes seconds, or the word for what went wrong."""

    __slots__ = ("_spoke", "echo", "transport")

    def __init__(self) -> None:
        self._spoke = 0.0
        self.echo: asyncio.Future[float | str] = asyncio.get_running_loop().create_future()
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE
        )

    def speak(self) -> None:
        """Send one line, unless the connection has ended."""
        self._spoke = time.perf_counter()
        if not self.transport.is_closing():
            self.transport.write(_LINE)

    def data_received(self, _data: bytes) -> None:
        if not self.echo.done():  # five bytes of loopback come in one piece
            self.echo.set_result(time.perf_counter() - self._spoke)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.echo.done():
            self.echo.set_result(type(exc).__name__ if exc else "closed")


async def _open_all(port: int, n: int, clients: list[_Client], errors: Counter[str]) -> None:
    loop, todo = asyncio.get_running_loop(), deque(range(n))

    async def some() -> None:
        while todo:
            todo.popleft()
            try:
                _, client = await loop.create_connection(_Client, HOST, port)
            except OSError as error:
                errors[type(error).__name__] += 1
            else:
                clients.append(client)

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
    clients, errors, began = list[_Client](), Counter[str](), time.perf_counter()
    until = began + limit
    empty = server.ask({})
    try:
        opening = _open_all(int(server.greeting["port"]), n, clients, errors)
        try:
            await asyncio.wait_for(opening, limit)
        except asyncio.TimeoutError:
            errors["connect deadline"] += n - len(clients)
        connected = time.perf_counter() - began
        full = await _accepted(server, len(clients), until)
        for client in clients:
            client.speak()
        if clients:
            left = until - time.perf_counter()
            await asyncio.wait([client.echo for client in clients], timeout=left)
        ends = [client.echo.result() if client.echo.done() else "no echo" for client in clients]
        last = server.ask({})
    finally:
        for client in clients:
            client.transport.abort()
        await asyncio.sleep(0)
    errors.update(end for end in ends if isinstance(end, str))
    heard = [end for end in ends if not isinstance(end, str)]
    return HeldConnections(
        variant=variant,
        asked=asked,
        held=len(clients),
        connect_seconds=connected,
        bytes_per_connection=(full["rss"] - empty["rss"]) / max(1, len(clients)),
        virtual_mb=(full["vms"] - empty["vms"]) / 2**20,
        p50=quantile(heard, 0.5) if heard else math.nan,
        p99=quantile(heard, 0.99) if heard else math.nan,
        cpu_seconds=last["cpu"] - empty["cpu"],
        errors=errors,
        note=note,
    )


def _affordable(n: int) -> tuple[int, str]:
    """Return how many of n connections this machine can hold, and why not more.

    Raises the soft limit of descriptors of this process as far as it may; `ValueError` unless n >= 1.
    """
    check_int("n", n, 1)
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

    n is scaled down where descriptors or ports do not suffice; what is missing after `deadline` seconds is
    counted as an error. Call it outside of an event loop; the server has ended when it returns. Raises
    `ValueError` for an argument out of range, `ChildError` when the server could not start, or died.
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
