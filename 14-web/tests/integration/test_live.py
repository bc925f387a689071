"""Front ends as production starts them, attacked, with listeners that come, go and stall."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from velvet_web.comparisons.attacks import attack
from velvet_web.comparisons.client import Client, OverSocket
from velvet_web.comparisons.conformance import failures
from velvet_web.contenders import load, names
from velvet_web.events import Message, SseParser
from velvet_web.production import Needs, command, settings_for
from velvet_web.servers import Running, answers, serve, usual_server
from velvet_web.settings import Settings

NEEDS = Needs(rate=100, service_ms=20, cores=1, grace=10)
LIVE = ["starlette", "fastapi", "litestar", "hypercorn", "granian"]


@pytest.fixture(scope="module")
def produced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Running]]:
    """Each front end as its production configuration starts it, when it is first asked for."""
    with contextlib.ExitStack() as stack:

        class Produced(dict[str, Running]):
            def __missing__(self, name: str) -> Running:
                base = Settings(dsn=str(tmp_path_factory.mktemp(name) / "board.db"))
                # The checks send bursts, which a limit would rightly refuse.
                tuned = replace(settings_for(name, NEEDS, base), max_inflight=0)
                server = usual_server(load(name).INTERFACE)
                self[name] = stack.enter_context(
                    serve(name, server, tuned, command=lambda port: command(name, NEEDS, port))
                )
                return self[name]

        yield Produced()


@pytest.fixture(scope="module", params=LIVE)
def live(
    request: pytest.FixtureRequest,
    produced: dict[str, Running],
    started: dict[tuple[str, str], Running],
) -> Running:
    """Each front end for ASGI on its usual server, and one on each other server."""
    name: str = request.param
    return produced[name] if name in names() else started["starlette", name]


@pytest.fixture(scope="module", params=names())
def production(request: pytest.FixtureRequest, produced: dict[str, Running]) -> Running:
    return produced[request.param]


@pytest.fixture(scope="module")
def starlette(produced: dict[str, Running]) -> Running:
    return produced["starlette"]


@pytest.fixture(scope="module")
def flask(produced: dict[str, Running]) -> Running:
    return produced["flask"]


def test_a_production_configuration_keeps_the_contract_under_attack(production: Running) -> None:
    transport = OverSocket(production.url)
    broken = failures(Client(transport))
    transport.close()
    survived = [found for _, found, _ in attack(production)]

    assert broken == []
    assert not {"stalled", "reflected"} & set(survived)
    assert answers(production.port)


@contextlib.contextmanager
def listening(running: Running, **headers: str) -> Iterator[Any]:
    """Open the event stream and yield a function that reads its next events."""
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", "/tasks/events", headers=given)
    response = connection.getresponse()
    assert response.status == 200
    assert response.getheader("content-type", "").startswith("text/event-stream")
    parser = SseParser()
    assert parser.feed(response.read1(65536)) == []

    def events(count: int) -> list[Message]:
        found: list[Message] = []
        while len(found) < count:
            found += parser.feed(response.read1(65536))
        return found

    try:
        yield events
    finally:
        response.close()
        connection.close()


def create(running: Running, title: str) -> Any:
    transport = OverSocket(running.url)
    try:
        return Client(transport).request("POST", "/tasks", {"title": title}).json()
    finally:
        transport.close()


def test_a_change_is_told_as_an_event_and_a_reconnect_gets_what_it_missed(live: Running) -> None:
    with listening(live) as events:
        create(live, "first")
        (first,) = events(1)
    create(live, "second")
    with listening(live, last_event_id=first.id) as events:
        (missed,) = events(1)

    assert first.event == "created"
    assert json.loads(missed.data)["title"] == "second"
    assert int(missed.id) == int(first.id) + 1


def test_the_stream_is_refused_where_it_is_not_accepted(live: Running) -> None:
    transport = OverSocket(live.url)
    answer = Client(transport).request("GET", "/tasks/events", headers={"accept": "text/html"})
    transport.close()

    assert answer.status == 406


def test_head_of_the_stream_leaves_the_connection_free(live: Running) -> None:
    transport = OverSocket(live.url)
    client = Client(transport)
    statuses = [
        client.request(*one).status for one in (("HEAD", "/tasks/events"), ("GET", "/healthz"))
    ]
    transport.close()

    assert statuses == [200, 200]


def test_a_websocket_gets_changes_and_survives_pings(live: Running) -> None:
    async def listens() -> Any:
        async with connect(f"ws://127.0.0.1:{live.port}/tasks/live") as socket:
            for _ in range(20):
                await (await socket.ping())
            while True:
                # The subscription starts a moment after the handshake.
                await asyncio.to_thread(create, live, "told")
                with contextlib.suppress(asyncio.TimeoutError):
                    return json.loads(await asyncio.wait_for(socket.recv(), 0.5))

    assert asyncio.run(asyncio.wait_for(listens(), 15))["data"]["title"] == "told"


@pytest.mark.parametrize(("frame", "code"), [("x" * 70_000, 1009)])
def test_a_frame_that_is_too_large_closes_the_connection(
    starlette: Running, frame: str, code: int
) -> None:

    async def sends() -> int | None:
        async with connect(f"ws://127.0.0.1:{starlette.port}/tasks/live") as socket:
            with contextlib.suppress(ConnectionClosed):
                await socket.send(frame)
                await asyncio.wait_for(socket.recv(), 5)
            return socket.close_code

    assert asyncio.run(sends()) == code


def test_a_front_end_without_websockets_says_no(flask: Running) -> None:
    transport = OverSocket(flask.url)
    answer = Client(transport).request("GET", "/tasks/live")
    transport.close()

    assert answer.status == 404


def test_two_hundred_idle_websockets_do_not_keep_a_request_out(starlette: Running) -> None:

    async def holds() -> int:
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(200):
                await stack.enter_async_context(
                    connect(f"ws://127.0.0.1:{starlette.port}/tasks/live", compression=None)
                )
            return (await asyncio.to_thread(create, starlette, "still served"))["version"]

    assert asyncio.run(holds()) == 1
