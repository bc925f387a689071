"""The latency server and the fetchers over real sockets."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest

from velvet_concurrency import iobound
from velvet_concurrency.contenders import aiohttp, httpx, serial, streams, threads
from velvet_concurrency.samples import child as child_module
from velvet_concurrency.samples import latency_server
from velvet_concurrency.samples.child import Child, ChildError, obey_parent
from velvet_concurrency.samples.latency_server import LatencyServer
from velvet_concurrency.samples.latency_server import _Site as Site

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def server() -> object:
    with LatencyServer(latency=0.002) as running:
        yield running


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    found = Site(0.0)
    await found.listen()
    try:
        yield found
    finally:
        found.close()
        await asyncio.sleep(0)


async def say(found: Site, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", found.port)
    try:
        writer.write(request)
        writer.write_eof()
        return await asyncio.wait_for(reader.read(), 10.0)
    finally:
        writer.close()
        await asyncio.wait_for(asyncio.shield(writer.wait_closed()), 10.0)


async def first_reply(found: Site, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", found.port)
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.read(65_536), 10.0)
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("fetch", "options"),
    [
        (serial.fetch, {}),
        (serial.fetch, {"deadline": 10.0}),
        (threads.fetch, {"workers": 8}),
        (aiohttp.fetch, {"limit": 5}),
        (aiohttp.fetch, {"limit": 0, "warm": True}),
        (streams.fetch, {"limit": 5}),
        (streams.fetch, {"warm": True}),
    ],
)
def test_each_fetcher_gets_every_reply(
    server: LatencyServer, fetch: object, options: dict[str, object]
) -> None:
    result = fetch(server.url, 30, **options)  # type: ignore[operator]

    assert len(result.latencies) == 30
    assert result.failed == 0
    assert min(result.latencies) >= 0.002 * 0.9
    assert result.seconds > 0


def test_httpx_gets_every_reply(server: LatencyServer) -> None:
    pytest.importorskip("httpx", reason="optional: pip install httpx")

    result = httpx.fetch(server.url, 10, limit=5)

    assert (len(result.latencies), result.failed) == (10, 0)


def test_a_fast_loop_fetches_too(server: LatencyServer) -> None:
    pytest.importorskip("uvloop", reason="optional: pip install uvloop")

    assert streams.fetch(server.url, 5, uvloop=True).failed == 0
    assert aiohttp.fetch(server.url, 5, uvloop=True).failed == 0


@pytest.mark.parametrize("fetch", [serial.fetch, threads.fetch, streams.fetch])
def test_no_request_gives_an_empty_result(server: LatencyServer, fetch: object) -> None:
    assert fetch(server.url, 0).latencies == []  # type: ignore[operator]


def test_a_limit_bounds_the_connections() -> None:
    with LatencyServer(latency=0.0) as server:
        aiohttp.fetch(server.url, 20, limit=3)

        assert server.stats().accepted <= 3


def test_an_open_loop_counts_from_the_due_time(server: LatencyServer) -> None:
    result = iobound.open_loop(server.url, 200.0, 0.1)

    assert len(result.latencies) == 20
    assert result.errors == {}
    assert result.achieved > 0
    assert result.quantile(0.0) >= 0.002 * 0.9
    assert result.seconds >= 19 / 200.0


def test_an_open_loop_counts_failures() -> None:
    with LatencyServer(latency=0.0) as server:
        server.fail()

        result = iobound.open_loop(server.url, 200.0, 0.02)

    assert result.errors == {"HTTP 500": 4}


def test_the_server_counts_what_it_saw() -> None:
    with LatencyServer(latency=0.0) as server:
        serial.fetch(server.url, 3)
        server.fail("error")
        serial.fetch(server.url, 2)

        stats = server.stats()

    assert (stats.requests, stats.failed, stats.accepted >= 1) == (5, 2, True)


def test_the_latency_can_be_changed_while_it_runs() -> None:
    with LatencyServer(latency=30.0) as server:
        server.set_latency(0.0)

        assert serial.fetch(server.url, 2).failed == 0


def test_a_failing_server_recovers() -> None:
    with LatencyServer(latency=0.0) as server:
        port = server.port
        server.fail("refuse")
        down = serial.fetch(server.url, 2)
        server.fail(False)
        up = serial.fetch(server.url, 2)

        assert (down.failed, up.failed, server.port) == (2, 0, port)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latency": -1.0}, "latency must be finite"),
    ],
)
def test_a_server_that_cannot_be_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LatencyServer(**options)  # type: ignore[arg-type]


def test_an_unknown_failure_is_refused(server: LatencyServer) -> None:
    with pytest.raises(ValueError, match="how must be one of"):
        server.fail("explode")  # type: ignore[arg-type]


def test_a_server_runs_once_and_stops_twice(server: LatencyServer) -> None:
    with pytest.raises(RuntimeError, match="running already"):
        server.start()

    stopped = LatencyServer()
    stopped.stop()
    with pytest.raises(RuntimeError, match="not running"):
        _ = stopped.url


def test_it_listens_on_the_loopback_address_only(server: LatencyServer) -> None:
    process = psutil.Process(server.pid)
    listed = getattr(process, "net_connections", None) or process.connections

    listening = [c.laddr.ip for c in listed(kind="inet") if c.status == psutil.CONN_LISTEN]

    assert listening == ["127.0.0.1"]


def test_the_server_dies_with_a_parent_that_was_killed() -> None:
    code = (
        "import os, signal\n"
        "from velvet_concurrency.samples.latency_server import LatencyServer\n"
        "server = LatencyServer(0.0).start()\n"
        "print(server.pid, flush=True)\n"
        "os.kill(os.getpid(), getattr(signal, 'SIGKILL', signal.SIGTERM))\n"
    )

    told = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=30
    )

    try:
        orphan = psutil.Process(int(told.stdout))
    except psutil.NoSuchProcess:
        return
    _, alive = psutil.wait_procs([orphan], timeout=10.0)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def test_a_child_that_cannot_start_is_reported(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ChildError, match="exit code"):
        Child("velvet_concurrency.samples.latency_server", "soon")


def test_a_child_that_died_is_reported() -> None:
    with LatencyServer(latency=0.0) as server:
        victim = psutil.Process(server.pid)
        victim.kill()
        psutil.wait_procs([victim], timeout=10.0)

        with pytest.raises(ChildError):
            server.stats()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot stop a process")
def test_a_child_that_hangs_is_killed_and_reported() -> None:
    child = Child("velvet_concurrency.samples.latency_server", "0.0")
    os.kill(child.pid, signal.SIGSTOP)

    with pytest.raises(ChildError, match="no answer in"):
        child.ask({}, within=0.05)
    child.close()

    assert not psutil.pid_exists(child.pid)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot stop a process")
def test_a_child_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module, "_PATIENCE", 0.05)
    child = Child("velvet_concurrency.samples.latency_server", "0.0")
    os.kill(child.pid, signal.SIGSTOP)

    child.close()

    assert not psutil.pid_exists(child.pid)
    with pytest.raises(ChildError, match="is not running"):
        child.ask({})


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


@pytest.mark.asyncio
async def test_a_parent_that_is_gone_is_no_error() -> None:
    orders, answers = os.pipe(), os.pipe()
    os.close(answers[0])

    async def handle(order: dict[str, object]) -> dict[str, object]:
        return order

    await obey_parent(handle, {}, source=orders[0], sink=answers[1])

    os.close(orders[1])
    until = time.monotonic() + 10.0
    while any(t.name == "parent-pipe" for t in threading.enumerate()):
        assert time.monotonic() < until
        await asyncio.sleep(0.001)
    os.close(orders[0])
    os.close(answers[1])


def test_an_order_that_comes_after_the_loop_is_dropped() -> None:
    orders, answers = os.pipe(), os.pipe()
    os.close(answers[0])

    async def handle(order: dict[str, object]) -> dict[str, object]:
        return order

    asyncio.run(obey_parent(handle, {}, source=orders[0], sink=answers[1]))
    os.write(orders[1], b"{}\n")
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
