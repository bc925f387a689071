"""A raw server on loopback that plays fault scripts and a small API, and writes down everything.

It runs in a thread with a loop of its own, so blocking and asyncio clients use it alike, and it
counts connections on the side where they cannot be hidden.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import trustme
from anyio.from_thread import start_blocking_portal

from velvet_http.faults.kinds import FAULTS, End, Fault, fault
from velvet_http.faults.routes import Api
from velvet_http.model import Headers


@dataclass(frozen=True)
class Entry:
    """One request as it arrived: on which connection, counted from 1, and at which second."""

    method: str
    target: str
    headers: Headers
    body: bytes = field(repr=False)
    connection: int
    at: float = field(default_factory=time.monotonic)

    @property
    def path(self) -> str:
        """The target without its query, percent-decoded."""
        return unquote(urlsplit(self.target).path)


@dataclass
class Counters:
    """Totals since the start, and connections open now."""

    connects: int = 0
    open: int = 0
    max_open: int = 0
    requests: int = 0


class LocalCA:
    """A certificate authority for loopback; `ca_file`, the PEM file for clients, is written into `folder`."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA(key_type=trustme.KeyType.RSA)
        self._folder = folder
        self.ca_file = str(folder / "ca.pem")
        self._authority.cert_pem.write_to_path(self.ca_file)

    def issue(self, host: str = "127.0.0.1", *, expired: bool = False) -> ssl.SSLContext:
        """Return a server's context with a certificate for `host`, or one that ended in 2001."""
        began, ended = (datetime(year, 1, 1, tzinfo=timezone.utc) for year in (2000, 2001))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate = self._authority.issue_cert(
            host, not_before=began if expired else None, not_after=ended if expired else None
        )
        certificate.configure_cert(context)
        return context


class FaultServer:
    """Serve scripted faults and the API of `routes` at a free port of 127.0.0.1; `tls` for https.

    Every path has a script (`script`), or is `/fault/<name>` of `kinds.FAULTS`, or belongs to the
    API; anything else answers 404.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.api = Api()
        self.journal: list[Entry] = []
        self.counters = Counters()
        self._scripts: dict[str, list[Fault]] = {}
        self._changed = threading.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def script(self, path: str, faults: Sequence[Fault]) -> str:
        """Play `faults` at `path`, one a request, the last one again and again; return the URL."""
        if not faults:
            raise ValueError("a script has at least one fault")
        self._scripts[path] = list(faults)
        return self.url(path)

    def url(self, path: str = "/") -> str:
        """Return the address of a path."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}{path}"

    def settle(self, seconds: float = 5.0) -> bool:
        """Wait until no connection is open; return whether that came true."""
        with self._changed:
            return self._changed.wait_for(lambda: not self.counters.open, timeout=seconds)

    def __enter__(self) -> FaultServer:
        with contextlib.ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal())
            stack.enter_context(portal.wrap_async_context_manager(self._serving()))
            self._running = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    @contextlib.asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *_: None)  # clients leave in every possible way
        server = await asyncio.start_server(
            self._connected, "127.0.0.1", 0, ssl=self._tls, backlog=1024
        )
        self.port: int = server.sockets[0].getsockname()[1]
        yield
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        number = self._count(+1)
        try:
            await self.converse(reader, writer, number)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError, ValueError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()
            self._count(-1)

    def _count(self, change: int) -> int:
        with self._changed:
            counters = self.counters
            counters.open += change
            counters.connects += change > 0
            counters.max_open = max(counters.max_open, counters.open)
            self._changed.notify_all()
            return counters.connects

    def record(self, *request: Any) -> Entry:
        """Write a request down."""
        entry = Entry(*request)
        self.journal.append(entry)
        self.counters.requests += 1
        return entry

    async def converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        """Answer the requests of one connection, counted from 1, until it ends."""
        end = End.KEEP
        while end is End.KEEP:
            entry = await self._read(reader, number)
            if entry is None:
                return
            played = self.answer(entry)
            for step in played.steps if entry.method != "HEAD" else _head_only(played):
                if isinstance(step, bytes):
                    writer.write(step)
                    await writer.drain()
                else:
                    await _pause(reader, step)
            end = played.end
        if end is End.RESET:
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif end is End.STALL:
            await reader.read()  # returns when the client has left
        else:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader, number: int) -> Entry | None:
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except asyncio.IncompleteReadError:
            return None
        method, target, _ = lines[0].split(" ")
        headers = Headers(line.partition(":")[::2] for line in lines[1:] if line)
        length = int(headers.get("content-length") or 0)
        chunked = headers.get("transfer-encoding") == "chunked"
        body = await (_chunks(reader) if chunked else reader.readexactly(length))
        return self.record(method, target, headers, body, number)

    def answer(self, entry: Entry) -> Fault:
        """Return what a request is answered with."""
        script = self._scripts.get(entry.path)
        if script is not None:
            return script.pop(0) if len(script) > 1 else script[0]
        if entry.path.startswith("/fault/") and entry.path[7:] in FAULTS:
            return fault(entry.path[7:])
        return self.api.answer(entry.method, entry.target, entry.headers, entry.body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    """Return a body that came in chunks (RFC 9112 section 7.1)."""
    body = bytearray()
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return bytes(body)


def _head_only(fault: Fault) -> list[bytes | float]:
    """Return the steps of an answer to HEAD."""
    wire = b"".join([step for step in fault.steps if isinstance(step, bytes)])
    return [wire.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"] if wire else []


async def _pause(reader: asyncio.StreamReader, seconds: float) -> None:
    """Wait; a ConnectionError when the client leaves meanwhile."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if reader.at_eof():
            raise ConnectionError("the client has left")
        await asyncio.sleep(min(left, 0.02))
