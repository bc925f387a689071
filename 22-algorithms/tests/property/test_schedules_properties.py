"""Schedules against trying everything, their bounds, and the wheel against a list of timers."""

from __future__ import annotations

import math
from itertools import combinations, permutations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_algorithms.components import CycleError
from velvet_algorithms.scheduling import (
    Plan,
    edf,
    list_schedule,
    lpt,
    min_rooms,
    weighted_intervals,
)

INTERVAL = st.tuples(st.integers(0, 12), st.integers(1, 6)).map(lambda one: (one[0], sum(one)))


def overlap(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return a[0] < b[1] and b[0] < a[1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(INTERVAL, st.integers(0, 9)), max_size=7))
def test_no_other_choice_of_intervals_is_heavier(rows: list[tuple[tuple[int, int], int]]) -> None:
    intervals = [(start, end, weight) for (start, end), weight in rows]

    found = weighted_intervals(intervals)

    best = max(
        sum(one[2] for one in chosen)
        for size in range(len(intervals) + 1)
        for chosen in combinations(intervals, size)
        if not any(overlap(a, b) for a, b in combinations(chosen, 2))
    )
    kept = [intervals[index] for index in found.indices]
    assert found.weight == best == sum(one[2] for one in kept)
    assert not any(overlap(a, b) for a, b in combinations(kept, 2))


@settings(max_examples=60, deadline=None)
@given(st.lists(INTERVAL, max_size=12))
def test_rooms_are_as_many_as_intervals_at_one_moment(intervals: list[tuple[int, int]]) -> None:
    rooms = min_rooms(intervals)

    most = max((sum(a <= at < b for a, b in intervals) for at in range(20)), default=0)
    assert len(set(rooms)) == most
    for one, other in combinations(range(len(rooms)), 2):
        assert rooms[one] != rooms[other] or not overlap(intervals[one], intervals[other])


def lateness(jobs: list[tuple[int, int]], order: Any) -> float:
    now, late = 0, 0
    for index in order:
        now += jobs[index][0]
        late = max(late, now - jobs[index][1])
    return late


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 15)), max_size=5))
def test_no_order_is_less_late_than_earliest_deadline_first(jobs: list[tuple[int, int]]) -> None:
    found = edf(jobs)

    assert found.lateness == lateness(jobs, found.order)
    assert found.lateness == min(lateness(jobs, p) for p in permutations(range(len(jobs))))


def check(plan: Plan, durations: list[int], needs: dict[int, list[int]], machines: int) -> None:
    """Nothing overlaps on a machine, and nothing starts before what it needs has ended."""
    rows = list(zip(plan.machine, plan.start, plan.end, strict=True))
    assert [end - start for _, start, end in rows] == durations
    assert all(0 <= machine < machines for machine, _, _ in rows)
    for (m1, s1, e1), (m2, s2, e2) in combinations(rows, 2):
        assert m1 != m2 or e1 <= s2 or e2 <= s1
    for job, before in needs.items():
        assert all(plan.end[earlier] <= plan.start[job] for earlier in before)
    assert plan.makespan == max(plan.end, default=0)
    assert plan.makespan >= plan.least


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 9), max_size=6), st.integers(1, 3))
def test_longest_first_is_within_its_bound_of_the_best(durations: list[int], machines: int) -> None:
    plan = lpt(durations, machines)

    check(plan, durations, {}, machines)
    best = min(
        max(
            sum(d for d, where in zip(durations, places, strict=True) if where == machine)
            for machine in range(machines)
        )
        for places in product(range(machines), repeat=len(durations))
    )
    # The factor is a float: 7/6 of 6 is a little less than 7.
    assert best <= plan.makespan <= plan.factor * best + 1e-9
    assert plan.factor == pytest.approx(4 / 3 - 1 / (3 * machines))


def test_the_worst_case_of_graham_reaches_the_bound() -> None:
    plan = lpt([5, 5, 4, 4, 3, 3, 3], 3)

    assert (plan.makespan, plan.least) == (11, 9)
    assert plan.makespan == pytest.approx(plan.factor * 9)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=10),
    st.integers(1, 3),
)
def test_jobs_that_wait_are_planned_within_the_bound(
    durations: list[int], arcs: list[tuple[int, int]], machines: int
) -> None:
    needs: dict[int, list[int]] = {}
    for earlier, later in arcs:
        if earlier < later < len(durations):
            needs.setdefault(later, []).append(earlier)

    plan = list_schedule(dict(enumerate(durations)), needs, machines)

    check(plan, durations, needs, machines)
    # The proof of Graham bounds it by work / machines + (1 - 1 / machines) * chain.
    assert plan.makespan <= plan.factor * plan.least + 1e-9


def test_a_priority_decides_between_ready_jobs() -> None:
    durations = {"a": 1, "b": 1}

    plan = list_schedule(durations, {}, 1, priority=["b", "a"])

    assert plan.start == (1, 0)


def test_jobs_without_duration_take_no_time() -> None:
    plan = list_schedule({"a": 0, "b": 0, "c": 2}, {"b": ["a"], "c": ["b"]}, 2)

    assert plan.start == (0, 0, 0)
    assert plan.makespan == 2


def test_jobs_that_wait_for_each_other_are_shown() -> None:
    with pytest.raises(CycleError, match=r"a.*b|b.*a"):
        list_schedule({"a": 1, "b": 1}, {"a": ["b"], "b": ["a"]}, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: weighted_intervals([(2, 2, 1)]), "must end after it starts"),
        (lambda: weighted_intervals([(0, 2, -1)]), "weights must be at least 0"),
        (lambda: min_rooms([(3, 1)]), r"must end after it starts, got \(3, 1\)"),
        (lambda: edf([(-1, 2)]), "durations must be at least 0"),
        (lambda: edf([(1, math.nan), (1, 0)]), "deadline .* nan"),
        (lambda: lpt([1], 0), "machines must be at least 1, got 0"),
        (lambda: lpt([-1.0], 2), "duration"),
        (lambda: list_schedule({"a": 1}, {"a": ["b"]}, 1), "'b' takes part"),
        (lambda: list_schedule({"a": 1}, {"b": ["a"]}, 1), "'b'.* takes part"),
    ],
)
def test_impossible_schedules_are_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
