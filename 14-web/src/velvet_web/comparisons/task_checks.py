"""Checks of what the task board does: creation, pages, patches, retries, the export."""

from __future__ import annotations

import threading
from typing import Any

from velvet_web.board import openapi
from velvet_web.comparisons.checking import CHECKS, Check, check, created, equal, path, problem
from velvet_web.comparisons.client import Answer, Client, OverSocket
from velvet_web.samples import read_sample, unfold

MEMBERS = {"id", "url", "title", "completed", "order", "created_at", "version"}


@check("a new task has defaults and all members")
def _defaults(api: Client) -> None:
    task = created(api)
    equal(set(task), MEMBERS, "the set of members")
    chosen = (task["completed"], task["order"], task["version"])
    equal(chosen, (False, None, 1), "completed, order, version")


@check("creation answers 201 with Location, ETag and an absolute url")
def _creation(api: Client) -> None:
    answer = api.request("POST", "/tasks", {"title": "x", "completed": True, "order": 7})
    task = answer.json()
    equal(answer.status, 201, "status")
    equal(answer.get("location"), task["url"], "Location")
    equal(answer.get("etag"), f'"{task["id"]}-1"', "ETag")
    equal(task["url"], f"http://{api.transport.authority}{path(task)}", "url")
    equal((task["completed"], task["order"]), (True, 7), "completed and order")


@check("a title loses the spaces around it and keeps any script and sign")
def _title(api: Client) -> None:
    for title in ("  padded ", "Grüße 你好 🚀", "100 %'; DROP TABLE tasks; --", "<b>&amp;"):
        equal(created(api, title=title)["title"], title.strip(), "title")


@check("titles of 1 and of 200 characters are taken")
def _title_limits(api: Client) -> None:
    for length in (1, 200):
        equal(len(created(api, title="é" * length)["title"]), length, "length of the title")


@check("a task can be read at its url and in the list")
def _read(api: Client) -> None:
    task = created(api)
    answer = api.request("GET", path(task))
    equal((answer.status, answer.json()), (200, task), "the task")
    equal(answer.get("content-type"), "application/json", "Content-Type")
    equal(api.request("GET", "/tasks").json(), [task], "the list")


@check("an empty board is an empty array")
def _empty(api: Client) -> None:
    answer = api.request("GET", "/tasks")
    equal((answer.status, answer.json(), answer.get("link")), (200, [], None), "the list")


@check("pages link to the next until all tasks were seen once")
def _pages(api: Client) -> None:
    wanted = [created(api, title=str(n))["id"] for n in range(7)]
    target, seen, pages = "/tasks?limit=3", [], 0
    while target:
        answer = api.request("GET", target)
        seen += [task["id"] for task in answer.json()]
        link = answer.get("link") or ""
        target = link.partition(">")[0].removeprefix(f"<http://{api.transport.authority}")
        pages += 1
    equal((seen, pages), (wanted, 3), "ids and pages")


@check("completed filters, and its link keeps the filter")
def _filter(api: Client) -> None:
    for n in range(4):
        created(api, completed=n % 2 == 0)
    answer = api.request("GET", "/tasks?completed=true&limit=1")
    equal([task["completed"] for task in answer.json()], [True], "completed")
    equal("completed=true" in (answer.get("link") or ""), True, "the filter in the link")


@check("a merge patch changes what it names and counts the version")
def _patch(api: Client) -> None:
    task = created(api, order=3)
    merge = {"content-type": "application/merge-patch+json"}
    answer = api.request("PATCH", path(task), {"title": "new"}, merge)
    changed = {**task, "title": "new", "version": 2}
    equal((answer.status, answer.json()), (200, changed), "the task")
    equal(answer.get("etag"), f'"{task["id"]}-2"', "ETag")
    equal(api.request("GET", path(task)).json(), changed, "the stored task")


@check("a merge patch may come as application/json, and null resets")
def _patch_null(api: Client) -> None:
    task = created(api, order=3, completed=True)
    answer = api.request("PATCH", path(task), {"order": None, "completed": None})
    found = answer.json()
    equal((found["order"], found["completed"]), (None, False), "order and completed")


@check("a patch that would make the task invalid changes nothing")
def _patch_invalid(api: Client) -> None:
    task = created(api)
    patches: tuple[Any, ...] = (
        {"title": None},
        {"title": ""},
        {"id": 9},
        [],
        "x",
        {"order": 2**31},
    )
    for patch in patches:
        problem(api.request("PATCH", path(task), patch), 422)
    deep = b'{"title":' + b'{"a":' * 980 + b"1" + b"}" * 981
    problem(api.request("PATCH", path(task), deep), 400)
    equal(api.request("GET", path(task)).json(), task, "the stored task")


@check("deletion answers 204 without a body, and then 404")
def _delete(api: Client) -> None:
    task = created(api)
    answer = api.request("DELETE", path(task))
    equal((answer.status, answer.body), (204, b""), "status and body")
    for method in ("GET", "PATCH", "DELETE"):
        body = {"title": "x"} if method == "PATCH" else None
        problem(api.request(method, path(task), body), 404)


@check("emptying the board answers 204 and never reuses an id")
def _clear(api: Client) -> None:
    before = created(api)["id"]
    equal(api.request("DELETE", "/tasks").status, 204, "status")
    equal(created(api)["id"] > before, True, "a larger id")


@check("what cannot be an id answers 404 and never reaches the database")
def _ids(api: Client) -> None:
    for text in (
        *("0", "01", "-1", "+1", "1.0", "1e3", "abc", "9223372036854775808", "9" * 40),
        *("%2e%2e", "1;drop", "1%00", "%D9%A1", "1%20", "%C2%B2"),
    ):
        problem(api.request("GET", f"/tasks/{text}"), 404)


@check("a repeated Idempotency-Key returns the first task")
def _idempotency(api: Client) -> None:
    key = {"idempotency-key": f"key-{created(api)['id']}"}
    first = api.request("POST", "/tasks", {"title": "once"}, key)
    second = api.request("POST", "/tasks", {"title": "once"}, key)
    equal((second.status, second.json()), (201, first.json()), "the second answer")
    problem(api.request("POST", "/tasks", {"title": "other"}, key), 409)
    equal(len(api.request("GET", "/tasks").json()), 2, "number of tasks")


@check("an Idempotency-Key that is too long or not printable answers 422")
def _idempotency_invalid(api: Client) -> None:
    problem(api.request("POST", "/tasks", {"title": "x"}, {"idempotency-key": "k" * 256}), 422)


@check("an invalid document names each invalid member by its pointer")
def _pointers(api: Client) -> None:
    body = {"title": 7, "completed": "yes", "order": 1.5, "a/b": 1}
    found = problem(api.request("POST", "/tasks", body), 422)["errors"]
    pointers = {error["pointer"] for error in found}
    equal(pointers, {"/title", "/completed", "/order", "/a~1b"}, "pointers")


@check("the export streams every task as a line of JSON")
def _export(api: Client) -> None:
    wanted = [created(api, title=f"line {n}\n") for n in range(3)]
    answer = api.request("GET", "/tasks/export")
    kind = (answer.get("content-type") or "").partition(";")[0]
    equal((answer.status, kind), (200, "application/x-ndjson"), "status and type")
    lines = answer.body.decode().splitlines()
    equal([Answer(200, (), line.encode()).json() for line in lines], wanted, "the lines")


@check("the probes answer")
def _probes(api: Client) -> None:
    for target, status in (("/healthz", "ok"), ("/readyz", "ready")):
        answer = api.request("GET", target)
        equal((answer.status, answer.json()), (200, {"status": status}), target)


@check("the document is served as it was written")
def _document(api: Client) -> None:
    equal(api.request("GET", "/openapi.json").body, openapi(), "the document")


@check("twenty concurrent requests with one Idempotency-Key create one task")
def _concurrent(api: Client) -> None:
    answers: list[tuple[int, bytes]] = []
    key = {"idempotency-key": f"race-{created(api)['id']}"}

    def one() -> None:
        transport = OverSocket(f"http://{api.transport.authority}")
        answer = Client(transport).request("POST", "/tasks", {"title": "once"}, key)
        answers.append((answer.status, answer.body))
        transport.close()

    if isinstance(api.transport, OverSocket):
        threads = [threading.Thread(target=one) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal(len(answers), 20, "answers")
    else:
        for _ in range(20):
            answer = api.request("POST", "/tasks", {"title": "once"}, key)
            answers.append((answer.status, answer.body))
    equal({status for status, _ in answers}, {201}, "statuses")
    equal(len(set(answers)), 1, "different answers")
    equal(len(api.request("GET", "/tasks").json()), 2, "number of tasks")


def _bad_json(raw: bytes) -> Check:
    def demand(api: Client) -> None:
        problem(api.request("POST", "/tasks", raw), 400)
        equal(api.request("GET", "/tasks").json(), [], "the board")

    return demand


def _bad_members(raw: bytes, pointer: str) -> Check:
    def demand(api: Client) -> None:
        found = problem(api.request("POST", "/tasks", raw), 422)
        equal(pointer in [error["pointer"] for error in found["errors"]], True, f"{pointer} named")
        equal(api.request("GET", "/tasks").json(), [], "the board")

    return demand


_HOSTILE = read_sample("hostile.json")
for _name, _parts in _HOSTILE["json"].items():
    CHECKS[f"{_name} for JSON answers 400"] = _bad_json(unfold(_parts))
for _name, _case in _HOSTILE["members"].items():
    CHECKS[f"{_name} answers 422"] = _bad_members(unfold(_case["raw"]), _case["pointer"])


@check("a body of 64 KiB is read, one byte more answers 413")
def _too_large(api: Client) -> None:
    limit = 64 * 1024
    problem(api.request("POST", "/tasks", b" " * limit), 400)
    problem(api.request("POST", "/tasks", b" " * (limit + 1)), 413)
    equal(api.request("GET", "/healthz").status, 200, "the next answer")
