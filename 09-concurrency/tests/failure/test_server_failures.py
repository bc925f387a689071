"""Servers that misbehave: every failed request is counted, and the run ends by its deadline."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from velvet_concurrency import contenders
from velvet_concurrency.contenders._frame import FetchResult
from velvet_concurrency.samples.latency_server import Failure, LatencyServer

FETCHERS = {name: contenders.load(name).fetch for name in contenders.NAMES}
Fetch = Callable[..., FetchResult]


@pytest.fixture(scope="module")
def server() -> Iterator[LatencyServer]:
    with LatencyServer(latency=0.0) as running:
        yield running


@pytest.fixture(params=FETCHERS)
def fetch(request: pytest.FixtureRequest) -> Fetch:
    if request.param == "httpx":
        pytest.importorskip("httpx", reason="optional: pip install httpx")
    return FETCHERS[request.param]


@pytest.mark.parametrize("failure", ["error", "reset", "garbage", "truncate", "refuse"])
def test_each_failed_request_is_counted(
    server: LatencyServer, fetch: Fetch, failure: Failure
) -> None:
    server.fail(failure)
    try:
        result = fetch(server.url, 4, timeout=5.0, deadline=20.0)
    finally:
        server.fail(False)

    assert (len(result.latencies), result.failed) == (0, 4)


def test_a_server_that_never_answers_ends_by_the_timeout(
    server: LatencyServer, fetch: Fetch
) -> None:
    server.fail("hang")
    try:
        result = fetch(server.url, 2, timeout=0.1, deadline=20.0)
    finally:
        server.fail(False)

    assert result.failed == 2
    assert "deadline" not in result.errors


def test_a_server_that_never_answers_ends_by_the_deadline(
    server: LatencyServer, fetch: Fetch
) -> None:
    server.fail("hang")
    began = time.monotonic()
    try:
        result = fetch(server.url, 5, timeout=60.0, deadline=0.2)
    finally:
        server.fail(False)

    assert result.errors == {"deadline": 5}
    assert time.monotonic() - began < 30.0  # far below the timeout of one request


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"x" * 100_000,
    ],
)
def test_streams_refuse_what_they_do_not_understand(reply: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(reply)

        other = threading.Thread(target=answer)
        other.start()
        result = contenders.load("streams").fetch(
            f"http://127.0.0.1:{listener.getsockname()[1]}/", 1, timeout=10.0
        )
        other.join(10.0)

    assert result.failed == 1
