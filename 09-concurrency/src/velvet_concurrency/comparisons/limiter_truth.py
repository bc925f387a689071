"""What limiters remember and what they really let through.

Memory is that of tracemalloc after real calls; only the naive list is filled directly, since its
calls would take eight hours. Accuracy replays three arrival patterns in virtual time; the race
puts eight real threads on one limiter.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

from velvet.bench import Metric, Outcome, Suite, mode, ratio, value
from velvet_concurrency.comparisons.limiters import FOR_EVER, OWN, Make, drive, makers, own
from velvet_concurrency.contenders.limiter_libraries import Gate, virtual_time

LATE = "one of its calls would take too long to fill it call by call: filled directly"
LIMIT, WINDOW = 100, 10
PATTERNS = ("poisson", "edge", "on_off")


def _weigh(make: Make, name: str, calls: int) -> Callable[[], Outcome]:
    make(1, FOR_EVER)()  # imports what it needs

    def weigh() -> Outcome:
        import gc
        import tracemalloc

        gc.collect()
        tracemalloc.start()
        if name == "naive":
            from velvet_concurrency.limiters import NaiveRateLimiter

            one = NaiveRateLimiter(calls + 4, FOR_EVER)
            one.calls.extend(time.time() for _ in range(calls))
            gate, admitted = Gate(one.allow, one.allow), calls
        else:
            gate = make(calls + 4, FOR_EVER)()
            admitted = sum(gate.allow() for _ in itertools.repeat(None, calls))
        if admitted != calls:
            raise ValueError(f"{admitted} of {calls} calls were admitted")
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
    common: dict[str, Any] = {
        "kind": "run",
        "unit": "MB",
        "metrics": {"traced_peak": "MB", "retained": "MB", "one_more_ms": "ms"},
    }
    ours = suite.comparison(
        "limiter_memory",
        title="State after n permitted calls (tracemalloc; main figure: the peak)",
        sizes={"calls": [100_000, 1_000_000]},
        quick=lambda calls: calls == 100_000,
        rounds={"quick": 1, "default": 1, "full": 3},
        **common,
    )
    theirs = suite.comparison(
        "limiter_memory_peers",
        title="The same for the libraries, after 20,000 permitted calls",
        sizes={"calls": [20_000]},
        tier="default",
        rounds={"default": 1, "full": 3},
        **common,
    )
    for name, make, needs in makers():
        note = LATE if name == "naive" else ""
        for comparison in (theirs,) if needs else (ours, theirs):
            setup = partial(_weigh, make, name)
            baseline = name == "token_bucket"
            comparison.add(name, setup, baseline=baseline, needs=needs, note=note)
    suite.claim(
        "the list remembers a thousand times more than the bucket",
        ratio("limiter_memory", "naive", "token_bucket", "retained") >= 1000,
    )


def _accuracy(name: str, make: Make) -> Callable[[], dict[str, float]]:
    def measure() -> dict[str, float]:
        from velvet_concurrency.clock import FakeClock
        from velvet_concurrency.simulate import edge_attack, on_off, poisson, worst_window

        rate = LIMIT / WINDOW
        arrivals_of = {
            "poisson": poisson(2 * rate, 20 * WINDOW, seed=9),
            "edge": edge_attack(LIMIT, WINDOW, edges=4),
            "on_off": on_off(4 * rate, 20 * WINDOW, on=WINDOW, off=WINDOW, seed=9),
        }

        def admitted(arrivals: list[float], which: str) -> list[float]:
            clock = FakeClock(float(1000 * WINDOW))
            ours = partial(own, which, LIMIT, WINDOW, clock=clock)
            fresh = ours if which in OWN else make(LIMIT, WINDOW)
            times = []
            with virtual_time(clock):
                gate = fresh()
                for arrival in arrivals:
                    clock.advance(1000 * WINDOW + arrival - clock())
                    if gate.allow():
                        times.append(clock())
            return times

        figures = {}
        for pattern in PATTERNS:
            arrivals = arrivals_of[pattern]
            got, exact = admitted(arrivals, name), admitted(arrivals, "sliding_log")
            figures[f"{pattern}_worst"] = worst_window(got, WINDOW) / LIMIT
            figures[f"{pattern}_admitted"] = len(got) / len(exact)
        worst = max(figures[f"{pattern}_worst"] for pattern in PATTERNS)
        return {"worst_window": worst, "over_admission": max(0.0, worst - 1.0), **figures}

    return measure


def _add_accuracy(suite: Suite) -> None:
    shares = [f"{pattern}_{what}" for pattern in PATTERNS for what in ("worst", "admitted")]
    accuracy = suite.comparison(
        "limiter_accuracy",
        title="Worst window / limit over three arrival patterns, virtual time",
        kind="value",
        unit="",
        metrics=dict.fromkeys(["worst_window", "over_admission", *shares], ""),
    )
    for name, make, needs in makers():
        setup = partial(_accuracy, name, make)
        accuracy.add(name, setup, baseline=name == "sliding_log", needs=needs)
    tenth = partial(_accuracy, "bucket_tenth", partial(partial, own, "bucket_tenth"))
    accuracy.add("bucket_tenth", tenth, note="capacity = limit / 10")

    def worst(name: str) -> Any:
        return value("limiter_accuracy", name, "worst_window")

    suite.claim("the sliding log is exact", worst("sliding_log").equals(1))
    suite.claim(
        "a fixed window lets nearly twice its limit through at an edge",
        worst("fixed_window").between(1.9, 2.0),
    )
    suite.claim("two counters stay within a tenth of the limit", worst("sliding_counter") <= 1.1)
    suite.claim(
        "a bucket of capacity = limit admits nearly twice the limit in its worst window",
        worst("token_bucket").between(1.9, 2.0),
    )
    suite.claim("with a tenth of that capacity it stays within 15 %", worst("bucket_tenth") <= 1.15)


def _race(make: Make, switch_us: int) -> Iterator[Any]:
    fresh = make(500, FOR_EVER)

    def run() -> Outcome:
        start = Barrier(8)

        def caller(gate: Gate) -> int:
            start.wait(10)
            return sum(drive(gate) for _ in range(5))

        with ThreadPoolExecutor(8) as pool:
            tries = [
                sum(pool.map(caller, [fresh()] * 8)) for _ in range(3 if mode() == "quick" else 10)
            ]
        return Outcome({"accuracy": 100.0 * 500 / max(tries), "admitted": max(tries)})

    before = sys.getswitchinterval()
    sys.setswitchinterval(switch_us / 1e6)  # 5,000 is the interpreter's own choice
    try:
        yield run
    finally:
        sys.setswitchinterval(before)


def _add_race(suite: Suite) -> None:
    race = suite.comparison(
        "limiter_accuracy_threads",
        title="Limit 500, eight threads, 4,000 calls: 500 / admitted in per cent, worst try",
        kind="run",
        unit="%",
        metrics={"accuracy": Metric("%", "higher"), "admitted": "calls"},
        sizes={"switch_us": [5000, 10]},
        quick=lambda switch_us: switch_us == 10,
        rounds={"quick": 1, "default": 2, "full": 5},
    )
    for name, make, needs in makers():
        if name == "limits_moving_window":
            continue  # its threads race to start its timer: "threads can only be started once"
        when = (lambda switch_us: switch_us == 10) if needs else None
        setup, baseline = partial(_race, make), name == "token_bucket"
        race.add(name, setup, baseline=baseline, needs=needs, when=when)
    for name in ("token_bucket", "gcra"):
        suite.claim(
            f"the {name} admits exactly its burst under threads",
            value("limiter_accuracy_threads", name, "admitted").equals(500),
        )


def add_to(suite: Suite) -> None:
    """Add the comparisons of memory, accuracy and races."""
    _add_memory(suite)
    _add_accuracy(suite)
    _add_race(suite)
