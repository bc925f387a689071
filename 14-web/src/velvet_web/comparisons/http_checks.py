"""Checks of what HTTP demands of any resource: methods, conditions, negotiation, hosts, CORS."""

from __future__ import annotations

from velvet_web.comparisons.checking import check, created, equal, path, problem
from velvet_web.comparisons.client import Client


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
    for target in ("/", "/nothing", "/tasks/1/comments", "/taskS", "/tasks/", "/tasks/1/"):
        problem(api.request("GET", target), 404)


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


@check("a cursor that was changed answers 422")
def _cursor(api: Client) -> None:
    for _ in range(2):
        created(api)
    link = api.request("GET", "/tasks?limit=1").get("link") or ""
    cursor = link.partition("after=")[2].partition(">")[0]
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
    for host in ("evil.example", "127.0.0.1:80@evil", "127.0.0.1:99999", "127.0.0.1, evil", "a b"):
        answer = api.request("POST", "/tasks", {"title": "x"}, {"host": host})
        equal(answer.status, 400, f"status for {host}")
        equal(b"evil" in answer.body, False, "the host in the answer")


@check("a preflight is answered for all methods and headers of the contract")
def _preflight(api: Client) -> None:
    equal(api.request("OPTIONS", "/tasks").status, 204, "status without an origin")
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
