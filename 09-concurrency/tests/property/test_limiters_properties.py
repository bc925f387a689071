"""What must hold for every trace of arrivals, with exact fractions as the reference."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from velvet_concurrency.clock import FakeClock
from velvet_concurrency.limiters import (
    FixedWindowLimiter,
    GCRALimiter,
    NaiveRateLimiter,
    RateLimiter,
    SlidingLogLimiter,
    SlidingWindowCounter,
    TokenBucketLimiter,
)

TICK = 1 / 1024  # binary fractions: float arithmetic on them is exact
gaps = st.integers(0, 3000).map(lambda ticks: ticks * TICK)
rates = st.sampled_from([0.25, 0.5, 1.0, 2.0, 4.0, 8.0])
capacities = st.integers(1, 6)
traces = st.lists(st.tuples(gaps, st.integers(0, 7)), max_size=40)
ROUNDING = 1e-6
unhurried = settings(deadline=None)  # a shared machine may stall any single example


class ExactBucket:
    """A token bucket in exact arithmetic, written from its definition."""

    def __init__(self, rate: float, capacity: int) -> None:
        self.rate, self.capacity = Fraction(rate), capacity
        self.level, self.last = Fraction(capacity), Fraction(0)

    def margin(self, now: float, tokens: int) -> Fraction:
        """Return by how much the call fits (negative: it does not) after the refill until `now`."""
        elapsed = Fraction(now) - self.last
        self.level = min(Fraction(self.capacity), self.level + elapsed * self.rate)
        self.last = Fraction(now)
        return self.level - tokens

    def allow(self, now: float, tokens: int) -> bool:
        """Decide, and take the tokens."""
        fits = self.margin(now, tokens) >= 0
        if fits:
            self.level -= tokens
        return fits


def exact_gcra(rate: float, burst: int) -> Callable[[float, int], bool]:
    """Return GCRA in exact arithmetic, written from ITU-T I.371's virtual scheduling form."""
    interval, tat = 1 / Fraction(rate), Fraction(0)

    def allow(now: float, tokens: int) -> bool:
        nonlocal tat
        wanted = max(tat, Fraction(now)) + tokens * interval
        fits = wanted - Fraction(now) <= burst * interval
        if fits:
            tat = wanted
        return fits

    return allow


@unhurried
@given(rates, capacities, traces)
def test_gcra_and_token_bucket_decide_alike_and_as_exact_arithmetic_does(
    rate: float, capacity: int, trace: list[tuple[float, int]]
) -> None:
    clock = FakeClock()
    bucket = TokenBucketLimiter(rate, capacity, clock=clock)
    gcra = GCRALimiter(rate, capacity, clock=clock)
    by_check = GCRALimiter(rate, capacity, clock=clock)
    exact_bucket, exact = ExactBucket(rate, capacity), exact_gcra(rate, capacity)

    for gap, tokens in trace:
        clock.advance(gap)
        expected = exact_bucket.allow(clock(), tokens)

        assert exact(clock(), tokens) == expected
        assert bucket.allow(tokens) == expected
        assert gcra.allow(tokens) == expected
        assert by_check.check(tokens).allowed == expected


@unhurried
@given(
    st.floats(0.01, 1000),
    capacities,
    st.lists(st.tuples(st.floats(0, 50), st.integers(1, 7)), max_size=30),
)
def test_on_any_float_trace_the_float_limiters_differ_from_exact_ones_only_within_rounding(
    rate: float, capacity: int, trace: list[tuple[float, int]]
) -> None:
    clock = FakeClock()
    bucket = TokenBucketLimiter(rate, capacity, clock=clock)
    gcra = GCRALimiter(rate, capacity, clock=clock)
    exact = ExactBucket(rate, capacity)

    for gap, tokens in trace:
        clock.advance(gap)
        assume(abs(exact.margin(clock(), tokens)) > ROUNDING or tokens == 0)
        expected = exact.allow(clock(), tokens)

        assert bucket.allow(tokens) == expected
        assert gcra.allow(tokens) == expected


def assert_no_interval_holds_more(
    events: list[tuple[float, int]], rate: float, capacity: int
) -> None:
    """Check every interval that starts and ends at an event."""
    events = sorted(events)
    for first, (start, _) in enumerate(events):
        total = 0
        for end, tokens in events[first:]:
            total += tokens
            assert total <= capacity + rate * (end - start) + ROUNDING


@unhurried
@given(st.sampled_from([0.0, 0.3, 1.0, 7.7]), capacities, traces)
def test_a_token_bucket_never_admits_more_than_capacity_plus_rate_in_any_interval(
    rate: float, capacity: int, trace: list[tuple[float, int]]
) -> None:
    clock = FakeClock()
    bucket = TokenBucketLimiter(rate, capacity, clock=clock)
    admitted = []

    for gap, tokens in trace:
        clock.advance(gap)
        if bucket.allow(tokens):
            admitted.append((clock(), tokens))

    assert_no_interval_holds_more(admitted, rate, capacity)


@settings(max_examples=300, deadline=None)
@given(
    rates,
    capacities,
    st.lists(
        st.tuples(
            gaps,
            st.sampled_from(["allow", "reserve", "cancel"]),
            st.integers(0, 6),
            st.integers(0, 9),
        ),
        max_size=40,
    ),
)
def test_reservations_and_cancellations_never_break_the_bound_of_the_bucket(
    rate: float, capacity: int, steps: list[tuple[float, str, int, int]]
) -> None:
    clock = FakeClock()
    bucket = TokenBucketLimiter(rate, capacity, clock=clock)
    spent: list[tuple[float, int]] = []
    pending = []

    for gap, action, tokens, which in steps:
        clock.advance(gap)
        if action == "allow" and bucket.allow(tokens):
            spent.append((clock(), tokens))
        elif action == "reserve" and (made := bucket.reserve(tokens)).ok:
            pending.append((clock() + made.delay, tokens, made))
        elif action == "cancel" and pending:
            act, _, made = pending[which % len(pending)]
            made.cancel()
            if clock() <= act:
                pending.pop(which % len(pending))

    assert bucket.tokens <= capacity
    spent += [(act, tokens) for act, tokens, _ in pending]
    assert_no_interval_holds_more(spent, rate, capacity)


@unhurried
@given(rates, capacities, st.integers(0, 6), st.lists(st.integers(1, 6), max_size=12), st.randoms())
def test_reserving_and_cancelling_in_any_order_conserves_tokens(
    rate: float, capacity: int, taken: int, sizes: list[int], random: object
) -> None:
    bucket = TokenBucketLimiter(rate, capacity, clock=FakeClock())
    bucket.allow(taken)
    before = bucket.tokens
    reservations = [bucket.reserve(size) for size in sizes]

    random.shuffle(reservations)  # type: ignore[attr-defined]
    for reservation in reservations:
        reservation.cancel()
        assert bucket.tokens <= before + ROUNDING

    assert bucket.tokens == pytest.approx(before)


@unhurried
@given(st.integers(1, 6), st.integers(1, 4096).map(lambda ticks: ticks * TICK), traces)
def test_a_sliding_log_never_exceeds_its_limit_in_any_window(
    limit: int, window: float, trace: list[tuple[float, int]]
) -> None:
    clock = FakeClock()
    limiter = SlidingLogLimiter(limit, window, clock=clock)
    admitted: list[float] = []

    for gap, tokens in trace:
        clock.advance(gap)
        recent = sum(1 for moment in admitted if clock() - moment < window)
        allowed = limiter.allow(tokens)
        admitted += [clock()] * tokens * allowed

        assert allowed == (recent + tokens <= limit)

    for start in admitted:
        assert sum(1 for moment in admitted if start <= moment < start + window) <= limit


@unhurried
@given(st.integers(1, 20), st.integers(64, 4096).map(lambda ticks: ticks * TICK), traces)
def test_a_sliding_counter_errs_by_at_most_the_count_of_the_previous_window(
    limit: int, window: float, trace: list[tuple[float, int]]
) -> None:
    clock = FakeClock()
    limiter = SlidingWindowCounter(limit, window, clock=clock)
    admitted: list[float] = []

    for gap, tokens in trace:
        clock.advance(gap)
        admitted += [clock()] * tokens * limiter.allow(tokens)
        edge = clock() // window * window
        previous = sum(1 for moment in admitted if edge - window <= moment < edge)
        truth = sum(1 for moment in admitted if clock() - moment < window)
        estimate = limit - limiter.check(0).remaining  # rounded up to whole calls

        assert abs(estimate - min(truth, limit)) <= previous + 1


def replayed(
    make: Callable[[FakeClock], RateLimiter], trace: list[tuple[float, int]]
) -> tuple[RateLimiter, FakeClock]:
    """Return a fresh limiter that has lived through `trace`."""
    clock = FakeClock()
    limiter = make(clock)
    for gap, tokens in trace:
        clock.advance(gap)
        limiter.allow(tokens)
    return limiter, clock


@pytest.mark.parametrize(
    "make",
    [
        lambda clock: TokenBucketLimiter(3.0, 5, clock=clock),
        lambda clock: GCRALimiter(3.0, 5, clock=clock),
        lambda clock: FixedWindowLimiter(5, 1.7, clock=clock),
        lambda clock: SlidingLogLimiter(5, 1.7, clock=clock),
        lambda clock: SlidingWindowCounter(5, 1.7, clock=clock),
        lambda clock: NaiveRateLimiter(5, 1.7, clock=clock),
    ],
    ids=["bucket", "gcra", "fixed", "log", "counter", "naive"],
)
@unhurried
@given(trace=traces, wanted=st.integers(1, 5))
def test_retry_after_is_honest(
    make: Callable[[FakeClock], RateLimiter], trace: list[tuple[float, int]], wanted: int
) -> None:
    limiter, _ = replayed(make, trace)
    decision = limiter.check(wanted)
    assume(not decision.allowed)
    assume(decision.retry_after > ROUNDING)

    patient, clock = replayed(make, trace)
    clock.advance(decision.retry_after + 1e-9)
    hasty, hasty_clock = replayed(make, trace)
    hasty_clock.advance(decision.retry_after / 2)

    assert patient.allow(wanted)
    assert not hasty.allow(wanted)


@unhurried
@given(rates, capacities, traces)
def test_what_is_said_to_remain_is_exactly_what_can_be_taken(
    rate: float, capacity: int, trace: list[tuple[float, int]]
) -> None:
    for make in (TokenBucketLimiter, GCRALimiter):
        limiter, _ = replayed(lambda clock, make=make: make(rate, capacity, clock=clock), trace)
        decision = limiter.check(0)

        assert not limiter.allow(decision.remaining + 1)
        assert limiter.allow(decision.remaining)
        assert limiter.check(0).remaining == 0
        assert decision.reset_after <= capacity / rate


@unhurried
@given(st.lists(st.floats(-5, 5), max_size=30), st.integers(1, 5))
def test_a_clock_that_wanders_pays_no_interval_twice(steps: list[float], capacity: int) -> None:
    for make in (TokenBucketLimiter, GCRALimiter):
        clock = FakeClock()
        limiter = make(1.0, capacity, clock=clock)
        times = [0.0]
        admitted = 0

        for step in steps:
            clock.advance(step)
            times.append(clock())
            while limiter.allow():
                admitted += 1

        assert admitted <= capacity + max(times) + ROUNDING
