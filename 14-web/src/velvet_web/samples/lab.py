"""The applications that are no contenders: the floor, and handlers that wait, compute and stream.

The floor answers the probe with no framework at all, so what a framework adds can be named. The
lab's handlers each do one thing that a real handler does: wait for something (blocking or not),
compute, hold one of few resources, stream, or build a whole answer first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import partial
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from velvet_web.middleware_asgi import AsgiApp, LoadShed, Receive, Scope, Send
from velvet_web.middleware_wsgi import Environ, StartResponse, WsgiApp
from velvet_web.settings import Settings

OK = b'{"status":"ok"}'
CHUNK = b"x" * 65535 + b"\n"
POOL = 10
HOLD = 0.05


def bare_asgi(_: Settings) -> AsgiApp:
    """Return an ASGI application that answers everything with the probe's answer."""

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = [(b"content-type", b"application/json"), (b"content-length", b"15")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": OK})

    return app


def bare_wsgi(_: Settings) -> WsgiApp:
    """Return a WSGI application that answers everything with the probe's answer."""

    def app(_: Environ, start: StartResponse) -> Iterable[bytes]:
        start("200 OK", [("content-type", "application/json"), ("content-length", "15")])
        return [OK]

    return app


def spin(milliseconds: float) -> None:
    """Use the CPU of this thread for a time, holding the interpreter's lock."""
    until = time.thread_time() + milliseconds / 1e3
    while time.thread_time() < until:
        sum(range(200))


def _ms(request: Request) -> float:
    return min(float(request.query_params.get("ms", 50)), 5000.0)


async def waits(request: Request) -> Response:
    """Wait as a coroutine should."""
    await asyncio.sleep(_ms(request) / 1e3)
    return PlainTextResponse("ok")


async def blocks(request: Request) -> Response:
    """Wait as a coroutine must not: the whole event loop waits with it."""
    time.sleep(_ms(request) / 1e3)  # noqa: ASYNC251 - what is to be shown
    return PlainTextResponse("ok")


def waits_in_thread(request: Request) -> Response:
    """Wait in one of the framework's 40 threads, where a plain `def` handler runs."""
    time.sleep(_ms(request) / 1e3)
    return PlainTextResponse("ok")


def health_in_thread(_: Request) -> Response:
    """Answer a probe from a plain `def` handler, which needs one of the same threads."""
    return PlainTextResponse("ok")


async def health(_: Request) -> Response:
    """Answer a probe on the event loop."""
    return PlainTextResponse("ok")


async def computes(request: Request) -> Response:
    """Compute on the event loop."""
    spin(_ms(request))
    return PlainTextResponse("ok")


async def works(request: Request) -> Response:
    """Hold one of ten connections for 50 ms: 200 requests a second, whatever the machine."""
    async with request.app.state.pool:
        await asyncio.sleep(HOLD)
    return PlainTextResponse("ok")


async def streams(request: Request) -> Response:
    """Send megabytes as they are made; `/sent` tells how much was taken so far."""
    chunks = int(request.query_params.get("mb", 100)) * 16
    pause = float(request.query_params.get("pause", 0)) / 1e3
    state = request.app.state
    state.sent, state.running = 0, True

    async def body() -> AsyncIterator[bytes]:
        try:
            for _ in range(chunks):
                yield CHUNK
                state.sent += len(CHUNK)
                if pause:
                    await asyncio.sleep(pause)
        finally:
            state.running = False

    return StreamingResponse(body(), media_type="application/x-ndjson")


async def dumps(request: Request) -> Response:
    """Build the same answer first and send it then."""
    return Response(b"".join([CHUNK] * int(request.query_params.get("mb", 100)) * 16))


async def sent(request: Request) -> Response:
    """Tell how many bytes the last stream has handed over, and whether it still runs."""
    state = request.app.state
    return PlainTextResponse(f"{state.sent} {int(state.running)}")


class StallingServer:
    """Let every request wait during a pause, as a garbage collector or a lock makes it."""

    def __init__(self, app: AsgiApp, period: float, stall: float) -> None:
        self.app = app
        self.period = period
        self.stall = stall
        self._began = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        phase = (time.monotonic() - self._began) % self.period
        if scope["type"] == "http" and phase > self.period - self.stall:
            await asyncio.sleep(self.period - phase)
        await self.app(scope, receive, send)


class Passing(BaseHTTPMiddleware):
    """A middleware that does nothing, in the convenient form."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)


class PassingAsgi:
    """A middleware that does nothing, in the plain form."""

    def __init__(self, app: AsgiApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def lab(settings: Settings, middleware: Iterable[Any] = ()) -> AsgiApp:
    """Return the lab's ASGI application, behind `LoadShed` where the settings say so."""
    handlers: dict[str, Callable[..., Any]] = {
        "/healthz": health,
        "/readyz": health,
        "/healthz-in-thread": health_in_thread,
        "/wait": waits,
        "/block": blocks,
        "/thread": waits_in_thread,
        "/compute": computes,
        "/work": works,
        "/stream": streams,
        "/dump": dumps,
        "/sent": sent,
    }
    app = Starlette(
        routes=[Route(path, handler) for path, handler in handlers.items()],
        middleware=[Middleware(layer) for layer in middleware],
    )
    app.state.pool, app.state.sent, app.state.running = anyio.Semaphore(POOL), 0, False
    if settings.max_inflight:
        return LoadShed(app, settings.max_inflight, settings.max_queue, settings.max_wait)
    return app


def lab_stalling(settings: Settings) -> AsgiApp:
    """Return the lab behind a server that stands still for 0.4 s in every 2 s."""
    return StallingServer(lab(settings), period=2.0, stall=0.4)


def lab_wsgi(_: Settings) -> WsgiApp:
    """Return the waiting, computing and streaming handlers for WSGI."""

    def app(environ: Environ, start: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        milliseconds = min(float(environ["QUERY_STRING"].partition("ms=")[2] or 50), 5000.0)
        if path in ("/wait", "/thread", "/block"):
            time.sleep(milliseconds / 1e3)
        elif path == "/compute":
            spin(milliseconds)
        elif path == "/stream":
            start("200 OK", [("content-type", "application/x-ndjson")])
            return _chunks(1600)
        start("200 OK", [("content-type", "text/plain"), ("content-length", "2")])
        return [b"ok"]

    return app


def _chunks(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield CHUNK


LABS: dict[str, Callable[[Settings], Any]] = {
    "bare_asgi": bare_asgi,
    "bare_wsgi": bare_wsgi,
    "lab": lab,
    "lab_stalling": lab_stalling,
    "lab_wsgi": lab_wsgi,
    **{
        f"lab_{kind}_{layers}": partial(lab, middleware=[layer] * layers)
        for kind, layer in (("base", Passing), ("pure", PassingAsgi))
        for layers in (0, 1, 2, 4, 5, 8)
    },
}
