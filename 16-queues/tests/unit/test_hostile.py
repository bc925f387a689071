"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

from velvet.hostile import Fixed, HostileTests, call
from velvet_queues import envelope, leasequeue, load, metrics, retry, sqlstore, worker
from velvet_queues.errors import QueueError

TEXT = envelope.encode(envelope.Envelope("task"))


def many_times() -> load.Histogram:
    made = load.Histogram()
    for n in range(10_000):
        made.add(1.0 + n)
    return made


class TestHostile(HostileTests):
    errors = (QueueError,)
    mutable = {"brokers.OwnRedis", "chaos.Scene", "metrics.Metrics"}
    calls = (
        call(envelope.Envelope, "task", {"a": 1}, key="k", priority=1).but(same=False),
        call(envelope.check_delay, 1.0),
        call(envelope.check_length, "lease", 1.0),
        call(envelope.check_json, {"a": 1}, "path"),
        call(envelope.encode, Fixed(envelope.Envelope("task")), limit=1000),
        call(envelope.decode, TEXT),
        call(leasequeue.LeaseQueue, Fixed("sqlite://"), "queue").then("lease", "worker", 1, 30.0),
        call(load.arrivals, 5.0, 2.0, seed=Fixed(1)).but(many=50),
        call(load.Histogram).then("add", 1.0).then("percentile", 50.0).but(large=many_times),
        call(metrics.parse, "a 1\n"),
        call(metrics.alerts, {}, age_s=30.0),
        call(retry.Backoff).then("delay", 1, 0.0).but(same=False),
        call(retry.herd, Fixed("full"), clients=5, per_s=5, seed=Fixed(1)).but(many=20),
        call(sqlstore.check_name, "queue"),
        call(worker.TokenBucket, 5.0, 1.0),
    )
    excepted = {
        "apps": "runs what a queue has checked",
        "brokers": "starts servers",
        "chaos": "starts and kills processes; tests/integration",
        "evolution": "a demonstration that kills its own processes",
        "fleet": "starts processes",
        "idempotency": "takes keys that a handler chose; tests/property/test_properties.py",
        "ledger": "writes files of an experiment",
        "load": "`open_loop` waits for times that `arrivals` made",
        "metrics": "counts what the worker tells, and serves it",
        "outbox": "takes envelopes and a transaction; tests/unit/test_leasequeue.py",
        "proxy": "sockets of an experiment",
        "retry": "a policy of values that `Backoff` checks",
        "sqlstore": "opens a database at an address",
        "worker": "handles envelopes that were checked when they were put",
        "workloads": "work for measuring",
    }
