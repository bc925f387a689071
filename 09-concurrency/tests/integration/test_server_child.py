"""The server as a child process, and what it says on the wire."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from velvet_concurrency.samples import latency_server
from velvet_concurrency.samples.child import obey_parent
from velvet_concurrency.samples.latency_server import _Site as Site

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    found = Site(0.0)
    await found.listen()
    try:
        yield found
    finally:
        found.close()
        await asyncio.sleep(0)


async def first_reply(found: Site, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", found.port)
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.read(65_536), 10.0)
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


def test_the_childs_side_greets_obeys_and_ends_with_its_input() -> None:
    orders, answers = os.pipe(), os.pipe()
    child = threading.Thread(
        target=latency_server.main,
        args=(["0.0"],),
        kwargs={"source": orders[0], "sink": answers[1]},
    )
    child.start()
    with os.fdopen(answers[0], encoding="utf-8") as told:
        port = json.loads(told.readline())["port"]
        os.write(orders[1], b'{"latency": 0.0}\n')
        stats = json.loads(told.readline())
        os.close(orders[1])
        child.join(10.0)
        os.close(answers[1])

    assert port > 0
    assert stats["requests"] == 0
    assert not child.is_alive()
    os.close(orders[0])


@pytest.mark.parametrize("order", [b"", b"{}\n"])
def test_a_parent_that_is_gone_is_no_error_and_a_late_order_is_dropped(order: bytes) -> None:
    orders, answers = os.pipe(), os.pipe()
    os.close(answers[0])

    async def handle(order: dict[str, object]) -> dict[str, object]:
        return order

    asyncio.run(obey_parent(handle, {}, source=orders[0], sink=answers[1]))
    os.write(orders[1], order)
    os.close(orders[1])

    until = time.monotonic() + 10.0
    while any(t.name == "parent-pipe" for t in threading.enumerate()):
        assert time.monotonic() < until
        time.sleep(0.001)
    os.close(orders[0])
    os.close(answers[1])


@pytest.mark.asyncio
async def test_pipelined_requests_are_answered_in_order() -> None:
    async with site() as found:
        last = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")

        told = await first_reply(found, GET + GET + last)
        rest = found.stats.requests

    assert told.count(b"HTTP/1.1 200 OK") >= 1
    assert rest == 3


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", b"200 OK"),
        (b"HEAD / HTTP/1.1\r\nConnection: Close\r\n\r\n", b"200 OK"),
        (b"POST / HTTP/1.1\r\n\r\n", b"405 Method Not Allowed"),
        (b"nonsense\r\n\r\n", b"400 Bad Request"),
    ],
)
async def test_a_request_that_ends_the_connection_is_answered_first(
    request_bytes: bytes, status: bytes
) -> None:
    async with site() as found:
        reader, writer = await asyncio.open_connection("127.0.0.1", found.port)
        writer.write(request_bytes)
        told = await asyncio.wait_for(reader.read(), 10.0)
        writer.close()
        await asyncio.wait_for(writer.wait_closed(), 10.0)

    assert told.startswith(b"HTTP/1.1 " + status)
    assert b"Connection: close" in told
    assert told.endswith(b"xx") is not request_bytes.startswith(b"HEAD")


@pytest.mark.asyncio
@pytest.mark.parametrize("flood", [b"x" * 70_000, GET * 1_500])
async def test_a_flood_of_head_is_cut_off(flood: bytes) -> None:
    async with site() as found:
        found.latency = 30.0
        reader, writer = await asyncio.open_connection("127.0.0.1", found.port)
        writer.write(flood)

        try:
            told = await asyncio.wait_for(reader.read(), 10.0)
        except ConnectionError:
            told = b""
        writer.transport.abort()
        await asyncio.sleep(0)

    assert told == b""


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        ("error", b"HTTP/1.1 500"),
        ("garbage", b"\x00\xff"),
        ("truncate", b"HTTP/1.1 200"),
        ("reset", b""),
    ],
)
async def test_a_reply_fails_as_ordered(failure: str, expected: bytes) -> None:
    async with site() as found:
        await found.obey({"failure": failure, "share": 1.0})

        try:
            told = await first_reply(found, GET)
        except ConnectionError:
            told = b""

    assert told.startswith(expected)
    assert len(told) == 0 or expected
    assert found.stats.failed == 1


@pytest.mark.asyncio
async def test_a_hanging_reply_never_comes() -> None:
    async with site() as found:
        await found.obey({"failure": "hang", "share": 1.0})

        reader, writer = await asyncio.open_connection("127.0.0.1", found.port)
        writer.write(GET)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.05)
        writer.transport.abort()
        await asyncio.sleep(0)

    assert found.stats.failed == 1


@pytest.mark.asyncio
async def test_a_refusing_site_closes_its_port_and_comes_back() -> None:
    async with site() as found:
        port = found.port
        await found.obey({"failure": "refuse", "share": 1.0})
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5.0)

        await found.obey({"failure": "none", "share": 1.0})

        assert (await first_reply(found, GET)).startswith(b"HTTP/1.1 200")
        assert found.port == port
        assert len(found.connections) <= 1
