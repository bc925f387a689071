"""The latency server and the fetchers over real sockets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil
import pytest

from velvet_concurrency import iobound
from velvet_concurrency.contenders import aiohttp, httpx, serial, streams, threads
from velvet_concurrency.samples import child as child_module
from velvet_concurrency.samples.child import Child, ChildError
from velvet_concurrency.samples.latency_server import LatencyServer


@pytest.fixture(scope="module")
def server() -> object:
    with LatencyServer(latency=0.002) as running:
        yield running


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
    assert min(result.latencies) >= 0.002 * 0.9
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


def test_a_server_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="latency must be finite"):
        LatencyServer(latency=-1.0)


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
