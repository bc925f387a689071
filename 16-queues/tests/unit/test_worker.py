"""Workers, idempotent effects, the outbox, schedules, metrics: on both stores where one is used."""

from __future__ import annotations

import asyncio
import math
import signal
import threading
import time
import urllib.error
import urllib.request
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from velvet_queues.envelope import Envelope
from velvet_queues.errors import (
    LeaseLost,
    PermanentFailure,
    QueueUnavailable,
)
from velvet_queues.idempotency import SqlKeys, once
from velvet_queues.leasequeue import LeaseQueue
from velvet_queues.metrics import Endpoint, Metrics, alerts, parse
from velvet_queues.outbox import Schedule
from velvet_queues.retry import Backoff, RetryPolicy
from velvet_queues.sqlstore import SqlStore
from velvet_queues.worker import TokenBucket, Worker

AT_ONCE = RetryPolicy(Backoff(0.001, cap=0.001, jitter="none"))


def test_a_worker_does_retries_and_buries(queue: LeaseQueue, clock: Any) -> None:
    def flaky(envelope: Envelope) -> None:
        if envelope.attempts < 3:
            raise OSError("not yet")

    def hopeless(envelope: Envelope) -> None:
        raise PermanentFailure("no such customer")

    queue.put_many([Envelope(name, max_attempts=3) for name in ("ok", "flaky", "hopeless", "who")])
    queue.put(Envelope("broken", max_attempts=2))

    def broken(envelope: Envelope) -> None:
        raise KeyError("always")

    handlers = {"ok": lambda _: None, "flaky": flaky, "hopeless": hopeless, "broken": broken}
    told = Metrics()
    worker = Worker(queue, handlers, policy=AT_ONCE, tell=told.tell)
    while queue.stats().depth:
        worker.run_once()
        clock.forward(0.01)

    assert worker.counts == {"done": 2, "retried": 3, "dead": 2, "unknown": 1}
    assert told.outcomes == worker.counts
    assert sorted(one.reason.split(":")[0] for one in queue.dead()) == [
        "KeyError",
        "PermanentFailure",
        "unknown task 'who'",
    ]


def test_a_stopped_worker_finishes_what_runs_and_keeps_its_lease(
    tmp_path: Path, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, beats = threading.Event(), threading.Event(), threading.Semaphore(0)

    def long(envelope: Envelope) -> None:
        begun.set()
        assert go_on.wait(110)

    with LeaseQueue(f"sqlite:///{tmp_path}/q.db", clock=clock) as queue:
        queue.put_many([Envelope("long"), Envelope("long")])
        beat = queue.heartbeat

        def counted(*args: Any) -> Any:
            leased = beat(*args)
            beats.release()
            return leased

        monkeypatch.setattr(queue, "heartbeat", counted)
        worker = Worker(queue, {"long": long}, visibility_s=1.5)
        thread = threading.Thread(target=worker.run)
        thread.start()
        assert begun.wait(110)
        worker.stop()
        for _ in range(4):  # far longer than its lease, which only heartbeats can keep
            clock.forward(1.0)
            assert beats.acquire(timeout=110)
        go_on.set()
        thread.join(110)

        assert not thread.is_alive()
        assert worker.counts == {"done": 1}
        assert queue.stats().ready == 1


def test_a_worker_whose_lease_is_gone_counts_it(queue: LeaseQueue, clock: Any) -> None:
    queue.put(Envelope("slow"))
    worker = Worker(queue, {"slow": lambda _: clock.forward(100)})

    worker.run_once()

    assert worker.counts == {"lease_lost": 1}
    assert queue.stats().ready == 1


def test_a_worker_beyond_its_rate_waits_and_leases_nothing(
    queue: LeaseQueue, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.put_many([Envelope("ok"), Envelope("ok")])
    worker = Worker(queue, {"ok": lambda _: None}, limit=TokenBucket(0.5, clock=clock))
    waits: list[float] = []
    monkeypatch.setattr(worker._stop, "wait", waits.append)

    assert [worker.run_once(), worker.run_once()] == [True, True]
    assert (worker.counts, waits) == ({"done": 1}, [0.1])
    clock.forward(1.95)
    worker.run_once()
    assert waits == [0.1, pytest.approx(0.05)]
    clock.forward(0.05)
    worker.run_once()
    assert worker.counts == {"done": 2}


def test_a_worker_waits_for_a_broker_that_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LeaseQueue(f"sqlite:///{tmp_path}/q.db") as queue:
        queue.put(Envelope("ok"))
        worker = Worker(queue, {"ok": lambda _: worker.stop()})
        lease, calls = queue.lease, []

        def sometimes(*args: Any) -> Any:
            calls.append(args)
            if len(calls) == 1:
                raise QueueUnavailable("gone", "wait")
            return lease(*args)

        monkeypatch.setattr(queue, "lease", sometimes)
        worker.run()

    assert worker.counts == {"done": 1}


def test_ctrl_c_ends_a_worker_after_what_runs(tmp_path: Path) -> None:
    with LeaseQueue(f"sqlite:///{tmp_path}/q.db") as queue:
        queue.put_many([Envelope("stop"), Envelope("ok")])
        worker = Worker(queue, {"stop": lambda _: signal.raise_signal(signal.SIGINT)})
        worker.limit = TokenBucket(0.01)  # so that the second waits
        with pytest.raises(KeyboardInterrupt):
            worker.run()
        assert (worker.counts, queue.stats().ready) == ({"done": 1}, 1)

    assert not [one for one in threading.enumerate() if one.name.startswith(worker.name)]


def test_a_heartbeat_that_fails_does_not_end_the_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beaten = threading.Event()

    def lost(*_: Any) -> None:
        beaten.set()
        raise LeaseLost("x")

    with LeaseQueue(f"sqlite:///{tmp_path}/q.db") as queue:
        queue.put(Envelope("slow"))
        worker = Worker(queue, {"slow": lambda _: beaten.wait(60)}, visibility_s=1.5)
        worker.tell = lambda *_: worker.stop()
        monkeypatch.setattr(queue, "heartbeat", lost)
        worker.run()

    assert worker.counts["done"] + worker.counts["lease_lost"] == 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SystemExit(3), "SystemExit: 3"),
        (asyncio.CancelledError("away"), "CancelledError: away"),
        (ValueError("a\0b\ud800c"), r"ValueError: a\x00b\ud800c"),
    ],
)
def test_no_way_to_fail_ends_a_worker(queue: LeaseQueue, error: Any, reason: str) -> None:
    def fails(envelope: Envelope) -> None:
        raise error

    queue.put_many([Envelope("fails", max_attempts=1), Envelope("ok")])
    worker = Worker(queue, {"fails": fails, "ok": lambda _: None})

    while worker.run_once():
        continue

    assert worker.counts == {"dead": 1, "done": 1}
    assert queue.dead()[0].reason == reason


def test_a_rate_limit_spaces_what_begins(queue: LeaseQueue, clock: Any) -> None:
    queue.put_many([Envelope("ok") for _ in range(5)])
    bucket = TokenBucket(2, burst=2, clock=clock)
    worker = Worker(queue, {"ok": lambda _: None}, limit=bucket)
    worker.stop()  # so that a pause is none
    for _ in range(4):
        worker.run_once()

    assert worker.counts["done"] == 2
    clock.forward(0.5)
    assert bucket.take() == 0
    assert bucket.take() == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda queue: Worker(queue, {}, concurrency=0), "concurrency"),
        (lambda queue: Worker(queue, {}, visibility_s=math.nan), "visibility_s"),
        (lambda queue: Worker(queue, {}, poll_s=0), "poll_s"),
        (lambda queue: once(SqlKeys(queue.store), "", int), "key"),
        (lambda queue: once(SqlKeys(queue.store), "k", int, lease_s=math.nan), "lease_s"),
        (lambda queue: SqlKeys(queue.store).once_in("k", print, ttl_s=0), "ttl_s"),
        (lambda queue: TokenBucket(0), "rate"),
        (lambda queue: TokenBucket(1, 0.5), "burst"),
        (lambda queue: Schedule("x", 0, None), "every_s"),  # type: ignore[arg-type]
        (lambda queue: SqlKeys(queue.store, "x y"), "name"),
    ],
)
def test_settings_out_of_range_are_named(queue: LeaseQueue, make: Any, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        make(queue)


def test_metrics_are_served_in_prometheus_form(queue: LeaseQueue, clock: Any) -> None:
    queue.put(Envelope("ok", enqueued_at=clock()))
    clock.forward(45)
    metrics = Metrics()
    metrics.tell("done", Envelope("ok", enqueued_at=10.0), 0.2, now=12.2)
    metrics.tell("dead", Envelope("ok"), 99.0)

    with Endpoint(queue, metrics) as endpoint:
        address = f"http://127.0.0.1:{endpoint.port}"
        with urllib.request.urlopen(f"{address}/metrics", timeout=60) as answer:
            text = answer.read().decode()
        with pytest.raises(urllib.error.HTTPError) as missing:
            urllib.request.urlopen(f"{address}/secrets", timeout=60)
        missing.value.close()

    samples = parse(text)
    assert samples["velvet_queue_depth"] == {"": 1}
    assert samples["velvet_queue_tasks_total"] == {"dead": 1, "done": 1}
    assert samples["velvet_queue_wait_seconds_bucket"]["2.5"] == 1
    assert samples["velvet_queue_run_seconds_bucket"]["60.0"] == 1
    assert samples["velvet_queue_run_seconds_bucket"]["+Inf"] == 2
    assert alerts(samples) == ["the oldest task waits for 45 s, over 30 s"]
    assert alerts({"velvet_queue_dead": {"": 2}}) == ["2 dead tasks to look at"]
    with pytest.raises(ValueError, match="text format"):
        parse("velvet_queue_depth three four")


def test_an_endpoint_has_ended_when_it_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve, ended = ThreadingHTTPServer.serve_forever, []

    def slowly(server: ThreadingHTTPServer, poll_s: float) -> None:
        serve(server, poll_s)
        time.sleep(0.2)
        ended.append("server")

    monkeypatch.setattr(ThreadingHTTPServer, "serve_forever", slowly)
    store = SqlStore(f"sqlite:///{tmp_path}/queue.db")
    with Endpoint(LeaseQueue(store, "work"), Metrics()):
        pass
    store.close()

    assert ended == ["server"]
