"""Keyed limiters: one bucket a key, a bounded number of keys, the oldest forgotten first."""

from __future__ import annotations

import sys

import pytest

from velvet.hostile_resources import unlocked
from velvet_concurrency.limiters import KeyedLimiter, TokenBucketLimiter


def budget() -> TokenBucketLimiter:
    return TokenBucketLimiter(0, 2)


def test_each_key_has_a_bucket_of_its_own() -> None:
    limiter = KeyedLimiter(budget)

    answers = [limiter.allow(key) for key in ("a", "a", "a", "b")]

    assert answers == [True, True, False, True]
    assert len(limiter) == 2


def test_the_least_recently_used_key_is_forgotten_and_starts_full_again() -> None:
    limiter = KeyedLimiter(budget, max_keys=2)
    limiter.allow("a", 2)
    limiter.allow("b", 2)
    limiter.allow("a")

    limiter.allow("c")

    assert limiter.evictions == 1
    assert limiter.allow("b", 2)
    assert limiter.evictions == 2


def test_a_million_keys_are_bounded_by_max_keys() -> None:
    shared = budget()  # the buckets are not the subject
    limiter = KeyedLimiter(lambda: shared, max_keys=1000)
    sizes = []

    for key in range(1_000_000):
        limiter.allow(key)
        if key % 200_000 == 199_999:
            sizes.append((len(limiter), sys.getsizeof(limiter._limiters)))

    assert {length for length, _ in sizes} == {1000}
    assert len({size for _, size in sizes}) == 1
    assert limiter.evictions == 999_000


def test_wrong_tokens_evict_nobody() -> None:
    limiter = KeyedLimiter(budget, max_keys=1)
    limiter.allow("a")

    with pytest.raises(ValueError, match="tokens must be"):
        limiter.allow("b", -1)

    assert limiter.evictions == 0


def test_an_unhashable_key_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        KeyedLimiter(budget).allow([])  # type: ignore[arg-type]


def test_a_factory_that_fails_leaves_no_key_behind() -> None:
    def broken() -> TokenBucketLimiter:
        raise RuntimeError("no limiter today")

    limiter = KeyedLimiter(broken)

    with pytest.raises(RuntimeError, match="no limiter today"):
        limiter.allow("a")

    assert len(limiter) == 0
    assert unlocked(limiter._lock)
