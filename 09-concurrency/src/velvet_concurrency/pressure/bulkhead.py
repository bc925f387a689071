"""A bulkhead: one slow dependency may fill its own compartment, not the ship.

Without it every task of a service ends up waiting for whatever answers slowest. `max_concurrent` calls run,
`max_waiting` more stand in line for at most `timeout` seconds, everybody else hears at once.
Source: M. Nygard, "Release It!", "Bulkheads"; Azure Architecture Center, "Bulkhead pattern".
"""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType

from velvet_concurrency.pressure.line import Line


class BulkheadFull(Exception):
    """No slot is free, and the line is full or its patience ended."""


@dataclass(frozen=True)
class BulkheadStats:
    """`running` and `waiting` now; `admitted` and `refused` since the start."""

    running: int
    waiting: int
    admitted: int
    refused: int


class Bulkhead:
    """`async with bulkhead:` holds one of `max_concurrent` slots; first come, first served.

    Arguments: `max_waiting` callers may stand in line (0: refuse when busy) for `timeout` seconds (None: for
    ever). Entering raises `BulkheadFull`. A cancelled waiter takes no slot with it. For the tasks of one event
    loop, not thread-safe. O(1). Raises `ValueError` for a bound out of range.
    """

    def __init__(
        self, max_concurrent: int, max_waiting: int = 0, *, timeout: float | None = None
    ) -> None:
        for name, value, least in (
            ("max_concurrent", max_concurrent, 1),
            ("max_waiting", max_waiting, 0),
        ):
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"{name} must be an int >= {least}, not {value!r}")
        if timeout is not None and not timeout > 0.0:
            raise ValueError(f"timeout must be > 0 seconds or None, not {timeout!r}")
        self._max_concurrent = max_concurrent
        self._max_waiting = max_waiting
        self._timeout = timeout
        self._line = Line(self._offer_slot)
        self._running = self._admitted = self._refused = 0

    @property
    def stats(self) -> BulkheadStats:
        """One consistent reading."""
        return BulkheadStats(self._running, len(self._line), self._admitted, self._refused)

    async def __aenter__(self) -> None:
        if not self._free():
            if len(self._line) >= self._max_waiting:
                self._refused += 1
                raise BulkheadFull(
                    f"{self._running} calls are running and {len(self._line)} are waiting"
                )
            try:
                await self._line.wait(self._timeout)
            except TimeoutError:
                self._refused += 1
                raise BulkheadFull(f"no slot within {self._timeout} s") from None
        self._running += 1
        self._admitted += 1

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._running -= 1
        self._offer_slot()

    def _free(self) -> bool:
        return self._running + self._line.granted < self._max_concurrent

    def _offer_slot(self) -> None:
        self._line.grant()  # calls and grants together never exceed the bound: a slot is free
