"""The policy, branch by branch, in virtual time."""

from __future__ import annotations

import math
import random
from email.utils import formatdate

import pytest

from velvet_http import errors
from velvet_http.model import Deadline, Headers
from velvet_http.policy import (
    Backoff,
    GiveUp,
    NoBudget,
    Outcome,
    RatioBudget,
    Retry,
    RetryPolicy,
    RetryState,
    Verdict,
    classify,
    parse_retry_after,
)

RNG = random.Random(1)
LATER = Headers({"Retry-After": "7"})


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (Outcome(200), Verdict.SUCCESS),
        (Outcome(404), Verdict.SUCCESS),
        (Outcome(501), Verdict.SUCCESS),
        (Outcome(429), Verdict.THROTTLED),
        (Outcome(429, idempotent=False), Verdict.THROTTLED),
        (Outcome(503, LATER, idempotent=False), Verdict.THROTTLED),
        *[(Outcome(code), Verdict.RETRY) for code in (408, 425, 500, 502, 503, 504)],
        (Outcome(503, idempotent=False), Verdict.FATAL),
        (Outcome(errors.ReadTimeout("late")), Verdict.RETRY),
        (Outcome(errors.ReadTimeout("late"), idempotent=False), Verdict.FATAL),
        (Outcome(errors.ConnectError("refused"), idempotent=False), Verdict.RETRY),
        (Outcome(errors.TlsError("expired")), Verdict.FATAL),
        (Outcome(errors.DeadlineExceeded("over")), Verdict.FATAL),
    ],
)
def test_each_outcome_has_its_verdict(outcome: Outcome, verdict: Verdict) -> None:
    assert classify(outcome) is verdict


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("-5", 0.0),
        ("1000000000", 1e9),
        ("soon", None),
        ("", None),
        (None, None),
        ("1\u0660", None),
        ("1_000", None),
        ("+5", None),
        ("9" * 5000, math.inf),  # any number of digits: the policy's cap bounds it
        ("-" + "9" * 5000, 0.0),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 0.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 37.0),  # IMF-fixdate
        ("Sunday, 06-Nov-94 08:49:37 GMT", 37.0),  # RFC 850
        ("Sun Nov  6 08:49:37 1994", 37.0),  # asctime
    ],
)
def test_retry_after_is_seconds_or_any_of_three_dates(
    value: str | None, seconds: float | None
) -> None:
    assert parse_retry_after(value, now_wall=784111740.0) == seconds


def test_a_date_says_what_the_seconds_say() -> None:
    assert parse_retry_after(formatdate(1_000_090, usegmt=True), now_wall=1_000_000) == 90.0


def test_backoff_grows_to_its_cap() -> None:
    backoff = Backoff(base=1, cap=5, jitter="none")

    assert [backoff.delay(n, RNG) for n in (1, 2, 3, 4)] == [1, 2, 4, 5]
    assert backoff.delay(5000, RNG) == 5


@pytest.mark.parametrize(
    "settings", [{"base": -1}, {"base": 5, "cap": 1}, {"factor": 0.5}, {"jitter": "some"}]
)
def test_a_backoff_that_makes_no_sense_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"backoff needs|jitter"):
        Backoff(**settings)  # type: ignore[arg-type]


def test_attempts_count_from_one() -> None:
    with pytest.raises(ValueError, match="from 1"):
        Backoff().delay(0, RNG)
    with pytest.raises(ValueError, match="at least 1"):
        RetryPolicy(attempts=0)


def test_a_ratio_budget_allows_its_reserve_and_a_share_of_the_calls() -> None:
    budget = RatioBudget(0.5, reserve=1, window=10)

    assert budget.try_spend(0.0)
    assert not budget.try_spend(0.0)
    for _ in range(4):
        budget.deposit(1.0)
    assert [budget.try_spend(1.0) for _ in range(3)] == [True, True, False]
    assert not budget.try_spend(1.0)
    assert budget.try_spend(20.0), "the window has passed"


def test_budgets_refuse_settings_without_sense() -> None:
    with pytest.raises(ValueError, match="negative"):
        RatioBudget(-0.1)


def test_a_call_retries_until_its_attempts_are_used() -> None:
    policy = RetryPolicy(attempts=3, backoff=Backoff(base=1, jitter="none"), budget=NoBudget())
    state = RetryState(policy, RNG)

    assert state.decide(Outcome(503), now=0) == Retry(1)
    assert state.decide(Outcome(503), now=1) == Retry(2)
    assert state.decide(Outcome(503), now=3) == GiveUp("attempts")


def test_the_server_may_order_a_wait_up_to_the_cap() -> None:
    policy = RetryPolicy(retry_after_cap=5)

    decision = RetryState(policy, RNG).decide(Outcome(429, LATER), now=0)

    assert decision == Retry(5)


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    policy = RetryPolicy(backoff=Backoff(base=5, jitter="none"))

    state = RetryState(policy, RNG, Deadline(4.0))

    assert state.decide(Outcome(503), now=0) == GiveUp("deadline")


def test_an_empty_budget_ends_the_call() -> None:
    policy = RetryPolicy(budget=RatioBudget(0, reserve=0))

    assert RetryState(policy, RNG).decide(Outcome(503), now=0) == GiveUp("budget")
    assert RetryState(policy, RNG).decide(Outcome(errors.TlsError("x")), now=0) == GiveUp("fatal")
