"""Nothing is lost in a queue, and CoDel is the RFC's pseudo-code, on any sequence of events."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque

import hypothesis.strategies as st
from hypothesis import given, settings

from velvet_concurrency.clock import FakeClock
from velvet_concurrency.pressure import AdmissionQueue, CoDel, QueueClosed, Refused

policies = st.sampled_from(["block", "reject", "drop_oldest", "codel"])


@given(
    policies,
    st.integers(0, 5),
    st.booleans(),
    st.lists(st.sampled_from(["put", "put", "get", "wait", "close"]), max_size=60),
)
def test_in_equals_out_plus_refused_plus_dropped_plus_left(policy, maxsize, lifo, events):
    clock = FakeClock()
    dropped: list[int] = []
    queue: AdmissionQueue[int] = AdmissionQueue(
        maxsize, policy, lifo_when_standing=lifo, on_drop=dropped.append, clock=clock
    )
    offered = refused = 0
    out: list[int] = []

    for event in events:
        if event == "put":
            offered += 1
            try:
                queue.put_nowait(offered)
            except (Refused, QueueClosed):
                refused += 1
        elif event == "get":
            with contextlib.suppress(asyncio.QueueEmpty):
                out.append(queue.get_nowait())
        elif event == "wait":
            clock.advance(0.07)
        else:
            queue.close()

    stats = queue.stats
    assert (stats.offered, stats.refused) == (offered, refused)
    assert (stats.delivered, stats.dropped) == (len(out), len(dropped))
    assert offered == len(out) + refused + len(dropped) + len(queue)
    assert len(set(out) | set(dropped)) == len(out) + len(dropped)
    assert not maxsize or stats.max_depth <= maxsize


@settings(deadline=None, max_examples=60)
@given(
    policies,
    st.integers(1, 4),
    st.lists(
        st.tuples(st.sampled_from(["put", "get", "cancel", "turn"]), st.integers(0, 20)),
        max_size=50,
    ),
)
def test_tasks_that_come_and_are_cancelled_lose_nothing(policy, maxsize, events):
    async def scenario() -> None:
        queue: AdmissionQueue[int] = AdmissionQueue(maxsize, policy, clock=FakeClock())
        tasks: list[asyncio.Task[int | None]] = []
        for number, (event, pick) in enumerate(events):
            if event == "put":
                tasks.append(asyncio.ensure_future(queue.put(number)))
            elif event == "get":
                tasks.append(asyncio.ensure_future(queue.get()))
            elif event == "cancel" and tasks:
                tasks[pick % len(tasks)].cancel()
            else:
                await asyncio.sleep(0)
        for _ in range(10):
            await asyncio.sleep(0)
        waiting = [task for task in tasks if not task.done()]
        stats = queue.stats
        assert stats.offered == stats.delivered + stats.refused + stats.dropped + stats.depth
        getters = [task for task in waiting if task.get_coro().__name__ == "get"]
        assert not (getters and stats.depth), "an item lies there while a getter waits for one"
        putters = [task for task in waiting if task.get_coro().__name__ == "put"]
        assert not (putters and stats.depth < maxsize), "room is left while a putter waits for it"
        queue.close()
        if waiting:
            done, late = await asyncio.wait(waiting, timeout=10)
            assert not late
            assert all(isinstance(task.exception(), QueueClosed) for task in done)
        for task in tasks:
            if not task.cancelled():
                task.exception()

    asyncio.run(scenario())


class PseudoCode:
    """RFC 8289, section 5, transcribed with its own names; MTU is one item."""

    TARGET, INTERVAL = 0.005, 0.1

    def __init__(self) -> None:
        self.first_above_time = self.drop_next = 0.0
        self.count = self.lastcount = 0
        self.dropping = False

    def dodequeue(self, queue, now):
        if not queue:
            self.first_above_time = 0.0
            return None, False
        packet = queue.popleft()
        ok_to_drop = False
        if now - packet[0] < self.TARGET or len(queue) <= 1:
            self.first_above_time = 0.0
        elif self.first_above_time == 0.0:
            self.first_above_time = now + self.INTERVAL
        elif now >= self.first_above_time:
            ok_to_drop = True
        return packet, ok_to_drop

    def control_law(self, t, count):
        return t + self.INTERVAL / math.sqrt(count)

    def deque(self, queue, now, drop):
        packet, ok = self.dodequeue(queue, now)
        if self.dropping:
            if not ok:
                self.dropping = False
            while now >= self.drop_next and self.dropping:
                drop(packet[1])
                self.count += 1
                packet, ok = self.dodequeue(queue, now)
                if not ok:
                    self.dropping = False
                else:
                    self.drop_next = self.control_law(self.drop_next, self.count)
        elif ok:
            drop(packet[1])
            packet, ok = self.dodequeue(queue, now)
            self.dropping = True
            delta = self.count - self.lastcount
            self.count = 1
            if delta > 1 and now - self.drop_next < 16 * self.INTERVAL:
                self.count = delta
            self.drop_next = self.control_law(now, self.count)
            self.lastcount = self.count
        return packet


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 3), st.sampled_from([0.001, 0.02, 0.1, 0.5])),
        max_size=120,
    )
)
def test_codel_decides_like_the_pseudo_code_of_the_rfc(steps):
    clock = FakeClock(start=1.0)
    ours, theirs = CoDel(clock=clock), PseudoCode()
    our_queue, their_queue = deque(), deque()
    our_log, their_log = [], []
    number = 0

    for arrivals, departures, pause in steps:
        for _ in range(arrivals):
            number += 1
            our_queue.append((clock(), number))
            their_queue.append((clock(), number))
        for _ in range(departures):
            our_log.append(ours.dequeue(our_queue, lambda item: our_log.append(("drop", item))))
            their_log.append(
                theirs.deque(their_queue, clock(), lambda item: their_log.append(("drop", item)))
            )
        clock.advance(pause)

    assert our_log == their_log
    assert our_queue == their_queue
