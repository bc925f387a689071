"""What all limiters share: arguments that are refused by name, peeking, the protocol, their doctests."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from fractions import Fraction

import pytest

from velvet_concurrency.clock import FakeClock
from velvet_concurrency.limiters import (
    AsyncLimiter,
    Decision,
    FixedWindowLimiter,
    GCRALimiter,
    KeyedLimiter,
    NaiveRateLimiter,
    RateLimiter,
    SlidingLogLimiter,
    SlidingWindowCounter,
    TokenBucketLimiter,
)

WINDOWED = [NaiveRateLimiter, FixedWindowLimiter, SlidingLogLimiter, SlidingWindowCounter]
ALL: dict[str, Callable[[FakeClock], RateLimiter]] = {
    "bucket": lambda clock: TokenBucketLimiter(1, 3, clock=clock),
    "gcra": lambda clock: GCRALimiter(1, 3, clock=clock),
    **{cls.__name__: lambda clock, cls=cls: cls(3, 3.0, clock=clock) for cls in WINDOWED},
}
every_limiter = pytest.mark.parametrize("make", ALL.values(), ids=list(ALL))


class Size(enum.IntEnum):
    """An int that is not of type int."""

    TWO = 2
    NINE = 9


@every_limiter
def test_every_limiter_speaks_the_protocol(make: Callable[[FakeClock], RateLimiter]) -> None:
    assert isinstance(make(FakeClock()), RateLimiter)


@every_limiter
@pytest.mark.parametrize("tokens", [-1, True, 1.5, "1", None])
def test_tokens_that_are_no_count_are_refused(
    make: Callable[[FakeClock], RateLimiter], tokens: int
) -> None:
    limiter = make(FakeClock())

    with pytest.raises(ValueError, match="tokens must be a non-negative int"):
        limiter.allow(tokens)
    with pytest.raises(ValueError, match="tokens must be a non-negative int"):
        limiter.check(tokens)


@every_limiter
def test_zero_tokens_peek_and_are_always_allowed(make: Callable[[FakeClock], RateLimiter]) -> None:
    limiter = make(FakeClock())
    assert limiter.allow(3)

    peeks = [limiter.allow(0), limiter.check(0).allowed]

    assert peeks == [True, True]
    assert limiter.check(0).retry_after == -1.0
    assert not limiter.allow()


@every_limiter
def test_an_enum_of_ints_counts_as_its_value(make: Callable[[FakeClock], RateLimiter]) -> None:
    limiter = make(FakeClock())

    answers = [limiter.allow(Size.NINE), limiter.allow(Size.TWO), limiter.check(Size.TWO).allowed]

    assert answers == [False, True, False]


@every_limiter
def test_more_than_the_limit_never_succeeds_however_large(
    make: Callable[[FakeClock], RateLimiter],
) -> None:
    limiter = make(FakeClock())

    answer = limiter.check(10**400)

    assert answer == Decision(False, 3, 3, -1.0, 0.0)
    assert not limiter.allow(10**400)
    assert not limiter.allow(4)


@every_limiter
def test_a_full_limiter_says_what_is_left_and_when_it_is_whole_again(
    make: Callable[[FakeClock], RateLimiter],
) -> None:
    limiter = make(FakeClock())

    answers = [limiter.check() for _ in range(4)]

    assert [answer.allowed for answer in answers] == [True, True, True, False]
    assert [answer.remaining for answer in answers] == [2, 1, 0, 0]
    assert {answer.limit for answer in answers} == {3}
    assert answers[3].retry_after > 0
    assert answers[3].reset_after > 0


@every_limiter
def test_a_clock_that_jumps_back_an_hour_admits_nothing_twice(
    make: Callable[[FakeClock], RateLimiter],
) -> None:
    clock = FakeClock(start=7200)
    limiter = make(clock)
    assert limiter.allow(3)

    clock.advance(-3600)
    early = [limiter.allow() for _ in range(5)]
    clock.advance(3600)

    assert not any(early)
    assert not limiter.allow()


@every_limiter
def test_a_clock_that_jumps_forward_a_year_makes_it_full_and_no_fuller(
    make: Callable[[FakeClock], RateLimiter],
) -> None:
    clock = FakeClock()
    limiter = make(clock)
    assert limiter.allow(3)

    clock.advance(366 * 86400)
    answers = [limiter.allow() for _ in range(5)]

    assert answers == [True, True, True, False, False]


@pytest.mark.parametrize("rate", [-1, math.nan, math.inf, -math.inf, "1", None, True, 10**400])
def test_a_rate_that_is_no_rate_is_refused_by_name(rate: float) -> None:
    makers: list[Callable[[], object]] = [
        lambda: TokenBucketLimiter(rate, 5),
        lambda: GCRALimiter(rate, 5),
        lambda: AsyncLimiter(rate, 5),
    ]
    for make in makers:
        with pytest.raises(ValueError, match="rate must be finite and >= 0"):
            make()


@pytest.mark.parametrize("rate", [0, 0.0, 5e-324])
def test_only_the_token_bucket_takes_a_rate_of_nothing(rate: float) -> None:
    assert TokenBucketLimiter(rate, 5).allow(5)
    for make in (GCRALimiter, AsyncLimiter):
        with pytest.raises(ValueError, match="rate must be finite and > 0"):
            make(rate, 5)


@pytest.mark.parametrize("count", [0, -3, 1.5, math.nan, math.inf, True, "5", None])
def test_a_limit_that_is_no_whole_number_is_refused_by_name(count: int) -> None:
    with pytest.raises(ValueError, match="capacity must be >= 1"):
        TokenBucketLimiter(1, count)
    with pytest.raises(ValueError, match="capacity must be >= 1"):
        AsyncLimiter(1, count)
    with pytest.raises(ValueError, match="burst must be >= 1"):
        GCRALimiter(1, count)
    with pytest.raises(ValueError, match="max_keys must be >= 1"):
        KeyedLimiter(lambda: TokenBucketLimiter(1, 1), count)
    for windowed in WINDOWED:
        with pytest.raises(ValueError, match="max_calls must be >= 1"):
            windowed(count, 1.0)


@pytest.mark.parametrize("window", [0, -1, math.nan, math.inf, "1"])
def test_a_window_that_is_no_duration_is_refused_by_name(window: float) -> None:
    for windowed in WINDOWED:
        with pytest.raises(ValueError, match="window must be finite and > 0"):
            windowed(5, window)


def test_whole_floats_and_fractions_are_numbers_too() -> None:
    bucket = TokenBucketLimiter(Fraction(1, 2), 5.0)  # type: ignore[arg-type]

    assert bucket.check().limit == 5


def test_decisions_are_immutable() -> None:
    decision = Decision(True, 1, 0, -1.0, 1.0)

    with pytest.raises(AttributeError):
        decision.allowed = False  # type: ignore[misc]
