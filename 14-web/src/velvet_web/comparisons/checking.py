"""What a check of the contract is made of: a registry, and demands that say what was found.

A check is a function over a `Client`, registered under the sentence that it demands. It does not
know whether the front end is in this process or behind a server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from velvet_web.comparisons.client import Answer, Client

Check = Callable[[Client], None]


class Nonconforming(AssertionError):
    """A front end does something else than the contract says."""


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check; `evidence` is the last request as a command line."""

    name: str
    passed: bool
    detail: str = ""
    evidence: str = ""


CHECKS: dict[str, Check] = {}


def check(name: str) -> Callable[[Check], Check]:
    """Register a check under the sentence that it demands."""

    def register(function: Check) -> Check:
        CHECKS[name] = function
        return function

    return register


def equal(found: Any, wanted: Any, what: str) -> None:
    """Raise unless two values are equal."""
    if found != wanted:
        raise Nonconforming(f"{what} is {found!r}, not {wanted!r}")


def problem(answer: Answer, status: int) -> Any:
    """Demand a problem document with this status and return it."""
    equal(answer.status, status, "status")
    equal(answer.get("content-type"), "application/problem+json", "Content-Type")
    document = answer.json()
    equal(document["status"], status, "the member status")
    missing = {"type", "title", "detail", "instance"} - set(document)
    equal(missing, set(), "missing members")
    for leak in ("Traceback", "SELECT", 'File "'):
        equal(leak in answer.body.decode(), False, f"{leak!r} in the answer")
    return document


def created(api: Client, **members: Any) -> Any:
    """Create a task and return its document."""
    answer = api.request("POST", "/tasks", {"title": "a task", **members})
    equal(answer.status, 201, "status")
    return answer.json()


def path(task: Any) -> str:
    """Return the path of a task."""
    return f"/tasks/{task['id']}"
