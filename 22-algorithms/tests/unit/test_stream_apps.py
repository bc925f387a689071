"""Streams: what is new, what is frequent, and how far the answers are from the truth on the way."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from velvet_algorithms.dedupe import (
    StreamDeduper,
    list_deduper,
    set_deduper,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=2), max_size=50))
def test_the_exact_dedupers_agree(keys: list[bytes]) -> None:
    naive, exact = list_deduper(), set_deduper()

    assert [naive(key) for key in keys] == [exact(key) for key in keys]


@settings(max_examples=200, deadline=None)
@example([0, 1, 1, 0], 2, 3, 0)
@example([0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 6, 7, 0], 4, 2, 2)
@example([0, 4, 1, 2, 3, 5, 0, 1, 4], 2, 2, 4)
@given(
    st.lists(st.integers(0, 30), max_size=120),
    st.integers(1, 8),
    st.integers(2, 4),
    st.integers(0, 4),
)
def test_a_repeat_within_the_horizon_is_never_missed(
    numbers: list[int], horizon: int, generations: int, window: int
) -> None:
    deduper = StreamDeduper(horizon, 0.01, generations=generations, window=window)
    order: list[int] = []  # different keys, the latest last

    for number in numbers:
        new = deduper.is_new(f"key-{number}")
        if number in order[-max(horizon, window) :]:
            assert not new
        if number in order:
            order.remove(number)
        order.append(number)


def test_the_window_is_exact_where_the_filters_have_forgotten() -> None:
    deduper = StreamDeduper(2, 0.01, window=50)

    answers = [deduper.is_new(f"key-{number}") for number in [*range(90), *range(40, 90)]]

    assert not any(answers[90:])
    assert deduper.rotations >= 10


def test_memory_of_a_deduper_does_not_grow_with_the_stream() -> None:
    deduper = StreamDeduper(50_000, 0.01, window=100)
    sizes = []
    for number in range(600):
        deduper.is_new(f"key-{number:06}")
        sizes.append(deduper.bytes_used)

    # 50,000 keys in a set take 4 MB; an ordered dictionary of 100 takes 10 to 20 kB.
    assert max(sizes[300:]) <= max(sizes[:300]) < 100_000


def test_a_key_that_is_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes or str, got int"):
        StreamDeduper(9).is_new(3)  # type: ignore[arg-type]


def test_new_keys_are_called_old_as_often_as_theory_says() -> None:
    deduper = StreamDeduper(2000, 0.02, generations=2)
    for number in range(20_000):
        deduper.is_new(f"warm-{number}")
    called_old, expected = 0, []

    for number in range(8000):
        called_old += not deduper.is_new(f"key-{number}")
        if number % 500 == 499:
            expected.append(deduper.expected_error())

    mean = sum(expected) / len(expected)
    # Every key is new. sigma of the share over n keys is sqrt(p (1 - p) / n).
    assert abs(called_old / 8000 - mean) <= 4 * math.sqrt(mean / 8000) + 0.3 * mean
    assert called_old / 8000 <= 0.02


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: StreamDeduper(0), "horizon must be at least 1, got 0"),
        (lambda: StreamDeduper(9, generations=1), "generations must be at least 2, got 1"),
        (lambda: StreamDeduper(9, 1.0), "error must be between 0 and 1"),
        (lambda: StreamDeduper(9, window=-1), "window must be at least 0"),
    ],
)
def test_impossible_streams_are_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
