"""Messages to other programs without losing one and without doing a thing twice.

The event log is the outbox: a relay reads it behind a checkpoint and publishes. It may publish
twice, when it dies between the broker and its checkpoint; so the receiver writes the message's id
into an inbox in the transaction of the effect. Delivery is at least once, the effect is exactly
once. A state-stored shop has no log; `TableOutbox` is the same idea with a table.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from velvet_architecture.domain import whole
from velvet_architecture.ports import (
    START,
    Broker,
    Cursor,
    EventStore,
    Message,
    StoredEvent,
    UpcastError,
)

SPEC_VERSION = "1.0"
_REQUIRED = ("specversion", "id", "source", "type")


def envelope(message: Message) -> bytes:
    """Return a message as a CloudEvents 1.0 JSON document."""
    told = {
        "specversion": SPEC_VERSION,
        "id": message.id,
        "source": message.source,
        "type": message.type,
        "time": message.time,
        "datacontenttype": "application/json",
        "data": dict(message.data),
    }
    return json.dumps(told, separators=(",", ":")).encode()


def opened(document: bytes) -> Message:
    """Read a CloudEvents document; ValueError when a required attribute is missing or wrong."""
    told = json.loads(document)
    has = told if isinstance(told, dict) else {}
    wrong = [name for name in _REQUIRED if not isinstance(has.get(name), str) or not has[name]]
    if wrong:
        raise ValueError(f"the message lacks {', '.join(wrong)} as text")
    if told["specversion"] != SPEC_VERSION:
        raise ValueError(f"specversion must be {SPEC_VERSION}, not {told['specversion']}")
    when, data = told.get("time", ""), told.get("data") or {}
    if not isinstance(when, str) or not isinstance(data, dict):
        raise ValueError(f"time must be text and data an object, not {when!r} and {data!r}")
    return Message(told["id"], told["source"], told["type"], when, data)


def message_of(stored: StoredEvent, source: str = "/velvet/shop") -> Message:
    """Return an event as a message; its id is the event's, so a receiver can know it again."""
    moment = datetime.fromtimestamp(stored.recorded_at_ns / 1e9, timezone.utc).isoformat()
    try:
        data = json.loads(stored.data)
    except ValueError as error:
        raise UpcastError(f"{stored.type} at {stored.cursor} is no JSON: {error}") from error
    if not isinstance(data, dict):
        raise UpcastError(f"{stored.type} at {stored.cursor} is no JSON object")
    return Message(stored.event_id, source, stored.type, moment, {"stream": stored.stream} | data)


class OutboxRelay:
    """Publishes the log in order; keeps its checkpoint in a SQLite database of its own.

    Args:
        sleep: waits between attempts, in seconds; the default does not wait.
    """

    def __init__(
        self,
        store: EventStore,
        broker: Broker,
        checkpoint: sqlite3.Connection,
        *,
        sleep: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._store, self._broker, self._db, self._sleep = store, broker, checkpoint, sleep
        self._db.execute("CREATE TABLE IF NOT EXISTS relay (one INT PRIMARY KEY, cursor TEXT)")
        self._db.commit()

    def checkpoint(self) -> Cursor:
        """Return the cursor of the last event that was published for certain."""
        found = self._db.execute("SELECT cursor FROM relay").fetchone()
        return Cursor.parse(found[0]) if found else START

    def run_once(self, limit: int = 100, *, attempts: int = 5) -> int:
        """Publish what is new; return how many.

        Raises:
            ConnectionError: the broker was down for all attempts; nothing is skipped.
        """
        whole("attempts", attempts)
        done = 0
        try:
            for stored in self._store.read_all(after=self.checkpoint(), limit=limit):
                self._publish(message_of(stored), attempts)
                self._db.execute(
                    "INSERT OR REPLACE INTO relay VALUES (1, ?)", (str(stored.cursor),)
                )
                done += 1
        finally:
            self._db.commit()
        return done

    def _publish(self, message: Message, attempts: int) -> None:
        for attempt in range(attempts):
            try:
                return self._broker.publish(message)
            except ConnectionError:
                if attempt == attempts - 1:
                    raise
                self._sleep(0.01 * 2**attempt)
        return None


class TableOutbox:
    """An outbox for shops that store state: a row in the transaction of the change."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS outbox (number INTEGER PRIMARY KEY, document BLOB)"
        )

    @staticmethod
    def put(connection: sqlite3.Connection, message: Message) -> None:
        """Add a message; it goes out when the caller's transaction commits."""
        connection.execute("INSERT INTO outbox (document) VALUES (?)", (envelope(message),))

    def relay(self, broker: Broker, limit: int = 100) -> int:
        """Publish, then delete; return how many."""
        found = self._db.execute(
            "SELECT number, document FROM outbox ORDER BY number LIMIT ?", (limit,)
        ).fetchall()
        for number, document in found:
            broker.publish(opened(document))
            self._db.execute("DELETE FROM outbox WHERE number = ?", (number,))
            self._db.commit()
        return len(found)


class InboxConsumer:
    """Handles each message once, however often it comes; effect and inbox row commit together."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        name: str,
        handler: Callable[[sqlite3.Connection, Message], Any],
    ) -> None:
        connection.isolation_level = None
        self._db, self._name, self._handler = connection, name, handler
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS inbox (name TEXT, id TEXT, PRIMARY KEY (name, id))"
        )
        self.duplicates = 0

    def run_once(self, broker: Broker, limit: int = 100) -> int:
        """Handle what waits, acknowledge after the commit; return the effects."""
        effects = 0
        for receipt, message in broker.receive(limit):
            effects += self.handle(message)
            broker.acknowledge(receipt)
        return effects

    def handle(self, message: Message) -> bool:
        """Handle one message; False when it had been handled before."""
        outer = self._db.in_transaction  # then BEGIN is refused, and the caller's goes on
        try:  # before BEGIN: Ctrl-C may come as soon as it has returned
            self._db.execute("BEGIN IMMEDIATE")
            new = self._db.execute(
                "INSERT OR IGNORE INTO inbox VALUES (?, ?)", (self._name, message.id)
            ).rowcount
            if new:
                self._handler(self._db, message)
            self._db.execute("COMMIT")
        except BaseException:
            if not outer:
                self._db.rollback()
            raise
        self.duplicates += not new
        return bool(new)
