"""Ten thousand connections that are open at once, and what each of them costs.

The C10K question (Kegel, 1999) on loopback: open N connections, hold them, let all of them speak
at the same moment. The two ends live in separate processes, since each socket takes a descriptor
on both; at most 500 are being opened at a time, because the kernel's queue of half-open connections
is short; the client ends them by a reset, so that no port stays in TIME_WAIT. Where the limit of
descriptors is lower than N, N is scaled down and the result says so.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from dataclasses import dataclass
from typing import Literal, get_args

from velvet_concurrency.child import Child, Message
from velvet_concurrency.connection_client import Board, open_all
from velvet_concurrency.connection_server import SPARE_DESCRIPTORS
from velvet_concurrency.quantiles import quantile
from velvet_concurrency.runtime import raise_fd_limit

Variant = Literal["streams", "protocol", "threads"]
# macOS hands out about 16,000 ephemeral ports, shared with everything else on the machine.
_MACOS_PORTS = 15_000
_POLL_SECONDS = 0.01


@dataclass(frozen=True)
class Held:
    """What N connections cost.

    Attributes:
        variant: how the server was written.
        asked: connections that were wanted.
        held: connections that were open at once.
        connect_seconds: to open them all.
        bytes_per_connection: resident memory that the server gained, per connection.
        virtual_mb: address space that the server gained, in MiB; thread stacks show here.
        p50: seconds from a connection's line to its echo, the median over all.
        p99: the same, exceeded by one in a hundred.
        cpu_seconds: of the server, from the first connection to the last echo.
        client_cpu_seconds: of this process.
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
    client_cpu_seconds: float
    errors: Counter[str]
    note: str


async def _accepted(server: Child, n: int, until: float) -> Message:
    # A connection is open for the client before the server has accepted it.
    report = server.ask({})
    while report["open"] + report["refused"] < n and time.perf_counter() < until:
        await asyncio.sleep(_POLL_SECONDS)
        report = server.ask({})
    return report


async def _hold(
    server: Child, variant: str, n: int, *, asked: int, note: str, limit: float
) -> Held:
    board, began, cpu = Board(), time.perf_counter(), time.process_time()
    until = began + limit
    empty = server.ask({})
    try:
        try:
            await asyncio.wait_for(open_all(int(server.greeting["port"]), n, board), limit)
        except asyncio.TimeoutError:
            board.errors["connect deadline"] += n - len(board.speakers)
        connected = time.perf_counter() - began
        full = await _accepted(server, len(board.speakers), until)
        board.speak()
        if board.waiting:
            try:
                await asyncio.wait_for(board.all_heard.wait(), until - time.perf_counter())
            except asyncio.TimeoutError:
                board.errors["no echo"] += board.waiting
        last = server.ask({})
    finally:
        for speaker in board.speakers:
            speaker.leave()
        await asyncio.sleep(0)
    held = max(1, len(board.speakers))
    heard = board.latencies or [float("nan")]
    return Held(
        variant=variant,
        asked=asked,
        held=len(board.speakers),
        connect_seconds=connected,
        bytes_per_connection=(full["rss"] - empty["rss"]) / held,
        virtual_mb=(full["vms"] - empty["vms"]) / 2**20,
        p50=quantile(heard, 0.5),
        p99=quantile(heard, 0.99),
        cpu_seconds=last["cpu"] - empty["cpu"],
        client_cpu_seconds=time.process_time() - cpu,
        errors=board.errors,
        note=note,
    )


def affordable(n: int) -> tuple[int, str]:
    """Say how many of n connections this machine can hold, and why not more.

    Raises the soft limit of descriptors of this process as far as it may.

    Raises:
        ValueError: `n` is not positive.
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


def hold_connections(n: int, variant: Variant = "streams", *, deadline: float = 60.0) -> Held:
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
    possible, note = affordable(n)
    server = Child(
        "velvet_concurrency.connection_server",
        *("--variant", variant, "--connections", str(possible)),
    )
    try:
        return asyncio.run(_hold(server, variant, possible, asked=n, note=note, limit=deadline))
    finally:
        server.close()
