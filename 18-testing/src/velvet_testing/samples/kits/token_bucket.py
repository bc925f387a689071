"""The kit of `token_bucket`."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from velvet_testing.kit import Kit, Machine
from velvet_testing.samples.clock import FakeTime

RATE, CAPACITY = 2, 4


class _Real:
    def __init__(self, m: Any) -> None:
        self.clock = FakeTime()
        self.clock.tick(100)
        self.bucket = m.TokenBucket(RATE, CAPACITY, self.clock)

    def take(self, n: int) -> bool:
        return bool(self.bucket.try_take(n))

    def wait(self, n: int) -> float:
        return float(self.bucket.wait_time(n))

    def tick(self, seconds: int) -> None:
        self.clock.tick(seconds)


class _Model:
    def __init__(self) -> None:
        self.tokens = CAPACITY

    def _limit(self, n: int) -> None:
        if n < 1 or n > CAPACITY:
            raise ValueError(n)

    def take(self, n: int) -> bool:
        self._limit(n)
        enough = n <= self.tokens
        self.tokens -= n * enough
        return enough

    def wait(self, n: int) -> float:
        self._limit(n)
        return max(0.0, (n - self.tokens) / RATE)

    def tick(self, seconds: int) -> None:
        self.tokens = min(CAPACITY, self.tokens + seconds * RATE)


def _check(m: Any, x: Any) -> None:
    taken, seconds = x
    world = _Real(m)
    got = sum(world.take(1) for _ in range(taken))
    assert got == min(taken, CAPACITY)
    world.tick(seconds)
    assert world.wait(CAPACITY) == max(0.0, min(got, CAPACITY) / RATE - seconds)


KIT = Kit(
    happy=(
        'play(World(program), "take 1; take 2") == [True, True]',
        'play(World(program), "take 4; take 1; tick 1; take 1") == [True, False, None, True]',
    ),
    edges=(
        'play(World(program), "take 0; take 1; take 4; take 5")[0] == "ValueError"',
        'play(World(program), "take 4; take 1") == [True, False]',
        'play(World(program), "take 3; take 1; take 1") == [True, True, False]',
        'play(World(program), "tick 100; take 4; take 1")[1:] == [True, False]',
        'play(World(program), "wait 1; take 4; wait 1; wait 4")[2:] == [0.5, 2.0]',
        'play(World(program), "take 4; tick 1; take 2; take 1")[2:] == [True, False]',
    ),
    contract=(
        'play(World(program), "take 4; take 1; tick 2; take 4") == [True, False, None, True]',
        'play(World(program), "take 2; tick -50; take 2; take 1")[2:] == [True, False]',
    ),
    snapshot=('play(World(program), "take 3; wait 4; tick 1; take 3; wait 1")',),
    tools={"World": _Real},
    inputs=st.tuples(st.integers(0, 6), st.integers(0, 3)),
    check=_check,
    machine=Machine(
        {
            "take": (st.integers(0, 5),),
            "wait": (st.integers(0, 5),),
            "tick": (st.integers(1, 3),),
        },
        _Real,
        _Model,
    ),
)
