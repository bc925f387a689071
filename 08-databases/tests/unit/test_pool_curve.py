"""The driver of pools on pools that are made up: what is counted, and what ends a run."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet_databases.pool_curve import PoolPoint, little_size, pool_curve

SECONDS = 0.3  # a busy machine may stop a process for a tenth of a second


class Booth:
    """A pool whose connections are places in a semaphore and whose statements take no time."""

    name: ClassVar[str] = "booth"
    opened: ClassVar[list[int]] = []
    broken = False

    def open(self, url: str, size: int, *, timeout: float = 30.0, check: bool = False) -> None:
        self.opened.append(size)
        self.places = threading.Semaphore(size)
        self.inside = 0
        self.said: set[str] = set()

    @contextmanager
    def borrow(self) -> Iterator[Any]:
        with self.places:
            if self.broken:
                raise ConnectionError("the line is dead")
            yield self.said.add

    def close(self) -> None:
        self.opened.append(-1)


class AsyncBooth:
    """The same for tasks."""

    name: ClassVar[str] = "async booth"
    closed = 0

    async def open(
        self, url: str, size: int, *, timeout: float = 30.0, check: bool = False
    ) -> None:
        self.places = asyncio.Semaphore(size)

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[Any]:
        async with self.places:
            yield self.say

    async def say(self, sql: str) -> None:
        if "wrong" in sql:
            raise ConnectionError("the line is dead")
        await asyncio.sleep(0)

    async def close(self) -> None:
        type(self).closed += 1


def test_a_curve_has_a_point_for_every_size_and_closes_each_pool() -> None:
    Booth.opened.clear()

    points = pool_curve(Booth, "", [1, 3], threads=3, seconds=SECONDS, work=("a", "b"))

    assert [point.size for point in points] == [1, 3]
    assert Booth.opened == [1, -1, 3, -1]
    for point in points:
        assert point.tps > 0
        assert 0 <= point.p50_ms <= point.p99_ms
        assert point.waiting >= 0


def test_tasks_are_loaded_like_threads() -> None:
    AsyncBooth.closed = 0

    (point,) = pool_curve(AsyncBooth, "", [2], threads=4, seconds=SECONDS)

    assert isinstance(point, PoolPoint)
    assert point.tps > 0
    # Two of four have a place, so the others are in line, all the time.
    assert 1 < point.waiting < 4
    assert AsyncBooth.closed == 1


def test_an_error_of_the_work_ends_the_run_and_closes_the_pool() -> None:
    class Broken(Booth):
        broken = True

    Booth.opened.clear()
    with pytest.raises(ConnectionError, match="dead"):
        pool_curve(Broken, "", [2], threads=2, seconds=60)
    assert Booth.opened == [2, -1]

    AsyncBooth.closed = 0
    with pytest.raises(ConnectionError, match="dead"):
        pool_curve(AsyncBooth, "", [2], threads=2, seconds=60, work=("wrong",))
    assert AsyncBooth.closed == 1


def test_a_run_in_which_nothing_ends_says_so() -> None:
    class Slow(Booth):
        @contextmanager
        def borrow(self) -> Iterator[Any]:
            with self.places:
                yield threading.Event().wait

    def wait_long() -> Any:
        return Slow()

    with pytest.raises(ValueError, match="nothing finished"):
        pool_curve(wait_long, "", [1], threads=1, seconds=0.01, work=(0.1,))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"sizes": [0]}, "must be 1 or more, not 0"),
        ({"sizes": [1], "threads": 0}, "must be 1 or more, not 0"),
        ({"sizes": [1], "seconds": 0}, "seconds must be finite and more than 0"),
        ({"sizes": [1], "seconds": math.inf}, "seconds must be finite and more than 0"),
    ],
)
def test_an_impossible_load_is_refused(arguments: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        pool_curve(Booth, "", **arguments)


@pytest.mark.parametrize(
    ("tps", "hold", "size"),
    [(0, 1, 0), (600, 0.005, 3), (601, 0.005, 4), (1, 0.001, 1), (2000, 0.01, 20)],
)
def test_little_s_law_gives_the_size(tps: float, hold: float, size: int) -> None:
    assert little_size(tps, hold) == size


@given(tps=st.floats(0, 1e6), hold=st.floats(0, 100))
def test_little_s_size_is_enough_and_not_one_too_many(tps: float, hold: float) -> None:
    size = little_size(tps, hold)

    assert size + 1e-9 >= tps * hold - 1e-9 * max(1.0, tps * hold)
    assert size - 1 <= tps * hold


@pytest.mark.parametrize("arguments", [(-1, 1), (1, -1), (math.inf, 1), (1, math.nan)])
def test_little_s_law_needs_finite_figures(arguments: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="finite"):
        little_size(*arguments)
