"""In this process: what usually runs in a child, and what no request may show."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from velvet_web.board import Call, TaskBoard, runner
from velvet_web.comparisons.client import Client, InAsgi, InWsgi, in_process
from velvet_web.contenders import load, names
from velvet_web.domain import Problem
from velvet_web.entry import make
from velvet_web.events import event_stream, tell_live
from velvet_web.middleware_asgi import protect as protect_asgi
from velvet_web.middleware_wsgi import protect as protect_wsgi
from velvet_web.samples.lab import LABS, StallingServer, lab_wsgi
from velvet_web.settings import Settings
from velvet_web.store import SqliteStore

LOCAL = (("host", "127.0.0.1"),)


@pytest.mark.parametrize("name", names())
def test_a_bug_is_a_500_without_its_traceback(
    name: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise KeyError("SELECT secret")

    monkeypatch.setattr(SqliteStore, "page", broken)
    interface = load(name).INTERFACE
    protect: Any = protect_asgi if interface == "asgi" else protect_wsgi
    transport = in_process(protect(load(name).framework_app(settings), settings), interface)
    answer = Client(transport).request("GET", "/tasks")
    transport.close()

    assert (answer.status, answer.json()["status"]) == (500, 500)
    assert b"secret" not in answer.body


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/healthz", b"ok"),
        ("/healthz-in-thread", b"ok"),
        ("/wait?ms=1", b"ok"),
        ("/block?ms=1", b"ok"),
        ("/thread?ms=1", b"ok"),
        ("/compute?ms=1", b"ok"),
        ("/work", b"ok"),
        ("/sent", b"0 0"),
    ],
)
@pytest.mark.leaves("the threads in which Starlette runs plain functions end a moment later")
def test_the_lab_does_what_its_names_say(target: str, body: bytes, settings: Settings) -> None:
    transport = InAsgi(LABS["lab"](replace(settings, max_inflight=5)))
    answer = transport.send("GET", target, LOCAL, b"")
    transport.close()

    assert (answer.status, answer.body) == (200, body)


@pytest.mark.parametrize("target", ["/stream?mb=1&pause=0.1", "/dump?mb=1"])
def test_a_stream_and_a_dump_have_the_same_bytes(target: str, settings: Settings) -> None:
    transport = InAsgi(LABS["lab_base_1"](settings))
    answer = transport.send("GET", target, LOCAL, b"")
    transport.close()

    assert len(answer.body) == 2**20


def test_the_synchronous_lab_waits_and_streams(settings: Settings) -> None:
    transport = InWsgi(lab_wsgi(settings))

    assert transport.send("GET", "/wait?ms=1", LOCAL, b"").body == b"ok"
    assert transport.send("GET", "/compute?ms=1", LOCAL, b"").body == b"ok"
    assert len(transport.send("GET", "/stream", LOCAL, b"").body) > 100 * 10**6


def test_the_floor_answers_as_the_front_ends_do(settings: Settings) -> None:
    transports = InAsgi(LABS["bare_asgi"](settings)), InWsgi(LABS["bare_wsgi"](settings))
    bodies = {transport.send("GET", "/healthz", LOCAL, b"").body for transport in transports}
    transports[0].close()

    assert bodies == {b'{"status":"ok"}'}


def test_a_pause_ends_with_its_period(settings: Settings) -> None:
    pausing = StallingServer(LABS["lab"](settings), period=0.02, stall=0.019)
    transport = InAsgi(pausing)
    answers = {transport.send("GET", "/healthz", LOCAL, b"").status for _ in range(3)}
    transport.close()

    assert answers == {200}


@pytest.mark.parametrize("name", ["starlette", "bare_wsgi", "lab_stalling", "django_asgi"])
def test_a_name_makes_the_application_that_a_server_imports(name: str, settings: Settings) -> None:
    assert callable(make(name, settings))


def test_django_answers_the_same_behind_asgi(settings: Settings) -> None:
    transport = InAsgi(make("django_asgi", settings))
    bodies = {
        transport.send("GET", path, LOCAL, b"").body for path in ("/healthz", "/healthz-async")
    }
    transport.close()

    assert bodies == {b'{"status":"ok"}'}


@pytest.fixture
def board(settings: Settings) -> Any:
    opened = TaskBoard(settings)
    yield opened
    opened.store.close()


def test_every_change_of_the_board_is_told(board: TaskBoard) -> None:
    headers = {"content-type": "application/json"}

    async def changes() -> None:
        told = board.events.subscribe()
        board.create(Call("POST", headers, body=b'{"title":"a"}'))
        board.patch(Call("PATCH", headers, body=b'{"title":"b"}'), "1")
        board.delete(Call("DELETE", {}), "1")
        board.clear(Call("DELETE", {}))
        board.events.unsubscribe(told)
        found = [event async for event in told]
        assert [event.kind for event in found] == ["created", "changed", "deleted", "cleared"]
        assert [event.key for event in found] == ["1", "1", "1", ""]
        assert json.loads(found[1].data)["title"] == "b"

    asyncio.run(changes())


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_body_of_another_type_is_refused(board: TaskBoard, method: str) -> None:
    call = Call(method, {"content-type": "text/plain"}, body=b'{"title":"a"}')

    with pytest.raises(Problem) as refused:
        board.create(call) if method == "POST" else board.patch(call, "1")

    assert refused.value.status == 415


@pytest.mark.parametrize("name", ["starlette", "flask"])
def test_the_time_of_an_answer_is_told(name: str, settings: Settings) -> None:
    interface = load(name).INTERFACE
    begun = time.perf_counter()
    transport = in_process(make(name, settings), interface)
    answer = transport.send("GET", "/healthz", LOCAL, b"")
    transport.close()

    took = float(dict(answer.headers)["server-timing"].removeprefix("app;dur="))
    assert 0 <= took <= (time.perf_counter() - begun) * 1e3


def test_a_stream_begins_with_a_comment_and_leaves_no_listener(board: TaskBoard) -> None:
    async def listens() -> list[bytes]:
        stream = event_stream(board.events, None)
        found = [await stream.__anext__()]
        board.events.publish("changed", b"{}")
        found.append(await stream.__anext__())
        await stream.aclose()  # type: ignore[attr-defined]
        return found

    found = asyncio.run(listens())

    assert found == [b": connected\n\n", b"id: 1\nevent: changed\ndata: {}\n\n"]
    assert not board.events._subscribers


def test_a_drain_ends_streams_after_what_is_queued(settings: Settings, tmp_path: Path) -> None:
    board = TaskBoard(replace(settings, drain_file=str(tmp_path / "drain")))
    codes: list[int] = []
    told: list[str] = []

    async def never() -> None:
        await asyncio.Event().wait()

    async def send(text: str) -> None:
        told.append(text)

    async def close(code: int) -> None:
        codes.append(code)

    async def drains() -> list[bytes]:
        stream = event_stream(board.events, None)
        found = [await stream.__anext__()]
        socket = asyncio.ensure_future(tell_live(board.events, send, never, close))
        await asyncio.sleep(0)
        board.events.publish("changed", b"{}")
        (tmp_path / "drain").touch()
        with pytest.raises(Problem, match="draining"):
            board.ready()
        await asyncio.wait_for(socket, 5)
        return found + [part async for part in stream]

    found = asyncio.run(drains())
    board.store.close()

    assert (len(found), len(told), codes) == (2, 1, [1012])
    assert not board.events._subscribers


def test_a_socket_is_told_until_it_is_gone(board: TaskBoard) -> None:
    sent: list[str] = []
    gone = asyncio.Event()

    async def send(text: str) -> None:
        sent.append(text)
        gone.set()

    async def receive() -> None:
        board.events.publish("changed", b'{"n":1}')
        await gone.wait()
        raise ConnectionResetError

    async def close(code: int) -> None:
        raise AssertionError("the client is gone: there is nothing to close")

    asyncio.run(tell_live(board.events, send, receive, close))

    assert json.loads(sent[0]) == {"id": 1, "event": "changed", "data": {"n": 1}}
    assert not board.events._subscribers


def test_a_call_in_a_thread_returns_what_it_returned(settings: Settings) -> None:
    threaded, inline = runner(replace(settings, store="threads")), runner(settings)

    async def both() -> list[int]:
        return [await threaded(max, 1, 2), await inline(max, 1, 2)]

    assert asyncio.run(both()) == [2, 2]
