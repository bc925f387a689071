"""The four ways to run the jobs: in a loop, in threads, in tasks, in processes.

All of them record into one tracer, count what is done through one callback, and end within a
slice of computing when they are asked to.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from velvet_concurrency.orphan import die_with_parent
from velvet_concurrency.trace import LoopLag, TracedExecutor, Tracer, tracing
from velvet_concurrency.workload.jobs import Job, Stop, Workload, calibrate, compute, perform


def _serially(jobs: list[Job], tracer: Tracer, done: Callable[[], None], stop: Stop) -> None:
    for number, job in enumerate(jobs, start=1):
        if stop.is_set():
            return
        with tracing(tracer, f"job-{number}"), tracer.span("perform", task=f"job-{number}"):
            perform(job, stop)
        done()


async def _in_tasks(
    jobs: list[Job],
    workload: Workload,
    tracer: Tracer,
    *,
    done: Callable[[], None],
    stop: Stop,
    lag: LoopLag,
) -> None:
    loop, slots = asyncio.get_running_loop(), asyncio.Semaphore(workload.workers)

    async def request(job: Job) -> None:
        async with slots:
            await asyncio.sleep(job.wait)
            compute(job, stop)
        done()

    async with lag:
        with tracer.installed():
            tasks = [
                loop.create_task(request(job), name=f"task-{i}") for i, job in enumerate(jobs, 1)
            ]

            def cancel() -> None:
                for task in tasks:
                    task.cancel()

            def cancel_soon() -> None:
                with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                    loop.call_soon_threadsafe(cancel)

            stop.call(cancel_soon)
            await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.result()


def _kill_workers() -> None:
    for worker in multiprocessing.active_children():
        worker.kill()


def _in_pool(
    jobs: list[Job], pool: Executor, tracer: Tracer, *, done: Callable[[], None], stop: Stop
) -> None:
    local = isinstance(pool, ThreadPoolExecutor)
    traced = TracedExecutor(pool, tracer)
    try:
        futures = [traced.submit(perform, job, stop if local else None) for job in jobs]
        stop.call(
            lambda: pool.shutdown(wait=False, cancel_futures=True) if local else _kill_workers()
        )
        for future in as_completed(futures):
            if stop.is_set():
                return
            future.result()
            done()
    except BrokenProcessPool:
        if not stop.is_set():  # otherwise it is broken because we were asked to end
            raise
    finally:
        traced.shutdown(cancel_futures=True)


def run_workload(
    workload: Workload,
    tracer: Tracer,
    *,
    done: Callable[[], None],
    stop: Stop,
    loops_per_ms: float | None = None,
    lag_interval: float = 0.01,
) -> None:
    """Run the jobs under the workload's model and return when they are done or `stop` is set.

    Args:
        workload: what to run.
        tracer: records it.
        done: called after each job, in the thread that runs this.
        stop: ends the run within a slice; worker processes are killed.
        loops_per_ms: speed of this machine; measured when not given.
        lag_interval: seconds between two measurements of the event loop's lag.
    """
    jobs = workload.jobs(calibrate() if loops_per_ms is None else loops_per_ms)
    if workload.model == "serial":
        _serially(jobs, tracer, done, stop)
    elif workload.model == "asyncio":
        lag = LoopLag(lag_interval, tracer=tracer)
        asyncio.run(_in_tasks(jobs, workload, tracer, done=done, stop=stop, lag=lag))
    elif workload.model == "threads":
        pool: Executor = ThreadPoolExecutor(workload.workers, thread_name_prefix="worker")
        _in_pool(jobs, pool, tracer, done=done, stop=stop)
    else:
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(workload.workers, context, initializer=die_with_parent)
        _in_pool(jobs, pool, tracer, done=done, stop=stop)
