"""Huey on Redis or in a SQLite file: each message is a pickle, popped before it runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from velvet_queues.contenders import Place, purge_redis, unavailable
from velvet_queues.envelope import Envelope, encode
from velvet_queues.ledger import Delivery, Ledger
from velvet_queues.workloads import perform_text

BROKERS, PACKAGE, RECOVERY_S = ("redis", "sqlite"), "huey", 12.0
STOP = "SIGINT"  # SIGTERM interrupts tasks


def promise(profile: str, broker: str) -> Delivery:  # noqa: ARG001 - the same for all
    """Promise at most once: no setting makes it acknowledge later."""
    return Delivery.AT_MOST_ONCE


def app(place: Place) -> Any:
    """Return the Huey object with its task."""
    from huey import RedisHuey, SqliteHuey  # type: ignore[import-untyped,unused-ignore]

    made: Any
    if place.broker == "redis":
        made = RedisHuey(place.namespace, url=place.url, results=False)
    else:
        made = SqliteHuey(place.namespace, filename=f"{place.folder}/huey.db", results=False)
    ledger = Ledger(place.folder)

    def run(text: str) -> None:
        perform_text(text, ledger)

    made.run = made.task(retries=5, retry_delay=0.2)(run)
    return made


def commands(place: Place) -> list[list[str]]:
    """Return `huey_consumer` with threads."""
    run = [sys.executable, "-m", "huey.bin.huey_consumer", "velvet_queues.apps.huey_app"]
    words = ["-w", str(place.concurrency), "-k", "thread", "-q", "-d", "0.02", "-m", "0.1"]
    return [[*run, *words]]


class client:  # noqa: N801 - the name that every file has
    """Call the decorated task, which enqueues it."""

    def __init__(self, place: Place) -> None:
        self.place, self.app = place, app(place)

    def send(self, envelope: Envelope, delay_s: float = 0.0) -> None:
        """Enqueue one task."""
        import redis

        try:
            if delay_s:
                self.app.run.schedule(args=(encode(envelope),), delay=delay_s)
            else:
                self.app.run(encode(envelope))
        except redis.RedisError as error:
            raise unavailable(self.place.url, error) from None

    def depth(self) -> int:
        """Count what no worker has popped."""
        return int(self.app.pending_count())

    def close(self) -> None:
        """Remove the keys or the file."""
        if self.place.broker == "redis":
            purge_redis(self.place.url, self.place.namespace)
            self.app.storage.conn.close()
            self.app.storage.pool.disconnect()
        else:
            self.app.storage.close()
            for path in Path(self.place.folder).glob("huey.db*"):
                path.unlink(missing_ok=True)
