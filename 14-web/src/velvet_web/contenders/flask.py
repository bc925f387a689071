"""Flask: a blueprint of functions over thread-local request state; one thread per request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from flask import Blueprint, Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from velvet_web.board import NDJSON, Call, Reply, TaskBoard, openapi
from velvet_web.domain import Problem, refusal
from velvet_web.settings import Settings

INTERFACE = "wsgi"


def read() -> Call:
    """Return the request as the board sees it."""
    query = request.query_string.decode("latin-1")
    headers = cast("Mapping[str, str]", request.headers)
    return Call(request.method, headers, request.scheme, query, request.get_data())


def respond(reply: Reply) -> Response:
    """Serialise a reply."""
    response = jsonify(reply.payload) if reply.status != 204 else Response()
    response.status_code = reply.status
    response.headers.update(reply.headers)
    return response


def problem(error: Exception) -> Response:
    """Turn any failure into a problem document."""
    if isinstance(error, HTTPException):
        error = refusal(error.code or 500, error.get_response().headers.get("Allow"))
    elif not isinstance(error, Problem):
        error = Problem(500, "the server failed")
    if error.status == 304:
        return Response(status=304, headers={"etag": error.headers["etag"]})
    return Response(error.body(request.path), error.status, error.headers)


def tasks(board: TaskBoard) -> Blueprint:
    """Return the routes of the board."""
    routes = Blueprint("tasks", __name__)

    @routes.get("/tasks")
    def list_tasks() -> Response:
        return respond(board.list(read()))

    @routes.post("/tasks")
    def create_task() -> Response:
        return respond(board.create(read()))

    @routes.delete("/tasks")
    def clear_tasks() -> Response:
        return respond(board.clear(read()))

    @routes.get("/tasks/<task_id>")
    def get_task(task_id: str) -> Response:
        return respond(board.get(read(), task_id))

    @routes.patch("/tasks/<task_id>")
    def patch_task(task_id: str) -> Response:
        return respond(board.patch(read(), task_id))

    @routes.delete("/tasks/<task_id>")
    def delete_task(task_id: str) -> Response:
        return respond(board.delete(read(), task_id))

    @routes.get("/tasks/export")
    def export_tasks() -> Response:
        return Response(board.export(read()), mimetype=NDJSON)

    @routes.get("/healthz")
    def health() -> Response:
        return respond(board.health())

    @routes.get("/readyz")
    def ready() -> Response:
        return respond(board.ready())

    @routes.get("/openapi.json")
    def document() -> Response:
        return Response(openapi(), mimetype="application/json")

    return routes


def framework_app(settings: Settings) -> Flask:
    """Return the application."""
    app = Flask(__name__, static_folder=None)
    app.json.compact, app.json.sort_keys, app.json.ensure_ascii = True, False, False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False
    app.register_blueprint(tasks(TaskBoard(settings)))
    for kind in (Problem, HTTPException, Exception):
        app.register_error_handler(kind, problem)
    return app
