"""Effects that happen once, the outbox, schedules: on both stores."""

from __future__ import annotations

from typing import Any

import pytest

from velvet_queues.envelope import Envelope
from velvet_queues.errors import InProgress, LeaseLost, NotSerializable, QueueUnavailable
from velvet_queues.idempotency import RedisKeys, SqlKeys, once
from velvet_queues.leasequeue import LeaseQueue
from velvet_queues.outbox import Outbox, Schedule
from velvet_queues.sqlstore import SqlStore


def test_an_effect_is_made_once_for_its_key(store: SqlStore, clock: Any) -> None:
    keys, made = SqlKeys(store, clock=clock), []

    def charge() -> int:
        made.append("charge")
        with pytest.raises(InProgress, match="'order-7' is being made by another caller"):
            once(keys, "order-7", charge)
        return 42

    first, second = once(keys, "order-7", charge, ttl_s=100), once(keys, "order-7", charge)

    assert (first.value, first.replayed, second.value, second.replayed) == (42, False, 42, True)
    assert made == ["charge"]
    clock.forward(101)
    once(keys, "order-7", lambda: made.append("again"))
    assert made == ["charge", "again"]


def test_an_effect_that_fails_may_be_tried_again(store: SqlStore) -> None:
    keys = SqlKeys(store)
    with pytest.raises(OSError, match="down"):
        once(keys, "k", lambda: (_ for _ in ()).throw(OSError("down")))

    assert once(keys, "k", lambda: None) == once(keys, "other", lambda: None)


def test_an_effect_whose_value_is_no_json_is_made_once_all_the_same(
    store: SqlStore, clock: Any
) -> None:
    keys, made = SqlKeys(store, clock=clock), []

    def charge() -> Any:
        made.append("charge")
        return {1, 2}

    with pytest.raises(NotSerializable, match="value is a set"):
        once(keys, "k", charge, lease_s=60)
    clock.forward(61)

    assert once(keys, "k", charge).replayed
    assert made == ["charge"]
    with pytest.raises(NotSerializable):
        keys.once_in("other", lambda _: charge(), ttl_s=60)
    assert keys.once_in("other", lambda _: 7, ttl_s=60).value == 7


def test_a_dead_owner_s_lease_runs_out_and_its_late_value_is_refused(
    store: SqlStore, clock: Any
) -> None:
    keys = SqlKeys(store, clock=clock)

    def too_long() -> str:
        clock.forward(61)
        assert once(keys, "k", lambda: "quick").value == "quick"
        return "slow"

    with pytest.raises(LeaseLost):
        once(keys, "k", too_long, lease_s=60)
    assert once(keys, "k", lambda: "third").value == "quick"


def test_an_effect_in_the_same_transaction_is_kept_with_its_key(store: SqlStore) -> None:
    keys = SqlKeys(store)
    with store.transaction() as tx:
        tx.run("CREATE TABLE payments (id TEXT)")

    def pay(tx: Any) -> str:
        tx.run("INSERT INTO payments VALUES (?)", ("a",))
        return "paid"

    def crash(tx: Any) -> str:
        pay(tx)
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        keys.once_in("a", crash, ttl_s=60)
    assert keys.once_in("a", pay, ttl_s=60).replayed is False
    assert keys.once_in("a", pay, ttl_s=60) == once(keys, "a", lambda: "no")
    with store.transaction() as tx:
        assert tx.run("SELECT COUNT(*) FROM payments") == [(1,)]


def test_an_effect_whose_key_is_held_by_another_caller_is_not_made(store: SqlStore) -> None:
    keys, made = SqlKeys(store), []

    def charge() -> None:
        with pytest.raises(InProgress):
            keys.once_in("k", made.append, ttl_s=60)

    once(keys, "k", charge)
    assert made == []


@pytest.mark.integration
def test_keys_in_redis_follow_the_same_rules(redis_server: Any, request: Any) -> None:
    keys = RedisKeys(redis_server.url, f"{request.node.name}:")
    made = []

    def charge() -> int:
        made.append(1)
        with pytest.raises(InProgress):
            once(keys, "k", lambda: 0)
        return 42

    assert once(keys, "k", charge).value == 42
    assert once(keys, "k", charge).replayed
    assert made == [1]
    with pytest.raises(OSError, match="no"):
        once(keys, "f", lambda: (_ for _ in ()).throw(OSError("no")))
    assert once(keys, "f", lambda: None).replayed is False
    assert keys.claim("late", "mine", 60) == ("mine", None)
    keys.client.delete(keys.prefix + "late")
    assert keys.finish("late", "mine", 1, 60) is False
    for key in ("k", "f"):
        keys.client.delete(keys.prefix + key)
    keys.close()


def test_keys_in_a_redis_that_is_not_there_say_so() -> None:
    keys = RedisKeys("redis://:marmalade@127.0.0.1:1/0")
    with pytest.raises(QueueUnavailable) as refused:
        once(keys, "k", lambda: None)
    keys.close()

    assert "marmalade" not in str(refused.value)


def test_an_outbox_sends_what_was_committed_and_nothing_else(store: SqlStore) -> None:
    outbox, sent = Outbox(store), []
    with store.transaction() as tx:
        kept = [outbox.add(tx, Envelope("mail", number)) for number in range(3)]

    def rolled_back() -> None:
        with store.transaction() as tx:
            outbox.add(tx, Envelope("mail", "never"))
            raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError):
        rolled_back()

    def send(envelope: Envelope) -> None:
        if envelope.payload == 1 and len(sent) == 1:
            sent.append("failed")
            raise OSError("the broker is down")
        sent.append(envelope.id)

    with pytest.raises(OSError, match="down"):
        outbox.relay(send)
    assert outbox.relay(send, limit=1) == 1
    assert outbox.relay(send) == 1
    assert outbox.relay(send) == 0
    assert sent == [kept[0], "failed", kept[1], kept[2]]


def test_an_outbox_may_feed_a_queue_in_its_own_database(queue: LeaseQueue) -> None:
    outbox = Outbox(queue.store)
    with queue.store.transaction() as tx:
        outbox.add(tx, Envelope("mail", id="a"))

    assert outbox.relay(queue.put) == 1
    assert [one.id for one in queue.lease("w")] == ["a"]


def test_two_schedulers_fire_a_slot_once_and_nothing_drifts(store: SqlStore, clock: Any) -> None:
    fired: list[float] = []
    pair = [Schedule("report", 60, SqlKeys(store, clock=clock), clock) for _ in range(2)]
    clock.now = 600.0
    for step in (1, 5, 54, 61, 3):
        for schedule in pair:
            schedule.tick(lambda envelope: fired.append(envelope.payload["due"]))
        clock.forward(step)

    assert fired == [600, 660, 720]


def test_a_slot_that_another_scheduler_is_at_is_left_to_it(store: SqlStore, clock: Any) -> None:
    schedule = Schedule("report", 60, SqlKeys(store, clock=clock), clock)
    inner: list[bool] = []

    schedule.tick(lambda _: inner.append(schedule.tick(lambda _: None)))

    assert inner == [False]
