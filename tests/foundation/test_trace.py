"""Spans: their length, and how many are open at once."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from velvet.trace import Span, in_flight


def span(t0: int, t1: int, lane: str = "lane") -> Span:
    return Span(lane, "work", "run", t0, t1)


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    pairs = draw(st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 40))))
    return [span(start, start + length) for start, length in pairs]


def test_a_span_tells_its_length_in_seconds() -> None:
    assert span(1_000_000_000, 3_500_000_000).seconds == 2.5


def test_nothing_is_in_flight_without_spans() -> None:
    assert in_flight([]) == []


def test_overlapping_spans_are_counted_together_and_touching_ones_are_not() -> None:
    steps = in_flight([span(0, 10, "a"), span(5, 15, "b"), span(15, 20, "a")])

    assert steps == [(0, 1), (5, 2), (10, 1), (15, 1), (20, 0)]


@given(spans())
def test_the_line_ends_at_zero_and_is_never_below_it(drawn: list[Span]) -> None:
    levels = [level for _, level in in_flight(drawn)]

    assert not levels or levels[-1] == 0
    assert all(level >= 0 for level in levels)


@given(spans())
def test_the_line_moves_forward_only(drawn: list[Span]) -> None:
    moments = [moment for moment, _ in in_flight(drawn)]

    assert moments == sorted(set(moments))


@given(spans())
def test_the_line_says_how_many_spans_hold_each_moment(drawn: list[Span]) -> None:
    expected = [
        (moment, sum(one.t0_ns <= moment < one.t1_ns for one in drawn))
        for moment, _ in in_flight(drawn)
    ]

    assert in_flight(drawn) == expected


@given(spans())
def test_the_area_below_the_line_is_the_sum_of_all_spans(drawn: list[Span]) -> None:
    steps = in_flight(drawn)

    area = sum(level * (later - moment) for (moment, level), (later, _) in pairwise(steps))

    assert area == sum(one.t1_ns - one.t0_ns for one in drawn)


@given(spans())
def test_the_line_does_not_depend_on_the_order_of_the_spans(drawn: list[Span]) -> None:
    assert in_flight(drawn) == in_flight(reversed(drawn))
