"""Basic examples: the first task on every queue, the bytes on the wire, retries that spread."""

from __future__ import annotations

import random
import tempfile
import time
from itertools import pairwise

import redis

from velvet.examples import example, main
from velvet.services import ServiceUnavailable
from velvet_queues import brokers
from velvet_queues.contenders import Place, load, missing
from velvet_queues.envelope import Envelope
from velvet_queues.leasequeue import LeaseQueue
from velvet_queues.ledger import Ledger
from velvet_queues.retry import JITTERS, Backoff, RetryPolicy, herd
from velvet_queues.worker import Worker
from velvet_queues.workloads import perform

ON_REDIS = ("celery", "dramatiq", "huey", "rq", "taskiq")


@example("first_task")
def first_task() -> None:
    """Shows the same task sent to each queue on SQLite or Redis, and one done by the LeaseQueue."""
    with tempfile.TemporaryDirectory() as folder, Ledger(folder) as ledger:
        pairs = [("lease", "sqlite"), ("huey", "sqlite"), *((name, "redis") for name in ON_REDIS)]
        for name, broker in pairs:
            if reason := missing(name):
                print(f"{name:14}{broker:8}{reason}")
                continue
            try:
                with brokers.address(broker, folder) as url:
                    client = load(name).client(Place(name, broker, url, folder))
                    begun = time.perf_counter()
                    client.send(Envelope("noop", {"order": 7}))
                    ms = (time.perf_counter() - begun) * 1e3
                    print(f"{name:14}{broker:8}{client.depth()} waits, sent in {ms:.1f} ms")
                    client.close()
            except ServiceUnavailable as error:
                print(f"{name:14}{broker:8}not here: {error.remedy[:50]}")
        with LeaseQueue(f"sqlite:///{folder}/mine.db") as queue:
            queue.put(Envelope("noop"))
            worker = Worker(queue, {"noop": lambda envelope: perform(envelope, ledger)})
            worker.run_once()
            verdict = ledger.verdict()
            print(f"done by the LeaseQueue: started {verdict.started}, ended {verdict.finished}")


@example("what_is_on_the_wire")
def what_is_on_the_wire() -> None:
    """Shows what each queue really writes into Redis for one task of 60 bytes."""
    message = Envelope("echo", "x" * 60, id="t1")
    with tempfile.TemporaryDirectory() as folder:
        try:
            with brokers.attacked("redis", durable=False) as server:
                for name in ON_REDIS:
                    client = load(name).client(Place(name, "redis", server.url, folder))
                    client.send(message)
                    with redis.Redis.from_url(server.url) as raw:
                        before = sorted(raw.scan_iter("*"))
                        size = sum(raw.memory_usage(key) or 0 for key in before)
                        kinds = sorted(raw.type(key).decode() for key in before)
                    print(f"{name:10}{size:>6} bytes in {len(kinds)} keys: {', '.join(kinds)}"[:79])
                    client.close()
        except ServiceUnavailable as error:
            print(f"Redis is not here: {error.remedy}")
            return
    print("why: a list holds the message; hashes, sets and streams hold what can be")
    print("     recovered, which is what a queue that only pops does not have")


@example("retries_and_backoff")
def retries_and_backoff() -> None:
    """Shows a flaky task that is tried again, and what jitter spares a server that was down."""
    times: list[float] = []

    def flaky(envelope: Envelope) -> None:
        times.append(time.monotonic())
        if envelope.attempts < 4:
            raise ConnectionError("not yet")

    with tempfile.TemporaryDirectory() as folder, LeaseQueue(f"sqlite:///{folder}/q.db") as queue:
        queue.put(Envelope("flaky"))
        backoff = Backoff(0.05, cap=1, jitter="equal", rng=random.Random(1))
        worker = Worker(queue, {"flaky": flaky}, policy=RetryPolicy(backoff))
        while queue.stats().depth:
            worker.run_once()
    waits = [f"{(b - a) * 1e3:.0f}" for a, b in pairwise(times)]
    print(f"{len(times)} attempts, {', '.join(waits)} ms apart: {dict(worker.counts)}\n")
    print("200 clients failed together; the server serves 20 a second (simulated):")
    for jitter in JITTERS:
        seen = herd(jitter)
        bar = "#" * (seen.peak // 9)
        print(f"{jitter:13}{seen.calls:>5} calls, all served after {seen.clear_s:>4.0f} s  {bar}")
    print("why: bars are the worst second after the first; jitter serves all much earlier")


if __name__ == "__main__":
    main()
