"""FastAPI: typed models validate each response, and the document is generated from the code."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Response, WebSocket
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from velvet_web.board import EVENT_STREAM, NDJSON, Call, Reply, TaskBoard, openapi, runner
from velvet_web.contenders import starlette as base
from velvet_web.domain import Problem, refusal
from velvet_web.events import event_stream, tell_live
from velvet_web.semantics import require_acceptable
from velvet_web.settings import Settings

INTERFACE = "asgi"


class TaskOut(BaseModel):
    """A task as it is answered; a handler that returns anything else is a 500."""

    id: int
    url: str
    title: str
    completed: bool
    order: int | None
    created_at: str
    version: int


class Status(BaseModel):
    """The answer of a probe."""

    status: str


async def read(request: Request) -> Call:
    """Return the request as the board sees it."""
    return await base.read(request)


Read = Annotated[Call, Depends(read)]


def accept(reply: Reply, response: Response) -> Any:
    """Set status and headers, and leave the payload to the response model."""
    response.status_code = reply.status
    response.headers.update(reply.headers)
    return reply.payload


def _allow(api: FastAPI, path: str) -> str:
    """Return the methods of all routes with this path; the router names those of one only."""
    found = [(getattr(route, "path_regex", None), route) for route in api.routes]
    matching = (route for regex, route in found if regex and regex.match(path))
    return ", ".join(sorted({m for route in matching for m in getattr(route, "methods", ())}))


def framework_app(settings: Settings) -> FastAPI:
    """Return the application."""
    board, run = TaskBoard(settings), runner(settings)
    api = FastAPI(title="Task board", openapi_url=None, redirect_slashes=False)

    async def problem(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.status_code == 405:
            error = refusal(405, _allow(api, request.url.path))
        return await base.problem(request, error)

    for kind in (Problem, HTTPException, Exception):
        api.add_exception_handler(kind, problem)

    @api.get("/tasks", response_model=list[TaskOut])
    async def list_tasks(call: Read, response: Response) -> Any:
        return accept(await run(board.list, call), response)

    @api.post("/tasks", response_model=TaskOut, status_code=201)
    async def create_task(call: Read, response: Response) -> Any:
        return accept(await run(board.create, call), response)

    @api.delete("/tasks", status_code=204)
    async def clear_tasks(call: Read) -> None:
        await run(board.clear, call)

    @api.get("/tasks/export", response_class=StreamingResponse)
    async def export_tasks(call: Read) -> StreamingResponse:
        return StreamingResponse(board.export(call), media_type=NDJSON)

    @api.get("/tasks/events", include_in_schema=False)
    async def events(request: Request) -> StreamingResponse:
        require_acceptable(request.headers.get("accept"), EVENT_STREAM)
        last = request.headers.get("last-event-id")
        return StreamingResponse(event_stream(board.events, last), media_type=EVENT_STREAM)

    @api.websocket("/tasks/live")
    async def live(websocket: WebSocket) -> None:
        await websocket.accept()
        await tell_live(board.events, websocket.send_text, websocket.receive_text, websocket.close)

    @api.get("/tasks/{task_id}", response_model=TaskOut)
    async def get_task(task_id: str, call: Read, response: Response) -> Any:
        return accept(await run(board.get, call, task_id), response)

    @api.patch("/tasks/{task_id}", response_model=TaskOut)
    async def patch_task(task_id: str, call: Read, response: Response) -> Any:
        return accept(await run(board.patch, call, task_id), response)

    @api.delete("/tasks/{task_id}", status_code=204)
    async def delete_task(task_id: str, call: Read) -> None:
        await run(board.delete, call, task_id)

    @api.get("/healthz", response_model=Status)
    async def health() -> Any:
        return board.health().payload

    @api.get("/readyz", response_model=Status)
    async def ready() -> Any:
        return (await run(board.ready)).payload

    @api.get("/openapi.json", response_model=dict[str, Any])
    async def document() -> Response:
        return Response(openapi(), media_type="application/json")

    api.state.board = board
    return api
