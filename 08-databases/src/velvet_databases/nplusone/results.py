"""Which objects came out of one result: the peers that an N+1 is made of.

A row is marked when its mapper makes an object of it. The mark is kept beside the object, in a
table of weak references by identity: mappers compare their objects by primary key, and nothing may
be added to an object that others pickle or copy. Nothing here keeps a row alive.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Hop:
    """One relation on the way from a query's own rows to those that it leads to.

    Attributes:
        relation: its name in findings, ``"Order.lines"``.
        owner: the model class that the attribute belongs to.
        attribute: the name of the attribute.
        many: whether it leads to several rows.
        target: what the fix needs to know of the other side, if anything.
    """

    relation: str
    owner: Any
    attribute: str
    many: bool
    target: Any = None


class Peers:
    """The rows of one result, or of all lazy loads of one relation by the rows of one result.

    Attributes:
        rows: how many objects have been marked so far.
        path: the relations that lead here from the rows of the query that a fix belongs to.
        tallies: what detectors have counted; it is gone when the last of the rows is.
    """

    __slots__ = ("__weakref__", "_derived", "path", "rows", "tallies")

    def __init__(self, path: tuple[Hop, ...] = ()) -> None:
        self.rows = 0
        self.path = path
        self.tallies: dict[Any, Any] = {}
        self._derived: dict[str, Peers] = {}

    def through(self, hop: Hop) -> Peers:
        """Return the peers that the rows of this result reach through a relation."""
        found = self._derived.get(hop.relation)
        if found is None:
            found = self._derived.setdefault(hop.relation, Peers((*self.path, hop)))
        return found


class Mark(weakref.ref):  # type: ignore[type-arg]  # of any row
    """A weak reference to a row that knows its result, and its number in it."""

    __slots__ = ("key", "number", "peers")
    key: int
    number: int
    peers: Peers


class Marks:
    """Marks by identity of the rows; O(1) each. Safe in threads: a change is one dict operation."""

    def __init__(self) -> None:
        self._marks: dict[int, Mark] = {}
        marks = self._marks

        def forget(mark: Any) -> None:
            # The address may belong to a new row by now, whose mark is another one.
            key = mark.key
            if marks.get(key) is mark:
                del marks[key]

        self._forget = forget

    def __len__(self) -> int:
        return len(self._marks)

    def add(self, row: Any, peers: Peers) -> bool:
        """Mark an object as a row of a result; says whether it was new. The first mark stays."""
        key = id(row)
        held = self._marks.get(key)
        if held is not None and held() is row:
            return False
        mark = Mark(row, self._forget)
        mark.key, mark.number, mark.peers = key, peers.rows, peers
        peers.rows += 1
        self._marks[key] = mark
        return True

    def of(self, row: Any) -> Mark | None:
        """Return the mark of an object, if it has one."""
        held = self._marks.get(id(row))
        return held if held is not None and held() is row else None

    def clear(self) -> None:
        """Forget all."""
        self._marks.clear()
