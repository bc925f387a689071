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
    """

    __slots__ = ("__weakref__", "_derived", "path", "rows")

    def __init__(self, path: tuple[Hop, ...] = ()) -> None:
        self.rows = 0
        self.path = path
        self._derived: dict[str, Peers] = {}

    def through(self, hop: Hop) -> Peers:
        """Return the peers that the rows of this result reach through a relation."""
        found = self._derived.get(hop.relation)
        if found is None:
            found = self._derived.setdefault(hop.relation, Peers((*self.path, hop)))
        return found


@dataclass(frozen=True)
class Mark:
    """Which result an object came from, and as which of its rows."""

    peers: Peers
    number: int


class _Reference(weakref.ref):  # type: ignore[type-arg]  # of any row
    __slots__ = ("key",)
    key: int


class Marks:
    """Marks by identity of weakly referenced objects; O(1) each, safe in threads (one dict operation)."""

    def __init__(self) -> None:
        self._marks: dict[int, tuple[_Reference, Mark]] = {}
        marks = self._marks

        def forget(reference: Any) -> None:
            # The number may belong to a new object by now, whose reference is another one.
            held = marks.get(reference.key)
            if held is not None and held[0] is reference:
                del marks[reference.key]

        self._forget = forget

    def __len__(self) -> int:
        return len(self._marks)

    def add(self, row: Any, peers: Peers) -> bool:
        """Mark an object as a row of a result; says whether it was new. The first mark stays."""
        if self.of(row) is not None:
            return False
        reference = _Reference(row, self._forget)
        reference.key = id(row)
        self._marks[id(row)] = (reference, Mark(peers, peers.rows))
        peers.rows += 1
        return True

    def of(self, row: Any) -> Mark | None:
        """Return the mark of an object, if it has one."""
        held = self._marks.get(id(row))
        return held[1] if held is not None and held[0]() is row else None

    def clear(self) -> None:
        """Forget all."""
        self._marks.clear()
