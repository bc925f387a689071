"""What happens to calls when servers die, sleep, hang up or lie, and when callers change their mind."""

from __future__ import annotations

import asyncio
import errno
import itertools
import random
import selectors
import signal
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

import anyio
import psutil
import pytest

from velvet_http import errors
from velvet_http.client import Settings
from velvet_http.comparisons.server_process import ServerProcess
from velvet_http.contenders import connect, connect_async
from velvet_http.faults import FaultServer, fault
from velvet_http.faults.kinds import TEXT, End, Fault
from velvet_http.faults.routes import respond
from velvet_http.model import Deadline, Headers, Request, Timeouts
from velvet_http.policy import Backoff, NoBudget, RetryPolicy
from velvet_http.resilient import ResilientClient
from velvet_http.transfer import download

POLICY = RetryPolicy(backoff=Backoff(base=0.001), budget=NoBudget())


def test_a_server_killed_between_request_and_answer_is_a_lost_connection() -> None:
    with ServerProcess() as server, connect("urllib3") as client:
        url = server.urls["http"]
        assert client.get(f"{url}/json").status == 200
        assert server.counters()["open"] == 1
        with client.stream(Request("GET", f"{url}/bytes/50")) as response:
            server.kill()
            with pytest.raises(errors.TruncatedBody):
                for _ in response:
                    pass
        with pytest.raises((errors.ConnectError, errors.ConnectionLost)):
            client.get(f"{url}/json")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGSTOP")
@pytest.mark.parametrize("name", ["http_client", "aiohttp", "httpx2"])
def test_a_suspended_server_does_not_outlast_the_deadline(name: str) -> None:
    with ServerProcess() as server, connect(name) as client:
        client.get(f"{server.urls['http']}/json")
        server.process.send_signal(signal.SIGSTOP)
        while psutil.Process(server.process.pid).status() != psutil.STATUS_STOPPED:
            pass  # a signal takes effect when it likes
        try:
            asked = Request("GET", f"{server.urls['http']}/json")
            day = Timeouts(86_400, 86_400, 86_400)  # so nothing but the deadline ends the call
            with pytest.raises(errors.DeadlineExceeded):
                client.request(asked, timeouts=day, deadline=Deadline.after(0.3))
        finally:
            server.process.send_signal(signal.SIGCONT)


def test_a_payment_whose_answer_is_lost_is_charged_once(
    server: FaultServer, client_name: str
) -> None:
    request = Request("POST", server.url("/pay?lose=1"), Headers(), b'{"amount": 7}')
    with connect(client_name) as client:
        resilient = ResilientClient(client, POLICY)
        with pytest.raises(errors.ConnectionLost):
            resilient.request(request)
        assert server.api.charges == [7]

        response = resilient.request(request.with_headers(Idempotency_Key=""))

    assert response.status == 201
    assert server.api.charges == [7, 7], "once without a key, once with one, never twice"


@pytest.mark.parametrize("key", ["", None])
def test_a_connection_that_dies_while_idle_is_not_a_reason_to_repeat_a_post(
    server: FaultServer, client_name: str, key: str | None
) -> None:
    """The keep-alive race: the server closes just as the client sends."""
    url = server.script("/pay-here", [Fault("gone", (), End.CLOSE), respond(200, TEXT)])
    request = Request("POST", url, Headers(), b"{}")
    with connect(client_name) as client:
        client.get(server.url("/json"))
        resilient = ResilientClient(client, POLICY)
        if key is None:
            with pytest.raises(errors.ConnectionLost):
                resilient.request(request)
        else:
            assert resilient.request(request.with_headers(Idempotency_Key=key)).status == 200
    posts = [entry for entry in server.journal if entry.method == "POST"]
    assert len(posts) == (1 if key is None else 2)
    assert len({entry.headers.get("idempotency-key") for entry in posts}) == 1


def test_a_pooled_connection_that_the_server_closed_is_not_used_again(
    server: FaultServer, client_name: str
) -> None:
    url = server.script("/idle", [fault("idle close")])
    with connect(client_name) as client:
        for _ in range(3):
            assert client.get(url).status == 200
            assert server.settle()

    assert server.counters.connects == 3


def test_a_wall_clock_that_is_set_back_extends_no_deadline(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = itertools.count(time.time(), -3600)  # each reading an hour before the last
    monkeypatch.setattr(time, "time", lambda: next(wall))
    with connect("urllib3") as client, pytest.raises(errors.DeadlineExceeded):
        client.get(server.script("/f", [fault("drip")]), deadline=Deadline.after(0.3))


def test_a_full_disk_leaves_the_part_and_no_short_file(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Path.open

    def full(path: Path, *args: Any, **kwargs: Any) -> Any:
        file: BinaryIO = opened(path, *args, **kwargs)  # type: ignore[assignment]
        write, room = file.write, [20_000]

        class Full:
            def __getattr__(self, name: str) -> Any:
                return getattr(file, name)

            def write(self, data: bytes) -> int:
                room[0] -= len(data)
                if room[0] < 0:
                    raise OSError(errno.ENOSPC, "No space left on device")
                return write(data)

            def __enter__(self) -> Full:
                return self

            def __exit__(self, *_: object) -> None:
                file.close()

        return Full()

    dest = tmp_path / "file"
    with connect("urllib3") as client:
        with monkeypatch.context() as patched:
            patched.setattr(Path, "open", full)
            with pytest.raises(OSError, match="No space"):
                download(client, server.url("/range/200000"), dest)
        assert not dest.exists()
        assert (tmp_path / "file.part").exists()
        assert download(client, server.url("/range/200000"), dest) == 200_000


async def churn(name: str, url: str, slow: str, seconds: float) -> list[int]:
    """Cancel requests of 20 workers at random, then return the status of five calls."""
    rng = random.Random(3)
    async with connect_async(name, Settings(pool=5)) as client:
        until = time.monotonic() + seconds

        async def worker() -> None:
            while time.monotonic() < until:
                with anyio.move_on_after(rng.uniform(0.001, 0.03)):
                    try:
                        await client.request(Request("GET", slow), timeouts=Timeouts(1, 1, 1))
                    except errors.HttpError:
                        await anyio.sleep(0.001)

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(worker)
        return [(await client.get(url)).status for _ in range(5)]


@pytest.mark.parametrize("name", ["aiohttp", "httpx2"])
def test_a_pool_survives_requests_cancelled_at_random(server: FaultServer, name: str) -> None:
    found = asyncio.run(churn(name, server.url("/json"), server.url("/slow?ms=10"), 0.7))

    assert found == [200] * 5


@pytest.mark.parametrize(
    ("name", "survives"), [("aiohttp", True), ("httpx2", True), ("httpx", False)]
)
def test_a_request_cancelled_at_the_moment_its_connection_is_free(
    server: FaultServer, name: str, survives: bool
) -> None:
    """encode/httpcore issue 1093; when this fails for httpx, it may be hedged, too.

    Nothing here depends on time: the waiting request has a connection assigned and has not run
    since, when it is cancelled. httpx keeps that connection, which nothing will ever open.
    """

    async def run() -> None:
        async with connect_async(name, Settings(pool=1)) as client:
            async with client.stream(Request("GET", server.url("/fault/stall"))):
                waiting = asyncio.create_task(client.get(server.url("/json")))
                for _ in range(100):  # it comes as far as the full pool, where it waits
                    await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

            following = Request("GET", server.url("/json"))
            if survives:
                assert (await client.request(following)).status == 200
            else:
                with pytest.raises(errors.PoolTimeout):
                    await client.request(following, timeouts=Timeouts(pool=0.1))

    asyncio.run(run())


@pytest.mark.parametrize("client_name", ["aiohttp", "httpx2"])
def test_cancelled_calls_leave_no_socket(server: FaultServer, client_name: str) -> None:
    async def run() -> None:
        async with connect_async(client_name, Settings(pool=5)) as client:
            for _ in range(4):
                with anyio.move_on_after(0.02):
                    await client.get(server.url("/slow?ms=200"))
            assert (await client.get(server.url("/json"))).status == 200

    asyncio.run(run())

    assert server.settle()


def test_bytes_sent_before_they_were_asked_for_end_a_connection(server: FaultServer) -> None:
    url = server.script("/extra", [fault("extra bytes")])
    with connect("http_client") as client:
        assert client.get(url).body == TEXT
        [[idle]] = client.transport.idle.values()  # type: ignore[attr-defined]
        with selectors.DefaultSelector() as selector:
            selector.register(idle.sock, selectors.EVENT_READ)
            assert selector.select(60), "the bytes have to be here before the next request leaves"
        assert client.get(url).body == TEXT

    assert server.counters.connects == 2


def test_garbage_on_a_kept_connection_is_no_answer_and_no_reason_to_ask_again(
    server: FaultServer, client_name: str
) -> None:
    """The bytes arrive after the request has left, so nothing tells them from an answer but their form."""
    url = server.script("/late", [respond(200, TEXT), fault("garbage"), respond(200, TEXT)])
    with connect(client_name) as client:
        assert client.get(url).body == TEXT
        with pytest.raises(errors.ProtocolViolation):
            client.get(url)

    assert len(server.journal) == 2
