"""The lab: arrivals against limiters, a failing dependency, an overloaded server, in virtual time.

The simulations have the answers; here they are asked for all contenders at once, with the same
arrivals, and cut into what a figure takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from velvet_concurrency.breaker import CircuitBreaker
from velvet_concurrency.limiters import (
    FixedWindowLimiter,
    GCRALimiter,
    SlidingLogLimiter,
    SlidingWindowCounter,
    TokenBucketLimiter,
)
from velvet_concurrency.simulate import (
    Admissions,
    BreakerStory,
    Load,
    OverloadResult,
    edge_attack,
    failing_dependency,
    on_off,
    overload,
    poisson,
    replay,
)
from velvet_concurrency.simulate.admissions import Allows

Clock = Callable[[], float]
Make = Callable[[Clock], Allows]
PATTERNS = ("Poisson", "edge attack", "on and off")
LIMITERS = (
    "fixed window",
    "sliding counter",
    "sliding log",
    "token bucket",
    "bucket, capacity / 10",
    "GCRA",
)
# Words as `State` has them; the page draws them, and each also carries its name.
BREAKER_COLOURS = {"closed": "#a7facd", "open": "#ea9294", "half_open": "#edca84"}
_MOST_POINTS = 400


@dataclass(frozen=True)
class Replay:
    """One limiter's decisions about the arrivals; `worst_ratio` is its worst window over the limit."""

    limiter: str
    admissions: Admissions
    limit: int

    @property
    def worst_ratio(self) -> float:
        """The most admitted in any window, as a share of the limit; at most 1 keeps the promise."""
        return self.admissions.worst / self.limit


def _makers(limit: int, window: float) -> dict[str, Make]:
    rate, tenth = limit / window, max(1, limit // 10)
    makers: tuple[Make, ...] = (
        lambda clock: FixedWindowLimiter(limit, window, clock=clock),
        lambda clock: SlidingWindowCounter(limit, window, clock=clock),
        lambda clock: SlidingLogLimiter(limit, window, clock=clock),
        lambda clock: TokenBucketLimiter(rate, limit, clock=clock),
        lambda clock: TokenBucketLimiter(rate, tenth, clock=clock),
        lambda clock: GCRALimiter(rate, limit, clock=clock),
    )
    return dict(zip(LIMITERS, makers, strict=True))


def arrivals(
    pattern: str, *, limit: int, window: float, load: float, seconds: float, seed: int
) -> list[float]:
    """Return arrival times of a pattern that offers `load` times the limit, in seconds.

    Raises:
        ValueError: the pattern is unknown, or a number is not positive.
    """
    if pattern == "edge attack":
        return edge_attack(limit, window, edges=max(1, int(seconds / window / 2)))
    rate = load * limit / window
    if pattern == "Poisson":
        return poisson(rate, seconds, seed=seed)
    if pattern == "on and off":
        return on_off(rate, seconds, on=window, off=window, seed=seed)
    raise ValueError(f"pattern must be one of {', '.join(PATTERNS)}, not {pattern!r}")


def replay_all(
    pattern: str,
    *,
    limit: int = 20,
    window: float = 1.0,
    load: float = 2.0,
    seconds: float = 6.0,
    seed: int = 1,
) -> list[Replay]:
    """Send one arrival sequence to every limiter of `LIMITERS`.

    Args:
        pattern: one of `PATTERNS`; the edge attack brings its own load.
        limit: calls per window that are promised.
        window: seconds.
        load: arrivals over the limit.
        seconds: of virtual time.
        seed: of the arrivals.

    Raises:
        ValueError: the pattern is unknown, or a number is not positive.
    """
    times = arrivals(pattern, limit=limit, window=window, load=load, seconds=seconds, seed=seed)
    return [
        Replay(name, replay(make, times, window), limit)
        for name, make in _makers(limit, window).items()
    ]


def breaker_story(
    *,
    failure_rate: float = 0.5,
    min_calls: int = 10,
    open_for: float = 5.0,
    outage: tuple[float, float] = (10.0, 30.0),
    seconds: float = 60.0,
) -> BreakerStory:
    """Call a dependency ten times a second that is down during the outage (seconds from and to).

    Raises:
        ValueError: the breaker refuses an argument.
    """
    return failing_dependency(
        lambda clock: CircuitBreaker(
            failure_rate,
            window=max(20, min_calls),
            min_calls=min_calls,
            open_for=open_for,
            clock=clock,
        ),
        seconds=seconds,
        down=outage,
    )


def breaker_segments(story: BreakerStory, until: float) -> list[tuple[str, float, float]]:
    """Return the strip as (state, from, to) in seconds, neighbours of one state joined."""
    segments: list[tuple[str, float, float]] = []
    for index, (moment, state, _) in enumerate(story.strip):
        end = story.strip[index + 1][0] if index + 1 < len(story.strip) else until
        if segments and segments[-1][0] == state.value:
            segments[-1] = (state.value, segments[-1][1], end)
        else:
            segments.append((state.value, moment, end))
    return segments


def overload_results(
    policies: Iterable[str], *, offered: float = 200.0, deadline: float = 1.0, seed: int = 0
) -> list[OverloadResult]:
    """Send the same load through each policy, into a server that can do 100 requests a second.

    Raises:
        ValueError: a policy is unknown, or the load is not positive.
    """
    load = Load(offered=offered, deadline=deadline, seed=seed)
    return [overload(policy, load) for policy in policies]


def depth_series(
    results: Iterable[OverloadResult], *, until: float = 40.0
) -> dict[str, list[tuple[float, float]]]:
    """Return requests waiting over time by policy, thinned to what a figure can show."""
    series = {}
    for result in results:
        shown = [(t, float(depth)) for t, depth in result.depth if t <= until]
        step = max(1, len(shown) // _MOST_POINTS)
        series[result.policy] = shown[::step]
    return series
