"""A dependency that dies and comes back, seen by a circuit breaker.

Calls arrive evenly; while the dependency is down each one fails after a time-out that the caller has to sit
through. The breaker's gain is the calls it spares, its price the calls it refuses after the recovery.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from velvet_concurrency.breaker import CircuitBreaker, CircuitOpen, State
from velvet_concurrency.clock import FakeClock


@dataclass(frozen=True)
class BreakerStory:
    """What happened to each call, in order.

    `strip` holds `(seconds, state after the call, outcome)` with the outcome `ok`, `failed` or `refused`; `spared` are
    calls refused while the dependency was down, `lost` those refused although it was up again; `probes` reached it in
    half-open; `waited` is the time in seconds spent on calls that failed, `waited_without` the same without a breaker.
    """

    strip: tuple[tuple[float, State, str], ...]
    ok: int
    failed: int
    spared: int
    lost: int
    probes: int
    waited: float
    waited_without: float

    def marks(self) -> str:
        """The strip in letters: `.` closed, `X` open, `?` half-open."""
        letters = {State.CLOSED: ".", State.OPEN: "X", State.HALF_OPEN: "?"}
        return "".join(letters[state] for _, state, _ in self.strip)


def failing_dependency(
    make: Callable[[Callable[[], float]], CircuitBreaker],
    *,
    rate: float = 10.0,
    seconds: float = 60.0,
    down: tuple[float, float] = (10.0, 30.0),
    timeout: float = 1.0,
) -> BreakerStory:
    """Call a dependency `rate` times a second for `seconds` through `make(clock)`, `down` from and until.

    `timeout` is what a failing call costs its caller, in seconds. Raises `ValueError` for a rate or duration that is
    not positive. O(calls).
    """
    if not (rate > 0.0 and seconds > 0.0):
        raise ValueError(f"rate and seconds must be > 0, not {rate!r} and {seconds!r}")
    clock = FakeClock()
    breaker = make(clock)
    strip: list[tuple[float, State, str]] = []
    spared = lost = probes = doomed = 0

    def dependency() -> None:
        nonlocal probes
        probes += breaker.state is State.HALF_OPEN
        if is_down:
            raise ConnectionError("the dependency is down")

    for number in range(int(rate * seconds)):
        clock.advance(max(0.0, number / rate - clock()))
        is_down = down[0] <= clock() < down[1]
        doomed += is_down
        outcome = "failed"
        with contextlib.suppress(ConnectionError):
            try:
                breaker.call(dependency)
                outcome = "ok"
            except CircuitOpen:
                outcome = "refused"
                spared += is_down
                lost += not is_down
        strip.append((clock(), breaker.state, outcome))
    outcomes = [outcome for _, _, outcome in strip]
    failed = outcomes.count("failed")
    return BreakerStory(
        strip=tuple(strip),
        ok=outcomes.count("ok"),
        failed=failed,
        spared=spared,
        lost=lost,
        probes=probes,
        waited=failed * timeout,
        waited_without=doomed * timeout,
    )
