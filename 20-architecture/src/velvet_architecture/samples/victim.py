"""A program to be killed: appends with acknowledgements, or a shop that tells another program.

    python -m velvet_architecture.samples.victim append FOLDER SYNCHRONOUS
    python -m velvet_architecture.samples.victim shop FOLDER MODE TOTAL POINT AT

At the fail point it ends itself as `kill -9` would, without any clean-up.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from velvet_architecture.adapters.sqlite import SqliteEventStore
from velvet_architecture.app.messaging import InboxConsumer, OutboxRelay, envelope, opened
from velvet_architecture.ports import Message, NewEvent, uuid7

SIZE = 3  # of one transaction, so that half a transaction would be seen
KILLED = 9  # the exit status, negative where there is a signal
POINTS = ("sold", "published", "handled")


def die() -> None:
    """End at once, without `finally`, `atexit` or a flush."""
    if hasattr(signal, "SIGKILL"):
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(KILLED)


class FileBroker:
    """A durable queue in a SQLite file, a stand-in for a broker that does not die with us."""

    def __init__(self, path: Path, after_publish: Callable[[], None] = lambda: None) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._after = after_publish
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = normal")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS queue (number INTEGER PRIMARY KEY, document BLOB, done INT)"
        )

    def publish(self, message: Message) -> None:
        """Store a message."""
        self._db.execute("INSERT INTO queue (document, done) VALUES (?, 0)", (envelope(message),))
        self._after()

    def receive(self, limit: int = 100) -> list[tuple[str, Message]]:
        """Return messages that are not acknowledged."""
        sql = "SELECT number, document FROM queue WHERE done = 0 ORDER BY number LIMIT ?"
        return [(str(n), opened(told)) for n, told in self._db.execute(sql, (limit,)).fetchall()]

    def acknowledge(self, receipt: str) -> None:
        """Mark a message as done."""
        self._db.execute("UPDATE queue SET done = 1 WHERE number = ?", (int(receipt),))

    def sent(self) -> list[str]:
        """Return the id of every message that was ever published."""
        found = self._db.execute("SELECT document FROM queue").fetchall()
        return [opened(told).id for (told,) in found]

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def append(folder: Path, synchronous: str) -> None:
    """Append transactions until killed; tell each one that is acknowledged."""
    store = SqliteEventStore(
        folder / "log.db", synchronous="full" if synchronous == "full" else "normal"
    )
    print("ready", flush=True)  # noqa: T201 - a program of its own
    number = 0
    while True:
        name = uuid7()  # in each event, so that it is seen which transactions are there
        events = [NewEvent("Put", b"x" * 100, f"{name}/{n}", 1, {"of": name}) for n in range(SIZE)]
        store.append(f"s-{number % 7}", events)
        number += 1
        print(f"ack {name}", flush=True)  # noqa: T201


def shop(folder: Path, mode: str, total: int, point: str = "", at: int = 0) -> None:
    """Sell until `total` orders exist, telling a receiver of each; die at the point's n-th time."""
    count = dict.fromkeys(POINTS, 0)

    def passed(name: str) -> None:
        count[name] += 1
        if name == point and count[name] == at:
            die()

    store = SqliteEventStore(folder / "shop.db", synchronous="normal")
    broker = FileBroker(folder / "broker.db", lambda: passed("published"))
    checkpoint = sqlite3.connect(folder / "relay.db")
    receiver = sqlite3.connect(folder / "receiver.db", isolation_level=None)
    receiver.execute("CREATE TABLE IF NOT EXISTS effects (id TEXT)")

    def effect(db: sqlite3.Connection, message: Message) -> None:
        db.execute("INSERT INTO effects VALUES (?)", (message.id,))

    relay, inbox = OutboxRelay(store, broker, checkpoint), InboxConsumer(receiver, "stock", effect)
    while True:
        number = store.head().position
        if mode != "direct":
            relay.run_once()
        for receipt, message in broker.receive():
            if mode == "outbox_inbox":
                inbox.handle(message)
            else:
                effect(receiver, message)
            passed("handled")
            broker.acknowledge(receipt)
        if number >= total:
            break
        new = NewEvent("Sold", b"{}", uuid7())
        store.append("orders-all", [new])
        passed("sold")
        if mode == "direct":
            broker.publish(Message(new.event_id, "/victim", "Sold", "", {}))
    for one in (store, broker, checkpoint, receiver):
        one.close()


def main(arguments: list[str]) -> None:
    """Run what is asked for."""
    what, folder, *rest = arguments
    if what == "append":
        append(Path(folder), rest[0])
    else:
        mode, total, *where = rest
        point, at = (where[0], int(where[1])) if where else ("", 0)
        shop(Path(folder), mode, int(total), point, at)


if __name__ == "__main__":
    main(sys.argv[1:])
