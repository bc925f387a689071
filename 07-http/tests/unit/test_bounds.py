"""The last number that is allowed, and the first that is not."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from velvet_http import errors
from velvet_http.body import BodyReader, Redirects
from velvet_http.cache import MemoryStore
from velvet_http.client import run_now
from velvet_http.model import Deadline, Headers, Request, Response, Timeouts
from velvet_http.multipart import Part
from velvet_http.policy import Backoff, RatioBudget, RetryPolicy
from velvet_http.simulate import QueueServer, Scenario

DRAW = random.Random(1)
POLICY = RetryPolicy()


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda: Backoff(base=0, cap=0, factor=1).delay(1, DRAW), 0),
        (lambda: Backoff(base=2, cap=2, factor=1, jitter="none").delay(9, DRAW), 2),
        (lambda: Backoff(1, jitter="decorrelated").delay(1, DRAW, previous=0), 1),
        (lambda: 0.5 <= Backoff(1, jitter="equal").delay(1, random.Random(3)) <= 1, True),
        (lambda: RatioBudget(0, reserve=1).try_spend(0.0), True),
        (lambda: RatioBudget(0, reserve=0).try_spend(0.0), False),
        (lambda: RetryPolicy(attempts=1, retry_after_cap=0, per_attempt=0.1).attempts, 1),
        (lambda: MemoryStore(0).max_bytes, 0),
        (lambda: Timeouts(0.001, 0.001, 0.001).read, 0.001),
        (lambda: Deadline.after(0.001, now=1.0).remaining(1.0) > 0, True),
        (lambda: Part("a", b"", size=0).size, 0),
        (lambda: Response(399, Headers(), b"", "u").raise_for_status().status, 399),
        (lambda: QueueServer(1, 1, (2.0, 2.0)).arrive(2.0), 3.0),
        (lambda: QueueServer(1, 1, (2.0, 4.0)).arrive(2.0), float("inf")),
        (lambda: QueueServer(1, 1, (2.0, 4.0)).arrive(4.0), 5.0),
        (lambda: Scenario(POLICY, outage=(0, 0)).outage, (0, 0)),
        (lambda: Scenario(POLICY, outage=(90, 90), duration=90).outage, (90, 90)),
    ],
)
def test_the_last_number_that_is_allowed(call: Callable[[], Any], answer: Any) -> None:
    assert call() == answer


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Backoff(base=-0.1), "0 <= base <= cap"),
        (lambda: Backoff(base=2, cap=1.9), "0 <= base <= cap"),
        (lambda: Backoff(factor=0.9), "factor >= 1"),
        (lambda: Backoff().delay(0, DRAW), "count from 1"),
        (lambda: Backoff().delay(1, DRAW, previous=-0.1), "delays from 0"),
        (lambda: RatioBudget(-0.1), "negative"),
        (lambda: RatioBudget(reserve=-1), "negative"),
        (lambda: RatioBudget(window=0), "window not above 0"),
        (lambda: RetryPolicy(attempts=0), "at least 1 attempt"),
        (lambda: RetryPolicy(retry_after_cap=-1), "seconds to wait"),
        (lambda: RetryPolicy(per_attempt=0), "seconds to wait"),
        (lambda: MemoryStore(-1), "from 0 up, not -1"),
        (lambda: Timeouts(connect=0), "positive seconds"),
        (lambda: Timeouts(read=0), "positive seconds"),
        (lambda: Timeouts(pool=0), "positive seconds"),
        (lambda: Deadline.after(0), "in the future, not 0 s"),
        (lambda: Part("a", b"", size=-1), "unknown, not -1"),
        (lambda: QueueServer(0, 1), "are positive"),
        (lambda: QueueServer(1, 0), "are positive"),
        (lambda: QueueServer(1, 1, (2.0, 1.9)), "in order"),
        (lambda: Scenario(POLICY, outage=(-1, 0)), "within 90.0 s"),
        (lambda: Scenario(POLICY, outage=(2, 1)), "within 90.0 s"),
        (lambda: Scenario(POLICY, outage=(0, 91)), "within 90.0 s"),
        (lambda: Scenario(POLICY, offered=0), "are positive"),
        (lambda: Scenario(POLICY, timeout=0), "are positive"),
        (lambda: Scenario(POLICY, capacity=0), "are positive"),
        (lambda: Scenario(POLICY, queue_limit=0), "are positive"),
    ],
)
def test_the_first_number_that_is_not(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_an_error_begins_at_400() -> None:
    with pytest.raises(errors.StatusError):
        Response(400, Headers(), b"", "u").raise_for_status()


def test_a_body_may_be_as_large_as_its_limit() -> None:
    fits, larger = (BodyReader("GET", 200, Headers(), max_body=3) for _ in range(2))

    assert b"".join(fits.feed(b"abc")) == b"abc"
    with pytest.raises(errors.BodyTooLarge, match="larger than the 3 bytes"):
        list(larger.feed(b"abcd"))


def test_what_waits_for_a_loop_is_refused_and_closed() -> None:
    work = asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="waits for an event loop"):
        run_now(work)
    with pytest.raises(RuntimeError, match="already awaited"):
        work.send(None)


def test_five_redirects_are_followed_and_no_sixth() -> None:
    hops = Redirects(Request("GET", "http://h/0"))

    for number in range(1, 6):
        assert hops.follow(302, Headers({"Location": f"/{number}"}))
    with pytest.raises(errors.TooManyRedirects, match="6 redirects, the last to http://h/6"):
        hops.follow(302, Headers({"Location": "/6"}))


@pytest.mark.parametrize(
    ("status", "follows"), [(300, False), (301, True), (304, False), (308, True)]
)
def test_what_is_a_redirect_is_followed(status: int, follows: bool) -> None:
    hops = Redirects(Request("GET", "http://h/0"))

    assert hops.follow(status, Headers({"Location": "/1"})) is follows
