"""Where the usual measurements mislead: omission, a blocked loop, slow listeners, costly layers.

Each example starts the servers that it needs on 127.0.0.1 and stops them.
"""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor

from velvet.examples import example, main
from velvet_web.comparisons.client import Client, OverSocket
from velvet_web.events import Broadcaster, SseParser, sse_encode
from velvet_web.loadgen import measure
from velvet_web.loadplan import LoadPlan, Shot
from velvet_web.servers import serve


@example("coordinated_omission")
def coordinated_omission() -> None:
    """One server that stands still a fifth of the time, and two p99 that differ by a factor."""
    with serve("lab_stalling", "uvicorn") as server, ThreadPoolExecutor(2) as pool:
        # Both at once, so that both see the same pauses.
        probe = (Shot("/healthz"),)
        closed = pool.submit(measure, LoadPlan(server.url, probe, users=4, seconds=2.0))
        opened = pool.submit(measure, LoadPlan(server.url, probe, rate=150, seconds=2.0))
        first, second = closed.result(), opened.result()
    print("the server answers nothing for 0.4 s in every 2 s\n")
    print(f"closed loop, 4 users:   p50 {first.p(50):6.1f} ms   p99 {first.p(99):7.1f} ms")
    print(f"open loop, 150/s:       p50 {second.p(50):6.1f} ms   p99 {second.p(99):7.1f} ms")
    print(f"  of it in the server:  p50 {second.service.percentile(50) / 1e3:6.1f} ms")
    print(f"the open loop's p99 is {second.p(99) / first.p(99):.0f} times as long")
    print("why: a closed loop sends nothing while it waits, and so omits its worst")


@example("blocked_event_loop")
def blocked_event_loop() -> None:
    """A handler that waits 50 ms, written three ways, with 16 users."""
    with serve("lab", "uvicorn") as server:
        for target, how in (
            ("/wait?ms=50", "await asyncio.sleep"),
            ("/thread?ms=50", "time.sleep in def (40 threads)"),
            ("/block?ms=50", "time.sleep in async def"),  # last: its queue outlives the load
        ):
            plan = LoadPlan(server.url, (Shot(target),), users=16, seconds=0.4)
            result = measure(plan)
            # Answers that came within the time, of 16 users who ask again at once.
            rate = result.completed / plan.seconds
            print(f"{how:32} {rate:6.0f} requests/s   p50 {result.p(50):6.0f} ms")
    print("why: one blocking call stops every request of the process, probes included")


@example("probe_behind_forty_threads")
def probe_behind_forty_threads() -> None:
    """Eighty slow calls fill the 40 threads, and a health check written with `def` waits for them."""
    with serve("lab", "uvicorn") as server:
        slow = LoadPlan(server.url, (Shot("/thread?ms=500"),), users=80, seconds=1.1)
        load = threading.Thread(target=measure, args=(slow,))
        load.start()
        warm = OverSocket(server.url)
        while "ok" not in Client(warm).request("GET", "/thread?ms=400").body.decode():
            pass  # now the threads are busy
        warm.close()
        for target in ("/healthz", "/healthz-in-thread"):
            found = measure(LoadPlan(server.url, (Shot(target),), users=1, requests=2, seconds=3))
            print(f"{target:22} {found.p(50):7.1f} ms")
        load.join()
    print("why: an orchestrator that waits one second kills a process that is only busy")


@example("live_updates")
async def live_updates() -> None:
    """A fast and a slow listener of 500 changes, and a reconnect that gets what it missed."""
    board = Broadcaster(capacity=50, slow="drop_oldest")
    fast, slow = board.subscribe(), board.subscribe()
    parser, received = SseParser(), []

    async def reads_fast() -> None:
        async for event in fast:
            received.extend(parser.feed(sse_encode(event)))

    reader = asyncio.ensure_future(reads_fast())
    for n in range(500):
        board.publish("changed", json.dumps({"task": n}).encode())
        if n % 10 == 0:
            await asyncio.sleep(0)
    last = board.publish("changed", b"{}").id
    await asyncio.sleep(0.05)
    board.unsubscribe(fast)
    await reader
    print(f"fast listener: {len(received)} of {last} events, {fast.dropped} dropped")
    print(
        f"slow listener: {len(slow)} waiting, {slow.dropped} dropped, never more than 50 in memory"
    )

    again = board.subscribe(last_id=last - 3)
    missed = [(await again.__anext__()).id for _ in range(3)]
    print(f"reconnect with Last-Event-ID {last - 3}: {missed}")
    board.unsubscribe(again)
    board.unsubscribe(slow)
    print("why: without a bound, one slow reader becomes the memory of the process")


@example("middleware_that_costs")
def middleware_that_costs() -> None:
    """Five layers that do nothing, in the convenient form and in plain ASGI: CPU per request."""
    costs = {}
    for app, layers in (("lab_pure_5", 5), ("lab_base_5", 5)):
        with serve(app, "uvicorn") as server:
            probe = LoadPlan(server.url, (Shot("/healthz"),), users=2, requests=800, seconds=5)
            measure(LoadPlan(server.url, (Shot("/healthz"),), users=2, requests=100, seconds=5))
            before = server.cpu_seconds()
            answered = measure(probe).completed
            costs[app] = (server.cpu_seconds() - before) / answered * 1e6
            print(f"{app:12} {layers} layers {costs[app]:7.0f} us of CPU per request")
    layer = (costs["lab_base_5"] - costs["lab_pure_5"]) / 5
    print(f"one BaseHTTPMiddleware costs about {layer:.0f} us")
    print("why: each starts a task group and two memory streams per request")


if __name__ == "__main__":
    main()
