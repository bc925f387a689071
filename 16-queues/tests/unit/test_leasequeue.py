"""The rules of the LeaseQueue on both stores, with a clock that is moved by hand."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest

from velvet_queues.envelope import Envelope
from velvet_queues.errors import DuplicateKey, LeaseLost, PayloadTooLarge, QueueUnavailable
from velvet_queues.leasequeue import POISON, LeaseQueue
from velvet_queues.sqlstore import SqlStore


def task(id: str, **options: Any) -> Envelope:
    return Envelope("work", id, id=id, enqueued_at=1_000_000.0, **options)


def ids(queue: LeaseQueue, n: int = 10) -> list[str]:
    return [one.id for one in queue.lease("w", n)]


def test_priority_comes_first_then_the_due_time_then_the_order(queue: LeaseQueue) -> None:
    queue.put_many([task("a"), task("b", priority=5), task("c"), task("d", priority=5)])

    assert ids(queue, 3) == ["b", "d", "a"]
    assert ids(queue) == ["c"]
    assert ids(queue) == []


def test_a_delay_is_kept_and_never_shortened(queue: LeaseQueue, clock: Any) -> None:
    queue.put(task("later"), delay_s=10)
    queue.put(task("much later", not_before=clock() + 100), delay_s=10)

    clock.forward(9.9)
    assert ids(queue) == []
    clock.forward(0.2)
    assert ids(queue) == ["later"]
    assert queue.stats().delayed == 1


def test_an_expired_lease_goes_to_the_next_and_its_late_ack_is_refused(
    queue: LeaseQueue, clock: Any
) -> None:
    queue.put(task("a"))
    [first] = queue.lease("slow", visibility_s=5)

    clock.forward(5)
    [second] = queue.lease("quick", visibility_s=5)

    assert second.id == "a"
    assert second.envelope.attempts == 2
    late: tuple[Callable[[], Any], ...] = (
        lambda: queue.ack(first),
        lambda: queue.nack(first),
        lambda: queue.heartbeat(first),
        lambda: queue.bury(first, "no"),
    )
    for act in late:
        with pytest.raises(LeaseLost, match="the lease of a is lost"):
            act()
    queue.ack(second)
    assert queue.stats().depth == 0


def test_an_ack_after_expiry_is_refused_even_when_no_one_took_over(
    queue: LeaseQueue, clock: Any
) -> None:
    queue.put(task("a"))
    [leased] = queue.lease("w", visibility_s=5)
    clock.forward(5)

    with pytest.raises(LeaseLost):
        queue.ack(leased)


def test_a_heartbeat_keeps_a_lease(queue: LeaseQueue, clock: Any) -> None:
    queue.put(task("a"))
    [leased] = queue.lease("w", visibility_s=5)
    for _ in range(4):
        clock.forward(4)
        leased = queue.heartbeat(leased, 5)

    assert ids(queue) == []
    queue.ack(leased)


@pytest.mark.parametrize("extend_s", [math.nan, math.inf, 0, -1])
def test_a_heartbeat_without_a_length_is_refused_and_the_message_is_not_lost(
    queue: LeaseQueue, clock: Any, extend_s: float
) -> None:
    queue.put(task("a"))
    [leased] = queue.lease("w", visibility_s=5)

    with pytest.raises(ValueError, match="extend_s"):
        queue.heartbeat(leased, extend_s)
    clock.forward(5)
    assert ids(queue) == ["a"]


def test_a_step_of_the_clock_loses_nothing(queue: LeaseQueue, clock: Any) -> None:
    queue.put_many([task("a"), task("b")])
    [held] = queue.lease("w", visibility_s=5)

    clock.forward(3600)  # forward: the lease is over early, and fenced
    assert ids(queue) == ["a", "b"]
    with pytest.raises(LeaseLost):
        queue.ack(held)
    clock.forward(-7200)  # back: leases last longer
    assert ids(queue) == []
    clock.forward(7240)
    assert ids(queue) == ["a", "b"]


def test_poison_is_dead_after_its_leases_though_it_never_failed(
    queue: LeaseQueue, clock: Any
) -> None:
    queue.put(task("bomb", max_attempts=3))
    for _ in range(3):
        assert ids(queue) == ["bomb"]
        clock.forward(31)

    assert ids(queue) == []
    [dead] = queue.dead()
    assert (dead.id, dead.reason) == ("bomb", POISON)
    assert dead.envelope is not None
    assert dead.envelope.attempts == 3
    assert queue.redrive(["no such", "bomb", "bomb"]) == 1
    [again] = queue.lease("w")
    assert again.envelope.attempts == 1
    assert queue.stats().dead == 0


def test_a_failure_comes_back_after_its_delay_until_the_last(queue: LeaseQueue, clock: Any) -> None:
    queue.put(task("a", max_attempts=2))
    [leased] = queue.lease("w")

    assert queue.nack(leased, 10, "boom") is False
    assert ids(queue) == []
    clock.forward(10)
    [leased] = queue.lease("w")
    assert queue.nack(leased, 10, "boom") is True
    assert [one.reason for one in queue.dead()] == ["boom"]


def test_a_key_is_unique_until_its_task_is_done(queue: LeaseQueue) -> None:
    queue.put(task("a", key="user-7"))
    with pytest.raises(DuplicateKey, match="user-7") as refused:
        queue.put(task("b", key="user-7"))
    assert refused.value.existing == "a"
    with pytest.raises(DuplicateKey):
        queue.put(task("a"))

    queue.ack(queue.lease("w")[0])
    queue.put(task("b", key="user-7"))


def test_many_are_stored_together_or_not_at_all(queue: LeaseQueue) -> None:
    with pytest.raises(DuplicateKey):
        queue.put_many([task("a"), task("b", key="k"), task("c", key="k")])
    with pytest.raises(PayloadTooLarge):
        queue.put_many([task("a"), Envelope("work", "x" * 300_000)])

    assert queue.stats().depth == 0


def test_a_redrive_meets_the_key_of_a_task_that_waits(queue: LeaseQueue) -> None:
    queue.put(task("a", key="k"))
    queue.bury(queue.lease("w")[0], "mistake")
    queue.put(task("b", key="k"))

    with pytest.raises(DuplicateKey):
        queue.redrive(["a"])
    assert [one.id for one in queue.dead()] == ["a"]


@pytest.mark.parametrize(
    "body",
    ["", "{", '{"version":1}', '{"version":0,"task":"t"}', "[1]", "\x80", '{"version":1,"x":1}'],
)
def test_what_cannot_be_read_is_buried_and_stays_dead(queue: LeaseQueue, body: str) -> None:
    queue.inject(body, "bad")
    queue.put(task("good"))

    assert ids(queue) == ["good"]
    [dead] = queue.dead()
    assert dead.envelope is None
    assert dead.body == body
    queue.put(task("mistake"))
    queue.bury(queue.lease("w")[0], "mistake")
    assert queue.redrive(["bad", "mistake"]) == 1
    assert [one.id for one in queue.dead()] == ["bad"]


@pytest.mark.parametrize(
    "field", ['"not_before":1' + "0" * 400, '"max_attempts":9999999999', '"id":["x"]', '"key":7']
)
def test_a_field_that_no_column_holds_is_buried(queue: LeaseQueue, field: str) -> None:
    queue.inject(f'{{"version":1,"task":"t",{field}}}', "bad")

    assert ids(queue) == []
    assert "a bad field" in queue.dead()[0].reason


def test_a_foreign_message_is_known_by_the_id_of_its_row(queue: LeaseQueue) -> None:
    queue.inject('{"version":1,"task":"t"}', "row")
    [leased] = queue.lease("w")

    assert leased.id == "row"
    queue.ack(leased)
    assert queue.stats().depth == 0


def test_a_message_is_put_in_the_transaction_of_the_caller_s_rows(queue: LeaseQueue) -> None:
    def order(end: Exception | None) -> None:
        with queue.store.transaction() as tx:
            tx.run("CREATE TABLE IF NOT EXISTS orders (id TEXT)")
            queue.put(task("a", key="k"))
            with pytest.raises(DuplicateKey):
                queue.put_many([task("b"), task("c", key="k")])
            if end:
                raise end

    with pytest.raises(RuntimeError, match="rolled back"):
        order(RuntimeError("rolled back"))
    assert queue.stats().depth == 0
    order(None)

    assert ids(queue) == ["a"]


def test_stats_tell_the_age_of_the_oldest_that_could_run(queue: LeaseQueue, clock: Any) -> None:
    assert queue.stats().oldest_age_s == 0
    queue.put(task("a"))
    assert queue.stats().oldest_age_s == 0
    queue.put(task("later"), delay_s=60)
    clock.forward(40)

    stats = queue.stats()
    assert (stats.ready, stats.delayed, stats.leased, stats.depth) == (1, 1, 0, 2)
    assert stats.oldest_age_s == pytest.approx(40)
    queue.lease("w", visibility_s=5)
    assert (queue.stats().leased, queue.stats().oldest_age_s) == (1, 0)
    clock.forward(25)  # the lease is over and the delay as well
    assert queue.stats().ready == 2


def test_threads_never_hold_one_message_together(store: SqlStore) -> None:
    with_time = LeaseQueue(store, "race")
    with_time.put_many([task(str(number)) for number in range(60)])
    taken: list[str] = []

    def work() -> None:
        while leased := with_time.lease("w", 2, 600):
            for one in leased:
                taken.append(one.id)
                with_time.ack(one)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken, key=int) == [str(number) for number in range(60)]


def test_two_connections_pass_each_other(store: SqlStore, clock: Any) -> None:
    first = LeaseQueue(store, "pair", clock=clock)
    second = LeaseQueue(SqlStore(store.url), "pair", clock=clock, skip_locked=False)
    first.put_many([task("a"), task("b")])

    assert [one.id for one in (*first.lease("1"), *second.lease("2"))] == ["a", "b"]
    second.close()
    assert second.stats().leased == 2  # closed is not gone: the next call opens it again
    second.close()
    first.drop()


@pytest.mark.parametrize(
    ("act", "word"),
    [
        (lambda queue: queue.put(task("a"), delay_s=-1), "delay"),
        (lambda queue: queue.put(task("a"), delay_s=float("nan")), "delay"),
        (lambda queue: queue.lease("w", 0), "n must"),
        (lambda queue: queue.lease("w", visibility_s=0), "visibility_s"),
        (lambda queue: queue.lease("w", visibility_s=math.inf), "visibility_s"),
        (lambda queue: LeaseQueue(queue.store, "x; drop table"), "name"),
        (lambda queue: SqlStore("mysql://me:marmalade@h/x"), "url"),
    ],
)
def test_arguments_out_of_range_are_named(
    queue: LeaseQueue, act: Callable[[LeaseQueue], Any], word: str
) -> None:
    with pytest.raises(ValueError, match=word) as refused:
        act(queue)
    assert "marmalade" not in str(refused.value)


def test_a_transaction_that_fails_leaves_nothing(queue: LeaseQueue) -> None:
    def fail() -> None:
        with queue.store.transaction() as tx:
            tx.run(
                "INSERT INTO work_dead (id, body, attempts, reason, died_at) VALUES (?, '', 0, '', 0)",
                ("x",),
            )
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail()

    assert queue.dead() == []


def test_a_database_that_is_not_there_is_named_without_its_password(tmp_path: Any) -> None:
    with pytest.raises(QueueUnavailable) as closed:
        SqlStore("postgresql://me:marmalade@127.0.0.1:1/x?password=marmalade")
    with pytest.raises(QueueUnavailable, match="cannot open"):
        SqlStore(f"sqlite:///{tmp_path}/no/such/folder/queue.db")

    assert "marmalade" not in str(closed.value)


def test_an_interrupt_between_two_statements_leaves_no_transaction_open(
    queue: LeaseQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.put(task("a"))
    begin = queue.store._begin

    def interrupted(lost: Any) -> Any:
        begin(lost)
        raise KeyboardInterrupt

    monkeypatch.setattr(queue.store, "_begin", interrupted)
    with pytest.raises(KeyboardInterrupt):
        queue.put(task("b"))
    monkeypatch.undo()

    queue.put(task("c"))
    assert ids(queue) == ["a", "c"]


def test_a_full_disk_refuses_the_message_and_keeps_the_others(tmp_path: Any) -> None:
    with LeaseQueue(f"sqlite:///{tmp_path}/queue.db") as queue:
        queue.store._connection.execute("PRAGMA max_page_count = 30")
        stored: list[str] = []

        def fill() -> None:
            while len(stored) < 100:
                stored.append(queue.put(Envelope("work", "x" * 2000)))

        with pytest.raises(QueueUnavailable, match="disk is full"):
            fill()
        assert 0 < queue.stats().depth == len(stored) < 100

        queue.store._connection.execute("PRAGMA max_page_count = 10000")
        queue.put(task("later"))
        assert queue.stats().depth == len(stored) + 1


def test_a_lease_is_a_value(queue: LeaseQueue) -> None:
    queue.put(task("a"))
    [leased] = queue.lease("w")

    forged = replace(leased, token="0" * 32)
    with pytest.raises(LeaseLost):
        queue.ack(forged)
    with queue:
        queue.ack(leased)


def test_what_a_queue_returns_cannot_be_changed(queue: LeaseQueue) -> None:
    queue.put_many([task("a"), task("b")])
    leased = queue.lease("w", 2)
    queue.bury(leased[0], "mistake")

    for value in (leased[1], queue.dead()[0], queue.stats()):
        with pytest.raises(FrozenInstanceError):
            setattr(value, fields(value)[0].name, None)


def test_a_dropped_queue_is_empty_when_it_is_made_again(store: SqlStore) -> None:
    first = LeaseQueue(store, "gone")
    first.put_many([task("a"), task("b")])
    first.bury(first.lease("w")[0], "mistake")
    first.drop()

    stats = LeaseQueue(store, "gone").stats()
    assert (stats.depth, stats.dead) == (0, 0)
