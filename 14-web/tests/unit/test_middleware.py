"""The layers around a front end, each alone, under a validator of ASGI's message order."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from velvet_web import middleware_asgi, middleware_wsgi
from velvet_web.comparisons.client import Answer, InAsgi, InWsgi
from velvet_web.domain import Problem
from velvet_web.middleware_asgi import BodyLimit, Edge, LoadShed
from velvet_web.settings import Settings

SETTINGS = Settings(dsn="unused")


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello", "more_body": True})
    await send({"type": "http.response.body", "body": b"!"})


def wsgi_hello(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    environ["wsgi.input"].read()
    start("200 OK", [("content-type", "text/plain")])
    return [b"hello", b"!"]


class Gate:
    """An application whose requests wait until they are let through."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.running = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.running += 1
        try:
            await self.opened.wait()
            await hello(scope, receive, send)
        finally:
            self.running -= 1


def validated(app: Any) -> Any:
    """Fail when an application breaks the order of messages that ASGI 3 demands."""

    async def wrapper(scope: Any, receive: Any, send: Any) -> None:
        state = {"started": False, "ended": False}

        async def sending(message: Any) -> None:
            assert not state["ended"], f"{message['type']} after the end"
            if message["type"] == "http.response.start":
                assert not state["started"], "two starts"
                state["started"] = True
                for name, value in message["headers"]:
                    assert {type(name), type(value)} == {bytes}
                    assert name == name.lower(), f"{name!r} is not lower case"
            else:
                assert message["type"] == "http.response.body"
                assert state["started"], "a body before the start"
                state["ended"] = not message.get("more_body", False)
            await send(message)

        await app(scope, receive, sending)
        assert state["ended"], "no end"

    return wrapper


def ask(
    app: Any, method: str = "GET", path: str = "/", body: bytes = b"", **headers: str
) -> Answer:
    given = {"host": "127.0.0.1", **{k.replace("_", "-"): v for k, v in headers.items()}}
    transport = InAsgi(validated(app))
    try:
        return transport.send(method, path, tuple(given.items()), body)
    finally:
        transport.close()


def test_the_whole_stack_keeps_the_order_of_messages() -> None:
    settings = replace(SETTINGS, max_inflight=1, max_queue=1)

    answer = ask(middleware_asgi.protect(hello, settings))

    assert (answer.status, answer.body) == (200, b"hello!")
    assert answer.get("x-content-type-options") == "nosniff"


def test_without_a_stack_an_application_is_not_touched() -> None:
    settings = replace(SETTINGS, stack="none")

    assert middleware_asgi.protect(hello, settings) is hello
    assert middleware_wsgi.protect(wsgi_hello, settings) is wsgi_hello


def test_a_body_without_a_length_is_counted() -> None:
    with pytest.raises(Problem, match="more than 4 bytes"):
        ask(BodyLimit(hello, 4), "POST", body=b"12345")


def test_a_declared_length_is_refused_before_the_body_is_read() -> None:
    answer = ask(BodyLimit(hello, 4), "POST", content_length="5")

    assert answer.status == 413
    assert answer.get("connection") == "close"


def test_configured_origins_are_echoed_and_others_not() -> None:
    edge = Edge(hello, replace(SETTINGS, cors_origins=("https://ours.example",)))

    ours, other = ask(edge, origin="https://ours.example"), ask(edge, origin="https://other")

    assert ours.get("access-control-allow-origin") == "https://ours.example"
    assert ours.get("vary") == other.get("vary") == "Origin"
    assert other.get("access-control-allow-origin") is None


@pytest.mark.parametrize(
    ("origin", "opened"),
    [
        (None, True),
        ("https://ours.example", True),
        ("http://127.0.0.1", True),
        ("https://evil.example", False),
        ("null", False),
    ],
)
def test_a_page_of_another_origin_cannot_open_a_websocket(origin: str | None, opened: bool) -> None:
    seen, sent = [], []

    async def app(*_: Any) -> None:
        seen.append(True)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["code"])

    headers = [(b"host", b"127.0.0.1")] + ([(b"origin", origin.encode())] if origin else [])
    scope = {"type": "websocket", "path": "/tasks/live", "headers": headers}
    edge = Edge(app, replace(SETTINGS, cors_origins=("https://ours.example",)))
    asyncio.run(edge(scope, receive, send))

    assert (bool(seen), sent) == (opened, [] if opened else [1008])


def test_head_ends_a_stream_that_would_never_end() -> None:
    ended = []

    async def streams(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
                await asyncio.sleep(0)
        finally:
            ended.append(scope["method"])

    answer = ask(Edge(streams, SETTINGS), "HEAD")

    assert (answer.status, answer.body, ended) == (200, b"", ["GET"])


def test_a_failure_before_the_headers_of_a_head_is_raised() -> None:
    async def fails(scope: Any, receive: Any, send: Any) -> None:
        raise KeyError("broken")

    with pytest.raises(KeyError):
        ask(Edge(fails, SETTINGS), "HEAD")


@pytest.mark.parametrize("interface", ["asgi", "wsgi"])
def test_a_page_may_read_that_it_was_refused_and_when_to_come_back(interface: str) -> None:
    settings = replace(SETTINGS, max_inflight=1)
    given = (("host", "127.0.0.1"), ("origin", "https://app.example"))

    async def asks() -> dict[str, str]:
        gate, sent = Gate(), []  # type: ignore[var-annotated]
        stack = middleware_asgi.protect(gate, settings)
        scope, receive, send = http("/", sent)
        scope["headers"] = [(k.encode(), v.encode()) for k, v in given]
        first = asyncio.ensure_future(stack(scope, receive, http("/")[2]))
        await asyncio.sleep(0)
        await stack(scope, receive, send)
        gate.opened.set()
        await first
        return {k.decode(): v.decode() for k, v in sent[0]["headers"]}

    if interface == "asgi":
        found = asyncio.run(asks())
    else:
        stack = middleware_wsgi.protect(wsgi_hello, settings)
        first = stack(
            {"wsgi.input": io.BytesIO(), "REQUEST_METHOD": "GET", "HTTP_HOST": "127.0.0.1"},
            lambda *_: None,
        )
        found = dict(InWsgi(stack).send("GET", "/", given, b"").headers)
        first.close()  # type: ignore[attr-defined]

    assert found["retry-after"] == "1"
    assert found["access-control-allow-origin"] == "*"
    assert "Retry-After" in found["access-control-expose-headers"]


def http(path: str, sent: list[Any] | None = None) -> tuple[Any, Any, Any]:
    """Return scope, receive and send of a request whose messages are kept."""
    kept = [] if sent is None else sent

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        kept.append(message)

    return {"type": "http", "method": "GET", "path": path, "headers": []}, receive, send


async def statuses(shed: LoadShed, gate: Gate, paths: list[str]) -> list[int]:
    sent: list[list[Any]] = [[] for _ in paths]
    calls = []
    for path, kept in zip(paths, sent, strict=True):
        calls.append(asyncio.ensure_future(shed(*http(path, kept))))
        for _ in range(3):
            await asyncio.sleep(0)
    gate.opened.set()
    await asyncio.gather(*calls)
    return [kept[0]["status"] for kept in sent]


def test_what_exceeds_places_and_queue_is_refused_at_once() -> None:
    async def overloads() -> tuple[list[int], LoadShed]:
        gate = Gate()
        shed = LoadShed(gate, max_inflight=2, max_queue=1, max_wait=5)
        return await statuses(shed, gate, ["/"] * 5), shed

    found, shed = asyncio.run(overloads())

    assert found == [200, 200, 200, 503, 503]
    assert shed.inflight == 0


def test_probes_and_listeners_pass_while_requests_are_refused() -> None:
    async def overloads() -> list[int]:
        gate = Gate()
        paths = ["/", "/", "/healthz", "/readyz", "/tasks/events"]
        return await statuses(LoadShed(gate, 1), gate, paths)

    assert asyncio.run(overloads()) == [200, 503, 200, 200, 200]


def test_a_turn_that_does_not_come_is_a_refusal() -> None:
    async def waits() -> tuple[int, int]:
        gate = Gate()
        shed = LoadShed(gate, 1, max_queue=5, max_wait=0.01)
        first = asyncio.ensure_future(shed(*http("/")))
        await asyncio.sleep(0)
        sent: list[Any] = []
        await shed(*http("/", sent))
        gate.opened.set()
        await first
        return sent[0]["status"], shed.inflight

    assert asyncio.run(waits()) == (503, 0)


@pytest.mark.parametrize("arguments", [(0, 0, 1.0), (1, -1, 1.0), (1, 0, -1.0)])
def test_limits_that_serve_nothing_are_refused(arguments: tuple[int, int, float]) -> None:
    with pytest.raises(ValueError, match="max_inflight must be at least 1"):
        LoadShed(hello, *arguments)


def test_other_protocols_pass_all_layers() -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    async def none(*_: Any) -> Any:
        return {}

    stack = middleware_asgi.protect(app, replace(SETTINGS, max_inflight=1))
    asyncio.run(stack({"type": "lifespan"}, none, none))  # type: ignore[arg-type]
    headers = [(b"host", b"127.0.0.1:1")]
    asyncio.run(stack({"type": "websocket", "path": "/", "headers": headers}, none, none))  # type: ignore[arg-type]

    assert seen == ["lifespan", "websocket"]


def test_a_target_that_names_another_host_is_refused_and_not_repeated() -> None:
    answer = ask(Edge(hello, SETTINGS), path="http://evil.example/tasks")

    assert answer.status == 404
    assert b"evil" not in answer.body


def test_a_websocket_from_another_host_is_closed() -> None:
    sent = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    scope = {"type": "websocket", "path": "/", "headers": [(b"host", b"evil")]}
    asyncio.run(Edge(hello, SETTINGS)(scope, receive, send))

    assert sent == [{"type": "websocket.close", "code": 1008}]


def wsgi(app: Any, **environ: Any) -> Answer:
    transport = InWsgi(lambda given, start: app({**given, **environ}, start))
    return transport.send("POST", "/", (("host", "127.0.0.1"),), b"")


def test_a_chunked_body_is_counted_for_wsgi_too() -> None:
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked"}
    limited = middleware_wsgi.BodyLimit(wsgi_hello, 4)

    too_large = wsgi(limited, **chunked, **{"wsgi.input": io.BytesIO(b"12345")})
    fits = wsgi(limited, **chunked, **{"wsgi.input": io.BytesIO(b"1234")})

    assert (too_large.status, fits.status) == (413, 200)


def test_a_wsgi_request_holds_its_place_until_its_body_is_sent() -> None:
    shed = middleware_wsgi.LoadShed(wsgi_hello, 1)
    transport = InWsgi(shed)
    first = shed({"wsgi.input": io.BytesIO(), "PATH_INFO": "/"}, lambda *_: None)

    assert transport.send("GET", "/", (), b"").status == 503
    assert transport.send("GET", "/readyz", (), b"").status == 200
    first.close()  # type: ignore[attr-defined]
    assert transport.send("GET", "/", (), b"").status == 200
    assert shed.inflight == 0


def test_a_wsgi_request_that_fails_gives_its_place_back() -> None:
    def fails(environ: Any, start: Any) -> Iterable[bytes]:
        raise KeyError("broken")

    shed = middleware_wsgi.LoadShed(fails, 1)

    with pytest.raises(KeyError):
        shed({"PATH_INFO": "/"}, None)  # type: ignore[arg-type]
    assert shed.inflight == 0


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_what_a_wsgi_application_returned_is_closed_whoever_stands_before_it(
    settings: Settings, method: str
) -> None:
    closed: list[str] = []
    body = SimpleNamespace(close=lambda: closed.append(method))

    def app(_: Any, start: Any) -> Any:
        start("200 OK", [])
        return body

    stack = middleware_wsgi.LoadShed(middleware_wsgi.Edge(app, settings), 1)
    environ = {"REQUEST_METHOD": method, "HTTP_HOST": "127.0.0.1", "PATH_INFO": "/"}
    stack(environ, lambda *_: None).close()  # type: ignore[attr-defined]

    assert closed == [method]
