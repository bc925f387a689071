"""Waiting, closing and the bulkhead: no slot and no item is lost."""

from __future__ import annotations

import asyncio

import pytest

from velvet_concurrency.pressure import AdmissionQueue, Bulkhead, BulkheadFull, QueueClosed
from velvet_concurrency.pressure.bulkhead import WaitQueue

pytestmark = pytest.mark.asyncio


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_get_waits_for_an_item():
    queue = AdmissionQueue(1)
    getter = asyncio.ensure_future(queue.get())
    await turns()

    queue.put_nowait("item")

    assert await getter == "item"


async def test_a_getter_whose_item_was_taken_keeps_its_place():
    queue = AdmissionQueue(0)
    first, second = (asyncio.ensure_future(queue.get()) for _ in range(2))
    await turns()
    queue.put_nowait("stolen")
    queue.get_nowait()
    await turns()

    queue.put_nowait("one")
    queue.put_nowait("two")

    assert (await first, await second) == ("one", "two")


async def test_a_closed_queue_drains_and_then_says_so():
    queue = AdmissionQueue(2)
    queue.put_nowait(1)
    queue.close()
    queue.close()

    assert await queue.get() == 1
    with pytest.raises(QueueClosed):
        await queue.get()
    with pytest.raises(QueueClosed):
        await queue.put(2)
    assert queue.stats.refused == 1


async def test_closing_wakes_everybody_who_waits():
    full, empty = AdmissionQueue(1), AdmissionQueue(1)
    full.put_nowait(0)
    waiting = [asyncio.ensure_future(full.put(i)) for i in range(2)]
    waiting += [asyncio.ensure_future(empty.get()) for _ in range(2)]
    await turns()

    full.close()
    empty.close()

    await asyncio.wait(waiting)
    assert all(isinstance(task.exception(), QueueClosed) for task in waiting)
    assert (full.stats.offered, full.stats.refused, full.stats.depth) == (3, 2, 1)


async def test_the_last_item_of_a_closed_queue_dismisses_the_other_getters():
    queue = AdmissionQueue(0)
    getters = [asyncio.ensure_future(queue.get()) for _ in range(3)]
    await turns()

    queue.put_nowait(1)
    queue.close()

    await asyncio.wait(getters)
    assert getters[0].result() == 1
    assert all(isinstance(task.exception(), QueueClosed) for task in getters[1:])


async def test_a_putter_with_room_in_hand_is_refused_when_the_queue_closes_first():
    queue = AdmissionQueue(1)
    queue.put_nowait(0)
    putter = asyncio.ensure_future(queue.put(1))
    await turns()
    queue.get_nowait()

    queue.close()

    with pytest.raises(QueueClosed):
        await putter
    assert queue.stats.offered == 2


async def test_a_bulkhead_runs_so_many_queues_so_many_and_refuses_the_rest():
    bulkhead = Bulkhead(2, 1)
    gate = asyncio.Event()
    running = peak = 0

    async def call() -> None:
        nonlocal running, peak
        async with bulkhead:
            running += 1
            peak = max(peak, running)
            await gate.wait()
            running -= 1

    tasks = [asyncio.ensure_future(call()) for _ in range(5)]
    await turns()
    busy = bulkhead.stats
    gate.set()
    await asyncio.wait(tasks)

    assert (busy.running, busy.waiting, busy.admitted, busy.refused) == (2, 1, 2, 2)
    assert [type(task.exception()) for task in tasks] == [type(None)] * 3 + [BulkheadFull] * 2
    assert (peak, bulkhead.stats.running, bulkhead.stats.admitted) == (2, 0, 3)


async def test_a_bulkhead_gives_up_waiting_after_its_timeout():
    bulkhead = Bulkhead(1, 1, timeout=0.001)

    async with bulkhead:
        with pytest.raises(BulkheadFull, match=r"no slot within 0\.001 s"):
            async with bulkhead:
                pass

    assert (bulkhead.stats.refused, bulkhead.stats.waiting, bulkhead.stats.running) == (1, 0, 0)


async def test_a_slot_in_time_cancels_the_timeout():
    bulkhead = Bulkhead(1, 1, timeout=60.0)
    await bulkhead.__aenter__()
    entering = asyncio.ensure_future(bulkhead.__aenter__())
    await turns()

    await bulkhead.__aexit__(None, None, None)

    await entering
    assert bulkhead.stats.running == 1


async def test_a_newcomer_does_not_take_the_slot_that_was_given_to_a_waiter():
    bulkhead = Bulkhead(1, 1)
    await bulkhead.__aenter__()
    waiter = asyncio.ensure_future(bulkhead.__aenter__())
    await turns()
    await bulkhead.__aexit__(None, None, None)

    newcomer = asyncio.ensure_future(bulkhead.__aenter__())
    await waiter
    await turns()

    assert not newcomer.done()
    await bulkhead.__aexit__(None, None, None)
    await newcomer


async def test_a_slot_granted_in_the_moment_of_the_timeout_is_kept():
    line = WaitQueue(lambda: None)
    loop = asyncio.get_running_loop()
    waiting = asyncio.ensure_future(line.wait(0.0))
    await asyncio.sleep(0)
    loop.call_later(-1.0, line.grant)  # due before the waiter's own timer, in the same turn
    await waiting

    assert line.granted == 0
    assert not line.grant()


async def test_a_line_passes_over_those_who_have_been_cancelled_but_not_run_yet():
    line = WaitQueue(lambda: None)
    waiting = [asyncio.ensure_future(line.wait()) for _ in range(3)]
    await turns()

    waiting[0].cancel()
    granted = line.grant()
    waiting[2].cancel()
    line.dismiss(lambda: BulkheadFull("over"))

    await asyncio.wait(waiting)
    assert granted
    assert waiting[0].cancelled()
    assert waiting[1].result() is None
    assert waiting[2].cancelled()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AdmissionQueue(-1), "maxsize must be an int >= 0"),
        (lambda: AdmissionQueue(True), "maxsize must be an int >= 0"),
        (lambda: AdmissionQueue(1.5), "maxsize must be an int >= 0"),
        (lambda: AdmissionQueue(1, "lifo"), "policy must be one of"),
        (lambda: Bulkhead(0), "max_concurrent must be an int >= 1"),
        (lambda: Bulkhead(True), "max_concurrent must be an int >= 1"),
        (lambda: Bulkhead(1, -1), "max_waiting must be an int >= 0"),
        (lambda: Bulkhead(1, timeout=0.0), "timeout must be > 0"),
    ],
)
async def test_an_argument_out_of_range_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
