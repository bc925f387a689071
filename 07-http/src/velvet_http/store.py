"""Where a cache keeps its responses: in memory, with a limit of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from velvet_http.model import Headers, Request


@dataclass(frozen=True)
class Entry:
    """A stored response.

    Attributes:
        key: the request's values of the fields that Vary names.
        requested, received: seconds since the epoch when it was asked for and came.
    """

    url: str
    key: tuple[tuple[str, str], ...]
    status: int
    headers: Headers
    body: bytes
    requested: float
    received: float

    def matches(self, request: Request) -> bool:
        """Return whether it was chosen by the same header values (RFC 9111 section 4.1)."""
        return all(
            " ".join((request.headers.get(name) or "").split()) == value for name, value in self.key
        )


class Store(Protocol):
    """What a cache asks of its store."""

    def find(self, url: str) -> list[Entry]:
        """Return what is kept for an address, the latest first."""

    def put(self, entry: Entry) -> None:
        """Keep an entry instead of the one with the same address and key."""

    def drop(self, url: str) -> None:
        """Forget an address."""


class MemoryStore:
    """A store that forgets what was unused longest when bodies exceed `max_bytes`; thread-safe."""

    def __init__(self, max_bytes: int = 50 * 2**20) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self._entries: OrderedDict[str, list[Entry]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, url: str) -> list[Entry]:
        """Return what is kept for an address; constant time."""
        with self._lock:
            if url in self._entries:
                self._entries.move_to_end(url)
            return list(self._entries.get(url, ()))

    def put(self, entry: Entry) -> None:
        """Keep an entry, unless it alone exceeds the limit."""
        with self._lock:
            others = [each for each in self._remove(entry.url) if each.key != entry.key]
            self._entries[entry.url] = [entry, *others]
            self.bytes += sum(len(each.body) for each in self._entries[entry.url])
            while self.bytes > self.max_bytes:
                self._remove(next(iter(self._entries)))

    def drop(self, url: str) -> None:
        """Forget an address."""
        with self._lock:
            self._remove(url)

    def _remove(self, url: str) -> list[Entry]:
        gone = self._entries.pop(url, [])
        self.bytes -= sum(len(each.body) for each in gone)
        return gone
