"""Pipelines keep order, pressure and errors; actors keep their state to themselves."""

from __future__ import annotations

import asyncio
import math
from contextlib import aclosing

import pytest

from velvet_concurrency.pipeline import Actor, ActorStopped, Pipeline, Stage
from velvet_concurrency.structured import ExceptionGroup


async def soon(awaitable):
    return await asyncio.wait_for(awaitable, 10)


async def turns(count: int = 8) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def collect(results, into: list) -> None:
    async for each in results:
        into.append(each)  # noqa: PERF401 - what came before an error has to stay


async def plus_one(x: int) -> int:
    await asyncio.sleep(0)
    return x + 1


async def double(x: int) -> int:
    await asyncio.sleep(0)
    return 2 * x


# --- Pipeline -------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_items_pass_every_stage_in_order_and_the_end_passes_too():
    pipeline = Pipeline([Stage(plus_one, workers=3), Stage(double, workers=2, buffer=4)])

    assert [x async for x in pipeline.run(range(20))] == [2 * (x + 1) for x in range(20)]


@pytest.mark.asyncio
async def test_an_empty_source_gives_an_empty_result():
    assert [x async for x in Pipeline([Stage(double)]).run([])] == []


@pytest.mark.asyncio
async def test_a_pipeline_can_run_twice_at_once():
    pipeline = Pipeline([Stage(plus_one), Stage(double)])

    async def collect(n: int) -> list[int]:
        return [x async for x in pipeline.run(range(n))]

    one, two = asyncio.ensure_future(collect(3)), asyncio.ensure_future(collect(5))

    assert (await soon(one), await soon(two)) == ([2, 4, 6], [2, 4, 6, 8, 10])


@pytest.mark.asyncio
async def test_a_slow_stage_holds_the_source_back():
    pulled = 0
    gate = asyncio.Event()

    def source():
        nonlocal pulled
        for i in range(1000):
            pulled += 1
            yield i

    async def slow(x: int) -> int:
        await gate.wait()
        return x

    pipeline = Pipeline([Stage(double, workers=2, buffer=3), Stage(slow, workers=1, buffer=1)])
    async with aclosing(pipeline.run(source())) as results:
        first = asyncio.ensure_future(results.__anext__())
        await turns(200)
        held = pulled
        gate.set()
        await soon(first)

    assert held <= (2 + 3) + (1 + 1) + 1


@pytest.mark.asyncio
async def test_no_stage_runs_more_calls_at_once_than_it_has_workers():
    running = peak = 0

    async def count(x: int) -> int:
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        await turns(2)
        running -= 1
        return x

    pipeline = Pipeline([Stage(plus_one, 5), Stage(count, workers=3, buffer=5)])

    assert len([x async for x in pipeline.run(range(30))]) == 30
    assert peak == 3


@pytest.mark.asyncio
@pytest.mark.parametrize("failing_stage", [0, 1, 2])
@pytest.mark.parametrize("workers", [1, 3])
async def test_items_before_a_failing_one_are_delivered_then_one_group_is_raised(
    failing_stage, workers
):
    seen_later: list[int] = []

    def stage(number: int) -> Stage:
        async def work(x: int) -> int:
            await turns(2)
            if number == failing_stage and x == 5:
                raise ValueError("item 5")
            if number > failing_stage:
                seen_later.append(x)
            return x

        return Stage(work, workers)

    got = []
    with pytest.raises(ExceptionGroup) as caught:
        await collect(Pipeline([stage(0), stage(1), stage(2)]).run(range(1000)), got)

    assert got == [0, 1, 2, 3, 4]
    assert [str(error) for error in caught.value.exceptions] == ["item 5"]
    assert all(x < 5 for x in seen_later)
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.asyncio
async def test_a_failing_stage_cancels_the_work_behind_it():
    cancelled = []

    async def first(x: int) -> int:
        if x > 0:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(x)
                raise
        return x

    async def second(x: int) -> int:
        raise ValueError

    with pytest.raises(ExceptionGroup):
        async for _ in Pipeline([Stage(first, 3), Stage(second)]).run(range(10)):
            pass

    assert cancelled


def test_a_pipeline_needs_a_stage():
    with pytest.raises(ValueError, match="at least one stage"):
        Pipeline([])


@pytest.mark.parametrize(("workers", "buffer"), [(0, 0), (1, -1)])
def test_a_stage_names_its_bad_bound(workers, buffer):
    with pytest.raises(ValueError, match="must be >="):
        Stage(double, workers, buffer)


# --- Actor ----------------------------------------------------------------------------------------


def counter():
    total = 0

    async def handle(message: int) -> int:
        nonlocal total
        if message < 0:
            raise ValueError("negative")
        total += message
        await asyncio.sleep(0)
        return total

    return handle


@pytest.mark.asyncio
async def test_an_actor_handles_one_message_at_a_time():
    async with Actor(counter) as actor:
        asking = [asyncio.ensure_future(actor.ask(1)) for _ in range(50)]
        await soon(asyncio.wait(asking))

    assert [task.result() for task in asking] == list(range(1, 51))


@pytest.mark.asyncio
async def test_leaving_the_block_handles_what_was_told_before():
    seen = []

    def make():
        async def handle(message: int) -> None:
            seen.append(message)

        return handle

    async with Actor(make, mailbox=3) as actor:
        for i in range(10):
            await soon(actor.tell(i))

    assert seen == list(range(10))
    with pytest.raises(ActorStopped, match="it was closed"):
        await actor.tell(11)


@pytest.mark.asyncio
async def test_an_error_goes_to_the_asker_and_the_state_is_made_anew():
    async with Actor(counter) as actor:
        await soon(actor.ask(5))
        with pytest.raises(ValueError, match="negative"):
            await soon(actor.ask(-1))

        assert await soon(actor.ask(1)) == 1

    assert actor.restarts == 1


@pytest.mark.asyncio
async def test_an_error_of_a_told_message_goes_to_the_loop():
    seen = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: seen.append(context))

    async with Actor(counter) as actor:
        await actor.tell(-1)

    assert isinstance(seen[0]["exception"], ValueError)


@pytest.mark.asyncio
async def test_beyond_the_restart_limit_the_actor_stops_and_says_why():
    actor = Actor(counter, max_restarts=1)

    with pytest.raises(ActorStopped, match="after 1 restarts") as caught:  # noqa: PT012
        async with actor:
            asking = [asyncio.ensure_future(actor.ask(message)) for message in (-1, -2, 3)]
            await soon(asyncio.wait(asking))
            with pytest.raises(ActorStopped):
                await actor.tell(4)

    assert [type(task.exception()) for task in asking] == [ValueError, ValueError, ActorStopped]
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.asyncio
async def test_an_impatient_asker_times_out_and_its_message_is_skipped():
    gate = asyncio.Event()
    seen = []

    def make():
        async def handle(message: str) -> str:
            seen.append(message)
            await gate.wait()
            return message

        return handle

    async with Actor(make) as actor:
        await actor.tell("busy")
        await turns()
        with pytest.raises(TimeoutError):
            await actor.ask("impatient", timeout_s=0.001)
        gate.set()

    assert seen == ["busy"]


@pytest.mark.asyncio
@pytest.mark.parametrize("message", ["fine", "broken"])
async def test_an_asker_that_leaves_while_its_message_is_handled_harms_nobody(message):
    gate = asyncio.Event()

    def make():
        async def handle(message: str) -> str:
            await gate.wait()
            if message == "broken":
                raise ValueError
            return message

        return handle

    async with Actor(make) as actor:
        with pytest.raises(TimeoutError):
            await actor.ask(message, timeout_s=0.005)
        gate.set()

        assert await soon(actor.ask("next")) == "next"


@pytest.mark.asyncio
async def test_a_full_mailbox_makes_tell_wait():
    gate = asyncio.Event()

    def make():
        async def handle(_: int) -> None:
            await gate.wait()

        return handle

    async with Actor(make, mailbox=1) as actor:
        await actor.tell(1)
        await turns()
        await actor.tell(2)
        third = asyncio.ensure_future(actor.tell(3))
        await turns()
        waited = not third.done()
        gate.set()
        await soon(third)

    assert waited


@pytest.mark.asyncio
async def test_an_error_in_the_block_stops_the_actor_at_once():
    actor = Actor(counter)

    with pytest.raises(KeyError):  # noqa: PT012 - leaving the block is what raises
        async with actor:
            await actor.tell(1)
            raise KeyError

    assert len(asyncio.all_tasks()) == 1


@pytest.mark.asyncio
async def test_askers_left_behind_by_a_stopped_actor_are_told():
    def make():
        async def handle(_: int) -> None:
            await asyncio.Event().wait()

        return handle

    with pytest.raises(KeyError):  # noqa: PT012 - leaving the block is what raises
        async with Actor(make) as actor:
            await actor.tell(0)
            asking = asyncio.ensure_future(actor.ask(1))
            await actor.tell(2)
            await turns()
            raise KeyError

    with pytest.raises(ActorStopped):
        await soon(asking)


@pytest.mark.asyncio
async def test_an_actor_checks_its_arguments():
    with pytest.raises(ValueError, match="mailbox"):
        Actor(counter, mailbox=0)
    with pytest.raises(ValueError, match="max_restarts"):
        Actor(counter, max_restarts=-1)
    async with Actor(counter) as actor:
        with pytest.raises(ValueError, match="nan"):
            await actor.ask(1, timeout_s=math.nan)
