"""Many timers, each cancelled or due at a tick: a hashed timing wheel.

Varghese and Lauck (1987, "Hashed and hierarchical timing wheels", scheme 6). A timer goes into the slot of
its due tick modulo the size of the wheel; starting and cancelling are O(1), where a heap needs O(log n)
and leaves cancelled timers in it. A tick walks one slot. Prefer `heapq` for fewer than some thousands.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from velvet_algorithms.hashing import checked_whole

T = TypeVar("T")


class TokenWheel(Generic[T]):
    """Timers by token.

    Args:
        slots: of the wheel; about as many as timers are open gives O(1) work a tick.

    Raises:
        ValueError: `slots` is smaller than 1.

    Not thread-safe.

    >>> wheel = TokenWheel(8)
    >>> late, soon = wheel.start(20, "late"), wheel.start(2, "soon")
    >>> wheel.advance(), wheel.advance()
    ([], ['soon'])
    """

    def __init__(self, slots: int = 512) -> None:
        self._slots: list[dict[int, tuple[int, T]]] = [
            {} for _ in range(checked_whole("slots", slots))
        ]
        self._due: dict[int, int] = {}
        self._next = 0
        self.now = 0

    def start(self, ticks: int, item: T) -> int:
        """Start a timer that is due in `ticks` ticks; return the token that can cancel it.

        Raises:
            ValueError: `ticks` is smaller than 1.
        """
        due = self.now + checked_whole("ticks", ticks)
        token, self._next = self._next, self._next + 1
        self._slots[due % len(self._slots)][token] = (due, item)
        self._due[token] = due
        return token

    def cancel(self, token: int) -> bool:
        """Cancel a timer; return whether it was still open."""
        due = self._due.pop(token, None)
        if due is None:
            return False
        del self._slots[due % len(self._slots)][token]
        return True

    def advance(self) -> list[T]:
        """Move on by one tick; return what is due, in the order in which it was started."""
        self.now += 1
        slot = self._slots[self.now % len(self._slots)]
        due = [token for token, (tick, _) in slot.items() if tick == self.now]
        for token in due:
            del self._due[token]
        return [slot.pop(token)[1] for token in due]

    def __len__(self) -> int:
        """How many timers are open."""
        return len(self._due)
