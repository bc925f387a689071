"""Bytes of layouts, shared strings, and what the collector costs a builder of structures."""

from __future__ import annotations

import contextlib
import gc
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Estimate, Outcome, Suite, ratio, speedup
from velvet_performance import gctools, memory
from velvet_performance.samples.layouts import LAYOUTS

BUILT = ALIVE = 300_000
STRINGS, KINDS = 200_000, 50


def _build() -> list[dict[str, Any]]:
    return [{"id": number, "tags": [number]} for number in range(BUILT)]


def _with(make: Callable[[], Any]) -> Callable[[], Outcome]:
    def run() -> Outcome:
        gc.collect()
        with make():
            begun = time.process_time()
            made = _build()
            spent = time.process_time() - begun
        return Outcome(seconds=spent, result=len(made))

    return run


def _collection(frozen: bool) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        kept = [{"id": number, "tags": [number]} for number in range(ALIVE)]
        times = []
        for _ in range(7):
            if frozen:
                with gctools.gc_frozen():
                    begun = time.perf_counter()
                    gc.collect()
                    times.append((time.perf_counter() - begun) * 1e3)
            else:
                begun = time.perf_counter()
                gc.collect()
                times.append((time.perf_counter() - begun) * 1e3)
        assert len(kept) == ALIVE
        return {"pause": Estimate(statistics.median(times), min(times), max(times), len(times))}

    return run


def _strings(shared: bool) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        made = [f"country-{number % KINDS}" for number in range(STRINGS)]
        kept = memory.intern_table(made) if shared else made
        return {"size": memory.deep_size(kept) / 1e6}

    return run


def _weight(name: str) -> Callable[[], dict[str, float]]:
    return lambda: {"bytes": memory.bytes_per_row(name, 50_000)}


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    layouts = suite.comparison(
        "layouts",
        title="Records of three integers: bytes a record",
        kind="value",
        unit="bytes",
        metrics={"bytes": "bytes"},
    )
    for name in LAYOUTS:
        layouts.add(name, partial(_weight, name), baseline=name == "class")

    collector = suite.comparison(
        "gc",
        title=f"Building {BUILT:,} dictionaries of a number and a list",
        kind="run",
        unit="ms",
        rounds={"quick": 5, "default": 7},
    )
    collector.add("on", lambda: _with(contextlib.nullcontext), baseline=True)
    collector.add("threshold_50k", lambda: _with(partial(gctools.gc_threshold, 50_000)))
    collector.add("off", lambda: _with(gctools.gc_paused))
    collector.same_result()

    pause = suite.comparison(
        "freeze",
        title=f"A full collection while {ALIVE:,} dictionaries live",
        kind="value",
        unit="ms",
        metrics={"pause": "ms"},
    )
    pause.add("alive", lambda: _collection(False))
    pause.add("frozen", lambda: _collection(True))

    interning = suite.comparison(
        "interning",
        title=f"{STRINGS:,} strings of {KINDS} kinds",
        kind="value",
        unit="MB",
        metrics={"size": "MB"},
    )
    interning.add("plain", lambda: _strings(False))
    interning.add("interned", lambda: _strings(True))

    suite.claim(
        "slots take at most 0.75 of a class, a NumPy record at most half of slots",
        (ratio("layouts", "slots", "class", "bytes") <= 0.75)
        & (ratio("layouts", "numpy_rows", "slots", "bytes") <= 0.5),
    )
    suite.claim(
        "a dict takes at least 2.5x the bytes of slots",
        ratio("layouts", "dict", "slots", "bytes") >= 2.5,
    )
    suite.claim(
        "building without the collector is at least 1.5x faster", speedup("gc", "off", "on") >= 1.5
    )
    suite.claim(
        "a rarer look saves most of that: at least 1.5x",
        speedup("gc", "threshold_50k", "on") >= 1.5,
    )
    suite.claim(
        "a collection after freeze takes at most a twentieth",
        ratio("freeze", "frozen", "alive", "pause") <= 0.05,
    )
    suite.claim(
        "sharing equal strings saves at least three quarters",
        ratio("interning", "interned", "plain", "size") <= 0.25,
    )
