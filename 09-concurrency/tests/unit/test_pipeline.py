"""Pipelines keep order, pressure and errors; actors keep their state to themselves."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import pytest

from velvet_concurrency.pipeline import Actor, ActorStopped, Pipeline, Stage
from velvet_concurrency.structured import ExceptionGroup

pytestmark = pytest.mark.asyncio


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


async def test_items_pass_every_stage_in_order_and_the_end_passes_too():
    pipeline = Pipeline([Stage(plus_one, workers=3), Stage(double, workers=2, buffer=4)])

    assert [x async for x in pipeline.run(range(20))] == [2 * (x + 1) for x in range(20)]


async def test_a_pipeline_can_run_twice_at_once():
    pipeline = Pipeline([Stage(plus_one), Stage(double)])

    async def collect(n: int) -> list[int]:
        return [x async for x in pipeline.run(range(n))]

    one, two = asyncio.ensure_future(collect(3)), asyncio.ensure_future(collect(5))

    assert (await one, await two) == ([2, 4, 6], [2, 4, 6, 8, 10])


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
        await first

    assert held <= (2 + 3) + (1 + 1) + 1


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


async def test_a_pipeline_needs_a_stage():
    with pytest.raises(ValueError, match="at least one stage"):
        Pipeline([])


@pytest.mark.parametrize(("workers", "buffer"), [(0, 0), (1, -1)])
async def test_a_stage_names_its_bad_bound(workers, buffer):
    with pytest.raises(ValueError, match="must be an int >="):
        Stage(double, workers, buffer)


# --- Actor ----------------------------------------------------------------------------------------


def gated(gate: asyncio.Event, seen: list[Any]) -> Callable[[], Callable[[Any], Awaitable[Any]]]:
    """Make handlers that note the message, wait for a gate, and fail on what is broken."""

    async def handle(message: Any) -> Any:
        seen.append(message)
        await gate.wait()
        if message == "broken":
            raise ValueError
        return message

    return lambda: handle


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


async def test_an_actor_handles_one_message_at_a_time():
    async with Actor(counter) as actor:
        asking = [asyncio.ensure_future(actor.ask(1)) for _ in range(50)]
        await asyncio.wait(asking)

    assert [task.result() for task in asking] == list(range(1, 51))


async def test_leaving_the_block_handles_what_was_told_before():
    gate, seen = asyncio.Event(), []
    gate.set()

    async with Actor(gated(gate, seen), mailbox=3) as actor:
        for i in range(10):
            await actor.tell(i)

    assert seen == list(range(10))
    with pytest.raises(ActorStopped, match="it was closed"):
        await actor.tell(11)


async def test_an_error_goes_to_the_asker_and_the_state_is_made_anew():
    async with Actor(counter) as actor:
        await actor.ask(5)
        with pytest.raises(ValueError, match="negative"):
            await actor.ask(-1)

        assert await actor.ask(1) == 1

    assert actor.restarts == 1


async def test_an_error_of_a_told_message_goes_to_the_loop():
    seen = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: seen.append(context))

    async with Actor(counter) as actor:
        await actor.tell(-1)

    assert isinstance(seen[0]["exception"], ValueError)


async def test_beyond_the_restart_limit_the_actor_stops_and_says_why():
    actor = Actor(counter, max_restarts=1)

    with pytest.raises(ActorStopped, match="after 1 restarts") as caught:  # noqa: PT012
        async with actor:
            asking = [asyncio.ensure_future(actor.ask(message)) for message in (-1, -2, 3)]
            await asyncio.wait(asking)
            with pytest.raises(ActorStopped):
                await actor.tell(4)

    assert [type(task.exception()) for task in asking] == [ValueError, ValueError, ActorStopped]
    assert isinstance(caught.value.__cause__, ValueError)


async def test_an_impatient_asker_times_out_and_its_message_is_skipped():
    gate, seen = asyncio.Event(), []

    async with Actor(gated(gate, seen)) as actor:
        await actor.tell("busy")
        await turns()
        with pytest.raises(TimeoutError):
            await actor.ask("impatient", timeout_s=0.001)
        gate.set()

    assert seen == ["busy"]


@pytest.mark.parametrize("message", ["fine", "broken"])
async def test_an_asker_that_leaves_while_its_message_is_handled_harms_nobody(message):
    gate = asyncio.Event()

    async with Actor(gated(gate, [])) as actor:
        with pytest.raises(TimeoutError):
            await actor.ask(message, timeout_s=0.005)
        gate.set()

        assert await actor.ask("next") == "next"


async def test_a_full_mailbox_makes_tell_wait():
    gate = asyncio.Event()

    async with Actor(gated(gate, []), mailbox=1) as actor:
        await actor.tell(1)
        await turns()
        await actor.tell(2)
        third = asyncio.ensure_future(actor.tell(3))
        await turns()
        waited = not third.done()
        gate.set()
        await third

    assert waited


async def test_an_error_in_the_block_stops_the_actor_at_once():
    actor = Actor(counter)

    with pytest.raises(KeyError):  # noqa: PT012 - leaving the block is what raises
        async with actor:
            await actor.tell(1)
            raise KeyError

    assert len(asyncio.all_tasks()) == 1


async def test_askers_left_behind_by_a_stopped_actor_are_told():
    with pytest.raises(KeyError):  # noqa: PT012 - leaving the block is what raises
        async with Actor(gated(asyncio.Event(), [])) as actor:
            await actor.tell(0)
            asking = asyncio.ensure_future(actor.ask(1))
            await actor.tell(2)
            await turns()
            raise KeyError

    with pytest.raises(ActorStopped):
        await asking


async def test_an_actor_checks_its_arguments():
    with pytest.raises(ValueError, match="mailbox"):
        Actor(counter, mailbox=0)
    with pytest.raises(ValueError, match="max_restarts"):
        Actor(counter, max_restarts=-1)
    async with Actor(counter) as actor:
        with pytest.raises(ValueError, match="nan"):
            await actor.ask(1, timeout_s=math.nan)
