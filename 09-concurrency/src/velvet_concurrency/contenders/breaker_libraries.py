"""The circuit breakers that people install: each `make(failures, open_for)` returns a guard.

`guard(fn)` calls fn through the breaker, or refuses; where `waits`, it is to be awaited. All are set up to
open after so many failures in a row for so many seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

from velvet_concurrency.runtime import load

Guard: TypeAlias = Callable[[Callable[..., Any]], Any]


@dataclass(frozen=True)
class Breaker:
    """How a library's breaker is made, and what it needs."""

    needs: str
    make: Callable[[int, float], Guard]
    waits: bool = False
    note: str = ""


def _pybreaker(failures: int, open_for: float) -> Any:
    return load("pybreaker").CircuitBreaker(fail_max=failures, reset_timeout=open_for).call


def _circuitbreaker(failures: int, open_for: float) -> Any:
    breaker = load("circuitbreaker").CircuitBreaker(failures, open_for, name="bench")
    return breaker(lambda fn: fn())


def _purgatory(failures: int, open_for: float) -> Any:
    factory = load("purgatory").SyncCircuitBreakerFactory(failures, open_for)
    return factory("bench")(lambda fn: fn())


def _aiobreaker(failures: int, open_for: float) -> Any:
    return load("aiobreaker").CircuitBreaker(failures, timedelta(seconds=open_for)).call_async


def _hyx(failures: int, open_for: float) -> Any:
    # Its default of three probes is reduced to one, as the others have it.
    async def call(fn: Callable[..., Any]) -> Any:
        return await fn()

    return load("hyx.circuitbreaker").consecutive_breaker(Exception, failures, open_for, 1)(call)


BREAKERS: dict[str, Breaker] = {
    "pybreaker": Breaker("pybreaker>=1.2", _pybreaker, note="holds its lock during the call"),
    "circuitbreaker": Breaker("circuitbreaker>=2.1", _circuitbreaker),
    "purgatory": Breaker("purgatory>=3", _purgatory),
    "aiobreaker": Breaker(
        "aiobreaker>=1.2", _aiobreaker, waits=True, note="not maintained since 2021"
    ),
    "hyx": Breaker("hyx==0.0.2", _hyx, waits=True, note="experimental"),
}
