"""Load a stream, decide, append with the version that was loaded; repeat when it had changed.

This is optimistic concurrency: no lock is held while the domain thinks. A command with an id makes
the ids of its events from it, so a command that is sent twice is answered from the log.
"""

from __future__ import annotations

import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from velvet_architecture.app.serial import EventRegistry, Shape
from velvet_architecture.domain import Decider, whole
from velvet_architecture.ports import (
    ConcurrencyError,
    DuplicateEventError,
    EventStore,
    Expected,
    Snapshot,
    SnapshotStore,
    derived_id,
    uuid7,
)

S = TypeVar("S")
BACKOFF_S, DOUBLINGS = 0.002, 7  # a quarter of a second at most


@dataclass(frozen=True)
class Loaded(Generic[S]):
    """A state, its version, and how many events had to be read for it."""

    state: S
    version: int
    events_read: int


@dataclass(frozen=True)
class Outcome:
    """What a command led to; `duplicate` when it had been obeyed before."""

    events: tuple[Any, ...]
    version: int
    attempts: int = 1
    duplicate: bool = False


class MemorySnapshots:
    """Snapshots in a dict."""

    def __init__(self) -> None:
        self._kept: dict[str, Snapshot] = {}

    def load(self, stream: str) -> Snapshot | None:
        """Return the newest snapshot."""
        return self._kept.get(stream)

    def save(self, snapshot: Snapshot) -> None:
        """Keep a snapshot."""
        self._kept[snapshot.stream] = snapshot


class AggregateStore:
    """Runs commands on aggregates; may be shared by threads.

    Args:
        snapshots: where states are kept, so that a long stream need not be read from its start.
        every: events between two snapshots.
        cache_size: states kept in memory; 0 keeps none. What another process appended since is
            read on top, so a cached state is never stale.
        sleep: waits between attempts.
    """

    def __init__(
        self,
        store: EventStore,
        registry: EventRegistry,
        *,
        snapshots: SnapshotStore | None = None,
        every: int = 100,
        cache_size: int = 0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        whole("every", every)
        whole("cache_size", cache_size, least=0)
        self.store, self.registry, self.snapshots, self.every = store, registry, snapshots, every
        self._cache_size, self._sleep = cache_size, sleep
        self._cache: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()
        self._shapes: dict[type, Shape] = {}

    def load(self, decider: Decider[S], stream: str, *, upto: int | None = None) -> Loaded[S]:
        """Return the state of a stream, now or at a version; O(events since the snapshot)."""
        state, version = self._start(decider, stream) if upto is None else (decider.initial, 0)
        events = self.store.read(stream, after=version, upto=upto)
        state = decider.fold(map(self.registry.decode, events), state)
        if events:
            version = events[-1].version
        if upto is None:
            self._keep(stream, state, version)
        return Loaded(state, version, len(events))

    def execute(
        self,
        decider: Decider[S],
        stream: str,
        command: Any,
        *,
        command_id: str | None = None,
        retries: int = 5,
        metadata: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Decide on a command and append what happens.

        Args:
            command_id: makes the ids of the events, so that a repeated command has one effect.
            retries: attempts after the first, when other writers were faster.
            metadata: stored with each event.

        Raises:
            CommandRejected: the domain refuses.
            ConcurrencyError: other writers were faster at the first attempt and all retries.
        """
        whole("retries", retries, least=0)
        for attempt in range(1, retries + 2):
            loaded = self.load(decider, stream)
            if command_id is not None and (done := self._answered(stream, command_id)):
                return Outcome(done, loaded.version, attempt, duplicate=True)
            events = decider.decide(command, loaded.state)
            if not events:
                return Outcome((), loaded.version, attempt)
            base = command_id or uuid7()
            new = [
                self.registry.encode(event, event_id=derived_id(base, n), metadata=metadata)
                for n, event in enumerate(events)
            ]
            expected = loaded.version or Expected.NO_STREAM
            try:
                result = self.store.append(stream, new, expected=expected)
            except ConcurrencyError:
                if attempt > retries:
                    raise
                longest = BACKOFF_S * 2 ** min(attempt, DOUBLINGS)
                self._sleep(random.uniform(0, longest))  # full jitter
                continue
            except DuplicateEventError:  # it ran elsewhere, and led to another number of events
                if not (done := self._answered(stream, base)):
                    raise
                return Outcome(done, self.store.stream_version(stream), attempt, duplicate=True)
            if result.duplicate:  # the same command ran elsewhere meanwhile, on another state
                done = self._answered(stream, base)
                return Outcome(done, result.version, attempt, duplicate=True)
            state = decider.fold(events, loaded.state)
            self._keep(stream, state, result.version)
            self._snapshot(decider, stream, state, loaded.version, result.version)
            return Outcome(tuple(events), result.version, attempt)
        raise AssertionError("the last attempt returns or raises")

    def _answered(self, stream: str, command_id: str) -> tuple[Any, ...]:
        """Return the events that this command made before; O(events of the stream)."""
        wanted = derived_id(command_id, 0)
        found = self.store.read(stream)
        first = next((n for n, event in enumerate(found) if event.event_id == wanted), None)
        if first is None:
            return ()
        ids = [event.event_id for event in found[first:]]
        count = next((n for n, one in enumerate(ids) if one != derived_id(command_id, n)), len(ids))
        return tuple(map(self.registry.decode, found[first : first + count]))

    def _start(self, decider: Decider[S], stream: str) -> tuple[S, int]:
        with self._lock:
            if stream in self._cache:
                self._cache.move_to_end(stream)
                return self._cache[stream]
        kept = self.snapshots.load(stream) if self.snapshots else None
        if kept is None or kept.state_schema != decider.schema:
            return decider.initial, 0
        try:
            fields = self.registry.codec.loads(kept.state)
            return self._shape(decider.initial).unpack(fields), kept.version
        except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError):
            return decider.initial, 0  # damaged: the log is the truth

    def _keep(self, stream: str, state: Any, version: int) -> None:
        if not self._cache_size:
            return
        with self._lock:
            self._cache[stream] = (state, version)
            self._cache.move_to_end(stream)
            while len(self._cache) > self._cache_size:
                self._cache.popitem(last=False)

    def _snapshot(
        self, decider: Decider[S], stream: str, state: S, before: int, version: int
    ) -> None:
        if self.snapshots is None or before // self.every == version // self.every:
            return
        packed = self.registry.codec.dumps(self._shape(state).pack(state))
        self.snapshots.save(Snapshot(stream, version, decider.schema, packed))

    def _shape(self, state: Any) -> Shape:
        return self._shapes.setdefault(type(state), Shape(type(state)))
