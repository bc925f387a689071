"""Intermediate examples: kills, poison, an effect that happens once, priorities and schedules."""

from __future__ import annotations

import tempfile

from velvet.examples import example, main
from velvet.services import ServiceUnavailable
from velvet_queues import evolution
from velvet_queues.envelope import Envelope
from velvet_queues.errors import LeaseLost
from velvet_queues.idempotency import SqlKeys, once
from velvet_queues.leasequeue import LeaseQueue
from velvet_queues.outbox import Schedule
from velvet_queues.worker import Worker


class Clock:
    """A clock that is moved by hand."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@example("kill_a_worker")
def kill_a_worker() -> None:
    """Shows 60 orders in three queues whose worker is killed with kill -9 in the middle."""
    print(
        f"{'queue':18}{'sent':>6}{'charged':>9}{'lost':>6}{'started twice':>15}{'paid twice':>12}"
    )
    for stage in evolution.STAGES:
        try:
            verdict = evolution.run(stage, 60).verdict
        except ServiceUnavailable as error:
            print(f"{stage:18} Redis is not here: {error.remedy[:50]}")
            continue
        counts = f"{verdict.sent:>6}{verdict.finished:>9}{len(verdict.lost):>6}"
        print(f"{stage:18}{counts}{len(verdict.twice):>15}{len(verdict.effects_twice):>12}")
    print("\nthe thread's queue dies with the process; the list has given away what it")
    print("popped; the lease runs out, another worker takes it, and the payment's key")
    print("keeps the second start from charging again")
    print("all of it is counted by the ledger, which no queue writes")
    print("next: velvet bench 16 --filter kill9, which kills the others, too")


@example("poison_and_dead_letters")
def poison_and_dead_letters() -> None:
    """Shows where a task ends that raises, that kills its worker, or that no worker knows."""
    clock, mended = Clock(), []

    def raises(envelope: Envelope) -> None:
        if not mended:
            raise ValueError(f"{envelope.id}: the customer has no address")

    with (
        tempfile.TemporaryDirectory() as folder,
        LeaseQueue(f"sqlite:///{folder}/q.db", clock=clock) as queue,
    ):
        queue.put(Envelope("raises", max_attempts=2, id="raises"))
        queue.put(Envelope("kills", max_attempts=3, id="kills", not_before=clock() + 500))
        queue.put(Envelope("misspelt", id="misspelt"))
        queue.inject('{"version": 0, "task": "raises"}', "old")
        worker = Worker(queue, {"raises": raises})
        while queue.stats().ready or queue.stats().delayed > 1:
            worker.run_once()
            clock.now += 30
        clock.now += 600
        while queue.lease("a worker that dies each time"):
            clock.now += 31
        for one in queue.dead():
            print(f"{one.id:9} dead: {one.reason[:66]}")
        mended.append("the bug")
        print(f"\nredriven after the fix: {queue.redrive(['raises', 'old'])} of 2")
        worker.run_once()
        print(f"done: {worker.counts['done']}, still dead: {queue.stats().dead}")
    print("why: attempts are counted when leased, so a killer is caught without a word")


@example("idempotent_charge")
def idempotent_charge() -> None:
    """Shows a worker that is paused beyond its lease: two starts, one charge, one refused ack."""
    clock, charges, starts = Clock(), [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        LeaseQueue(f"sqlite:///{folder}/q.db", clock=clock) as queue,
    ):
        keys = SqlKeys(queue.store, clock=clock)

        def charge(worker: str, order: str) -> bool:
            starts.append(worker)
            return once(keys, order, lambda: charges.append(order)).replayed

        queue.put(Envelope("charge", 25, id="order-7"))
        [first] = queue.lease("A", visibility_s=30)
        print("A leases order-7 for 30 s, and its machine swaps for 40")
        clock.now += 40
        [second] = queue.lease("B", visibility_s=30)
        replayed = charge("B", second.id)
        queue.ack(second)
        print(f"B leases it and charges; replayed: {replayed}; acknowledged")
        replayed = charge("A", first.id)
        print(f"A wakes up and charges; replayed: {replayed}")
        try:
            queue.ack(first)
        except LeaseLost as refused:
            print(f"A acknowledges: {refused}")
    print(f"{len(starts)} starts, {len(charges)} charge")
    print("why: delivery is at least once; the key makes the effect happen once")


@example("priorities_and_schedules")
def priorities_and_schedules() -> None:
    """Shows an urgent task behind 500 others, and two schedulers that fire each slot once."""
    clock = Clock()
    with (
        tempfile.TemporaryDirectory() as folder,
        LeaseQueue(f"sqlite:///{folder}/q.db", clock=clock) as queue,
    ):
        for priority in (0, 9):
            several = LeaseQueue(queue.store, f"lane{priority}", clock=clock)
            several.put_many([Envelope("bulk") for _ in range(500)])
            several.put(Envelope("urgent", priority=priority))
            order = [one.envelope.task for one in several.lease("w", 501)]
            print(f"priority {priority}: urgent is number {order.index('urgent') + 1}")
        fired: list[str] = []
        pair = [Schedule("report", 60, SqlKeys(queue.store, clock=clock), clock)] * 2
        for _ in range(20):
            for schedule in pair:
                schedule.tick(lambda envelope: fired.append(envelope.id))
            clock.now += 31  # each tick is late by another amount
    print(f"\n2 schedulers, 20 ticks of 31 s: {len(fired)} slots of 60 s fired")
    print(f"fired more than once: {len(fired) - len(set(fired))}")
    print("why: the slot, not the last run, is the key; lateness does not add up")


if __name__ == "__main__":
    main()
