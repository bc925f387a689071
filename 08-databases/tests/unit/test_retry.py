"""A transaction is run again for the errors that ask for it, at drawn pauses, and never otherwise."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from typing import Any

import psycopg.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet_databases.races import retry_tx, state_of


class Drawn(random.Random):
    """Draws the given share of the interval, and remembers the interval."""

    def __init__(self, share: float) -> None:
        super().__init__(0)
        self.share = share
        self.intervals: list[tuple[float, float]] = []

    def uniform(self, a: float, b: float) -> float:
        self.intervals.append((a, b))
        return a + self.share * (b - a)


def failing(*errors: Exception) -> Callable[[], str]:
    """A transaction that fails in these ways, and then succeeds."""
    left = list(errors)

    def transaction() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return transaction


def collision() -> Exception:
    return psycopg.errors.SerializationFailure("could not serialize access")


def test_a_transaction_that_succeeds_is_run_once() -> None:
    slept: list[float] = []

    assert retry_tx(failing(), sleep=slept.append) == "done"
    assert slept == []


@pytest.mark.parametrize(
    ("share", "cap", "pauses"),
    [(1.0, 0.1, [0.01, 0.02, 0.04, 0.08, 0.1, 0.1]), (0.25, 0.5, [0.0025, 0.005])],
)
def test_the_pauses_double_up_to_the_cap_and_are_drawn_from_the_whole_interval(
    share: float, cap: float, pauses: list[float]
) -> None:
    slept: list[float] = []
    rng, errors = Drawn(share), [collision() for _ in pauses]

    retry_tx(failing(*errors), attempts=7, base=0.01, cap=cap, rng=rng, sleep=slept.append)

    assert slept == pytest.approx(pauses)
    assert {low for low, _ in rng.intervals} == {0.0}


@given(
    attempts=st.integers(1, 200),
    base=st.floats(0, 1),
    cap=st.floats(0, 1),
    seed=st.integers(0, 1000),
)
def test_no_pause_leaves_its_bounds_and_none_follows_the_last_attempt(
    attempts: int, base: float, cap: float, seed: int
) -> None:
    slept: list[float] = []
    calls = 0

    def transaction() -> None:
        nonlocal calls
        calls += 1
        raise collision()

    with pytest.raises(psycopg.errors.SerializationFailure) as caught:
        retry_tx(
            transaction,
            attempts=attempts,
            base=base,
            cap=cap,
            rng=random.Random(seed),
            sleep=slept.append,
        )

    assert caught.value.attempts == attempts == calls  # type: ignore[attr-defined]
    assert len(slept) == attempts - 1
    assert all(0 <= pause <= min(cap, base * 2.0**n) for n, pause in enumerate(slept))


def test_a_deadlock_is_run_again_too() -> None:
    deadlock = psycopg.errors.DeadlockDetected("deadlock detected")

    assert retry_tx(failing(deadlock), sleep=lambda _: None) == "done"


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.UniqueViolation("duplicate key"),
        psycopg.errors.AdminShutdown("terminating connection"),
        psycopg.OperationalError("server closed the connection"),
        ValueError("a bug"),
    ],
)
def test_another_error_is_raised_at_once(error: Exception) -> None:
    slept: list[float] = []

    with pytest.raises(type(error)) as caught:
        retry_tx(failing(error), sleep=slept.append)

    assert caught.value is error
    assert caught.value.attempts == 1  # type: ignore[attr-defined]
    assert slept == []


def test_the_states_worth_another_attempt_can_be_chosen() -> None:
    with pytest.raises(psycopg.errors.SerializationFailure):
        retry_tx(failing(collision()), on={"40P01"})

    assert retry_tx(failing(ValueError()), on={""}, sleep=lambda _: None) == "done"


@pytest.mark.parametrize("arguments", [{"attempts": 0}, {"base": -1}, {"cap": float("nan")}])
def test_an_impossible_schedule_is_refused_before_anything_runs(arguments: Any) -> None:
    with pytest.raises(ValueError, match=next(iter(arguments))):
        retry_tx(failing(), **arguments)


def test_a_state_is_found_below_what_wraps_it() -> None:
    class Wrapper(Exception):
        """As SQLAlchemy's."""

        def __init__(self, orig: Exception) -> None:
            super().__init__("wrapped")
            self.orig = orig

    try:
        raise RuntimeError("as Django does") from collision()
    except RuntimeError as error:
        chained = error

    assert state_of(Wrapper(collision())) == "40001"
    assert state_of(chained) == "40001"
    assert state_of(ValueError()) == ""


def test_sqlite_s_states_are_its_result_codes() -> None:
    unnamed = sqlite3.OperationalError("database is locked")
    named = sqlite3.OperationalError("database is locked")
    named.sqlite_errorname = "SQLITE_BUSY_SNAPSHOT"  # type: ignore[misc, unused-ignore]

    assert state_of(unnamed) == "SQLITE_BUSY"
    assert state_of(named) == "SQLITE_BUSY_SNAPSHOT"
    assert state_of(sqlite3.OperationalError("no such table")) == "SQLITE_ERROR"
