"""The values a breaker shows: its state, a refusal, a snapshot."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class State(enum.Enum):
    """Where a breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitOpen(Exception):
    """The call was refused without being made.

    `retry_after` is in seconds: what is left of the pause, or 0.0 while probes are out and decide.
    """

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"circuit is open, retry after {retry_after:.3f} s")
        self.retry_after = retry_after


@dataclass(frozen=True)
class Snapshot:
    """One consistent reading of a breaker.

    `calls`, `failures` (slow calls included) and `slow` cover the window; `not_permitted` counts refusals since
    the breaker was made; `failure_rate` is 0..1, or None while fewer than `min_calls` are in the window.
    """

    state: State
    calls: int
    failures: int
    slow: int
    not_permitted: int
    failure_rate: float | None
