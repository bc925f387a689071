"""`amap` keeps its order and its limit whatever the tasks' timing, and is exact about errors."""

from __future__ import annotations

import asyncio

import hypothesis.strategies as st
from hypothesis import given, settings

from velvet_concurrency.pipeline import Pipeline, Stage
from velvet_concurrency.structured import ExceptionGroup, amap

delays = st.lists(st.integers(0, 4), max_size=25)


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@settings(deadline=None, max_examples=60)
@given(delays, st.integers(1, 6), st.integers(0, 3), st.booleans())
def test_amap_preserves_order_and_never_exceeds_its_limit(items, limit, buffer, ordered):
    running = peak = held = most_held = 0

    def source():
        nonlocal held, most_held
        for pair in enumerate(items):
            held += 1
            most_held = max(most_held, held)
            yield pair

    async def work(pair: tuple[int, int]) -> int:
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        await turns(pair[1])
        running -= 1
        return pair[0]

    async def scenario() -> list[int]:
        nonlocal held
        got = []
        async for x in amap(work, source(), limit, ordered=ordered, buffer=buffer):
            held -= 1
            got.append(x)
        return got

    got = asyncio.run(scenario())

    assert (got if ordered else sorted(got)) == list(range(len(items)))
    assert peak <= limit
    assert most_held <= limit + buffer + 1  # one more in the consumer's hands


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=15), st.integers(1, 4), st.data())
def test_a_pipeline_delivers_exactly_the_items_before_the_failing_one(items, workers, data):
    bad = data.draw(st.integers(0, len(items) - 1))
    stages = data.draw(st.integers(1, 3))
    failing = data.draw(st.integers(0, stages - 1))

    def stage(number: int) -> Stage:
        async def work(pair: tuple[int, int]) -> tuple[int, int]:
            await turns(pair[1])
            if number == failing and pair[0] == bad:
                raise ValueError(pair[0])
            return pair

        return Stage(work, workers, buffer=number)

    async def scenario() -> tuple[list[int], ExceptionGroup | None]:
        got: list[int] = []
        try:
            async for index, _ in Pipeline([stage(i) for i in range(stages)]).run(enumerate(items)):
                got.append(index)
        except ExceptionGroup as group:
            return got, group
        return got, None

    got, group = asyncio.run(scenario())

    assert got == list(range(bad))
    assert [error.args for error in group.exceptions] == [(bad,)]
