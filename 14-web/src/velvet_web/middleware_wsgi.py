"""The WSGI twins of `middleware_asgi`, in the same order and with the same effect.

One thing has no twin: a request that waits for a thread is not visible in here, so `LoadShed` has
no queue. The server's backlog is the queue, and its length is a server setting.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from io import BytesIO
from typing import Any

from velvet_web.domain import Problem
from velvet_web.middleware_asgi import (
    NEVER_SHED,
    PREFLIGHT,
    SECURITY_HEADERS,
    _with_head,
    cors_headers,
    refused,
)
from velvet_web.semantics import body_length
from velvet_web.settings import Settings

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]


def answer(start: StartResponse, problem: Problem, environ: Environ) -> list[bytes]:
    """Start and return a whole response for a refusal."""
    path = environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace")
    body = problem.body(path)
    headers = [*problem.headers.items(), ("content-length", str(len(body)))]
    start(f"{problem.status} {HTTPStatus(problem.status).phrase}", headers)
    return [body]


class Finished:
    """An iterable that calls back once, when the server has sent it or given up."""

    def __init__(self, body: Iterable[bytes], then: Callable[[], None]) -> None:
        self._body = body
        self._then: Callable[[], None] | None = then

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        """Close what is wrapped, then call back."""
        try:
            getattr(self._body, "close", lambda: None)()
        finally:
            then, self._then = self._then, None
            if then is not None:
                then()


class Edge:
    """Host check, CORS, HEAD, request identity, timing and security headers in one layer."""

    def __init__(self, app: WsgiApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        began = time.perf_counter()
        extra = dict(cors_headers(self.settings, environ.get("HTTP_ORIGIN", "")))
        extra["x-request-id"] = uuid.uuid4().hex

        def starting(status: str, headers: list[tuple[str, str]], *info: Any) -> Any:
            extra["server-timing"] = f"app;dur={(time.perf_counter() - began) * 1e3:.2f}"
            if status.startswith("405"):
                headers = [
                    (k, _with_head(v.encode()).decode() if k.lower() == "allow" else v)
                    for k, v in headers
                ]
            if status.startswith(("204", "304")):
                # Flask and Django give an empty answer a type, which PEP 3333's validator refuses.
                headers = [(k, v) for k, v in headers if k.lower() != "content-type"]
            return start(status, [*headers, *SECURITY_HEADERS.items(), *extra.items()], *info)

        method = environ["REQUEST_METHOD"]
        problem = refused(self.settings, environ.get("HTTP_HOST"), environ.get("PATH_INFO", ""))
        if problem is not None:
            body: Iterable[bytes] = answer(starting, problem, environ)
        elif method == "OPTIONS":
            extra.update(PREFLIGHT)
            starting("204 No Content", [])
            return []
        else:
            given = {**environ, "REQUEST_METHOD": "GET"} if method == "HEAD" else environ
            body = self.app(given, starting)
        if method == "HEAD":
            getattr(body, "close", lambda: None)()
            return []
        return body


class BodyLimit:
    """Refuse a body over the limit; one without a length is read through a counter."""

    def __init__(self, app: WsgiApp, limit: int) -> None:
        self.app = app
        self.limit = int(limit)

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        length = body_length(environ.get("CONTENT_LENGTH") or "0")
        if environ.get("HTTP_TRANSFER_ENCODING"):
            # Read at most one byte too many; WSGI frameworks read CONTENT_LENGTH bytes.
            read = environ["wsgi.input"].read(self.limit + 1)
            length = len(read)
            environ = {**environ, "wsgi.input": BytesIO(read), "CONTENT_LENGTH": str(length)}
        if length > self.limit:
            refusal = Problem(413, f"the body has more than {self.limit} bytes")
            return answer(start, refusal, environ)
        return self.app(environ, start)


class LoadShed:
    """Refuse at once what comes in while `max_inflight` requests are served."""

    def __init__(self, app: WsgiApp, max_inflight: int) -> None:
        self.app = app
        self.max_inflight = int(max_inflight)
        self.inflight = 0
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") in NEVER_SHED:
            return self.app(environ, start)
        with self._lock:
            admitted = self.inflight < self.max_inflight
            self.inflight += admitted
        if not admitted:
            refusal = Problem(503, "this server is at its limit", headers={"retry-after": "1"})
            return answer(start, refusal, environ)
        try:
            return Finished(self.app(environ, start), self._leave)
        except BaseException:
            self._leave()
            raise

    def _leave(self) -> None:
        with self._lock:
            self.inflight -= 1


def protect(app: WsgiApp, settings: Settings) -> WsgiApp:
    """Wrap an application in the layers that its settings ask for."""
    if settings.stack == "none":
        return app
    app = BodyLimit(app, settings.max_body)
    if settings.max_inflight:
        app = LoadShed(app, settings.max_inflight)
    return Edge(app, settings)
