"""A pool in virtual time obeys the laws that real ones obey."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_databases.pool_curve import SimulatedPoint, knee, little_tps, simulate


def _one(size: int, threads: int = 16, wait_ms: float = 2.0, compute_ms: float = 0.5) -> float:
    point = simulate(size, threads=threads, wait_ms=wait_ms, compute_ms=compute_ms, work=400)
    return point.tps


@settings(max_examples=25)
@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.5, 5), st.floats(0, 2))
def test_no_pool_serves_more_than_littles_law_allows(
    size: int, threads: int, wait_ms: float, compute_ms: float
) -> None:
    found = simulate(size, threads=threads, wait_ms=wait_ms, compute_ms=compute_ms, work=400)

    # Lengths vary by a quarter around their means, so a short run may be a little lucky.
    assert found.tps <= 1.1 * little_tps(min(size, threads), wait_ms + compute_ms)


def test_a_connection_more_than_there_are_callers_changes_nothing() -> None:
    assert _one(16) == _one(40)


def test_below_the_knee_twice_the_connections_serve_twice_as_much() -> None:
    assert _one(2) == pytest.approx(2 * _one(1), rel=0.05)


def test_cores_bound_what_a_pool_can_serve() -> None:
    assert _one(16, compute_ms=1.0) == pytest.approx(2_000, rel=0.05)


def test_the_same_seed_gives_the_same_run() -> None:
    assert _one(4) == _one(4)


def test_the_knee_is_where_doubling_gains_little() -> None:
    curve = [
        simulate(size, threads=32, wait_ms=2.0, compute_ms=0.5) for size in (1, 2, 4, 8, 16, 32)
    ]

    assert knee(curve) in (8, 16)
    assert knee([SimulatedPoint(1, 10, 1), SimulatedPoint(2, 20, 1)]) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"size": 0, "threads": 1, "wait_ms": 1.0, "compute_ms": 0.0}, "must be 1 or more"),
        ({"size": 1, "threads": 1, "wait_ms": 0.0, "compute_ms": 0.0}, "must be >= 0"),
        ({"size": 1, "threads": 1, "wait_ms": -1.0, "compute_ms": 2.0}, "must be >= 0"),
    ],
)
def test_a_load_that_makes_no_sense_is_refused(arguments: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        simulate(**arguments)  # type: ignore[arg-type]


def test_a_law_needs_a_size_and_a_hold_and_a_knee_needs_a_point() -> None:
    for size, hold_ms in ((1, 0.0), (1, math.inf), (0, 1.0)):
        with pytest.raises(ValueError, match="hold_ms above 0"):
            little_tps(size, hold_ms)
    with pytest.raises(ValueError, match="one point or more"):
        knee([])
