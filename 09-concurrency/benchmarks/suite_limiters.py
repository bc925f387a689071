"""Limiters: what a call costs, what the state weighs, and what really gets through.

The refused path asks an exhausted limiter, the admitted path one with a hundred places left,
so both do a hundred calls a turn. Memory is that of tracemalloc, after real calls; only the naive
list is filled directly, since its calls would take eight hours.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from peers import LIMITERS, Fresh, Gate, virtual_time

from velvet.bench import Metric, Outcome, Suite, Timed, growth, mode, ratio, value

CALLS = 100
FOR_EVER = 10**8  # seconds: nothing is refilled during a run
THREADS = 4
LATE = "one of its calls would take too long to fill it call by call: filled directly"


def _own(name: str, limit: int, window: float, clock: Callable[[], float] | None = None) -> Gate:
    from velvet_concurrency import limiters

    given = {} if clock is None else {"clock": clock}
    if name == "keyed":
        keyed = limiters.KeyedLimiter(
            lambda: limiters.TokenBucketLimiter(limit / window, limit, **given)
        )
        return Gate(partial(keyed.allow, "key"), partial(keyed.allow, "key"))
    if name == "bucket_tenth":
        one: Any = limiters.TokenBucketLimiter(limit / window, max(1, limit // 10), **given)
    elif name in ("token_bucket", "gcra"):
        kind = limiters.TokenBucketLimiter if name == "token_bucket" else limiters.GCRALimiter
        one = kind(limit / window, limit, **given)
    else:
        kinds = {
            "naive": limiters.NaiveRateLimiter,
            "sliding_log": limiters.SlidingLogLimiter,
            "fixed_window": limiters.FixedWindowLimiter,
            "sliding_counter": limiters.SlidingWindowCounter,
        }
        one = kinds[name](limit, window, **given)
    return Gate(one.allow, one.allow)


OWN = (
    "naive",
    "sliding_log",
    "fixed_window",
    "sliding_counter",
    "token_bucket",
    "gcra",
    "keyed",
)


def _makers() -> Iterator[tuple[str, Callable[[int, int], Fresh], tuple[str, ...]]]:
    for name in OWN:
        yield name, (lambda limit, window, name=name: partial(_own, name, limit, window)), ()
    for name, (need, make) in LIMITERS.items():
        yield name, make, (need,)


def _drive(gate: Gate) -> int:
    allow = gate.allow
    admitted = 0
    for _ in itertools.repeat(None, CALLS):
        admitted += allow()
    return admitted


def _ops(make: Callable[[int, int], Fresh], window: int, path: str) -> Any:
    fresh = make(window, FOR_EVER)

    def with_room(left: int) -> Gate:
        gate = fresh()
        if window > left:
            gate.take(window - left)
        return gate

    if path == "admitted":
        return Timed(_drive, prepare=lambda: with_room(CALLS))
    return partial(_drive, with_room(0))


def _add_ops(suite: Suite) -> None:
    ops = suite.comparison(
        "limiter_ops",
        title="One call of a limiter, one key, one thread",
        unit="ops/s",
        sizes={"window": [100, 1000, 10_000], "path": ["refused", "admitted"]},
        items=CALLS,
        quick=lambda window, path: window == 1000,
        rounds={"quick": 8, "default": 15, "full": 30},
    )
    for name, make, needs in _makers():
        ops.add(name, partial(_ops, make), baseline=name == "naive", needs=needs)
    ops.same_result()
    at = {"path": "refused", "window": 1000}
    suite.claim(
        "a token bucket is many times faster than the naive list of 1,000 calls",
        ratio("limiter_ops", "token_bucket", "naive", **at) >= 25,
    )
    for peer in ("limits_moving_window", "throttled_token_bucket", "pyrate"):
        needs = LIMITERS[peer][0]
        suite.claim(
            f"our bucket costs at most a third of {peer}'s call",
            ratio("limiter_ops", "token_bucket", peer, **at) >= 3,
            needs=needs,
        )
        suite.claim(
            f"with keys, as {peer} has them, ours is still ahead",
            ratio("limiter_ops", "keyed", peer, **at) >= 1.5,
            needs=needs,
        )


def _add_growth(suite: Suite) -> None:
    grows = suite.comparison(
        "limiter_growth",
        title="What a refused call costs as the window grows",
        unit="us",
        sizes={"window": [100, 1000, 10_000]},
        items=CALLS,
        rounds={"quick": 8},
    )
    for name in ("token_bucket", "naive", "sliding_log", "gcra"):
        make = partial(_own, name)
        grows.add(
            name,
            lambda window, make=make: _ops(lambda n, s: partial(make, n, s), window, "refused"),
        )
    suite.claim(
        "the naive list's cost grows with its window",
        growth("limiter_growth", "naive", over="window") >= 0.8,
    )
    suite.claim(
        "the bucket's does not",
        growth("limiter_growth", "token_bucket", over="window") <= 0.1,
        needs="calm",
    )


def _add_threads(suite: Suite) -> None:
    threads = suite.comparison(
        "limiter_threads",
        title="One limiter, four threads, refused calls, wall clock",
        unit="ops/s",
        items=THREADS * CALLS,
        clock="wall",
        rounds={"quick": 8},
    )

    def setup(make: Callable[[int, int], Fresh]) -> Iterator[Callable[[], int]]:
        gate = make(1000, FOR_EVER)()
        gate.take(1000)
        with ThreadPoolExecutor(THREADS) as pool:
            yield lambda: sum(pool.map(_drive, [gate] * THREADS))

    chosen = ("token_bucket", "gcra", "sliding_log", "keyed", "naive")
    for name, make, needs in _makers():
        if name in chosen or name in ("limits_moving_window", "throttled_token_bucket", "pyrate"):
            threads.add(name, partial(setup, make), baseline=name == "naive", needs=needs)
    threads.same_result()
    suite.claim(
        "the bucket stays ahead of the list with four threads",
        ratio("limiter_threads", "token_bucket", "naive") >= 10,
    )


def _weigh(make: Callable[[int, int], Fresh], name: str, n: int) -> Callable[[], Outcome]:
    make(1, FOR_EVER)()  # imports what it needs

    def weigh() -> Outcome:
        import gc
        import tracemalloc

        gc.collect()
        tracemalloc.start()
        if name == "naive":
            from velvet_concurrency.limiters import NaiveRateLimiter

            one = NaiveRateLimiter(n + 4, FOR_EVER)
            one.calls.extend(time.time() for _ in range(n))
            gate, admitted = Gate(one.allow, one.allow), n
        else:
            gate = make(n + 4, FOR_EVER)()
            admitted = sum(gate.allow() for _ in itertools.repeat(None, n))
        if admitted != n:
            raise ValueError(f"{admitted} of {n} calls were admitted")
        gc.collect()
        retained, _ = tracemalloc.get_traced_memory()
        gate.allow()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        began = time.perf_counter()
        gate.allow()
        one_more = time.perf_counter() - began
        figures = {"retained": retained / 2**20, "traced_peak": peak / 2**20}
        return Outcome({**figures, "one_more_ms": one_more * 1e3})

    return weigh


def _add_memory(suite: Suite) -> None:
    metrics = {
        "traced_peak": Metric("MB"),
        "retained": Metric("MB"),
        "one_more_ms": Metric("ms"),
    }
    ours = suite.comparison(
        "limiter_memory",
        title="State after n permitted calls (tracemalloc; main figure: the peak)",
        kind="run",
        unit="MB",
        metrics=metrics,
        sizes={"calls": [100_000, 1_000_000]},
        quick=lambda calls: calls == 100_000,
        rounds={"quick": 1, "default": 2, "full": 3},
    )
    theirs = suite.comparison(
        "limiter_memory_peers",
        title="The same for the libraries, after 20,000 permitted calls",
        kind="run",
        unit="MB",
        metrics=metrics,
        sizes={"calls": [20_000]},
        tier="default",
        rounds={"default": 1, "full": 3},
    )
    for name, make, needs in _makers():
        for comparison in (theirs,) if needs else (ours, theirs):
            comparison.add(
                name,
                lambda calls, make=make, name=name: _weigh(make, name, calls),
                baseline=name == "token_bucket",
                needs=needs,
                note=LATE if name == "naive" else "",
            )
    suite.claim(
        "the list remembers a thousand times more than the bucket",
        ratio("limiter_memory", "naive", "token_bucket", "retained") >= 1000,
    )


LIMIT, WINDOW = 100, 10


def _accuracy(name: str, make: Callable[[int, int], Fresh]) -> Callable[[], dict[str, float]]:
    def measure() -> dict[str, float]:
        from velvet_concurrency.clock import FakeClock
        from velvet_concurrency.simulate import edge_attack, on_off, poisson, worst_window

        rate = LIMIT / WINDOW
        patterns = {
            "poisson": poisson(2 * rate, 20 * WINDOW, seed=9),
            "edge": edge_attack(LIMIT, WINDOW, edges=4),
            "on_off": on_off(4 * rate, 20 * WINDOW, on=WINDOW, off=WINDOW, seed=9),
        }

        def admitted(arrivals: list[float], which: str) -> list[float]:
            clock = FakeClock(float(1000 * WINDOW))
            with virtual_time(clock):
                own = which in OWN or which == "bucket_tenth"
                gate = _own(which, LIMIT, WINDOW, clock) if own else make(LIMIT, WINDOW)()
                times = []
                for arrival in arrivals:
                    clock.advance(1000 * WINDOW + arrival - clock())
                    if gate.allow():
                        times.append(clock())
                return times

        figures = {}
        for pattern, arrivals in patterns.items():
            got, exact = admitted(arrivals, name), admitted(arrivals, "sliding_log")
            figures[f"{pattern}_worst"] = worst_window(got, WINDOW) / LIMIT
            figures[f"{pattern}_admitted"] = len(got) / len(exact)
        worst = max(figure for key, figure in figures.items() if key.endswith("_worst"))
        return {"worst_window": worst, "over_admission": max(0.0, worst - 1.0), **figures}

    return measure


def _add_accuracy(suite: Suite) -> None:
    shares = ["worst_window", "over_admission"]
    shares += [f"{p}_{what}" for p in ("poisson", "edge", "on_off") for what in ("worst", "admitted")]
    accuracy = suite.comparison(
        "limiter_accuracy",
        title="Worst window / limit over three arrival patterns, virtual time",
        kind="value",
        unit="",
        metrics={name: "" for name in shares},
    )
    for name, make, needs in _makers():
        accuracy.add(
            name, partial(_accuracy, name, make), baseline=name == "sliding_log", needs=needs
        )
    accuracy.add(
        "bucket_tenth",
        partial(_accuracy, "bucket_tenth", lambda limit, window: partial(_own, "", limit, window)),
        note="capacity = limit / 10",
    )
    worst = partial(value, "limiter_accuracy")
    suite.claim("the sliding log is exact", worst("sliding_log", "worst_window").equals(1))
    suite.claim(
        "a fixed window lets nearly twice its limit through at an edge",
        worst("fixed_window", "worst_window").between(1.9, 2.0),
    )
    suite.claim(
        "two counters stay within a tenth of the limit",
        worst("sliding_counter", "worst_window") <= 1.1,
    )
    suite.claim(
        "a bucket of capacity = limit admits nearly twice the limit in its worst window",
        worst("token_bucket", "worst_window").between(1.9, 2.0),
    )
    suite.claim(
        "with a tenth of that capacity it stays within 15 %",
        worst("bucket_tenth", "worst_window") <= 1.15,
    )


def _add_race(suite: Suite) -> None:
    race = suite.comparison(
        "limiter_race",
        title="Limit 500, eight threads, 4,000 calls: 500 / admitted in per cent, worst try",
        kind="run",
        unit="%",
        metrics={"accuracy": Metric("%", "higher"), "admitted": Metric("calls")},
        rounds={"quick": 1, "default": 3, "full": 5},
    )

    def setup(make: Callable[[int, int], Fresh]) -> Callable[[], Outcome]:
        fresh = make(500, FOR_EVER)

        def run() -> Outcome:
            with ThreadPoolExecutor(8) as pool:
                tries = []
                for _ in range(3 if mode() == "quick" else 10):
                    gate = fresh()
                    tries.append(sum(pool.map(lambda _, g=gate: sum(_drive(g) for _ in range(5)), range(8))))
            return Outcome({"accuracy": 100.0 * 500 / max(tries), "admitted": max(tries)})

        return run

    for name, make, needs in _makers():
        race.add(name, partial(setup, make), baseline=name == "token_bucket", needs=needs)
    for name in ("token_bucket", "gcra"):
        suite.claim(
            f"the {name} admits exactly its burst under threads",
            value("limiter_race", name, "admitted").equals(500),
        )


def add_to(suite: Suite) -> None:
    """Add the limiter comparisons."""
    _add_ops(suite)
    _add_growth(suite)
    _add_threads(suite)
    _add_memory(suite)
    _add_accuracy(suite)
    _add_race(suite)
