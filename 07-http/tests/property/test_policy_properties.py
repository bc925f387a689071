"""What holds for every delay, every budget and every order of events."""

from __future__ import annotations

import random
from email.utils import formatdate

from hypothesis import given
from hypothesis import strategies as st

from velvet_http.cache import Entry, current_age
from velvet_http.guard import Circuit, CircuitBreaker, HedgePolicy, TokenBucket
from velvet_http.model import Headers
from velvet_http.policy import (
    JITTERS,
    Backoff,
    RatioBudget,
    parse_retry_after,
)

SECONDS = st.floats(0, 5)


@given(st.integers(1, 3000), st.sampled_from(JITTERS), st.floats(0, 2), st.integers(0, 99), SECONDS)
def test_a_delay_stays_within_its_bounds(
    attempt: int, jitter: str, base: float, seed: int, previous: float
) -> None:
    backoff = Backoff(base=base, cap=20, jitter=jitter)  # type: ignore[arg-type]

    delay = backoff.delay(attempt, random.Random(seed), previous)

    ceiling = 20 if jitter == "decorrelated" or attempt > 60 else min(20, base * 2 ** (attempt - 1))
    assert 0 <= delay <= ceiling


@given(st.lists(st.tuples(st.booleans(), SECONDS)), st.floats(0, 1), st.integers(0, 5))
def test_retries_never_exceed_the_ratio_and_the_reserve(
    events: list[tuple[bool, float]], ratio: float, reserve: int
) -> None:
    budget = RatioBudget(ratio, reserve=reserve, window=1e9)
    now = calls = retries = 0.0
    for is_call, pause in events:
        now += pause
        if is_call:
            budget.deposit(now)
            calls += 1
        else:
            retries += budget.try_spend(now)

        assert retries <= reserve + ratio * calls


@given(st.lists(st.tuples(st.booleans(), SECONDS), max_size=80), st.integers(1, 4))
def test_no_more_probes_than_allowed(events: list[tuple[bool, float]], half_open: int) -> None:
    breaker = CircuitBreaker(min_calls=2, window=5, open_for=3, half_open=half_open)
    now, probes = 0.0, 0
    for ok, pause in events:
        now += pause
        before = breaker.state
        allowed = breaker.allow(now)
        if breaker.state is not Circuit.HALF_OPEN:
            probes = 0
        elif allowed:
            probes = 1 if before is Circuit.OPEN else probes + 1
            assert probes <= half_open
        if allowed and ok:
            breaker.record(ok=ok, now=now)
        elif allowed and not probes:
            breaker.record(ok=False, now=now)


@given(st.floats(1, 1000), st.integers(1, 10), st.lists(SECONDS, min_size=1))
def test_no_window_sees_more_than_burst_and_rate(
    rate: float, burst: int, pauses: list[float]
) -> None:
    bucket, now, times = TokenBucket(rate, burst=burst), 0.0, list[float]()
    for pause in pauses:
        now += pause
        times.append(now + bucket.reserve(now))

    for first in range(len(times)):
        for last in range(first, len(times)):
            count = last - first + 1
            assert count <= burst + rate * (times[last] - times[first]) + 1e-3


@given(st.lists(st.booleans()), st.floats(0.01, 1))
def test_hedges_stay_within_their_share(tries: list[bool], share: float) -> None:
    hedge = HedgePolicy(max_extra=share)
    for attempt in tries:
        hedge.hedge_after()
        if attempt:
            hedge.try_hedge()

        assert hedge.extra <= share * hedge.calls


@given(st.integers(0, 4_000_000_000), st.integers(0, 10**6))
def test_a_date_is_read_as_it_was_written(now: int, later: int) -> None:
    written = formatdate(now + later, usegmt=True)

    assert parse_retry_after(written, now_wall=float(now)) == later


@given(
    st.one_of(st.none(), st.integers(0, 999)), st.integers(-99, 99), SECONDS, SECONDS,
    st.lists(st.floats(0, 1000)),
)  # fmt: skip
def test_nothing_grows_younger(
    age: int | None, date: int, delay: float, received: float, times: list[float]
) -> None:
    fields = {"Date": formatdate(1_800_000_000 + date, usegmt=True)}
    if age is not None:
        fields["Age"] = str(age)
    at = 1_800_000_000 + received
    entry = Entry("http://h/", (), 200, Headers(fields), b"", at - delay, at)

    ages = [current_age(entry, at + offset) for offset in sorted(times)]

    assert ages == sorted(ages)
    assert all(each >= (age or 0) for each in ages)
