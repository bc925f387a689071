"""One contract, five frameworks: the same answers, a broken handler that is caught, every error once.

Nothing is started here: the front ends are called in this process. Run one with
`python examples/basic.py NAME`.
"""

from __future__ import annotations

import inspect
import json
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from velvet.examples import example, main
from velvet_web.comparisons import conformance
from velvet_web.comparisons.client import Client, in_process
from velvet_web.contenders import build, load, names
from velvet_web.samples import read_sample, unfold
from velvet_web.settings import Settings


@contextmanager
def front_end(name: str) -> Iterator[Client]:
    """A front end in this process, with an empty board."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        app = build(name, Settings(dsn=str(Path(folder) / "board.db")))
        transport = in_process(app, load(name).INTERFACE)
        yield Client(transport)
        transport.close()


def lines_of(name: str) -> int:
    """Lines of a contender that are neither empty nor a comment."""
    source = inspect.getsource(load(name)).splitlines()
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in source)


@example("same_api_five_times")
def same_api_five_times() -> None:
    """The same five requests to all five frameworks, their lines of code, and one body for all."""
    bodies = set()
    for name in names():
        with front_end(name) as api:
            created = api.request("POST", "/tasks", {"title": "Grüße"}).json()
            answers = [
                api.request("GET", "/tasks"),
                api.request("PATCH", "/tasks/1", {"completed": True}),
                api.request("GET", "/tasks/1", headers={"if-none-match": '"1-2"'}),
                api.request("DELETE", "/tasks/1"),
            ]
        body = answers[1].body.replace(created["created_at"].encode(), b"TIME").strip()
        bodies.add(body)
        print(f"{name:10} {lines_of(name):4} lines   {[answer.status for answer in answers]}")
    print(f"\ndifferent bodies after the PATCH: {len(bodies)}")
    print(textwrap.fill(bodies.pop().decode(), 78, break_long_words=True))
    print("why: routing, models and serialisers differ; contract and store do not")


@example("contract_first")
def contract_first() -> None:
    """A handler broken on purpose, the check that catches it, and the curl line that shows it."""
    with front_end("flask") as api:
        sound = conformance.failures(api)
    print(
        f"Flask as it is: {len(conformance.CHECKS) - len(sound)} of {len(conformance.CHECKS)} pass"
    )

    with front_end("flask") as api:
        inner = api.transport.send

        def forgets_etag(*request: Any) -> Any:
            answer = inner(*request)
            kept = tuple(pair for pair in answer.headers if pair[0].lower() != "etag")
            return type(answer)(answer.status, kept, answer.body)

        api.transport.send = forgets_etag  # type: ignore[method-assign]
        broken = conformance.failures(api)
    print(f"without ETag:   {len(broken)} checks fail, the first is")
    for text in (broken[0].name, broken[0].detail, broken[0].evidence):
        print(textwrap.fill(text, 76, initial_indent="  ", subsequent_indent="    "))
    print("why: a wrong answer is often a fast one; nothing is timed before it passes")


@example("problem_details")
def problem_details() -> None:
    """Every error status once, as an RFC 9457 problem with a sentence and a pointer."""
    merge = {"content-type": "application/merge-patch+json"}
    requests: list[tuple[str, str, Any, dict[str, str]]] = [
        ("POST", "/tasks", b"{'title': 'single quotes'}", {}),
        ("GET", "/tasks/9223372036854775808", None, {}),
        ("PUT", "/tasks", {}, {}),
        ("GET", "/tasks", None, {"accept": "text/html"}),
        ("POST", "/tasks", {"title": "other"}, {"idempotency-key": "k"}),
        ("PATCH", "/tasks/1", {"order": 1}, {**merge, "if-match": '"old"'}),
        ("POST", "/tasks", b" " * 70_000, {}),
        ("POST", "/tasks", b"title=x", {"content-type": "application/x-www-form-urlencoded"}),
        ("POST", "/tasks", {"title": "  ", "admin": True}, {}),
        ("GET", "/tasks", None, {"host": "evil.example"}),
    ]
    with front_end("fastapi") as api:
        api.request("POST", "/tasks", {"title": "once"}, {"idempotency-key": "k"})
        for method, target, body, headers in requests:
            document = api.request(method, target, body, headers).json()
            print(f"{document['status']} {method:5} {target[:20]:20} {document['detail'][:46]}")
    print("why: a client can act on a status and a pointer; it cannot act on a traceback")


@example("fast_and_wrong")
def fast_and_wrong() -> None:
    """What `json.loads` takes that the contract refuses: NaN, a member twice, and UTF-16."""
    with front_end("starlette") as api:
        # 13 documents that must not become a task
        for name, parts in read_sample("hostile.json")["json"].items():
            raw = unfold(parts)
            try:
                taken = f"takes {str(json.loads(raw))[:21]}"
            except (ValueError, RecursionError) as error:
                taken = type(error).__name__
            # The front end answers 400 with a sentence, and stores nothing.
            status = api.request("POST", "/tasks", raw).status
            print(f"{name:26} json.loads: {taken:28} ours: {status}")
    print("why: two services read a member that comes twice in two ways")


if __name__ == "__main__":
    main()
