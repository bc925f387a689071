"""Charge 200 orders in the background while workers die: three stages of one program.

The naive stage is a thread and a `queue.Queue`: fast, and a restart forgets all. The better one is
a Redis list: it survives the producer, and loses what was popped. The production stage leases,
acknowledges, and charges under an idempotency key. Each stage is a child that can be killed.
"""

from __future__ import annotations

import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from velvet_queues.brokers import CONFIGS, OwnRedis
from velvet_queues.envelope import Envelope, decode, encode
from velvet_queues.idempotency import SqlKeys
from velvet_queues.leasequeue import LeaseQueue
from velvet_queues.ledger import Ledger, Verdict
from velvet_queues.sqlstore import Transaction
from velvet_queues.worker import Worker

STAGES = ("naive_thread", "better_list", "production_lease")
CHARGE_S = 0.005
THREADS = 2
Charge = Callable[[Envelope], None]


def charge_in(ledger: Ledger) -> Charge:
    """Return the effect that must not happen twice."""

    def charge(envelope: Envelope) -> None:
        ledger.record("started", envelope.id)
        time.sleep(CHARGE_S)
        ledger.record("effect", envelope.id)
        ledger.record("finished", envelope.id)

    return charge


def naive_thread(orders: int, ledger: Ledger, url: str) -> None:  # noqa: ARG001 - none is needed
    """Take the orders and work on them in this process, the queue in its memory."""
    waiting: queue.Queue[Envelope | None] = queue.Queue()
    charge = charge_in(ledger)

    def work() -> None:
        while (envelope := waiting.get()) is not None:
            charge(envelope)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for _ in range(orders):
        envelope = Envelope("charge", 1)
        waiting.put(envelope)
        ledger.record("sent", envelope.id)
    for _ in threads:
        waiting.put(None)
    for thread in threads:
        thread.join()


def better_list(orders: int, ledger: Ledger, url: str) -> None:
    """Push to a Redis list, pop from it."""
    import redis

    charge = charge_in(ledger)
    with redis.Redis.from_url(url) as client:
        for _ in range(orders):
            envelope = Envelope("charge", 1)
            client.lpush("orders", encode(envelope))
            ledger.record("sent", envelope.id)

        def work() -> None:
            while (found := client.brpop(["orders"], timeout=0.2)) is not None:
                charge(decode(found[1]))

        threads = [threading.Thread(target=work) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def production_lease(orders: int, ledger: Ledger, url: str) -> None:
    """Lease from a table, acknowledge, and charge in one transaction with the order's key."""
    with LeaseQueue(url, "orders") as orders_queue:
        placed = [Envelope("charge", 1) for _ in range(orders)]
        for envelope in placed:
            orders_queue.put(envelope)
            ledger.record("sent", envelope.id)
        keys = SqlKeys(orders_queue.store)
        with orders_queue.store.transaction() as tx:
            tx.run("CREATE TABLE IF NOT EXISTS payments (order_id TEXT NOT NULL)")

        def charge(envelope: Envelope) -> None:
            def pay(tx: Transaction) -> None:
                tx.run("INSERT INTO payments VALUES (?)", (envelope.id,))

            ledger.record("started", envelope.id)
            time.sleep(CHARGE_S)
            if not keys.once_in(envelope.id, pay, ttl_s=86_400).replayed:
                ledger.record("effect", envelope.id)
            ledger.record("finished", envelope.id)

        worker = Worker(orders_queue, {"charge": charge}, concurrency=THREADS, visibility_s=1.0)

        def end_when_empty() -> None:
            while orders_queue.stats().depth:
                time.sleep(0.05)
            worker.stop()

        watcher = threading.Thread(target=end_when_empty)
        watcher.start()
        worker.run()
        watcher.join()


@dataclass(frozen=True)
class Stage:
    """What became of the orders, how long it took with the restarts, how many a second."""

    name: str
    verdict: Verdict
    seconds: float

    @property
    def per_s(self) -> float:
        """Charged orders a second."""
        return self.verdict.finished / self.seconds


def run(stage: str, orders: int = 200, *, kills: int = 1) -> Stage:
    """Run a stage, kill it with SIGKILL in the middle, and start it again to finish.

    Raises:
        ValueError: no such stage.
        ServiceUnavailable: it needs Redis, and there is none.
    """
    if stage not in STAGES:
        raise ValueError(f"stage must be one of {', '.join(STAGES)}, not {stage!r}")
    with tempfile.TemporaryDirectory(prefix="velvet-queues-") as folder:
        if stage != "better_list":
            return _run(stage, orders, kills, folder, f"sqlite:///{folder}/orders.db")
        with OwnRedis((str(CONFIGS / "redis-queue.conf"),)) as server:
            return _run(stage, orders, kills, folder, server.url)


def _run(stage: str, orders: int, kills: int, folder: str, url: str) -> Stage:
    begun = time.monotonic()
    with Ledger(folder) as ledger:
        for kill in range(kills + 1):
            fresh = orders if kill == 0 else 0
            argv = [sys.executable, "-m", __spec__.name, stage, folder, url, str(fresh)]
            process = subprocess.Popen(argv)
            try:
                due = orders * (kill + 1) // (kills + 2)
                while kill < kills and process.poll() is None and ledger.count("finished") < due:
                    time.sleep(0.01)
                if kill < kills:
                    process.kill()
                process.wait(120)
            finally:
                process.kill()
                process.wait()
        return Stage(stage, ledger.verdict(), time.monotonic() - begun)


def main(stage: str, folder: str, url: str, orders: str) -> None:
    """Be one stage: the child's side."""
    steps = {one.__name__: one for one in (naive_thread, better_list, production_lease)}
    with Ledger(Path(folder)) as ledger:
        steps[stage](int(orders), ledger, url)


if __name__ == "__main__":
    main(*sys.argv[1:])
