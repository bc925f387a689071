"""An event store in memory: the reference that the contract suite compares all others with."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from velvet_architecture.domain import whole
from velvet_architecture.ports import (
    START,
    AppendResult,
    Cursor,
    Expected,
    NewEvent,
    StoredEvent,
    StreamAppend,
    settle,
)


class MemoryEventStore:
    """Lists behind a lock; nothing survives the process."""

    def __init__(self, *, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._clock_ns, self._lock = clock_ns, threading.RLock()
        self._all: list[StoredEvent] = []
        self._streams: dict[str, list[StoredEvent]] = {}
        self._ids: dict[str, tuple[str, int]] = {}

    def append(
        self, stream: str, events: Sequence[NewEvent], *, expected: int = Expected.ANY
    ) -> AppendResult:
        """Store events of one stream; O(events)."""
        return self.append_many([StreamAppend(stream, tuple(events), expected)])[0]

    def append_many(self, batch: Sequence[StreamAppend]) -> list[AppendResult]:
        """Store events of several streams, or raise and store none."""
        with self._lock:
            before = len(self._all)
            try:
                return [self._one(append) for append in batch]
            except Exception:
                for event in reversed(self._all[before:]):
                    self._streams[event.stream].pop()
                    del self._ids[event.event_id]
                del self._all[before:]
                raise

    def _one(self, append: StreamAppend) -> AppendResult:
        stored = self._streams.setdefault(append.stream, [])
        found = {
            e.event_id: self._ids[e.event_id] for e in append.events if e.event_id in self._ids
        }
        if (settled := settle(append, len(stored), found)) is not None:
            return settled
        now, cursors = self._clock_ns(), []
        for new in append.events:
            cursor = Cursor(0, len(self._all) + 1)
            place = (append.stream, len(stored) + 1)
            event = StoredEvent(
                cursor, *place, new.type, new.schema, new.data, new.metadata, new.event_id, now
            )
            self._all.append(event)
            stored.append(event)
            self._ids[new.event_id] = place
            cursors.append(cursor)
        return AppendResult(append.stream, len(stored), tuple(cursors))

    def read(
        self,
        stream: str,
        *,
        after: int = 0,
        upto: int | None = None,
        limit: int | None = None,
        backwards: bool = False,
    ) -> list[StoredEvent]:
        """Return events of a stream; O(events returned)."""
        if limit is not None:
            whole("limit", limit, least=0)
        last = None if upto is None else max(upto, 0)
        with self._lock:
            found = self._streams.get(stream, [])[max(after, 0) : last]
        return (found[::-1] if backwards else found)[:limit]

    def read_all(
        self,
        *,
        after: Cursor = START,
        upto: Cursor | None = None,
        limit: int = 500,
        types: Iterable[str] | None = None,
    ) -> list[StoredEvent]:
        """Return events behind a cursor, in the order in which they were stored."""
        whole("limit", limit, least=0)
        for one in (after, upto or START):
            if one.epoch:
                raise ValueError(
                    f"the cursor {one} is of another kind of store: its epoch is not 0"
                )
        wanted = None if types is None else set(types)
        found: list[StoredEvent] = []
        with self._lock:
            first = bisect_right(self._all, after, key=lambda event: event.cursor)
            for event in self._all[first : first + limit if wanted is None else None]:
                if len(found) == limit or (upto is not None and event.cursor > upto):
                    break
                if wanted is None or event.type in wanted:
                    found.append(event)
        return found

    def head(self) -> Cursor:
        """Return the cursor of the last event."""
        with self._lock:
            return self._all[-1].cursor if self._all else START

    def stream_version(self, stream: str) -> int:
        """Return the version of a stream."""
        with self._lock:
            return len(self._streams.get(stream, ()))

    def close(self) -> None:
        """Do nothing; there is nothing to release."""
