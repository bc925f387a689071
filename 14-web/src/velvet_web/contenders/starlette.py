"""Starlette: endpoints are classes, responses are explicit, nothing is generated."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from velvet_web.board import EVENT_STREAM, NDJSON, Call, Reply, TaskBoard, openapi, runner
from velvet_web.domain import Problem, refusal
from velvet_web.events import event_stream, tell_live
from velvet_web.semantics import require_acceptable
from velvet_web.settings import Settings

INTERFACE = "asgi"


async def read(request: Request) -> Call:
    """Return the request as the board sees it."""
    return Call(
        request.method,
        request.headers,
        request.url.scheme,
        request.url.query,
        await request.body(),
    )


def respond(reply: Reply) -> Response:
    """Serialise a reply."""
    if reply.status == 204:
        return Response(status_code=204)
    return JSONResponse(reply.payload, reply.status, reply.headers)


async def problem(request: Request, error: Exception) -> Response:
    """Turn any failure into a problem document."""
    if isinstance(error, HTTPException):
        error = refusal(error.status_code, (error.headers or {}).get("Allow"))
    elif not isinstance(error, Problem):
        error = Problem(500, "the server failed")
    if error.status == 304:
        return Response(status_code=304, headers={"etag": error.headers["etag"]})
    return Response(error.body(request.url.path), error.status, error.headers)


async def operate(request: Request, operation: str, *arguments: str) -> Response:
    """Run one operation of the board and serialise its reply."""
    state = request.app.state
    call = await read(request)
    return respond(await state.run(getattr(state.board, operation), call, *arguments))


class Tasks(HTTPEndpoint):
    """`/tasks`."""

    async def get(self, request: Request) -> Response:
        return await operate(request, "list")

    async def post(self, request: Request) -> Response:
        return await operate(request, "create")

    async def delete(self, request: Request) -> Response:
        return await operate(request, "clear")


class OneTask(HTTPEndpoint):
    """`/tasks/{task_id}`."""

    async def get(self, request: Request) -> Response:
        return await operate(request, "get", request.path_params["task_id"])

    async def patch(self, request: Request) -> Response:
        return await operate(request, "patch", request.path_params["task_id"])

    async def delete(self, request: Request) -> Response:
        return await operate(request, "delete", request.path_params["task_id"])


async def export(request: Request) -> Response:
    """`/tasks/export`: Starlette iterates in a thread, and stops when the client is gone."""
    return StreamingResponse(request.app.state.board.export(await read(request)), media_type=NDJSON)


async def events(request: Request) -> Response:
    """`/tasks/events`."""
    require_acceptable(request.headers.get("accept"), EVENT_STREAM)
    board: TaskBoard = request.app.state.board
    last = request.headers.get("last-event-id")
    return StreamingResponse(event_stream(board.events, last), media_type=EVENT_STREAM)


async def live(websocket: WebSocket) -> None:
    """`/tasks/live`."""
    await websocket.accept()
    board: TaskBoard = websocket.app.state.board
    await tell_live(board.events, websocket.send_text, websocket.receive_text, websocket.close)


async def health(request: Request) -> Response:
    """`/healthz`."""
    return respond(request.app.state.board.health())


async def ready(request: Request) -> Response:
    """`/readyz`."""
    return respond(await request.app.state.run(request.app.state.board.ready))


async def document(_: Request) -> Response:
    """`/openapi.json`."""
    return Response(openapi(), media_type="application/json")


def framework_app(settings: Settings) -> Starlette:
    """Return the application."""
    app = Starlette(
        routes=[
            Route("/tasks", Tasks),
            Route("/tasks/export", export),
            Route("/tasks/events", events),
            WebSocketRoute("/tasks/live", live),
            Route("/tasks/{task_id}", OneTask),
            Route("/healthz", health),
            Route("/readyz", ready),
            Route("/openapi.json", document),
        ],
        exception_handlers={Problem: problem, HTTPException: problem, Exception: problem},
    )
    app.router.redirect_slashes = False
    app.state.board, app.state.run = TaskBoard(settings), runner(settings)
    return app
