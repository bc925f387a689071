"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

import asyncio

from velvet.hostile_resources import Resource, ResourceTests
from velvet_http import client
from velvet_http.model import Deadline, Request, Timeouts


class Exchange:
    """A response whose connection comes back."""

    status, fields = 200, [("Content-Length", "0")]

    def __init__(self, transport: Transport) -> None:
        self.transport, self.ended = transport, False
        transport.lent += 1

    async def read(self) -> bytes:
        return b""

    async def close(self) -> None:
        if not self.ended:
            self.ended = True
            self.transport.lent -= 1
        await self.transport.turn()


class Transport:
    """A library that counts what it has lent."""

    name, cancel_safe = "counted", True

    def __init__(self, blocking: bool) -> None:
        self.blocking, self.lent = blocking, 0

    async def turn(self) -> None:
        if not self.blocking:
            await asyncio.sleep(0)

    async def open(
        self, request: Request, timeouts: Timeouts, deadline: Deadline | None
    ) -> Exchange:
        await self.turn()
        return Exchange(self)

    async def close(self) -> None:
        await self.turn()


REQUEST = Request("GET", "http://127.0.0.1/")


class TestResources(ResourceTests):
    resources = (
        Resource(
            "client.AsyncClient.stream",
            lambda _: client.AsyncClient(Transport(blocking=False)),
            use=lambda one: one.stream(REQUEST),
            free=lambda one: one.transport.lent == 0,
        ),
        Resource(
            "client.Client.stream",
            lambda _: client.Client(Transport(blocking=True)),
            use=lambda one: one.stream(REQUEST),
            free=lambda one: one.transport.lent == 0,
        ),
        Resource(
            "client.Client",
            lambda _: client.Client(Transport(blocking=True)),
            free=lambda one: one.transport.lent == 0,
        ),
        Resource(
            "client.AsyncClient",
            lambda _: client.AsyncClient(Transport(blocking=False)),
            free=lambda one: one.transport.lent == 0,
        ),
    )
    excepted = {
        "fanout.fetch_all": "anyio loses a cancellation that comes while a cancelled group is left",
        "faults": "a server for demonstrations; tests/integration",
    }
