"""The memory probe: a child that measures what connections and limiters hold, as JSON lines.

`python -m velvet_concurrency.explorer.probe` is what the explorer's button starts, because
tracemalloc slows down everything in the process that it watches, and that must not be the page.
The limiters run in virtual time and inside one window, the case in which a list must remember all.
"""

from __future__ import annotations

import argparse
import json
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import IO, Any

from velvet_concurrency.child import ChildError
from velvet_concurrency.clock import FakeClock
from velvet_concurrency.connections import Variant, hold_connections
from velvet_concurrency.limiters import (
    GCRALimiter,
    NaiveRateLimiter,
    SlidingLogLimiter,
    TokenBucketLimiter,
)
from velvet_concurrency.limiters.base import RateLimiter

STEPS = (100, 300, 1_000, 3_000, 10_000)
_WINDOW = 3_600.0
_TOP = 10
_VARIANTS: tuple[Variant, ...] = ("protocol", "streams", "threads")
Tell = Callable[[dict[str, Any]], None]


def _limiters(calls: int, clock: FakeClock) -> dict[str, Callable[[], RateLimiter]]:
    return {
        "naive list": lambda: NaiveRateLimiter(calls, _WINDOW, clock=clock),
        "sliding log": lambda: SlidingLogLimiter(calls, _WINDOW, clock=clock),
        "token bucket": lambda: TokenBucketLimiter(calls / _WINDOW, calls, clock=clock),
        "GCRA": lambda: GCRALimiter(calls / _WINDOW, calls, clock=clock),
    }


def _lines(snapshot: tracemalloc.Snapshot) -> list[tuple[str, int, int]]:
    mine = snapshot.filter_traces((tracemalloc.Filter(False, tracemalloc.__file__),))
    found = []
    for line in mine.statistics("lineno")[:_TOP]:
        frame = line.traceback[0]
        where = "/".join(PurePath(frame.filename).parts[-2:])
        found.append((f"{where}:{frame.lineno}", line.size, line.count))
    return found


def limiter_growth(tell: Tell, *, steps: Sequence[int]) -> None:
    """Call each limiter in virtual time and tell what it holds after so many calls.

    Args:
        tell: gets a `growth` line per step and a `snapshot` line per limiter.
        steps: ascending numbers of calls.
    """
    for name in _limiters(steps[-1], FakeClock()):
        clock = FakeClock()
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            limiter = _limiters(steps[-1], clock)[name]()
            made = 0
            for calls in steps:
                while made < calls:
                    clock.advance(_WINDOW / steps[-1] / 2)
                    limiter.allow()
                    made += 1
                held = tracemalloc.get_traced_memory()[0] - before
                tell({"type": "growth", "limiter": name, "calls": calls, "bytes": held})
            title = f"{name} after {steps[-1]:,} calls"
            tell({"type": "snapshot", "name": title, "lines": _lines(tracemalloc.take_snapshot())})
        finally:
            tracemalloc.stop()


def connection_costs(tell: Tell, *, n: int) -> None:
    """Hold `n` connections with each kind of server and tell what one of them costs it."""
    for variant in _VARIANTS:
        try:
            held = hold_connections(n, variant)
        except (ChildError, OSError) as error:
            tell({"type": "remark", "text": f"{variant}: {error}"})
            continue
        tell(
            {
                "type": "connections",
                "variant": variant,
                "held": held.held,
                "bytes_each": round(held.bytes_per_connection),
                "errors": sum(held.errors.values()),
            }
        )
        if held.note:
            tell({"type": "remark", "text": held.note})


def main(argv: Sequence[str] | None = None, *, sink: IO[str] | None = None) -> int:
    """Measure and tell; the last line has the type `done`.

    Args:
        argv: the command line, without the program.
        sink: where the lines go; standard output by default.

    Returns:
        The exit status: 0.
    """
    parser = argparse.ArgumentParser(
        prog="python -m velvet_concurrency.explorer.probe",
        description="Measure what limiters and connections hold.",
    )
    parser.add_argument("--connections", type=int, default=500, help="to hold; 0 for none")
    options = parser.parse_args(argv)
    out = sys.stdout if sink is None else sink

    def tell(event: dict[str, Any]) -> None:
        out.write(json.dumps(event) + "\n")
        out.flush()

    limiter_growth(tell, steps=STEPS)
    if options.connections > 0:
        connection_costs(tell, n=options.connections)
    tell({"type": "done"})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
