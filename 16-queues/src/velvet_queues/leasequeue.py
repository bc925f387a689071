# ruff: noqa: S608 - names of tables are checked identifiers, values are bound
"""A queue in a table: lease, work, acknowledge; a lease that runs out is given to the next.

Delivery is at least once. Three rules carry it:

* a message is never removed before its work is acknowledged; a lease only hides it for a time,
* each lease has a token of its own, so that a late acknowledgement of an expired lease is refused
  (`LeaseLost`) instead of removing what another worker is doing (fencing),
* attempts are counted when a message is *leased*, so that a task which kills its worker is found
  dead after `max_attempts`, though it never raised anything.

Cost is O(log n) for each operation, by partial indexes over what waits and what is leased; `stats`
counts all messages, O(n).
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from velvet_queues.envelope import Envelope, check_delay, check_length, decode, encode
from velvet_queues.errors import BadMessage, DuplicateKey, LeaseLost
from velvet_queues.sqlstore import SqlStore, Transaction, check_name

POISON = "leased too often without an acknowledgement"

_TABLES = """
CREATE TABLE IF NOT EXISTS {q} (
    seq {serial}, id TEXT UNIQUE NOT NULL, body TEXT NOT NULL, key TEXT,
    priority INTEGER NOT NULL, not_before DOUBLE PRECISION NOT NULL,
    enqueued_at DOUBLE PRECISION NOT NULL, attempts INTEGER NOT NULL, max_attempts INTEGER NOT NULL,
    token TEXT, worker TEXT, until DOUBLE PRECISION);
CREATE TABLE IF NOT EXISTS {q}_dead (
    seq {serial}, id TEXT NOT NULL, body TEXT NOT NULL, attempts INTEGER NOT NULL,
    reason TEXT NOT NULL, died_at DOUBLE PRECISION NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS {q}_key ON {q} (key) WHERE key IS NOT NULL;
CREATE INDEX IF NOT EXISTS {q}_waiting ON {q} (priority DESC, not_before, seq) WHERE token IS NULL;
CREATE INDEX IF NOT EXISTS {q}_leased ON {q} (until) WHERE token IS NOT NULL;
"""


@dataclass(frozen=True)
class Leased:
    """A message that this worker may work on until `until`, and the token that proves it."""

    envelope: Envelope
    token: str
    until: float

    @property
    def id(self) -> str:
        """The task's id."""
        return self.envelope.id


@dataclass(frozen=True)
class Dead:
    """A message that is not tried again, and why."""

    envelope: Envelope | None
    id: str
    reason: str
    died_at: float
    body: str


@dataclass(frozen=True)
class Stats:
    """How many are ready (an expired lease counts), delayed, leased, dead; the oldest ready one's age."""

    ready: int
    delayed: int
    leased: int
    dead: int
    oldest_age_s: float

    @property
    def depth(self) -> int:
        """Everything that is not done."""
        return self.ready + self.delayed + self.leased


class LeaseQueue:
    """A queue over a `SqlStore`; safe for threads and processes.

    Args:
        store: an open store, or the address of one.
        name: of its tables.
        clock: seconds since the epoch; every process must agree on it within the lease's length.
        skip_locked: let workers pass rows that others are taking (PostgreSQL only).

    Raises:
        ValueError: a name that is no plain identifier.
        QueueUnavailable: the database does not answer, here and in every method.
    """

    def __init__(
        self,
        store: SqlStore | str,
        name: str = "queue",
        *,
        clock: Callable[[], float] = time.time,
        skip_locked: bool = True,
    ) -> None:
        self.name, self.clock = check_name(name), clock
        self.store = SqlStore(store) if isinstance(store, str) else store
        passing = " SKIP LOCKED" if skip_locked else ""
        self._lock = f" FOR UPDATE{passing}" if self.store.postgres else ""
        self._create()

    def _create(self) -> None:
        serial = "INTEGER PRIMARY KEY AUTOINCREMENT"
        if self.store.postgres:
            serial = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
        with self.store.transaction() as tx:
            if self.store.postgres:  # two workers that start together
                tx.run("SELECT pg_advisory_xact_lock(hashtext(?))", (self.name,))
            for statement in _TABLES.format(q=self.name, serial=serial).split(";")[:-1]:
                tx.run(statement)

    def put(self, envelope: Envelope, *, delay_s: float = 0.0) -> str:
        """Store a message and return its id.

        Raises:
            DuplicateKey: a message with its key waits or runs.
            PayloadTooLarge: it is over the limit.
            ValueError: a delay that is negative or over a year.
        """
        return self.put_many([envelope], delay_s=delay_s)[0]

    def put_many(self, envelopes: Iterable[Envelope], *, delay_s: float = 0.0) -> list[str]:
        """Store messages in one transaction: all of them or none; errors as for `put`."""
        earliest = self.clock() + check_delay(delay_s)
        rows = [
            replace(one, not_before=max(one.not_before, earliest) if delay_s else one.not_before)
            for one in envelopes
        ]
        bodies = [encode(one) for one in rows]
        with self.store.transaction() as tx:
            for one, body in zip(rows, bodies, strict=True):
                self._insert(tx, one, body)
        return [one.id for one in rows]

    def _insert(self, tx: Transaction, one: Envelope, body: str) -> None:
        values = (one.id, body, one.key, one.priority, one.not_before, one.enqueued_at)
        stored = tx.changed(
            f"INSERT INTO {self.name} (id, body, key, priority, not_before, enqueued_at, attempts,"
            " max_attempts) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (*values, one.attempts, one.max_attempts),
        )
        if not stored:
            sql = f"SELECT key, id FROM {self.name} WHERE id = ? OR key = ?"
            key, existing = (tx.run(sql, (one.id, one.key)) or [(one.key, one.id)])[0]
            raise DuplicateKey(str(one.key or key or existing), existing)

    def lease(self, worker: str, n: int = 1, visibility_s: float = 30.0) -> list[Leased]:
        """Take up to `n` ready messages: priority first, then the earliest due, then the oldest.

        A message that cannot be read is buried on the way.

        Args:
            visibility_s: seconds after which others may take them; `heartbeat` extends it.

        Raises:
            ValueError: `n` below 1; no time at all, or no end.
        """
        if n < 1:
            raise ValueError(f"n must be at least 1, not {n!r}")
        check_length("visibility_s", visibility_s)
        found: list[Leased] = []
        with self.store.transaction() as tx:
            now = self.clock()
            self._reclaim(tx, now)
            rows = tx.run(
                f"SELECT id, body, attempts FROM {self.name} WHERE token IS NULL AND not_before"
                f" <= ? ORDER BY priority DESC, not_before, seq LIMIT ?{self._lock}",
                (now, int(n)),
            )
            for id, body, attempts in rows:
                try:
                    envelope = replace(decode(body), id=id, attempts=attempts + 1)
                except ValueError as error:
                    self._bury(tx, id, str(error), now)
                    continue
                token, until = uuid.uuid4().hex, now + visibility_s
                tx.run(
                    f"UPDATE {self.name} SET token = ?, worker = ?, until = ?, attempts ="
                    " attempts + 1 WHERE id = ?",
                    (token, worker, until, id),
                )
                found.append(Leased(envelope, token, until))
        return found

    def _reclaim(self, tx: Transaction, now: float) -> None:
        """Free what workers held for too long; bury what was leased too often."""
        expired = tx.run(
            f"SELECT id, attempts >= max_attempts FROM {self.name} WHERE token IS NOT NULL AND"
            f" until <= ? ORDER BY until LIMIT 100{self._lock}",
            (now,),
        )
        for id, poisoned in expired:
            if poisoned:
                self._bury(tx, id, POISON, now)
            else:
                self._free(tx, id, None)

    def _free(self, tx: Transaction, id: str, not_before: float | None) -> None:
        tx.run(
            f"UPDATE {self.name} SET token = NULL, worker = NULL, until = NULL, not_before ="
            " COALESCE(?, not_before) WHERE id = ?",
            (not_before, id),
        )

    def _bury(self, tx: Transaction, id: str, reason: str, now: float) -> None:
        # The words of an error may hold what no text column does: a NUL, a lone surrogate.
        reason = reason.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
        tx.run(
            f"INSERT INTO {self.name}_dead (id, body, attempts, reason, died_at)"
            f" SELECT id, body, attempts, ?, ? FROM {self.name} WHERE id = ?",
            (reason, now, id),
        )
        tx.run(f"DELETE FROM {self.name} WHERE id = ?", (id,))

    def _owned(self, tx: Transaction, leased: Leased) -> tuple[float, int, int]:
        """Return now, attempts and their limit of a message that this lease still holds."""
        now = self.clock()
        rows = tx.run(
            f"SELECT attempts, max_attempts FROM {self.name} WHERE id = ? AND token = ? AND until"
            f" > ?{' FOR UPDATE' if self.store.postgres else ''}",
            (leased.id, leased.token, now),
        )
        if not rows:
            raise LeaseLost(leased.id)
        return (now, *rows[0])

    def ack(self, leased: Leased) -> None:
        """Remove a message whose work is done.

        Raises:
            LeaseLost: the lease has expired; the message may be with another worker.
        """
        with self.store.transaction() as tx:
            self._owned(tx, leased)
            tx.run(f"DELETE FROM {self.name} WHERE id = ?", (leased.id,))

    def nack(self, leased: Leased, delay_s: float = 0.0, reason: str = "failed") -> bool:
        """Return a message for another attempt; True when it was the last and it is dead.

        Raises:
            LeaseLost: as for `ack`.
        """
        delay_s = check_delay(delay_s)
        with self.store.transaction() as tx:
            now, attempts, limit = self._owned(tx, leased)
            if attempts >= limit:
                self._bury(tx, leased.id, reason, now)
                return True
            self._free(tx, leased.id, now + delay_s)
        return False

    def bury(self, leased: Leased, reason: str) -> None:
        """Move a message to the dead at once.

        Raises:
            LeaseLost: as for `ack`.
        """
        with self.store.transaction() as tx:
            now, _, _ = self._owned(tx, leased)
            self._bury(tx, leased.id, reason, now)

    def heartbeat(self, leased: Leased, extend_s: float = 30.0) -> Leased:
        """Extend a lease from now on and return it.

        Raises:
            LeaseLost: as for `ack`.
            ValueError: no time at all, or no end.
        """
        check_length("extend_s", extend_s)
        with self.store.transaction() as tx:
            now, _, _ = self._owned(tx, leased)
            until = now + extend_s
            tx.run(f"UPDATE {self.name} SET until = ? WHERE id = ?", (until, leased.id))
        return replace(leased, until=until)

    def dead(self, limit: int = 100) -> list[Dead]:
        """Return the dead, the latest first."""
        with self.store.transaction() as tx:
            rows = tx.run(
                f"SELECT id, body, attempts, reason, died_at FROM {self.name}_dead"
                " ORDER BY seq DESC LIMIT ?",
                (limit,),
            )
        found = []
        for id, body, attempts, reason, died_at in rows:
            readable: Envelope | None = None
            with contextlib.suppress(BadMessage):
                readable = replace(decode(body), id=id, attempts=attempts)
            found.append(Dead(readable, id, reason, died_at, body))
        return found

    def redrive(self, ids: Sequence[str]) -> int:
        """Put dead messages back with their attempts forgotten; returns how many were moved.

        Messages that cannot be read stay dead.

        Raises:
            DuplicateKey: a message with the key of one of them waits meanwhile; none is moved.
        """
        moved = 0
        with self.store.transaction() as tx:
            for id in dict.fromkeys(ids):
                rows = tx.run(f"SELECT body FROM {self.name}_dead WHERE id = ?", (id,))
                if not rows:
                    continue
                try:
                    one = replace(decode(rows[0][0]), id=id, attempts=0)
                except BadMessage:
                    continue
                self._insert(tx, one, encode(one))
                tx.run(f"DELETE FROM {self.name}_dead WHERE id = ?", (id,))
                moved += 1
        return moved

    def stats(self) -> Stats:
        """Count what is where, in one snapshot."""
        now = self.clock()
        with self.store.transaction() as tx:
            [row] = tx.run(
                f"""SELECT
                COUNT(CASE WHEN (token IS NULL AND not_before <= ?) OR until <= ? THEN 1 END),
                COUNT(CASE WHEN token IS NULL AND not_before > ? THEN 1 END),
                COUNT(CASE WHEN token IS NOT NULL AND until > ? THEN 1 END),
                (SELECT COUNT(*) FROM {self.name}_dead),
                MIN(CASE WHEN (token IS NULL AND not_before <= ?) OR until <= ? THEN
                    CASE WHEN not_before > enqueued_at THEN not_before ELSE enqueued_at END END)
                FROM {self.name}""",
                (now,) * 6,
            )
        ready, delayed, leased, dead, oldest = row
        age = max(0.0, now - oldest) if oldest is not None else 0.0
        return Stats(ready, delayed, leased, dead, age)

    def inject(self, body: str, id: str) -> None:
        """Store raw text as a message, as a foreign writer would; for tests and lessons."""
        values: tuple[Any, ...] = (id, body, 0, 0.0, self.clock(), 0, 5)
        with self.store.transaction() as tx:
            tx.run(
                f"INSERT INTO {self.name} (id, body, priority, not_before, enqueued_at, attempts,"
                " max_attempts) VALUES (?, ?, ?, ?, ?, ?, ?)",
                values,
            )

    def drop(self) -> None:
        """Remove the queue with everything in it."""
        with self.store.transaction() as tx:
            tx.run(f"DROP TABLE IF EXISTS {self.name}")
            tx.run(f"DROP TABLE IF EXISTS {self.name}_dead")

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def __enter__(self) -> LeaseQueue:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
