"""Async primitives over an injected turn: slots, an account behind a lock, loads that are shared.

At most `limit` holders have a slot. An account never falls below zero, whatever runs beside it.
A key is loaded once for all who ask for it meanwhile; after a load that failed, the next asker
loads again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any


class Turn:
    """How to let others run, and how to wait; by asyncio unless a test injects its own."""

    async def pause(self) -> None:
        """Let others run."""
        await asyncio.sleep(0)

    async def wait(self, ready: Callable[[], bool]) -> None:
        """Return when `ready()` is true."""
        while not ready():  # noqa: ASYNC110 - a turn is all that it has
            await asyncio.sleep(0)


class Slots:
    """At most `limit` holders at a time."""

    def __init__(self, limit: int, turn: Turn) -> None:
        self.limit, self.used, self._turn = limit, 0, turn

    async def acquire(self) -> None:
        """Take a slot, waiting while all are taken."""
        while self.used >= self.limit:
            await self._turn.wait(lambda: self.used < self.limit)
        self.used += 1

    def release(self) -> None:
        """Return a slot."""
        self.used -= 1


class Account:
    """A balance kept in a store that answers after a while."""

    def __init__(self, balance: int, turn: Turn) -> None:
        self.balance, self._turn = balance, turn
        self._lock = Slots(1, turn)

    async def withdraw(self, cents: int) -> bool:
        """Take cents; False when there are too few."""
        await self._lock.acquire()
        try:
            balance = self.balance
            await self._turn.pause()
            if cents <= 0:
                raise ValueError(f"{cents} cents")
            if balance < cents:
                return False
            self.balance = balance - cents
            return True
        finally:
            self._lock.release()


class Shared:
    """Values that are loaded once."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._loading: set[str] = set()
        self._values: dict[str, Any] = {}

    async def get(self, key: str, load: Callable[[str], Awaitable[Any]]) -> Any:
        """Return the value of a key, loading it when nobody did."""
        while key in self._loading:
            await self._turn.wait(lambda: key not in self._loading)
        if key not in self._values:
            self._loading.add(key)
            try:
                self._values[key] = await load(key)
            finally:
                self._loading.discard(key)
        return self._values[key]
