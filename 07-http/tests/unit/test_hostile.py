"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from velvet.hostile import Fixed, HostileTests, call
from velvet_http import body, cache, client, fanout, guard, model, multipart, policy, simulate
from velvet_http.errors import DecodeError, HttpError, ProtocolViolation

URL = "http://127.0.0.1/"
REQUEST = Fixed(model.Request("GET", URL))
FIELDS = {"Cache-Control": "max-age=60, stale-if-error=60"}
HEADERS = Fixed(model.Headers(FIELDS))
ENTRY = Fixed(cache.Entry(URL, (), 200, HEADERS.value, b"body", 0.0, 0.0))
PARTS = Fixed([multipart.Part("cat", b"content")])
ELSEWHERE = Fixed(model.Headers({"Location": "/elsewhere"}))
POLICY, RANDOM, BUDGET = policy.RetryPolicy(), Fixed(random.Random(1)), Fixed(policy.NoBudget())
CLOCK = "what a clock says is passed through, as the module's docstring says"
STATUS = "a server's status is passed through, as the module's docstring says"
GUARD = "a guard belongs to one service; `copy.copy` is shallow, as of any plain class"


class Answers:
    """Stand for a client and its server."""

    async def request(self, request: model.Request) -> model.Response:
        return model.Response(200, model.Headers(), b"", request.url)


async def fetched(urls: Iterable[str], *, concurrency: int, rate: float) -> list[str]:
    limits = {"concurrency": concurrency, "rate": rate}
    try:
        async with fanout.fetch_all(Answers(), urls, **limits) as results:  # type: ignore[arg-type]
            return [result.url async for result in results]
    except Exception as error:  # documented: in a group of each task group
        while hasattr(error, "exceptions"):
            error = error.exceptions[0]
        raise error from None


def parsed(text: bytes) -> object:
    return model.Response(200, model.Headers(), text, URL).json()


class TestHostile(HostileTests):
    errors = (HttpError,)
    mutable = {
        "client.StreamResponse",
        "client.SyncStream",
        "faults.routes.Api",
        "faults.server.Counters",
        "guard.CircuitBreaker",
        "policy.RetryState",
        "simulate.QueueServer",
        "simulate.SimResult",
    }
    calls = (
        call(body.BodyReader, "GET", Fixed(200), HEADERS, max_body=10)
        .then("feed", b"body")
        .but(partial="what arrived is counted before it is refused"),
        call(body.Redirects, REQUEST).then("follow", 301, ELSEWHERE).but(errors=(HttpError,)),
        call(cache.seconds, "60"),
        call(cache.storable, REQUEST, 200, HEADERS).but(nan=STATUS),
        call(cache.current_age, ENTRY, 1.0).but(nan=CLOCK),
        call(cache.decide, REQUEST, ENTRY, 1.0).but(nan=CLOCK),
        call(cache.may_serve_on_error, REQUEST, ENTRY, 100.0).but(nan=CLOCK),
        call(cache.update_from_304, ENTRY, HEADERS, requested=1.0, received=2.0).but(nan=CLOCK),
        call(cache.invalidates, REQUEST, 200).but(nan=STATUS),
        call(cache.MemoryStore, 10**6),
        call(client.received, [("Content-Type", "text/plain")]),
        call(fetched, [URL], concurrency=2, rate=100.0).but(many=50, of=(fanout.fetch_all,)),
        call(guard.CircuitBreaker, 0.5, 4, 10.0, 5.0, 2),
        call(guard.CircuitBreaker, Fixed(0.5))
        .then("record", ok=False, now=0.0)
        .then("allow", 0.0)
        .but(nan=CLOCK, shares=GUARD),
        call(guard.TokenBucket, 10.0, burst=2),
        call(guard.TokenBucket, Fixed(10.0)).then("reserve", 1.0).but(nan=CLOCK, shares=GUARD),
        call(guard.HedgePolicy, 0.95, max_extra=0.05).then("observe", 1.0).but(shares=GUARD),
        call(model.Headers, {"Vary": "Accept"})
        .then("with_field", "Vary", "Accept")
        .then("get", "Vary", "a")
        .then("without", "Vary")
        .but(large=lambda: model.Headers([(f"X-{n}", "a") for n in range(10_000)])),
        call(model.Headers, [("Vary", "Accept")]),
        call(model.Request, "GET", URL, HEADERS, b"").then("with_headers", Vary="Accept"),
        call(parsed, b"{}"),
        call(model.Timeouts, 5.0, 5.0, 5.0),
        call(model.Deadline.after, 2.0),
        call(model.Deadline.after, Fixed(2.0), now=1.0)
        .then("remaining", now=1.5)
        .but(nan=CLOCK, of=(model.Deadline,)),
        call(model.origin, URL),
        call(model.parse_links, '</a>; rel="next"', base=URL),
        call(model.http_date, "Thu, 01 Jan 1970 00:02:00 GMT"),
        call(multipart.Part, "cat", b"content", "cat.png", "image/png", 7),
        call(multipart.form_request, URL, PARTS, HEADERS).but(
            of=(multipart.form_request, multipart.Multipart)
        ),
        call(policy.parse_retry_after, "5", now_wall=0.0).but(nan=CLOCK),
        call(policy.Backoff, 0.1, 20.0, 2.0).then("delay", 1, RANDOM, 0.5),
        call(policy.RatioBudget, 0.1, reserve=10.0, window=10.0),
        call(policy.RatioBudget, Fixed(0.1))
        .then("deposit", 1.0)
        .then("try_spend", 1.0)
        .but(nan=CLOCK, shares=GUARD),
        call(policy.RetryPolicy, 4, budget=BUDGET, retry_after_cap=60.0, per_attempt=1.0),
        call(policy.RetryState, Fixed(POLICY), RANDOM)
        .then("decide", Fixed(policy.Outcome(503)), now=1.0, now_wall=0.0)
        .but(nan=CLOCK),
        call(simulate.QueueServer, 100.0, 200, (0.0, 1.0)),
        call(simulate.QueueServer, Fixed(100.0), Fixed(200)).then("arrive", 1.0).but(nan=CLOCK),
        call(simulate.Scenario, Fixed(POLICY), 80.0, 100.0, 200, 1.0, (10.0, 20.0), 90.0),
    )
    excepted = {
        "cache": "asks a client, with values that `Request` has checked",
        "client": "needs a server; tests/integration",
        "faults": "a server that misbehaves by script, for demonstrations",
        "policy": "every retry is free",
        "resilient": "asks a client, with values that `Request` has checked",
        "simulate": "what a run did",
        "transfer": "needs a server; tests/integration",
    }


def test_more_digits_than_a_number_can_have() -> None:
    assert cache.seconds("9" * 5000) == 2**31
    assert policy.parse_retry_after("9" * 400, now_wall=0.0) == float("inf")
    with pytest.raises(ProtocolViolation, match="Content-Length"):
        body.BodyReader("GET", 200, model.Headers({"Content-Length": "9" * 5000}))


@pytest.mark.parametrize("charset", ["undefined", "hex", "no-such-charset"])
def test_a_charset_that_decodes_nothing_is_a_decode_error(charset: str) -> None:
    headers = model.Headers({"Content-Type": f"text/plain; charset={charset}"})

    with pytest.raises(DecodeError, match=charset):
        _ = model.Response(200, headers, b"text", URL).text


def test_a_time_too_large_for_its_window_empties_it() -> None:
    breaker = guard.CircuitBreaker(min_calls=1)

    breaker.record(ok=False, now=1e30)

    assert breaker.allow(1e30)
