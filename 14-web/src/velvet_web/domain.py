"""What a task is, and how a request for one is read without trusting a byte of it.

Plain dataclasses and functions, with no framework and no HTTP library: five front ends call the
same ones, so they cannot disagree about what is valid. A refusal is a `Problem`, which carries its
status and becomes an RFC 9457 document.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import quote

from itsdangerous import BadData, URLSafeSerializer

MAX_TITLE = 200
MAX_ID = 2**63 - 1
MAX_ORDER, MIN_ORDER = 2**31 - 1, -(2**31)
MAX_DEPTH = 32  # a document of ours has a depth of one; a merge patch is applied recursively


@dataclass(frozen=True)
class FieldError:
    """One invalid member: a JSON pointer (RFC 6901) and what is wrong there."""

    pointer: str
    detail: str


class Problem(Exception):
    """A refusal with its HTTP status, as RFC 9457 describes it."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors = status, detail, tuple(errors)
        self.headers = {**(headers or {}), "content-type": "application/problem+json"}

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).__new__, (type(self),), {**self.__dict__, "args": self.args}

    def body(self, instance: str) -> bytes:
        """Return the problem document for the path of the request."""
        document: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "instance": quote(instance),
        }
        if self.errors:
            document["errors"] = [vars(error) for error in self.errors]
        return encode_json(document)


def refusal(status: int, allow: str | None = None) -> Problem:
    """Return the problem for a status that a framework's router gave."""
    detail = {404: "there is no such resource", 405: "this resource has other methods"}
    headers = {"allow": allow} if allow else None
    return Problem(status, detail.get(status, HTTPStatus(status).phrase), headers=headers)


def invalid(*errors: FieldError) -> Problem:
    """Return the 422 for one or more invalid members."""
    return Problem(422, "; ".join(f"{e.pointer}: {e.detail}" for e in errors), errors=errors)


@dataclass(frozen=True)
class Task:
    """A stored task; `version` counts its changes and makes its entity tag."""

    id: int
    title: str
    completed: bool
    order: int | None
    created_at: str
    version: int

    @property
    def etag(self) -> str:
        """The strong entity tag of this version."""
        return f'"{self.id}-{self.version}"'

    def public(self, base: str) -> dict[str, Any]:
        """Return the members of the contract, with an absolute `url`."""
        return {
            "id": self.id,
            "url": f"{base}/tasks/{self.id}",
            "title": self.title,
            "completed": self.completed,
            "order": self.order,
            "created_at": self.created_at,
            "version": self.version,
        }


@dataclass(frozen=True)
class NewTask:
    """The members of a task that a client may choose."""

    title: str
    completed: bool = False
    order: int | None = None


def encode_json(value: Any) -> bytes:
    """Return compact UTF-8 JSON, the form that all five front ends send."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def decode_json(raw: bytes) -> Any:
    """Parse JSON more strictly than `json.loads`: UTF-8 only, no `NaN`, no member twice.

    Raises:
        Problem: 400 for all that is no JSON text of RFC 8259, deep nesting included.
    """

    def constant(name: str) -> NoReturn:
        raise ValueError(f"{name} is no JSON value")

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("an object has a member twice")
        return found

    too_deep = Problem(400, "the JSON is nested too deeply")
    try:
        found = json.loads(raw.decode("utf-8"), parse_constant=constant, object_pairs_hook=members)
    except RecursionError:
        raise too_deep from None
    except UnicodeDecodeError:
        raise Problem(400, "the body is no valid UTF-8") from None
    except ValueError as error:
        raise Problem(400, f"the body is no valid JSON: {error}") from None
    level = [found]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return found
    raise too_deep


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _title_fault(title: Any) -> str:
    if not isinstance(title, str):
        return "must be a string"
    if not 1 <= len(title.strip()) <= MAX_TITLE:
        return f"must have 1 to {MAX_TITLE} characters besides spaces"
    if "\0" in title or any(0xD800 <= ord(character) < 0xE000 for character in title):
        return "must not contain NUL or a lone surrogate"
    return ""


def _order_fault(order: Any) -> str:
    if order is None:
        return ""
    if isinstance(order, bool) or not isinstance(order, int):
        return "must be an integer or null"
    return "" if MIN_ORDER <= order <= MAX_ORDER else f"must be {MIN_ORDER} to {MAX_ORDER}"


def parse_new(document: Any) -> NewTask:
    """Read a new task from a parsed document.

    Raises:
        Problem: 422 that names every invalid member by its JSON pointer.
    """
    if not isinstance(document, dict):
        raise invalid(FieldError("", "must be an object"))
    errors = [
        FieldError(f"/{_escaped(name)}", "is not a member of a task that can be set")
        for name in document
        if name not in ("title", "completed", "order")
    ]
    title, order = document.get("title"), document.get("order")
    if isinstance(order, float) and order.is_integer():
        order = int(order)  # JSON Schema counts 3.0 among the integers
    completed = document.get("completed", False)
    faults = {
        "/title": _title_fault(title) if "title" in document else "is required",
        "/completed": "" if isinstance(completed, bool) else "must be true or false",
        "/order": _order_fault(order),
    }
    errors += [FieldError(pointer, fault) for pointer, fault in faults.items() if fault]
    if errors:
        raise invalid(*errors)
    return NewTask(str(title).strip(), completed, order)


def _escaped(name: str) -> str:
    printable = name.encode("utf-8", "replace").decode("utf-8")[:50]
    return printable.replace("~", "~0").replace("/", "~1")


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply a JSON merge patch (RFC 7396): objects merge, null removes, all else replaces.

    >>> merge_patch({"a": "b", "c": {"d": 1}}, {"a": None, "c": {"e": 2}})
    {'c': {'d': 1, 'e': 2}}
    """
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def patched(task: Task, patch: Any) -> NewTask:
    """Return the members of a task after a merge patch; a removed member gets its default.

    Raises:
        Problem: 422 when the patch is no object or the result is no valid task.
    """
    if not isinstance(patch, dict):
        raise invalid(FieldError("", "must be an object"))
    current = {"title": task.title, "completed": task.completed, "order": task.order}
    return parse_new(merge_patch(current, patch))


def parse_id(text: str) -> int:
    """Read a task's id from the path.

    Raises:
        Problem: 404 for all that cannot be an id, so that no text reaches the database.
    """
    canonical = text.isascii() and text.isdigit() and text[0] != "0" and len(text) <= 19
    if not canonical or int(text) > MAX_ID:
        raise Problem(404, "there is no such task")
    return int(text)


def make_cursor(last_id: int, secret: str) -> str:
    """Return an opaque, signed cursor that continues after an id."""
    return str(URLSafeSerializer(secret).dumps(int(last_id)))


def read_cursor(cursor: str, secret: str) -> int:
    """Return the id that a cursor continues after.

    Raises:
        Problem: 422 when the cursor was not made with this secret.
    """
    try:
        return int(URLSafeSerializer(secret).loads(cursor))
    except BadData:
        raise Problem(422, "after is no cursor of this server; start again without it") from None
