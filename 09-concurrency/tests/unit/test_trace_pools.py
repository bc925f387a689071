"""Traced pools, meters, and the questions that a trace answers."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import os
import subprocess
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet_concurrency import trace
from velvet_concurrency.pools import process_pool
from velvet_concurrency.trace import (
    LoopLag,
    Resources,
    Span,
    TracedExecutor,
    Tracer,
    chrome_trace,
    concurrency,
    self_time,
    span,
    tracing,
)


def of(tracer: Tracer, *kinds: str) -> list[Span]:
    return [found for found in tracer.spans() if found.kind in kinds]


@pytest.mark.asyncio
async def test_collections_of_garbage_are_spans() -> None:
    tracer = Tracer()

    with tracer.installed():
        gc.collect()

    assert any(found.name == "generation 2" for found in of(tracer, "gc"))


def test_a_span_without_a_tracer_does_nothing() -> None:
    with span("nothing"):
        pass

    assert trace.in_charge() is None


def test_the_tracer_in_charge_gets_the_spans_of_its_job() -> None:
    tracer = Tracer()

    with tracing(tracer, "job-1"), span("fetch", "wait"):
        pass

    assert [(found.task, found.kind) for found in tracer.spans()] == [("job-1", "wait")]


def nap(seconds: float) -> str:
    with span("nap", "wait"):
        time.sleep(seconds)
    return "rested"


def test_a_threads_job_is_traced_from_submission_to_end() -> None:
    tracer = Tracer()

    with TracedExecutor(ThreadPoolExecutor(1, thread_name_prefix="w"), tracer) as pool:
        assert pool.submit(nap, 0.001).result(10.0) == "rested"
        assert list(pool.map(nap, [0.0])) == ["rested"]

    first = [found for found in tracer.spans() if found.task == "job-1"]
    assert [(f.lane, f.name, f.kind) for f in first] == [
        ("queue", "nap", "queue"),
        ("w_0", "nap", "wait"),
        ("w_0", "nap", "run"),
    ]
    assert first[0].t1_ns == first[2].t0_ns <= first[1].t0_ns
    assert first[0].parent == "MainThread"


def test_a_failing_job_of_a_thread_is_traced_and_raises() -> None:
    tracer = Tracer()

    with TracedExecutor(ThreadPoolExecutor(1), tracer) as pool, pytest.raises(ZeroDivisionError):
        pool.submit(divmod, 1, 0).result(10.0)

    assert len(of(tracer, "run")) == 1


def test_spans_come_back_from_processes_with_results_and_errors() -> None:

    tracer = Tracer()

    with TracedExecutor(process_pool(1), tracer) as pool:
        child = pool.submit(os.getpid).result(30.0)
        with pytest.raises(ZeroDivisionError) as caught:
            pool.submit(divmod, 1, 0).result(30.0)

    assert child != os.getpid()
    assert [(f.kind, f.task, f.pid) for f in tracer.spans()] == [
        ("queue", "job-1", child),
        ("run", "job-1", child),
        ("queue", "job-2", child),
        ("run", "job-2", child),
    ]
    assert "_RemoteTraceback" in type(caught.value.__cause__).__name__
    assert all(f.t0_ns <= f.t1_ns for f in tracer.spans())


def test_a_future_of_a_process_pool_says_what_its_job_does(tmp_path: Path) -> None:
    with TracedExecutor(process_pool(1), Tracer()) as pool:
        running = pool.submit(exec, WAIT_FOR_FILE, {"name": str(tmp_path / "go")})
        waiting = [pool.submit(abs, -1) for _ in range(3)]
        while not (tmp_path / "go.begun").exists():
            time.sleep(0.005)

        assert (running.running(), running.cancel(), running.cancelled()) == (True, False, False)
        assert (waiting[-1].cancel(), waiting[-1].cancelled()) == (True, True)
        (tmp_path / "go").touch()
        assert running.result(20) is None
        assert waiting[0].result(20) == 1


WAIT_FOR_FILE = """
import pathlib, time
pathlib.Path(name + ".begun").touch()
while not pathlib.Path(name).exists():
    time.sleep(0.005)
"""


class _Inline(ProcessPoolExecutor):
    """A process pool that is none: jobs run when they are told to."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Future[object], object]] = []

    def submit(self, fn: object, /, *args: object, **kwargs: object) -> Future[object]:
        future: Future[object] = Future()
        self.jobs.append((future, lambda: fn(*args, **kwargs)))  # type: ignore[operator]
        return future

    def run(self) -> None:
        for future, job in self.jobs:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(job())  # type: ignore[operator]
                except Exception as error:  # noqa: BLE001 - as a pool does
                    future.set_exception(error)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None: ...


def test_a_job_of_a_process_reports_its_inner_spans() -> None:
    tracer, inline = Tracer(), _Inline()

    future = TracedExecutor(inline, tracer).submit(nap, 0.0)
    inline.run()

    assert future.result(0.0) == "rested"
    assert {(f.kind, f.task) for f in tracer.spans()} == {
        ("queue", "job-1"),
        ("run", "job-1"),
        ("wait", "job-1"),
    }
    assert len({f.lane for f in of(tracer, "run", "wait")}) == 1


class _SealedError(Exception):
    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("__velvet"):
            raise AttributeError(name)
        super().__setattr__(name, value)


def _raise_sealed() -> None:
    raise _SealedError


def test_an_exception_that_takes_no_spans_still_arrives() -> None:
    tracer, inline = Tracer(), _Inline()

    future = TracedExecutor(inline, tracer).submit(_raise_sealed)
    inline.run()

    assert isinstance(future.exception(0.0), _SealedError)
    assert tracer.spans() == []


@pytest.mark.asyncio
async def test_a_blocked_loop_is_late_by_the_length_of_the_block() -> None:
    tracer = Tracer()

    async with LoopLag(0.001, tracer=tracer) as lag:
        await asyncio.sleep(0.003)
        time.sleep(0.05)  # noqa: ASYNC251 - the fault that is measured
        await asyncio.sleep(0.005)

    assert lag.worst >= 0.045
    assert lag.quantile(1.0) == lag.worst
    assert {found.lane for found in of(tracer, "queue")} == {"loop lag"}


@pytest.mark.asyncio
async def test_a_lag_meter_without_samples_has_no_lag_and_stops_twice() -> None:
    lag = LoopLag(10.0)
    lag.start()
    lag.stop()
    lag.stop()

    assert lag.worst == 0.0
    with pytest.raises(ValueError, match="quantile"):
        lag.quantile(0.5)


@pytest.mark.asyncio
async def test_a_meter_started_twice_stops_once() -> None:
    lag = LoopLag(0.001)
    lag.start()
    lag.start()
    lag.stop()
    before = len(lag.samples)

    await asyncio.sleep(0.01)

    assert len(lag.samples) == before
    with Resources(0.01) as resources, pytest.raises(RuntimeError, match="already"):
        resources.__enter__()


def test_meters_need_a_positive_interval() -> None:
    with pytest.raises(ValueError, match="interval must be finite and > 0"):
        LoopLag(0.0)
    with pytest.raises(ValueError, match="interval must be finite and > 0"):
        Resources(float("inf"))


def test_resources_are_sampled_until_the_block_ends() -> None:
    with Resources(0.001) as resources:
        until = time.monotonic() + 10.0
        while time.monotonic() < until:
            sum(range(10_000))  # a system counts CPU in ticks, which a busy one may hand out late
            if len(resources.samples) >= 3 and any(one.cpu_pct for one in resources.samples):
                break

    assert len(resources.samples) >= 3
    last = resources.samples[-1]
    assert last.rss_mb > 1
    assert last.threads >= 2
    assert last.fds > 0
    assert max(sample.cpu_pct for sample in resources.samples) > 0


def test_children_are_added_where_asked() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        alone = Resources().sample()
        together = Resources(children=True).sample()
        child.communicate(b"\n")

    assert together.rss_mb > alone.rss_mb


NESTED = [
    Span("a", "job", "run", 0, 100, "job-1"),
    Span("a", "sleep", "wait", 20, 80, "job-1"),
    Span("a", "tail", "gc", 90, 100),
]


def test_the_innermost_span_takes_the_time() -> None:
    assert [(s.t0_ns, s.t1_ns, s.kind) for s in self_time(NESTED)] == [
        (0, 20, "run"),
        (20, 80, "wait"),
        (80, 90, "run"),
        (90, 100, "gc"),
    ]


@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.integers(0, 50), st.sampled_from(["run", "wait"])),
        max_size=12,
    )
)
def test_slices_never_overlap_and_cover_the_union(raw: list[tuple[int, int, str]]) -> None:
    spans = [Span("a", "x", kind, min(a, b), max(a, b)) for a, b, kind in raw]  # type: ignore[arg-type]

    slices = [(s.t0_ns, s.t1_ns, s.kind) for s in self_time(spans)]

    assert all(a[1] <= b[0] for a, b in itertools.pairwise(slices))
    covered = {t for s in spans for t in range(s.t0_ns, s.t1_ns)}
    assert {t for t0, t1, _ in slices for t in range(t0, t1)} == covered


def test_concurrency_counts_what_is_in_flight() -> None:
    spans = [
        Span("queue", "q", "queue", 0, 10, "t1"),
        Span("a", "x", "run", 10, 20, "t1"),
        Span("t1", "x", "wait", 20, 50, "t1"),
        Span("b", "x", "run", 30, 60, "t2"),
        Span("b", "no task", "run", 0, 99),
    ]

    assert concurrency(spans) == [(10, 1), (30, 2), (50, 1), (60, 0)]


def test_events_of_a_thread_come_in_the_order_of_their_start_the_enclosing_one_first() -> None:
    tracer = Tracer()
    tracer.absorb(reversed(NESTED))  # recorded as they end: the inner ones first

    events = json.loads(json.dumps(chrome_trace(tracer.spans())))["traceEvents"]
    complete = [event for event in events if event["ph"] == "X"]
    assert [(e["name"], e["ts"], e["dur"], e["cat"]) for e in complete] == [
        ("job", 0.0, 0.1, "run"),
        ("sleep", 0.02, 0.06, "wait"),
        ("tail", 0.09, 0.01, "gc"),
    ]
    assert [e["args"]["name"] for e in events if e["ph"] == "M"] == ["a"]
    assert chrome_trace([])["traceEvents"] == []
