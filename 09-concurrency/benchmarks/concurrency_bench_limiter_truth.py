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

from concurrency_bench_limiters import FOR_EVER, OWN, drive, makers, own
from concurrency_peers import Fresh, Gate, virtual_time

from velvet.bench import Metric, Outcome, Suite, mode, ratio, value

LATE = "one of its calls would take too long to fill it call by call: filled directly"


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
        rounds={"quick": 1, "default": 1, "full": 3},
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
    for name, make, needs in makers():
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
            ours = which in OWN or which == "bucket_tenth"
            fresh = partial(own, which, LIMIT, WINDOW, clock) if ours else make(LIMIT, WINDOW)
            with virtual_time(clock):
                gate = fresh()
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
    shares += [
        f"{p}_{what}" for p in ("poisson", "edge", "on_off") for what in ("worst", "admitted")
    ]
    accuracy = suite.comparison(
        "limiter_accuracy",
        title="Worst window / limit over three arrival patterns, virtual time",
        kind="value",
        unit="",
        metrics=dict.fromkeys(shares, ""),
    )
    for name, make, needs in makers():
        accuracy.add(
            name, partial(_accuracy, name, make), baseline=name == "sliding_log", needs=needs
        )
    accuracy.add(
        "bucket_tenth",
        partial(_accuracy, "bucket_tenth", lambda limit, window: partial(own, "", limit, window)),
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
        "limiter_accuracy_threads",
        title="Limit 500, eight threads, 4,000 calls: 500 / admitted in per cent, worst try",
        kind="run",
        unit="%",
        metrics={"accuracy": Metric("%", "higher"), "admitted": Metric("calls")},
        sizes={"switch_us": [5000, 10]},
        quick=lambda switch_us: switch_us == 10,
        rounds={"quick": 1, "default": 2, "full": 5},
    )

    def setup(make: Callable[[int, int], Fresh], switch_us: int) -> Iterator[Any]:
        fresh = make(500, FOR_EVER)

        def run() -> Outcome:
            start = Barrier(8)

            def caller(gate: Gate) -> int:
                start.wait(10)
                return sum(drive(gate) for _ in range(5))

            with ThreadPoolExecutor(8) as pool:
                tries = [
                    sum(pool.map(caller, [fresh()] * 8))
                    for _ in range(3 if mode() == "quick" else 10)
                ]
            return Outcome({"accuracy": 100.0 * 500 / max(tries), "admitted": max(tries)})

        before = sys.getswitchinterval()
        sys.setswitchinterval(switch_us / 1e6)  # 5,000 is the interpreter's own choice
        try:
            yield run
        finally:
            sys.setswitchinterval(before)

    for name, make, needs in makers():
        race.add(
            name,
            partial(setup, make),
            baseline=name == "token_bucket",
            needs=needs,
            when=(lambda switch_us: switch_us == 10) if needs else None,
        )
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
