"""The LeaseQueue against a model, effects under every interleaving, histograms, backoff, messages."""

from __future__ import annotations

import json
import random
import tempfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
)

from velvet_queues.envelope import Envelope, check_json, decode, encode
from velvet_queues.errors import DuplicateKey, InProgress, LeaseLost, NotSerializable
from velvet_queues.idempotency import SqlKeys, once
from velvet_queues.leasequeue import Leased, LeaseQueue
from velvet_queues.load import Histogram
from velvet_queues.retry import JITTERS, Backoff
from velvet_queues.sqlstore import SqlStore

LIMIT = 3
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc"), inner, max_size=4),
    max_leaves=12,
)


class Queue(RuleBasedStateMachine):
    """Each message is in exactly one of waiting, leased, dead and done, whatever happens."""

    leases = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now = 1000.0
        self.queue = LeaseQueue(
            f"sqlite:///{self.folder.name}/q.db", "work", clock=lambda: self.now
        )
        self.state: dict[str, str] = {}
        self.until: dict[str, float] = {}
        self.tokens: dict[str, str] = {}
        self.attempts: dict[str, int] = {}
        self.keys: dict[str, str] = {}
        self.made = 0

    @rule(priority=st.integers(0, 2), delay=st.sampled_from([0, 0, 7]), key=st.sampled_from("ab-"))
    def put(self, priority: int, delay: float, key: str) -> None:
        self.made += 1
        id = f"t{self.made}"
        task = Envelope(
            "w",
            id=id,
            priority=priority,
            key=None if key == "-" else key,
            max_attempts=LIMIT,
            enqueued_at=self.now,
        )
        taken = [one for one in self.keys if self.keys[one] == key and self.alive(one)]
        try:
            self.queue.put(task, delay_s=delay)
        except DuplicateKey as refused:
            existing = [refused.existing]
        else:
            existing = []
        assert existing == (taken if key != "-" else [])
        if existing:
            return
        self.state[id], self.attempts[id] = "waiting", 0
        if key != "-":
            self.keys[id] = key

    def alive(self, id: str) -> bool:
        return self.state[id] in ("waiting", "leased")

    def expired(self) -> list[str]:
        return [i for i, s in self.state.items() if s == "leased" and self.until[i] <= self.now]

    @rule(target=leases, n=st.integers(1, 3), seconds=st.sampled_from([5, 20]))
    def lease(self, n: int, seconds: float) -> Any:
        for id in self.expired():
            self.state[id] = "dead" if self.attempts[id] >= LIMIT else "waiting"
        found = self.queue.lease("w", n, seconds)
        for one in found:
            assert self.state[one.id] == "waiting", "two valid leases"
            assert one.envelope.not_before <= self.now
            self.state[one.id], self.until[one.id] = "leased", self.now + seconds
            self.tokens[one.id] = one.token
            self.attempts[one.id] += 1
            assert one.envelope.attempts == self.attempts[one.id] <= LIMIT
        ranks = [-one.envelope.priority for one in found]
        assert ranks == sorted(ranks)
        return multiple(*found)

    def holds(self, leased: Leased) -> bool:
        mine = self.tokens[leased.id] == leased.token and self.state[leased.id] == "leased"
        return mine and self.until[leased.id] > self.now

    @rule(leased=consumes(leases))
    def ack(self, leased: Leased) -> None:
        try:
            self.queue.ack(leased)
        except LeaseLost:
            assert not self.holds(leased)
        else:
            assert self.holds(leased)
            self.state[leased.id] = "done"

    @rule(leased=leases, delay=st.sampled_from([0, 9]))
    def nack(self, leased: Leased, delay: float) -> None:
        try:
            dead = self.queue.nack(leased, delay)
        except LeaseLost:
            assert not self.holds(leased)
        else:
            assert self.holds(leased)
            assert dead == (self.attempts[leased.id] >= LIMIT)
            self.state[leased.id] = "dead" if dead else "waiting"

    @rule(leased=leases)
    def heartbeat(self, leased: Leased) -> None:
        try:
            self.queue.heartbeat(leased, 15)
        except LeaseLost:
            assert not self.holds(leased)
        else:
            assert self.holds(leased)
            self.until[leased.id] = self.now + 15

    @rule(seconds=st.sampled_from([1, 6, 21]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def crash(self) -> None:
        self.queue.close()  # the next call opens the database again

    @rule()
    def redrive(self) -> None:
        dead = [id for id, state in self.state.items() if state == "dead" and id not in self.keys]
        assert self.queue.redrive(dead) == len(dead)
        for id in dead:
            self.state[id], self.attempts[id] = "waiting", 0

    @invariant()
    def every_message_is_in_one_place(self) -> None:
        stats = self.queue.stats()
        waiting = sum(state == "waiting" for state in self.state.values()) + len(self.expired())
        assert stats.ready + stats.delayed == waiting
        assert stats.leased == sum(s == "leased" for s in self.state.values()) - len(self.expired())
        assert stats.dead == sum(state == "dead" for state in self.state.values())

    def teardown(self) -> None:
        self.queue.close()
        self.folder.cleanup()


TestQueue = Queue.TestCase
TestQueue.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


@given(st.lists(st.sampled_from(["call", "call in call", "crash", "late"]), max_size=8))
@settings(max_examples=30, deadline=None)
def test_an_effect_is_made_once_whatever_order_callers_and_crashes_have(steps: list[str]) -> None:
    now, effects = [0.0], []
    with tempfile.TemporaryDirectory() as folder:
        store = SqlStore(f"sqlite:///{folder}/k.db")
        keys = SqlKeys(store, clock=lambda: now[0])

        def effect(step: str) -> int:
            if step == "crash":
                raise KeyboardInterrupt
            if step == "call in call":
                with pytest.raises(InProgress):
                    once(keys, "k", lambda: effects.append("inner"))
            effects.append(step)
            return 7

        for step in steps:
            if step == "late":
                now[0] += 61
                continue
            try:
                assert once(keys, "k", lambda step=step: effect(step), lease_s=60).value == 7
            except KeyboardInterrupt:
                continue
        store.close()

    assert len(effects) == any("call" in step for step in steps)


@settings(deadline=None)
@given(st.lists(st.lists(st.floats(0, 1e4), max_size=30), min_size=3, max_size=3))
def test_histograms_merge_in_any_grouping(parts: list[list[float]]) -> None:
    made = []
    for values in parts:
        histogram = Histogram()
        for value in values:
            histogram.add(value)
        made.append(histogram)
    a, b, c = made

    left, right = a.merge(b).merge(c), a.merge(b.merge(c))

    assert left.buckets == right.buckets
    assert left.count == sum(map(len, parts))
    assert left.percentile(50) <= left.percentile(99)


@settings(deadline=None)
@given(
    st.floats(0.001, 10),
    st.floats(1, 4),
    st.floats(10, 1000),
    st.sampled_from(JITTERS),
    st.integers(0, 99),
)
def test_delays_stay_within_the_cap(
    base: float, factor: float, cap: float, jitter: Any, seed: int
) -> None:
    delays = list(Backoff(base, factor, cap, jitter, rng=random.Random(seed)).delays(12))

    assert all(0 <= delay <= cap for delay in delays)
    if jitter == "none":
        assert delays == sorted(delays)


@settings(deadline=None)
@given(JSON, st.integers(0, 9), st.none() | st.text("abc", min_size=1))
def test_a_message_comes_back_as_it_was_sent(payload: Any, priority: int, key: str | None) -> None:
    sent = Envelope("work", payload, priority=priority, key=key)

    assert decode(encode(sent)) == sent


@settings(deadline=None)
@given(JSON, st.sampled_from([{1}, b"x", object(), float("nan"), (1,)]))
def test_what_is_accepted_is_what_json_gives_back(payload: Any, bad: Any) -> None:
    check_json(payload)
    assert json.loads(json.dumps(payload)) == payload

    for nested, path in (([payload, bad], "payload[1]"), ({"a": {"b": bad}}, "payload.a.b")):
        with pytest.raises(NotSerializable) as refused:
            check_json(nested)
        assert refused.value.path == path
