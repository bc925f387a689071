"""Pages over a list of events that grows while it is read.

Events are `(stamp, name)`; pages come in that order. Following the cursors visits every event
that was there at the start exactly once, whatever is inserted meanwhile. The cursor is None when
nothing is left at that moment. A size below 1 and an unreadable cursor are a ValueError.
"""

from __future__ import annotations

from collections.abc import Iterable

Event = tuple[int, str]


def _read(cursor: str) -> Event:
    stamp, colon, name = cursor.partition(":")
    if not colon:
        raise ValueError(f"cursor {cursor!r}")
    return int(stamp), name


def page(
    events: Iterable[Event], size: int, cursor: str | None = None
) -> tuple[list[Event], str | None]:
    """Return at most `size` events after the cursor, and the next cursor."""
    if size < 1:
        raise ValueError(f"a page of {size}")
    rest = sorted(events)
    if cursor is not None:
        after = _read(cursor)
        rest = [event for event in rest if event > after]
    rows = rest[:size]
    if len(rest) <= size:
        return rows, None
    stamp, name = rows[-1]
    return rows, f"{stamp}:{name}"
