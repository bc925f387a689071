"""What every ASGI front end is wrapped in: pure ASGI, so that a layer costs microseconds.

`protect` builds the stack, outermost first, and each position has its reason:

1. `Edge` checks `Host` and path, answers OPTIONS, turns HEAD into GET, and adds headers to every
   answer: without those of CORS, a page cannot read that it was refused, and when to come back.
2. `LoadShed` refuses before any work is done; health checks pass, or the orchestrator would kill
   a server for being busy, and so do listeners, which wait for hours and would hold every place.
3. `BodyLimit` is innermost, because its refusal is raised where the body is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from velvet_web.domain import Problem, refusal
from velvet_web.semantics import body_length, host_name
from velvet_web.settings import Settings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

NEVER_SHED = ("/healthz", "/readyz", "/tasks/events")
SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
CORS_EXPOSED = "ETag, Link, Location, Retry-After, X-Request-Id"


def header(scope: Scope, name: bytes) -> str | None:
    """Return the first value of a request header, or None."""
    found = (value for key, value in scope["headers"] if key == name)
    value = next(found, None)
    return None if value is None else value.decode("latin-1")


async def send_problem(send: Send, problem: Problem, instance: str) -> None:
    """Send a whole response for a refusal."""
    body = problem.body(instance)
    sent = {**problem.headers, "content-length": str(len(body))}
    raw = [(name.encode(), value.encode("latin-1")) for name, value in sent.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def refused(settings: Settings, host: str | None, path: str) -> Problem | None:
    """Return why a request is refused at the edge: its `Host`, or a path that is no plain one.

    Some routers, and one server, take `//tasks` or `/tasks/` for `/tasks`; rules of a proxy do not.
    """
    if host_name(host) not in settings.allowed_hosts:
        return Problem(400, "the Host header names no host of this server")
    return refusal(404) if "//" in path or (path.endswith("/") and path != "/") else None


def cors_headers(settings: Settings, origin: str) -> dict[str, str]:
    """Return what a response needs so that a page of this origin may read it."""
    if "*" in settings.cors_origins:
        return {"access-control-allow-origin": "*", "access-control-expose-headers": CORS_EXPOSED}
    allowed = {"vary": "Origin"}
    if origin in settings.cors_origins:
        allowed["access-control-allow-origin"] = origin
        allowed["access-control-expose-headers"] = CORS_EXPOSED
    return allowed


PREFLIGHT = {
    "access-control-allow-methods": "GET, HEAD, POST, PATCH, DELETE",
    "access-control-allow-headers": "Content-Type, If-Match, If-None-Match, Idempotency-Key",
    "access-control-max-age": "600",
}


class Edge:
    """Host check, CORS, HEAD, request identity, timing and security headers in one layer."""

    def __init__(self, app: AsgiApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self.fixed = [(k.encode(), v.encode()) for k, v in SECURITY_HEADERS.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        hosts = [value for key, value in scope["headers"] if key == b"host"]
        host = hosts[0].decode("latin-1") if len(hosts) == 1 else ""
        problem = refused(self.settings, host, scope["path"])
        if scope["type"] == "websocket":
            if problem is None and self._may_listen(header(scope, b"origin"), host):
                await self.app(scope, receive, send)
                return
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        began = time.perf_counter()
        extra = dict(cors_headers(self.settings, header(scope, b"origin") or ""))
        extra["x-request-id"] = uuid.uuid4().hex
        head = scope["method"] == "HEAD"

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                took = (time.perf_counter() - began) * 1e3
                extra["server-timing"] = f"app;dur={took:.2f}"
                raw = [(k.encode(), v.encode("latin-1")) for k, v in extra.items()]
                given = [(k.lower(), v) for k, v in message["headers"]]
                if message["status"] == 405:
                    given = [(k, _with_head(v) if k == b"allow" else v) for k, v in given]
                message = {**message, "headers": [*given, *self.fixed, *raw]}
            elif head:
                message = {**message, "body": b""}
            await send(message)

        if problem is not None:
            await send_problem(sending, problem, scope["path"] if scope["path"][:1] == "/" else "/")
        elif scope["method"] == "OPTIONS":
            extra.update(PREFLIGHT)
            await sending({"type": "http.response.start", "status": 204, "headers": []})
            await sending({"type": "http.response.body"})
        elif head:
            await _only_head(self.app, {**scope, "method": "GET"}, receive, sending)
        else:
            await self.app(scope, receive, sending)

    def _may_listen(self, origin: str | None, host: str) -> bool:
        """Tell whether a page may open a WebSocket: browsers ask CORS about all but these."""
        origins = self.settings.cors_origins
        own = (origin or "").partition("://")[2] == host
        return origin is None or own or "*" in origins or origin in origins


async def _only_head(app: AsgiApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run a GET until its headers are out: a stream of events would keep the connection for ever."""
    sent = asyncio.Event()

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            await send({"type": "http.response.body", "body": b""})
            sent.set()

    answering = asyncio.ensure_future(app(scope, receive, sending))
    answering.add_done_callback(lambda _: sent.set())
    try:
        await sent.wait()
    finally:
        answering.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await answering


def _with_head(allow: bytes) -> bytes:
    methods = {method.strip() for method in allow.split(b",")} - {b"OPTIONS"}
    return b", ".join(sorted(methods | ({b"HEAD"} if b"GET" in methods else set())))


class BodyLimit:
    """Refuse a body over the limit before it is read to its end, with or without a length."""

    def __init__(self, app: AsgiApp, limit: int) -> None:
        self.app = app
        self.limit = int(limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        closing = {"connection": "close"}
        refusal = Problem(413, f"the body has more than {self.limit} bytes", headers=closing)
        if body_length(header(scope, b"content-length") or "0") > self.limit:
            await send_problem(send, refusal, scope["path"])
            return
        left = self.limit

        async def receiving() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise refusal
            return message

        await self.app(scope, receiving, send)


class LoadShed:
    """Serve a bounded number of requests, queue a bounded number, and refuse the rest at once.

    Without a bound, a server at twice its capacity answers every request too late; with one, it
    answers as many as it can in time and tells the others when to come back.

    Attributes:
        inflight: requests that are served now.
    """

    def __init__(
        self, app: AsgiApp, max_inflight: int, max_queue: int = 0, max_wait: float = 1.0
    ) -> None:
        if not (max_inflight >= 1 and max_queue >= 0 and max_wait >= 0):
            raise ValueError("max_inflight must be at least 1, max_queue and max_wait at least 0")
        self.app, self.max_inflight = app, max_inflight
        self.max_queue, self.max_wait = max_queue, max_wait
        self.inflight = 0
        self._waiting: dict[asyncio.Future[None], None] = {}  # in order of arrival

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in NEVER_SHED:
            await self.app(scope, receive, send)
            return
        if not await self._enter():
            problem = Problem(503, "this server is at its limit", headers={"retry-after": "1"})
            await send_problem(send, problem, scope["path"])
            return
        try:
            await self.app(scope, receive, send)
        finally:
            self._leave()

    async def _enter(self) -> bool:
        if self.inflight < self.max_inflight:
            self.inflight += 1
            return True
        if len(self._waiting) >= self.max_queue:
            return False
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[turn] = None
        try:
            await asyncio.wait_for(turn, self.max_wait)
        except (asyncio.TimeoutError, asyncio.CancelledError) as error:
            if turn.done() and not turn.cancelled():
                self._leave()  # the turn came in the same moment
            if isinstance(error, asyncio.CancelledError):
                raise
            return False
        finally:
            self._waiting.pop(turn, None)
        return True

    def _leave(self) -> None:
        """Hand the place to the first that still waits; `inflight` stays as it is then."""
        while self._waiting:
            turn = next(iter(self._waiting))
            del self._waiting[turn]
            if not turn.done():
                turn.set_result(None)
                return
        self.inflight -= 1


def protect(app: AsgiApp, settings: Settings) -> AsgiApp:
    """Wrap an application in the layers that its settings ask for."""
    if settings.stack == "none":
        return app
    app = BodyLimit(app, settings.max_body)
    if settings.max_inflight:
        app = LoadShed(app, settings.max_inflight, settings.max_queue, settings.max_wait)
    return Edge(app, settings)
