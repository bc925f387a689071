"""CoDel and the policies of a full queue, each against hand-worked figures."""

from __future__ import annotations

import asyncio
import math
from collections import deque

import pytest

from velvet_concurrency.clock import FakeClock
from velvet_concurrency.pressure import AdmissionQueue, CoDel, Refused


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def standing_queue_drops(step: float, until: float) -> tuple[list[float], list[int]]:
    """Drop times and items while a queue whose head is always old is polled every `step` seconds."""
    clock = FakeClock(start=1.0)
    codel = CoDel(target=0.005, interval=0.1, clock=clock)
    queue: deque[tuple[float, int]] = deque((0.0, i) for i in range(100_000))
    times: list[float] = []
    items: list[int] = []
    for _ in range(int(until / step)):
        codel.dequeue(queue, lambda item: (times.append(clock() - 1.0), items.append(item)))
        clock.advance(step)
    return times, items


def test_drop_times_of_a_standing_queue_follow_the_control_law():
    times, _ = standing_queue_drops(step=0.0001, until=1.0)

    expected = [0.1]  # one whole interval above target
    while len(expected) < len(times):
        expected.append(expected[-1] + 0.1 / math.sqrt(len(expected)))
    assert len(times) >= 20
    assert times == pytest.approx(expected, abs=0.0002)


def test_the_first_drop_times_are_those_worked_by_hand():
    times, _ = standing_queue_drops(step=0.0001, until=0.45)

    by_hand = [0.1, 0.2, 0.2707, 0.3284, 0.3784, 0.4232]  # + interval / sqrt(1), sqrt(2), ...
    assert times == pytest.approx(by_hand, abs=0.0002)


def test_dropped_items_are_the_heads_in_order():
    _, items = standing_queue_drops(step=0.001, until=0.5)

    assert items == sorted(items)
    assert 99 <= items[0] <= 101  # those before it were served within the first interval


def test_a_burst_that_drains_within_an_interval_loses_nothing():
    clock = FakeClock(start=1.0)
    codel = CoDel(clock=clock)
    queue = deque((1.0, i) for i in range(10))
    dropped: list[int] = []

    for _ in range(10):
        clock.advance(0.009)
        codel.dequeue(queue, dropped.append)

    assert dropped == []
    assert not queue


def test_dropping_ends_within_one_call_when_the_next_head_is_young():
    clock = FakeClock(start=1.0)
    codel = CoDel(clock=clock)
    queue = deque((0.0, i) for i in range(5))
    dropped: list[int] = []
    codel.dequeue(queue, dropped.append)
    clock.advance(0.1)
    codel.dequeue(queue, dropped.append)
    clock.advance(0.2)
    queue.pop()
    queue.extend((clock(), i) for i in range(10, 14))

    entry = codel.dequeue(queue, dropped.append)

    assert dropped == [1, 3]
    assert entry == (clock(), 10)
    assert not codel.dropping


def drop_twice_then_rest(rest: float) -> CoDel:
    """Drop for a while, calm down, stand again after `rest` seconds, and be at the first drop of that."""
    clock = FakeClock(start=1.0)
    codel = CoDel(clock=clock)

    def stand(seconds: float) -> None:
        queue = deque((clock() - 1.0, i) for i in range(10_000))
        for _ in range(round(seconds / 0.001)):
            codel.dequeue(queue, lambda _: None)
            clock.advance(0.001)

    stand(0.5)
    codel.dequeue(deque(), lambda _: None)
    clock.advance(rest)
    stand(0.102)
    return codel


def test_a_queue_that_stands_again_soon_starts_at_the_rate_that_worked():
    assert drop_twice_then_rest(rest=0.2).count > 2


def test_a_queue_that_stands_again_late_starts_slowly():
    assert drop_twice_then_rest(rest=5.0).count == 1


def test_the_last_two_items_are_never_dropped():
    clock = FakeClock(start=1000.0)
    codel = CoDel(clock=clock)
    dropped: list[int] = []
    for i in range(50):
        clock.advance(1.0)
        assert codel.dequeue(deque([(0.0, i), (0.0, -i)]), dropped.append) == (0.0, i)

    assert dropped == []


def test_an_empty_queue_gives_none():
    assert CoDel(clock=FakeClock()).dequeue(deque(), lambda _: None) is None


@pytest.mark.parametrize(("target", "interval"), [(0, 1), (1, 1), (math.nan, 1), (1, math.inf)])
def test_codel_refuses_a_target_that_is_not_below_its_interval(target, interval):
    with pytest.raises(ValueError, match="0 < target < interval"):
        CoDel(target, interval)


def test_reject_refuses_the_newest_and_counts_it():
    queue = AdmissionQueue(2, "reject")
    queue.put_nowait(1)
    queue.put_nowait(2)

    with pytest.raises(Refused, match=r"queue is full \(2\)"):
        queue.put_nowait(3)

    assert [queue.get_nowait(), queue.get_nowait()] == [1, 2]
    assert (queue.stats.offered, queue.stats.refused, queue.stats.max_depth) == (3, 1, 2)


def test_drop_oldest_makes_room_and_tells_who_was_dropped():
    dropped: list[int] = []
    queue = AdmissionQueue(2, "drop_oldest", on_drop=dropped.append)

    for item in (1, 2, 3):
        queue.put_nowait(item)

    assert dropped == [1]
    assert queue.stats.dropped == 1
    assert [queue.get_nowait(), queue.get_nowait()] == [2, 3]


def test_codel_policy_drops_what_has_stood_too_long():
    clock = FakeClock(start=1.0)
    dropped: list[int] = []
    queue = AdmissionQueue(0, "codel", on_drop=dropped.append, clock=clock)
    for item in range(10):
        queue.put_nowait(item)
    clock.advance(0.05)
    queue.get_nowait()
    clock.advance(0.1)

    item = queue.get_nowait()

    assert (item, dropped) == (2, [1])


def test_a_bounded_codel_queue_refuses_when_full():
    queue = AdmissionQueue(1, "codel", clock=FakeClock())
    queue.put_nowait(1)

    with pytest.raises(Refused):
        queue.put_nowait(2)


def test_a_standing_queue_serves_the_newest_first_when_asked_to():
    clock = FakeClock()
    queue = AdmissionQueue(0, "reject", lifo_when_standing=True, clock=clock)
    for item in range(4):
        queue.put_nowait(item)
    first = queue.get_nowait()

    clock.advance(0.1)

    assert (first, queue.get_nowait(), queue.get_nowait()) == (0, 3, 2)


def test_a_queue_that_was_empty_meanwhile_is_not_standing():
    clock = FakeClock()
    queue = AdmissionQueue(0, "reject", lifo_when_standing=True, clock=clock)
    queue.put_nowait(0)
    clock.advance(1.0)
    queue.get_nowait()

    queue.put_nowait(1)
    queue.put_nowait(2)

    assert queue.get_nowait() == 1


def test_get_nowait_of_an_empty_queue_raises_like_asyncio():
    with pytest.raises(asyncio.QueueEmpty):
        AdmissionQueue(1).get_nowait()


@pytest.mark.asyncio
async def test_block_waits_for_room_and_keeps_the_order_of_arrival():
    queue = AdmissionQueue(1)
    await queue.put(0)
    putters = [asyncio.ensure_future(queue.put(i)) for i in (1, 2, 3)]
    await turns()

    got = [await queue.get() for _ in range(4)]

    await asyncio.wait(putters)
    assert got == [0, 1, 2, 3]


@pytest.mark.asyncio
async def test_a_newcomer_does_not_overtake_a_putter_that_was_given_the_room():
    queue = AdmissionQueue(1)
    queue.put_nowait(0)
    waiting = asyncio.ensure_future(queue.put(1))
    await turns()
    queue.get_nowait()

    with pytest.raises(Refused):
        queue.put_nowait(2)

    await waiting
    assert queue.get_nowait() == 1


@pytest.mark.parametrize("policy", ["drop_oldest", "codel"])
def test_a_callback_that_raises_loses_no_item(policy):
    clock = FakeClock()

    def complain(item: int) -> None:
        raise ValueError(item)

    maxsize, codel = (2 if policy == "drop_oldest" else 0), CoDel(0.01, 0.1, clock=clock)
    queue = AdmissionQueue(maxsize, policy, on_drop=complain, codel=codel, clock=clock)
    queue.put_nowait(1)
    queue.put_nowait(2)
    if policy == "drop_oldest":
        with pytest.raises(ValueError, match="1"):
            queue.put_nowait(3)
    else:
        for item in (3, 4, 5):
            queue.put_nowait(item)
        clock.advance(1)
        assert queue.get_nowait() == 1
        clock.advance(1)
        with pytest.raises(ValueError, match="2"):
            queue.get_nowait()

    stats = queue.stats
    assert stats.offered == stats.delivered + stats.refused + stats.dropped + stats.depth
    assert queue.get_nowait() in (2, 3)
