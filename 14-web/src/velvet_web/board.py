"""The operations of the contract, between a parsed request and a reply that has no framework yet.

A front end turns its request into a `Call`, runs one method, and sends the `Reply` with its own
router, models and serialiser. What the frameworks cost is therefore exactly what differs.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from velvet_web.domain import (
    FieldError,
    Problem,
    Task,
    decode_json,
    encode_json,
    invalid,
    make_cursor,
    parse_id,
    parse_new,
    patched,
    read_cursor,
)
from velvet_web.events import Broadcaster
from velvet_web.semantics import (
    JSON,
    MERGE_PATCH,
    check_preconditions,
    read_query,
    require_acceptable,
    require_media_type,
)
from velvet_web.settings import Settings
from velvet_web.store import SqliteStore, TaskStore

T = TypeVar("T")
NDJSON = "application/x-ndjson"
EVENT_STREAM = "text/event-stream"
MAX_LIMIT, DEFAULT_LIMIT = 100, 50
PATCH_TRIES = 5


def open_store(dsn: str, *, busy: float = 0.5) -> TaskStore:
    """Open the store that an address names."""
    if dsn.startswith(("postgresql://", "postgres://")):
        from velvet_web.postgres import PgStore

        return PgStore(dsn, busy=busy)
    return SqliteStore(dsn, busy=busy)


@dataclass(frozen=True)
class Call:
    """A request as the board sees it; `headers` is looked up without regard to case."""

    method: str
    headers: Mapping[str, str]
    scheme: str = "http"
    query: str = ""
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """What is to be answered; a front end serialises `payload`."""

    payload: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class TaskBoard:
    """The task board over a store, with a broadcaster that tells of changes."""

    def __init__(self, settings: Settings, store: TaskStore | None = None) -> None:
        self.settings = settings
        self.store = store or open_store(settings.dsn, busy=settings.busy)
        self.events = Broadcaster()
        self._drain = Path(settings.drain_file) if settings.drain_file else None

    def base(self, call: Call) -> str:
        """Return scheme and authority for absolute addresses; `Host` was checked before."""
        return self.settings.public_url or f"{call.scheme}://{call.headers.get('host', '')}"

    def list(self, call: Call) -> Reply:
        """Answer one page, with a link to the next."""
        require_acceptable(call.headers.get("accept"), JSON)
        query = read_query(call.query, ("limit", "after", "completed"))
        limit = _limit(query.get("limit", str(DEFAULT_LIMIT)))
        completed = _flag(query.get("completed"))
        after = read_cursor(query["after"], self.settings.secret) if "after" in query else 0
        found = self.store.page(limit + 1, after, completed)
        base, headers = self.base(call), {}
        if len(found) > limit:
            cursor = make_cursor(found[limit - 1].id, self.settings.secret)
            also = f"&completed={query['completed']}" if "completed" in query else ""
            headers["link"] = f'<{base}/tasks?limit={limit}&after={cursor}{also}>; rel="next"'
        return Reply([task.public(base) for task in found[:limit]], headers=headers)

    def create(self, call: Call) -> Reply:
        """Create a task, once per `Idempotency-Key`."""
        require_acceptable(call.headers.get("accept"), JSON)
        require_media_type(call.headers.get("content-type"), (JSON,))
        new = parse_new(decode_json(call.body))
        key = call.headers.get("idempotency-key")
        if key is None:
            task, fresh = self.store.create(new), True
        elif not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
            raise invalid(FieldError("Idempotency-Key", "must have 1 to 255 printable characters"))
        else:
            fingerprint = hashlib.sha256(call.body).hexdigest()
            task, fresh = self.store.create_once(new, key, fingerprint)
        if fresh:
            self._tell("created", task)
        reply = self._one(call, task, 201)
        reply.headers["location"] = reply.payload["url"]
        return reply

    def clear(self, _: Call) -> Reply:
        """Delete all tasks."""
        self.store.clear()
        self.events.publish("cleared", b"{}")
        return Reply(status=204)

    def get(self, call: Call, task_id: str) -> Reply:
        """Answer one task, or 304 when the client's copy is current."""
        require_acceptable(call.headers.get("accept"), JSON)
        task = self._find(task_id)
        check_preconditions(call.method, call.headers, task.etag)
        return self._one(call, task)

    def patch(self, call: Call, task_id: str) -> Reply:
        """Merge a patch into a task; concurrent changes are never lost."""
        require_acceptable(call.headers.get("accept"), JSON)
        require_media_type(call.headers.get("content-type"), (MERGE_PATCH, JSON))
        document = decode_json(call.body)
        for _ in range(PATCH_TRIES):
            task = self._find(task_id)
            check_preconditions(call.method, call.headers, task.etag)
            changed = self.store.replace(task, patched(task, document))
            if changed is not None:
                self._tell("changed", changed)
                return self._one(call, changed)
        raise Problem(409, "the task changes faster than this patch can be applied")

    def delete(self, call: Call, task_id: str) -> Reply:
        """Delete a task."""
        for _ in range(PATCH_TRIES):
            task = self._find(task_id)
            check_preconditions(call.method, call.headers, task.etag)
            if self.store.delete(task):
                self._tell("deleted", task)
                return Reply(status=204)
        raise Problem(409, "the task changes faster than it can be deleted")

    def export(self, call: Call) -> Iterator[bytes]:
        """Check the request, then yield all tasks as NDJSON, a page at a time."""
        require_acceptable(call.headers.get("accept"), NDJSON)
        base = self.base(call)
        return (
            b"".join(encode_json(task.public(base)) + b"\n" for task in page)
            for page in self.store.export()
        )

    def health(self) -> Reply:
        """Answer that the process lives; touches nothing that can fail."""
        return Reply({"status": "ok"})

    def ready(self) -> Reply:
        """Answer 503 while draining or without a database, so that no new work is sent here.

        The probe of a draining server ends its streams, which would outlast the grace.
        """
        if self._drain is not None and self._drain.exists():
            self.events.close()
            raise Problem(503, "this server is draining", headers={"retry-after": "5"})
        self.store.ping()
        return Reply({"status": "ready"})

    def _find(self, task_id: str) -> Task:
        task = self.store.get(parse_id(task_id))
        if task is None:
            raise Problem(404, "there is no such task")
        return task

    def _one(self, call: Call, task: Task, status: int = 200) -> Reply:
        return Reply(task.public(self.base(call)), status, {"etag": task.etag})

    def _tell(self, kind: str, task: Task) -> None:
        self.events.publish(kind, encode_json(task.public("")), key=str(task.id))


def openapi() -> bytes:
    """Return the contract, an OpenAPI 3.1 document written by hand."""
    return files("velvet_web").joinpath("openapi.json").read_bytes()


def runner(settings: Settings) -> Callable[..., Awaitable[Any]]:
    """Return how an async front end calls the board: on the event loop, or in a thread.

    A short query on a local file costs less than the hop to a thread and back; a query that waits
    for a lock or a network stands still with every other request when it runs inline.
    """
    if settings.store == "threads" or settings.dsn.startswith("postgres"):
        return asyncio.to_thread

    async def inline(function: Callable[..., T], *arguments: Any) -> T:
        return function(*arguments)

    return inline


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= MAX_LIMIT):
        raise invalid(FieldError("?limit", f"must be 1 to {MAX_LIMIT}"))
    return int(text)


def _flag(text: str | None) -> bool | None:
    if text not in (None, "true", "false"):
        raise invalid(FieldError("?completed", "must be true or false"))
    return None if text is None else text == "true"
