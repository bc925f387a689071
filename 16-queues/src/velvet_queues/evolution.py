# ruff: noqa: ARG001 - each stage takes the same arguments
"""Charge 200 orders in the background while workers die: three stages of one program.

The naive stage is a thread and a `queue.Queue`: fast, and a restart forgets all. The better one is
a Redis list: it survives the producer, and loses what was popped. The production stage leases,
acknowledges, and charges under an idempotency key. Each stage is a child that can be killed.
"""

from __future__ import annotations

import os
import queue
import signal
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


class Killer:
    """Kill this process with SIGKILL when so many charges are done and another one begins.

    From outside, a fast machine would be done before the kill arrives.
    """

    def __init__(self, after: int) -> None:
        self.after, self.done = after, 0

    def begins(self) -> None:
        """Note that a charge begins."""
        if self.after and self.done >= self.after:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

    def ends(self) -> None:
        """Note that a charge is done."""
        self.done += 1


def charge_in(ledger: Ledger, killer: Killer) -> Charge:
    """Return the effect that must not happen twice."""

    def charge(envelope: Envelope) -> None:
        ledger.record("started", envelope.id)
        killer.begins()
        time.sleep(CHARGE_S)
        ledger.record("effect", envelope.id)
        ledger.record("finished", envelope.id)
        killer.ends()

    return charge


def naive_thread(orders: int, ledger: Ledger, url: str, killer: Killer) -> None:
    """Take the orders and work on them in this process, the queue in its memory."""
    waiting: queue.Queue[Envelope | None] = queue.Queue()
    charge = charge_in(ledger, killer)

    def work() -> None:
        while (envelope := waiting.get()) is not None:
            charge(envelope)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for _ in range(orders):
        envelope = Envelope("charge", 1)
        waiting.put(envelope)
        ledger.record("sent", envelope.id)
    for thread in threads:
        waiting.put(None)
        thread.start()
    for thread in threads:
        thread.join()


def better_list(orders: int, ledger: Ledger, url: str, killer: Killer) -> None:
    """Push to a Redis list, pop from it."""
    import redis

    charge = charge_in(ledger, killer)
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


def production_lease(orders: int, ledger: Ledger, url: str, killer: Killer) -> None:
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
            killer.begins()
            time.sleep(CHARGE_S)
            if not keys.once_in(envelope.id, pay, ttl_s=86_400).replayed:
                ledger.record("effect", envelope.id)
            ledger.record("finished", envelope.id)
            killer.ends()

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


def run(stage: str, orders: int = 200) -> Stage:
    """Run a stage that is killed with SIGKILL after a third, and start it again to finish.

    Raises:
        ValueError: no such stage.
        ServiceUnavailable: it needs Redis, and there is none.
    """
    if stage not in STAGES:
        raise ValueError(f"stage must be one of {', '.join(STAGES)}, not {stage!r}")
    with tempfile.TemporaryDirectory(prefix="velvet-queues-") as folder:
        if stage != "better_list":
            return _run(stage, orders, folder, f"sqlite:///{folder}/orders.db")
        with OwnRedis((str(CONFIGS / "redis-queue.conf"),)) as server:
            return _run(stage, orders, folder, server.url)


def _run(stage: str, orders: int, folder: str, url: str) -> Stage:
    begun = time.monotonic()
    with Ledger(folder) as ledger:
        for fresh, kill_after in ((orders, orders // 3), (0, 0)):
            words = [stage, folder, url, str(fresh), str(kill_after)]
            subprocess.run([sys.executable, "-m", __spec__.name, *words], timeout=300, check=False)
        return Stage(stage, ledger.verdict(), time.monotonic() - begun)


def main(stage: str, folder: str, url: str, orders: str, kill_after: str = "0") -> None:
    """Be one stage: the child's side."""
    steps = {one.__name__: one for one in (naive_thread, better_list, production_lease)}
    with Ledger(Path(folder)) as ledger:
        steps[stage](int(orders), ledger, url, Killer(int(kill_after)))


if __name__ == "__main__":
    main(*sys.argv[1:])
