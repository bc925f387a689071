"""Attempts, keys, breakers, limits and hedges, against a scripted client and a virtual clock."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet_http import errors
from velvet_http.guard import Circuit, CircuitBreaker, HedgePolicy, TokenBucket
from velvet_http.model import Deadline, Headers, Request, Response
from velvet_http.policy import Backoff, NoBudget, RatioBudget, RetryPolicy
from velvet_http.resilient import AsyncResilientClient, ResilientClient

GET = Request("GET", "http://h/")
POST = Request("POST", "http://h/")
Step = tuple[float, "int | errors.HttpError"]


@dataclass
class Scripted:
    """Play (seconds, status or error) in virtual time, as a client that keeps its deadline."""

    steps: list[Step]
    now: float = 0.0
    seen: list[Request] = field(default_factory=list)
    headers: Headers = field(default_factory=Headers)
    transport: Any = None
    name: str = "scripted"

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def request(
        self, request: Request, *, deadline: Deadline | None = None, **_: object
    ) -> Response:
        self.seen.append(request)
        took, result = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if deadline is not None and took > deadline.remaining(self.now):
            self.now = max(self.now, deadline.at)
            raise errors.DeadlineExceeded("over")
        self.now += took
        if isinstance(result, errors.HttpError):
            raise result
        return Response(result, self.headers, b"", request.url)

    def resilient(self, policy: RetryPolicy | None = None, **guards: Any) -> ResilientClient:
        return ResilientClient(
            self, policy, clock=self.clock, wall=self.clock, sleep=self.sleep,
            rng=random.Random(1), **guards,
        )  # type: ignore[arg-type]  # fmt: skip


def free(**settings: Any) -> RetryPolicy:
    return RetryPolicy(budget=NoBudget(), **settings)


def test_the_attempts_are_listed_on_the_response() -> None:
    client = Scripted([(1, 503), (1, errors.ReadTimeout("late")), (1, 200)])

    response = client.resilient(free(backoff=Backoff(base=1, jitter="none"))).request(GET)

    assert [(a.began, a.ended, a.outcome) for a in response.attempts] == [
        (0, 1, "503"), (2, 3, "ReadTimeout"), (5, 6, "200")
    ]  # fmt: skip


def test_the_last_answer_is_returned_when_the_attempts_are_used() -> None:
    response = Scripted([(0, 503)]).resilient(free(attempts=2)).request(GET)

    assert (response.status, len(response.attempts)) == (503, 2)


def test_the_last_error_is_raised_when_there_is_no_answer() -> None:
    with pytest.raises(errors.ConnectError):
        Scripted([(0, errors.ConnectError("refused"))]).resilient(free()).request(GET)


def test_a_certificate_error_is_one_attempt() -> None:
    client = Scripted([(0, errors.TlsError("expired"))])

    with pytest.raises(errors.TlsError):
        client.resilient(free()).request(GET)

    assert len(client.seen) == 1


def test_one_key_serves_every_attempt_and_each_call_has_its_own() -> None:
    client = Scripted([(0, errors.ConnectionLost("gone")), (0, 201)])
    asked = POST.with_headers(Idempotency_Key="")

    client.resilient(free()).request(asked)
    client.resilient(free()).request(asked)

    first, second, other = (request.headers["idempotency-key"] for request in client.seen)
    assert first == second != other
    assert len(first) == 36


def test_a_post_without_a_key_is_not_repeated() -> None:
    client = Scripted([(0, errors.ConnectionLost("gone")), (0, 201)])

    with pytest.raises(errors.ConnectionLost):
        client.resilient(free()).request(POST)

    assert len(client.seen) == 1


def test_a_spent_budget_is_said_to_be_spent() -> None:
    client = Scripted([(0, errors.ReadTimeout("late"))])
    policy = RetryPolicy(budget=RatioBudget(0, reserve=0))

    with pytest.raises(errors.BudgetExhausted) as raised:
        client.resilient(policy).request(GET)

    assert isinstance(raised.value.__cause__, errors.ReadTimeout)


def test_an_open_circuit_sends_nothing() -> None:
    breaker = CircuitBreaker(min_calls=2, open_for=5)
    client = Scripted([(0, 503)])
    guarded = client.resilient(free(attempts=1), breaker=breaker)
    guarded.request(GET)
    guarded.request(GET)

    with pytest.raises(errors.CircuitOpen) as raised:
        guarded.request(GET)

    assert raised.value.retry_at == 5
    assert len(client.seen) == 2


def test_cancelled_probes_do_not_keep_the_circuit_half_open_for_ever() -> None:
    breaker = CircuitBreaker(min_calls=1, open_for=5, half_open=1)
    breaker.allow(0.0)
    breaker.record(ok=False, now=0.0)
    client = Scripted([(0.1, 200)], now=6.0)
    guarded = client.resilient(breaker=breaker)

    def cancelled(*_: object, **__: object) -> Response:
        raise asyncio.CancelledError

    client.request, answer = cancelled, client.request  # type: ignore[method-assign]
    for _ in range(3):
        with pytest.raises(asyncio.CancelledError):
            guarded.request(GET)
    client.request = answer  # type: ignore[method-assign]

    assert guarded.request(GET).status == 200
    assert breaker.state is Circuit.CLOSED


def test_a_limiter_spaces_the_attempts() -> None:
    client = Scripted([(0, 200)])
    limited = client.resilient(limiter=TokenBucket(10))

    for _ in range(3):
        limited.request(GET)
    assert client.now == pytest.approx(0.2)
    with pytest.raises(errors.DeadlineExceeded, match="before the next attempt"):
        limited.request(GET, deadline=Deadline(client.now + 0.05))
    assert (len(client.seen), client.now) == (3, pytest.approx(0.2)), "it does not wait in vain"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_another_attempt_may_change_is_tried_again(status: int) -> None:
    response = Scripted([(0, status), (0, 200)]).resilient(free()).request(GET)

    assert [one.outcome for one in response.attempts] == [str(status), "200"]


@pytest.mark.parametrize("status", [200, 304, 400, 404, 409, 426, 428, 501, 505])
def test_what_no_attempt_changes_is_answered_at_once(status: int) -> None:
    response = Scripted([(0, status)]).resilient(free()).request(GET)

    assert [one.outcome for one in response.attempts] == [str(status)]


def test_an_attempt_has_a_limit_of_its_own_and_is_repeated() -> None:
    client = Scripted([(9, 200), (1, 200)])
    policy = free(per_attempt=2, backoff=Backoff(base=1, jitter="none"))

    response = client.resilient(policy).request(GET, deadline=Deadline(20))

    assert [a.outcome for a in response.attempts] == ["DeadlineExceeded", "200"]
    assert client.now == 4


def test_an_attempt_that_ends_at_the_deadline_ends_the_call() -> None:
    client = Scripted([(9, 200)])

    with pytest.raises(errors.DeadlineExceeded) as raised:
        client.resilient(free()).request(GET, deadline=Deadline(5))

    assert (raised.type, len(client.seen)) == (errors.DeadlineExceeded, 1)


@given(
    st.lists(st.tuples(st.floats(0, 5), st.sampled_from([200, 429, 503, 500])), min_size=1),
    st.floats(0.1, 10),
    st.floats(0.1, 5),
)
def test_no_script_of_faults_outlasts_the_deadline(
    steps: list[Step], seconds: float, per_attempt: float
) -> None:
    client = Scripted(list(steps))
    policy = free(attempts=10, per_attempt=per_attempt)

    with contextlib.suppress(errors.HttpError):
        client.resilient(policy).request(GET, deadline=Deadline(seconds))

    assert client.now <= seconds + 0.05


class AsyncScripted:
    """Answer after seconds of real time, by the number of the request."""

    name = "scripted"
    cancel_safe = True

    def __init__(self, answer: Callable[[int], Step]) -> None:
        self.transport = self
        self.answer, self.count, self.cancelled = answer, 0, 0

    async def request(self, request: Request, **_: object) -> Response:
        number, self.count = self.count, self.count + 1
        took, result = self.answer(number)
        try:
            await asyncio.sleep(took)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if isinstance(result, errors.HttpError):
            raise result
        return Response(result, Headers(), b"", request.url)


def hedged(client: AsyncScripted, **settings: Any) -> AsyncResilientClient:
    hedge = HedgePolicy(**settings)
    for _ in range(30):
        hedge.observe(0.01)
    hedge.calls = 100
    return AsyncResilientClient(client, free(attempts=1), hedge=hedge)  # type: ignore[arg-type]


def test_a_second_request_overtakes_a_slow_one_and_the_loser_is_cancelled() -> None:
    client = AsyncScripted(lambda n: (30.0 if n == 0 else 0.0, 200))

    response = asyncio.run(hedged(client).request(GET))

    assert [(a.outcome, a.hedge) for a in response.attempts] == [("200", True), ("200", False)]
    assert (client.count, client.cancelled) == (2, 1)


def test_an_error_of_one_of_two_waits_for_the_other() -> None:
    client = AsyncScripted(lambda n: (0.1, errors.ReadTimeout("x")) if n == 0 else (0.3, 200))

    assert asyncio.run(hedged(client).request(GET)).status == 200


def test_a_fast_answer_and_a_post_are_not_hedged() -> None:
    client = AsyncScripted(lambda n: (0.0, 200))

    asyncio.run(hedged(client).request(GET))
    asyncio.run(hedged(client).request(POST))

    assert client.count == 2


def test_hedging_is_refused_for_a_pool_that_cancelling_drains() -> None:
    client = AsyncScripted(lambda n: (0.0, 200))
    client.cancel_safe = False

    with pytest.raises(ValueError, match="aiohttp or httpx2"):
        hedged(client)


def test_the_asyncio_client_retries_and_gives_up_alike() -> None:
    client = AsyncScripted(lambda n: (0.0, 503 if n < 2 else 200))
    policy = free(backoff=Backoff(base=0.001))

    response = asyncio.run(AsyncResilientClient(client, policy).request(GET))  # type: ignore[arg-type]

    assert [a.outcome for a in response.attempts] == ["503", "503", "200"]
    failing = AsyncScripted(lambda n: (0.0, errors.TlsError("x")))
    with pytest.raises(errors.TlsError):
        asyncio.run(AsyncResilientClient(failing).request(GET))  # type: ignore[arg-type]
