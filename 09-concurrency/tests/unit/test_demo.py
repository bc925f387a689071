"""The workload under each model, and its telling as JSON lines."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import psutil
import pytest

from velvet_concurrency import demo
from velvet_concurrency.trace import Span, Tracer, tracing
from velvet_concurrency.workload import MODELS, Model, Stop, Workload, calibrate
from velvet_concurrency.workload import jobs as workload_jobs
from velvet_concurrency.workload import models as workload_models
from velvet_concurrency.workload import perform, run_workload

Line = dict[str, Any]


@contextlib.contextmanager
def an_input() -> Iterator[tuple[int, int]]:
    """Give the parent's end of an input and the descriptor to read it from."""
    source = os.pipe()
    try:
        yield source[1], source[0]
    finally:
        with contextlib.suppress(OSError):
            os.close(source[1])
        until = time.monotonic() + 10.0
        while any(thread.name == "input" for thread in threading.enumerate()):
            assert time.monotonic() < until
            time.sleep(0.001)
        os.close(source[0])


def tell(*arguments: str) -> list[Line]:
    """Run the demo in this process and read what it told."""
    out = os.pipe()
    told: list[Line] = []

    def read() -> None:
        with os.fdopen(out[0], encoding="utf-8") as lines:
            told.extend(json.loads(line) for line in lines)

    reader = threading.Thread(target=read)
    reader.start()
    with an_input() as (_, source):
        assert demo.main(["--json-lines", *arguments], source=source, sink=out[1]) == 0
        os.close(out[1])
    reader.join(10.0)
    return told


def run(workload: Workload, stop: Stop | None = None) -> tuple[Tracer, int]:
    tracer, done = Tracer(), []
    run_workload(
        workload,
        tracer,
        done=lambda: done.append(1),
        stop=stop or Stop(),
        loops_per_ms=100.0,
        lag_interval=0.001,
    )
    return tracer, len(done)


def of(lines: list[Line], kind: str) -> list[Line]:
    return [line for line in lines if line["type"] == kind]


@pytest.mark.parametrize("model", ["serial", "threads", "asyncio"])
def test_every_model_does_every_job_and_traces_it(model: Model) -> None:
    workload = Workload(model, tasks=6, latency_ms=2.0, cpu_ms=2.0, limit=3, seed=1)

    tracer, done = run(workload)

    assert done == 6
    assert len({found.task for found in tracer.spans() if found.task}) == 6
    assert {"run", "wait"} <= {found.kind for found in tracer.spans()}


def test_processes_do_every_job_and_bring_their_spans_back() -> None:
    tracer, done = run(Workload("processes", tasks=2, latency_ms=1.0, cpu_ms=1.0, limit=1))

    assert done == 2
    assert {found.pid for found in tracer.spans()} - {os.getpid()}
    assert {"run", "wait", "queue"} <= {found.kind for found in tracer.spans()}


def test_jobs_are_the_same_for_the_same_seed() -> None:
    workload = Workload(seed=4, latency_ms=10.0)

    assert workload.jobs(100.0) == workload.jobs(100.0)
    assert workload.jobs(100.0) != Workload(seed=5, latency_ms=10.0).jobs(100.0)
    assert all(0.008 <= job.wait <= 0.012 for job in workload.jobs(100.0))


@pytest.mark.parametrize(("cpu_ms", "slices", "loops"), [(0.0, 0, 0), (0.2, 1, 20), (3.0, 3, 100)])
def test_computing_is_cut_into_slices(cpu_ms: float, slices: int, loops: int) -> None:
    (job,) = Workload(tasks=1, cpu_ms=cpu_ms).jobs(100.0)

    assert (job.slices, job.loops) == (slices, loops)


def test_the_speed_of_this_machine_is_positive() -> None:
    assert calibrate(1) > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "fibers"}, "model must be one of"),
        ({"tasks": 0}, "tasks must be >= 1"),
        ({"limit": 0}, "limit must be >= 1"),
        ({"latency_ms": -1.0}, "latency_ms must be finite"),
        ({"cpu_ms": float("nan")}, "cpu_ms must be finite"),
    ],
)
def test_a_workload_that_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Workload(**options)


def test_processes_are_capped_by_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workload_jobs, "usable_cores", lambda: 2)

    assert Workload("processes", tasks=100, limit=50).workers == 4
    assert Workload("asyncio", tasks=100, limit=50).workers == 50
    assert Workload("serial", tasks=100, limit=50).workers == 1


def test_time_without_the_cpu_is_shown_as_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    tracer = Tracer()
    job = workload_jobs.Job(0.0, 1, 10)
    monkeypatch.setattr(workload_jobs, "spin", lambda loops: time.sleep(0.01))

    with tracing(tracer, "job-1"):
        perform(job)

    blocked = [found for found in tracer.spans() if found.kind == "block"]
    if sys.platform != "win32":
        assert blocked[0].t1_ns - blocked[0].t0_ns >= 5_000_000
    assert {found.task for found in tracer.spans()} == {"job-1"}


@pytest.mark.parametrize("model", MODELS)
def test_a_run_that_was_stopped_before_it_began_ends(model: Model) -> None:
    stop = Stop()
    stop.set()

    began = time.monotonic()
    _, done = run(Workload(model, tasks=8, latency_ms=60_000.0, limit=2), stop)

    assert done == 0
    assert time.monotonic() - began < 30.0


@pytest.mark.parametrize("model", ["serial", "threads", "asyncio"])
def test_a_stop_in_the_middle_ends_waits_and_computing(model: Model) -> None:
    stop = Stop()
    workload = Workload(model, tasks=4, latency_ms=60_000.0, cpu_ms=60_000.0, limit=2)
    threading.Timer(0.02, stop.set).start()

    _, done = run(workload, stop)

    assert done < 4


def test_computing_ends_between_two_slices() -> None:
    stop = Stop()
    stop.set()

    workload_jobs.compute(workload_jobs.Job(0.0, 10**9, 10**9), stop)


def test_a_pool_that_breaks_by_itself_is_an_error() -> None:
    with pytest.raises(BrokenProcessPool):
        workload_models._in_pool(
            [workload_jobs.Job(0.0, 0, 0)],
            _Breaking(1),
            Tracer(),
            done=lambda: None,
            stop=Stop(),
        )


class _Breaking(ThreadPoolExecutor):
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        raise BrokenProcessPool


def test_a_callback_that_comes_too_late_is_called_at_once() -> None:
    stop, called = Stop(), []
    stop.call(lambda: called.append("early"))
    stop.set()
    stop.call(lambda: called.append("late"))
    stop.set()

    assert called == ["early", "late"]


def test_the_demo_tells_spans_samples_progress_and_the_end() -> None:
    told = tell("--model", "asyncio", "--tasks", "5", "--latency-ms", "30", "--cpu-ms", "1")

    span = of(told, "span")[0]
    assert set(span) == {"type", *Span._fields}
    assert span["t0_ns"] >= 0
    sample = of(told, "sample")[0]
    assert set(sample) == {"type", "t", "rss_mb", "cpu_pct", "threads", "loop_lag_ms"}
    assert of(told, "progress")[0] == {"type": "progress", "done": 0, "total": 5}
    assert of(told, "progress")[-1]["done"] == 5
    assert told[-1]["type"] == "done"
    assert told[-1]["dropped"] == 0
    assert told[-1]["stopped"] is False
    assert told[-1]["wall_s"] >= 0.024


def test_samples_come_while_it_runs() -> None:
    told = tell("--model", "serial", "--tasks", "1", "--latency-ms", "350", "--cpu-ms", "0")

    assert len(of(told, "sample")) >= 3


def test_without_json_lines_only_the_end_is_told() -> None:
    out = os.pipe()

    demo.main(["--model", "threads", "--tasks", "2", "--latency-ms", "1"], sink=out[1])
    os.close(out[1])

    with os.fdopen(out[0], encoding="utf-8") as lines:
        (line,) = lines
    assert json.loads(line)["type"] == "done"


def test_a_closed_input_ends_the_run() -> None:
    out = os.pipe()
    with an_input() as (closing, source):
        os.close(closing)

        demo.main(
            ["--json-lines", "--model", "threads", "--latency-ms", "60000", "--tasks", "4"],
            source=source,
            sink=out[1],
        )
    os.close(out[1])

    with os.fdopen(out[0], encoding="utf-8") as lines:
        last = [json.loads(line) for line in lines][-1]
    assert (last["type"], last["stopped"]) == ("done", True)


def test_a_reader_that_went_away_ends_the_run() -> None:
    out = os.pipe()
    os.close(out[0])

    with an_input() as (_, source):
        demo.main(
            ["--json-lines", "--model", "serial", "--latency-ms", "60000"],
            source=source,
            sink=out[1],
        )
    os.close(out[1])


def test_a_reader_that_does_not_read_cannot_hold_the_end_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(demo, "_PATIENCE", 0.01)
    tracer, out, free = Tracer(), os.pipe(), threading.Event()
    teller = demo._Teller(Workload(), tracer, out[1], stop=Stop())
    monkeypatch.setattr(teller, "write", lambda lines: free.wait(10.0))
    teller._thread.start()

    finished = teller.finish()
    free.set()
    teller._thread.join(10.0)

    assert finished is False
    assert teller.seconds >= 0
    for end in out:
        os.close(end)


def test_in_another_thread_no_signal_is_touched() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: list[object] = []

    def inside() -> None:
        with demo._terminable(Stop()):
            seen.append(signal.getsignal(signal.SIGTERM))

    other = threading.Thread(target=inside)
    other.start()
    other.join()

    assert seen == [before]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without a signal")
def test_a_signal_ends_the_run_and_the_old_handler_comes_back() -> None:
    before, stop = signal.getsignal(signal.SIGTERM), Stop()

    with demo._terminable(stop):
        signal.raise_signal(signal.SIGTERM)
        assert stop.wait(10.0)

    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    "arguments", [["--tasks", "0"], ["--model", "fibers"], ["--latency-ms", "soon"]]
)
def test_a_wrong_command_line_is_status_two(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        demo.main(arguments)

    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "velvet_concurrency.demo", "--json-lines", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_process_ends_with_its_input_and_takes_its_workers_along() -> None:
    child = start("--model", "processes", "--latency-ms", "60000", "--tasks", "2", "--limit", "1")
    assert child.stdout is not None
    assert json.loads(child.stdout.readline())["type"] == "sample"
    until = time.monotonic() + 20.0
    workers: list[psutil.Process] = []
    while not workers and time.monotonic() < until:
        workers = psutil.Process(child.pid).children()

    rest, _ = child.communicate(timeout=20.0)

    assert child.returncode == 0
    assert json.loads(rest.splitlines()[-1])["stopped"] is True
    _, alive = psutil.wait_procs(workers, timeout=10.0)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without a signal")
def test_the_process_ends_when_it_is_terminated() -> None:
    child = start("--model", "asyncio", "--latency-ms", "60000")
    assert child.stdout is not None
    while json.loads(child.stdout.readline())["type"] != "span":
        pass

    child.terminate()
    lines = child.stdout.read().splitlines()
    child.communicate(timeout=20.0)

    assert child.returncode == 0
    assert json.loads(lines[-1])["stopped"] is True
