"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

import queue
import threading
import time
import tracemalloc
from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

Event = dict[str, Any]
STEPS = (100, 300, 1_000, 3_000, 10_000)
BINS = 48
_WINDOW = 3_600.0
_TELL_EVERY = 0.1
_PIXEL = 0.0005  # of the whole: what a screen cannot tell apart is one bar


def timeline(
    model: str = "threads",
    beside: str = "asyncio",
    tasks: int = 60,
    latency_ms: int = 60,
    cpu_ms: int = 4,
    limit: int = 12,
    seed: int = 1,
) -> Iterator[Event]:
    """Run the same jobs under two models, one after the other, and tell each job when it is done."""
    from velvet_concurrency.samples import jobs as workload

    models = [model, *([beside] if beside not in ("nothing", model) else [])]
    if refusal := workload.problem(models, tasks, latency_ms, cpu_ms, limit):
        raise ValueError(refusal)
    yield {"type": "plan", "total": tasks * len(models)}
    for number, one in enumerate(models):
        work = workload.jobs(tasks, latency_ms, cpu_ms, seed)
        yield from _traced(one, work, workload.places(one, limit), tasks * number)


def _traced(model: str, work: list[Any], limit: int, before: int) -> Iterator[Event]:
    from velvet_concurrency.samples import jobs as workload
    from velvet_concurrency.trace import Resources, Tracer

    tracer, finished = Tracer(), queue.SimpleQueue[str]()
    resources = Resources(children=model == "processes")
    began, number, told = tracer.clock(), 0, before
    spans: dict[str, list[Any]] = defaultdict(list)
    error: list[BaseException] = []

    def run() -> None:
        try:
            workload.run(model, work, tracer, limit, finished.put)
        except BaseException as problem:  # noqa: BLE001 - raised again below
            error.append(problem)

    thread = threading.Thread(target=run, name="event loop")
    yield {"type": "model", "model": model, "limit": limit, "tasks": len(work)}
    thread.start()
    alive = True
    while alive:
        thread.join(_TELL_EVERY)
        alive = thread.is_alive()  # before the last look, so that nothing comes after it
        ready = [finished.get() for _ in range(finished.qsize())]
        new, number = tracer.since(number)
        for span in new:
            spans[span.task].append(
                span._replace(t0_ns=span.t0_ns - began, t1_ns=span.t1_ns - began)
            )
        seen = resources.sample()
        moment = (seen.t_ns - began) / 1e9
        yield {"type": "sample", "model": model, "t": moment, "rss_mb": seen.rss_mb}
        for name in ready:
            told += 1
            yield {"type": "job", "model": model, "done": told, **_job(name, spans[name], moment)}
    if error:
        raise error[0]
    everything = [span for some in spans.values() for span in some]
    yield {"type": "grid", "model": model, **_grid(everything)}


def _job(name: str, spans: list[Any], seconds: float) -> Event:
    """Return a job: when it asked, when it had its place, and what it did there, in seconds."""
    from velvet_concurrency.trace import self_time

    waits = [span for span in spans if span.kind == "queue" and span.lane == "queue"]
    asked = min((span.t0_ns for span in waits), default=spans[0].t0_ns)
    place = max((span.t1_ns for span in waits), default=spans[0].t0_ns)
    inside = [span._replace(t0_ns=max(place, span.t0_ns)) for span in spans if span.t1_ns > place]
    parts: list[list[Any]] = []
    for span in self_time(inside):
        kind = "wait" if span.kind == "queue" else span.kind
        start, end = span.t0_ns / 1e9, span.t1_ns / 1e9
        if parts and (parts[-1][0] == kind or end - start < _PIXEL * seconds):
            parts[-1][2] = end
        else:
            parts.append([kind, start, end])
    rounded = [[kind, round(start, 5), round(end, 5)] for kind, start, end in parts]
    return {"name": name, "asked": asked / 1e9, "place": place / 1e9, "parts": rounded}


def _grid(spans: list[Any]) -> Event:
    """Return the running share of each lane over time, and the longest spans of each cell.

    The loop's lag is a lane, because it is what the others cause.
    """
    from velvet_concurrency.trace import self_time

    end = max(span.t1_ns for span in spans)
    width = end / BINS
    lanes: dict[str, list[Any]] = defaultdict(list)
    busy = {span.lane for span in spans if span.kind in ("run", "block", "gc")}
    for span in spans:
        if span.lane in busy or span.lane == "loop lag":
            lanes[span.lane].append(span)
    cells = {lane: [0.0] * BINS for lane in lanes}
    inside: dict[str, list[list[Any]]] = {lane: [[] for _ in range(BINS)] for lane in lanes}
    for lane, its in lanes.items():
        for span in self_time(its):
            for column in range(max(0, int(span.t0_ns / width)), BINS):
                left, right = column * width, (column + 1) * width
                share = (min(span.t1_ns, right) - max(span.t0_ns, left)) / width
                if share <= 0:
                    break
                if span.kind == "run" or lane == "loop lag":
                    cells[lane][column] += share
                what = [span.name, span.kind, span.task, round(share * width / 1e6, 3)]
                inside[lane][column].append(what)
    ordered = sorted(lanes, key=lambda lane: (lane != "loop lag", len(lane), lane))
    return {
        "seconds": end / 1e9,
        "lanes": ordered,
        "cells": [[round(share, 3) for share in cells[lane]] for lane in ordered],
        "inside": [
            [sorted(some, key=lambda one: -one[3])[:5] for some in inside[lane]] for lane in ordered
        ],
    }


def memory(what: str = "limiters", number: int = 500) -> Iterator[Event]:
    """Measure what limiters, held connections or waiting tasks hold."""
    if what == "limiters":
        yield from _limiter_growth()
    elif what == "connections":
        yield from _connection_costs(number)
    else:
        yield from _waiting(number)


def _limiter_growth() -> Iterator[Event]:
    from velvet_concurrency import limiters
    from velvet_concurrency.clock import FakeClock

    most, clock = STEPS[-1], FakeClock()
    makers: dict[str, Any] = {
        "naive list": lambda: limiters.NaiveRateLimiter(most, _WINDOW, clock=clock),
        "sliding log": lambda: limiters.SlidingLogLimiter(most, _WINDOW, clock=clock),
        "token bucket": lambda: limiters.TokenBucketLimiter(most / _WINDOW, most, clock=clock),
        "GCRA": lambda: limiters.GCRALimiter(most / _WINDOW, most, clock=clock),
    }
    yield {"type": "plan", "total": len(makers) * (len(STEPS) + 1)}
    for name, make in makers.items():
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            limiter: Any = make()
            made = 0
            for calls in STEPS:
                while made < calls:
                    clock.advance(_WINDOW / most / 2)
                    limiter.allow()
                    made += 1
                held = tracemalloc.get_traced_memory()[0] - before
                yield {"type": "growth", "limiter": name, "calls": calls, "bytes": held}
            snapshot = tracemalloc.take_snapshot()
        finally:
            tracemalloc.stop()
        ours = snapshot.filter_traces((tracemalloc.Filter(False, tracemalloc.__file__),))
        top = [(one.traceback[0], one) for one in ours.statistics("lineno")[:10]]
        lines = [
            [f"{'/'.join(PurePath(at.filename).parts[-2:])}:{at.lineno}", one.size, one.count]
            for at, one in top
        ]
        yield {"type": "snapshot", "limiter": name, "lines": lines}


def _connection_costs(number: int) -> Iterator[Event]:
    from velvet_concurrency.connections import Variant, hold_connections

    variants: tuple[Variant, ...] = ("protocol", "streams", "threads")
    yield {"type": "plan", "total": len(variants)}
    for variant in variants:
        found = hold_connections(number, variant)
        failed = f"{variant}: connections failed, {dict(found.errors)}" if found.errors else ""
        yield {
            "type": "connection",
            "variant": variant,
            "held": found.held,
            "bytes_each": round(found.bytes_per_connection),
            "note": found.note or failed,
        }


def _waiting(number: int) -> Iterator[Event]:
    """Let so many tasks wait for a second, as threads and under asyncio, a process each."""
    import psutil

    from velvet_concurrency.samples.child import Child

    models = ("threads", "asyncio")
    yield {"type": "plan", "total": 25 * len(models)}
    for model in models:
        child = Child("velvet_concurrency.samples.waiting", model, str(number))
        try:
            process, began = psutil.Process(child.pid), time.perf_counter()
            for tick in range(25):
                if tick == 3:
                    child.ask({})  # begin
                rss = process.memory_info().rss / 2**20
                moment = time.perf_counter() - began
                yield {"type": "rss", "model": model, "t": moment, "rss_mb": rss}
                time.sleep(0.06)
        finally:
            child.close()
