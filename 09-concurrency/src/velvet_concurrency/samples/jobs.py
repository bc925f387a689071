"""The same jobs under four models: each waits like a request and then computes like a handler.

The timeline compares models, so the jobs have to be equal: waits are drawn from a seed, and
computing means a counted number of loop turns, because a job that computed "for 5 ms of wall time"
would do less work whenever it had to share the interpreter. Computing is cut into slices of about a
millisecond; in each, the time that the thread's own CPU clock did not see is a `block`: another
thread had the GIL, or another process the core. Waiting for a permit of the semaphore and waiting
for a worker of the pool are the same thing, a `queue`.
"""

from __future__ import annotations

import asyncio
import random
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from velvet_concurrency.pools import process_pool
from velvet_concurrency.runtime import calibrate, spin, usable_cores
from velvet_concurrency.trace import LoopLag, TracedExecutor, Tracer, in_charge, span, tracing

MODELS = ("threads", "asyncio", "processes", "serial")
MAX_SECONDS = 60.0
_LATENCY_SPREAD = 0.2


@dataclass(frozen=True)
class Job:
    """Seconds to wait, then so many slices of so many loop turns."""

    wait: float
    slices: int
    loops: int


def places(model: str, limit: int) -> int:
    """Return how many jobs really run at a time; processes are capped at twice the cores."""
    most = {"serial": 1, "processes": 2 * usable_cores()}.get(model, limit)
    return min(limit, most)


def problem(models: list[str], tasks: int, latency_ms: float, cpu_ms: float, limit: int) -> str:
    """Return why these settings would take too long, or an empty string."""
    for model in models:
        cores = usable_cores() if model == "processes" else 1
        waves = -(-tasks // places(model, limit)) * (latency_ms + cpu_ms)
        seconds = max(waves, tasks * cpu_ms / cores) / 1e3
        if seconds > MAX_SECONDS:
            return (
                f"{model} would take about {seconds:.0f} s; a run here may take {MAX_SECONDS:g} s: "
                "choose fewer tasks, a shorter wait or a higher limit"
            )
    return ""


def jobs(tasks: int, latency_ms: float, cpu_ms: float, seed: int) -> list[Job]:
    """Draw the jobs; the same for the same seed and speed."""
    source = random.Random(seed)
    slices = round(cpu_ms) or (1 if cpu_ms else 0)
    loops = round(calibrate() * cpu_ms / slices) if slices else 0
    low, high = 1.0 - _LATENCY_SPREAD, 1.0 + _LATENCY_SPREAD
    waits = (latency_ms / 1e3 * source.uniform(low, high) for _ in range(tasks))
    return [Job(wait, slices, loops) for wait in waits]


def compute(job: Job) -> None:
    """Do the computing of one job, reporting slices to the tracer in charge."""
    found, thread = in_charge(), threading.current_thread()
    for _ in range(job.slices):
        began, cpu = time.perf_counter_ns(), time.thread_time_ns()
        spin(job.loops)
        ended, used = time.perf_counter_ns(), time.thread_time_ns() - cpu
        if found is None:
            continue
        tracer, task = found
        # The thread clock of Windows ticks every 15.6 ms: it cannot see into a slice.
        ran = ended - began if sys.platform == "win32" else min(used, ended - began)
        ids = (task, "", tracer.pid, thread.native_id or 0)
        tracer.record((thread.name, "no CPU", "block", began, ended - ran, *ids))
        tracer.record((thread.name, "compute", "run", ended - ran, ended, *ids))


def perform(job: Job) -> None:
    """Do one job in the calling thread, reporting to the tracer in charge."""
    with span("request", "wait"):
        time.sleep(job.wait)
    compute(job)


async def _in_tasks(
    work: list[Job], tracer: Tracer, limit: int, done: Callable[[str], None]
) -> None:
    loop, permits = asyncio.get_running_loop(), asyncio.Semaphore(limit)

    async def request(job: Job, name: str) -> None:
        asked = tracer.clock()
        async with permits:
            ids = (name, "", tracer.pid, 0)
            tracer.record(("queue", "permit", "queue", asked, tracer.clock(), *ids))
            await asyncio.sleep(job.wait)
            with tracing(tracer, name):
                compute(job)
        done(name)

    async with LoopLag(0.01, tracer=tracer):
        with tracer.installed():
            named = [(job, f"job-{number}") for number, job in enumerate(work, 1)]
            tasks = [loop.create_task(request(*one), name=one[1]) for one in named]
            await asyncio.gather(*tasks)


def _in_pool(work: list[Job], tracer: Tracer, pool: Executor, done: Callable[[str], None]) -> None:
    with TracedExecutor(pool, tracer) as traced:
        futures = {traced.submit(perform, job): f"job-{n}" for n, job in enumerate(work, 1)}
        for future in as_completed(futures):
            future.result()
            done(futures[future])


def run(
    model: str, work: list[Job], tracer: Tracer, limit: int, done: Callable[[str], None]
) -> None:
    """Run the jobs under a model; `done(name)` is called after each, `job-1` being the first."""
    if model == "asyncio":
        asyncio.run(_in_tasks(work, tracer, limit, done))
    elif model == "threads":
        _in_pool(work, tracer, ThreadPoolExecutor(limit, thread_name_prefix="worker"), done)
    elif model == "processes":
        pool = process_pool(limit)
        list(pool.map(time.sleep, [0.05] * limit))  # the start of the workers is not the subject
        _in_pool(work, tracer, pool, done)
    else:
        asked = tracer.clock()
        for number, job in enumerate(work, 1):
            name = f"job-{number}"
            ids = (name, "", tracer.pid, 0)
            tracer.record(("queue", "turn", "queue", asked, tracer.clock(), *ids))
            with tracing(tracer, name), tracer.span("perform", task=name):
                perform(job)
            done(name)
