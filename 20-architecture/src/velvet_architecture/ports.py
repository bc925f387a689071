"""The ports: what the use cases need from the world, as protocols and plain values.

`EventStore` follows the semantics that EventStoreDB documents: an append names the version that it
expects (exact, no stream, any, exists), and an append that is repeated with the same event ids at
the same place is answered instead of repeated. `settle` holds these rules once, so that an adapter
only stores and looks up.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from velvet_architecture.domain import ArchitectureError, named
from velvet_architecture.domain.orders import Money

NAMESPACE = uuid.UUID("5a0b1d0e-6f44-5c8e-9d5e-000000000020")


class ConcurrencyError(ArchitectureError):
    """Another writer was faster; load again and decide again."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"stream {stream}: expected {Expected.word(expected)}, actual {actual}")
        self.stream, self.expected, self.actual = stream, expected, actual


class DuplicateEventError(ArchitectureError):
    """An event id is stored already, at another place."""


class UnknownEventType(ArchitectureError):
    """The log holds a type, or a schema of it, that this code does not know."""


class UpcastError(ArchitectureError):
    """An old event cannot be brought to today's schema."""


class StoreUnavailable(ArchitectureError):
    """The store did not take an append: locked for too long, full, or gone."""


class ProjectionPoisoned(ArchitectureError):
    """A projection failed on an event and stopped before it."""


class PaymentRefused(ArchitectureError):
    """The payment provider said no."""


class Cursor(NamedTuple):
    """A place in the order of all events of one store.

    >>> Cursor.parse("7-12") > Cursor(7, 3)
    True
    """

    epoch: int
    position: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.position}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read what `str` wrote; anything else is a ValueError."""
        epoch, mark, position = text.partition("-")
        if not (mark and epoch.isdecimal() and position.isdecimal()):
            raise ValueError(f"a cursor looks like 0-17, not {text!r}")
        return cls(int(epoch), int(position))


START = Cursor(0, 0)


class Expected:
    """The version that an append expects; an int above zero means exactly that one."""

    ANY = -1
    NO_STREAM = 0
    EXISTS = -2

    @staticmethod
    def word(expected: int) -> str:
        """Return an expectation as it is read in an error."""
        return {-1: "any", 0: "no stream", -2: "an existing stream"}.get(expected, str(expected))


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that is not stored yet; `data` is opaque to the store."""

    type: str
    data: bytes
    event_id: str
    schema: int = 1
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        named("type", self.type)
        named("event_id", self.event_id)
        if not isinstance(self.data, bytes):
            raise ValueError(f"data must be bytes, not {type(self.data).__name__}")
        if type(self.schema) is not int or not 0 < self.schema < 2**31:
            raise ValueError(f"schema must be a whole number from 1, not {self.schema!r}")
        if not all(isinstance(told, str) for told in (*self.metadata, *self.metadata.values())):
            raise ValueError(f"metadata must map text to text, not {self.metadata!r}")


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its place in its stream (from 1, without gaps) and in the store."""

    cursor: Cursor
    stream: str
    version: int
    type: str
    schema: int
    data: bytes
    metadata: Mapping[str, str]
    event_id: str
    recorded_at_ns: int


@dataclass(frozen=True, slots=True)
class StreamAppend:
    """Events for one stream, and the version that they expect there."""

    stream: str
    events: tuple[NewEvent, ...]
    expected: int = Expected.ANY

    def __post_init__(self) -> None:
        named("stream", self.stream)
        if self.expected < Expected.EXISTS:
            raise ValueError(f"expected must be a version or one of Expected, not {self.expected}")


@dataclass(frozen=True, slots=True)
class AppendResult:
    """The stream's version afterwards; `duplicate` when the events were there already."""

    stream: str
    version: int
    cursors: tuple[Cursor, ...] = ()
    duplicate: bool = False


class EventStore(Protocol):
    """A log of events; every method may be called from any thread."""

    def append(
        self, stream: str, events: Sequence[NewEvent], *, expected: int = Expected.ANY
    ) -> AppendResult:
        """Store events durably, all or none, or raise ConcurrencyError."""

    def append_many(self, batch: Sequence[StreamAppend]) -> list[AppendResult]:
        """Append to several streams in one transaction."""

    def read(
        self,
        stream: str,
        *,
        after: int = 0,
        upto: int | None = None,
        limit: int | None = None,
        backwards: bool = False,
    ) -> list[StoredEvent]:
        """Return events of one stream with versions in ``after < version <= upto``."""

    def read_all(
        self,
        *,
        after: Cursor = START,
        upto: Cursor | None = None,
        limit: int = 500,
        types: Iterable[str] | None = None,
    ) -> list[StoredEvent]:
        """Return events of all streams behind a cursor; none is ever inserted before one read."""

    def head(self) -> Cursor:
        """Return the highest cursor up to which reading is safe."""

    def stream_version(self, stream: str) -> int:
        """Return the version of a stream's last event, 0 when there is none."""

    def close(self) -> None:
        """Release files and connections."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state at a version, so that loading need not begin at the first event."""

    stream: str
    version: int
    state_schema: int
    state: bytes


class SnapshotStore(Protocol):
    """Keeps the newest snapshot of each stream; losing one only costs time."""

    def load(self, stream: str) -> Snapshot | None:
        """Return the newest snapshot."""

    def save(self, snapshot: Snapshot) -> None:
        """Keep a snapshot in place of an older one."""


@dataclass(frozen=True, slots=True)
class Message:
    """A CloudEvents 1.0 message (attributes `id`, `source`, `type`, `time`, `data`)."""

    id: str
    source: str
    type: str
    time: str
    data: Mapping[str, object]


class Broker(Protocol):
    """Carries messages at least once; order and uniqueness are not promised."""

    def publish(self, message: Message) -> None:
        """Hand over a message, or raise ConnectionError."""

    def receive(self, limit: int = 100) -> list[tuple[str, Message]]:
        """Return receipts and messages that wait to be acknowledged."""

    def acknowledge(self, receipt: str) -> None:
        """Say that a message need not come again."""


class PaymentGateway(Protocol):
    """Takes money; both calls are idempotent by their key."""

    def authorise(self, key: str, amount: Money) -> str:
        """Return a payment's id, or raise PaymentRefused."""

    def refund(self, key: str, payment: str) -> None:
        """Give the money back."""


Clock = Callable[[], float]


def settle(
    append: StreamAppend, actual: int, found: Mapping[str, tuple[str, int]]
) -> AppendResult | None:
    """Apply the rules of an append: answer it, refuse it, or return None for "store it".

    Args:
        actual: the stream's version now.
        found: event id -> (stream, version) of those ids that are stored already.
    """
    if not append.events:
        return AppendResult(append.stream, actual)
    ids = [event.event_id for event in append.events]
    if len(set(ids)) < len(ids):
        raise DuplicateEventError(f"stream {append.stream}: an event id stands twice in one append")
    if found:
        places = [found.get(event_id) for event_id in ids]
        first = places[0]
        if first and places == [(append.stream, first[1] + n) for n in range(len(ids))]:
            return AppendResult(append.stream, first[1] + len(ids) - 1, duplicate=True)
        taken = next(event_id for event_id in ids if event_id in found)
        raise DuplicateEventError(
            f"event {taken} is stored in {found[taken][0]} at version {found[taken][1]}, "
            f"it cannot be stored in {append.stream}"
        )
    wrong = (
        actual == 0
        if append.expected == Expected.EXISTS
        else append.expected not in (Expected.ANY, actual)
    )
    if wrong:
        raise ConcurrencyError(append.stream, append.expected, actual)
    return None


def uuid7(now_ms: int | None = None, rand: bytes | None = None) -> str:
    """Return a UUID that sorts by time (RFC 9562 section 5.7); O(1).

    >>> uuid7(0x017F22E279B0, bytes.fromhex("0cc318c4dc0c0c07398f"))
    '017f22e2-79b0-7cc3-98c4-dc0c0c07398f'
    """
    now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    noise = int.from_bytes(os.urandom(10) if rand is None else rand, "big")
    high, low = noise >> 64 & 0xFFF, noise & (1 << 62) - 1
    return str(uuid.UUID(int=now << 80 | 7 << 76 | high << 64 | 2 << 62 | low))


def derived_id(*parts: object) -> str:
    """Return the same UUID for the same parts (RFC 9562 section 5.5), for commands that repeat."""
    return str(uuid.uuid5(NAMESPACE, "/".join(map(str, parts))))
