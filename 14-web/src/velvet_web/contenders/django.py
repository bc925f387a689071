"""Django without its ORM: class-based views, settings in code, and entries for WSGI and ASGI.

Django keeps its configuration once per process, so the board travels with each request.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import Any

import django  # type: ignore[import-untyped]
from django.conf import settings as configuration  # type: ignore[import-untyped]
from django.http import (  # type: ignore[import-untyped]
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.urls import path  # type: ignore[import-untyped]
from django.views import View  # type: ignore[import-untyped]

from velvet_web.board import NDJSON, Call, Reply, TaskBoard, openapi
from velvet_web.domain import Problem, refusal
from velvet_web.semantics import JSON
from velvet_web.settings import Settings

INTERFACE = "wsgi"
BOARD = "velvet.board"
COMPACT = {"separators": (",", ":"), "ensure_ascii": False}


def board_of(request: HttpRequest) -> TaskBoard:
    """Return the board that the entry put beside the request."""
    found: TaskBoard = getattr(request, "scope", request.META)[BOARD]
    return found


def read(request: HttpRequest) -> Call:
    """Return the request as the board sees it."""
    query = request.META.get("QUERY_STRING", "")
    return Call(request.method or "", request.headers, request.scheme or "", query, request.body)


def respond(reply: Reply) -> HttpResponse:
    """Serialise a reply."""
    if reply.status == 204:
        return HttpResponse(status=204)
    return JsonResponse(
        reply.payload,
        safe=False,
        status=reply.status,
        headers=reply.headers,
        json_dumps_params=COMPACT,
    )


def problem(request: HttpRequest, error: Problem) -> HttpResponse:
    """Return a problem document."""
    if error.status == 304:
        return HttpResponse(status=304, headers={"etag": error.headers["etag"]})
    return HttpResponse(error.body(request.path), status=error.status, headers=error.headers)


def problems(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Any:
    """Answer what a view raised; Django finds the hook as an attribute of its middleware."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return get_response(request)

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
        return problem(request, error) if isinstance(error, Problem) else None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


class BoardView(View):  # type: ignore[misc]
    """A view over the board whose 405 is a problem document, too."""

    def http_method_not_allowed(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        return problem(request, refusal(405, ", ".join(self._allowed_methods())))


class Tasks(BoardView):
    """`/tasks`."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return respond(board_of(request).list(read(request)))

    def post(self, request: HttpRequest) -> HttpResponse:
        return respond(board_of(request).create(read(request)))

    def delete(self, request: HttpRequest) -> HttpResponse:
        return respond(board_of(request).clear(read(request)))


class OneTask(BoardView):
    """`/tasks/{task_id}`."""

    def get(self, request: HttpRequest, task_id: str) -> HttpResponse:
        return respond(board_of(request).get(read(request), task_id))

    def patch(self, request: HttpRequest, task_id: str) -> HttpResponse:
        return respond(board_of(request).patch(read(request), task_id))

    def delete(self, request: HttpRequest, task_id: str) -> HttpResponse:
        return respond(board_of(request).delete(read(request), task_id))


class ReadOnly(BoardView):
    """A resource that is only read; what answers is given where it is routed."""

    answer: Callable[[HttpRequest], HttpResponseBase] | None = None

    def get(self, request: HttpRequest) -> HttpResponseBase:
        assert self.answer is not None, "a route without an answer"
        return self.answer(request)


def export(request: HttpRequest) -> HttpResponseBase:
    """`/tasks/export`."""
    return StreamingHttpResponse(board_of(request).export(read(request)), content_type=NDJSON)


async def health_async(request: HttpRequest) -> HttpResponse:
    """`/healthz-async`: the same answer from a coroutine, for the ASGI entry."""
    return respond(board_of(request).health())


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a path without a view."""
    del exception  # Django passes it by name
    return problem(request, refusal(404))


def handler500(request: HttpRequest) -> HttpResponse:
    """Answer a failure without its traceback."""
    return problem(request, Problem(500, "the server failed"))


urlpatterns = [
    path("tasks", Tasks.as_view()),
    path("tasks/export", ReadOnly.as_view(answer=export)),
    path("tasks/<str:task_id>", OneTask.as_view()),
    path("healthz", ReadOnly.as_view(answer=lambda request: respond(board_of(request).health()))),
    path("healthz-async", health_async),
    path("readyz", ReadOnly.as_view(answer=lambda request: respond(board_of(request).ready()))),
    path(
        "openapi.json",
        ReadOnly.as_view(answer=lambda _: HttpResponse(openapi(), content_type=JSON)),
    ),
]


def configure() -> None:
    """Configure Django once per process."""
    if not configuration.configured:
        configuration.configure(
            ALLOWED_HOSTS=["*"],  # the host was checked by the middleware outside
            APPEND_SLASH=False,
            LOGGING_CONFIG=None,
            MIDDLEWARE=[f"{__name__}.problems"],
            ROOT_URLCONF=__name__,
            SECRET_KEY=secrets.token_hex(32),
            USE_I18N=False,
        )
        django.setup(set_prefix=False)
        # A refusal is an answer; only failures are worth a line.
        logging.getLogger("django.request").setLevel(logging.ERROR)


def framework_app(settings: Settings) -> Callable[..., Any]:
    """Return the WSGI application."""
    from django.core.handlers.wsgi import WSGIHandler  # type: ignore[import-untyped]

    configure()
    board, handler = TaskBoard(settings), WSGIHandler()
    return lambda environ, start: handler({**environ, BOARD: board}, start)


def asgi_app(settings: Settings) -> Callable[..., Any]:
    """Return the ASGI application, whose synchronous views run in a thread."""
    from django.core.handlers.asgi import ASGIHandler  # type: ignore[import-untyped]

    configure()
    board, handler = TaskBoard(settings), ASGIHandler()

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await handler({**scope, BOARD: board}, receive, send)

    return app
