"""Litestar: handlers are declared once for the module, and msgspec structs are the models."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Litestar, Request, Response, WebSocket, delete, get, patch, post, websocket
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.params import FromPath
from litestar.response import Stream

from velvet_web.board import EVENT_STREAM, NDJSON, Call, Reply, TaskBoard, openapi, runner
from velvet_web.domain import Problem, refusal
from velvet_web.events import event_stream, tell_live
from velvet_web.semantics import require_acceptable
from velvet_web.settings import Settings

INTERFACE = "asgi"
HttpRequest = Request[Any, Any, Any]


class TaskOut(msgspec.Struct):
    """A task as it is answered."""

    id: int
    url: str
    title: str
    completed: bool
    order: int | None
    created_at: str
    version: int


class Status(msgspec.Struct):
    """The answer of a probe."""

    status: str


async def read(request: HttpRequest) -> Call:
    """Return the request as the board sees it."""
    query = request.scope["query_string"].decode("latin-1")
    return Call(
        str(request.method), request.headers, request.url.scheme, query, await request.body()
    )


async def operate(request: HttpRequest, operation: str, *arguments: str) -> Reply:
    """Run one operation of the board."""
    state = request.app.state
    reply: Reply = await state.run(getattr(state.board, operation), await read(request), *arguments)
    return reply


def one(reply: Reply) -> Response[TaskOut]:
    """Serialise a reply with one task."""
    return Response(TaskOut(**reply.payload), status_code=reply.status, headers=reply.headers)


@get("/tasks")
async def list_tasks(request: HttpRequest) -> Response[list[TaskOut]]:
    """`GET /tasks`."""
    reply = await operate(request, "list")
    return Response([TaskOut(**task) for task in reply.payload], headers=reply.headers)


@post("/tasks")
async def create_task(request: HttpRequest) -> Response[TaskOut]:
    """`POST /tasks`."""
    return one(await operate(request, "create"))


@delete("/tasks")
async def clear_tasks(request: HttpRequest) -> None:
    """`DELETE /tasks`."""
    await operate(request, "clear")


@get("/tasks/{task_id:str}")
async def get_task(request: HttpRequest, task_id: FromPath[str]) -> Response[TaskOut]:
    """`GET /tasks/{task_id}`."""
    return one(await operate(request, "get", task_id))


@patch("/tasks/{task_id:str}")
async def patch_task(request: HttpRequest, task_id: FromPath[str]) -> Response[TaskOut]:
    """`PATCH /tasks/{task_id}`."""
    return one(await operate(request, "patch", task_id))


@delete("/tasks/{task_id:str}")
async def delete_task(request: HttpRequest, task_id: FromPath[str]) -> None:
    """`DELETE /tasks/{task_id}`."""
    await operate(request, "delete", task_id)


@get("/tasks/export")
async def export_tasks(request: HttpRequest) -> Stream:
    """`GET /tasks/export`."""
    return Stream(request.app.state.board.export(await read(request)), media_type=NDJSON)


@get("/tasks/events", include_in_schema=False)
async def events(request: HttpRequest) -> Stream:
    """`GET /tasks/events`."""
    require_acceptable(request.headers.get("accept"), EVENT_STREAM)
    last = request.headers.get("last-event-id")
    return Stream(event_stream(request.app.state.board.events, last), media_type=EVENT_STREAM)


@websocket("/tasks/live")
async def live(socket: WebSocket[Any, Any, Any]) -> None:
    """`/tasks/live`."""
    await socket.accept()
    await tell_live(
        socket.app.state.board.events, socket.send_text, socket.receive_text, socket.close
    )


@get("/healthz")
async def health(request: HttpRequest) -> Status:
    """`GET /healthz`."""
    return Status(**request.app.state.board.health().payload)


@get("/readyz")
async def ready(request: HttpRequest) -> Status:
    """`GET /readyz`."""
    return Status(**(await request.app.state.run(request.app.state.board.ready)).payload)


@get("/openapi.json", media_type="application/json")
async def document() -> bytes:
    """`GET /openapi.json`."""
    return openapi()


def _allow(request: HttpRequest) -> str:
    """Return the methods of the matching route; Litestar's own 405 has no `Allow`."""
    methods = request.app.route_handler_method_map
    path = request.url.path
    found = methods.get(path) or methods.get(f"{path.rpartition('/')[0]}/{{task_id:str}}", {})
    return ", ".join(sorted(found))


def problem(request: HttpRequest, error: Exception) -> Response[bytes]:
    """Turn any failure into a problem document."""
    if isinstance(error, HTTPException):
        error = refusal(error.status_code, _allow(request) if error.status_code == 405 else None)
    elif not isinstance(error, Problem):
        error = Problem(500, "the server failed")
    if error.status == 304:
        return Response(b"", status_code=304, headers={"etag": error.headers["etag"]})
    kind = error.headers.pop("content-type")
    body = error.body(request.url.path)
    return Response(body, status_code=error.status, headers=error.headers, media_type=kind)


def framework_app(settings: Settings) -> Litestar:
    """Return the application."""
    tasks = [list_tasks, create_task, clear_tasks, get_task, patch_task, delete_task]
    app = Litestar(
        [*tasks, export_tasks, events, live, health, ready, document],
        exception_handlers={Problem: problem, HTTPException: problem, Exception: problem},
        logging_config=None,  # its default starts a thread per application
        openapi_config=OpenAPIConfig("Task board", "1.0.0", path="/_schema", render_plugins=[]),
    )
    app.state.board, app.state.run = TaskBoard(settings), runner(settings)
    return app
