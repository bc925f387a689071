"""A circuit breaker: stop calling a dependency that is down, and notice when it is back.

A dead dependency is worse than an absent one: every caller waits for its timeout, holds a thread or a
connection while doing so, and the failure spreads upwards. A breaker counts outcomes, refuses at once when
too many fail, and lets a few probes through after a pause. Here the state machine (`core`) knows nothing of
threads, tasks or functions, so the blocking and the asynchronous fronts (`circuit`) cannot differ.
Sources: M. Nygard, "Release It!" (2nd ed., chapter 5); Microsoft Azure Architecture Center, "Circuit Breaker pattern".
"""

from __future__ import annotations

from velvet_concurrency.breaker.circuit import CircuitBreaker
from velvet_concurrency.breaker.core import Permit
from velvet_concurrency.breaker.states import CircuitOpen, Snapshot, State

__all__ = ["CircuitBreaker", "CircuitOpen", "Permit", "Snapshot", "State"]
