# ruff: noqa: S608 - names of tables are checked identifiers, values are bound
"""The transactional outbox, and schedules that fire once: both lean on a row in a transaction.

Writing to a database and to a broker are two writes, and a crash between them keeps one. An outbox
makes them one: the message is a row beside the business data, and a relay moves rows to the broker
and marks them. A crash between moving and marking moves a row again: at least once, with its id.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from velvet_queues.envelope import Envelope, decode, encode
from velvet_queues.errors import InProgress
from velvet_queues.idempotency import SqlKeys, once
from velvet_queues.sqlstore import SqlStore, Transaction, check_name


class Outbox:
    """A table of messages that still have to reach a broker."""

    def __init__(self, store: SqlStore, table: str = "outbox") -> None:
        self.store, self.table = store, check_name(table)
        serial = "BIGINT GENERATED ALWAYS AS IDENTITY" if store.postgres else "INTEGER"
        with store.transaction() as tx:
            tx.run(
                f"CREATE TABLE IF NOT EXISTS {table} (seq {serial} PRIMARY KEY, body TEXT NOT NULL)"
            )

    def add(self, tx: Transaction, envelope: Envelope) -> str:
        """Write a message in the caller's transaction and return its id."""
        tx.run(f"INSERT INTO {self.table} (body) VALUES (?)", (encode(envelope),))
        return envelope.id

    def relay(self, send: Callable[[Envelope], object], limit: int = 100) -> int:
        """Send what waits, the oldest first, and remove what was sent; returns how many.

        One transaction a message, so that what was sent before a failure is not sent again.
        """
        moved = 0
        passing = " FOR UPDATE SKIP LOCKED" if self.store.postgres else ""
        while moved < limit:
            with self.store.transaction() as tx:
                rows = tx.run(f"SELECT seq, body FROM {self.table} ORDER BY seq LIMIT 1{passing}")
                if not rows:
                    return moved
                seq, body = rows[0]
                send(decode(body))
                tx.run(f"DELETE FROM {self.table} WHERE seq = ?", (seq,))
                moved += 1
        return moved


@dataclass(frozen=True)
class Schedule:
    """A task for every multiple of a period since the epoch, fired once however many run this.

    A slot, not the moment of the last run, decides: nothing drifts, and two schedulers agree on
    the slot's key without talking. Slots missed while none ran are not made up for.

    Raises:
        ValueError: no positive period.
    """

    name: str
    every_s: float
    keys: SqlKeys
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        if not (self.every_s > 0 and math.isfinite(self.every_s)):
            raise ValueError(f"every_s must be above 0 seconds, not {self.every_s!r}")

    def tick(self, send: Callable[[Envelope], object]) -> bool:
        """Send this slot's task unless it was sent; True when this call did."""
        slot = int(self.clock() // self.every_s)
        task = Envelope(self.name, {"due": slot * self.every_s}, id=f"{self.name}-{slot}")

        def fire() -> bool:
            send(task)
            return True

        ttl = self.every_s * 10
        try:
            return not once(self.keys, task.id, fire, ttl_s=ttl, lease_s=ttl).replayed
        except InProgress:
            return False
