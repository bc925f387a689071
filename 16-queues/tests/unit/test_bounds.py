"""The last number that is allowed, and the first that is not."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from velvet_queues.envelope import Envelope, check_delay, check_json, check_length, decode, encode
from velvet_queues.errors import NotSerializable, PayloadTooLarge
from velvet_queues.evolution import Stage
from velvet_queues.ledger import judge
from velvet_queues.load import Histogram, arrivals
from velvet_queues.metrics import alerts
from velvet_queues.retry import Backoff, herd
from velvet_queues.worker import TokenBucket

YEAR_S = 366 * 86_400


def nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


def stage() -> Stage:
    one = Stage("naive_thread", judge([]), 2.0)
    assert one.per_s == 0
    return one


def waits(seconds: float, age_s: float) -> list[str]:
    return alerts({"velvet_queue_oldest_age_seconds": {"": seconds}}, age_s=age_s)


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda: Envelope("x" * 200).priority, 0),
        (lambda: Envelope("x", priority=9, attempts=0, max_attempts=1).priority, 9),
        (lambda: Envelope("x", not_before=0, enqueued_at=0).not_before, 0),
        (lambda: check_delay(0), 0.0),
        (lambda: check_delay(YEAR_S), float(YEAR_S)),
        (lambda: check_length("x", 0.001), None),
        (lambda: Envelope("x", attempts=1_000, max_attempts=1_000).attempts, 1_000),
        (lambda: Envelope("x", not_before=1e11).not_before, 1e11),
        (lambda: check_json(nested(50)), None),
        (lambda: check_json(2**63 - 1), None),
        (lambda: check_json(1 - 2**63), None),
        (lambda: check_json("\ud7ff\ue000"), None),
        (lambda: check_json(True), None),
        (lambda: Histogram().percentile(0), 0.0),
        (lambda: Histogram().percentile(100), 0.0),
        (lambda: waits(30, 30), []),
        (lambda: waits(0, 0), []),
        (lambda: len(waits(30.1, 30)), 1),
        (lambda: Backoff(1, factor=1, cap=1, jitter="none").delay(3, before=0), 1.0),
        (lambda: Backoff(YEAR_S, cap=YEAR_S, jitter="none").delay(1), float(YEAR_S)),
        (lambda: herd("full", clients=2, per_s=1).calls >= 2, True),
        (lambda: TokenBucket(0.1, burst=1).take(), 0.0),
    ],
)
def test_the_last_number_that_is_allowed(call: Callable[[], Any], answer: Any) -> None:
    assert call() == answer


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Envelope(""), "task must be a name"),
        (lambda: Envelope("x" * 201), "at most 200"),
        (lambda: Envelope("x", priority=-1), "priority must be 0 to 9, not -1"),
        (lambda: Envelope("x", priority=10), "priority must be 0 to 9, not 10"),
        (lambda: Envelope("x", priority=True), "not True"),
        (lambda: Envelope("x", attempts=-1), "at least 0"),
        (lambda: Envelope("x", max_attempts=0), "at least 1"),
        (lambda: Envelope("x", max_attempts=True), "not True"),
        (lambda: Envelope("x", attempts=1_001), "at most 1000"),
        (lambda: Envelope("x", not_before=1.1e11), "moment in seconds"),
        (lambda: Envelope("x", not_before=-1), "moment in seconds, not -1"),
        (lambda: Envelope("x", enqueued_at=True), "moment in seconds, not True"),
        (lambda: check_delay(-0.001), "delay must be 0 to"),
        (lambda: check_delay(YEAR_S + 1), "delay must be 0 to"),
        (lambda: check_length("x", 0), "x must be above 0 seconds"),
        (lambda: check_length("x", math.inf), "finite, not inf"),
        (lambda: arrivals(0, 1), "rate and seconds"),
        (lambda: arrivals(1, 0), "rate and seconds"),
        (lambda: arrivals(math.inf, 1), "rate and seconds"),
        (lambda: arrivals(1, math.inf), "rate and seconds"),
        (lambda: Histogram().percentile(-0.1), "q must be 0 to 100"),
        (lambda: Histogram().percentile(100.1), "q must be 0 to 100"),
        (lambda: waits(0, -0.1), "age_s must be at least 0"),
        (lambda: Backoff(0), "base must be above 0"),
        (lambda: Backoff(1, factor=0.9), "factor must be at least 1"),
        (lambda: Backoff(2, cap=1.9), "at least the base"),
        (lambda: Backoff(1, cap=YEAR_S + 1), "at most"),
        (lambda: Backoff().delay(1, before=-0.1), "before must be"),
        (lambda: herd("full", per_s=0), "per_s must be at least 1"),
        (lambda: TokenBucket(math.inf), "rate must be above 0"),
        (lambda: TokenBucket(1, burst=0.9), "burst must be at least 1"),
    ],
)
def test_the_first_number_that_is_not(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("value", [2**63, -(2**63), "a\ud800\udfff", math.inf, nested(51)])
def test_what_json_does_not_hold_is_refused(value: object) -> None:
    with pytest.raises(NotSerializable):
        check_json(value)


def test_a_message_has_a_depth_and_a_size() -> None:
    message = encode(Envelope("x", id="a", enqueued_at=0))

    assert decode(encode(Envelope("x", id="a", enqueued_at=0), limit=len(message))).id == "a"
    with pytest.raises(PayloadTooLarge):
        encode(Envelope("x", id="a", enqueued_at=0), limit=len(message) - 1)
