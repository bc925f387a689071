"""LeaseQueue, ours: a table, leases with tokens, attempts that are counted when leased."""

from __future__ import annotations

import sys

from velvet_queues.contenders import VISIBILITY_S, Place
from velvet_queues.envelope import Envelope
from velvet_queues.leasequeue import LeaseQueue
from velvet_queues.ledger import Delivery, Ledger
from velvet_queues.retry import Backoff, RetryPolicy
from velvet_queues.worker import Worker
from velvet_queues.workloads import TASKS, perform

BROKERS, PACKAGE, RECOVERY_S, STOP = ("sqlite", "postgres"), "", 30.0, "SIGTERM"


def promise(profile: str, broker: str) -> Delivery:  # noqa: ARG001 - the same for all
    """Promise the same in both profiles; only the lease's length differs."""
    return Delivery.AT_LEAST_ONCE


def app(place: Place) -> Worker:
    """Return the worker that a process runs."""
    ledger = Ledger(place.folder)
    handlers = {name: lambda envelope: perform(envelope, ledger) for name in TASKS}
    return Worker(
        LeaseQueue(place.url, place.namespace),
        handlers,
        concurrency=place.concurrency,
        visibility_s=VISIBILITY_S if place.production else 30.0,
        policy=RetryPolicy(Backoff(base=0.1, cap=5)),
    )


def commands(place: Place) -> list[list[str]]:  # noqa: ARG001 - it reads the environment
    """Return our own program."""
    return [[sys.executable, "-m", "velvet_queues.apps"]]


class client:  # noqa: N801 - the name that every file has
    """Put messages into the table."""

    def __init__(self, place: Place) -> None:
        self.queue = LeaseQueue(place.url, place.namespace)

    def send(self, envelope: Envelope, delay_s: float = 0.0) -> None:
        """Store a message."""
        self.queue.put(envelope, delay_s=delay_s)

    def depth(self) -> int:
        """Count everything that is not done."""
        return self.queue.stats().depth

    def close(self) -> None:
        """Drop the table."""
        self.queue.drop()
        self.queue.close()
