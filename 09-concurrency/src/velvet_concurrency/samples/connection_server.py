"""The far end of ten thousand connections: an echo server in three styles.

A line comes in, the same line goes back. What differs is what a connection costs while nothing
happens: a coroutine with two buffers (`streams`), a small object (`protocol`), or a thread with a
stack of its own (`threads`). It runs as a child of `connections.hold_connections`, which asks it
for its memory and CPU time.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

import psutil

from velvet_concurrency.runtime import raise_fd_limit
from velvet_concurrency.samples.child import Message, obey_parent

HOST = "127.0.0.1"
BACKLOG = 8192
# Besides the connections: pipes, the loop's own descriptors, libraries.
SPARE_DESCRIPTORS = 100
_LINE_BYTES = 64


class _Counter:
    """Connections that are open; handlers in threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.open = 0
        self.refused = 0

    def add(self, change: int) -> None:
        with self._lock:
            self.open += change


async def _streams(listener: socket.socket, counter: _Counter) -> asyncio.Server:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counter.add(1)
        try:
            # Clients leave by a reset, and the server's end cancels those that are left.
            with contextlib.suppress(OSError, asyncio.CancelledError):
                while line := await reader.readline():
                    writer.write(line)
                    await writer.drain()
        finally:
            counter.add(-1)
            writer.transport.abort()

    return await asyncio.start_server(echo, sock=listener, backlog=BACKLOG)


async def _protocol(listener: socket.socket, counter: _Counter) -> asyncio.Server:
    class Echo(asyncio.Protocol):
        __slots__ = ("_transport",)

        def connection_made(self, transport: Any) -> None:
            self._transport = transport
            counter.add(1)

        def data_received(self, data: bytes) -> None:
            self._transport.write(data)

        def connection_lost(self, _exc: Exception | None) -> None:
            counter.add(-1)

    loop = asyncio.get_running_loop()
    return await loop.create_server(Echo, sock=listener, backlog=BACKLOG)


def _serve_one(connection: socket.socket, counter: _Counter) -> None:
    counter.add(1)
    try:
        with connection, contextlib.suppress(OSError):
            while data := connection.recv(_LINE_BYTES):
                connection.sendall(data)
    finally:
        counter.add(-1)


def _accept(listener: socket.socket, counter: _Counter) -> None:
    with contextlib.suppress(OSError):  # the listener was closed: the end
        while True:
            connection, _ = listener.accept()
            serving = threading.Thread(target=_serve_one, args=(connection, counter), daemon=True)
            try:
                serving.start()
            except RuntimeError:  # no more threads: the system's limit is lower than ours
                connection.close()
                counter.refused += 1


def _report(counter: _Counter) -> Message:
    memory = psutil.Process().memory_info()
    return {
        "open": counter.open,
        "refused": counter.refused,
        "rss": memory.rss,
        "vms": memory.vms,
        "cpu": time.process_time(),
    }


async def _serve(variant: str, source: int, sink: int) -> None:
    listener = socket.create_server((HOST, 0), backlog=BACKLOG)
    counter, server = _Counter(), None
    if variant == "threads":
        threading.Thread(target=_accept, args=(listener, counter), daemon=True).start()
    else:
        listener.setblocking(False)
        server = await {"streams": _streams, "protocol": _protocol}[variant](listener, counter)

    async def answer(_order: Message) -> Message:
        return _report(counter)

    try:
        port = listener.getsockname()[1]
        await obey_parent(answer, {"port": port}, source=source, sink=sink)
    finally:
        if server is not None:
            server.close()
        with contextlib.suppress(OSError):  # ends an accept that waits, where that is possible
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def main(argv: Sequence[str], *, source: int = 0, sink: int = 1) -> None:
    """Serve until `source` ends; `argv` names how the server is written, and how many connect."""
    raise_fd_limit(int(argv[1]) + SPARE_DESCRIPTORS)
    asyncio.run(_serve(argv[0], source, sink))


if __name__ == "__main__":
    # Ctrl-C reaches the whole terminal group; the parent decides when the server ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main(sys.argv[1:])
