"""Kill programs and tear files, then count what was promised and what is there.

`kill -9` shows that a process may die at any moment; it cannot show a power failure, because the
operating system still holds what was written. A torn write-ahead log is the nearest that a program
can get to that: the file is cut, or a byte is turned, and the store must open with whole
transactions only.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from velvet_architecture.adapters.sqlite import SqliteEventStore
from velvet_architecture.ports import NewEvent, StoreUnavailable
from velvet_architecture.samples import victim

VICTIM = victim.__name__
MODES = ("direct", "outbox", "outbox_inbox")


@dataclass(frozen=True)
class Killed:
    """What is left of a program that was killed while it appended."""

    acknowledged: int
    stored: int
    lost: int  # acknowledged, and not there
    partial: int


@dataclass(frozen=True)
class Delivered:
    """What a receiver got of a shop that was killed again and again.

    Attributes:
        lost: orders without an effect.
        duplicate_sends: messages that were published more than once, each repetition counted.
        wrong_effects: orders whose effect happened more than once.
    """

    kills: int
    orders: int
    lost: int
    duplicate_sends: int
    wrong_effects: int


@contextmanager
def _started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a victim; it ends with the block, on Ctrl-C, too."""
    argv = [sys.executable, "-m", VICTIM, *arguments]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, encoding="utf-8") as child:
        try:
            yield child
        finally:
            child.kill()


def kill_after(folder: Path, acks: int, *, synchronous: str = "normal") -> Killed:
    """Start an appender, kill it after so many acknowledgements, and count.

    Raises:
        RuntimeError: the program ended by itself.
    """
    acknowledged: list[str] = []
    with _started("append", str(folder), synchronous) as child:
        assert child.stdout is not None
        for line in child.stdout:
            acknowledged += [line.split()[1]] if line.startswith("ack ") and "\n" in line else []
            if len(acknowledged) == acks:
                child.kill()  # what it wrote until it is gone is still read
    if len(acknowledged) < acks:
        raise RuntimeError(f"the appender ended after {len(acknowledged)} of {acks} transactions")
    store = SqliteEventStore(folder / "log.db")
    try:
        sizes = Counter(event.metadata["of"] for event in store.read_all(limit=1_000_000))
    finally:
        store.close()
    whole = sum(size == victim.SIZE for size in sizes.values())
    lost = sum(one not in sizes for one in acknowledged)
    return Killed(len(acknowledged), whole, lost, len(sizes) - whole)


def deliver(
    folder: Path, mode: str, *, rounds: int = 10, total: int = 60, seed: int = 1
) -> Delivered:
    """Run a shop that dies in each round at a fail point of the seed's choice, then to its end.

    Raises:
        ValueError: the mode is not one of `MODES`.
        RuntimeError: a shop ended otherwise than it was told to.
    """
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}, not {mode!r}")
    choose, kills = random.Random(seed), 0
    for number in range(rounds + 1):
        point = victim.POINTS[number % 3] if number < rounds else ""
        at, target = choose.randint(1, 4), (number + 1) * total // (rounds + 1)
        with _started("shop", str(folder), mode, str(target), point, str(at)) as child:
            if (code := child.wait()) not in ((victim.KILLED, -victim.KILLED) if point else (0,)):
                raise RuntimeError(f"a shop ended with {code} in round {number}")
            kills += code != 0
    return counted(folder, kills)


def counted(folder: Path, kills: int) -> Delivered:
    """Count orders, messages and effects in a shop's folder."""
    store = SqliteEventStore(folder / "shop.db")
    broker = victim.FileBroker(folder / "broker.db")
    receiver = sqlite3.connect(folder / "receiver.db")
    try:
        orders = {event.event_id for event in store.read_all(limit=1_000_000)}
        sent = Counter(broker.sent())
        effects = Counter(row[0] for row in receiver.execute("SELECT id FROM effects"))
    finally:
        for one in (store, broker, receiver):
            one.close()
    return Delivered(
        kills,
        len(orders),
        len(orders - set(effects)),
        sum(sent.values()) - len(sent),
        sum(number != 1 for number in effects.values()),
    )


@dataclass(frozen=True)
class Torn:
    """What a store says about a log that was damaged at an offset, in bytes.

    Attributes:
        flipped: whether a byte was changed; otherwise the log was cut.
        events: what the store still holds; -1 when it did not open.
        prefix: whether those are whole transactions from the start of the log.
    """

    offset: int
    flipped: bool
    events: int
    prefix: bool


def tear(folder: Path, *, places: int = 30, flip: bool = False, seed: int = 1) -> list[Torn]:
    """Damage copies of a write-ahead log at random offsets; return what each still holds."""
    source = SqliteEventStore(folder / "whole.db", synchronous="normal")
    ids = [uuid_of(number) for number in range(20 * victim.SIZE)]
    for first in range(0, len(ids), victim.SIZE):
        new = [NewEvent("Put", b"x" * 200, one) for one in ids[first : first + victim.SIZE]]
        source.append("s-1", new)
    wal = Path(f"{folder / 'whole.db'}-wal").read_bytes()
    choose, found = random.Random(seed), []
    for number in range(places):
        copy, offset = folder / f"torn{number}.db", choose.randrange(len(wal))
        shutil.copy(folder / "whole.db", copy)
        damaged = bytearray(wal if flip else wal[:offset])
        if flip:
            damaged[offset] ^= 0xFF
        Path(f"{copy}-wal").write_bytes(bytes(damaged))
        found.append(_look(copy, offset, flip, ids))
    source.close()
    return found


def uuid_of(number: int) -> str:
    """Return an event id that is known beforehand."""
    return f"00000000-0000-7000-8000-{number:012d}"


def _look(path: Path, offset: int, flip: bool, ids: list[str]) -> Torn:
    try:
        store = SqliteEventStore(path)
    except (sqlite3.DatabaseError, StoreUnavailable):
        return Torn(offset, flip, -1, False)
    try:
        have = [event.event_id for event in store.read("s-1")]
        check = sqlite3.connect(path)
        sound = check.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        check.close()
    finally:
        store.close()
    whole = len(have) % victim.SIZE == 0
    return Torn(offset, flip, len(have), sound and whole and have == ids[: len(have)])
