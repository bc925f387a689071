"""The contract as checks, written once against a client and run against every front end.

A front end may be measured only after it passes: an answer that is wrong is often fast. Each check
empties the board first, says in its name what it demands, and raises `Nonconforming` with what was
found instead.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from velvet_web.client import Answer, Client, OverSocket

MEMBERS = {"id", "url", "title", "completed", "order", "created_at", "version"}
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
    for patch in ({"title": None}, {"title": ""}, {"id": 9}, [], "x", {"order": 2**31}):
        problem(api.request("PATCH", path(task), patch), 422)
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


@check("HEAD answers as GET does, without a body")
def _head(api: Client) -> None:
    task = created(api)
    for target in ("/tasks", path(task), "/healthz", "/openapi.json"):
        get, head = api.request("GET", target), api.request("HEAD", target)
        found = (head.status, head.body, head.get("content-type"), head.get("etag"))
        wanted = (get.status, b"", get.get("content-type"), get.get("etag"))
        equal(found, wanted, f"HEAD {target}")


@check("other methods answer 405 with all methods in Allow")
def _method(api: Client) -> None:
    task = created(api)
    for target, methods in (
        ("/tasks", {"GET", "HEAD", "POST", "DELETE"}),
        (path(task), {"GET", "HEAD", "PATCH", "DELETE"}),
        ("/healthz", {"GET", "HEAD"}),
    ):
        answer = api.request("PUT", target, {"title": "x"})
        problem(answer, 405)
        found = {method.strip() for method in (answer.get("allow") or "").split(",")}
        equal(found, methods, f"Allow of {target}")


@check("an unknown path answers 404 as a problem")
def _unknown(api: Client) -> None:
    for target in ("/", "/nothing", "/tasks/1/comments", "/taskS"):
        problem(api.request("GET", target), 404)


@check("what cannot be an id answers 404 and never reaches the database")
def _ids(api: Client) -> None:
    for text in (
        *("0", "01", "-1", "+1", "1.0", "1e3", "abc", "9223372036854775808", "9" * 40),
        *("%2e%2e", "1;drop", "1%00", "%D9%A1", "1%20", "%C2%B2"),
    ):
        problem(api.request("GET", f"/tasks/{text}"), 404)


@check("If-None-Match answers 304 for the current version only")
def _not_modified(api: Client) -> None:
    task = created(api)
    etag = api.request("GET", path(task)).get("etag") or ""
    for tags in (etag, "*", f'"other", {etag}', f"W/{etag}"):
        answer = api.request("GET", path(task), headers={"if-none-match": tags})
        equal((answer.status, answer.body, answer.get("etag")), (304, b"", etag), tags)
    for tags in ('"other"', "garbage", ""):
        equal(api.request("GET", path(task), headers={"if-none-match": tags}).status, 200, tags)


@check("If-Match lets one of two writers win")
def _lost_update(api: Client) -> None:
    task = created(api)
    etag = {"if-match": api.request("GET", path(task)).get("etag") or ""}
    equal(api.request("PATCH", path(task), {"title": "first"}, etag).status, 200, "the first")
    problem(api.request("PATCH", path(task), {"title": "second"}, etag), 412)
    problem(api.request("DELETE", path(task), headers=etag), 412)
    equal(api.request("GET", path(task)).json()["title"], "first", "title")


@check("If-Match compares strongly; * matches any existing task")
def _if_match(api: Client) -> None:
    task = created(api)
    etag = api.request("GET", path(task)).get("etag") or ""
    for tags in (f"W/{etag}", '"other"', "garbage"):
        problem(api.request("PATCH", path(task), {"order": 1}, {"if-match": tags}), 412)
    equal(api.request("PATCH", path(task), {"order": 1}, {"if-match": "*"}).status, 200, "status")
    problem(api.request("PATCH", "/tasks/999999999", {"order": 1}, {"if-match": "*"}), 404)


@check("If-None-Match on a change answers 412")
def _if_none_match_write(api: Client) -> None:
    task = created(api)
    answer = api.request("PATCH", path(task), {"order": 1}, {"if-none-match": "*"})
    problem(answer, 412)


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


@check("Accept that excludes our type answers 406")
def _accept(api: Client) -> None:
    for accept in ("text/html", "application/json;q=0", "image/*, text/*"):
        problem(api.request("GET", "/tasks", headers={"accept": accept}), 406)
    for accept in ("*/*", "application/*", "text/html, application/json;q=0.1"):
        equal(api.request("GET", "/tasks", headers={"accept": accept}).status, 200, accept)


@check("a body that is no JSON in UTF-8 answers 415")
def _media_type(api: Client) -> None:
    for kind in ("text/plain", "", "application/json; charset=utf-16", "application/xml"):
        answer = api.request("POST", "/tasks", b'{"title":"x"}', {"content-type": kind})
        problem(answer, 415)
    good = {"content-type": 'Application/JSON; charset="UTF-8"'}
    equal(api.request("POST", "/tasks", b'{"title":"x"}', good).status, 201, "status")


@check("every error names its instance, and the log never leaks into it")
def _instance(api: Client) -> None:
    answer = api.request("GET", "/tasks/none")
    equal(problem(answer, 404)["instance"], "/tasks/none", "instance")


@check("an invalid document names each invalid member by its pointer")
def _pointers(api: Client) -> None:
    body = {"title": 7, "completed": "yes", "order": 1.5, "a/b": 1}
    found = problem(api.request("POST", "/tasks", body), 422)["errors"]
    pointers = {error["pointer"] for error in found}
    equal(pointers, {"/title", "/completed", "/order", "/a~1b"}, "pointers")


@check("a cursor that was changed answers 422")
def _cursor(api: Client) -> None:
    for _ in range(2):
        created(api)
    link = api.request("GET", "/tasks?limit=1").get("link") or ""
    cursor = link.partition("after=")[2][:24]
    swapped = "B" if cursor[5] != "B" else "C"
    for forged in (cursor[:5] + swapped + cursor[6:], cursor[:-1], "", "A" * 24, "é"):
        target = f"/tasks?after={forged.encode('utf-8').hex() if forged == 'é' else forged}"
        problem(api.request("GET", target), 422)


@check("limit and completed outside their range answer 422")
def _parameters(api: Client) -> None:
    for query in (
        *("limit=0", "limit=101", "limit=abc", "limit=-1", "limit=1e1", "limit=", "limit=%D9%A1"),
        *("completed=yes", "completed=", "limit=5&limit=5"),
    ):
        problem(api.request("GET", f"/tasks?{query}"), 422)


@check("unknown parameters are ignored")
def _unknown_parameter(api: Client) -> None:
    equal(api.request("GET", "/tasks?page=2").status, 200, "status")


@check("a Host that is not ours answers 400 and is not reflected")
def _host(api: Client) -> None:
    for host in ("evil.example", "127.0.0.1:80@evil", "127.0.0.1, evil", "a b"):
        answer = api.request("POST", "/tasks", {"title": "x"}, {"host": host})
        equal(answer.status, 400, f"status for {host}")
        equal(b"evil" in answer.body, False, "the host in the answer")


@check("a preflight is answered for all methods and headers of the contract")
def _preflight(api: Client) -> None:
    asked = {"origin": "https://app.example", "access-control-request-method": "PATCH"}
    answer = api.request("OPTIONS", "/tasks/1", headers=asked)
    equal(answer.status, 204, "status")
    equal(answer.get("access-control-allow-origin"), "*", "allowed origin")
    allowed = answer.get("access-control-allow-methods") or ""
    equal("PATCH" in allowed and "DELETE" in allowed, True, "methods")
    equal("If-Match" in (answer.get("access-control-allow-headers") or ""), True, "If-Match")


@check("answers and errors carry CORS, request id and security headers")
def _headers(api: Client) -> None:
    for target in ("/tasks", "/nothing"):
        answer = api.request("GET", target, headers={"origin": "https://app.example"})
        equal(answer.get("access-control-allow-origin"), "*", "allowed origin")
        equal("ETag" in (answer.get("access-control-expose-headers") or ""), True, "exposed")
        equal(answer.get("x-content-type-options"), "nosniff", "X-Content-Type-Options")
        equal(len(answer.get("x-request-id") or ""), 32, "length of X-Request-Id")
        equal((answer.get("server-timing") or "").startswith("app;dur="), True, "Server-Timing")


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
    from velvet_web.board import openapi

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


BAD_JSON = {
    "nothing": b"",
    "half an object": b'{"title":',
    "two documents": b'{"title":"x"} {}',
    "NaN": b'{"title":"x","order":NaN}',
    "Infinity": b'{"title":"x","order":-Infinity}',
    "a member twice": b'{"title":"x","title":"y"}',
    "invalid UTF-8": b'{"title":"\xff\xfe"}',
    "a byte order mark": b'\xef\xbb\xbf{"title":"x"}',
    "UTF-16": '{"title":"x"}'.encode("utf-16"),
    "single quotes": b"{'title':'x'}",
    "a comment": b'{"title":"x"} // no',
    "nesting of 30,000 arrays": b"[" * 30_000 + b"]" * 30_000,
    "a number of 5,000 digits": b'{"title":"x","order":' + b"9" * 5000 + b"}",
}
BAD_MEMBERS: dict[str, tuple[Any, str]] = {
    "no title": ({}, "/title"),
    "a title of 201 characters": ({"title": "x" * 201}, "/title"),
    "a title of spaces": ({"title": "   "}, "/title"),
    "a title with NUL": ({"title": "a\0b"}, "/title"),
    "a lone surrogate": ({"title": "\ud800"}, "/title"),
    "a title that is null": ({"title": None}, "/title"),
    "completed as a number": ({"title": "x", "completed": 1}, "/completed"),
    "completed as null": ({"title": "x", "completed": None}, "/completed"),
    "an order of 32 bits and one": ({"title": "x", "order": 2**31}, "/order"),
    "an order that is true": ({"title": "x", "order": True}, "/order"),
    "an unknown member": ({"title": "x", "admin": True}, "/admin"),
    "an array": ([], ""),
    "a string": ("x", ""),
    "null": (b"null", ""),
}


def _bad_json(raw: bytes) -> Check:
    def demand(api: Client) -> None:
        problem(api.request("POST", "/tasks", raw), 400)
        equal(api.request("GET", "/tasks").json(), [], "the board")

    return demand


def _bad_members(document: Any, pointer: str) -> Check:
    def demand(api: Client) -> None:
        found = problem(api.request("POST", "/tasks", document), 422)
        equal(pointer in [error["pointer"] for error in found["errors"]], True, f"{pointer} named")
        equal(api.request("GET", "/tasks").json(), [], "the board")

    return demand


for _name, _raw in BAD_JSON.items():
    CHECKS[f"{_name} for JSON answers 400"] = _bad_json(_raw)
for _name, (_value, _pointer) in BAD_MEMBERS.items():
    CHECKS[f"{_name} answers 422"] = _bad_members(_value, _pointer)


@check("a body of 64 KiB is read, one byte more answers 413")
def _too_large(api: Client) -> None:
    limit = 64 * 1024
    problem(api.request("POST", "/tasks", b" " * limit), 400)
    problem(api.request("POST", "/tasks", b" " * (limit + 1)), 413)
    equal(api.request("GET", "/healthz").status, 200, "the next answer")


def run(api: Client, names: Sequence[str] = ()) -> Iterator[Verdict]:
    """Run the checks one after another and yield a verdict for each."""
    for name in names or tuple(CHECKS):
        try:
            api.request("DELETE", "/tasks")
            CHECKS[name](api)
        except Exception as error:  # noqa: BLE001 - whatever a front end does is its verdict
            yield Verdict(name, False, f"{type(error).__name__}: {error}", api.curl())
        else:
            yield Verdict(name, True, "", api.curl())


def failures(api: Client) -> list[Verdict]:
    """Return the checks that do not pass."""
    return [verdict for verdict in run(api) if not verdict.passed]
