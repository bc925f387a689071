"""Six stories about what happens when something fails, is too fast, dies or is told to stop.

Every example is one function to be read from top to bottom; run one of them with
`python examples/intermediate.py NAME`. Waits are real but short; the breaker's clock is a `FakeClock`.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from velvet.examples import example, main
from velvet_concurrency.breaker import CircuitBreaker, CircuitOpen, State
from velvet_concurrency.clock import FakeClock
from velvet_concurrency.contenders import serial
from velvet_concurrency.pipeline import Actor, ActorStopped, Pipeline, Stage
from velvet_concurrency.pressure import Bulkhead, BulkheadFull
from velvet_concurrency.resilience import RetryBudget, deadline, retry, time_left
from velvet_concurrency.samples.latency_server import LatencyServer
from velvet_concurrency.structured import ExceptionGroup, TaskGroup, reap, timeout


def sparkline(values: Sequence[float], top: float, width: int = 60) -> str:
    """Draw values from 0 to `top` as a row of bars, in plain ASCII where the console needs it."""
    bars = " ▁▂▃▄▅▆▇█"
    try:
        bars.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        bars = " .:-=+*%#"
    picked = [values[i * len(values) // width] for i in range(width)] if values else []
    # What is not zero shows, however small.
    return "".join(bars[min(8, -int(-8 * value // top))] for value in picked)


def others() -> set[asyncio.Task[object]]:
    """Return the tasks of this loop that are running beside the caller."""
    return asyncio.all_tasks() - {asyncio.current_task()}


def ask(url: str) -> None:
    """Fetch once, and raise when the reply is no good."""
    if errors := serial.fetch(url, 1).errors:
        raise ConnectionError(", ".join(errors))


@example("task_group_vs_gather")
async def task_group_vs_gather() -> None:
    """One of five children fails: what gather leaves running, and what a TaskGroup cancels.

    Children 1 and 2 are quicker than the failure, and child 5 fails while it is cleaning up.
    """
    log: list[str] = []
    delays = {1: 0.02, 2: 0.04, 3: 0.06, 4: 0.5, 5: 0.5}

    async def child(number: int) -> None:
        try:
            await asyncio.sleep(delays[number])
            if number == 3:
                raise ValueError("child 3 found bad data")
            log.append(f"child {number} finished")
        except asyncio.CancelledError:
            log.append(f"child {number} was cancelled")
            if number == 5:
                raise OSError("child 5 could not close its file") from None
            raise

    print("asyncio.gather")
    tasks = [asyncio.create_task(child(number), name=f"child {number}") for number in delays]
    try:
        await asyncio.gather(*tasks)
    except ValueError as error:
        log.append(f"gather raised ValueError: {error}")
    leaked = [task.get_name() for task in tasks if not task.done()]
    print("  " + "\n  ".join(log))
    print(f"  still running behind the caller's back: {', '.join(leaked)}")
    log.clear()
    await asyncio.wait(tasks)
    print(f"  and later, when no one waits for it: {', '.join(log)}")

    print("\nTaskGroup")
    log.clear()
    try:
        async with TaskGroup() as group:
            for number in delays:
                group.create_task(child(number))
    except ExceptionGroup as caught:
        log.append("the group raised, when all had ended:")
        log.append(f"  {type(caught).__name__}: {caught}")
        log.extend(f"    +-- {type(each).__name__}: {each}" for each in caught.exceptions)
    print("  " + "\n  ".join(log))
    print(f"  still running: {len(others())}")
    print("\nwhy: gather hands over the first error and forgets the others and their errors;")
    print("     the group cancels what is left, waits for it and reports every error.")


@example("bounded_pipeline")
async def bounded_pipeline() -> None:
    """A fast producer and a slow consumer: how deep the line gets, with a bound and without.

    150 chunks of 100 KB arrive four at a time, each time that one can be stored.
    """
    chunks, size = 150, 100_000

    async def run(buffer: int) -> tuple[list[int], float, float]:
        made = stored = 0
        depth: list[int] = []

        async def produce() -> AsyncIterator[bytes]:
            nonlocal made
            for number in range(chunks):
                if number % 4 == 0:
                    await asyncio.sleep(0.004)
                made += 1
                yield bytes(size)

        async def store(chunk: bytes) -> int:
            await asyncio.sleep(0.004)
            return len(chunk)

        async def watch() -> None:
            while True:
                depth.append(made - stored)
                await asyncio.sleep(0.002)

        tracemalloc.start()
        began, watcher = time.perf_counter(), asyncio.create_task(watch())
        async for _ in Pipeline([Stage(store, workers=1, buffer=buffer)]).run(produce()):
            stored += 1
        await reap([watcher])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return depth, peak / 1e6, time.perf_counter() - began

    for label, buffer in ((f"no bound (buffer={chunks})", chunks), ("bounded (buffer=8)", 8)):
        depth, peak, spent = await run(buffer)
        print(f"{label:24} at most {max(depth):3} waiting, {peak:5.1f} MB, {spent:.2f} s")
        print(f"  |{sparkline(depth, top=chunks)}|\n")
    print("why: the consumer sets the pace in both; a bound only moves the waiting to the")
    print("     producer, where it costs no memory. That is backpressure.")


@example("breaker_story")
def breaker_story() -> None:
    """A dependency dies and returns: which calls the breaker spares, and that one probe goes out.

    A real server, told to fail; a call every 0.1 s of virtual time, the circuit opens for 1 s.
    """
    clock, log, outcomes = FakeClock(), list[str](), ""

    def on_change(old: State, new: State) -> None:
        log.append(f"{clock():4.1f} s: {old.value} -> {new.value}")

    breaker = CircuitBreaker(window=10, min_calls=5, open_for=1.0, clock=clock, on_change=on_change)
    with LatencyServer(latency=0.005) as server:

        def call() -> str:
            try:
                breaker.call(ask, server.url)
                return "."
            except CircuitOpen:
                return "-"
            except ConnectionError:
                return "x"

        for tick in range(60):
            if tick == 12:
                server.fail()
            elif tick == 33:
                server.fail(False)
            outcomes += call()
            clock.advance(0.1)
        down, after = outcomes[12:33], outcomes[33:]
        print(f"server   {'up':12}{'down':.<21}up")
        print(f"calls    {outcomes}")
        print("         . answered   x failed   - refused, the server was not asked\n")
        print("circuit  " + "\n         ".join(log))
        print(f"\nwhile down: {down.count('-')} calls spared, {down.count('x')} paid for;")
        print(f"the price: {after.count('-')} refused although the server was back already\n")
        server.fail()
        while breaker.state is State.CLOSED:
            call()
        server.fail(False)
        server.set_latency(0.3)
        clock.advance(1.0)
        before, gate = server.stats().requests, threading.Barrier(20)
        with ThreadPoolExecutor(20) as pool:
            crowd = list(pool.map(lambda _: (gate.wait(), call())[1], range(20)))
        probes = server.stats().requests - before
        print(f"20 threads call when the pause is over: probes = {probes}, ", end="")
        print(f"{crowd.count('-')} refused; then {breaker.state.value}")
    print("\nwhy: half-open has one permit; a crowd would knock the server over again.")


@example("failing_dependency")
async def failing_dependency() -> None:
    """A dependency hangs: a bare call, a timeout, retries, a budget, a breaker and a bulkhead.

    Thirty callers at once share ten connections with a neighbour whose own dependency is well.
    """
    print(f"{'step':22}{'asked':>7}{'callers waited':>17}{'neighbour waited':>19}")
    for name, limit, tries, budget, breaker, bulkhead in (
        ("bare call", 60.0, 1, None, None, Bulkhead(30)),
        ("timeout", 0.02, 1, None, None, Bulkhead(30)),
        ("three tries", 0.02, 3, None, None, Bulkhead(30)),
        ("with a retry budget", 0.02, 3, RetryBudget(0.1, 1), None, Bulkhead(30)),
        ("with a breaker", 0.02, 3, None, CircuitBreaker(window=4, min_calls=4), Bulkhead(30)),
        ("with a bulkhead of 4", 0.02, 3, None, None, Bulkhead(4)),
    ):
        asked, waits, connections = list[float](), list[float](), asyncio.Semaphore(10)

        async def dependency(limit: float = limit, asked: list[float] = asked) -> None:
            async with deadline(limit):  # inside the breaker, which has to see it
                asked.append(limit)
                await asyncio.sleep(0.4)  # it hangs; then the connection breaks
                raise ConnectionError

        async def caller(*given: Any) -> None:
            tries, budget, breaker, bulkhead, connections, dependency, waits = given
            began = time.perf_counter()

            async def ask() -> None:
                async with connections:
                    await (breaker.acall(dependency) if breaker else dependency())

            with suppress(OSError, CircuitOpen, BulkheadFull):
                async with bulkhead:
                    await retry(ask, tries, base=0.001, retry_on=TimeoutError, budget=budget)
            waits.append(time.perf_counter() - began)

        given = (tries, budget, breaker, bulkhead, connections, dependency, waits)
        callers = [asyncio.create_task(caller(*given)) for _ in range(30)]
        await asyncio.sleep(0.001)
        began = time.perf_counter()
        async with connections:
            neighbour = time.perf_counter() - began
        await asyncio.wait(callers)
        print(f"{name:22}{len(asked):7}{sum(waits):15.2f} s{neighbour * 1e3:16.0f} ms")
    print("\nwhy: a timeout frees callers; retries ask a sick dependency thrice as often;")
    print("     a budget pays for few; a breaker stops asking; a bulkhead leaves room.")


@example("let_it_crash")
async def let_it_crash() -> None:
    """An actor owns a counter, crashes on bad input, starts afresh, and gives up at its limit.

    Three restarts are allowed; every asker gets an answer, an error, or the reason for the end.
    """
    made = 0

    def counter() -> Callable[[str], Awaitable[int]]:
        nonlocal made
        made += 1
        total = 0  # state of this handler alone: no lock

        async def add(text: str) -> int:
            nonlocal total
            total += int(text)
            return total

        return add

    async def say(actor: Actor[str, int], text: str) -> None:
        try:
            print(f"  ask {text!r:7} -> {await actor.ask(text)}")
        except (ValueError, ActorStopped) as error:
            print(f"  ask {text!r:7} -> {type(error).__name__}: {str(error)[:42]}")

    try:
        async with Actor(counter, max_restarts=2) as actor:
            for text in ("1", "2", "x", "10", "y", "z", "5"):
                await say(actor, text)
    except ActorStopped as stopped:
        print(f"leaving the block: {type(stopped.__cause__).__name__} was the cause")
    print(f"handlers made: {made}, restarts: {actor.restarts}")
    print("\nwhy: state that an error has touched is thrown away, not repaired; a crash that")
    print("     comes again and again is not hidden by restarting for ever.")


@example("cancel_properly", needs=["anyio"])
async def cancel_properly() -> None:
    """A timeout, a shield, cleanup, nested deadlines and a swallowed cancellation, as they happen."""
    import anyio.lowlevel

    await anyio.lowlevel.checkpoint()  # the first call loads a backend, which takes a moment
    began = time.perf_counter()

    def log(text: str) -> None:
        print(f"{(time.perf_counter() - began) * 1e3:5.0f} ms  {text}")

    async def save() -> None:
        await asyncio.sleep(0.1)
        log("   shield: saved all the same")

    async def work() -> None:
        saving = asyncio.create_task(save())
        try:
            await asyncio.shield(saving)
        finally:
            log("   cleanup: comes before the timeout is reported; awaits the save")
            await saving

    with suppress(TimeoutError):
        async with timeout(0.05):
            log("1. timeout(0.05) around a shielded save that takes 0.1 s")
            await work()
    log("   TimeoutError reaches the caller")
    with suppress(TimeoutError):
        async with deadline(0.05), deadline(10):
            log(f"2. deadline(10) in deadline(0.05): {time_left() or 0.0:.2f} s are left inside")
            await asyncio.sleep(10)
    log("   ended by the outer one")

    async def stubborn(sleep: Callable[[float], Awaitable[None]]) -> None:
        for attempt in (1, 2, 3):
            try:
                await sleep(0.05)
                log(f"   wait {attempt} finished: it goes on as if nothing had been said")
            except asyncio.CancelledError:
                log(f"   wait {attempt} was cancelled, and the error swallowed")

    log("3. asyncio cancels once (an edge)")
    task = asyncio.create_task(stubborn(asyncio.sleep))
    await asyncio.sleep(0.01)
    await reap([task])  # asks it to end, and waits until it has
    log("4. anyio cancels every wait in the scope (a level)")
    with anyio.move_on_after(0.01):
        await stubborn(anyio.sleep)
    log(f"tasks left behind: {len(others())}")


if __name__ == "__main__":
    main()
